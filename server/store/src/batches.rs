//! Batches, and those of their rows that failed.

use crate::open::Database;
use crate::record::{failed, one_written, read, write};
use async_trait::async_trait;
use domain::batch::{BatchError, BatchState};
use domain::names::BatchId;
use domain::time::Timestamp;
use serde::de::Error as _;
use services::ports::store::{BatchRecord, BatchStore, StoreError, StoreResult};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

/// Rows in one statement; four values each stay far below any database's limit.
const TOGETHER: usize = 500;

#[derive(Debug)]
pub(crate) struct SqliteBatches(pub(crate) Database);

/// How a state is spelt in the column that `unfinished` looks at.
fn spelt(state: BatchState) -> &'static str {
    match state {
        BatchState::Ready => "ready",
        BatchState::Running => "running",
        BatchState::Pausing => "pausing",
        BatchState::Paused => "paused",
        BatchState::Done => "done",
    }
}

fn batch(row: &SqliteRow) -> StoreResult<BatchRecord> {
    read("batches", row.try_get("id").map_err(failed)?, row.try_get("body").map_err(failed)?)
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn error(row: &SqliteRow) -> StoreResult<BatchError> {
    let place: i64 = row.try_get("row").map_err(failed)?;
    let status: Option<i64> = row.try_get("status").map_err(failed)?;
    Ok(BatchError {
        row: u64::try_from(place).unwrap_or(0),
        status: status.and_then(|status| u16::try_from(status).ok()),
        error: row.try_get("error").map_err(failed)?,
    })
}

#[async_trait]
impl BatchStore for SqliteBatches {
    async fn put(&self, batch: &BatchRecord) -> StoreResult<()> {
        let sql = "INSERT INTO batches (id, state, created, expires, revision, body) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, expires = excluded.expires, \
                   revision = excluded.revision, body = excluded.body WHERE batches.revision <= excluded.revision";
        let view = &batch.view;
        let result = sqlx::query(sql)
            .bind(view.id.as_str())
            .bind(spelt(view.state))
            .bind(view.created.0)
            .bind(view.expires.0)
            .bind(number(view.revision))
            .bind(write(batch)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn get(&self, id: &BatchId) -> StoreResult<Option<BatchRecord>> {
        let row = sqlx::query("SELECT id, body FROM batches WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| batch(&row)).transpose()
    }

    async fn list(&self, limit: u32) -> StoreResult<Vec<BatchRecord>> {
        let rows = sqlx::query("SELECT id, body FROM batches ORDER BY created DESC, id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(batch).collect()
    }

    async fn unfinished(&self) -> StoreResult<Vec<BatchRecord>> {
        let rows = sqlx::query("SELECT id, body FROM batches WHERE state IN ($1, $2) ORDER BY created, id")
            .bind(spelt(BatchState::Running))
            .bind(spelt(BatchState::Pausing))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(batch).collect()
    }

    async fn expired(&self, now: Timestamp) -> StoreResult<Vec<BatchId>> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM batches WHERE expires <= $1 ORDER BY expires")
            .bind(now.0)
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        let unreadable = |error| StoreError::Unreadable { table: "batches", source: serde_json::Error::custom(error) };
        ids.iter().map(|id| BatchId::parse(id).map_err(unreadable)).collect()
    }

    async fn delete(&self, id: &BatchId) -> StoreResult<()> {
        sqlx::query("DELETE FROM batches WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn add_errors(&self, id: &BatchId, errors: &[BatchError]) -> StoreResult<()> {
        if errors.is_empty() {
            return Ok(());
        }
        let mut transaction = self.0.writer.begin().await.map_err(failed)?;
        for some in errors.chunks(TOGETHER) {
            let mut query =
                QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO batch_errors (batch, row, status, error) ");
            query.push_values(some, |mut row, error| {
                row.push_bind(id.as_str())
                    .push_bind(number(error.row))
                    .push_bind(error.status.map(i64::from))
                    .push_bind(error.error.as_str());
            });
            query.build().execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn errors(&self, id: &BatchId, after: u64, limit: u32) -> StoreResult<Vec<BatchError>> {
        let sql = "SELECT row, status, error FROM batch_errors WHERE batch = $1 AND row > $2 ORDER BY row LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(id.as_str())
            .bind(number(after))
            .bind(i64::from(limit))
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(error).collect()
    }
}
