//! The audit trail, written in batches off the path of calls.
//!
//! Entries go through a bounded channel to one task, which gathers them for a moment and appends them together.
//! Reading the trail and shutting down flush it first, so that what was done is seen.

use crate::gather::{Inbox, Outbox, gathering};
use crate::ports::store::ActivityStore;
use crate::{Operator, ServiceResult, Services};
use domain::activity::{ActivityOutcome, ActivityView};
use domain::endpoint::Page;
use domain::names::{PipelineId, RunId, ShareId};
use std::sync::Arc;
use std::time::Duration;

/// How many entries may wait; past that, callers wait instead of memory growing.
const WAITING: usize = 4096;
/// How long the first entry of a batch waits for company.
const GATHER: Duration = Duration::from_millis(100);
/// How often an append is tried before its entries are given up, with a log line.
const TRIES: u32 = 4;

/// Takes entries and writes them out.
pub(crate) struct Journal(Inbox<ActivityView>);

impl Journal {
    /// Starts the writing task; it ends when the journal is dropped.
    pub(crate) fn start(store: Arc<dyn ActivityStore>) -> Self {
        let (inbox, outbox) = gathering(WAITING, GATHER);
        tokio::spawn(write(store, outbox));
        Self(inbox)
    }

    /// Adds an entry. Waits only when thousands are unwritten.
    pub(crate) async fn add(&self, entry: ActivityView) {
        if self.0.put_patiently(entry).await.is_err() {
            tracing::error!("the audit trail's writer has ended; an entry is lost");
        }
    }

    /// Waits until everything added so far is written.
    pub(crate) async fn flush(&self) {
        self.0.flush().await;
    }
}

async fn write(store: Arc<dyn ActivityStore>, mut outbox: Outbox<ActivityView>) {
    while let Some(gathered) = outbox.next().await {
        append(store.as_ref(), &gathered.entries).await;
    }
}

async fn append(store: &dyn ActivityStore, entries: &[ActivityView]) {
    if entries.is_empty() {
        return;
    }
    for attempt in 1..=TRIES {
        match store.append(entries).await {
            Ok(()) => return,
            Err(error) if attempt == TRIES => {
                tracing::error!(%error, entries = entries.len(), "the audit trail could not be written");
            }
            Err(_) => tokio::time::sleep(GATHER * attempt).await,
        }
    }
}

/// What an entry says beside who and when.
pub(crate) struct Happened {
    pub(crate) what: String,
    pub(crate) outcome: ActivityOutcome,
    pub(crate) detail: String,
    pub(crate) share: Option<ShareId>,
    pub(crate) pipeline: Option<PipelineId>,
    pub(crate) run: Option<RunId>,
    pub(crate) took_ms: Option<u64>,
}

impl Happened {
    /// Something that was done.
    pub(crate) fn done(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            outcome: ActivityOutcome::Done,
            detail: String::new(),
            share: None,
            pipeline: None,
            run: None,
            took_ms: None,
        }
    }
    pub(crate) fn of_share(mut self, share: &ShareId) -> Self {
        self.share = Some(share.clone());
        self
    }
    pub(crate) fn of_pipeline(mut self, pipeline: &PipelineId) -> Self {
        self.pipeline = Some(pipeline.clone());
        self
    }
    pub(crate) fn of_run(mut self, run: &RunId) -> Self {
        self.run = Some(run.clone());
        self
    }
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
    pub(crate) fn outcome(mut self, outcome: ActivityOutcome) -> Self {
        self.outcome = outcome;
        self
    }
}

impl Services {
    /// The audit trail, newest first, at most `limit` (100) entries older than the id in `before`.
    pub async fn activity(
        &self,
        _operator: &Operator,
        before: Option<i64>,
        limit: u32,
    ) -> ServiceResult<Page<ActivityView>> {
        self.inner.journal.flush().await;
        Ok(self.inner.stores.activity.page(before, limit.clamp(1, 100)).await?)
    }

    pub(crate) async fn note(&self, who: &str, happened: Happened) {
        let Happened { what, outcome, detail, share, pipeline, run, took_ms } = happened;
        let (at, who) = (self.now(), who.into());
        let entry = ActivityView { id: 0, at, who, what, outcome, detail, share, pipeline, run, took_ms };
        self.inner.journal.add(entry).await;
    }
}
