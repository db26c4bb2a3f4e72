//! AWS::CodePipeline::Pipeline.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::cloudformation::model::Members;
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::CodePipeline::Pipeline",
    properties: &[
        ("ArtifactStore", IN_PLACE),
        ("ArtifactStores", IN_PLACE),
        ("DisableInboundStageTransitions", IN_PLACE),
        ("ExecutionMode", IN_PLACE),
        ("Name", ANEW),
        ("PipelineType", IN_PLACE),
        ("RestartExecutionOnUpdate", IN_PLACE),
        ("RoleArn", IN_PLACE),
        ("Stages", IN_PLACE),
        ("Tags", IN_PLACE),
        ("Triggers", IN_PLACE),
        ("Variables", IN_PLACE),
    ],
    required: &["RoleArn", "Stages"],
    attributes: &["Version"],
    naming: Some("Name"),
    provider: &Pipeline,
}];

const STRUCTURE: [&str; 7] =
    ["ArtifactStore", "ExecutionMode", "PipelineType", "RoleArn", "Stages", "Triggers", "Variables"];
const NUMBERS: [&str; 3] = ["RunOrder", "TimeoutInMinutes", "Schedule"];

struct Pipeline;

impl Pipeline {
    /// The structure as CodePipeline has it: names in lower case, but for what actions are configured with.
    fn structure(&self, job: &Job<'_>, name: &str) -> Value {
        let kept = Value::Object(shape::only(job.properties, &STRUCTURE));
        let mut structure = shape::lower(&shape::typed(&kept, &NUMBERS, &[]), &["Configuration"]);
        structure["name"] = name.into();
        let stores = job.properties.get("ArtifactStores").and_then(Value::as_array).into_iter().flatten();
        let stores: Members = stores
            .filter_map(|store| {
                let region = store.get("Region")?.as_str()?.to_owned();
                Some((region, shape::lower(store.get("ArtifactStore")?, &[])))
            })
            .collect();
        shape::put(&mut structure, "artifactStores", Some(Value::Object(stores)));
        structure
    }
    fn made(&self, name: &str, told: &Value) -> Made {
        let version = told["pipeline"]["version"].as_i64().unwrap_or(1);
        Made::new(name, &[("Version", version.to_string())])
    }
    async fn set_transitions(&self, job: &Job<'_>, name: &str, before: &Members) -> Result<(), Fault> {
        let (old, new) = (disabled(before), disabled(job.properties));
        for (stage, reason) in &new {
            let input = json!({
                "pipelineName": name, "stageName": stage, "transitionType": "Inbound", "reason": reason,
            });
            job.ask("codepipeline", "DisableStageTransition", input).await?;
        }
        for (stage, _) in old.iter().filter(|(stage, _)| !new.iter().any(|(known, _)| known == stage)) {
            let input = json!({ "pipelineName": name, "stageName": stage, "transitionType": "Inbound" });
            job.ask("codepipeline", "EnableStageTransition", input).await?;
        }
        Ok(())
    }
}

/// Stages that nothing may enter, with the reasons.
fn disabled(properties: &Members) -> Vec<(String, String)> {
    let listed = properties.get("DisableInboundStageTransitions").and_then(Value::as_array).into_iter().flatten();
    let each = |entry: &Value| {
        let members = entry.as_object()?;
        Some((shape::text(members, "StageName")?, shape::text(members, "Reason").unwrap_or_default()))
    };
    listed.filter_map(each).collect()
}

#[async_trait::async_trait]
impl Provider for Pipeline {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.name("Name", 100);
        let mut input = json!({ "pipeline": self.structure(job, &name) });
        shape::put(&mut input, "tags", Some(shape::tag_list(&job.all_tags(), "key", "value")));
        let told = job.create("codepipeline", "CreatePipeline", input).await?;
        job.made(&name);
        self.set_transitions(job, &name, &Members::new()).await?;
        Ok(self.made(&name, &told))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.physical;
        let mut made = job.unchanged();
        if job.changes(&STRUCTURE) || job.changes(&["ArtifactStores"]) {
            let input = json!({ "pipeline": self.structure(job, name) });
            let told = job.ask("codepipeline", "UpdatePipeline", input).await?;
            made = self.made(name, &told);
        }
        self.set_transitions(job, name, job.before).await?;
        let (tags, gone) = job.retagged();
        let arn = job.arn("codepipeline", name);
        if !tags.is_empty() {
            let tags = shape::tag_list(&tags, "key", "value");
            job.ask("codepipeline", "TagResource", json!({ "resourceArn": arn, "tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("codepipeline", "UntagResource", json!({ "resourceArn": arn, "tagKeys": gone })).await?;
        }
        if shape::flag(job.properties, "RestartExecutionOnUpdate") == Some(true) {
            job.ask("codepipeline", "StartPipelineExecution", json!({ "name": name })).await?;
        }
        Ok(made)
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("codepipeline", "DeletePipeline", json!({ "name": job.physical })).await
    }
}
