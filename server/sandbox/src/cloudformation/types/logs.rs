//! AWS::Logs::LogGroup.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::Logs::LogGroup",
    properties: &[
        ("KmsKeyId", IN_PLACE),
        ("LogGroupClass", IN_PLACE),
        ("LogGroupName", ANEW),
        ("RetentionInDays", IN_PLACE),
        ("Tags", IN_PLACE),
    ],
    required: &[],
    attributes: &["Arn"],
    naming: Some("LogGroupName"),
    provider: &LogGroup,
}];

struct LogGroup;

impl LogGroup {
    fn describe(&self, job: &Job<'_>, name: &str) -> Made {
        Made::new(name, &[("Arn", job.arn("logs", &format!("log-group:{name}:*")))])
    }
    async fn retain(&self, job: &Job<'_>, name: &str) -> Result<(), Fault> {
        let input = match shape::number(job.properties, "RetentionInDays") {
            Some(days) => {
                return job
                    .ask("logs", "PutRetentionPolicy", json!({ "logGroupName": name, "retentionInDays": days }))
                    .await
                    .map(drop);
            }
            None => json!({ "logGroupName": name }),
        };
        job.drop("logs", "DeleteRetentionPolicy", input).await
    }
}

#[async_trait::async_trait]
impl Provider for LogGroup {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.name("LogGroupName", 512);
        let mut input = json!({ "logGroupName": name });
        let text = |name| shape::text(job.properties, name).map(Value::String);
        shape::put(&mut input, "kmsKeyId", text("KmsKeyId"));
        shape::put(&mut input, "logGroupClass", text("LogGroupClass"));
        shape::put(&mut input, "tags", Some(json!(job.all_tags())));
        job.create("logs", "CreateLogGroup", input).await?;
        job.made(&name);
        if job.properties.contains_key("RetentionInDays") {
            self.retain(job, &name).await?;
        }
        Ok(self.describe(job, &name))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.physical;
        if job.changes(&["LogGroupClass"]) {
            return Err(Fault::own("The class of a log group can't be changed."));
        }
        if job.changes(&["RetentionInDays"]) {
            self.retain(job, name).await?;
        }
        if job.changes(&["KmsKeyId"]) {
            match shape::text(job.properties, "KmsKeyId") {
                Some(key) => {
                    job.ask("logs", "AssociateKmsKey", json!({ "logGroupName": name, "kmsKeyId": key })).await?;
                }
                None => job.drop("logs", "DisassociateKmsKey", json!({ "logGroupName": name })).await?,
            }
        }
        let (tags, gone) = job.retagged();
        let arn = job.arn("logs", &format!("log-group:{name}"));
        if !tags.is_empty() {
            job.ask("logs", "TagResource", json!({ "resourceArn": arn, "tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("logs", "UntagResource", json!({ "resourceArn": arn, "tagKeys": gone })).await?;
        }
        Ok(self.describe(job, name))
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("logs", "DeleteLogGroup", json!({ "logGroupName": job.physical })).await
    }
}
