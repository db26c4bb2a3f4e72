//! The stores of pipelines in memory, which die as told: that is what a crash looks like from here.

use async_trait::async_trait;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::draft::PipelineDraft;
use domain::run::RunState;
use domain::time::Timestamp;
use services::ports::store::{
    PipelineDraftStore, PipelineRecord, PipelineRunRecord, PipelineRunStore, PipelineStore, PipelineStores, StoreError,
    StoreResult, Versioned,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Default, Clone)]
pub struct Kept {
    pub drafts: BTreeMap<String, Versioned<PipelineDraft>>,
    pub pipelines: BTreeMap<String, Versioned<PipelineRecord>>,
    pub runs: BTreeMap<String, PipelineRunRecord>,
}

/// When the process dies: at which write, and whether that one is still written.
#[derive(Clone, Copy)]
pub struct Crash {
    pub at: usize,
    pub written: bool,
}

#[derive(Default)]
pub struct PipelineMemory {
    pub kept: Mutex<Kept>,
    /// How many writes there were, and when no more are taken.
    pub crash: Mutex<(usize, Option<Crash>)>,
}

pub fn of(memory: &Arc<PipelineMemory>) -> PipelineStores {
    PipelineStores { drafts: memory.clone(), pipelines: memory.clone(), runs: memory.clone() }
}

impl PipelineMemory {
    pub fn crash(&self, crash: Option<Crash>) {
        *self.crash.lock().unwrap() = (0, crash);
    }

    pub fn has_crashed(&self) -> bool {
        let (writes, crash) = *self.crash.lock().unwrap();
        crash.is_some_and(|crash| writes >= crash.at)
    }

    fn write<T>(&self, write: impl FnOnce(&mut Kept) -> StoreResult<T>) -> StoreResult<T> {
        let mut counted = self.crash.lock().unwrap();
        counted.0 += 1;
        let dead = || StoreError::Database("the process has died".into());
        match *counted {
            (writes, Some(crash)) if writes > crash.at || (writes == crash.at && !crash.written) => Err(dead()),
            (writes, Some(crash)) if writes == crash.at => {
                write(&mut self.kept.lock().unwrap())?;
                Err(dead())
            }
            _ => write(&mut self.kept.lock().unwrap()),
        }
    }
}

fn put<T: Clone>(
    all: &mut BTreeMap<String, Versioned<T>>,
    id: &str,
    value: &T,
    version: i64,
    now: Timestamp,
) -> StoreResult<()> {
    if all.get(id).map_or(0, |there| there.version) != version {
        return Err(StoreError::Stale);
    }
    all.insert(id.to_owned(), Versioned { value: value.clone(), version: version + 1, changed: now });
    Ok(())
}

#[async_trait]
impl PipelineDraftStore for PipelineMemory {
    async fn create(&self, draft: &PipelineDraft, now: Timestamp) -> StoreResult<()> {
        self.write(|kept| put(&mut kept.drafts, draft.id.as_str(), draft, 0, now))
    }
    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<PipelineDraft>>> {
        Ok(self.kept.lock().unwrap().drafts.get(id.as_str()).cloned())
    }
    async fn update(&self, draft: &PipelineDraft, version: i64, now: Timestamp) -> StoreResult<()> {
        self.write(|kept| put(&mut kept.drafts, draft.id.as_str(), draft, version, now))
    }
    async fn delete(&self, id: &DraftId) -> StoreResult<()> {
        self.write(|kept| {
            kept.drafts.remove(id.as_str());
            Ok(())
        })
    }
    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<PipelineDraft>>> {
        Ok(self.kept.lock().unwrap().drafts.values().rev().take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl PipelineStore for PipelineMemory {
    async fn get(&self, id: &PipelineId) -> StoreResult<Option<Versioned<PipelineRecord>>> {
        Ok(self.kept.lock().unwrap().pipelines.get(id.as_str()).cloned())
    }
    async fn put(&self, record: &PipelineRecord, version: i64, now: Timestamp) -> StoreResult<()> {
        self.write(|kept| put(&mut kept.pipelines, record.id.as_str(), record, version, now))
    }
    async fn list(&self) -> StoreResult<Vec<Versioned<PipelineRecord>>> {
        Ok(self.kept.lock().unwrap().pipelines.values().rev().cloned().collect())
    }
    async fn delete(&self, id: &PipelineId) -> StoreResult<()> {
        self.write(|kept| {
            kept.pipelines.remove(id.as_str());
            Ok(())
        })
    }
}

#[async_trait]
impl PipelineRunStore for PipelineMemory {
    async fn put(&self, run: &PipelineRunRecord) -> StoreResult<()> {
        self.write(|kept| {
            kept.runs.insert(run.id.to_string(), run.clone());
            Ok(())
        })
    }
    async fn get(&self, id: &RunId) -> StoreResult<Option<PipelineRunRecord>> {
        Ok(self.kept.lock().unwrap().runs.get(id.as_str()).cloned())
    }
    async fn of_pipeline(&self, pipeline: &PipelineId) -> StoreResult<Vec<PipelineRunRecord>> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.runs.values().rev().filter(|run| run.pipeline == *pipeline).cloned().collect())
    }
    async fn unfinished(&self) -> StoreResult<Vec<PipelineRunRecord>> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.runs.values().filter(|run| run.state == RunState::Running).cloned().collect())
    }
}
