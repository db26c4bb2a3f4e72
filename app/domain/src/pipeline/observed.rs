//! Stacks as CloudFormation tells of them: states, events, and what they mean for whoever waits.
//!
//! Source: CloudFormation user guide, "Understand CloudFormation stack creation events" and "Stack status codes".

use crate::names::PipelineId;
use crate::pipeline::stacks::Outputs;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The tag that says which pipeline a stack belongs to; CloudFormation passes it on to what the stack makes.
pub const TAG_PIPELINE: &str = "sagebridge:pipeline";

/// A stack's state, in CloudFormation's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum StackState {
    CreateInProgress,
    CreateComplete,
    CreateFailed,
    RollbackInProgress,
    RollbackComplete,
    RollbackFailed,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    UpdateRollbackFailed,
    DeleteInProgress,
    DeleteComplete,
    DeleteFailed,
    ReviewInProgress,
    ImportInProgress,
    ImportComplete,
    ImportRollbackInProgress,
    ImportRollbackComplete,
    ImportRollbackFailed,
}

impl StackState {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::CreateInProgress,
        Self::CreateComplete,
        Self::CreateFailed,
        Self::RollbackInProgress,
        Self::RollbackComplete,
        Self::RollbackFailed,
        Self::UpdateInProgress,
        Self::UpdateCompleteCleanupInProgress,
        Self::UpdateComplete,
        Self::UpdateFailed,
        Self::UpdateRollbackInProgress,
        Self::UpdateRollbackCompleteCleanupInProgress,
        Self::UpdateRollbackComplete,
        Self::UpdateRollbackFailed,
        Self::DeleteInProgress,
        Self::DeleteComplete,
        Self::DeleteFailed,
        Self::ReviewInProgress,
        Self::ImportInProgress,
        Self::ImportComplete,
        Self::ImportRollbackInProgress,
        Self::ImportRollbackComplete,
        Self::ImportRollbackFailed,
    ];

    /// As CloudFormation writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::CreateFailed => "CREATE_FAILED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackCompleteCleanupInProgress => "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::ReviewInProgress => "REVIEW_IN_PROGRESS",
            Self::ImportInProgress => "IMPORT_IN_PROGRESS",
            Self::ImportComplete => "IMPORT_COMPLETE",
            Self::ImportRollbackInProgress => "IMPORT_ROLLBACK_IN_PROGRESS",
            Self::ImportRollbackComplete => "IMPORT_ROLLBACK_COMPLETE",
            Self::ImportRollbackFailed => "IMPORT_ROLLBACK_FAILED",
        }
    }

    /// Parses [`StackState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing changes any more until somebody asks. A stack under review waits for a person, not for AWS.
    pub fn is_settled(self) -> bool {
        self == Self::ReviewInProgress || !self.as_str().ends_with("_IN_PROGRESS")
    }

    /// Whether it is as it was last asked for.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete | Self::ImportComplete)
    }

    /// Whether it stands and can be updated; perhaps as it was before an update that failed.
    pub fn is_usable(self) -> bool {
        self.is_complete() || matches!(self, Self::UpdateRollbackComplete | Self::ImportRollbackComplete)
    }

    /// Whether it settled otherwise than it was asked to.
    pub fn is_failed(self) -> bool {
        self.is_settled() && !self.is_complete() && !matches!(self, Self::DeleteComplete | Self::ReviewInProgress)
    }

    /// Whether it can be deleted, and nothing else: its creation or its deletion was not finished.
    pub fn is_only_deletable(self) -> bool {
        matches!(
            self,
            Self::CreateFailed
                | Self::RollbackComplete
                | Self::RollbackFailed
                | Self::DeleteFailed
                | Self::ReviewInProgress
        )
    }

    /// Whether it is gone.
    pub fn is_gone(self) -> bool {
        self == Self::DeleteComplete
    }
}

impl fmt::Display for StackState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stack as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedStack {
    /// Its ARN, of this one and not of an earlier one of the same name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: StackState,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// What it puts out.
    pub outputs: Outputs,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
}

impl ObservedStack {
    /// Whether this pipeline made it.
    pub fn is_of(&self, pipeline: &PipelineId) -> bool {
        self.tags.get(TAG_PIPELINE).is_some_and(|id| id == pipeline.as_str())
    }
}

/// What happened to a stack, or to a resource of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvent {
    /// CloudFormation's ID of it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The resource's name in the template; the stack's own name for itself.
    pub logical_id: String,
    /// What the resource is called in AWS, as far as that is known yet.
    pub physical_id: Option<String>,
    /// `AWS::S3::Bucket`
    pub resource_type: String,
    /// `CREATE_FAILED`
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
}

const STACK: &str = "AWS::CloudFormation::Stack";

impl StackEvent {
    /// Whether it tells of a failure.
    pub fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    /// Whether it is where an operation on the whole stack begins.
    fn begins(&self) -> bool {
        self.resource_type == STACK
            && ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"].contains(&self.status.as_str())
    }

    /// Whether the resource failed only because another one had.
    fn is_aftermath(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| {
            ["cancelled", "The following resource(s) failed"].iter().any(|words| reason.contains(words))
        })
    }
}

/// The events of the last operation on a stack, out of `events`, the oldest first.
pub fn last_operation(events: &[StackEvent]) -> &[StackEvent] {
    let begin = events.iter().rposition(StackEvent::begins).unwrap_or(0);
    &events[begin..]
}

/// What went wrong first in the last operation: everything after it is a consequence.
pub fn first_failure(events: &[StackEvent]) -> Option<&StackEvent> {
    let failures = || last_operation(events).iter().filter(|event| event.is_failure());
    failures().find(|event| !event.is_aftermath() && event.resource_type != STACK).or_else(|| failures().next())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn event(id: usize, logical_id: &str, status: &str, reason: Option<&str>) -> StackEvent {
        let resource_type = if logical_id == "stack" { STACK } else { "AWS::S3::Bucket" };
        StackEvent {
            id: id.to_string(),
            at: Timestamp(id as i64),
            logical_id: logical_id.into(),
            physical_id: None,
            resource_type: resource_type.into(),
            status: status.into(),
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn every_state_is_read_as_it_is_written() {
        for state in StackState::ALL {
            assert_eq!(StackState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(StackState::parse("CREATED"), None);
    }

    #[test]
    fn every_settled_state_says_what_can_be_done_next() {
        for state in StackState::ALL {
            let stuck = matches!(
                state,
                StackState::UpdateFailed | StackState::UpdateRollbackFailed | StackState::ImportRollbackFailed
            );
            let ways = [state.is_usable(), state.is_only_deletable(), state.is_gone(), stuck, !state.is_settled()];
            assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{state}");
        }
        assert!(StackState::UpdateRollbackComplete.is_failed() && !StackState::UpdateComplete.is_failed());
        assert!(!StackState::UpdateCompleteCleanupInProgress.is_settled());
    }

    #[test]
    fn the_first_failure_of_the_last_operation_is_the_cause() {
        let events = [
            event(1, "stack", "CREATE_IN_PROGRESS", Some("User Initiated")),
            event(2, "Old", "CREATE_FAILED", Some("an earlier try")),
            event(3, "stack", "UPDATE_IN_PROGRESS", Some("User Initiated")),
            event(4, "Role", "CREATE_FAILED", Some("Resource creation cancelled")),
            event(5, "Bucket", "CREATE_FAILED", Some("churn already exists")),
            event(6, "stack", "UPDATE_FAILED", Some("The following resource(s) failed to create: [Role, Bucket].")),
        ];
        assert_eq!(first_failure(&events).unwrap().logical_id, "Bucket");
        assert_eq!(first_failure(&events[..4]).unwrap().logical_id, "Role", "better than nothing");
        assert_eq!(first_failure(&events[2..3]), None);
        assert_eq!(last_operation(&events).len(), 4);
    }
}
