//! Unfinished wizards.

use crate::table::Table;
use async_trait::async_trait;
use domain::names::DraftId;
use domain::time::Timestamp;
use domain::wizard::ShareDraft;
use services::ports::store::{DraftStore, StoreResult, Versioned};

#[derive(Debug)]
pub(crate) struct SqliteDrafts(pub(crate) Table);

#[async_trait]
impl DraftStore for SqliteDrafts {
    async fn create(&self, draft: &ShareDraft, now: Timestamp) -> StoreResult<()> {
        self.0.insert(draft.id.as_str(), draft, now).await
    }

    async fn get(&self, id: &DraftId) -> StoreResult<Option<Versioned<ShareDraft>>> {
        self.0.get(id.as_str()).await
    }

    async fn update(&self, draft: &ShareDraft, version: i64, now: Timestamp) -> StoreResult<()> {
        self.0.update(draft.id.as_str(), draft, version, now).await
    }

    async fn delete(&self, id: &DraftId) -> StoreResult<()> {
        self.0.delete(id.as_str()).await
    }

    async fn list(&self, limit: u32) -> StoreResult<Vec<Versioned<ShareDraft>>> {
        self.0.latest("changed", limit).await
    }
}
