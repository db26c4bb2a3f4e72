//! The journal of a run over a share.

use super::accounts::Accounts;
use super::perform::{Done, perform};
use crate::activity::Happened;
use crate::journal::{Heard, RunJournal, Tell};
use crate::ports::store::{RunRecord, StoreResult};
use crate::{ServiceError, Services};
use async_trait::async_trait;
use domain::activity::ActivityOutcome;
use domain::names::RunId;
use domain::run::{RunKind, RunState, RunView, StepError, StepState};
use domain::share::drift::Recorded;
use domain::share::function::function_steps;
use domain::share::view::ShareState;
use domain::time::Timestamp;
use domain::wizard::WizardStep;
use futures::future::BoxFuture;
use std::sync::Arc;

pub(super) struct ShareJournal {
    services: Services,
    accounts: Arc<Accounts>,
    record: RunRecord,
    key: String,
}

impl ShareJournal {
    pub(super) fn new(services: Services, record: RunRecord, key: String) -> Self {
        Self { services, accounts: Arc::default(), record, key }
    }

    /// The share before the run: whoever sees the run ended finds the share in its new state.
    async fn show_share(&self, failed: bool) {
        let kind = self.record.kind;
        let of_share = self.record.plan.steps.len() > function_steps(&self.record.plan).count();
        if kind == RunKind::MakeFunction || (kind == RunKind::DeleteFunction && (failed || !of_share)) {
            return;
        }
        let recorded = match (failed, kind) {
            (_, RunKind::MakeFunction) => None,
            (false, RunKind::Apply | RunKind::Repair | RunKind::DeleteFunction) => {
                self.services.recorded(&self.record.share, &self.record.plan).await.ok()
            }
            // The share's next life begins without a memory of this one.
            (false, RunKind::Undo) => Some(Recorded::default()),
            (true, _) => None,
        };
        let shown = self.services.change_share(&self.record.share, |share| {
            share.state = match (failed, kind) {
                // A repair mends what stands, and what it did not mend stands as before.
                (_, RunKind::Repair | RunKind::DeleteFunction | RunKind::MakeFunction)
                    if matches!(share.state, ShareState::Incomplete | ShareState::Undone) =>
                {
                    share.state
                }
                (_, RunKind::Repair | RunKind::DeleteFunction | RunKind::MakeFunction) | (false, RunKind::Apply) => {
                    ShareState::Applied
                }
                (true, _) => ShareState::Incomplete,
                (false, RunKind::Undo) => ShareState::Undone,
            };
            // What was proved about an earlier state says nothing about this one.
            share.verification = None;
            share.checked = None;
            if let Some(recorded) = &recorded {
                share.recorded = recorded.clone();
            }
        });
        match shown.await {
            // A handshake can be repaired that is no share's.
            Err(ServiceError::NotFound { .. }) if kind == RunKind::Repair => {}
            Err(error) => tracing::error!(%error, run = %self.record.id, "the share's state could not be written"),
            Ok(()) => {}
        }
    }

    async fn open_verify(&self) {
        let Ok(drafts) = self.services.inner.stores.drafts.list(100).await else { return };
        for draft in
            drafts.iter().filter(|d| d.value.share == self.record.share && d.value.reached == WizardStep::Apply)
        {
            self.services.reach(&draft.value.id, WizardStep::Verify).await;
        }
    }

    async fn note(&self, failed: bool) {
        let what = match (self.record.kind, failed) {
            (RunKind::Apply, false) => "applied a share",
            (RunKind::Apply, true) => "failed to apply a share",
            (RunKind::Undo, false) => "undid a share",
            (RunKind::Undo, true) => "failed to undo a share",
            (RunKind::Repair, false) => "repaired a handshake",
            (RunKind::Repair, true) => "failed to repair a handshake",
            (RunKind::MakeFunction, false) => "made a test function",
            (RunKind::MakeFunction, true) => "failed to make a test function",
            (RunKind::DeleteFunction, false) => "deleted a test function",
            (RunKind::DeleteFunction, true) => "failed to delete a test function",
        };
        let (done, all) = self.record.view().progress();
        let outcome = if failed { ActivityOutcome::Failed } else { ActivityOutcome::Done };
        let mut happened = Happened::done(what).of_share(&self.record.share).of_run(&self.record.id).outcome(outcome);
        happened.took_ms = self.record.finished.map(|end| end.since(self.record.started));
        self.services.note(&self.record.by, happened.detail(format!("{done} of {all} steps"))).await;
    }
}

#[async_trait]
impl RunJournal for ShareJournal {
    type View = RunView;
    type Done = Done;
    /// Why a step is tried again.
    type News = String;

    fn services(&self) -> &Services {
        &self.services
    }
    fn id(&self) -> &RunId {
        &self.record.id
    }
    fn lease(&self) -> &str {
        &self.key
    }
    fn view(&self) -> RunView {
        self.record.view()
    }
    fn states(&self) -> Vec<StepState> {
        self.record.steps.iter().map(|step| step.state).collect()
    }
    fn is_free(&self, step: usize) -> bool {
        let done = |id: &String| self.record.steps.iter().any(|s| s.id == *id && s.state == StepState::Done);
        self.record.plan.steps[step].after.iter().all(done)
    }

    fn begin(&mut self, step: usize, now: Timestamp) {
        let step = &mut self.record.steps[step];
        step.state = StepState::Running;
        step.attempts += 1;
        step.started = Some(now);
        step.took_ms = None;
        step.note = None;
    }

    fn call(&self, step: usize, again: Tell<String>) -> BoxFuture<'static, Result<Done, StepError>> {
        let (services, accounts) = (self.services.clone(), self.accounts.clone());
        let (share, results) = (self.record.share.clone(), self.record.results.clone());
        let tried = self.record.steps[step].attempts > 1;
        let step = self.record.plan.steps[step].clone();
        Box::pin(async move { perform((&services, &accounts), &share, &step, &results, tried, &*again).await })
    }

    fn end(&mut self, step: usize, took_ms: u64, result: Result<Done, StepError>) {
        let step = &mut self.record.steps[step];
        step.took_ms = Some(took_ms);
        match result {
            Ok(done) => {
                step.state = StepState::Done;
                step.request_id = done.request_id;
                step.note = done.note;
                if let Some(result) = done.result {
                    self.record.results.insert(step.id.clone(), result);
                }
            }
            Err(error) => {
                step.state = StepState::Failed;
                step.request_id.clone_from(&error.request_id);
                step.note = None;
                step.error = Some(error);
            }
        }
    }

    fn hear(&mut self, step: usize, because: String) -> Heard {
        let step = &mut self.record.steps[step];
        if step.state != StepState::Running {
            return Heard::Ignored;
        }
        step.attempts += 1;
        step.note = Some(format!("trying again: {because}"));
        Heard::Kept
    }

    fn revise(&mut self) {
        self.record.revision += 1;
    }

    async fn put(&self) -> StoreResult<()> {
        self.services.inner.stores.runs.put(&self.record).await
    }

    fn give_up(&mut self) {
        self.record.state = RunState::Failed;
    }

    async fn conclude(&mut self, failed: bool) -> Result<(), &'static str> {
        self.record.state = if failed { RunState::Failed } else { RunState::Succeeded };
        self.record.finished = Some(self.services.now());
        self.show_share(failed).await;
        if !failed && self.record.kind == RunKind::Apply {
            self.open_verify().await;
        }
        self.services.inner.playground.forget_share(&self.record.share);
        self.note(failed).await;
        Ok(())
    }
}
