//! Runs with their journals, and the leases that keep two executions apart.

use crate::open::Database;
use crate::record::{failed, one_written, read, write};
use async_trait::async_trait;
use domain::names::{RunId, ShareId};
use domain::run::RunState;
use domain::time::Timestamp;
use services::ports::store::{RunRecord, RunStore, StoreResult};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Debug)]
pub(crate) struct SqliteRuns(pub(crate) Database);

/// How a state is spelt in the column that `unfinished` looks at.
pub(crate) fn spelt(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
    }
}

fn run(row: &SqliteRow) -> StoreResult<RunRecord> {
    read("runs", row.try_get("id").map_err(failed)?, row.try_get("body").map_err(failed)?)
}

#[async_trait]
impl RunStore for SqliteRuns {
    /// Refused as stale when a later revision is stored already: a journal never goes back.
    async fn put(&self, run: &RunRecord) -> StoreResult<()> {
        let sql = "INSERT INTO runs (id, share, state, started, revision, body) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, revision = excluded.revision, \
                   body = excluded.body WHERE runs.revision <= excluded.revision";
        let result = sqlx::query(sql)
            .bind(run.id.as_str())
            .bind(run.share.as_str())
            .bind(spelt(run.state))
            .bind(run.started.0)
            .bind(i64::try_from(run.revision).unwrap_or(i64::MAX))
            .bind(write(run)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn get(&self, id: &RunId) -> StoreResult<Option<RunRecord>> {
        let row = sqlx::query("SELECT id, body FROM runs WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| run(&row)).transpose()
    }

    async fn of_share(&self, share: &ShareId) -> StoreResult<Vec<RunRecord>> {
        let rows = sqlx::query("SELECT id, body FROM runs WHERE share = $1 ORDER BY started DESC, id DESC")
            .bind(share.as_str())
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(run).collect()
    }

    async fn unfinished(&self) -> StoreResult<Vec<RunRecord>> {
        let rows = sqlx::query("SELECT id, body FROM runs WHERE state = $1 ORDER BY started, id")
            .bind(spelt(RunState::Running))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(run).collect()
    }

    async fn lease(&self, key: &str, owner: &str, until: Timestamp, now: Timestamp) -> StoreResult<Result<(), String>> {
        // One statement, so that of two that race one wins, and the other learns who did.
        let sql = "INSERT INTO leases (name, owner, ends) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET \
                   owner = CASE WHEN leases.owner = excluded.owner OR leases.ends <= $4 \
                       THEN excluded.owner ELSE leases.owner END, \
                   ends = CASE WHEN leases.owner = excluded.owner OR leases.ends <= $4 \
                       THEN excluded.ends ELSE leases.ends END \
                   RETURNING owner";
        let holder: String = sqlx::query_scalar(sql)
            .bind(key)
            .bind(owner)
            .bind(until.0)
            .bind(now.0)
            .fetch_one(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(if holder == owner { Ok(()) } else { Err(holder) })
    }

    async fn release(&self, key: &str, owner: &str) -> StoreResult<()> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND owner = $2")
            .bind(key)
            .bind(owner)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
