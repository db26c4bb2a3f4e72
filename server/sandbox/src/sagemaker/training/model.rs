//! A training job as it is stored, and as it is shown.

use crate::sagemaker::model::arn;
use domain::names::{AccountId, Region};
use domain::s3::Location;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A training job.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TrainingJob {
    pub name: String,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// The members of CreateTrainingJob that DescribeTrainingJob gives back.
    pub request: Value,
    pub status: Status,
    /// Never empty: the last one is the job's secondary status.
    pub transitions: Vec<Transition>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub failure: Option<String>,
    pub metrics: Vec<FinalMetric>,
}

/// `TrainingJobStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Status {
    InProgress,
    Completed,
    Failed,
    Stopping,
    Stopped,
}

impl Status {
    /// As the wire has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
        }
    }
    /// Whether nothing comes after it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Stopped)
    }
}

/// A step on a job's way: `SecondaryStatusTransition`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Transition {
    pub status: String,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub message: String,
}

/// The last value of a metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FinalMetric {
    pub name: String,
    pub value: f64,
    pub at: Timestamp,
}

/// How times are written: in seconds for the wire, in milliseconds in events.
pub type Clock = fn(Timestamp) -> Value;

/// Times as events have them.
pub fn milliseconds(at: Timestamp) -> Value {
    at.0.into()
}

impl TrainingJob {
    /// A job that has just been asked for.
    pub fn new(name: &str, now: Timestamp, request: Value) -> Self {
        let mut job = Self {
            name: name.to_owned(),
            created: now,
            modified: now,
            request,
            status: Status::InProgress,
            transitions: Vec::new(),
            started: None,
            ended: None,
            failure: None,
            metrics: Vec::new(),
        };
        job.enter("Starting", "Starting the training job", now);
        job
    }
    /// Goes one step further.
    pub fn enter(&mut self, secondary: &str, message: &str, now: Timestamp) {
        if let Some(last) = self.transitions.last_mut() {
            last.end = Some(now);
        }
        let end = ["Completed", "Failed", "Stopped", "MaxRuntimeExceeded"].contains(&secondary).then_some(now);
        let (status, message) = (secondary.to_owned(), message.to_owned());
        self.transitions.push(Transition { status, start: now, end, message });
        self.modified = now;
    }
    /// `SecondaryStatus`.
    pub fn secondary(&self) -> &str {
        self.transitions.last().map_or("Starting", |last| &last.status)
    }
    /// Its ARN.
    pub fn arn(&self, region: &Region, account: &AccountId) -> String {
        arn(region, account, "training-job", &self.name)
    }
    /// A text of its request, by JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.request.pointer(pointer)?.as_str()
    }
    /// Where the model goes.
    pub fn output(&self) -> Option<Location> {
        let path = Location::parse(self.text("/OutputDataConfig/S3OutputPath")?)?;
        Some(path.join(&format!("{}/output/model.tar.gz", self.name)))
    }
    /// How long it may train, in seconds.
    pub fn most_seconds(&self) -> i64 {
        self.request.pointer("/StoppingCondition/MaxRuntimeInSeconds").and_then(Value::as_i64).unwrap_or(86_400)
    }
    /// How long it trained, in whole seconds as they are billed.
    fn seconds(&self) -> Option<i64> {
        let (start, end) = (self.started?, self.ended?);
        Some((end.0 - start.0).max(0).div_euclid(1000) + 1)
    }

    /// What DescribeTrainingJob shows.
    pub fn shown(&self, region: &Region, account: &AccountId, clock: Clock) -> Value {
        let mut shown = self.request.as_object().cloned().unwrap_or_default();
        let mut set = |name: &str, value: Value| {
            shown.insert(name.to_owned(), value);
        };
        set("TrainingJobName", self.name.as_str().into());
        set("TrainingJobArn", self.arn(region, account).into());
        set("TrainingJobStatus", self.status.text().into());
        set("SecondaryStatus", self.secondary().into());
        set("CreationTime", clock(self.created));
        set("LastModifiedTime", clock(self.modified));
        set("SecondaryStatusTransitions", self.transitions.iter().map(|step| step.shown(clock)).collect());
        if let Some(output) = self.output() {
            set("ModelArtifacts", json!({ "S3ModelArtifacts": output.to_string() }));
        }
        if let Some(started) = self.started {
            set("TrainingStartTime", clock(started));
        }
        if let Some(ended) = self.ended {
            set("TrainingEndTime", clock(ended));
        }
        if let Some(seconds) = self.seconds() {
            set("TrainingTimeInSeconds", seconds.into());
            set("BillableTimeInSeconds", seconds.into());
        }
        if let Some(reason) = &self.failure {
            set("FailureReason", reason.as_str().into());
        }
        if !self.metrics.is_empty() {
            set("FinalMetricDataList", self.metrics.iter().map(|metric| metric.shown(clock)).collect());
        }
        Value::Object(shown)
    }
    /// What ListTrainingJobs shows.
    pub fn summary(&self, region: &Region, account: &AccountId, clock: Clock) -> Value {
        let whole = self.shown(region, account, clock);
        const NAMES: [&str; 7] = [
            "TrainingJobName",
            "TrainingJobArn",
            "CreationTime",
            "TrainingEndTime",
            "LastModifiedTime",
            "TrainingJobStatus",
            "SecondaryStatus",
        ];
        let kept = NAMES.iter().filter_map(|&name| Some((name.to_owned(), whole.get(name)?.clone())));
        Value::Object(kept.collect::<Map<_, _>>())
    }
}

impl Transition {
    fn shown(&self, clock: Clock) -> Value {
        let mut shown = json!({ "Status": self.status, "StartTime": clock(self.start), "StatusMessage": self.message });
        if let Some(end) = self.end {
            shown["EndTime"] = clock(end);
        }
        shown
    }
}

impl FinalMetric {
    fn shown(&self, clock: Clock) -> Value {
        json!({ "MetricName": self.name, "Value": self.value, "Timestamp": clock(self.at) })
    }
}
