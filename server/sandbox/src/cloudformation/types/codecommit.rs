//! AWS::CodeCommit::Repository.

use super::{Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::CodeCommit::Repository",
    properties: &[
        ("Code", IN_PLACE),
        ("KmsKeyId", IN_PLACE),
        ("RepositoryDescription", IN_PLACE),
        ("RepositoryName", IN_PLACE),
        ("Tags", IN_PLACE),
        ("Triggers", IN_PLACE),
    ],
    required: &["RepositoryName"],
    attributes: &["Arn", "CloneUrlHttp", "CloneUrlSsh", "Name"],
    naming: None,
    provider: &Repository,
}];

struct Repository;

impl Repository {
    /// What the sandbox can't do.
    fn check(&self, job: &Job<'_>) -> Result<(), Fault> {
        match ["Code", "Triggers"].into_iter().find(|name| job.properties.contains_key(*name)) {
            Some(name) => Err(Fault::own(format!("the sandbox has no `{name}` for repositories"))),
            None => Ok(()),
        }
    }
    fn describe(&self, told: &Value) -> Made {
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let arn = told.get("Arn").or_else(|| told.get("arn")).and_then(Value::as_str).unwrap_or_default().to_owned();
        Made::new(
            text("repositoryId"),
            &[
                ("Arn", arn),
                ("CloneUrlHttp", text("cloneUrlHttp")),
                ("CloneUrlSsh", text("cloneUrlSsh")),
                ("Name", text("repositoryName")),
            ],
        )
    }
    async fn look(&self, job: &Job<'_>, name: &str) -> Result<Made, Fault> {
        let told = job.ask("codecommit", "GetRepository", json!({ "repositoryName": name })).await?;
        Ok(self.describe(&told["repositoryMetadata"]))
    }
    fn name(&self, job: &Job<'_>) -> String {
        let named = shape::text(job.attributes, "Name");
        named.or_else(|| shape::text(job.properties, "RepositoryName")).unwrap_or_default()
    }
}

#[async_trait::async_trait]
impl Provider for Repository {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        self.check(job)?;
        let name = shape::text(job.properties, "RepositoryName").unwrap_or_default();
        let mut input = json!({ "repositoryName": name });
        let text = |name| shape::text(job.properties, name).map(Value::String);
        shape::put(&mut input, "repositoryDescription", text("RepositoryDescription"));
        shape::put(&mut input, "kmsKeyId", text("KmsKeyId"));
        shape::put(&mut input, "tags", Some(json!(job.all_tags())));
        let made = job.create("codecommit", "CreateRepository", input).await?;
        match made.get("repositoryMetadata") {
            Some(told) => Ok(self.describe(told)),
            None => self.look(job, &name).await,
        }
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        self.check(job)?;
        let (old, new) = (self.name(job), shape::text(job.properties, "RepositoryName").unwrap_or_default());
        if old != new {
            job.ask("codecommit", "UpdateRepositoryName", json!({ "oldName": old, "newName": new })).await?;
        }
        if job.changes(&["RepositoryDescription"]) {
            let description = shape::text(job.properties, "RepositoryDescription").unwrap_or_default();
            let input = json!({ "repositoryName": new, "repositoryDescription": description });
            job.ask("codecommit", "UpdateRepositoryDescription", input).await?;
        }
        if job.changes(&["KmsKeyId"])
            && let Some(key) = shape::text(job.properties, "KmsKeyId")
        {
            let input = json!({ "repositoryName": new, "kmsKeyId": key });
            job.ask("codecommit", "UpdateRepositoryEncryptionKey", input).await?;
        }
        let (tags, gone) = job.retagged();
        let arn = job.arn("codecommit", &new);
        if !tags.is_empty() {
            job.ask("codecommit", "TagResource", json!({ "resourceArn": arn, "tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("codecommit", "UntagResource", json!({ "resourceArn": arn, "tagKeys": gone })).await?;
        }
        if old == new { Ok(job.unchanged()) } else { self.look(job, &new).await }
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("codecommit", "DeleteRepository", json!({ "repositoryName": self.name(job) })).await
    }
}
