//! Why a training job fails, in the words that its `FailureReason` has. What stops a job for another reason, a person
//! or a limit of time, is no failure.

/// DescribeTrainingJob's `FailureReason` has at most as many characters.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html>
const REASON_LIMIT: usize = 1024;

/// Whose fault a failure is, as the first word of a `FailureReason` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// `ClientError`: what the older container answers to a file with a header or with text in it.
    Client,
    /// `AlgorithmError` around a `UserError`: what the 1.x containers answer to whatever a person can mend.
    User,
    /// `AlgorithmError` around an `AlgorithmError`: XGBoost itself gave up.
    Algorithm,
}

/// Why a training job fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What the container says.
    pub message: String,
}

impl Failure {
    /// The exit code of the container's process.
    pub const EXIT_CODE: i32 = 1;

    pub(crate) fn client(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Client, message: message.into() }
    }

    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::User, message: message.into() }
    }

    /// What XGBoost refuses once it trains.
    pub(crate) fn training(message: impl std::fmt::Display) -> Self {
        let message = format!("XGB train call failed with exception:\n {message}");
        Self { kind: FailureKind::Algorithm, message }
    }

    /// What DescribeTrainingJob has as `FailureReason`, at most 1024 characters.
    ///
    /// The container's framework writes a Python traceback, which ends in the error's class and message, and SageMaker
    /// puts the kind before it and the exit code behind it. The traceback's frames are left out here.
    pub fn reason(&self) -> String {
        let (head, class) = match self.kind {
            FailureKind::Client => ("ClientError: ", ""),
            FailureKind::User => {
                ("AlgorithmError: framework error: \n", "sagemaker_algorithm_toolkit.exceptions.UserError: ")
            }
            FailureKind::Algorithm => {
                ("AlgorithmError: framework error: \n", "sagemaker_algorithm_toolkit.exceptions.AlgorithmError: ")
            }
        };
        let tail = format!(", exit code: {}", Self::EXIT_CODE);
        let room = REASON_LIMIT - head.len() - class.len() - tail.len();
        let message: String = self.message.chars().take(room).collect();
        format!("{head}{class}{message}{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_the_kind_the_class_and_the_exit_code() {
        assert_eq!(Failure::client("no").reason(), "ClientError: no, exit code: 1");
        assert_eq!(
            Failure::user("no").reason(),
            "AlgorithmError: framework error: \nsagemaker_algorithm_toolkit.exceptions.UserError: no, exit code: 1"
        );
        assert_eq!(Failure::training("no").message, "XGB train call failed with exception:\n no");
    }

    #[test]
    fn a_long_reason_keeps_its_exit_code() {
        let reason = Failure::user("é".repeat(5000)).reason();
        assert_eq!(reason.chars().count(), REASON_LIMIT);
        assert!(reason.ends_with("é, exit code: 1"));
    }
}
