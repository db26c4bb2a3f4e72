//! AWS::CloudWatch::Alarm.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[Type {
    name: "AWS::CloudWatch::Alarm",
    properties: &[
        ("ActionsEnabled", IN_PLACE),
        ("AlarmActions", IN_PLACE),
        ("AlarmDescription", IN_PLACE),
        ("AlarmName", ANEW),
        ("ComparisonOperator", IN_PLACE),
        ("DatapointsToAlarm", IN_PLACE),
        ("Dimensions", IN_PLACE),
        ("EvaluateLowSampleCountPercentile", IN_PLACE),
        ("EvaluationPeriods", IN_PLACE),
        ("ExtendedStatistic", IN_PLACE),
        ("InsufficientDataActions", IN_PLACE),
        ("MetricName", IN_PLACE),
        ("Metrics", IN_PLACE),
        ("Namespace", IN_PLACE),
        ("OKActions", IN_PLACE),
        ("Period", IN_PLACE),
        ("Statistic", IN_PLACE),
        ("Tags", IN_PLACE),
        ("Threshold", IN_PLACE),
        ("ThresholdMetricId", IN_PLACE),
        ("TreatMissingData", IN_PLACE),
        ("Unit", IN_PLACE),
    ],
    required: &["ComparisonOperator", "EvaluationPeriods"],
    attributes: &["Arn"],
    naming: Some("AlarmName"),
    provider: &Alarm,
}];

const NUMBERS: [&str; 4] = ["DatapointsToAlarm", "EvaluationPeriods", "Period", "Threshold"];
const FLAGS: [&str; 2] = ["ActionsEnabled", "ReturnData"];

struct Alarm;

impl Alarm {
    /// An alarm is put as a whole, whether it is there or not; its tags count at the first time only.
    async fn put(&self, job: &Job<'_>, name: &str, tagged: bool) -> Result<Made, Fault> {
        let mut kept = job.properties.clone();
        kept.remove("Tags");
        let mut input = shape::typed(&Value::Object(kept), &NUMBERS, &FLAGS);
        input["AlarmName"] = name.into();
        if tagged {
            shape::put(&mut input, "Tags", Some(shape::tag_list(&job.all_tags(), "Key", "Value")));
        }
        job.ask("cloudwatch", "PutMetricAlarm", input).await?;
        Ok(Made::new(name, &[("Arn", job.arn("cloudwatch", &format!("alarm:{name}")))]))
    }
}

#[async_trait::async_trait]
impl Provider for Alarm {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.name("AlarmName", 255);
        self.put(job, &name, true).await
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let made = self.put(job, job.physical, false).await?;
        let (tags, gone) = job.retagged();
        let arn = job.arn("cloudwatch", &format!("alarm:{}", job.physical));
        if !tags.is_empty() {
            let tags = shape::tag_list(&tags, "Key", "Value");
            job.ask("cloudwatch", "TagResource", json!({ "ResourceARN": arn, "Tags": tags })).await?;
        }
        if !gone.is_empty() {
            job.ask("cloudwatch", "UntagResource", json!({ "ResourceARN": arn, "TagKeys": gone })).await?;
        }
        Ok(made)
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        job.drop("cloudwatch", "DeleteAlarms", json!({ "AlarmNames": [job.physical] })).await
    }
}
