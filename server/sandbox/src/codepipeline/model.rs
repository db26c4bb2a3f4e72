//! What is kept of it, by account and region.
//!
//! An execution has all it needs to go on after a restart: where it stands, what each action was asked and what came of
//! it. How many executions and versions a pipeline remembers is bounded; the content of artifacts is in S3.

use super::declaration::Declaration;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many executions a pipeline remembers, beside those under way.
pub const EXECUTIONS: usize = 100;
/// How many versions a pipeline remembers, beside those that executions have.
pub const VERSIONS: usize = 50;

/// What an account has in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pipelines {
    /// By name.
    pub pipelines: BTreeMap<String, Pipeline>,
}

/// A pipeline.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Pipeline {
    /// By number; the last one is in force.
    pub versions: BTreeMap<u64, Declaration>,
    pub created: Timestamp,
    pub updated: Timestamp,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The transitions into stages that somebody switched, by stage.
    #[serde(default)]
    pub transitions: BTreeMap<String, Transition>,
    /// The oldest first.
    #[serde(default)]
    pub executions: VecDeque<Execution>,
}

/// A transition that was switched off or on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Transition {
    pub enabled: bool,
    pub by: String,
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// How far something has come: an execution, a stage of it, an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Status {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Superseded,
    Failed,
    Abandoned,
}

impl Status {
    /// As results show it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Succeeded => "Succeeded",
            Self::Superseded => "Superseded",
            Self::Failed => "Failed",
            Self::Abandoned => "Abandoned",
        }
    }
    /// Whether it goes on.
    pub fn is_open(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

/// An execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Execution {
    pub id: String,
    /// The version of the pipeline that it follows.
    pub version: u64,
    pub status: Status,
    pub started: Timestamp,
    pub updated: Timestamp,
    pub trigger: Trigger,
    /// The token that its start was asked with.
    #[serde(default)]
    pub client_token: Option<String>,
    /// The pipeline's variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Revisions that source actions take instead of the newest.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The stage it is in, or waits before.
    pub at: usize,
    /// Whether it is in that stage.
    pub inside: bool,
    #[serde(default)]
    pub stop: Option<Stop>,
    /// The latest of each stage, by name.
    #[serde(default)]
    pub stages: BTreeMap<String, StageRun>,
    /// In the order they began.
    #[serde(default)]
    pub actions: Vec<ActionRun>,
    /// What actions put out, by name.
    #[serde(default)]
    pub artifacts: BTreeMap<String, Artifact>,
    /// What actions put out as variables, by namespace.
    #[serde(default)]
    pub outputs: BTreeMap<String, BTreeMap<String, String>>,
    /// How often it was taken up.
    pub attempt: u64,
}

/// What began an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Trigger {
    pub kind: String,
    pub detail: String,
}

/// A revision that a source action is told to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Override {
    pub action: String,
    pub kind: String,
    pub value: String,
}

/// Somebody wants it to end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Stop {
    pub reason: Option<String>,
    pub abandon: bool,
}

/// A stage of an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StageRun {
    pub status: Status,
    pub started: Timestamp,
    #[serde(default)]
    pub retries: u64,
}

/// An artifact that was put out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Artifact {
    pub name: String,
    pub bucket: String,
    pub key: String,
    #[serde(default)]
    pub revision: Option<Revision>,
}

/// What a source action found, or a job reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Revision {
    pub id: String,
    #[serde(default)]
    pub change: Option<String>,
    #[serde(default)]
    pub summary: Option<String>,
    #[serde(default)]
    pub created: Option<Timestamp>,
    #[serde(default)]
    pub url: Option<String>,
}

/// An action of an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ActionRun {
    pub id: String,
    pub stage: String,
    pub action: String,
    pub status: Status,
    pub started: Timestamp,
    pub updated: Timestamp,
    /// A retry has taken its place.
    #[serde(default)]
    pub past: bool,
    /// The configuration with its variables filled in.
    pub configuration: BTreeMap<String, String>,
    pub inputs: Vec<Artifact>,
    pub outputs: Vec<Artifact>,
    #[serde(default)]
    pub updated_by: Option<String>,
    #[serde(default)]
    pub summary: Option<String>,
    /// What does the work elsewhere: an execution, a stack, a request.
    #[serde(default)]
    pub external: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub percent: Option<u64>,
    #[serde(default)]
    pub error: Option<Fault>,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub revision: Option<Revision>,
    /// What an approval is answered with.
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub progress: Progress,
}

/// How far an action's provider has come, so that a restart does nothing twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The change was asked for elsewhere: from here on it is only followed.
    pub begun: bool,
    /// The IDs of a function's jobs, one for each continuation; the last one is in force.
    pub jobs: Vec<String>,
    /// The job whose invocation has returned.
    pub returned: Option<String>,
    /// What the function wants to go on with.
    pub continuation: Option<String>,
    /// The next invocation is due then.
    pub due: Option<Timestamp>,
    /// When the function was last invoked or heard of.
    pub heard: Option<Timestamp>,
}

/// Why an action failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Fault {
    pub code: String,
    pub message: String,
}

impl Pipeline {
    /// The version in force.
    pub fn declaration(&self) -> &Declaration {
        let newest = self.versions.last_key_value().map(|(_, declaration)| declaration);
        newest.unwrap_or_else(|| unreachable!("a pipeline has a version"))
    }
    /// The number of the version in force.
    pub fn version(&self) -> u64 {
        self.versions.last_key_value().map_or(1, |(number, _)| *number)
    }
    /// The version that an execution follows.
    pub fn followed(&self, execution: &Execution) -> &Declaration {
        self.versions.get(&execution.version).unwrap_or_else(|| self.declaration())
    }
    /// An execution.
    pub fn execution(&self, id: &str) -> Option<&Execution> {
        self.executions.iter().find(|execution| execution.id == id)
    }
    /// An execution, to change.
    pub fn execution_mut(&mut self, id: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().find(|execution| execution.id == id)
    }
    /// The execution that was last in a stage.
    pub fn latest_in(&self, stage: &str) -> Option<&Execution> {
        let been = self.executions.iter().filter(|execution| execution.stages.contains_key(stage));
        been.max_by_key(|execution| execution.stages.get(stage).map(|run| run.started))
    }
    /// Forgets what is long over.
    pub fn trim(&mut self) {
        let mut over = self.executions.iter().filter(|execution| !execution.status.is_open()).count();
        self.executions.retain(|execution| {
            let goes = over > EXECUTIONS && !execution.status.is_open();
            over -= usize::from(goes);
            !goes
        });
        let newest = self.version();
        let used: Vec<u64> = self.executions.iter().map(|execution| execution.version).collect();
        self.versions.retain(|number, _| number + VERSIONS as u64 > newest || used.contains(number));
    }
}

impl Execution {
    /// An action of it.
    pub fn action(&self, id: &str) -> Option<&ActionRun> {
        self.actions.iter().find(|run| run.id == id)
    }
    /// An action of it, to change.
    pub fn action_mut(&mut self, id: &str) -> Option<&mut ActionRun> {
        self.actions.iter_mut().find(|run| run.id == id)
    }
    /// The run in force of an action.
    pub fn latest(&self, stage: &str, action: &str) -> Option<&ActionRun> {
        self.actions.iter().rev().find(|run| !run.past && run.stage == stage && run.action == action)
    }
}
