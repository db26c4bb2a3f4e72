//! What a pipeline is doing and has done, in CodePipeline's terms.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an execution of the pipeline, or of a stage, stands. A stage has no `Superseded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ExecutionStatus {
    Cancelled,
    InProgress,
    Stopped,
    Stopping,
    Succeeded,
    Superseded,
    Skipped,
    Failed,
}

impl ExecutionStatus {
    /// Whether something still happens by itself.
    pub fn is_going(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

/// How an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ActionStatus {
    InProgress,
    Abandoned,
    Succeeded,
    Failed,
}

/// An action's failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionError {
    /// Such as `JobFailed`.
    pub code: String,
    /// In the service's words.
    pub message: String,
}

/// An action of a stage, by its latest execution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionState {
    /// Its name.
    pub name: String,
    /// How it stands; `None`: it was never run.
    pub status: Option<ActionStatus>,
    /// Since when.
    pub at: Option<Timestamp>,
    /// What it says of itself.
    pub summary: Option<String>,
    /// What it runs elsewhere: a stack's or an execution's ARN.
    pub external_id: Option<String>,
    /// Of a waiting approval: names this one asking, so that a late answer does not count for the next.
    pub token: Option<String>,
    /// Why it failed.
    pub error: Option<ActionError>,
    /// How far it is.
    pub percent: Option<u8>,
    /// Of a source: the revision that it found.
    pub revision: Option<String>,
}

/// A stage, by its latest execution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageState {
    /// Its name.
    pub name: String,
    /// The pipeline's execution that was in it last.
    pub execution: Option<String>,
    /// How it stands.
    pub status: Option<ExecutionStatus>,
    /// Its actions.
    pub actions: Vec<ActionState>,
}

/// An approval that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The stage.
    pub stage: String,
    /// The action.
    pub action: String,
    /// Which asking is answered.
    pub token: String,
    /// The pipeline's execution.
    pub execution: String,
}

/// The pipeline as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineState {
    /// Its stages, in order.
    pub stages: Vec<StageState>,
}

impl PipelineState {
    /// The approval that waits, if one does.
    pub fn waiting(&self) -> Option<Waiting> {
        self.stages.iter().find_map(|stage| {
            let waits = |action: &&ActionState| action.status == Some(ActionStatus::InProgress);
            let action = stage.actions.iter().filter(waits).find(|action| action.token.is_some())?;
            Some(Waiting {
                stage: stage.name.clone(),
                action: action.name.clone(),
                token: action.token.clone()?,
                execution: stage.execution.clone()?,
            })
        })
    }
}

/// What a pipeline is at, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It has not run yet.
    NotRun,
    /// A model waits for a verdict.
    Waits,
    /// A stage is under way.
    Runs(String),
    /// The stage that ran last failed.
    Failed(String),
    /// What ran last succeeded, or was stopped.
    Nothing,
    /// Account A has no such pipeline.
    Missing,
}

impl Doing {
    /// By a pipeline's state; none where there is no pipeline.
    pub fn of(state: Option<&PipelineState>) -> Self {
        let Some(state) = state else { return Self::Missing };
        if state.waiting().is_some() {
            return Self::Waits;
        }
        if let Some(runs) = state.stages.iter().rev().find(|stage| stage.status.is_some_and(ExecutionStatus::is_going))
        {
            return Self::Runs(runs.name.clone());
        }
        let ended = |stage: &&StageState| stage.actions.iter().filter_map(|action| action.at).max();
        // Of two that ended in the same moment the later one says more.
        match state.stages.iter().filter(|stage| stage.status.is_some()).max_by_key(ended) {
            None => Self::NotRun,
            Some(last) if last.status == Some(ExecutionStatus::Failed) => Self::Failed(last.name.clone()),
            Some(_) => Self::Nothing,
        }
    }
}

/// What started an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Such as `StartPipelineExecution`, `CreatePipeline`, `CloudWatchEvent`.
    pub kind: String,
    /// Who or what: an ARN as a rule.
    pub detail: String,
}

/// An execution of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its ID.
    pub id: String,
    /// How it stands.
    pub status: ExecutionStatus,
    /// When it began.
    pub started: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// What started it.
    pub trigger: Option<Trigger>,
    /// The source's revision.
    pub revision: Option<String>,
    /// Why it was stopped.
    pub stopped_because: Option<String>,
}

/// One running of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionExecution {
    /// Its ID.
    pub id: String,
    /// The stage.
    pub stage: String,
    /// The action.
    pub action: String,
    /// How it stands.
    pub status: ActionStatus,
    /// When it began.
    pub started: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// What it ran elsewhere.
    pub external_id: Option<String>,
    /// What it says of itself.
    pub summary: Option<String>,
    /// Why it failed.
    pub error: Option<ActionError>,
    /// Variables that it gave to later actions.
    pub variables: BTreeMap<String, String>,
}

/// An execution of the state machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineExecution {
    /// Its ARN.
    pub arn: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `PENDING_REDRIVE`.
    pub status: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// Its error, when it failed.
    pub error: Option<String>,
    /// What that error says.
    pub cause: Option<String>,
}

/// The training job of an execution of the state machine, and the version that is deployed from it: all three have one name.
pub fn version_of(prefix: &str, machine_execution: &str) -> Option<String> {
    let name = machine_execution.rsplit(':').next().filter(|name| !name.is_empty())?;
    Some(format!("{prefix}-{name}"))
}

/// Whether a model or endpoint configuration is a version of the pipeline with this prefix: its name goes on with an
/// execution's ID. Another pipeline's prefix may begin with this one, and so may any name.
pub fn is_version(prefix: &str, name: &str) -> bool {
    let Some(id) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let parts: Vec<&str> = id.split('-').collect();
    let plain = |part: &&str| part.bytes().all(|b| b.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(plain)
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pipeline_is_at_is_that_of_its_newest_stage() {
        let stage = |name: &str, status, at| StageState {
            name: name.into(),
            execution: Some("e-1".into()),
            status: Some(status),
            actions: vec![ActionState { at: Some(Timestamp(at)), ..ActionState::default() }],
        };
        let doing = |stages: &[StageState]| Doing::of(Some(&PipelineState { stages: stages.to_vec() }));
        let (trained, deployed) =
            (stage("Train", ExecutionStatus::Succeeded, 5), stage("Deploy", ExecutionStatus::Failed, 9));
        assert_eq!(Doing::of(None), Doing::Missing);
        assert_eq!(doing(&[]), Doing::NotRun);
        assert_eq!(doing(&[trained.clone(), deployed.clone()]), Doing::Failed("Deploy".into()));
        let again = stage("Train", ExecutionStatus::Succeeded, 12);
        assert_eq!(doing(&[again, deployed.clone()]), Doing::Nothing, "an execution of before is not told");
        let going = stage("Train", ExecutionStatus::InProgress, 12);
        assert_eq!(doing(&[going, deployed]), Doing::Runs("Train".into()));
        let mut asked = stage("Approve", ExecutionStatus::InProgress, 13);
        asked.actions[0].status = Some(ActionStatus::InProgress);
        asked.actions[0].token = Some("t".into());
        assert_eq!(doing(&[trained, asked]), Doing::Waits);
    }

    #[test]
    fn an_approval_waits_while_it_is_under_way_and_has_a_token() {
        let action = |status, token: Option<&str>| ActionState {
            name: "Approve".into(),
            status: Some(status),
            token: token.map(str::to_owned),
            ..ActionState::default()
        };
        let state = |action| PipelineState {
            stages: vec![StageState {
                name: "Approve".into(),
                execution: Some("e-1".into()),
                status: Some(ExecutionStatus::InProgress),
                actions: vec![action],
            }],
        };
        let waiting = state(action(ActionStatus::InProgress, Some("t-1"))).waiting();
        assert_eq!(waiting.map(|waiting| (waiting.execution, waiting.token)), Some(("e-1".into(), "t-1".into())));
        assert_eq!(state(action(ActionStatus::Succeeded, Some("t-1"))).waiting(), None);
        assert_eq!(state(action(ActionStatus::InProgress, None)).waiting(), None);
    }

    #[test]
    fn a_version_has_the_name_of_its_training() {
        let arn = "arn:aws:states:eu-west-1:222222222222:execution:churn-training:0f8fad5b";
        assert_eq!(version_of("churn", arn).as_deref(), Some("churn-0f8fad5b"));
        assert_eq!(version_of("churn", ""), None);
    }

    #[test]
    fn a_version_is_known_by_the_execution_that_ends_its_name() {
        let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert!(is_version("churn", &format!("churn-{id}")) && is_version("churn-2", &format!("churn-2-{id}")));
        for other in [format!("churn-2-{id}"), format!("churn{id}"), format!("churn-{id}-2"), "churn-classifier".into()]
        {
            assert!(!is_version("churn", &other), "{other}");
        }
    }
}
