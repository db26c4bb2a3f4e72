//! Undo: what it would do, played through on both accounts as they are, and doing it.
//!
//! What to take back and what is in the way is [`domain::share::plan::dry_run`]'s. What others built on a share is
//! touched only with a person's consent to that very thing, and what is executed is what was shown: the accounts are
//! looked at once more under the lease.

mod elsewhere;

use crate::activity::Happened;
use crate::drafts::fresh;
use crate::function::untold;
use crate::ports::gateway::GatewayError;
use crate::ports::store::RunRecord;
use crate::runs::plan_digest;
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::names::{RunId, ShareId};
use domain::run::{RunKind, RunState};
use domain::share::Side;
use domain::share::drift::Unknown;
use domain::share::function::{Going, removal};
use domain::share::intent::ShareIntent;
use domain::share::inventory::ShareInventory;
use domain::share::plan::{DryRun, Outcome, PastRun, dry_run};
use domain::share::render::lambda;
use domain::share::sentence::undo_sentence;
use domain::share::view::{ApplyView, ShareState, UndoConsent, UndoView};
use std::collections::BTreeSet;

/// A tear-down that was played through.
struct Tried {
    dry: DryRun,
    /// Why it can't be executed as it stands.
    refused: Option<String>,
}

impl Services {
    /// What Undo would do with this consent. Changes nothing.
    pub async fn undo_plan(
        &self,
        _operator: &Operator,
        share: &ShareId,
        consent: &UndoConsent,
    ) -> ServiceResult<UndoView> {
        let record = self.share_record(share).await?.value;
        let Tried { dry, refused } = self.tried(&record.intent, &consent.keys).await?;
        Ok(UndoView {
            sentence: undo_sentence(&record.intent, &dry),
            fingerprint: plan_digest(&dry.plan),
            steps: dry.steps,
            blockers: dry.blockers,
            stays: dry.stays,
            untagged: dry.untagged,
            unknown: dry.unknown,
            refused,
        })
    }

    /// Takes back what the share's runs made, and clears what was consented to. Refused as `Conflict` while something is
    /// in the way, and when the plan has become another one than was shown.
    pub async fn undo(&self, operator: &Operator, share: &ShareId, consent: &UndoConsent) -> ServiceResult<ApplyView> {
        let record = self.share_record(share).await?.value;
        let run: RunId = fresh(RunId::parse)?;
        let (services, operator, consent) = (self.clone(), operator.clone(), consent.clone());
        uncancelled(async move {
            services.take_lease(&record.intent, &run).await?;
            let undone = services.undo_leased(&operator, &record.intent.id, &consent, &run).await;
            if !matches!(&undone, Ok(ApplyView { run: Some(_), .. })) {
                services.give_lease_back(&record.intent, &run).await;
            }
            undone
        })
        .await
    }

    async fn undo_leased(
        &self,
        operator: &Operator,
        share: &ShareId,
        consent: &UndoConsent,
        run: &RunId,
    ) -> ServiceResult<ApplyView> {
        self.refuse_second_run(share).await?;
        let intent = &self.share_record(share).await?.value.intent;
        let Tried { dry, refused } = self.tried(intent, &consent.keys).await?;
        if let Some(message) = refused {
            let hint = "look at what is in the way: some of it is cleared with your consent".into();
            return Err(ServiceError::Conflict { message, hint });
        }
        if consent.shown.as_ref().is_some_and(|shown| *shown != plan_digest(&dry.plan)) {
            return Err(ServiceError::Conflict {
                message: "what undoing does has changed since it was shown".into(),
                hint: "look at the steps as they are now, then undo".into(),
            });
        }
        if dry.plan.steps.is_empty() && !dry.untagged.is_empty() {
            return Err(ServiceError::Conflict {
                message: format!("{} is still there, but no tag says that this share made it", dry.untagged.join(", ")),
                hint: "check for drift to put the tags back, then undo; or delete it by hand".into(),
            });
        }
        let plan = dry.plan;
        self.inner.playground.forget_share(share);
        if plan.steps.is_empty() {
            // Remembered as a run all the same: it marks where the share's next life begins.
            let mut journal = RunRecord::new(run, share, RunKind::Undo, plan, operator.label(), self.now());
            journal.state = RunState::Succeeded;
            journal.finished = Some(self.now());
            self.inner.stores.runs.put(&journal).await?;
            self.change_share(share, |record| record.state = ShareState::Undone).await?;
            self.note(operator.label(), Happened::done("found nothing left to undo").of_share(share)).await;
            return Ok(ApplyView { share: share.clone(), run: None });
        }
        let steps = plan.steps.len();
        let journal = RunRecord::new(run, share, RunKind::Undo, plan, operator.label(), self.now());
        let shown = self.change_share(share, |record| {
            record.state = ShareState::Applying;
            record.last_run = Some(run.clone());
        });
        self.begin(&journal, shown).await?;
        let happened = Happened::done("started undoing a share").of_share(share).of_run(run);
        self.note(operator.label(), happened.detail(format!("{steps} steps"))).await;
        self.execute(journal, intent);
        Ok(ApplyView { share: share.clone(), run: Some(run.clone()) })
    }

    async fn tried(&self, intent: &ShareIntent, consent: &BTreeSet<String>) -> ServiceResult<Tried> {
        let runs = self.inner.stores.runs.of_share(&intent.id).await?;
        let mut inventory = self.whole_inventory(intent).await?;
        let past = past_of(&runs);
        self.look_elsewhere(intent, &past, &mut inventory).await?;
        let mut dry = dry_run(intent, &past, &inventory, consent);
        if let Some(connection) = &intent.child_connection
            && !inventory.unread.contains_key(&Side::Child)
        {
            match self.standing_function(intent, connection, &runs).await {
                Ok(None) => {}
                Ok(Some((made, found))) => {
                    let removal = removal(intent, connection, &made, &found, &dry.plan.steps, Going::Share);
                    dry = dry.with_function(removal);
                }
                // Nobody who never made one has to be let near Lambda to undo a share.
                Err(error) if untold(&runs) => dry.unknown.push(no_look(intent, &error)),
                Err(error) => return Err(error.into()),
            }
        }
        let refused = refusal(&dry, &inventory);
        Ok(Tried { dry, refused })
    }
}

fn no_look(intent: &ShareIntent, error: &GatewayError) -> Unknown {
    let (name, child) = (lambda::function_name(&intent.id), &intent.child);
    let reason = format!(
        "Whether account {child} has a test function `{name}` of this share is not known: {error}. If it has, it stays \
         until someone deletes it."
    );
    Unknown { side: Side::Child, reason }
}

/// What a share's runs, newest first, did since it was last undone, oldest first. What repairs did for the share goes with
/// it. What was deleted with a test function was the function's.
fn past_of(runs: &[RunRecord]) -> Vec<PastRun> {
    let ended = |run: &&RunRecord| run.kind == RunKind::Undo && run.state == RunState::Succeeded;
    let since = runs.iter().take_while(|run| !ended(run));
    let of_share = since.filter(|run| matches!(run.kind, RunKind::Apply | RunKind::Repair));
    let mut past: Vec<PastRun> = of_share.map(RunRecord::past).collect();
    past.reverse();
    past
}

/// A side that can't be read now is not left behind and forgotten; one that was never connected has its own
/// administrator.
fn refusal(dry: &DryRun, inventory: &ShareInventory) -> Option<String> {
    if let Some(reason) = inventory.unread.values().next() {
        return Some(format!("the share can't be taken back whole, as one side of it can't be read: {reason}"));
    }
    let blocked = dry.steps.iter().find_map(|step| match &step.outcome {
        Outcome::Blocked { .. } => Some(format!("“{}” would be refused by AWS", step.title)),
        _ => None,
    });
    blocked.or_else(|| (!dry.ready()).then(|| "a step waits for one that would be refused".into()))
}
