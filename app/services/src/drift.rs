//! Drift: what was changed in AWS behind a share's back, and the run that mends it.

mod schedule;

use crate::activity::Happened;
use crate::drafts::fresh;
use crate::ports::store::{RunRecord, ShareRecord};
use crate::runs::plan_digest;
use crate::sessions::text_digest;
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::names::{RunId, ShareId};
use domain::run::RunKind;
use domain::share::drift::{Choices, Drift, DriftCheck, Finding, Mend, Recorded, Repair, drift, repair};
use domain::share::intent::ShareIntent;
use domain::share::inventory::ShareInventory;
use domain::share::plan::Plan;
use domain::share::view::{DriftView, ShareState, StepView};

/// What came of a wish to mend a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mended {
    /// A run mends it.
    Started(RunId),
    /// There was nothing to change in AWS: the findings are taken as they are.
    Noted,
    /// It would do something else than what was shown, so that nothing was done.
    NotShown,
}

/// The repair of what was found, with what was chosen of it.
fn mending(
    record: &ShareRecord,
    inventory: &ShareInventory,
    found: &Drift,
    chosen: &[String],
) -> ServiceResult<Repair> {
    let asked: Vec<&Finding> = found.findings.iter().filter(|finding| chosen.contains(&finding.key())).collect();
    let mending = repair(&record.intent, inventory, &record.recorded, &Choices::of(asked))
        .map_err(|error| ServiceError::Conflict { message: error.to_string(), hint: error.hint().into() })?;
    match mending.planned.conflicts.first() {
        None => Ok(mending),
        Some(conflict) => Err(ServiceError::Conflict {
            message: conflict.message.clone(),
            hint: "edit the share: its review offers to adopt it or to use another name".into(),
        }),
    }
}

/// The same for the same findings and the same steps.
fn fingerprint(found: &Drift, mending: Option<&Repair>) -> String {
    let keys: Vec<String> = found.findings.iter().map(Finding::key).collect();
    let steps = mending.map(|mending| plan_digest(&mending.planned.plan)).unwrap_or_default();
    text_digest(&format!("{} {steps}", keys.join(" ")))
}

impl Services {
    /// Compares what a share was applied as with what is there, as far as it can be read, and remembers what came of it.
    /// `chosen` are keys of findings that are only mended when someone says so. Changes nothing in AWS.
    pub async fn drift(&self, _operator: &Operator, share: &ShareId, chosen: Vec<String>) -> ServiceResult<DriftView> {
        let record = self.share_record(share).await?.value;
        let (inventory, found) = self.look(&record).await?;
        let check = DriftCheck::of(&found, &record.intent, self.now()).knowing(record.checked.as_ref());
        self.remember_check(&record, check).await?;
        let mending = mending(&record, &inventory, &found, &chosen);
        let steps = mending.as_ref().map(|mending| mending.planned.plan.steps.as_slice()).unwrap_or_default();
        Ok(DriftView {
            share: share.clone(),
            role_name: record.intent.role_name.to_string(),
            steps: steps.iter().map(StepView::from).collect(),
            fingerprint: fingerprint(&found, mending.as_ref().ok()),
            refused: mending.as_ref().err().map(ToString::to_string),
            chosen,
            drift: found,
            now: self.now(),
        })
    }

    /// Mends a share: the plan back to what was asked for, with what else `chosen` names of the findings that are only
    /// mended when someone says so. Does nothing unless the findings and steps are the ones of this fingerprint.
    pub async fn repair_share(
        &self,
        operator: &Operator,
        share: &ShareId,
        chosen: Vec<String>,
        shown: &str,
    ) -> ServiceResult<Mended> {
        let record = self.share_record(share).await?.value;
        if record.state == ShareState::Undone {
            return Err(ServiceError::Conflict {
                message: "the share was undone: there is nothing to mend".into(),
                hint: "share it again from its page".into(),
            });
        }
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator, shown) = (self.clone(), operator.clone(), shown.to_owned());
        uncancelled(async move {
            services.take_lease(&record.intent, &run).await?;
            let mended = services.mend_leased(&operator, &record.intent, &chosen, &shown, &run).await;
            if !matches!(&mended, Ok(Mended::Started(_))) {
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
        chosen: &[String],
        shown: &str,
        run: &RunId,
    ) -> ServiceResult<Mended> {
        self.refuse_second_run(&intent.id).await?;
        let record = self.share_record(&intent.id).await?.value;
        let (inventory, found) = self.look(&record).await?;
        let mending = mending(&record, &inventory, &found, chosen);
        if fingerprint(&found, mending.as_ref().ok()) != shown {
            return Ok(Mended::NotShown);
        }
        let mending = mending?;
        let intent = mending.intent;
        let steps = mending.planned.plan.steps.len();
        // What was found and needs no mending was shown with the rest. What is mended only when asked for stays a finding.
        let noted = found.findings.iter().filter(|finding| finding.mend == Mend::Noted);
        let recorded = record.recorded.noting(noted, &inventory);
        if steps == 0 {
            self.change_share(&intent.id, |share| {
                share.intent = intent.clone();
                share.recorded = recorded.clone();
                share.checked = None;
            })
            .await?;
            self.note(operator.label(), Happened::done("took note of a share as it is").of_share(&intent.id)).await;
            return Ok(Mended::Noted);
        }
        let journal =
            RunRecord::new(run, &intent.id, RunKind::Apply, mending.planned.plan, operator.label(), self.now());
        let shown = self.change_share(&intent.id, |share| {
            share.intent = intent.clone();
            share.recorded = recorded.clone();
            share.state = ShareState::Applying;
            share.last_run = Some(run.clone());
        });
        self.begin(&journal, shown).await?;
        let happened = Happened::done("started mending a share").of_share(&intent.id).of_run(run);
        self.note(operator.label(), happened.detail(format!("{steps} steps"))).await;
        self.execute(journal, &intent);
        Ok(Mended::Started(run.clone()))
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
