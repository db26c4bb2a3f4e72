//! Browser sessions, by the digest of their cookie.

use crate::open::Database;
use crate::record::failed;
use async_trait::async_trait;
use domain::time::Timestamp;
use services::ports::store::{SessionStore, StoreResult};

#[derive(Debug)]
pub(crate) struct SqliteSessions(pub(crate) Database);

#[async_trait]
impl SessionStore for SqliteSessions {
    async fn create(&self, digest: &str, label: &str, expires: Timestamp) -> StoreResult<()> {
        let sql = "INSERT INTO sessions (digest, label, expires) VALUES ($1, $2, $3) \
                   ON CONFLICT (digest) DO UPDATE SET label = excluded.label, expires = excluded.expires";
        sqlx::query(sql).bind(digest).bind(label).bind(expires.0).execute(&self.0.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn get(&self, digest: &str, now: Timestamp) -> StoreResult<Option<String>> {
        sqlx::query_scalar("SELECT label FROM sessions WHERE digest = $1 AND expires > $2")
            .bind(digest)
            .bind(now.0)
            .fetch_optional(&self.0.readers)
            .await
            .map_err(failed)
    }

    async fn delete(&self, digest: &str) -> StoreResult<()> {
        sqlx::query("DELETE FROM sessions WHERE digest = $1")
            .bind(digest)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> StoreResult<()> {
        sqlx::query("DELETE FROM sessions WHERE expires <= $1")
            .bind(now.0)
            .execute(&self.0.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
