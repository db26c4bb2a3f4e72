//! What is kept of pipelines: unfinished wizards, the pipelines, and their runs. Leases are those of
//! [`RunStore`](super::RunStore).

use super::{StoreResult, Versioned};
use async_trait::async_trait;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::apply::{Part, Plan};
use domain::pipeline::approval::ApprovalRules;
use domain::pipeline::data::Prepared;
use domain::pipeline::draft::{DataForm, PipelineDraft, Uploaded};
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::stacks::Outputs;
use domain::pipeline::view::{PipelineRunKind, PipelineStatus, PipelineStepView};
use domain::run::RunState;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Unfinished wizards of pipelines.
#[async_trait]
pub trait PipelineDraftStore: Send + Sync {
    /// Writes a new draft.
    async fn create(&self, draft: &PipelineDraft, now: Timestamp) -> StoreResult<()>;
    /// Reads one.
    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<PipelineDraft>>>;
    /// Replaces the draft read at `version`.
    async fn update(&self, draft: &PipelineDraft, version: i64, now: Timestamp) -> StoreResult<()>;
    /// Drops one; no error if it is gone.
    async fn delete(&self, id: &DraftId) -> StoreResult<()>;
    /// The newest first, at most `limit`.
    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<PipelineDraft>>>;
}

/// The table that a pipeline is trained with, as its wizard had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The answers about it.
    pub form: DataForm,
    /// The file.
    pub uploaded: Uploaded,
    /// What was made of it.
    pub prepared: Prepared,
}

/// A pipeline the console made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineRecord {
    /// Which.
    pub id: PipelineId,
    /// What was asked for, as last applied.
    pub intent: PipelineIntent,
    /// Where it is.
    pub status: PipelineStatus,
    /// The table, as last applied.
    pub table: Table,
    /// What its stacks put out when they were last made.
    pub outputs: BTreeMap<Part, Outputs>,
    /// What an approval has to keep to.
    #[serde(default)]
    pub rules: ApprovalRules,
    /// Who started which execution from here; the last of them.
    #[serde(default)]
    pub started: BTreeMap<String, String>,
    /// When it was first applied.
    pub created: Timestamp,
    /// Who applied it last: what starts by itself starts because of them.
    pub by: String,
    /// The last run.
    pub last_run: Option<RunId>,
}

/// Pipelines.
#[async_trait]
pub trait PipelineStore: Send + Sync {
    /// Reads one.
    async fn get(&self, id: &PipelineId) -> StoreResult<Option<Versioned<PipelineRecord>>>;
    /// Writes one: `version` 0 for a new one, else the version it was read at.
    async fn put(&self, record: &PipelineRecord, version: i64, now: Timestamp) -> StoreResult<()>;
    /// Newest first.
    async fn list(&self) -> StoreResult<Vec<Versioned<PipelineRecord>>>;
    /// Drops one; no error if it is gone.
    async fn delete(&self, id: &PipelineId) -> StoreResult<()>;
}

/// A run over a pipeline: its plan and its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineRunRecord {
    /// The run.
    pub id: RunId,
    /// Of which pipeline.
    pub pipeline: PipelineId,
    /// What it does.
    pub kind: PipelineRunKind,
    /// Where it is.
    pub state: RunState,
    /// The pipeline as it is to be, or as it was.
    pub intent: PipelineIntent,
    /// The table whose files go up.
    pub table: Table,
    /// What it executes; never changed.
    pub plan: Plan,
    /// The journal, a step each, in the plan's order. Events and progress are shown, and not kept.
    pub steps: Vec<PipelineStepView>,
    /// What the stacks put out, as far as they are made.
    pub outputs: BTreeMap<Part, Outputs>,
    /// Who started it.
    pub by: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Rises with every write.
    pub revision: u64,
}

/// Runs over pipelines.
#[async_trait]
pub trait PipelineRunStore: Send + Sync {
    /// Writes a run whole, new or not.
    async fn put(&self, run: &PipelineRunRecord) -> StoreResult<()>;
    /// Reads one.
    async fn get(&self, id: &RunId) -> StoreResult<Option<PipelineRunRecord>>;
    /// Runs over a pipeline, newest first.
    async fn of_pipeline(&self, pipeline: &PipelineId) -> StoreResult<Vec<PipelineRunRecord>>;
    /// Runs in state `running`, for resuming after a restart.
    async fn unfinished(&self) -> StoreResult<Vec<PipelineRunRecord>>;
}

/// The stores of pipelines.
#[derive(Clone)]
pub struct PipelineStores {
    /// Unfinished wizards.
    pub drafts: Arc<dyn PipelineDraftStore>,
    /// Pipelines.
    pub pipelines: Arc<dyn PipelineStore>,
    /// Their runs.
    pub runs: Arc<dyn PipelineRunStore>,
}
