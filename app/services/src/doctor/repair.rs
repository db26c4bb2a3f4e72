//! Repairs: the plan that was shown, run like any other.

use super::Examined;
use crate::activity::Happened;
use crate::drafts::fresh;
use crate::ports::store::RunRecord;
use crate::runs::{plan_digest, role_key};
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::doctor::{Live, Question};
use domain::names::{RunId, ShareId};
use domain::run::RunKind;
use domain::share::plan::Plan;

impl Services {
    /// Makes every repair of a handshake that can be made from here, as a run. Refused as `Conflict` when the plan is
    /// another one than `fingerprint` says was shown, or while another run on the same role is under way.
    pub async fn repair(
        &self,
        operator: &Operator,
        question: &Question,
        live: &Live,
        shown: &str,
    ) -> ServiceResult<RunId> {
        let share = self.share_of(question).await?;
        let subject = match &share {
            Some(share) => share.clone(),
            None => fresh(ShareId::parse)?,
        };
        let run: RunId = fresh(RunId::parse)?;
        let key = role_key(&question.parent(), question.role_name());
        let (services, operator) = (self.clone(), operator.clone());
        let (question, live, shown) = (question.clone(), live.clone(), shown.to_owned());
        uncancelled(async move {
            services.take_lease_on(&key, &run).await?;
            // Read under the lease: what another run writes meanwhile would be written over.
            let started = async {
                let plan = services.plan_as_shown(&operator, &question, &live, &shown).await?;
                services.repair_leased(&operator, subject, plan, &run, &key).await
            };
            let started = started.await;
            if started.is_err() {
                services.give_back(&key, &run).await;
            }
            started.map(|()| run)
        })
        .await
    }

    async fn plan_as_shown(
        &self,
        operator: &Operator,
        question: &Question,
        live: &Live,
        shown: &str,
    ) -> ServiceResult<Plan> {
        let Examined { plan, .. } = self.examine(operator, question, live).await?;
        if plan.steps.is_empty() {
            return Err(ServiceError::Conflict {
                message: "there is nothing left to repair".into(),
                hint: "diagnose again to see where the handshake stands".into(),
            });
        }
        if plan_digest(&plan) != shown {
            return Err(ServiceError::Conflict {
                message: "the accounts have changed since this diagnosis".into(),
                hint: "look at the new one, then repair".into(),
            });
        }
        Ok(plan)
    }

    async fn repair_leased(
        &self,
        operator: &Operator,
        subject: ShareId,
        plan: Plan,
        run: &RunId,
        key: &str,
    ) -> ServiceResult<()> {
        self.refuse_second_run(&subject).await?;
        let steps = plan.steps.len();
        let mut journal = RunRecord::new(run, &subject, RunKind::Repair, plan, operator.label(), self.now());
        journal.lease = Some(key.to_owned());
        self.inner.stores.runs.put(&journal).await?;
        let happened = Happened::done("started repairing a handshake").of_run(run).detail(format!("{steps} steps"));
        self.note(operator.label(), happened).await;
        self.execute_under(journal, key.to_owned());
        Ok(())
    }
}
