//! Calls on their way into the history: written in batches, by a task of its own. Whoever calls never waits for it: when
//! more wait than memory should hold, a call is left out, and that is counted and logged.

use crate::gather::{Inbox, Outbox, gathering};
use crate::ports::store::{HistoryStore, RecordedCall};
use domain::history::KeptBody;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// How many calls may wait.
const WAITING: usize = 16_384;
/// How much their bodies may hold, in bytes; of a call past that the bodies are left out.
const WAITING_BYTES: usize = 64 * 1024 * 1024;
/// How long the first call of a batch waits for company.
const GATHER: Duration = Duration::from_millis(200);
/// How often an append is tried before its calls are given up, with a log line.
const TRIES: u32 = 4;

#[derive(Default)]
struct Counts {
    /// Bytes of bodies that wait.
    bytes: AtomicUsize,
    /// Calls that were left out since the start.
    lost: AtomicU64,
}

/// Takes calls and writes them out.
pub(crate) struct Recorder {
    inbox: Inbox<RecordedCall>,
    counts: Arc<Counts>,
}

impl Recorder {
    /// Starts the writing task; it ends when the recorder is dropped.
    pub(crate) fn start(store: Arc<dyn HistoryStore>) -> Self {
        let (inbox, outbox) = gathering(WAITING, GATHER);
        let counts = Arc::new(Counts::default());
        tokio::spawn(Writer { store, counts: counts.clone(), said: 0 }.run(outbox));
        Self { inbox, counts }
    }

    /// Adds a call, without waiting.
    pub(crate) fn add(&self, mut call: RecordedCall) {
        let bytes = body_bytes(&call);
        if self.counts.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > WAITING_BYTES && bytes > 0 {
            self.counts.bytes.fetch_sub(bytes, Ordering::Relaxed);
            call.bodies = None;
        }
        if let Err(call) = self.inbox.put(call) {
            self.counts.bytes.fetch_sub(body_bytes(&call), Ordering::Relaxed);
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many calls were left out since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.counts.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything added so far is written.
    pub(crate) async fn flush(&self) {
        self.inbox.flush().await;
    }
}

fn body_bytes(call: &RecordedCall) -> usize {
    let bytes = |body: &KeptBody| match body {
        KeptBody::Text(text) | KeptBody::Base64(text) => text.len(),
        KeptBody::TooLarge | KeptBody::Absent => 0,
    };
    call.bodies.as_ref().map_or(0, |bodies| bytes(&bodies.request) + bytes(&bodies.answer))
}

struct Writer {
    store: Arc<dyn HistoryStore>,
    counts: Arc<Counts>,
    /// How many of the lost ones were logged.
    said: u64,
}

impl Writer {
    async fn run(mut self, mut outbox: Outbox<RecordedCall>) {
        while let Some(gathered) = outbox.next().await {
            self.append(&gathered.entries).await;
            let bytes = gathered.entries.iter().map(body_bytes).sum();
            self.counts.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    async fn append(&mut self, calls: &[RecordedCall]) {
        let lost = self.counts.lost.load(Ordering::Relaxed);
        if lost > self.said {
            tracing::warn!(
                calls = lost - self.said,
                in_all = lost,
                "calls came faster than the history can be written"
            );
            self.said = lost;
        }
        if calls.is_empty() {
            return;
        }
        for attempt in 1..=TRIES {
            match self.store.append(calls).await {
                Ok(()) => return,
                Err(error) if attempt == TRIES => {
                    tracing::error!(%error, calls = calls.len(), "the history could not be written");
                    self.said += calls.len() as u64;
                    self.counts.lost.fetch_add(calls.len() as u64, Ordering::Relaxed);
                }
                Err(_) => tokio::time::sleep(GATHER * attempt).await,
            }
        }
    }
}
