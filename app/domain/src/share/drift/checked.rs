//! What a look for drift came to, as it is remembered and listed: the findings themselves are looked up anew.

use super::Drift;
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
        Self { at, state, brief: drift.brief() }
    }
}
