//! The audit trail, written in batches off the path of calls.

use crate::{Operator, ServiceResult, Services};
use domain::activity::ActivityView;
use domain::endpoint::Page;

impl Services {
    /// The audit trail, newest first, at most `limit` (100) entries older than the id in `before`.
    pub async fn activity(
        &self,
        operator: &Operator,
        before: Option<i64>,
        limit: u32,
    ) -> ServiceResult<Page<ActivityView>> {
        let _ = (operator, before, limit);
        self.not_yet()
    }
}
