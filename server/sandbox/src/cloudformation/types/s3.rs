//! AWS::S3::Bucket, AWS::S3::BucketPolicy.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::cloudformation::model::{Members, Tags};
use crate::s3;
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[
    Type {
        name: "AWS::S3::Bucket",
        properties: &[
            ("BucketEncryption", IN_PLACE),
            ("BucketName", ANEW),
            ("LifecycleConfiguration", IN_PLACE),
            ("NotificationConfiguration", IN_PLACE),
            ("OwnershipControls", IN_PLACE),
            ("PublicAccessBlockConfiguration", IN_PLACE),
            ("Tags", IN_PLACE),
            ("VersioningConfiguration", IN_PLACE),
        ],
        required: &[],
        attributes: &["Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"],
        naming: Some("BucketName"),
        provider: &Bucket,
    },
    Type {
        name: "AWS::S3::BucketPolicy",
        properties: &[("Bucket", ANEW), ("PolicyDocument", IN_PLACE)],
        required: &["Bucket", "PolicyDocument"],
        attributes: &[],
        naming: None,
        provider: &BucketPolicy,
    },
];

/// Numbers and booleans in a bucket's settings.
const NUMBERS: [&str; 6] = [
    "DaysAfterInitiation",
    "ExpirationInDays",
    "NoncurrentDays",
    "NoncurrentVersionExpirationInDays",
    "TransitionInDays",
    "NewerNoncurrentVersions",
];
const FLAGS: [&str; 7] = [
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "BucketKeyEnabled",
    "EventBridgeEnabled",
    "ExpiredObjectDeleteMarker",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
];

/// Asks S3 for an operation on a bucket.
async fn ask(job: &Job<'_>, operation: &str, bucket: &str, more: Value) -> Result<(), Fault> {
    let mut input = more;
    input["Bucket"] = bucket.into();
    let done = s3::ask(&job.acting.call(job.app), operation, input).await;
    done.map(drop).map_err(|failure| Fault::of("s3", &failure))
}

/// A property that is a setting of S3's: the operation that sets it with what it takes of it, and the one that takes it
/// away where there is one; else the setting is set to what says nothing.
struct Setting {
    property: &'static str,
    set: &'static str,
    input: fn(&Value) -> Result<Value, Fault>,
    unset: Result<&'static str, fn() -> Value>,
}

const SETTINGS: [Setting; 7] = [
    Setting {
        property: "VersioningConfiguration",
        set: "PutBucketVersioning",
        input: |value| Ok(json!({ "VersioningConfiguration": value })),
        unset: Err(|| json!({ "VersioningConfiguration": { "Status": "Suspended" } })),
    },
    Setting {
        property: "BucketEncryption",
        set: "PutBucketEncryption",
        input: encryption,
        unset: Ok("DeleteBucketEncryption"),
    },
    Setting {
        property: "PublicAccessBlockConfiguration",
        set: "PutPublicAccessBlock",
        input: |value| Ok(json!({ "PublicAccessBlockConfiguration": value })),
        unset: Ok("DeletePublicAccessBlock"),
    },
    Setting {
        property: "OwnershipControls",
        set: "PutBucketOwnershipControls",
        input: |value| Ok(json!({ "OwnershipControls": value })),
        unset: Ok("DeleteBucketOwnershipControls"),
    },
    Setting {
        property: "LifecycleConfiguration",
        set: "PutBucketLifecycleConfiguration",
        input: lifecycle,
        unset: Ok("DeleteBucketLifecycle"),
    },
    Setting {
        property: "NotificationConfiguration",
        set: "PutBucketNotificationConfiguration",
        input: notification,
        unset: Err(|| json!({ "NotificationConfiguration": {} })),
    },
    Setting {
        property: "Tags",
        set: "PutBucketTagging",
        input: |value| Ok(json!({ "Tagging": { "TagSet": value } })),
        unset: Ok("DeleteBucketTagging"),
    },
];

fn encryption(value: &Value) -> Result<Value, Fault> {
    let rules = value.get("ServerSideEncryptionConfiguration").and_then(Value::as_array);
    let rules = rules.ok_or_else(|| Fault::own("`BucketEncryption` has no `ServerSideEncryptionConfiguration`"))?;
    let rule = |rule: &Value| {
        let mut told = json!({ "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"] });
        shape::put(&mut told, "BucketKeyEnabled", rule.get("BucketKeyEnabled").cloned());
        told
    };
    let rules: Value = rules.iter().map(rule).collect();
    Ok(json!({ "ServerSideEncryptionConfiguration": { "Rules": rules } }))
}

fn lifecycle(value: &Value) -> Result<Value, Fault> {
    let rules = value.get("Rules").and_then(Value::as_array);
    let rules = rules.ok_or_else(|| Fault::own("`LifecycleConfiguration` has no `Rules`"))?;
    let rules: Result<Vec<Value>, Fault> = rules.iter().map(lifecycle_rule).collect();
    Ok(json!({ "LifecycleConfiguration": { "Rules": rules? } }))
}

/// A rule as S3 has it: CloudFormation calls some of its parts otherwise.
fn lifecycle_rule(rule: &Value) -> Result<Value, Fault> {
    let mut told = json!({ "Filter": { "Prefix": "" } });
    for (name, value) in rule.as_object().into_iter().flatten() {
        match name.as_str() {
            "Id" => told["ID"] = value.clone(),
            "Prefix" => told["Filter"] = json!({ "Prefix": value }),
            "ExpirationInDays" => told["Expiration"] = json!({ "Days": value }),
            "NoncurrentVersionExpirationInDays" => {
                told["NoncurrentVersionExpiration"] = json!({ "NoncurrentDays": value });
            }
            "Status" | "AbortIncompleteMultipartUpload" | "NoncurrentVersionExpiration" => told[name] = value.clone(),
            other => return Err(Fault::own(format!("the sandbox's lifecycle rules have no `{other}`"))),
        }
    }
    Ok(told)
}

fn notification(value: &Value) -> Result<Value, Fault> {
    if let Some(other) = value.as_object().and_then(|all| all.keys().find(|name| *name != "EventBridgeConfiguration")) {
        return Err(Fault::own(format!("the sandbox's buckets tell EventBridge only: `{other}` can't be used")));
    }
    let told = value.pointer("/EventBridgeConfiguration/EventBridgeEnabled").and_then(Value::as_bool) == Some(true);
    Ok(if told {
        json!({ "NotificationConfiguration": { "EventBridgeConfiguration": {} } })
    } else {
        json!({ "NotificationConfiguration": {} })
    })
}

/// Makes a bucket's settings what they should be; only those that differ from `before` are asked for.
async fn configure(job: &Job<'_>, bucket: &str, before: &Value, settings: &Value) -> Result<(), Fault> {
    for Setting { property, set, input, unset } in &SETTINGS {
        let there = |settings: &Value| settings.get(property).filter(|value| !shape::is_empty(value)).cloned();
        match (there(before), there(settings)) {
            (before, after) if before == after => {}
            (_, Some(after)) => ask(job, set, bucket, input(&after)?).await?,
            (_, None) => match unset {
                Ok(operation) => ask(job, operation, bucket, json!({})).await?,
                Err(nothing) => ask(job, set, bucket, nothing()).await?,
            },
        }
    }
    Ok(())
}

/// The settings in these properties, numbers as numbers.
fn settings(properties: &Members, of_stack: &Tags) -> Value {
    let kept: Members = properties
        .iter()
        .filter(|(name, _)| *name != "BucketName")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut settings = shape::typed(&Value::Object(kept), &NUMBERS, &FLAGS);
    settings["Tags"] = shape::tag_list(&shape::tags(properties, of_stack), "Key", "Value");
    settings
}

struct Bucket;

impl Bucket {
    fn describe(&self, job: &Job<'_>, name: &str) -> Made {
        let region = job.region;
        Made::new(
            name,
            &[
                ("Arn", format!("arn:aws:s3:::{name}")),
                ("DomainName", format!("{name}.s3.amazonaws.com")),
                ("DualStackDomainName", format!("{name}.s3.dualstack.{region}.amazonaws.com")),
                ("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com")),
                ("WebsiteURL", format!("http://{name}.s3-website-{region}.amazonaws.com")),
            ],
        )
    }
}

#[async_trait::async_trait]
impl Provider for Bucket {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = shape::text(job.properties, "BucketName").unwrap_or_else(|| job.generated(63).to_ascii_lowercase());
        match ask(job, "CreateBucket", &name, json!({})).await {
            Err(fault) if !(job.again && fault.exists()) => return Err(fault),
            _ => job.made(&name),
        }
        configure(job, &name, &Value::Null, &settings(job.properties, job.tags)).await?;
        Ok(self.describe(job, &name))
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let (before, after) = (settings(job.before, job.before_tags), settings(job.properties, job.tags));
        configure(job, job.physical, &before, &after).await?;
        Ok(self.describe(job, job.physical))
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        ask(job, "DeleteBucket", job.physical, json!({})).await
    }
}

struct BucketPolicy;

impl BucketPolicy {
    async fn put(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let bucket = shape::text(job.properties, "Bucket").unwrap_or_default();
        let document = shape::document(job.properties, "PolicyDocument").unwrap_or_default();
        ask(job, "PutBucketPolicy", &bucket, json!({ "Policy": document })).await?;
        Ok(Made::new(bucket, &[]))
    }
}

#[async_trait::async_trait]
impl Provider for BucketPolicy {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        self.put(job).await
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        self.put(job).await
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        ask(job, "DeleteBucketPolicy", job.physical, json!({})).await
    }
}
