//! AWS::Events::Rule.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::cloudformation::model::Members;
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::Events::Rule",
    properties: &[
        ("Description", IN_PLACE),
        ("EventBusName", ANEW),
        ("EventPattern", IN_PLACE),
        ("Name", ANEW),
        ("RoleArn", IN_PLACE),
        ("ScheduleExpression", IN_PLACE),
        ("State", IN_PLACE),
        ("Tags", IN_PLACE),
        ("Targets", IN_PLACE),
    ],
    required: &[],
    attributes: &["Arn"],
    naming: Some("Name"),
    provider: &Rule,
}];

const NUMBERS: [&str; 4] = ["MaximumEventAgeInSeconds", "MaximumRetryAttempts", "TaskCount", "MessageGroupSize"];

struct Rule;

/// The IDs of a rule's targets.
fn ids(properties: &Members) -> Vec<String> {
    let targets = properties.get("Targets").and_then(Value::as_array).into_iter().flatten();
    targets.filter_map(|target| shape::text(target.as_object()?, "Id")).collect()
}

impl Rule {
    /// The name that `Ref` gives: on a bus of its own it has the bus before it.
    fn name<'a>(&self, job: &'a Job<'_>) -> &'a str {
        job.physical.rsplit('|').next().unwrap_or_default()
    }
    fn about(&self, job: &Job<'_>, key: &str, name: &str) -> Value {
        let mut input = json!({ key: name });
        shape::put(&mut input, "EventBusName", shape::text(job.properties, "EventBusName").map(Value::String));
        input
    }
    async fn put(&self, job: &Job<'_>, name: &str, tagged: bool) -> Result<String, Fault> {
        let mut input = self.about(job, "Name", name);
        for member in ["Description", "RoleArn", "ScheduleExpression", "State"] {
            shape::put(&mut input, member, shape::text(job.properties, member).map(Value::String));
        }
        shape::put(&mut input, "EventPattern", shape::document(job.properties, "EventPattern").map(Value::String));
        if tagged {
            shape::put(&mut input, "Tags", Some(shape::tag_list(&job.all_tags(), "Key", "Value")));
        }
        let told = job.ask("events", "PutRule", input).await?;
        Ok(told["RuleArn"].as_str().unwrap_or_default().to_owned())
    }
    async fn aim(&self, job: &Job<'_>, name: &str) -> Result<(), Fault> {
        let Some(targets) = job.properties.get("Targets").filter(|_| !ids(job.properties).is_empty()) else {
            return Ok(());
        };
        let mut input = self.about(job, "Rule", name);
        input["Targets"] = shape::typed(targets, &NUMBERS, &[]);
        let told = job.ask("events", "PutTargets", input).await?;
        match told["FailedEntries"].get(0) {
            Some(failed) => Err(Fault::own(failed["ErrorMessage"].as_str().unwrap_or("A target was refused."))),
            None => Ok(()),
        }
    }
    async fn take_away(&self, job: &Job<'_>, ids: Vec<String>) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut input = self.about(job, "Rule", self.name(job));
        input["Ids"] = json!(ids);
        job.drop("events", "RemoveTargets", input).await
    }
}

#[async_trait::async_trait]
impl Provider for Rule {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.name("Name", 64);
        let arn = self.put(job, &name, true).await?;
        let bus = shape::text(job.properties, "EventBusName").filter(|bus| bus != "default");
        let physical = bus.map_or_else(|| name.clone(), |bus| format!("{bus}|{name}"));
        job.made(&physical);
        self.aim(job, &name).await?;
        Ok(Made::new(physical, &[("Arn", arn)]))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = self.name(job).to_owned();
        let arn = self.put(job, &name, false).await?;
        self.aim(job, &name).await?;
        let wanted = ids(job.properties);
        self.take_away(job, ids(job.before).into_iter().filter(|id| !wanted.contains(id)).collect()).await?;
        let (tags, gone) = job.retagged();
        if !tags.is_empty() {
            let tags = shape::tag_list(&tags, "Key", "Value");
            job.ask("events", "TagResource", json!({ "ResourceARN": arn, "Tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("events", "UntagResource", json!({ "ResourceARN": arn, "TagKeys": gone })).await?;
        }
        Ok(Made::new(job.physical, &[("Arn", arn)]))
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        self.take_away(job, ids(job.properties)).await?;
        let input = self.about(job, "Name", self.name(job));
        job.drop("events", "DeleteRule", input).await
    }
}
