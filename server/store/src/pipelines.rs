//! Pipelines: unfinished wizards, the pipelines, and their runs. The leases of those runs are in [`crate::runs`].

use crate::table::{RunRow, Table};
use async_trait::async_trait;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::draft::PipelineDraft;
use domain::time::Timestamp;
use services::ports::store::{
    PipelineDraftStore, PipelineRecord, PipelineRunRecord, PipelineRunStore, PipelineStore, StoreResult, Versioned,
};

#[derive(Debug)]
pub(crate) struct SqlitePipelineDrafts(pub(crate) Table);

#[async_trait]
impl PipelineDraftStore for SqlitePipelineDrafts {
    async fn create(&self, draft: &PipelineDraft, now: Timestamp) -> StoreResult<()> {
        self.0.insert(draft.id.as_str(), draft, now).await
    }

    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<PipelineDraft>>> {
        self.0.get(id.as_str()).await
    }

    async fn update(&self, draft: &PipelineDraft, version: i64, now: Timestamp) -> StoreResult<()> {
        self.0.update(draft.id.as_str(), draft, version, now).await
    }

    async fn delete(&self, id: &DraftId) -> StoreResult<()> {
        self.0.delete(id.as_str()).await
    }

    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<PipelineDraft>>> {
        self.0.latest("changed", limit).await
    }
}

#[derive(Debug)]
pub(crate) struct SqlitePipelines(pub(crate) Table);

#[async_trait]
impl PipelineStore for SqlitePipelines {
    async fn get(&self, id: &PipelineId) -> StoreResult<Option<Versioned<PipelineRecord>>> {
        self.0.get(id.as_str()).await
    }

    async fn put(&self, record: &PipelineRecord, version: i64, now: Timestamp) -> StoreResult<()> {
        self.0.put(record.id.as_str(), record, record.created, version, now).await
    }

    async fn list(&self) -> StoreResult<Vec<Versioned<PipelineRecord>>> {
        self.0.latest("created", u32::MAX).await
    }

    async fn delete(&self, id: &PipelineId) -> StoreResult<()> {
        self.0.delete(id.as_str()).await
    }
}

#[derive(Debug)]
pub(crate) struct SqlitePipelineRuns(pub(crate) Table);

#[async_trait]
impl PipelineRunStore for SqlitePipelineRuns {
    async fn put(&self, run: &PipelineRunRecord) -> StoreResult<()> {
        let PipelineRunRecord { id, pipeline, state, started, revision, .. } = run;
        let (id, of) = (id.as_str(), pipeline.as_str());
        let row = RunRow { id, of, state: *state, started: *started, revision: *revision };
        self.0.put_run("pipeline", row, run).await
    }

    async fn get(&self, id: &RunId) -> StoreResult<Option<PipelineRunRecord>> {
        self.0.run(id.as_str()).await
    }

    async fn of_pipeline(&self, pipeline: &PipelineId) -> StoreResult<Vec<PipelineRunRecord>> {
        self.0.runs_of("pipeline", pipeline.as_str()).await
    }

    async fn unfinished(&self) -> StoreResult<Vec<PipelineRunRecord>> {
        self.0.unfinished_runs().await
    }
}
