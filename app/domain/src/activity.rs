//! What happened in the console: an audit trail without secrets.

use crate::names::{PipelineId, RunId, ShareId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How an activity ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityOutcome {
    /// It did what it should.
    Done,
    /// AWS or the console refused it.
    Denied,
    /// It failed otherwise.
    Failed,
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityView {
    /// Ascending with time; what the next page is asked by.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Which session, by its label (`session 3f2a91bc`).
    pub who: String,
    /// In a few words: `invoked churn-classifier`, `applied share`.
    pub what: String,
    /// How it ended.
    pub outcome: ActivityOutcome,
    /// Details in a line: sizes, status, counts. Never a body or a credential.
    pub detail: String,
    /// The share it was about.
    pub share: Option<ShareId>,
    /// The pipeline it was about.
    pub pipeline: Option<PipelineId>,
    /// The run it was part of.
    pub run: Option<RunId>,
    /// How long it took, in milliseconds.
    pub took_ms: Option<u64>,
}
