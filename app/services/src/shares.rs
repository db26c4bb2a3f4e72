//! Shares as the console lists and shows them, and the first page.

use crate::{Operator, ServiceResult, Services};
use domain::names::ShareId;
use domain::share::view::{OverviewView, ShareSummary, ShareView};

impl Services {
    /// The first page.
    pub async fn overview(&self, operator: &Operator) -> ServiceResult<OverviewView> {
        let _ = operator;
        self.not_yet()
    }

    /// All shares, newest first.
    pub async fn shares(&self, operator: &Operator) -> ServiceResult<Vec<ShareSummary>> {
        let _ = operator;
        self.not_yet()
    }

    /// A share in full.
    pub async fn share(&self, operator: &Operator, share: &ShareId) -> ServiceResult<ShareView> {
        let _ = (operator, share);
        self.not_yet()
    }
}
