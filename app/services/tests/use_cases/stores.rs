//! Stores in memory.

use async_trait::async_trait;
use domain::activity::ActivityView;
use domain::batch::{BatchError, BatchState};
use domain::endpoint::Page;
use domain::history::{CallBodies, CallView, HistoryFilter, HistorySettings, KnownTargets};
use domain::load::{LoadState, LoadView};
use domain::names::{BatchId, DraftId, EndpointName, LoadId, RunId, SavedId, ShareId};
use domain::run::RunState;
use domain::saved::{SavedRequest, SavedSummary};
use domain::time::Timestamp;
use domain::wizard::ShareDraft;
use services::ports::store::{
    ActivityStore, BatchRecord, BatchStore, DraftStore, HistoryStore, LoadStore, Prune, RecordedCall, RunRecord,
    RunStore, SavedStore, SessionStore, ShareRecord, ShareStore, StoreError, StoreResult, Stores, Versioned,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
pub struct Memory {
    pub drafts: Mutex<BTreeMap<String, Versioned<ShareDraft>>>,
    pub shares: Mutex<BTreeMap<String, Versioned<ShareRecord>>>,
    pub runs: Mutex<BTreeMap<String, RunRecord>>,
    pub leases: Mutex<BTreeMap<String, (String, Timestamp)>>,
    pub sessions: Mutex<BTreeMap<String, (String, Timestamp)>>,
    /// The sizes of the batches that were appended, and the entries.
    pub trail: Mutex<(Vec<usize>, Vec<ActivityView>)>,
    pub batches: Mutex<BTreeMap<String, BatchRecord>>,
    pub errors: Mutex<BTreeMap<(String, u64), BatchError>>,
    pub loads: Mutex<BTreeMap<String, LoadView>>,
    /// How long each write of a share, a run or a session takes, by tokio's clock.
    pub slow: Mutex<Duration>,
    /// How many of the next writes fail, by what is written: `shares`, `sessions`.
    pub breaks: Mutex<BTreeMap<&'static str, usize>>,
    /// The sizes of the batches of the history, and its calls.
    pub history: Mutex<(Vec<usize>, Vec<RecordedCall>)>,
    pub history_settings: Mutex<HistorySettings>,
    /// Held while the history is not to be written.
    pub late: tokio::sync::Mutex<()>,
    pub saved: Mutex<BTreeMap<String, Versioned<SavedRequest>>>,
    /// Held while the audit trail is not to be written.
    pub quiet: tokio::sync::Mutex<()>,
}

impl Memory {
    async fn writes(&self) {
        let slow = *self.slow.lock().unwrap();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
    }
    fn breaks(&self, what: &'static str) -> StoreResult<()> {
        match self.breaks.lock().unwrap().get_mut(what) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(StoreError::Database("as told".into()))
            }
            _ => Ok(()),
        }
    }
}

pub fn of(memory: &Arc<Memory>) -> Stores {
    Stores {
        drafts: memory.clone(),
        shares: memory.clone(),
        runs: memory.clone(),
        sessions: memory.clone(),
        activity: memory.clone(),
        history: memory.clone(),
        saved: memory.clone(),
        batches: memory.clone(),
        loads: memory.clone(),
    }
}

#[async_trait]
impl DraftStore for Memory {
    async fn create(&self, draft: &ShareDraft, now: Timestamp) -> StoreResult<()> {
        let versioned = Versioned { value: draft.clone(), version: 1, changed: now };
        self.drafts.lock().unwrap().insert(draft.id.to_string(), versioned);
        Ok(())
    }
    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<ShareDraft>>> {
        Ok(self.drafts.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn update(&self, draft: &ShareDraft, version: i64, now: Timestamp) -> StoreResult<()> {
        match self.drafts.lock().unwrap().get_mut(draft.id.as_str()) {
            Some(there) if there.version == version => {
                *there = Versioned { value: draft.clone(), version: version + 1, changed: now };
                Ok(())
            }
            _ => Err(StoreError::Stale),
        }
    }
    async fn delete(&self, id: &DraftId) -> StoreResult<()> {
        self.drafts.lock().unwrap().remove(id.as_str());
        Ok(())
    }
    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<ShareDraft>>> {
        Ok(self.drafts.lock().unwrap().values().rev().take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl ShareStore for Memory {
    async fn get(&self, id: &ShareId) -> StoreResult<Option<Versioned<ShareRecord>>> {
        Ok(self.shares.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn put(&self, record: &ShareRecord, version: i64, now: Timestamp) -> StoreResult<()> {
        self.writes().await;
        self.breaks("shares")?;
        let mut shares = self.shares.lock().unwrap();
        if shares.get(record.intent.id.as_str()).map_or(0, |r| r.version) != version {
            return Err(StoreError::Stale);
        }
        let versioned = Versioned { value: record.clone(), version: version + 1, changed: now };
        shares.insert(record.intent.id.to_string(), versioned);
        Ok(())
    }
    async fn list(&self) -> StoreResult<Vec<Versioned<ShareRecord>>> {
        Ok(self.shares.lock().unwrap().values().rev().cloned().collect())
    }
    async fn delete(&self, id: &ShareId) -> StoreResult<()> {
        self.shares.lock().unwrap().remove(id.as_str());
        Ok(())
    }
}

#[async_trait]
impl RunStore for Memory {
    async fn put(&self, run: &RunRecord) -> StoreResult<()> {
        self.writes().await;
        self.runs.lock().unwrap().insert(run.id.to_string(), run.clone());
        Ok(())
    }
    async fn get(&self, id: &RunId) -> StoreResult<Option<RunRecord>> {
        Ok(self.runs.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn of_share(&self, share: &ShareId) -> StoreResult<Vec<RunRecord>> {
        Ok(self.runs.lock().unwrap().values().rev().filter(|r| r.share == *share).cloned().collect())
    }
    async fn unfinished(&self) -> StoreResult<Vec<RunRecord>> {
        Ok(self.runs.lock().unwrap().values().filter(|r| r.state == RunState::Running).cloned().collect())
    }
    async fn lease(&self, key: &str, owner: &str, until: Timestamp, now: Timestamp) -> StoreResult<Result<(), String>> {
        let mut leases = self.leases.lock().unwrap();
        if let Some((held, ends)) = leases.get(key)
            && held != owner
            && *ends > now
        {
            return Ok(Err(held.clone()));
        }
        leases.insert(key.into(), (owner.into(), until));
        Ok(Ok(()))
    }
    async fn release(&self, key: &str, owner: &str) -> StoreResult<()> {
        self.leases.lock().unwrap().retain(|k, (held, _)| k != key || held != owner);
        Ok(())
    }
}

#[async_trait]
impl SessionStore for Memory {
    async fn create(&self, digest: &str, label: &str, expires: Timestamp) -> StoreResult<()> {
        self.writes().await;
        self.breaks("sessions")?;
        self.sessions.lock().unwrap().insert(digest.into(), (label.into(), expires));
        Ok(())
    }
    async fn get(&self, digest: &str, now: Timestamp) -> StoreResult<Option<String>> {
        let sessions = self.sessions.lock().unwrap();
        Ok(sessions.get(digest).filter(|(_, ends)| *ends > now).map(|(label, _)| label.clone()))
    }
    async fn delete(&self, digest: &str) -> StoreResult<()> {
        self.sessions.lock().unwrap().remove(digest);
        Ok(())
    }
    async fn sweep(&self, now: Timestamp) -> StoreResult<()> {
        self.sessions.lock().unwrap().retain(|_, (_, ends)| *ends > now);
        Ok(())
    }
}

#[async_trait]
impl ActivityStore for Memory {
    async fn append(&self, entries: &[ActivityView]) -> StoreResult<()> {
        let _quiet = self.quiet.lock().await;
        let mut trail = self.trail.lock().unwrap();
        trail.0.push(entries.len());
        for entry in entries {
            let id = trail.1.len() as i64 + 1;
            trail.1.push(ActivityView { id, ..entry.clone() });
        }
        Ok(())
    }
    async fn page(&self, before: Option<i64>, limit: u32) -> StoreResult<Page<ActivityView>> {
        let trail = self.trail.lock().unwrap();
        let older = trail.1.iter().rev().filter(|e| before.is_none_or(|before| e.id < before));
        Ok(Page { items: older.take(limit as usize).cloned().collect(), next: None })
    }
}

/// Numbers are places, from 1; a call that is gone leaves its place to the next: nothing here asks for more.
#[async_trait]
impl HistoryStore for Memory {
    async fn append(&self, calls: &[RecordedCall]) -> StoreResult<()> {
        let _waits = self.late.lock().await;
        self.breaks("history")?;
        let mut history = self.history.lock().unwrap();
        history.0.push(calls.len());
        history.1.extend_from_slice(calls);
        Ok(())
    }
    async fn page(&self, _filter: &HistoryFilter, limit: u32) -> StoreResult<Page<CallView>> {
        let history = self.history.lock().unwrap();
        let numbered = (1..).zip(&history.1).map(|(id, recorded)| CallView { id, call: recorded.call.clone() });
        let items: Vec<_> = numbered.collect::<Vec<_>>().into_iter().rev().take(limit as usize).collect();
        Ok(Page { items, next: None })
    }
    async fn get(&self, id: i64) -> StoreResult<Option<CallView>> {
        let history = self.history.lock().unwrap();
        let found = usize::try_from(id - 1).ok().and_then(|at| history.1.get(at));
        Ok(found.map(|recorded| CallView { id, call: recorded.call.clone() }))
    }
    async fn bodies(&self, id: i64, since: Timestamp) -> StoreResult<Option<CallBodies>> {
        let history = self.history.lock().unwrap();
        let found = usize::try_from(id - 1).ok().and_then(|at| history.1.get(at));
        Ok(found.filter(|recorded| recorded.call.at > since).and_then(|recorded| recorded.bodies.clone()))
    }
    async fn delete(&self, id: i64) -> StoreResult<bool> {
        let mut history = self.history.lock().unwrap();
        let at = usize::try_from(id - 1).ok().filter(|at| *at < history.1.len());
        at.map(|at| history.1.remove(at));
        Ok(at.is_some())
    }
    async fn prune(&self, prune: Prune) -> StoreResult<u64> {
        let mut history = self.history.lock().unwrap();
        let before = history.1.len();
        history.1.retain(|recorded| prune.calls.is_none_or(|until| recorded.call.at > until));
        for recorded in &mut history.1 {
            if prune.bodies.is_some_and(|until| recorded.call.at <= until) {
                recorded.bodies = None;
            }
        }
        Ok((before - history.1.len()) as u64)
    }
    async fn known(&self) -> StoreResult<KnownTargets> {
        Ok(KnownTargets::default())
    }
    async fn settings(&self) -> StoreResult<HistorySettings> {
        Ok(*self.history_settings.lock().unwrap())
    }
    async fn set(&self, settings: &HistorySettings, _now: Timestamp) -> StoreResult<()> {
        *self.history_settings.lock().unwrap() = *settings;
        Ok(())
    }
}

#[async_trait]
impl SavedStore for Memory {
    async fn get(&self, id: &SavedId) -> StoreResult<Option<Versioned<SavedRequest>>> {
        Ok(self.saved.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn named(&self, endpoint: &EndpointName, name: &str) -> StoreResult<Option<Versioned<SavedRequest>>> {
        let saved = self.saved.lock().unwrap();
        Ok(saved.values().find(|r| r.value.what.endpoint == *endpoint && r.value.what.name == name).cloned())
    }
    async fn put(&self, request: &SavedRequest, version: i64, now: Timestamp) -> StoreResult<()> {
        let mut saved = self.saved.lock().unwrap();
        if saved.get(request.id.as_str()).map_or(0, |there| there.version) != version {
            return Err(StoreError::Stale);
        }
        let versioned = Versioned { value: request.clone(), version: version + 1, changed: now };
        saved.insert(request.id.to_string(), versioned);
        Ok(())
    }
    async fn list(&self, text: &str, limit: u32) -> StoreResult<Vec<SavedSummary>> {
        let saved = self.saved.lock().unwrap();
        let of = |what: &domain::saved::Saved| what.name.contains(text) || what.endpoint.as_str().contains(text);
        let found = saved.values().filter(|record| of(&record.value.what));
        let summary = |record: &Versioned<SavedRequest>| SavedSummary {
            id: record.value.id.clone(),
            name: record.value.what.name.clone(),
            description: record.value.what.description.clone(),
            endpoint: record.value.what.endpoint.clone(),
            variables: record.value.what.variables.len(),
            changed: record.changed,
        };
        Ok(found.take(limit as usize).map(summary).collect())
    }
    async fn count(&self) -> StoreResult<usize> {
        Ok(self.saved.lock().unwrap().len())
    }
    async fn delete(&self, id: &SavedId) -> StoreResult<()> {
        self.saved.lock().unwrap().remove(id.as_str());
        Ok(())
    }
}

#[async_trait]
impl BatchStore for Memory {
    async fn put(&self, batch: &BatchRecord) -> StoreResult<()> {
        self.breaks("batches")?;
        self.batches.lock().unwrap().insert(batch.view.id.to_string(), batch.clone());
        Ok(())
    }
    async fn get(&self, id: &BatchId) -> StoreResult<Option<BatchRecord>> {
        Ok(self.batches.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn list(&self, limit: u32) -> StoreResult<Vec<BatchRecord>> {
        Ok(self.batches.lock().unwrap().values().rev().take(limit as usize).cloned().collect())
    }
    async fn unfinished(&self) -> StoreResult<Vec<BatchRecord>> {
        let going = [BatchState::Running, BatchState::Pausing];
        Ok(self.batches.lock().unwrap().values().filter(|b| going.contains(&b.view.state)).cloned().collect())
    }
    async fn expired(&self, now: Timestamp) -> StoreResult<Vec<BatchId>> {
        let batches = self.batches.lock().unwrap();
        Ok(batches.values().filter(|b| b.view.expires <= now).map(|b| b.view.id.clone()).collect())
    }
    async fn delete(&self, id: &BatchId) -> StoreResult<()> {
        self.batches.lock().unwrap().remove(id.as_str());
        self.errors.lock().unwrap().retain(|(of, _), _| of != id.as_str());
        Ok(())
    }
    async fn add_errors(&self, id: &BatchId, errors: &[BatchError]) -> StoreResult<()> {
        let keyed = errors.iter().map(|error| ((id.to_string(), error.row), error.clone()));
        self.errors.lock().unwrap().extend(keyed);
        Ok(())
    }
    async fn errors(&self, id: &BatchId, after: u64, limit: u32) -> StoreResult<Vec<BatchError>> {
        let errors = self.errors.lock().unwrap();
        let of_it = errors.iter().filter(|((of, row), _)| of == id.as_str() && *row > after);
        Ok(of_it.map(|(_, error)| error.clone()).take(limit as usize).collect())
    }
}

#[async_trait]
impl LoadStore for Memory {
    async fn put(&self, load: &LoadView) -> StoreResult<()> {
        self.loads.lock().unwrap().insert(load.id.to_string(), load.clone());
        Ok(())
    }
    async fn get(&self, id: &LoadId) -> StoreResult<Option<LoadView>> {
        Ok(self.loads.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn list(&self, target: Option<&str>, limit: u32) -> StoreResult<Vec<LoadView>> {
        let loads = self.loads.lock().unwrap();
        let begun = loads.values().rev().filter(|load| load.state != LoadState::Ready);
        let of_it = begun.filter(|load| target.is_none_or(|target| load.target().as_deref() == Some(target)));
        Ok(of_it.take(limit as usize).cloned().collect())
    }
    async fn unfinished(&self) -> StoreResult<Vec<LoadView>> {
        Ok(self.loads.lock().unwrap().values().filter(|load| load.state.is_going()).cloned().collect())
    }
    async fn delete(&self, id: &LoadId) -> StoreResult<()> {
        self.loads.lock().unwrap().remove(id.as_str());
        Ok(())
    }
    async fn sweep(&self, before: Timestamp) -> StoreResult<()> {
        self.loads.lock().unwrap().retain(|_, load| load.state != LoadState::Ready || load.created >= before);
        Ok(())
    }
}
