//! Runs with their journals, and the leases that keep two executions apart.

use crate::open::Database;
use crate::record::failed;
use crate::table::{RunRow, Table};
use async_trait::async_trait;
use domain::names::{RunId, ShareId};
use domain::time::Timestamp;
use services::ports::store::{RunRecord, RunStore, StoreResult};

#[derive(Debug)]
pub(crate) struct SqliteRuns {
    pub(crate) runs: Table,
    pub(crate) database: Database,
}

#[async_trait]
impl RunStore for SqliteRuns {
    async fn put(&self, run: &RunRecord) -> StoreResult<()> {
        let RunRecord { id, share, state, started, revision, .. } = run;
        let (id, of) = (id.as_str(), share.as_str());
        let row = RunRow { id, of, state: *state, started: *started, revision: *revision };
        self.runs.put_run("share", row, run).await
    }

    async fn get(&self, id: &RunId) -> StoreResult<Option<RunRecord>> {
        self.runs.run(id.as_str()).await
    }

    async fn of_share(&self, share: &ShareId) -> StoreResult<Vec<RunRecord>> {
        self.runs.runs_of("share", share.as_str()).await
    }

    async fn unfinished(&self) -> StoreResult<Vec<RunRecord>> {
        self.runs.unfinished_runs().await
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
            .fetch_one(&self.database.writer)
            .await
            .map_err(failed)?;
        Ok(if holder == owner { Ok(()) } else { Err(holder) })
    }

    async fn release(&self, key: &str, owner: &str) -> StoreResult<()> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND owner = $2")
            .bind(key)
            .bind(owner)
            .execute(&self.database.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
