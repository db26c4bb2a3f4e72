//! Carries out a run's plan: every step that waits for nothing runs, side by side, and the journal is written before
//! and after each call. It makes no choices: what to do is in the plan, what was done is in the journal.

use super::accounts::Accounts;
use super::perform::{Done, perform};
use super::{LEASE_MS, RENEW};
use crate::activity::Happened;
use crate::ports::store::{RunRecord, StoreResult};
use crate::{ServiceError, Services};
use domain::activity::ActivityOutcome;
use domain::run::{RunKind, RunState, RunView, StepError, StepState};
use domain::share::drift::Recorded;
use domain::share::function::function_steps;
use domain::share::view::ShareState;
use domain::wizard::WizardStep;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often a write to the store is tried before the run is left as it is, for the next start to resume.
const WRITES: u32 = 5;
/// How long calls under way may take to come back once the process is asked to stop.
const LAST_CALLS: Duration = Duration::from_secs(3);

/// A step that has to be tried again, told while it waits.
pub(super) struct TryAgain {
    pub(super) step: usize,
    pub(super) because: String,
}

struct Outcome {
    step: usize,
    took: Duration,
    result: Result<Done, StepError>,
}

/// Why execution ended before the plan did.
enum Stopped {
    /// The process is going down, or another one holds the lease now.
    Quietly,
    /// The store does not take the journal: nothing may be done that is not written down.
    NoJournal,
}

pub(super) struct Executor {
    services: Services,
    accounts: Arc<Accounts>,
    record: RunRecord,
    key: String,
    view: watch::Sender<RunView>,
    stop: watch::Receiver<bool>,
}

impl Executor {
    pub(super) fn new(
        services: Services,
        record: RunRecord,
        key: String,
        view: watch::Sender<RunView>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { services, accounts: Arc::default(), record, key, view, stop }
    }

    pub(super) async fn run(mut self) {
        match self.execute().await {
            Ok(()) => self.finish().await,
            Err(Stopped::Quietly) => {}
            Err(Stopped::NoJournal) => {
                tracing::error!(run = %self.record.id, "the journal can't be written; the run stops until the next start");
                self.record.state = RunState::Failed;
                self.show();
            }
        }
    }

    async fn execute(&mut self) -> Result<(), Stopped> {
        let (again, mut retries) = mpsc::unbounded_channel();
        let mut calls = FuturesUnordered::new();
        let mut renew = tokio::time::interval(RENEW);
        let mut stop = self.stop.clone();
        loop {
            if *stop.borrow() {
                self.last_calls(&mut calls).await?;
                return Err(Stopped::Quietly);
            }
            self.begin(&mut calls, &again).await?;
            if calls.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some(outcome) = calls.next() => self.end(outcome).await?,
                Some(retry) = retries.recv() => self.trying_again(retry).await?,
                _ = renew.tick() => self.renew().await?,
                _ = stop.changed() => {}
            }
        }
    }

    /// Starts every step whose predecessors are done. The journal says so before the first call goes out.
    async fn begin(
        &mut self,
        calls: &mut FuturesUnordered<BoxFuture<'static, Outcome>>,
        again: &mpsc::UnboundedSender<TryAgain>,
    ) -> Result<(), Stopped> {
        let ready: Vec<usize> = (0..self.record.steps.len()).filter(|at| self.ready(*at)).collect();
        if ready.is_empty() {
            return Ok(());
        }
        let now = self.services.now();
        for at in &ready {
            let step = &mut self.record.steps[*at];
            step.state = StepState::Running;
            step.attempts += 1;
            step.started = Some(now);
            step.took_ms = None;
            step.note = None;
        }
        self.write().await?;
        for at in ready {
            let (services, accounts) = (self.services.clone(), self.accounts.clone());
            let step = self.record.plan.steps[at].clone();
            let (share, results) = (self.record.share.clone(), self.record.results.clone());
            let (again, tried) = (again.clone(), self.record.steps[at].attempts > 1);
            calls.push(Box::pin(async move {
                let began = Instant::now();
                let result = perform((&services, &accounts), &share, (at, &step), &results, tried, &again).await;
                Outcome { step: at, took: began.elapsed(), result }
            }));
        }
        Ok(())
    }

    fn ready(&self, at: usize) -> bool {
        let done = |id: &String| self.record.steps.iter().any(|s| s.id == *id && s.state == StepState::Done);
        self.record.steps[at].state == StepState::Pending && self.record.plan.steps[at].after.iter().all(done)
    }

    async fn end(&mut self, outcome: Outcome) -> Result<(), Stopped> {
        let Outcome { step: at, took, result } = outcome;
        let step = &mut self.record.steps[at];
        step.took_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
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
        self.write().await
    }

    async fn trying_again(&mut self, retry: TryAgain) -> Result<(), Stopped> {
        let step = &mut self.record.steps[retry.step];
        if step.state == StepState::Running {
            step.attempts += 1;
            step.note = Some(format!("trying again: {}", retry.because));
            self.write().await?;
        }
        Ok(())
    }

    async fn last_calls(&mut self, calls: &mut FuturesUnordered<BoxFuture<'static, Outcome>>) -> Result<(), Stopped> {
        let until = tokio::time::Instant::now() + LAST_CALLS;
        while let Ok(Some(outcome)) = tokio::time::timeout_at(until, calls.next()).await {
            self.end(outcome).await?;
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Stopped> {
        let now = self.services.now();
        let runs = &self.services.inner.stores.runs;
        match runs.lease(&self.key, self.record.id.as_str(), now.plus_ms(LEASE_MS), now).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(owner)) => {
                tracing::error!(run = %self.record.id, %owner, "the lease was lost to another run; this one stops");
                Err(Stopped::Quietly)
            }
            // The next renewal comes well before the lease ends.
            Err(error) => {
                tracing::warn!(%error, "the lease could not be renewed");
                Ok(())
            }
        }
    }

    async fn finish(mut self) {
        let failed = self.record.steps.iter().any(|step| step.state != StepState::Done);
        self.record.state = if failed { RunState::Failed } else { RunState::Succeeded };
        self.record.finished = Some(self.services.now());
        self.show_share(failed).await;
        if !failed && self.record.kind == RunKind::Apply {
            self.open_verify().await;
        }
        self.services.inner.playground.forget_share(&self.record.share);
        self.note(failed).await;
        // The lease before the last word: whoever sees the run ended can start the next one.
        if let Err(error) = self.services.inner.stores.runs.release(&self.key, self.record.id.as_str()).await {
            tracing::warn!(%error, "a lease could not be given back");
        }
        if self.write().await.is_err() {
            tracing::error!(run = %self.record.id, "the end of a run could not be written; the next start resumes it");
            self.show();
        }
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

    fn show(&mut self) {
        self.record.revision += 1;
        self.view.send_replace(self.record.view());
    }

    /// Writes the journal, then shows it: nobody sees what a crash could forget.
    async fn write(&mut self) -> Result<(), Stopped> {
        self.record.revision += 1;
        for attempt in 1..=WRITES {
            match self.put().await {
                Ok(()) => {
                    self.view.send_replace(self.record.view());
                    return Ok(());
                }
                Err(error) => tracing::warn!(%error, attempt, "the journal could not be written"),
            }
            tokio::time::sleep(Duration::from_millis(50) * attempt).await;
        }
        Err(Stopped::NoJournal)
    }

    async fn put(&self) -> StoreResult<()> {
        self.services.inner.stores.runs.put(&self.record).await
    }
}
