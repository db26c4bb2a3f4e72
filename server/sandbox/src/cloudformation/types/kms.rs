//! AWS::KMS::Key, AWS::KMS::Alias.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[
    Type {
        name: "AWS::KMS::Key",
        properties: &[
            ("BypassPolicyLockoutSafetyCheck", IN_PLACE),
            ("Description", IN_PLACE),
            ("EnableKeyRotation", IN_PLACE),
            ("Enabled", IN_PLACE),
            ("KeyPolicy", IN_PLACE),
            ("KeySpec", ANEW),
            ("KeyUsage", ANEW),
            ("MultiRegion", ANEW),
            ("Origin", ANEW),
            ("PendingWindowInDays", IN_PLACE),
            ("RotationPeriodInDays", IN_PLACE),
            ("Tags", IN_PLACE),
        ],
        required: &[],
        attributes: &["Arn", "KeyId"],
        naming: None,
        provider: &Key,
    },
    Type {
        name: "AWS::KMS::Alias",
        properties: &[("AliasName", ANEW), ("TargetKeyId", IN_PLACE)],
        required: &["AliasName", "TargetKeyId"],
        attributes: &[],
        naming: Some("AliasName"),
        provider: &Alias,
    },
];

struct Key;

impl Key {
    async fn set_rotation(&self, job: &Job<'_>, key: &str) -> Result<(), Fault> {
        if shape::flag(job.properties, "EnableKeyRotation") == Some(true) {
            let mut input = json!({ "KeyId": key });
            shape::put(&mut input, "RotationPeriodInDays", shape::number(job.properties, "RotationPeriodInDays"));
            return job.ask("kms", "EnableKeyRotation", input).await.map(drop);
        }
        job.ask("kms", "DisableKeyRotation", json!({ "KeyId": key })).await.map(drop)
    }
    async fn set_state(&self, job: &Job<'_>, key: &str) -> Result<(), Fault> {
        let enabled = shape::flag(job.properties, "Enabled") != Some(false);
        let operation = if enabled { "EnableKey" } else { "DisableKey" };
        job.ask("kms", operation, json!({ "KeyId": key })).await.map(drop)
    }
}

#[async_trait::async_trait]
impl Provider for Key {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let key = if job.physical.is_empty() {
            let mut input =
                Value::Object(shape::only(job.properties, &["Description", "KeySpec", "KeyUsage", "Origin"]));
            shape::put(&mut input, "Policy", shape::document(job.properties, "KeyPolicy").map(Value::String));
            for name in ["BypassPolicyLockoutSafetyCheck", "MultiRegion"] {
                shape::put(&mut input, name, shape::flag(job.properties, name).map(Value::Bool));
            }
            shape::put(&mut input, "Tags", Some(shape::tag_list(&job.all_tags(), "TagKey", "TagValue")));
            let made = job.ask("kms", "CreateKey", input).await?;
            made["KeyMetadata"]["KeyId"].as_str().unwrap_or_default().to_owned()
        } else {
            job.physical.to_owned()
        };
        job.made(&key);
        if shape::flag(job.properties, "EnableKeyRotation") == Some(true) {
            self.set_rotation(job, &key).await?;
        }
        if shape::flag(job.properties, "Enabled") == Some(false) {
            self.set_state(job, &key).await?;
        }
        let arn = job.arn("kms", &format!("key/{key}"));
        Ok(Made::new(key.clone(), &[("Arn", arn), ("KeyId", key)]))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let key = job.physical;
        if job.changes(&["Description"]) {
            let description = shape::text(job.properties, "Description").unwrap_or_default();
            job.ask("kms", "UpdateKeyDescription", json!({ "KeyId": key, "Description": description })).await?;
        }
        if job.changes(&["KeyPolicy"])
            && let Some(policy) = shape::document(job.properties, "KeyPolicy")
        {
            job.ask("kms", "PutKeyPolicy", json!({ "KeyId": key, "PolicyName": "default", "Policy": policy })).await?;
        }
        if job.changes(&["Enabled"]) {
            self.set_state(job, key).await?;
        }
        if job.changes(&["EnableKeyRotation", "RotationPeriodInDays"]) {
            self.set_rotation(job, key).await?;
        }
        let (new, gone) = job.retagged();
        if !new.is_empty() {
            let tags = shape::tag_list(&new, "TagKey", "TagValue");
            job.ask("kms", "TagResource", json!({ "KeyId": key, "Tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("kms", "UntagResource", json!({ "KeyId": key, "TagKeys": gone })).await?;
        }
        Ok(job.unchanged())
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        let mut input = json!({ "KeyId": job.physical });
        shape::put(&mut input, "PendingWindowInDays", shape::number(job.properties, "PendingWindowInDays"));
        match job.drop("kms", "ScheduleKeyDeletion", input).await {
            // It is on its way out already.
            Err(fault) if fault.message.contains("pending deletion") => Ok(()),
            other => other,
        }
    }
}

struct Alias;

impl Alias {
    fn input(&self, job: &Job<'_>) -> Value {
        let text = |name| shape::text(job.properties, name).unwrap_or_default();
        json!({ "AliasName": text("AliasName"), "TargetKeyId": text("TargetKeyId") })
    }
}

#[async_trait::async_trait]
impl Provider for Alias {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        job.create("kms", "CreateAlias", self.input(job)).await?;
        Ok(Made::new(shape::text(job.properties, "AliasName").unwrap_or_default(), &[]))
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        job.ask("kms", "UpdateAlias", self.input(job)).await?;
        Ok(job.unchanged())
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("kms", "DeleteAlias", json!({ "AliasName": job.physical })).await
    }
}
