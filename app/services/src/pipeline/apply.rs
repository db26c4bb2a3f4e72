//! Apply: the run that makes a pipeline what its review showed.

mod failures;
mod journal;
mod perform;
mod stacks;

pub(super) use failures::{own, refused, too_slow};
pub(super) use journal::PipelineJournal;
pub(super) use perform::{Done, Tell, Told, Work};

use super::Pipelines;
use super::review::Reviewed;
use super::runs::{NewRun, lease_key};
use crate::drafts::fresh;
use crate::{Operator, ServiceError, ServiceResult, uncancelled};
use domain::names::{DraftId, RunId};
use domain::pipeline::draft::PipelineStep;
use domain::pipeline::view::PipelineRunKind;

impl Pipelines {
    /// Starts the run that makes the accounts what the review showed; gives the run. Refused as `Conflict` when they have
    /// changed since that review, while something stands in the way, or while another run over the pipeline is under way.
    pub async fn apply(&self, operator: &Operator, draft: &DraftId, fingerprint: &str) -> ServiceResult<RunId> {
        let reviewed = self.reviewed(draft).await?;
        self.may_be_applied(operator, draft, &reviewed, fingerprint).await?;
        let key = lease_key(&reviewed.intent);
        let run: RunId = fresh(RunId::parse)?;
        let (pipelines, operator, draft) = (self.clone(), operator.clone(), draft.clone());
        // A run that is written but never executed would be in the way of every other.
        uncancelled(async move {
            pipelines.take_lease(&key, &run).await?;
            let applied = pipelines.apply_leased(&operator, &draft, reviewed, &run).await;
            if applied.is_err() {
                pipelines.inner.services.give_back(&key, &run).await;
            }
            applied.map(|()| run)
        })
        .await
    }

    async fn apply_leased(
        &self,
        operator: &Operator,
        draft: &DraftId,
        reviewed: Reviewed,
        run: &RunId,
    ) -> ServiceResult<()> {
        self.refuse_second_run(&reviewed.pipeline).await?;
        let Reviewed { pipeline, intent, table, plan, outputs, .. } = reviewed;
        let kind = PipelineRunKind::Apply;
        self.launch(operator, NewRun { id: run, pipeline: &pipeline, kind, intent, table, plan, outputs }).await?;
        self.reach(draft, PipelineStep::Apply).await;
        Ok(())
    }

    async fn may_be_applied(
        &self,
        operator: &Operator,
        draft: &DraftId,
        reviewed: &Reviewed,
        fingerprint: &str,
    ) -> ServiceResult<()> {
        let refused = |message: String, hint: &str| Err(ServiceError::Conflict { message, hint: hint.into() });
        if let Some(fault) = reviewed.faults.first() {
            return refused(format!("a standing check stands in the way: {fault}"), "look at the review's checks");
        }
        if reviewed.fingerprint != fingerprint {
            let message = "the accounts or the answers have changed since this review".into();
            return refused(message, "look at the new review, then apply");
        }
        let preflight = self.preflight(operator, draft).await?;
        match preflight.wrong().next() {
            Some(wrong) => refused(wrong.message.clone(), wrong.hint.as_deref().unwrap_or("look at the preflight")),
            None => self.still_lead_there(&reviewed.intent).await,
        }
    }
}
