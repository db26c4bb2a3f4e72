//! Who is at the console. Holding an [`Operator`] is the permission to change things.

use std::sync::Arc;

/// A person with a session. Can't be made outside this crate: [`crate::sessions`] gives it for a valid session cookie.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operator {
    key: Arc<str>,
    label: Arc<str>,
}

impl Operator {
    /// `key` is the digest of the session's cookie.
    pub(crate) fn new(key: &str, label: &str) -> Self {
        Self { key: key.into(), label: label.into() }
    }
    /// The console itself, when it goes on with a run that an operator started before a restart.
    pub(crate) fn resuming(label: &str) -> Self {
        Self::new("", label)
    }
    /// What tells this session from every other: what is kept for a session is kept under this, never under the label,
    /// which is short and may be another's too. Not a secret, and nothing to show.
    pub fn key(&self) -> &str {
        &self.key
    }
    /// How the audit trail names them: `session 3f2a91bc`. Not a secret.
    pub fn label(&self) -> &str {
        &self.label
    }
}
