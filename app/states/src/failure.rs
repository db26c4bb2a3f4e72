//! Why a state, a branch or an execution failed: AWS's error names, and which of them `Retry` and `Catch` see.

use crate::limits::{CAUSE_CHARS, ERROR_CHARS};
use serde::{Deserialize, Serialize};

/// The error names that the language reserves.
///
/// Source: Step Functions developer guide, "Handling errors in Step Functions workflows"; specification, appendix A.
pub mod names {
    /// Matches every error but [`RUNTIME`] and a [`DATA_LIMIT_EXCEEDED`] that no task reported.
    pub const ALL: &str = "States.ALL";
    /// An array of the branch's failures; nothing reports it today.
    pub const BRANCH_FAILED: &str = "States.BranchFailed";
    /// More than 256 KiB of data.
    pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    /// No heartbeat in time. The service reports it as [`TIMEOUT`]; both names match it.
    pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    /// An intrinsic function could not be worked out.
    pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
    /// The specification's name for a choice without a match; the service reports [`RUNTIME`].
    pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    /// The specification's name for a path in a payload template that selects nothing; the service reports [`RUNTIME`].
    pub const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
    /// The execution role may not do what the task asks for.
    pub const PERMISSIONS: &str = "States.Permissions";
    /// A result can't be put where `ResultPath` says.
    pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    /// What the interpreter itself could not do. It always ends the execution: nothing retries or catches it.
    pub const RUNTIME: &str = "States.Runtime";
    /// Matches every failure of a task but a timeout.
    pub const TASK_FAILED: &str = "States.TaskFailed";
    /// A task or an execution took too long.
    pub const TIMEOUT: &str = "States.Timeout";
}

/// Who found the failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// A task reported it, or its time was over.
    Task,
    /// A task's heartbeat did not come.
    Heartbeat,
    /// A Fail state says so.
    Stated,
    /// The interpreter could not go on.
    Interpreter,
}

/// An error's name and its cause; a Fail state may leave out either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's name, at most 256 characters.
    pub error: Option<String>,
    /// Why, in words, at most 32,768 characters.
    pub cause: Option<String>,
    pub(crate) origin: Origin,
}

impl Failure {
    pub(crate) fn new(origin: Origin, error: Option<&str>, cause: Option<String>) -> Self {
        let error = error.map(|error| cut(error.to_owned(), ERROR_CHARS));
        Self { error, cause: cause.map(|cause| cut(cause, CAUSE_CHARS)), origin }
    }

    pub(crate) fn runtime(cause: impl Into<String>) -> Self {
        Self::new(Origin::Interpreter, Some(names::RUNTIME), Some(cause.into()))
    }

    pub(crate) fn intrinsic(cause: impl Into<String>) -> Self {
        Self::new(Origin::Interpreter, Some(names::INTRINSIC_FAILURE), Some(cause.into()))
    }

    /// Too much data came out of `what`: a state's name, a task's service or its ARN.
    pub(crate) fn too_large(origin: Origin, what: &str) -> Self {
        let cause = format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        Self::new(origin, Some(names::DATA_LIMIT_EXCEEDED), Some(cause))
    }

    /// The same, with the state named in the cause, as the service does for what its interpreter found.
    pub(crate) fn in_state(mut self, state: &str, entered: u64) -> Self {
        if self.origin == Origin::Interpreter {
            let cause = self.cause.unwrap_or_default();
            let place =
                format!("An error occurred while executing the state '{state}' (entered at the event id #{entered}).");
            self.cause = Some(cut(format!("{place} {cause}"), CAUSE_CHARS));
            // It is said once, at the innermost state.
            self.origin = Origin::Stated;
        }
        self
    }

    /// Whether the execution ends with it, whatever catches there are.
    pub(crate) fn ends_execution(&self) -> bool {
        match self.error.as_deref() {
            Some(names::RUNTIME) => true,
            Some(names::DATA_LIMIT_EXCEEDED) => self.origin == Origin::Interpreter,
            _ => false,
        }
    }

    /// Whether a retrier or catcher of these names sees it.
    pub(crate) fn is_one_of(&self, errors: &[String]) -> bool {
        let error = self.error.as_deref().unwrap_or_default();
        errors.iter().any(|name| match name.as_str() {
            names::ALL => true,
            names::TASK_FAILED => error != names::TIMEOUT,
            names::HEARTBEAT_TIMEOUT => self.origin == Origin::Heartbeat || error == names::HEARTBEAT_TIMEOUT,
            name => name == error || (name == names::TIMEOUT && error == names::HEARTBEAT_TIMEOUT),
        })
    }
}

fn cut(mut text: String, chars: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_see_what_the_language_says() {
        let sees = |names: &[&str], failure: &Failure| {
            failure.is_one_of(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
        };
        let failed = Failure::new(Origin::Task, Some("SageMaker.ResourceLimitExceeded"), None);
        let timeout = Failure::new(Origin::Task, Some(names::TIMEOUT), None);
        let heartbeat = Failure::new(Origin::Heartbeat, Some(names::TIMEOUT), None);
        for (names, sees_failed, sees_timeout, sees_heartbeat) in [
            (&["States.ALL"][..], true, true, true),
            (&["States.TaskFailed"], true, false, false),
            (&["States.Timeout"], false, true, true),
            (&["States.HeartbeatTimeout"], false, false, true),
            (&["Other", "SageMaker.ResourceLimitExceeded"], true, false, false),
            (&["sagemaker.resourcelimitexceeded"], false, false, false),
        ] {
            assert_eq!(sees(names, &failed), sees_failed, "{names:?}");
            assert_eq!(sees(names, &timeout), sees_timeout, "{names:?}");
            assert_eq!(sees(names, &heartbeat), sees_heartbeat, "{names:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let failure = Failure::new(Origin::Task, Some(&"é".repeat(300)), Some("x".repeat(40_000)));
        assert_eq!(failure.error.map(|e| e.chars().count()), Some(256));
        assert_eq!(failure.cause.map(|c| c.len()), Some(32_768));
    }
}
