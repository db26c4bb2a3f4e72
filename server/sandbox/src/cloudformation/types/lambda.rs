//! AWS::Lambda::Function.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::s3;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::{Cursor, Write as _};
use std::time::Duration;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::Lambda::Function",
    properties: &[
        ("Architectures", IN_PLACE),
        ("Code", IN_PLACE),
        ("CodeSigningConfigArn", IN_PLACE),
        ("DeadLetterConfig", IN_PLACE),
        ("Description", IN_PLACE),
        ("Environment", IN_PLACE),
        ("EphemeralStorage", IN_PLACE),
        ("FileSystemConfigs", IN_PLACE),
        ("FunctionName", ANEW),
        ("Handler", IN_PLACE),
        ("ImageConfig", IN_PLACE),
        ("KmsKeyArn", IN_PLACE),
        ("Layers", IN_PLACE),
        ("LoggingConfig", IN_PLACE),
        ("MemorySize", IN_PLACE),
        ("PackageType", ANEW),
        ("Role", IN_PLACE),
        ("Runtime", IN_PLACE),
        ("Tags", IN_PLACE),
        ("Timeout", IN_PLACE),
        ("TracingConfig", IN_PLACE),
        ("VpcConfig", IN_PLACE),
    ],
    required: &["Code", "Role"],
    attributes: &["Arn"],
    naming: Some("FunctionName"),
    provider: &Function,
}];

/// What UpdateFunctionConfiguration does not know.
const NOT_CONFIGURATION: [&str; 6] =
    ["Architectures", "Code", "CodeSigningConfigArn", "FunctionName", "PackageType", "Tags"];
/// The most a package in S3 may have, zipped.
const LONGEST: u64 = 50 * 1024 * 1024;
const PAUSE: Duration = Duration::from_millis(20);

struct Function;

/// Inline source as a package: Lambda puts it into `index.py`.
fn zipped(source: &str) -> Result<String, Fault> {
    let pack = || {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("index.py", SimpleFileOptions::default().unix_permissions(0o644))?;
        writer.write_all(source.as_bytes())?;
        Ok::<_, zip::result::ZipError>(writer.finish()?.into_inner())
    };
    pack().map(|bytes| STANDARD.encode(bytes)).map_err(|error| Fault::own(error.to_string()))
}

impl Function {
    /// The package as `ZipFile`.
    async fn package(&self, job: &Job<'_>) -> Result<String, Fault> {
        let none = || Fault::own("Please provide a source for function code.");
        let code = job.properties.get("Code").and_then(Value::as_object).ok_or_else(none)?;
        if let Some(source) = shape::text(code, "ZipFile") {
            return zipped(&source);
        }
        let (Some(bucket), Some(key)) = (shape::text(code, "S3Bucket"), shape::text(code, "S3Key")) else {
            return Err(if code.contains_key("ImageUri") {
                Fault::own("the sandbox has no container images for functions")
            } else {
                none()
            });
        };
        if code.contains_key("S3ObjectVersion") {
            return Err(Fault::own(
                "the sandbox takes packages in S3 as they are now: `S3ObjectVersion` can't be used",
            ));
        }
        let bytes = s3::get(&job.acting.call(job.app), &bucket, &key, LONGEST).await.map_err(|error| {
            Fault::own(format!(
                "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                error.code().as_str(),
                error.message().unwrap_or_default()
            ))
        })?;
        Ok(STANDARD.encode(bytes))
    }
    fn configuration(&self, job: &Job<'_>) -> Value {
        let kept = job.properties.iter().filter(|(name, _)| !NOT_CONFIGURATION.contains(&name.as_str()));
        let kept = Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect());
        let mut input = shape::typed(&kept, &["MemorySize", "Size", "Timeout"], &["Ipv6AllowedForDualStack"]);
        if let Some(variables) = job.properties.get("Environment") {
            input["Environment"] = shape::typed(variables, &[], &[]);
        }
        if let Some(members) = input.as_object_mut()
            && let Some(key) = members.remove("KmsKeyArn")
        {
            members.insert("KMSKeyArn".into(), key);
        }
        input
    }
    /// What a property is when a template says nothing of it.
    fn with_defaults(mut input: Value) -> Value {
        let defaults = json!({
            "Description": "", "Environment": { "Variables": {} }, "MemorySize": 128, "Timeout": 3,
        });
        for (name, value) in defaults.as_object().into_iter().flatten() {
            if input.get(name).is_none() {
                input[name] = value.clone();
            }
        }
        input
    }
    fn describe(&self, job: &Job<'_>, name: &str) -> Made {
        Made::new(name, &[("Arn", job.arn("lambda", &format!("function:{name}")))])
    }
    async fn wait(&self, job: &Job<'_>) -> Result<(), Fault> {
        while !self.settled(job).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Provider for Function {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.name("FunctionName", 64);
        let mut input = self.configuration(job);
        for member in ["Architectures", "CodeSigningConfigArn", "PackageType"] {
            shape::put(&mut input, member, job.properties.get(member).cloned());
        }
        input["FunctionName"] = name.as_str().into();
        input["Code"] = json!({ "ZipFile": self.package(job).await? });
        shape::put(&mut input, "Tags", Some(json!(job.all_tags())));
        job.create("lambda", "CreateFunction", input).await?;
        Ok(self.describe(job, &name))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.physical;
        let configured: Vec<&str> = TYPES[0].properties.iter().map(|(name, _)| *name).collect();
        let configured: Vec<&str> = configured.into_iter().filter(|name| !NOT_CONFIGURATION.contains(name)).collect();
        self.wait(job).await?;
        if job.changes(&configured) {
            let mut input = Self::with_defaults(self.configuration(job));
            input["FunctionName"] = name.into();
            job.ask("lambda", "UpdateFunctionConfiguration", input).await?;
            self.wait(job).await?;
        }
        if job.changes(&["Code", "Architectures"]) {
            let input = json!({ "FunctionName": name, "ZipFile": self.package(job).await? });
            job.ask("lambda", "UpdateFunctionCode", input).await?;
        }
        let (tags, gone) = job.retagged();
        let arn = job.arn("lambda", &format!("function:{name}"));
        if !tags.is_empty() {
            job.ask("lambda", "TagResource", json!({ "Resource": arn, "Tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("lambda", "UntagResource", json!({ "Resource": arn, "tagKeys": gone })).await?;
        }
        Ok(self.describe(job, name))
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("lambda", "DeleteFunction", json!({ "FunctionName": job.physical })).await
    }

    async fn settled(&self, job: &Job<'_>) -> Result<bool, Fault> {
        let told = job.ask("lambda", "GetFunction", json!({ "FunctionName": job.physical })).await?;
        let told = &told["Configuration"];
        if told["State"] == "Failed" || told["LastUpdateStatus"] == "Failed" {
            let reason = told["StateReason"].as_str().or_else(|| told["LastUpdateStatusReason"].as_str());
            return Err(Fault::own(reason.unwrap_or("The function could not be made.")));
        }
        Ok(told["State"] != "Pending" && told["LastUpdateStatus"] != "InProgress")
    }
}
