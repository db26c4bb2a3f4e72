//! Unfinished wizards.

use crate::open::Database;
use crate::record::{failed, one_written, versioned, write};
use async_trait::async_trait;
use domain::names::DraftId;
use domain::time::Timestamp;
use domain::wizard::ShareDraft;
use services::ports::store::{DraftStore, StoreResult, Versioned};

#[derive(Debug)]
pub(crate) struct SqliteDrafts(pub(crate) Database);

#[async_trait]
impl DraftStore for SqliteDrafts {
    async fn create(&self, draft: &ShareDraft, now: Timestamp) -> StoreResult<()> {
        sqlx::query("INSERT INTO drafts (id, version, changed, body) VALUES ($1, 1, $2, $3)")
            .bind(draft.id.as_str())
            .bind(now.0)
            .bind(write(draft)?)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<ShareDraft>>> {
        let row = sqlx::query("SELECT id, version, changed, body FROM drafts WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)?;
        row.map(|row| versioned("drafts", &row)).transpose()
    }

    async fn update(&self, draft: &ShareDraft, version: i64, now: Timestamp) -> StoreResult<()> {
        let sql = "UPDATE drafts SET version = version + 1, changed = $1, body = $2 WHERE id = $3 AND version = $4";
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
        sqlx::query("DELETE FROM drafts WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<ShareDraft>>> {
        let sql = "SELECT id, version, changed, body FROM drafts ORDER BY changed DESC, id DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(&self.0.readers).await.map_err(failed)?;
        rows.iter().map(|row| versioned("drafts", row)).collect()
    }
}
