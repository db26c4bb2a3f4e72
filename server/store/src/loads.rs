//! Load checks.

use crate::open::Database;
use crate::record::{failed, one_written, read, write};
use async_trait::async_trait;
use domain::load::{LoadState, LoadView};
use domain::names::LoadId;
use domain::time::Timestamp;
use services::ports::store::{LoadStore, StoreResult};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Debug)]
pub(crate) struct SqliteLoads(pub(crate) Database);

/// How a state is spelt in the column that queries look at.
fn spelt(state: LoadState) -> &'static str {
    match state {
        LoadState::Ready => "ready",
        LoadState::Running => "running",
        LoadState::Stopping => "stopping",
        LoadState::Done => "done",
    }
}

fn load(row: &SqliteRow) -> StoreResult<LoadView> {
    read("load_checks", row.try_get("id").map_err(failed)?, row.try_get("body").map_err(failed)?)
}

#[async_trait]
impl LoadStore for SqliteLoads {
    async fn put(&self, load: &LoadView) -> StoreResult<()> {
        let sql = "INSERT INTO load_checks (id, state, target, created, revision, body) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, target = excluded.target, \
                   revision = excluded.revision, body = excluded.body WHERE load_checks.revision <= excluded.revision";
        let result = sqlx::query(sql)
            .bind(load.id.as_str())
            .bind(spelt(load.state))
            .bind(load.target().unwrap_or_default())
            .bind(load.created.0)
            .bind(i64::try_from(load.revision).unwrap_or(i64::MAX))
            .bind(write(load)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn get(&self, id: &LoadId) -> StoreResult<Option<LoadView>> {
        let row = sqlx::query("SELECT id, body FROM load_checks WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| load(&row)).transpose()
    }

    async fn list(&self, target: Option<&str>, limit: u32) -> StoreResult<Vec<LoadView>> {
        let sql = "SELECT id, body FROM load_checks WHERE state <> $1 AND ($2 IS NULL OR target = $2) \
                   ORDER BY created DESC, id DESC LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(spelt(LoadState::Ready))
            .bind(target)
            .bind(i64::from(limit))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(load).collect()
    }

    async fn unfinished(&self) -> StoreResult<Vec<LoadView>> {
        let rows = sqlx::query("SELECT id, body FROM load_checks WHERE state IN ($1, $2) ORDER BY created, id")
            .bind(spelt(LoadState::Running))
            .bind(spelt(LoadState::Stopping))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(load).collect()
    }

    async fn delete(&self, id: &LoadId) -> StoreResult<()> {
        sqlx::query("DELETE FROM load_checks WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn sweep(&self, before: Timestamp) -> StoreResult<()> {
        sqlx::query("DELETE FROM load_checks WHERE state = $1 AND created < $2")
            .bind(spelt(LoadState::Ready))
            .bind(before.0)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
