//! Carries out a run's plan: every step that waits for nothing runs, side by side, and the journal is written before
//! and after each. What is told in between — events, bytes sent — is shown at once and kept with the next write.

use super::perform::{Done, Told, Work, perform};
use crate::activity::Happened;
use crate::pipeline::Pipelines;
use crate::pipeline::runs::lease_key;
use crate::ports::store::PipelineRunRecord;
use crate::runs::{LEASE_MS, RENEW};
use domain::activity::ActivityOutcome;
use domain::pipeline::view::{PipelineRunKind, PipelineRunView, PipelineStatus};
use domain::run::{RunState, StepError, StepState};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often a write to the store is tried before the run is left as it is, for the next start to resume.
const WRITES: u32 = 5;
/// How long calls under way may take to come back once the process is asked to stop.
const LAST_CALLS: Duration = Duration::from_secs(3);
/// So many events of a step are kept.
const EVENTS: usize = 50;

type Calls = FuturesUnordered<BoxFuture<'static, Outcome>>;

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

pub(in crate::pipeline) struct Executor {
    pipelines: Pipelines,
    run: PipelineRunRecord,
    key: String,
    view: watch::Sender<PipelineRunView>,
    stop: watch::Receiver<bool>,
}

impl Executor {
    pub(in crate::pipeline) fn new(
        pipelines: Pipelines,
        run: PipelineRunRecord,
        view: watch::Sender<PipelineRunView>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { pipelines, key: lease_key(&run.intent), run, view, stop }
    }

    pub(in crate::pipeline) async fn run(mut self) {
        match self.execute().await {
            Ok(()) => self.finish().await,
            Err(Stopped::Quietly) => {}
            Err(Stopped::NoJournal) => {
                tracing::error!(run = %self.run.id, "the journal can't be written; the run stops until the next start");
                self.run.state = RunState::Failed;
                self.show();
            }
        }
    }

    async fn execute(&mut self) -> Result<(), Stopped> {
        let (teller, mut told) = mpsc::unbounded_channel();
        let mut calls = Calls::new();
        let mut renew = tokio::time::interval(RENEW);
        let mut stop = self.stop.clone();
        loop {
            if *stop.borrow() {
                self.last_calls(&mut calls).await?;
                return Err(Stopped::Quietly);
            }
            self.begin(&mut calls, &teller).await?;
            if calls.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some(outcome) = calls.next() => self.end(outcome).await?,
                Some((step, what)) = told.recv() => self.tell(step, what),
                _ = renew.tick() => self.renew().await?,
                _ = stop.changed() => {}
            }
        }
    }

    /// Starts every step whose predecessors are done. The journal says so before the first call goes out.
    async fn begin(&mut self, calls: &mut Calls, teller: &mpsc::UnboundedSender<(usize, Told)>) -> Result<(), Stopped> {
        let ready: Vec<usize> = (0..self.run.steps.len()).filter(|at| self.is_ready(*at)).collect();
        if ready.is_empty() {
            return Ok(());
        }
        let now = self.pipelines.inner.services.now();
        for at in &ready {
            let step = &mut self.run.steps[*at];
            step.state = StepState::Running;
            step.attempts += 1;
            step.started = Some(now);
            step.took_ms = None;
            step.note = None;
        }
        self.write().await?;
        let work = Arc::new(Work {
            pipelines: self.pipelines.clone(),
            pipeline: self.run.pipeline.clone(),
            intent: self.run.intent.clone(),
            table: self.run.table.clone(),
            outputs: self.run.outputs.clone(),
        });
        for at in ready {
            let (work, step, teller) = (work.clone(), self.run.plan.steps[at].clone(), teller.clone());
            calls.push(Box::pin(async move {
                let began = Instant::now();
                // The executor is there as long as this future is: it polls it.
                let tell = |what| drop(teller.send((at, what)));
                let result = perform(&work, &step, &tell).await;
                Outcome { step: at, took: began.elapsed(), result }
            }));
        }
        Ok(())
    }

    fn is_ready(&self, at: usize) -> bool {
        let done = |id: &String| self.run.steps.iter().any(|step| step.id == *id && step.state == StepState::Done);
        self.run.steps[at].state == StepState::Pending && self.run.plan.steps[at].after.iter().all(done)
    }

    async fn end(&mut self, outcome: Outcome) -> Result<(), Stopped> {
        let Outcome { step: at, took, result } = outcome;
        let step = &mut self.run.steps[at];
        step.took_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        match result {
            Ok(done) => {
                step.state = StepState::Done;
                step.note = done.note;
                if let Some((part, outputs)) = done.outputs {
                    self.run.outputs.insert(part, outputs);
                }
            }
            Err(error) => {
                step.state = StepState::Failed;
                step.note = None;
                step.error = Some(error);
            }
        }
        self.write().await
    }

    fn tell(&mut self, at: usize, told: Told) {
        let step = &mut self.run.steps[at];
        match told {
            Told::Events(events) => {
                step.events.extend(events);
                let old = step.events.len().saturating_sub(EVENTS);
                step.events.drain(..old);
            }
            Told::Progress(progress) => step.progress = Some(progress),
            Told::Note(note) if step.state == StepState::Running => step.note = Some(note),
            Told::Note(_) => {}
        }
        self.show();
    }

    async fn last_calls(&mut self, calls: &mut Calls) -> Result<(), Stopped> {
        let until = tokio::time::Instant::now() + LAST_CALLS;
        while let Ok(Some(outcome)) = tokio::time::timeout_at(until, calls.next()).await {
            self.end(outcome).await?;
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Stopped> {
        let services = &self.pipelines.inner.services;
        let now = services.now();
        let leases = &services.inner.stores.runs;
        match leases.lease(&self.key, self.run.id.as_str(), now.plus_ms(LEASE_MS), now).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(owner)) => {
                tracing::error!(run = %self.run.id, %owner, "the lease was lost to another run; this one stops");
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
        let failed = self.run.steps.iter().any(|step| step.state != StepState::Done);
        // The record before the run: should it not be written, the run stays unfinished, and the next start resumes it.
        if self.write_record(failed).await.is_err() {
            tracing::error!(run = %self.run.id, "the pipeline's record can't be written; the next start resumes the run");
            self.run.state = RunState::Failed;
            return self.show();
        }
        self.run.state = if failed { RunState::Failed } else { RunState::Succeeded };
        self.run.finished = Some(self.pipelines.inner.services.now());
        if !failed && self.run.kind == PipelineRunKind::TearDown {
            self.pipelines.remove_files(&self.run.pipeline).await;
        }
        self.note(failed).await;
        // The lease before the last word: whoever sees the run ended can start the next one.
        self.pipelines.inner.services.give_back(&self.key, &self.run.id).await;
        if self.write().await.is_err() {
            tracing::error!(run = %self.run.id, "the end of a run could not be written; the next start resumes it");
            self.show();
        }
    }

    async fn write_record(&self, failed: bool) -> Result<(), Stopped> {
        let run = &self.run;
        let status = match (failed, run.kind) {
            (true, _) => PipelineStatus::Incomplete,
            (false, PipelineRunKind::Apply) => PipelineStatus::Ready,
            (false, PipelineRunKind::RollBack | PipelineRunKind::TearDown) => PipelineStatus::Removed,
        };
        for attempt in 1..=WRITES {
            let written = self.pipelines.change_record(&run.pipeline, |record| {
                record.status = status;
                record.outputs.clone_from(&run.outputs);
                if status == PipelineStatus::Removed {
                    record.outputs.clear();
                }
            });
            match written.await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(%error, attempt, "the pipeline's record could not be written"),
            }
            tokio::time::sleep(Duration::from_millis(50) * attempt).await;
        }
        Err(Stopped::NoJournal)
    }

    async fn note(&self, failed: bool) {
        let what = match (self.run.kind, failed) {
            (PipelineRunKind::Apply, false) => "applied",
            (PipelineRunKind::Apply, true) => "failed to apply",
            (PipelineRunKind::RollBack, false) => "rolled back",
            (PipelineRunKind::RollBack, true) => "failed to roll back",
            (PipelineRunKind::TearDown, false) => "tore down",
            (PipelineRunKind::TearDown, true) => "failed to tear down",
        };
        let (done, all) = self.run.view().progress();
        let outcome = if failed { ActivityOutcome::Failed } else { ActivityOutcome::Done };
        let happened = Happened::done(format!("{what} pipeline {}", self.run.pipeline)).of_run(&self.run.id);
        let mut happened = happened.outcome(outcome).detail(format!("{done} of {all} steps"));
        happened.took_ms = self.run.finished.map(|end| end.since(self.run.started));
        self.pipelines.inner.services.note(&self.run.by, happened).await;
    }

    fn show(&mut self) {
        self.run.revision += 1;
        self.view.send_replace(self.run.view());
    }

    /// Writes the journal, then shows it: nobody sees a step begun or ended that a crash could forget.
    async fn write(&mut self) -> Result<(), Stopped> {
        self.run.revision += 1;
        for attempt in 1..=WRITES {
            match self.pipelines.inner.stores.runs.put(&self.run).await {
                Ok(()) => {
                    self.view.send_replace(self.run.view());
                    return Ok(());
                }
                Err(error) => tracing::warn!(%error, attempt, "the journal could not be written"),
            }
            tokio::time::sleep(Duration::from_millis(50) * attempt).await;
        }
        Err(Stopped::NoJournal)
    }
}
