//! What a look for drift came to, as it is remembered and listed: the findings themselves are looked up anew.

use super::{Drift, Finding};
use crate::share::Side;
use crate::share::intent::ShareIntent;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How a share was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// As it was left.
    Clean,
    /// Something was changed.
    Drifted,
    /// Nothing was found, but a side that is connected could not be read.
    Unknown,
}

/// The last look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftCheck {
    /// When it was.
    pub at: Timestamp,
    /// What was found.
    pub state: DriftState,
    /// In a few words: [`Drift::brief`].
    pub brief: String,
    /// The keys of what was found.
    #[serde(default)]
    pub found: Vec<String>,
    /// Those of them that the audit trail was told of.
    #[serde(default)]
    pub told: Vec<String>,
}

impl DriftCheck {
    /// Of a share that was looked at. An account that was never connected is not expected to be readable.
    pub fn of(drift: &Drift, intent: &ShareIntent, at: Timestamp) -> Self {
        let connected = |side| match side {
            Side::Parent => intent.parent_connection().is_some(),
            Side::Child => intent.child_connection.is_some(),
        };
        let state = if !drift.findings.is_empty() {
            DriftState::Drifted
        } else if drift.unknown.iter().any(|unknown| connected(unknown.side)) {
            DriftState::Unknown
        } else {
            DriftState::Clean
        };
        let found = drift.findings.iter().map(Finding::key).collect();
        Self { at, state, brief: drift.brief(), found, told: Vec::new() }
    }

    /// Whether there is something that the audit trail was not told of when it was looked before.
    pub fn is_news(&self, before: Option<&Self>) -> bool {
        let told = before.map(|before| before.told.as_slice()).unwrap_or_default();
        self.found.iter().any(|key| !told.contains(key))
    }

    /// With what the audit trail was told of before, as far as it is still found.
    pub fn knowing(mut self, before: Option<&Self>) -> Self {
        let told = before.map(|before| before.told.as_slice()).unwrap_or_default();
        self.told = self.found.iter().filter(|key| told.contains(key)).cloned().collect();
        self
    }
}
