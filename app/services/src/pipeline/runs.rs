//! The runs this process executes: begun, watched, retried, resumed.

use super::Pipelines;
use super::apply::PipelineJournal;
use crate::activity::Happened;
use crate::journal::LEASE_MS;
use crate::ports::store::{PipelineRecord, PipelineRunRecord, Table};
use crate::runs::follow;
use crate::{Operator, ServiceError, ServiceResult, uncancelled};
use domain::names::{PipelineId, RunId};
use domain::pipeline::apply::{Part, Plan};
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::stacks::Outputs;
use domain::pipeline::view::{PipelineRunKind, PipelineRunView, PipelineStatus, PipelineStepView};
use domain::run::{RunState, StepState};
use futures::stream::{self, Stream, StreamExt as _};
use std::collections::BTreeMap;
use tokio::sync::watch;

impl PipelineRunRecord {
    /// The run as it is shown.
    pub fn view(&self) -> PipelineRunView {
        PipelineRunView {
            id: self.id.clone(),
            pipeline: self.pipeline.clone(),
            kind: self.kind,
            state: self.state,
            revision: self.revision,
            by: self.by.clone(),
            started: self.started,
            finished: self.finished,
            steps: self.steps.clone(),
        }
    }

    /// What the pipeline's record says while this run is under way.
    fn status(&self) -> PipelineStatus {
        match self.kind {
            PipelineRunKind::Apply => PipelineStatus::Applying,
            PipelineRunKind::RollBack | PipelineRunKind::TearDown => PipelineStatus::Removing,
        }
    }
}

/// The journal of a plan of which nothing has been done.
pub(super) fn journal(plan: &Plan) -> Vec<PipelineStepView> {
    let pending = |step: &domain::pipeline::apply::Step| PipelineStepView {
        id: step.id.clone(),
        title: step.title.clone(),
        lane: step.lane,
        account: step.account.clone(),
        state: StepState::Pending,
        attempts: 0,
        started: None,
        took_ms: None,
        note: None,
        error: None,
        progress: None,
        events: Vec::new(),
    };
    plan.steps.iter().map(pending).collect()
}

/// What two runs must not work on at once: everything of a pipeline is named after its prefix.
pub(super) fn lease_key(intent: &PipelineIntent) -> String {
    format!("pipeline {}/{}/{}", intent.shared_services.account, intent.region, intent.prefix)
}

/// A run that is asked for.
pub(super) struct NewRun<'a> {
    pub(super) id: &'a RunId,
    pub(super) pipeline: &'a PipelineId,
    pub(super) kind: PipelineRunKind,
    pub(super) intent: PipelineIntent,
    pub(super) table: Table,
    pub(super) plan: Plan,
    /// What stacks put out that the plan does not make.
    pub(super) outputs: BTreeMap<Part, Outputs>,
}

impl Pipelines {
    /// Where a run is.
    pub async fn run(&self, _operator: &Operator, run: &RunId) -> ServiceResult<PipelineRunView> {
        if let Some(view) = self.running(run).map(|receiver| receiver.borrow().clone()) {
            return Ok(view);
        }
        Ok(self.run_record(run).await?.view())
    }

    /// Runs over a pipeline, the newest first.
    pub async fn runs(&self, _operator: &Operator, pipeline: &PipelineId) -> ServiceResult<Vec<PipelineRunView>> {
        let runs = self.inner.stores.runs.of_pipeline(pipeline).await?;
        Ok(runs.iter().map(PipelineRunRecord::view).collect())
    }

    /// A run as it goes: its present state first; ends when the run has ended.
    pub async fn watch_run(
        &self,
        operator: &Operator,
        run: &RunId,
    ) -> ServiceResult<impl Stream<Item = PipelineRunView> + Send + use<>> {
        if let Some(receiver) = self.running(run) {
            return Ok(follow(receiver, |view| view.state == RunState::Running));
        }
        let view = self.run(operator, run).await?;
        Ok(stream::once(async { view }).boxed())
    }

    /// Goes on with a failed run at the steps that failed.
    pub async fn retry_run(&self, operator: &Operator, run: &RunId) -> ServiceResult<()> {
        if self.running(run).is_some_and(|view| view.borrow().state == RunState::Running) {
            return Ok(());
        }
        let key = lease_key(&self.run_record(run).await?.intent);
        let (pipelines, operator, run) = (self.clone(), operator.clone(), run.clone());
        uncancelled(async move {
            pipelines.take_lease(&key, &run).await?;
            let retried = pipelines.retry_leased(&operator, &run).await;
            if retried.is_err() {
                pipelines.inner.services.give_back(&key, &run).await;
            }
            retried
        })
        .await
    }

    async fn retry_leased(&self, operator: &Operator, run: &RunId) -> ServiceResult<()> {
        // Read under the lease: someone may have retried in between.
        let mut run = self.run_record(run).await?;
        let last = self.record(&run.pipeline).await?.value.last_run;
        if run.state != RunState::Failed || last.as_ref() != Some(&run.id) {
            return Err(ServiceError::Conflict {
                message: "only the pipeline's last run can be retried, and only when it failed".into(),
                hint: "look at the pipeline to see where it stands".into(),
            });
        }
        self.still_lead_there(&run.intent).await?;
        for step in run.steps.iter_mut().filter(|step| step.state == StepState::Failed) {
            step.state = StepState::Pending;
            step.error = None;
            step.progress = None;
            step.events.clear();
        }
        run.state = RunState::Running;
        run.finished = None;
        run.revision += 1;
        self.begin(&run).await?;
        self.note_run(operator.label(), &run, "retried a run over").await;
        self.execute(run);
        Ok(())
    }

    /// Goes on with runs that a crash or a restart interrupted; called once at the start.
    pub async fn resume_runs(&self) -> ServiceResult<()> {
        for mut run in self.inner.stores.runs.unfinished().await? {
            if self.running(&run.id).is_some() {
                continue;
            }
            match self.take_lease(&lease_key(&run.intent), &run.id).await {
                Ok(()) => {}
                Err(ServiceError::Conflict { message, .. }) => {
                    tracing::warn!(run = %run.id, %message, "an interrupted run is left to whoever executes it");
                    continue;
                }
                Err(error) => return Err(error),
            }
            // Each step looks at what is there before it does anything, so all that was under way just begins again.
            for step in run.steps.iter_mut().filter(|step| step.state == StepState::Running) {
                step.state = StepState::Pending;
            }
            self.write_status(&run).await?;
            self.note_run(&run.by, &run, "resumed after a restart a run over").await;
            self.execute(run);
        }
        Ok(())
    }

    /// Writes a new run and executes it. Its caller holds the lease.
    pub(super) async fn launch(&self, operator: &Operator, new: NewRun<'_>) -> ServiceResult<()> {
        let run = PipelineRunRecord {
            id: new.id.clone(),
            pipeline: new.pipeline.clone(),
            kind: new.kind,
            state: RunState::Running,
            intent: new.intent,
            table: new.table,
            steps: journal(&new.plan),
            plan: new.plan,
            outputs: new.outputs,
            by: operator.label().to_owned(),
            started: self.inner.services.now(),
            finished: None,
            revision: 1,
        };
        self.begin(&run).await?;
        let what = match run.kind {
            PipelineRunKind::Apply => "started to apply",
            PipelineRunKind::RollBack => "started to roll back",
            PipelineRunKind::TearDown => "started to tear down",
        };
        self.note_run(operator.label(), &run, what).await;
        self.execute(run);
        Ok(())
    }

    /// Writes a run that is to be executed, then the pipeline's record. The run first: a crash between the two leaves a run
    /// that resumes and writes the record itself. Where the record can't be written the run is ended again.
    async fn begin(&self, run: &PipelineRunRecord) -> ServiceResult<()> {
        self.inner.stores.runs.put(run).await?;
        let Err(error) = self.write_status(run).await else { return Ok(()) };
        let mut ended = run.clone();
        ended.state = RunState::Failed;
        ended.finished = Some(self.inner.services.now());
        ended.revision += 1;
        if let Err(error) = self.inner.stores.runs.put(&ended).await {
            tracing::error!(%error, run = %run.id, "a run that was not begun could not be ended; the next start resumes it");
        }
        Err(error)
    }

    /// Makes the pipeline's record say what a run is about to do. From here on the console knows of whatever is made.
    async fn write_status(&self, run: &PipelineRunRecord) -> ServiceResult<()> {
        let before = self.inner.stores.pipelines.get(&run.pipeline).await?.map(|there| there.value);
        let record = PipelineRecord {
            id: run.pipeline.clone(),
            intent: run.intent.clone(),
            status: run.status(),
            table: run.table.clone(),
            outputs: before.as_ref().map(|record| record.outputs.clone()).unwrap_or_default(),
            rules: before.as_ref().map(|record| record.rules).unwrap_or_default(),
            started: before.as_ref().map_or_else(BTreeMap::new, |record| record.started.clone()),
            created: before.as_ref().map_or(run.started, |record| record.created),
            by: run.by.clone(),
            last_run: Some(run.id.clone()),
        };
        self.put_record(&record).await
    }

    /// Executes a run in the background. Its caller holds the lease.
    fn execute(&self, run: PipelineRunRecord) {
        let pipelines = self.clone();
        let journal = PipelineJournal::new(self.clone(), run);
        self.inner.runs.execute(journal, move || pipelines.inner.runs.clone());
    }

    fn running(&self, run: &RunId) -> Option<watch::Receiver<PipelineRunView>> {
        self.inner.runs.running(run)
    }

    async fn run_record(&self, id: &RunId) -> ServiceResult<PipelineRunRecord> {
        let found = self.inner.stores.runs.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "run", id: id.to_string() })
    }

    /// Refuses while a run of the pipeline is unfinished, also one whose process has died and not come back.
    pub(super) async fn refuse_second_run(&self, pipeline: &PipelineId) -> ServiceResult<()> {
        let runs = self.inner.stores.runs.of_pipeline(pipeline).await?;
        match runs.iter().find(|run| run.state == RunState::Running) {
            Some(run) => Err(self.under_way(Some(run))),
            None => Ok(()),
        }
    }

    /// Takes the lease `key` for a run.
    pub(super) async fn take_lease(&self, key: &str, run: &RunId) -> ServiceResult<()> {
        let now = self.inner.services.now();
        let leases = &self.inner.services.inner.stores.runs;
        let Err(owner) = leases.lease(key, run.as_str(), now.plus_ms(LEASE_MS), now).await? else { return Ok(()) };
        let other = match RunId::parse(&owner) {
            Ok(id) => self.inner.stores.runs.get(&id).await?,
            Err(_) => None,
        };
        Err(self.under_way(other.as_ref()))
    }

    fn under_way(&self, run: Option<&PipelineRunRecord>) -> ServiceError {
        let message = match run {
            Some(run) => {
                let doing = match run.kind {
                    PipelineRunKind::Apply => "applying",
                    PipelineRunKind::RollBack => "rolling back",
                    PipelineRunKind::TearDown => "taking away",
                };
                let ago = run.started.ago(self.inner.services.now());
                format!("{} has been {doing} this pipeline since {} ({ago})", run.by, run.started.rfc3339())
            }
            None => "another run is changing a pipeline of this name at this moment".into(),
        };
        ServiceError::Conflict { message, hint: "wait until that is done, then look again".into() }
    }

    pub(super) async fn note_run(&self, by: &str, run: &PipelineRunRecord, what: &str) {
        let happened = Happened::done(format!("{what} pipeline {}", run.intent.prefix));
        let happened = happened.of_pipeline(&run.pipeline).of_run(&run.id);
        self.inner.services.note(by, happened).await;
    }
}
