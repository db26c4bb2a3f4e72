//! Shares the console made.

use crate::open::Database;
use crate::record::{failed, one_written, versioned, write};
use async_trait::async_trait;
use domain::names::ShareId;
use domain::time::Timestamp;
use services::ports::store::{ShareRecord, ShareStore, StoreResult, Versioned};

#[derive(Debug)]
pub(crate) struct SqliteShares(pub(crate) Database);

#[async_trait]
impl ShareStore for SqliteShares {
    async fn get(&self, id: &ShareId) -> StoreResult<Option<Versioned<ShareRecord>>> {
        let row = sqlx::query("SELECT id, version, changed, body FROM shares WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| versioned("shares", &row)).transpose()
    }

    async fn put(&self, record: &ShareRecord, version: i64, now: Timestamp) -> StoreResult<()> {
        // Both statements take the same values in the same order; neither touches a row when someone was quicker.
        let sql = if version == 0 {
            "INSERT INTO shares (id, version, changed, created, body) VALUES ($1, $2 + 1, $3, $4, $5) \
             ON CONFLICT (id) DO NOTHING"
        } else {
            "UPDATE shares SET version = $2 + 1, changed = $3, created = $4, body = $5 WHERE id = $1 AND version = $2"
        };
        let result = sqlx::query(sql)
            .bind(record.intent.id.as_str())
            .bind(version)
            .bind(now.0)
            .bind(record.created.0)
            .bind(write(record)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        one_written(&result)
    }

    async fn list(&self) -> StoreResult<Vec<Versioned<ShareRecord>>> {
        let rows = sqlx::query("SELECT id, version, changed, body FROM shares ORDER BY created DESC, id DESC")
            .fetch_all(&self.0.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(|row| versioned("shares", row)).collect()
    }

    async fn delete(&self, id: &ShareId) -> StoreResult<()> {
        sqlx::query("DELETE FROM shares WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
