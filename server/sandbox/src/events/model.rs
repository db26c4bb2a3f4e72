//! What is kept of it, by account and region.

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// What an account has in a region: the rules of its default bus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rules {
    /// The rules, by name.
    #[serde(default)]
    pub rules: BTreeMap<String, Rule>,
    /// Tags of the bus.
    #[serde(default)]
    pub bus_tags: BTreeMap<String, String>,
}

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Which events it is for, as it was given.
    pub pattern: String,
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub state: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The role that is told with it. Targets have their own.
    #[serde(default)]
    pub role: Option<String>,
    /// Where events go, as each was given, by ID.
    #[serde(default)]
    pub targets: BTreeMap<String, Value>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What became of its events.
    #[serde(default)]
    pub record: Record,
}

/// What became of a rule's events.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Deliveries that worked.
    pub delivered: u64,
    /// Deliveries that did not.
    pub failed: u64,
    /// The last of these.
    pub failures: VecDeque<Undelivered>,
}

/// A delivery that failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undelivered {
    /// When.
    pub at: Timestamp,
    /// The event's ID.
    pub event: String,
    /// The target's ID.
    pub target: String,
    /// The target's ARN.
    pub arn: String,
    /// The error code.
    pub code: String,
    /// What the target said.
    pub message: String,
}

/// How many failures of a rule are kept.
const FAILURES: usize = 10;

impl Record {
    /// Notes a failure.
    pub fn failed(&mut self, failure: Undelivered) {
        self.failed += 1;
        self.failures.push_back(failure);
        while self.failures.len() > FAILURES {
            self.failures.pop_front();
        }
    }
}

impl Rule {
    /// Whether it looks at events.
    pub fn is_enabled(&self) -> bool {
        self.state != "DISABLED"
    }
}

/// The service that manages the rules of this name: Step Functions puts some for `.sync` tasks, as the machine's role.
pub fn managed_by(name: &str) -> Option<&'static str> {
    name.starts_with("StepFunctionsGetEventsFor").then_some("states.amazonaws.com")
}

/// The name of the only bus.
pub const BUS: &str = "default";

/// The ARN of a rule.
pub fn rule_arn(region: &Region, account: &AccountId, name: &str) -> String {
    format!("arn:aws:events:{region}:{account}:rule/{name}")
}

/// The ARN of the bus.
pub fn bus_arn(region: &Region, account: &AccountId) -> String {
    format!("arn:aws:events:{region}:{account}:event-bus/{BUS}")
}
