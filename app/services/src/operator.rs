//! Who is at the console. Holding an [`Operator`] is the permission to change things.

use std::sync::Arc;

/// A person with a session. Can't be made outside this crate: [`crate::sessions`] gives it for a valid session cookie.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operator {
    label: Arc<str>,
}

impl Operator {
    pub(crate) fn new(label: &str) -> Self {
        Self { label: label.into() }
    }
    /// The console itself, when it goes on with a run that an operator started before a restart.
    pub(crate) fn resuming(label: &str) -> Self {
        Self::new(label)
    }
    /// How the audit trail names them: `session 3f2a`. Not a secret.
    pub fn label(&self) -> &str {
        &self.label
    }
}
