//! Runs: the execution of a plan, as a journal of step outcomes.

use crate::names::{AccountId, RunId, ShareId};
use crate::share::Side;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Makes AWS what the plan says.
    Apply,
    /// Takes back what an earlier run made.
    Undo,
    /// Mends a handshake: of a share, or of any caller and role.
    Repair,
    /// Makes the function that tries a share.
    MakeFunction,
    /// Takes it away again.
    DeleteFunction,
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Steps are being executed, or will be by the process that holds the lease.
    Running,
    /// Every step is done.
    Succeeded,
    /// A step failed; nothing runs until someone retries or undoes.
    Failed,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Waiting for the steps before it.
    Pending,
    /// The call is under way.
    Running,
    /// AWS did it.
    Done,
    /// AWS refused, or could not be reached; see the error.
    Failed,
}

/// Why a step failed, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// AWS's error code, or a kind of the console's own.
    pub code: String,
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// Whether trying again may help.
    pub retryable: bool,
}

/// A step of a run as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStepView {
    /// The plan's step id.
    pub id: String,
    /// Verb and object: `Create role SageMakerExternal`.
    pub title: String,
    /// On which side of the share.
    pub side: Side,
    /// In which account.
    pub account: AccountId,
    /// Where it is.
    pub state: StepState,
    /// How often it was tried.
    pub attempts: u32,
    /// When the last try began.
    pub started: Option<Timestamp>,
    /// How long the last try took, in milliseconds.
    pub took_ms: Option<u64>,
    /// AWS's request id of the last answer.
    pub request_id: Option<String>,
    /// Something to know: `already there from an earlier try`.
    pub note: Option<String>,
    /// Why it failed, when it did.
    pub error: Option<StepError>,
}

/// A run as it is shown and streamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    /// Which run.
    pub id: RunId,
    /// Of which share.
    pub share: ShareId,
    /// What it does.
    pub kind: RunKind,
    /// Where it is.
    pub state: RunState,
    /// Rises with every change, so that a stream can drop what it has seen.
    pub revision: u64,
    /// Who started it: a session's label.
    pub by: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub finished: Option<Timestamp>,
    /// Its steps in the plan's order.
    pub steps: Vec<RunStepView>,
}

impl RunView {
    /// Steps done and steps in all.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|s| s.state == StepState::Done).count(), self.steps.len())
    }
}
