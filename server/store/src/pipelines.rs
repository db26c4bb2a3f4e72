//! Pipelines: unfinished wizards, the pipelines, and their runs. The leases of those runs are in [`crate::runs`].

use crate::open::Database;
use crate::record::{failed, one_written, read, versioned, write};
use crate::runs::spelt;
use async_trait::async_trait;
use domain::names::{DraftId, PipelineId, RunId};
use domain::pipeline::draft::PipelineDraft;
use domain::run::RunState;
use domain::time::Timestamp;
use services::ports::store::{
    PipelineDraftStore, PipelineRecord, PipelineRunRecord, PipelineRunStore, PipelineStore, StoreResult, Versioned,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Debug)]
pub(crate) struct SqlitePipelineDrafts(pub(crate) Database);

#[async_trait]
impl PipelineDraftStore for SqlitePipelineDrafts {
    /// Refused as stale when there is one with this id.
    async fn create(&self, draft: &PipelineDraft, now: Timestamp) -> StoreResult<()> {
        let sql = "INSERT INTO pipeline_drafts (id, version, changed, body) VALUES ($1, 1, $2, $3) \
                   ON CONFLICT (id) DO NOTHING";
        let result = sqlx::query(sql)
            .bind(draft.id.as_str())
            .bind(now.0)
            .bind(write(draft)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<PipelineDraft>>> {
        let row = sqlx::query("SELECT id, version, changed, body FROM pipeline_drafts WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| versioned("pipeline_drafts", &row)).transpose()
    }

    async fn update(&self, draft: &PipelineDraft, version: i64, now: Timestamp) -> StoreResult<()> {
        let sql = "UPDATE pipeline_drafts SET version = version + 1, changed = $1, body = $2 \
                   WHERE id = $3 AND version = $4";
        let result = sqlx::query(sql)
            .bind(now.0)
            .bind(write(draft)?)
            .bind(draft.id.as_str())
            .bind(version)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn delete(&self, id: &DraftId) -> StoreResult<()> {
        sqlx::query("DELETE FROM pipeline_drafts WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<PipelineDraft>>> {
        let sql = "SELECT id, version, changed, body FROM pipeline_drafts ORDER BY changed DESC, id DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(&self.0.readers).await.map_err(failed)?;
        rows.iter().map(|row| versioned("pipeline_drafts", row)).collect()
    }
}

#[derive(Debug)]
pub(crate) struct SqlitePipelines(pub(crate) Database);

#[async_trait]
impl PipelineStore for SqlitePipelines {
    async fn get(&self, id: &PipelineId) -> StoreResult<Option<Versioned<PipelineRecord>>> {
        let row = sqlx::query("SELECT id, version, changed, body FROM pipelines WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| versioned("pipelines", &row)).transpose()
    }

    async fn put(&self, record: &PipelineRecord, version: i64, now: Timestamp) -> StoreResult<()> {
        // Both statements take the same values in the same order; neither touches a row when someone was quicker.
        let sql = if version == 0 {
            "INSERT INTO pipelines (id, version, changed, created, body) VALUES ($1, $2 + 1, $3, $4, $5) \
             ON CONFLICT (id) DO NOTHING"
        } else {
            "UPDATE pipelines SET version = $2 + 1, changed = $3, created = $4, body = $5 \
             WHERE id = $1 AND version = $2"
        };
        let result = sqlx::query(sql)
            .bind(record.id.as_str())
            .bind(version)
            .bind(now.0)
            .bind(record.created.0)
            .bind(write(record)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn list(&self) -> StoreResult<Vec<Versioned<PipelineRecord>>> {
        let rows = sqlx::query("SELECT id, version, changed, body FROM pipelines ORDER BY created DESC, id DESC")
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(|row| versioned("pipelines", row)).collect()
    }

    async fn delete(&self, id: &PipelineId) -> StoreResult<()> {
        sqlx::query("DELETE FROM pipelines WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct SqlitePipelineRuns(pub(crate) Database);

fn run(row: &SqliteRow) -> StoreResult<PipelineRunRecord> {
    read("pipeline_runs", row.try_get("id").map_err(failed)?, row.try_get("body").map_err(failed)?)
}

#[async_trait]
impl PipelineRunStore for SqlitePipelineRuns {
    /// Refused as stale when a later revision is stored already: a journal never goes back.
    async fn put(&self, run: &PipelineRunRecord) -> StoreResult<()> {
        let sql = "INSERT INTO pipeline_runs (id, pipeline, state, started, revision, body) \
                   VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, revision = excluded.revision, \
                   body = excluded.body WHERE pipeline_runs.revision <= excluded.revision";
        let result = sqlx::query(sql)
            .bind(run.id.as_str())
            .bind(run.pipeline.as_str())
            .bind(spelt(run.state))
            .bind(run.started.0)
            .bind(i64::try_from(run.revision).unwrap_or(i64::MAX))
            .bind(write(run)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn get(&self, id: &RunId) -> StoreResult<Option<PipelineRunRecord>> {
        let row = sqlx::query("SELECT id, body FROM pipeline_runs WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| run(&row)).transpose()
    }

    async fn of_pipeline(&self, pipeline: &PipelineId) -> StoreResult<Vec<PipelineRunRecord>> {
        let rows = sqlx::query("SELECT id, body FROM pipeline_runs WHERE pipeline = $1 ORDER BY started DESC, id DESC")
            .bind(pipeline.as_str())
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(run).collect()
    }

    async fn unfinished(&self) -> StoreResult<Vec<PipelineRunRecord>> {
        let rows = sqlx::query("SELECT id, body FROM pipeline_runs WHERE state = $1 ORDER BY started, id")
            .bind(spelt(RunState::Running))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(run).collect()
    }
}
