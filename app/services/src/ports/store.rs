//! Ports to the console's own state. What must survive a restart is here or in AWS.
//!
//! Records are kept whole; a `version` guards against two writers: a write names the version it read, and is refused
//! with [`StoreError::Stale`] when someone else has written since.

mod pipeline;

pub use pipeline::{
    PipelineDraftStore, PipelineRecord, PipelineRunRecord, PipelineRunStore, PipelineStore, PipelineStores, Table,
};

use async_trait::async_trait;
use domain::activity::ActivityView;
use domain::batch::{BatchError, BatchView};
use domain::endpoint::Page;
use domain::history::{Call, CallBodies, CallView, HistoryFilter, HistorySettings, KnownTargets};
use domain::load::LoadView;
use domain::names::{BatchId, DraftId, EndpointName, LoadId, RunId, SavedId, ShareId};
use domain::run::{RunKind, RunState, RunStepView};
use domain::saved::{SavedRequest, SavedSummary};
use domain::share::drift::{DriftCheck, Recorded};
use domain::share::intent::ShareIntent;
use domain::share::plan::Plan;
use domain::share::view::ShareState;
use domain::time::Timestamp;
use domain::verification::VerificationView;
use domain::wizard::ShareDraft;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Someone else has written since this was read.
    #[error("the record was changed by someone else")]
    Stale,
    /// A record could not be read back: written by a newer version, or damaged.
    #[error("a record in table `{table}` can't be read")]
    Unreadable {
        /// Which table.
        table: &'static str,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Shorthand for what stores return.
pub type StoreResult<T> = Result<T, StoreError>;

/// A record with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record.
    pub value: T,
    /// Its version: 1 when new.
    pub version: i64,
    /// When it was last written.
    pub changed: Timestamp,
}

/// Unfinished wizards.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Writes a new draft.
    async fn create(&self, draft: &ShareDraft, now: Timestamp) -> StoreResult<()>;
    /// Reads one.
    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<ShareDraft>>>;
    /// Replaces the draft read at `version`.
    async fn update(&self, draft: &ShareDraft, version: i64, now: Timestamp) -> StoreResult<()>;
    /// Drops one; no error if it is gone.
    async fn delete(&self, id: &DraftId) -> StoreResult<()>;
    /// The newest first, at most `limit`.
    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<ShareDraft>>>;
}

/// A share the console made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRecord {
    /// What was asked for, as last applied.
    pub intent: ShareIntent,
    /// Where it is.
    pub state: ShareState,
    /// When it was first applied, or imported.
    pub created: Timestamp,
    /// Whether it was found in the accounts and not made from here.
    #[serde(default)]
    pub imported: bool,
    /// The names of its endpoints in the case they were created with.
    pub endpoint_names: Vec<String>,
    /// The last run.
    pub last_run: Option<RunId>,
    /// The last verification.
    pub verification: Option<VerificationView>,
    /// What was there after the last successful run: what drift is told by.
    #[serde(default)]
    pub recorded: Recorded,
    /// The last look for drift since then.
    #[serde(default)]
    pub checked: Option<DriftCheck>,
}

/// Shares.
#[async_trait]
pub trait ShareStore: Send + Sync {
    /// Reads one.
    async fn get(&self, id: &ShareId) -> StoreResult<Option<Versioned<ShareRecord>>>;
    /// Writes one: `version` 0 for a new one, else the version it was read at.
    async fn put(&self, record: &ShareRecord, version: i64, now: Timestamp) -> StoreResult<()>;
    /// Newest first.
    async fn list(&self) -> StoreResult<Vec<Versioned<ShareRecord>>>;
    /// Drops one; no error if it is gone.
    async fn delete(&self, id: &ShareId) -> StoreResult<()>;
}

/// A run: its plan and its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run.
    pub id: RunId,
    /// Of which share.
    pub share: ShareId,
    /// What it does.
    pub kind: RunKind,
    /// Where it is.
    pub state: RunState,
    /// What it executes; never changed.
    pub plan: Plan,
    /// The journal, a step each, in the plan's order.
    pub steps: Vec<RunStepView>,
    /// What AWS answered that undoing needs, by step id: a policy version's id, say.
    pub results: std::collections::BTreeMap<String, String>,
    /// Who started it.
    pub by: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Rises with every write.
    pub revision: u64,
    /// The lease it holds while it is executed, where that does not follow from a share.
    #[serde(default)]
    pub lease: Option<String>,
}

/// Runs and the leases that keep two processes, or two people, from executing against the same share.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Writes a run whole, new or not.
    async fn put(&self, run: &RunRecord) -> StoreResult<()>;
    /// Reads one.
    async fn get(&self, id: &RunId) -> StoreResult<Option<RunRecord>>;
    /// Runs of a share, newest first.
    async fn of_share(&self, share: &ShareId) -> StoreResult<Vec<RunRecord>>;
    /// Runs in state `running`, for resuming after a restart.
    async fn unfinished(&self) -> StoreResult<Vec<RunRecord>>;
    /// Takes or renews the lease `key` for `owner` until `until`; gives the present owner instead if another's lease
    /// has not ended.
    async fn lease(&self, key: &str, owner: &str, until: Timestamp, now: Timestamp) -> StoreResult<Result<(), String>>;
    /// Gives the lease back, if it is `owner`'s.
    async fn release(&self, key: &str, owner: &str) -> StoreResult<()>;
}

/// Browser sessions, by the SHA-256 of their cookie.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Remembers a session until `expires`.
    async fn create(&self, digest: &str, label: &str, expires: Timestamp) -> StoreResult<()>;
    /// The label of a session that has not expired.
    async fn get(&self, digest: &str, now: Timestamp) -> StoreResult<Option<String>>;
    /// Forgets one.
    async fn delete(&self, digest: &str) -> StoreResult<()>;
    /// Forgets all that have expired.
    async fn sweep(&self, now: Timestamp) -> StoreResult<()>;
}

/// The audit trail.
#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Appends; ids in the entries are ignored and given by the store. Called with batches, off the path of calls.
    async fn append(&self, entries: &[ActivityView]) -> StoreResult<()>;
    /// Newest first, at most `limit`, older than the id in `before`.
    async fn page(&self, before: Option<i64>, limit: u32) -> StoreResult<Page<ActivityView>>;
}

/// A call to be remembered, with its bodies where they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// What is remembered of it.
    pub call: Call,
    /// What was said and answered.
    pub bodies: Option<CallBodies>,
}

/// What is to go from the history; `None` leaves all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prune {
    /// Calls made until then, with their bodies.
    pub calls: Option<Timestamp>,
    /// Bodies of calls made until then.
    pub bodies: Option<Timestamp>,
}

/// The history of calls. Fast with millions of them.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Appends; the store gives the numbers. Called with batches, off the path of calls.
    async fn append(&self, calls: &[RecordedCall]) -> StoreResult<()>;
    /// What the filter finds, newest first, at most `limit`; the next page's place is a [`domain::history::CallPlace`].
    async fn page(&self, filter: &HistoryFilter, limit: u32) -> StoreResult<Page<CallView>>;
    /// One call.
    async fn get(&self, id: i64) -> StoreResult<Option<CallView>>;
    /// Its bodies, if they were kept and it was made after `since`.
    async fn bodies(&self, id: i64, since: Timestamp) -> StoreResult<Option<CallBodies>>;
    /// Drops one call with its bodies; whether it was there.
    async fn delete(&self, id: i64) -> StoreResult<bool>;
    /// Drops many, a piece at a time; gives how many calls and bodies are gone.
    async fn prune(&self, prune: Prune) -> StoreResult<u64>;
    /// What was called so far.
    async fn known(&self) -> StoreResult<KnownTargets>;
    /// What is kept; the default where nobody has said otherwise.
    async fn settings(&self) -> StoreResult<HistorySettings>;
    /// Says what is kept from now on.
    async fn set(&self, settings: &HistorySettings, now: Timestamp) -> StoreResult<()>;
}

/// Requests that were saved.
#[async_trait]
pub trait SavedStore: Send + Sync {
    /// Reads one.
    async fn get(&self, id: &SavedId) -> StoreResult<Option<Versioned<SavedRequest>>>;
    /// The one of an endpoint that has this name.
    async fn named(&self, endpoint: &EndpointName, name: &str) -> StoreResult<Option<Versioned<SavedRequest>>>;
    /// Writes one: `version` 0 for a new one, else the version it was read at. [`StoreError::Stale`] also where another
    /// one of the endpoint has its name.
    async fn put(&self, request: &SavedRequest, version: i64, now: Timestamp) -> StoreResult<()>;
    /// Those with `text` in their name, description or endpoint, by endpoint and name, at most `limit`.
    async fn list(&self, text: &str, limit: u32) -> StoreResult<Vec<SavedSummary>>;
    /// How many there are.
    async fn count(&self) -> StoreResult<usize>;
    /// Drops one; no error if it is gone.
    async fn delete(&self, id: &SavedId) -> StoreResult<()>;
}

/// A batch, and how far its result file is known to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// The batch.
    pub view: BatchView,
    /// How many bytes of the result hold the rows that `view` counts.
    pub written: u64,
}

/// Batches, and those of their rows that failed.
#[async_trait]
pub trait BatchStore: Send + Sync {
    /// Writes one whole, new or not; an earlier revision than the one that is there is refused as stale.
    async fn put(&self, batch: &BatchRecord) -> StoreResult<()>;
    /// Reads one.
    async fn get(&self, id: &BatchId) -> StoreResult<Option<BatchRecord>>;
    /// The newest first, at most `limit`.
    async fn list(&self, limit: u32) -> StoreResult<Vec<BatchRecord>>;
    /// Those that are sending or about to pause, for going on after a restart.
    async fn unfinished(&self) -> StoreResult<Vec<BatchRecord>>;
    /// Those whose time is over.
    async fn expired(&self, now: Timestamp) -> StoreResult<Vec<BatchId>>;
    /// Drops one with its failing rows; no error if it is gone.
    async fn delete(&self, id: &BatchId) -> StoreResult<()>;
    /// Adds failing rows; one that is there already is replaced.
    async fn add_errors(&self, id: &BatchId, errors: &[BatchError]) -> StoreResult<()>;
    /// Failing rows after row `after`, at most `limit`.
    async fn errors(&self, id: &BatchId, after: u64, limit: u32) -> StoreResult<Vec<BatchError>>;
}

/// Load checks.
#[async_trait]
pub trait LoadStore: Send + Sync {
    /// Writes one whole, new or not; an earlier revision than the one that is there is refused as stale.
    async fn put(&self, load: &LoadView) -> StoreResult<()>;
    /// Reads one.
    async fn get(&self, id: &LoadId) -> StoreResult<Option<LoadView>>;
    /// Those that were begun, the newest first, at most `limit`; of one endpoint where `target` is given
    /// ([`domain::load::LoadView::target`]).
    async fn list(&self, target: Option<&str>, limit: u32) -> StoreResult<Vec<LoadView>>;
    /// Those that were under way, for ending them after a restart.
    async fn unfinished(&self) -> StoreResult<Vec<LoadView>>;
    /// Drops one; no error if it is gone.
    async fn delete(&self, id: &LoadId) -> StoreResult<()>;
    /// Drops those that were made before `before` and never begun.
    async fn sweep(&self, before: Timestamp) -> StoreResult<()>;
}

/// All stores.
#[derive(Clone)]
pub struct Stores {
    /// Unfinished wizards.
    pub drafts: Arc<dyn DraftStore>,
    /// Shares.
    pub shares: Arc<dyn ShareStore>,
    /// Runs and leases.
    pub runs: Arc<dyn RunStore>,
    /// Browser sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// The audit trail.
    pub activity: Arc<dyn ActivityStore>,
    /// The history of calls.
    pub history: Arc<dyn HistoryStore>,
    /// Requests that were saved.
    pub saved: Arc<dyn SavedStore>,
    /// Batches.
    pub batches: Arc<dyn BatchStore>,
    /// Load checks.
    pub loads: Arc<dyn LoadStore>,
}
