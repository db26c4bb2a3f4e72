//! Review and Apply: what was asked for against what is there, and the go-ahead.

use crate::{Operator, ServiceResult, Services};
use domain::names::DraftId;
use domain::share::view::{ApplyView, ConflictChoice, ReviewView};

impl Services {
    /// The plan as a diff against both accounts. Refused as `Invalid` while a step is unfinished.
    pub async fn review(&self, operator: &Operator, draft: &DraftId) -> ServiceResult<ReviewView> {
        let _ = (operator, draft);
        self.not_yet()
    }

    /// Settles a conflict; `what` is `role`, `policy` or `grant`.
    pub async fn resolve_conflict(
        &self,
        operator: &Operator,
        draft: &DraftId,
        what: &str,
        choice: ConflictChoice,
    ) -> ServiceResult<()> {
        let _ = (operator, draft, what, choice);
        self.not_yet()
    }

    /// Starts the run that makes the accounts what the review showed. Refused as `Conflict` when they have changed
    /// since that review, or while another run on the same role is under way.
    pub async fn apply(&self, operator: &Operator, draft: &DraftId, fingerprint: &str) -> ServiceResult<ApplyView> {
        let _ = (operator, draft, fingerprint);
        self.not_yet()
    }
}
