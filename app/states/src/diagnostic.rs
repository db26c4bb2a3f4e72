//! What is wrong with a definition, as `ValidateStateMachineDefinition` says it, and as `CreateStateMachine` does.
//!
//! Source: Step Functions API reference, "ValidateStateMachineDefinitionDiagnostic". The API promises neither the
//! words nor the order of diagnostics; those that were seen are used, and others are written in their manner.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a definition is refused for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// It is.
    Error,
    /// It isn't.
    Warning,
}

/// What kind of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// Two states have the same name.
    DuplicateStateName,
    /// The text is no JSON.
    InvalidJsonDescription,
    /// A state's name is no name.
    InvalidStateName,
    /// No state ends the execution.
    MissingEndState,
    /// A state that is named is not there, or one that is there is named by none.
    MissingTransitionTarget,
    /// A warning: a path stands in a field without `.$`.
    NoDollar,
    /// A warning: `Result` holds what looks like a path, and stays as it is.
    PassResultIsStatic,
    /// A field is missing, unknown, or not what it should be.
    SchemaValidationFailed,
    /// States are nested too deeply.
    TooDeeplyNested,
}

/// One problem of a definition. It serialises as the API's `ValidateStateMachineDefinitionDiagnostic`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Whether the definition is refused for it.
    pub severity: Severity,
    /// What kind of problem it is.
    pub code: Code,
    /// What it is, in words.
    pub message: String,
    /// Where: `/States/Train/Retry[0]/ErrorEquals`; `None` for the workflow as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: Code, message: impl Into<String>, location: Option<&str>) -> Self {
        let location = location.map(|at| if at.is_empty() { "/".to_owned() } else { at.to_owned() });
        Self { severity: Severity::Error, code, message: message.into(), location }
    }

    pub(crate) fn warning(code: Code, message: impl Into<String>, location: &str) -> Self {
        Self { severity: Severity::Warning, code, message: message.into(), location: Some(location.to_owned()) }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Self::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Self::InvalidStateName => "INVALID_STATE_NAME",
            Self::MissingEndState => "MISSING_END_STATE",
            Self::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Self::NoDollar => "NO_DOLLAR",
            Self::PassResultIsStatic => "PASS_RESULT_IS_STATIC",
            Self::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Self::TooDeeplyNested => "TOO_DEEPLY_NESTED",
        })
    }
}

/// `CODE: message at /location`, as `CreateStateMachine` lists it; without a location it says `null`, as AWS does.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {}", self.code, self.message, self.location.as_deref().unwrap_or("null"))
    }
}

/// A definition that is refused. Its text is the message of `CreateStateMachine`'s `InvalidDefinition`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid State Machine Definition: '{}'", self.listed())]
pub struct InvalidDefinition {
    /// Everything that is wrong, and the warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl InvalidDefinition {
    fn listed(&self) -> String {
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(Diagnostic::to_string).collect::<Vec<_>>().join(", ")
    }
}
