//! What is kept of state machines and executions, by account and region.
//!
//! What an execution is given, gives back and remembers is in a file of its own, see [`super::files`].

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use states::ExecutionStatus;
use std::collections::BTreeMap;

/// What an account has in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Machines {
    /// By name. Names differ by case.
    #[serde(default)]
    pub machines: BTreeMap<String, Machine>,
}

/// A state machine with its executions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Machine {
    pub name: String,
    pub definition: String,
    /// The role's ARN.
    pub role: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Of its last update; `None`: it was never updated.
    pub revision: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub tracing: bool,
    /// `CreateStateMachine` was asked to publish, with this description.
    pub published_as: Option<Option<String>>,
    /// It goes when its executions have ended.
    pub deleting: bool,
    /// By number.
    pub versions: BTreeMap<u64, Version>,
    /// The last number given to a version: they are never used again.
    pub last_version: u64,
    /// By name.
    pub runs: BTreeMap<String, Run>,
}

/// A version: the machine as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Version {
    pub definition: String,
    pub role: String,
    pub revision: Option<String>,
    pub description: Option<String>,
    pub created: Timestamp,
}

/// An execution, without its data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Run {
    pub name: String,
    /// Its file's name.
    pub file: String,
    pub status: ExecutionStatus,
    pub started: Timestamp,
    pub stopped: Option<Timestamp>,
    pub trace_header: Option<String>,
    /// The version it was started by.
    pub version: Option<u64>,
}

/// The ARN of a state machine.
pub fn machine_arn(region: &Region, account: &AccountId, name: &str) -> String {
    format!("arn:aws:states:{region}:{account}:stateMachine:{name}")
}

/// The ARN of an execution.
pub fn execution_arn(region: &Region, account: &AccountId, machine: &str, name: &str) -> String {
    format!("arn:aws:states:{region}:{account}:execution:{machine}:{name}")
}

/// A status by AWS's name.
pub fn status_name(status: ExecutionStatus) -> &'static str {
    match status {
        ExecutionStatus::Running => "RUNNING",
        ExecutionStatus::Succeeded => "SUCCEEDED",
        ExecutionStatus::Failed => "FAILED",
        ExecutionStatus::TimedOut => "TIMED_OUT",
        ExecutionStatus::Aborted => "ABORTED",
    }
}

impl Machine {
    /// Adds a version of it as it is, and gives its number.
    pub fn publish(&mut self, description: Option<String>, now: Timestamp) -> u64 {
        self.last_version += 1;
        let version = Version {
            definition: self.definition.clone(),
            role: self.role.clone(),
            revision: self.revision.clone(),
            description,
            created: now,
        };
        self.versions.insert(self.last_version, version);
        self.last_version
    }
    /// The executions that go on.
    pub fn running(&self) -> impl Iterator<Item = &Run> {
        self.runs.values().filter(|run| run.status == ExecutionStatus::Running)
    }
}
