//! What is wrong with a hand-off file, and where.

use crate::names::AccountId;
use crate::policy::PolicyError;
use crate::policy::json::Place;
use std::fmt;

/// In which way a hand-off is refused, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOffFault {
    /// Larger than [`crate::handoff::MAX_BYTES`].
    TooLarge,
    /// Not JSON.
    NotJson,
    /// Cut off, or changed since it was made.
    Damaged,
    /// JSON, but no hand-off file, or one of another kind.
    OtherFile,
    /// Made by a newer Sagebridge.
    Newer,
    /// A member is missing, unknown or badly formed.
    Member,
    /// It names another account than it states, or than the connection is to.
    OtherAccount,
    /// It is an answer to another share.
    OtherShare,
}

/// The first fault of a hand-off file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOffError {
    /// In which way.
    pub fault: HandOffFault,
    /// What is wrong, in lower case, without a final stop.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The line, from 1; 0 when the fault is not in one place of the text.
    pub line: usize,
    /// The column in characters, from 1; 0 when the fault is not in one place of the text.
    pub column: usize,
    /// The member: `endpoints[0].arn`; empty for the file as a whole.
    pub path: String,
}

/// What helps against every fault of a file that a person did not write.
pub(super) const ASK_AGAIN: &str = "ask for the file again, and send it as an attachment rather than as text";

impl HandOffError {
    pub(super) fn of(fault: HandOffFault, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { fault, message: message.into(), hint: hint.into(), line: 0, column: 0, path: String::new() }
    }

    /// The same, at a member.
    pub(super) fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The same, at a place in the text.
    pub(super) fn on(self, place: Place) -> Self {
        Self { line: place.line, column: place.column, ..self }
    }

    /// What the JSON reader said. A text that ends too early was cut off.
    pub(super) fn json(error: PolicyError, text: &str) -> Self {
        let place = Place { line: error.line, column: error.column };
        let started = text.trim_start().starts_with('{');
        let fault = if started && place == Place::end(text) {
            Self::of(HandOffFault::Damaged, "the file is cut off: it ends before it is complete", ASK_AGAIN)
        } else if started {
            Self::of(HandOffFault::NotJson, error.message, ASK_AGAIN)
        } else {
            let hint = "choose the file that Sagebridge made: its name begins with `share-`";
            Self::of(HandOffFault::NotJson, error.message, hint)
        };
        fault.on(place)
    }
}

/// A hand-off file of the kind that was not expected.
pub(super) fn other_kind(message: &str, hint: &str) -> HandOffError {
    HandOffError::of(HandOffFault::OtherFile, message, hint).at("sagebridge.kind")
}

/// Refuses a file for another account than the connection's.
pub(super) fn same_account(path: &str, named: &AccountId, connected: &AccountId) -> Result<(), HandOffError> {
    if named == connected {
        return Ok(());
    }
    let message = format!("the file names account `{named}`, the connection is to account `{connected}`");
    let hint = format!("choose a connection to account {named}");
    Err(HandOffError::of(HandOffFault::OtherAccount, message, hint).at(path))
}

impl fmt::Display for HandOffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.path.is_empty(), self.line) {
            (true, 0) => Ok(()),
            (true, line) => write!(f, " (line {line}, column {})", self.column),
            (false, 0) => write!(f, " (at `{}`)", self.path),
            (false, line) => write!(f, " (at `{}`, line {line}, column {})", self.path, self.column),
        }
    }
}

impl std::error::Error for HandOffError {}
