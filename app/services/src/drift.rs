//! Drift: what was changed in AWS behind a share's back, and the run that mends it.

mod schedule;

use crate::activity::Happened;
use crate::drafts::fresh;
use crate::ports::store::{RunRecord, ShareRecord};
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::names::{RunId, ShareId};
use domain::run::RunKind;
use domain::share::drift::{Choices, Drift, DriftCheck, Finding, Mend, Recorded, drift, repair};
use domain::share::intent::ShareIntent;
use domain::share::inventory::ShareInventory;
use domain::share::plan::Plan;
use domain::share::view::{ApplyView, DriftView, ShareState, StepView};

impl Services {
    /// Compares what a share was applied as with what is there, as far as it can be read, and remembers what came of it.
    /// Changes nothing in AWS.
    pub async fn drift(&self, _operator: &Operator, share: &ShareId) -> ServiceResult<DriftView> {
        let record = self.share_record(share).await?.value;
        let (inventory, found) = self.look(&record).await?;
        self.remember_check(&record, DriftCheck::of(&found, &record.intent, self.now())).await?;
        // Without anything that has to be asked for; when that can't be planned there is nothing to offer.
        let steps = match repair(&record.intent, &inventory, &record.recorded, &Choices::default()) {
            Ok(repair) if repair.planned.conflicts.is_empty() => repair.planned.plan.steps,
            _ => Vec::new(),
        };
        Ok(DriftView {
            share: share.clone(),
            role_name: record.intent.role_name.to_string(),
            drift: found,
            steps: steps.iter().map(StepView::from).collect(),
            now: self.now(),
        })
    }

    /// Mends a share: the plan back to what was asked for, with what else `keys` names of the findings that are only
    /// mended when someone says so.
    pub async fn repair_share(
        &self,
        operator: &Operator,
        share: &ShareId,
        keys: Vec<String>,
    ) -> ServiceResult<ApplyView> {
        let record = self.share_record(share).await?.value;
        if record.state == ShareState::Undone {
            return Err(ServiceError::Conflict {
                message: "the share was undone: there is nothing to mend".into(),
                hint: "share it again from its page".into(),
            });
        }
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator) = (self.clone(), operator.clone());
        uncancelled(async move {
            services.take_lease(&record.intent, &run).await?;
            let mended = services.mend_leased(&operator, &record.intent, &keys, &run).await;
            if !matches!(&mended, Ok(ApplyView { run: Some(_), .. })) {
                services.give_lease_back(&record.intent, &run).await;
            }
            mended
        })
        .await
    }

    async fn mend_leased(
        &self,
        operator: &Operator,
        intent: &ShareIntent,
        keys: &[String],
        run: &RunId,
    ) -> ServiceResult<ApplyView> {
        self.refuse_second_run(&intent.id).await?;
        let record = self.share_record(&intent.id).await?.value;
        let intent = &record.intent;
        let (inventory, found) = self.look(&record).await?;
        let asked: Vec<&Finding> = found.findings.iter().filter(|finding| keys.contains(&finding.key())).collect();
        let mending = repair(intent, &inventory, &record.recorded, &Choices::of(asked))
            .map_err(|error| ServiceError::Conflict { message: error.to_string(), hint: error.hint().into() })?;
        if let Some(conflict) = mending.planned.conflicts.first() {
            return Err(ServiceError::Conflict {
                message: conflict.message.clone(),
                hint: "edit the share: its review offers to adopt it or to use another name".into(),
            });
        }
        let steps = mending.planned.plan.steps.len();
        // What was found and needs no mending was shown with the rest. What is mended only when asked for stays a finding.
        let noted = found.findings.iter().filter(|finding| finding.mend == Mend::Noted);
        let recorded = record.recorded.noting(noted, &inventory);
        if steps == 0 {
            self.change_share(&intent.id, |share| {
                share.intent = mending.intent.clone();
                share.recorded = recorded.clone();
                share.checked = None;
            })
            .await?;
            self.note(operator.label(), Happened::done("took note of a share as it is").of_share(&intent.id)).await;
            return Ok(ApplyView { share: intent.id.clone(), run: None });
        }
        let journal =
            RunRecord::new(run, &intent.id, RunKind::Apply, mending.planned.plan, operator.label(), self.now());
        let shown = self.change_share(&intent.id, |share| {
            share.intent = mending.intent.clone();
            share.recorded = recorded.clone();
            share.state = ShareState::Applying;
            share.last_run = Some(run.clone());
        });
        self.begin(&journal, shown).await?;
        let happened = Happened::done("started mending a share").of_share(&intent.id).of_run(run);
        self.note(operator.label(), happened.detail(format!("{steps} steps"))).await;
        self.execute(journal, &mending.intent);
        Ok(ApplyView { share: intent.id.clone(), run: Some(run.clone()) })
    }

    /// What to remember of a share after a run that went through: what the run did, and nothing that others did meanwhile.
    pub(crate) async fn recorded(&self, share: &ShareId, plan: &Plan) -> ServiceResult<Recorded> {
        let record = self.share_record(share).await?.value;
        Ok(record.recorded.after(plan, &record.intent, &self.readable_inventory(&record.intent).await?))
    }

    /// Both accounts as far as they can be read, and how they differ from what was applied.
    async fn look(&self, record: &ShareRecord) -> ServiceResult<(ShareInventory, Drift)> {
        let inventory = self.whole_inventory(&record.intent).await?;
        let found = drift(&record.intent, &inventory, &record.recorded);
        Ok((inventory, found))
    }

    /// Keeps what a look came to, unless the share has been changed since it was looked at.
    async fn remember_check(&self, looked_at: &ShareRecord, check: DriftCheck) -> ServiceResult<()> {
        if !is_standing(looked_at.state) {
            return Ok(());
        }
        self.change_share(&looked_at.intent.id, |share| {
            if is_standing(share.state) && share.last_run == looked_at.last_run && share.intent == looked_at.intent {
                share.checked = Some(check.clone());
            }
        })
        .await
    }
}

/// Whether a share was applied and nothing is under way.
fn is_standing(state: ShareState) -> bool {
    matches!(state, ShareState::Applied | ShareState::Verified | ShareState::NotWorking)
}
