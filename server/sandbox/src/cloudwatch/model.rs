//! Alarms as they are stored. Metrics are not: see [`super::metrics`].

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an account has in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudWatch {
    /// Alarms by name.
    pub alarms: BTreeMap<String, Alarm>,
}

/// `StateValue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum State {
    #[serde(rename = "OK")]
    Ok,
    #[serde(rename = "ALARM")]
    Alarm,
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

impl State {
    /// All of them, as the wire has them.
    pub const NAMES: [&str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

    /// As the wire has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
    /// The state of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|state| state.text() == text)
    }
}

/// An alarm on one metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Alarm {
    pub name: String,
    /// The members of PutMetricAlarm that DescribeAlarms gives back, with their defaults.
    pub request: Value,
    pub configured: Timestamp,
    pub state: State,
    pub reason: String,
    pub reason_data: Option<String>,
    /// When the state was last told, and when it last changed.
    pub updated: Timestamp,
    pub transitioned: Timestamp,
    /// Whether the state was set by SetAlarmState.
    pub by_hand: bool,
    pub tags: BTreeMap<String, String>,
}

impl Alarm {
    /// A text of its request.
    pub fn text(&self, name: &str) -> &str {
        self.request.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    /// A number of its request.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.request.get(name)?.as_i64()
    }
    /// The metric that it watches.
    pub fn metric(&self) -> Metric {
        Metric {
            namespace: self.text("Namespace").to_owned(),
            name: self.text("MetricName").to_owned(),
            dimensions: Metric::dimensions(&self.request),
        }
    }
}

/// Names a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// `Dimensions` of a request that was checked.
    pub fn dimensions(body: &Value) -> BTreeMap<String, String> {
        let list = body.get("Dimensions").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|one| Some((one.get("Name")?.as_str()?.to_owned(), one.get("Value")?.as_str()?.to_owned())))
            .collect()
    }
}

/// The ARN of an alarm. Names keep their case here.
pub fn arn(region: &Region, account: &AccountId, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}")
}
