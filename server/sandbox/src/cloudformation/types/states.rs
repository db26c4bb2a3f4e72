//! AWS::StepFunctions::StateMachine.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::s3;
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::StepFunctions::StateMachine",
    properties: &[
        ("Definition", IN_PLACE),
        ("DefinitionS3Location", IN_PLACE),
        ("DefinitionString", IN_PLACE),
        ("DefinitionSubstitutions", IN_PLACE),
        ("EncryptionConfiguration", IN_PLACE),
        ("LoggingConfiguration", IN_PLACE),
        ("RoleArn", IN_PLACE),
        ("StateMachineName", ANEW),
        ("StateMachineType", ANEW),
        ("Tags", IN_PLACE),
        ("TracingConfiguration", IN_PLACE),
    ],
    required: &["RoleArn"],
    attributes: &["Arn", "Name", "StateMachineRevisionId"],
    naming: Some("StateMachineName"),
    provider: &StateMachine,
}];

/// What a definition may have: 1 MiB.
const LONGEST: u64 = 1024 * 1024;

struct StateMachine;

impl StateMachine {
    /// The definition, with what is substituted in it.
    async fn definition(&self, job: &Job<'_>) -> Result<String, Fault> {
        let written = shape::text(job.properties, "DefinitionString");
        let object = job.properties.get("Definition").map(Value::to_string);
        let place = job.properties.get("DefinitionS3Location").and_then(Value::as_object);
        let mut text = match (written, object, place) {
            (Some(text), None, None) | (None, Some(text), None) => text,
            (None, None, Some(place)) => {
                let part = |name| shape::text(place, name).unwrap_or_default();
                let bytes = s3::get(&job.acting.call(job.app), &part("Bucket"), &part("Key"), LONGEST).await;
                let bytes = bytes.map_err(|error| Fault::own(error.message().unwrap_or("Access Denied")))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            _ => {
                return Err(Fault::own(
                    "Exactly one of DefinitionString, Definition and DefinitionS3Location must be specified.",
                ));
            }
        };
        let substituted = job.properties.get("DefinitionSubstitutions").and_then(Value::as_object);
        for (key, value) in substituted.into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("${{{key}}}"), &value);
        }
        Ok(text)
    }
    async fn input(&self, job: &Job<'_>) -> Result<Value, Fault> {
        let mut input = json!({
            "definition": self.definition(job).await?,
            "roleArn": shape::text(job.properties, "RoleArn").unwrap_or_default(),
        });
        for (property, member) in [
            ("LoggingConfiguration", "loggingConfiguration"),
            ("TracingConfiguration", "tracingConfiguration"),
            ("EncryptionConfiguration", "encryptionConfiguration"),
        ] {
            let value = job.properties.get(property).map(|value| {
                shape::lower(
                    &shape::typed(value, &["KmsDataKeyReusePeriodSeconds"], &["Enabled", "IncludeExecutionData"]),
                    &[],
                )
            });
            shape::put(&mut input, member, value);
        }
        Ok(input)
    }
    async fn describe(&self, job: &Job<'_>, arn: &str) -> Result<Made, Fault> {
        let told = job.ask("states", "DescribeStateMachine", json!({ "stateMachineArn": arn })).await?;
        let text = |name: &str, otherwise: &str| told[name].as_str().unwrap_or(otherwise).to_owned();
        let attributes = [
            ("Arn", arn.to_owned()),
            ("Name", text("name", arn.rsplit(':').next().unwrap_or_default())),
            ("StateMachineRevisionId", text("revisionId", "INITIAL")),
        ];
        Ok(Made::new(arn, &attributes))
    }
}

#[async_trait::async_trait]
impl Provider for StateMachine {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let generated = || format!("{}-{}", job.logical.chars().take(66).collect::<String>(), job.unique);
        let name = shape::text(job.properties, "StateMachineName").unwrap_or_else(generated);
        let mut input = self.input(job).await?;
        input["name"] = name.as_str().into();
        shape::put(&mut input, "type", shape::text(job.properties, "StateMachineType").map(Value::String));
        shape::put(&mut input, "tags", Some(shape::tag_list(&job.all_tags(), "key", "value")));
        let told = job.create("states", "CreateStateMachine", input).await?;
        let arn = told["stateMachineArn"].as_str().map(str::to_owned);
        let arn = arn.unwrap_or_else(|| job.arn("states", &format!("stateMachine:{name}")));
        job.made(&arn);
        self.describe(job, &arn).await
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let arn = job.physical;
        let mut input = self.input(job).await?;
        input["stateMachineArn"] = arn.into();
        job.ask("states", "UpdateStateMachine", input).await?;
        let (tags, gone) = job.retagged();
        if !tags.is_empty() {
            let tags = shape::tag_list(&tags, "key", "value");
            job.ask("states", "TagResource", json!({ "resourceArn": arn, "tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("states", "UntagResource", json!({ "resourceArn": arn, "tagKeys": gone })).await?;
        }
        self.describe(job, arn).await
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("states", "DeleteStateMachine", json!({ "stateMachineArn": job.physical })).await
    }
}
