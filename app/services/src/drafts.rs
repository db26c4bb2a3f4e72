//! The share wizard's drafts: kept as typed, checked step by step.

use crate::{Operator, ServiceResult, Services};
use domain::names::{DraftId, ShareId};
use domain::share::view::{DraftSummary, DraftView};
use domain::wizard::{FieldProblem, StepForm};

impl Services {
    /// Starts a wizard.
    pub async fn start_draft(&self, operator: &Operator) -> ServiceResult<DraftId> {
        let _ = operator;
        self.not_yet()
    }

    /// Starts a wizard over a share that exists: the same share, with its answers filled in.
    pub async fn edit_share(&self, operator: &Operator, share: &ShareId) -> ServiceResult<DraftId> {
        let _ = (operator, share);
        self.not_yet()
    }

    /// Drops a draft; no error if it is gone.
    pub async fn delete_draft(&self, operator: &Operator, draft: &DraftId) -> ServiceResult<()> {
        let _ = (operator, draft);
        self.not_yet()
    }

    /// A draft with what is wrong with it.
    pub async fn draft(&self, operator: &Operator, draft: &DraftId) -> ServiceResult<DraftView> {
        let _ = (operator, draft);
        self.not_yet()
    }

    /// Unfinished drafts, newest first.
    pub async fn drafts(&self, operator: &Operator) -> ServiceResult<Vec<DraftSummary>> {
        let _ = operator;
        self.not_yet()
    }

    /// Keeps a step's answers as they were typed, and says what is wrong with them; empty when the step is fine.
    pub async fn save_step(
        &self,
        operator: &Operator,
        draft: &DraftId,
        form: StepForm,
    ) -> ServiceResult<Vec<FieldProblem>> {
        let _ = (operator, draft, form);
        self.not_yet()
    }
}
