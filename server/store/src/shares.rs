//! Shares the console made.

use crate::table::Table;
use async_trait::async_trait;
use domain::names::ShareId;
use domain::time::Timestamp;
use services::ports::store::{ShareRecord, ShareStore, StoreResult, Versioned};

#[derive(Debug)]
pub(crate) struct SqliteShares(pub(crate) Table);

#[async_trait]
impl ShareStore for SqliteShares {
    async fn get(&self, id: &ShareId) -> StoreResult<Option<Versioned<ShareRecord>>> {
        self.0.get(id.as_str()).await
    }

    async fn put(&self, record: &ShareRecord, version: i64, now: Timestamp) -> StoreResult<()> {
        self.0.put(record.intent.id.as_str(), record, record.created, version, now).await
    }

    async fn list(&self) -> StoreResult<Vec<Versioned<ShareRecord>>> {
        self.0.latest("created", u32::MAX).await
    }

    async fn delete(&self, id: &ShareId) -> StoreResult<()> {
        self.0.delete(id.as_str()).await
    }
}
