//! Standing checks: what every plan is linted for.

use serde::{Deserialize, Serialize};

mod compare;
mod offered;
mod standing;

pub(crate) use compare::coverage;
pub use standing::checks;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing to object to.
    Passed,
    /// Good to know.
    Note,
    /// Allowed, but wider or weaker than it needs to be.
    Warning,
    /// AWS would refuse it, or it would do harm: Apply is not offered.
    Error,
}

/// One standing check, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// Stable: `least-privilege`.
    pub id: String,
    /// `Least privilege`.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found and why it matters, in a sentence.
    pub reason: String,
}
