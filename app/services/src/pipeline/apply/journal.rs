//! The journal of a run over a pipeline. What its steps tell in between — events, bytes sent — is shown at once and kept
//! with the next write.

use super::perform::{Done, Told, Work, perform};
use crate::Services;
use crate::activity::Happened;
use crate::journal::{Heard, RunJournal, Tell, written};
use crate::pipeline::Pipelines;
use crate::pipeline::runs::lease_key;
use crate::ports::store::{PipelineRunRecord, StoreResult};
use async_trait::async_trait;
use domain::activity::ActivityOutcome;
use domain::names::RunId;
use domain::pipeline::view::{PipelineRunKind, PipelineRunView, PipelineStatus};
use domain::run::{RunState, StepError, StepState};
use domain::time::Timestamp;
use futures::future::BoxFuture;

/// So many events of a step are kept.
const EVENTS: usize = 50;

pub(in crate::pipeline) struct PipelineJournal {
    pipelines: Pipelines,
    run: PipelineRunRecord,
    key: String,
}

impl PipelineJournal {
    pub(in crate::pipeline) fn new(pipelines: Pipelines, run: PipelineRunRecord) -> Self {
        Self { pipelines, key: lease_key(&run.intent), run }
    }

    async fn write_record(&self, failed: bool) -> Option<()> {
        let run = &self.run;
        let status = match (failed, run.kind) {
            (true, _) => PipelineStatus::Incomplete,
            (false, PipelineRunKind::Apply) => PipelineStatus::Ready,
            (false, PipelineRunKind::RollBack | PipelineRunKind::TearDown) => PipelineStatus::Removed,
        };
        written("the pipeline's record", || {
            self.pipelines.change_record(&run.pipeline, |record| {
                record.status = status;
                record.outputs.clone_from(&run.outputs);
                if status == PipelineStatus::Removed {
                    record.outputs.clear();
                }
            })
        })
        .await
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
        let happened = Happened::done(format!("{what} pipeline {}", self.run.intent.prefix));
        let happened = happened.of_pipeline(&self.run.pipeline).of_run(&self.run.id);
        let mut happened = happened.outcome(outcome).detail(format!("{done} of {all} steps"));
        happened.took_ms = self.run.finished.map(|end| end.since(self.run.started));
        self.services().note(&self.run.by, happened).await;
    }
}

#[async_trait]
impl RunJournal for PipelineJournal {
    type View = PipelineRunView;
    type Done = Done;
    type News = Told;

    fn services(&self) -> &Services {
        &self.pipelines.inner.services
    }
    fn id(&self) -> &RunId {
        &self.run.id
    }
    fn lease(&self) -> &str {
        &self.key
    }
    fn view(&self) -> PipelineRunView {
        self.run.view()
    }
    fn states(&self) -> Vec<StepState> {
        self.run.steps.iter().map(|step| step.state).collect()
    }
    fn is_free(&self, step: usize) -> bool {
        let done = |id: &String| self.run.steps.iter().any(|step| step.id == *id && step.state == StepState::Done);
        self.run.plan.steps[step].after.iter().all(done)
    }

    fn begin(&mut self, step: usize, now: Timestamp) {
        let step = &mut self.run.steps[step];
        step.state = StepState::Running;
        step.attempts += 1;
        step.started = Some(now);
        step.took_ms = None;
        step.note = None;
    }

    fn call(&self, step: usize, tell: Tell<Told>) -> BoxFuture<'static, Result<Done, StepError>> {
        let work = Work {
            pipelines: self.pipelines.clone(),
            pipeline: self.run.pipeline.clone(),
            intent: self.run.intent.clone(),
            table: self.run.table.clone(),
            outputs: self.run.outputs.clone(),
        };
        let step = self.run.plan.steps[step].clone();
        Box::pin(async move { perform(&work, &step, &*tell).await })
    }

    fn end(&mut self, step: usize, took_ms: u64, result: Result<Done, StepError>) {
        let step = &mut self.run.steps[step];
        step.took_ms = Some(took_ms);
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
    }

    fn hear(&mut self, step: usize, told: Told) -> Heard {
        let step = &mut self.run.steps[step];
        match told {
            Told::Events(events) => {
                step.events.extend(events);
                let old = step.events.len().saturating_sub(EVENTS);
                step.events.drain(..old);
            }
            Told::Progress(progress) => step.progress = Some(progress),
            Told::Note(note) if step.state == StepState::Running => step.note = Some(note),
            Told::Note(_) => return Heard::Ignored,
        }
        Heard::Shown
    }

    fn revise(&mut self) {
        self.run.revision += 1;
    }

    async fn put(&self) -> StoreResult<()> {
        self.pipelines.inner.stores.runs.put(&self.run).await
    }

    fn give_up(&mut self) {
        self.run.state = RunState::Failed;
    }

    async fn conclude(&mut self, failed: bool) -> Result<(), &'static str> {
        // The record before the run: should it not be written, the run stays unfinished, and the next start resumes it.
        let written = self.write_record(failed).await;
        written.ok_or("the pipeline's record can't be written; the next start resumes the run")?;
        self.run.state = if failed { RunState::Failed } else { RunState::Succeeded };
        self.run.finished = Some(self.services().now());
        if !failed && self.run.kind == PipelineRunKind::TearDown {
            self.pipelines.remove_files(&self.run.pipeline).await;
        }
        self.note(failed).await;
        Ok(())
    }
}
