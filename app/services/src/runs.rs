//! Runs: executed in the background, journalled, resumable, watchable.
//!
//! A run belongs to whoever holds the lease on its role, so that two people, or two processes, never execute against
//! the same role at once. The plan says everything; [`crate::journal`] only carries it out.

mod accounts;
mod functions;
mod journal;
mod perform;
mod probe;

use crate::activity::Happened;
use crate::journal::LEASE_MS;
use crate::ports::store::{RunRecord, ShareRecord, StoreError, Versioned};
use crate::sessions::text_digest;
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::names::{AccountId, RunId, ShareId};
use domain::run::{RunKind, RunState, RunStepView, RunView, StepState};
use domain::share::drift::Recorded;
use domain::share::intent::ShareIntent;
use domain::share::plan::{PastRun, Plan};
use domain::share::view::ShareState;
use domain::time::Timestamp;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use std::future::Future;
use tokio::sync::watch;

/// How often a share's record is written anew because someone else wrote it at the same time.
const WRITES: u32 = 5;
impl RunRecord {
    /// A run that has not begun.
    pub(crate) fn new(id: &RunId, share: &ShareId, kind: RunKind, plan: Plan, by: &str, now: Timestamp) -> Self {
        let pending = |step: &domain::share::plan::Step| RunStepView {
            id: step.id.clone(),
            title: step.title.clone(),
            side: step.side,
            account: step.account.clone(),
            state: StepState::Pending,
            attempts: 0,
            started: None,
            took_ms: None,
            request_id: None,
            note: None,
            error: None,
        };
        Self {
            id: id.clone(),
            share: share.clone(),
            kind,
            state: RunState::Running,
            steps: plan.steps.iter().map(pending).collect(),
            plan,
            results: std::collections::BTreeMap::new(),
            by: by.to_owned(),
            started: now,
            finished: None,
            revision: 1,
            lease: None,
        }
    }

    /// The run as it is shown.
    pub fn view(&self) -> RunView {
        RunView {
            id: self.id.clone(),
            share: self.share.clone(),
            kind: self.kind,
            state: self.state,
            revision: self.revision,
            by: self.by.clone(),
            started: self.started,
            finished: self.finished,
            steps: self.steps.clone(),
        }
    }

    /// As undoing sees it: every step that was begun may have taken effect.
    pub(crate) fn past(&self) -> PastRun {
        let begun = self.steps.iter().filter(|step| step.attempts > 0);
        PastRun {
            plan: self.plan.clone(),
            attempted: begun.map(|step| step.id.clone()).collect(),
            results: self.results.clone(),
        }
    }
}

impl Services {
    /// Where a run is.
    pub async fn run(&self, _operator: &Operator, run: &RunId) -> ServiceResult<RunView> {
        if let Some(view) = self.running(run).map(|receiver| receiver.borrow().clone()) {
            return Ok(view);
        }
        Ok(self.run_record(run).await?.view())
    }

    /// A run as it goes: its present state first; ends when the run has ended.
    pub async fn watch_run(
        &self,
        operator: &Operator,
        run: &RunId,
    ) -> ServiceResult<impl Stream<Item = RunView> + Send + use<>> {
        if let Some(receiver) = self.running(run) {
            return Ok(follow(receiver, |view| view.state == RunState::Running));
        }
        let view = self.run(operator, run).await?;
        Ok(stream::once(async { view }).boxed())
    }

    /// Goes on with a failed run at the step that failed.
    pub async fn retry_run(&self, operator: &Operator, run: &RunId) -> ServiceResult<()> {
        if self.running(run).is_some_and(|view| view.borrow().state == RunState::Running) {
            return Ok(());
        }
        let record = self.run_record(run).await?;
        if record.kind == RunKind::Repair {
            return Err(ServiceError::Conflict {
                message: "a repair that failed is not retried: the accounts may need another one by now".into(),
                hint: "diagnose again, and repair what is left".into(),
            });
        }
        let share = self.share_record(&record.share).await?.value;
        let (services, operator, run) = (self.clone(), operator.clone(), run.clone());
        uncancelled(async move {
            services.take_lease(&share.intent, &run).await?;
            let retried = services.retry_leased(&operator, &run, &share).await;
            if retried.is_err() {
                services.give_lease_back(&share.intent, &run).await;
            }
            retried
        })
        .await
    }

    async fn retry_leased(&self, operator: &Operator, run: &RunId, share: &ShareRecord) -> ServiceResult<()> {
        // Read again under the lease: someone may have retried in between.
        let mut record = self.run_record(run).await?;
        // The test function's runs are not the share's: what they leave undone leaves the share as it was.
        let own = matches!(record.kind, RunKind::MakeFunction | RunKind::DeleteFunction);
        let last = if own {
            self.inner.stores.runs.of_share(&record.share).await?.first().map(|last| last.id.clone())
        } else {
            share.last_run.clone()
        };
        if record.state != RunState::Failed || last.as_ref() != Some(run) {
            return Err(ServiceError::Conflict {
                message: "only the share's last run can be retried, and only when it failed".into(),
                hint: "look at the share to see where it stands".into(),
            });
        }
        for step in record.steps.iter_mut().filter(|step| step.state == StepState::Failed) {
            step.state = StepState::Pending;
            step.error = None;
        }
        record.state = RunState::Running;
        record.finished = None;
        record.revision += 1;
        let shown = async {
            if own {
                return Ok(());
            }
            self.change_share(&record.share, |share| share.state = ShareState::Applying).await
        };
        self.begin(&record, shown).await?;
        let happened = Happened::done("retried a run").of_share(&record.share).of_run(run);
        self.note(operator.label(), happened).await;
        self.execute(record, &share.intent);
        Ok(())
    }

    /// Goes on with runs that a crash or a restart interrupted; called once at the start.
    pub async fn resume_runs(&self) -> ServiceResult<()> {
        for mut record in self.inner.stores.runs.unfinished().await? {
            if self.running(&record.id).is_some() {
                continue;
            }
            let own = match record.lease.clone() {
                Some(key) => Some(key),
                None => self.intent_of(&record).await?.map(|intent| lease_key(&intent)),
            };
            let Some(key) = own else {
                tracing::error!(run = %record.id, "an interrupted run belongs to no share or draft; it can't go on");
                continue;
            };
            match self.take_lease_on(&key, &record.id).await {
                Ok(()) => {}
                Err(ServiceError::Conflict { message, .. }) => {
                    tracing::warn!(run = %record.id, %message, "an interrupted run is left to whoever executes it");
                    continue;
                }
                Err(error) => return Err(error),
            }
            // What was under way when the process ended may or may not have reached AWS: it is looked at before it is
            // done again, because it has been tried.
            for step in record.steps.iter_mut().filter(|step| step.state == StepState::Running) {
                step.state = StepState::Pending;
            }
            let operator = Operator::resuming(&record.by);
            let happened = Happened::done("resumed a run after a restart").of_share(&record.share).of_run(&record.id);
            self.note(operator.label(), happened).await;
            self.execute_under(record, key);
        }
        Ok(())
    }

    /// A run's intent is its share's. The share is written after its first run: when a crash came between, the share is
    /// made up from the draft here.
    async fn intent_of(&self, run: &RunRecord) -> ServiceResult<Option<ShareIntent>> {
        if let Some(Versioned { value: mut share, version, .. }) = self.inner.stores.shares.get(&run.share).await? {
            if share.last_run.as_ref() != Some(&run.id) {
                share.last_run = Some(run.id.clone());
                share.state = ShareState::Applying;
                self.inner.stores.shares.put(&share, version, self.now()).await?;
            }
            return Ok(Some(share.intent));
        }
        let drafts = self.inner.stores.drafts.list(1000).await?;
        let Some(draft) = drafts.into_iter().find(|d| d.value.share == run.share) else { return Ok(None) };
        let Ok(intent) = draft.value.intent() else { return Ok(None) };
        let record = ShareRecord {
            intent: intent.clone(),
            state: ShareState::Applying,
            created: run.started,
            imported: false,
            endpoint_names: match intent.offered() {
                Some(offered) => offered.names.iter().map(ToString::to_string).collect(),
                None => self.intended_endpoints(&intent).await?.iter().map(|e| e.name.to_string()).collect(),
            },
            last_run: Some(run.id.clone()),
            verification: None,
            recorded: Recorded::default(),
            checked: None,
        };
        self.inner.stores.shares.put(&record, 0, self.now()).await?;
        Ok(Some(intent))
    }

    /// Writes a run that is to be executed, then its share. The run first: a crash between the two leaves a run that
    /// resumes and writes the share itself. When the share can't be written the run is ended again, since nobody will
    /// execute it and it would be in the way of every other.
    pub(crate) async fn begin(
        &self,
        run: &RunRecord,
        share: impl Future<Output = ServiceResult<()>> + Send,
    ) -> ServiceResult<()> {
        self.inner.stores.runs.put(run).await?;
        let Err(error) = share.await else { return Ok(()) };
        let mut ended = run.clone();
        ended.state = RunState::Failed;
        ended.finished = Some(self.now());
        ended.revision += 1;
        if let Err(error) = self.inner.stores.runs.put(&ended).await {
            tracing::error!(%error, run = %run.id, "a run that was not begun could not be ended; the next start resumes it");
        }
        Err(error)
    }

    /// Executes a run in the background. The caller holds its lease.
    pub(crate) fn execute(&self, record: RunRecord, intent: &ShareIntent) {
        self.execute_under(record, lease_key(intent));
    }

    /// Executes a run in the background under a lease that the caller holds.
    pub(crate) fn execute_under(&self, record: RunRecord, key: String) {
        self.inner.playground.forget_share(&record.share);
        let services = self.clone();
        let journal = journal::ShareJournal::new(self.clone(), record, key);
        self.inner.runs.execute(journal, move || services.inner.runs.clone());
    }

    fn running(&self, run: &RunId) -> Option<watch::Receiver<RunView>> {
        self.inner.runs.running(run)
    }

    async fn run_record(&self, id: &RunId) -> ServiceResult<RunRecord> {
        let found = self.inner.stores.runs.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "run", id: id.to_string() })
    }

    /// Refuses while a run of the share is unfinished, also one whose process has died and not come back.
    pub(crate) async fn refuse_second_run(&self, share: &ShareId) -> ServiceResult<()> {
        let runs = self.inner.stores.runs.of_share(share).await?;
        match runs.iter().find(|run| run.state == RunState::Running) {
            Some(run) => Err(self.under_way(Some(run))),
            None => Ok(()),
        }
    }

    /// Takes the lease on an intent's role for a run.
    pub(crate) async fn take_lease(&self, intent: &ShareIntent, run: &RunId) -> ServiceResult<()> {
        self.take_lease_on(&lease_key(intent), run).await
    }

    /// Takes the lease `key` for a run.
    pub(crate) async fn take_lease_on(&self, key: &str, run: &RunId) -> ServiceResult<()> {
        let now = self.now();
        let leases = &self.inner.stores.runs;
        match leases.lease(key, run.as_str(), now.plus_ms(LEASE_MS), now).await? {
            Ok(()) => Ok(()),
            Err(owner) => {
                let other = match RunId::parse(&owner) {
                    Ok(id) => leases.get(&id).await?,
                    Err(_) => None,
                };
                Err(self.under_way(other.as_ref()))
            }
        }
    }

    pub(crate) async fn give_lease_back(&self, intent: &ShareIntent, run: &RunId) {
        self.give_back(&lease_key(intent), run).await;
    }

    pub(crate) async fn give_back(&self, key: &str, run: &RunId) {
        // Failing to is harmless: the lease ends by itself.
        if let Err(error) = self.inner.stores.runs.release(key, run.as_str()).await {
            tracing::warn!(%error, "a lease could not be given back");
        }
    }

    fn under_way(&self, run: Option<&RunRecord>) -> ServiceError {
        let message = match run {
            Some(run) => {
                let doing = match run.kind {
                    RunKind::Apply => "applying to",
                    RunKind::Undo => "undoing",
                    RunKind::Repair => "repairing",
                    RunKind::MakeFunction => "making a test function for",
                    RunKind::DeleteFunction => "deleting the test function of",
                };
                let (since, ago) = (run.started.rfc3339(), run.started.ago(self.now()));
                format!("{} has been {doing} the same role since {since} ({ago})", run.by)
            }
            None => "another run is applying to the same role at this moment".into(),
        };
        ServiceError::Conflict { message, hint: "wait until that is done, then look at the review again".into() }
    }

    /// Changes a share's record, starting over when someone else wrote it at the same time.
    pub(crate) async fn change_share(&self, id: &ShareId, change: impl Fn(&mut ShareRecord)) -> ServiceResult<()> {
        for _ in 0..WRITES {
            let Versioned { value: mut record, version, .. } = self.share_record(id).await?;
            change(&mut record);
            match self.inner.stores.shares.put(&record, version, self.now()).await {
                Err(StoreError::Stale) => {}
                done => {
                    self.inner.playground.forget_record(id);
                    return Ok(done?);
                }
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Writes a share's record whole, over whatever version is there: its writer holds the lease.
    pub(crate) async fn put_share(&self, record: ShareRecord) -> ServiceResult<()> {
        for _ in 0..WRITES {
            let version = self.inner.stores.shares.get(&record.intent.id).await?.map_or(0, |r| r.version);
            match self.inner.stores.shares.put(&record, version, self.now()).await {
                // A verification that was just ending does not hold the lease.
                Err(StoreError::Stale) => {}
                done => {
                    self.inner.playground.forget_record(&record.intent.id);
                    return Ok(done?);
                }
            }
        }
        Err(StoreError::Stale.into())
    }
}

/// What two runs must not work on at once.
pub(crate) fn lease_key(intent: &ShareIntent) -> String {
    role_key(&intent.parent, intent.role_name.as_str())
}

/// The same for the same steps: what is executed is what was shown.
pub(crate) fn plan_digest(plan: &Plan) -> String {
    text_digest(&serde_json::to_string(plan).unwrap_or_default())
}

/// The lease on a role. IAM's names are unique whatever their case.
pub(crate) fn role_key(account: &AccountId, role: &str) -> String {
    format!("{account}/{}", role.to_lowercase())
}

/// The values of a watch as a stream: the present one first, and the last one is one that is not `going`.
pub(crate) fn follow<T: Clone + Send + Sync + 'static>(
    receiver: watch::Receiver<T>,
    going: impl Fn(&T) -> bool + Send + 'static,
) -> BoxStream<'static, T> {
    let start = (receiver, true, going);
    stream::unfold(Some(start), |state| async move {
        let (mut receiver, first, going) = state?;
        if !first && receiver.changed().await.is_err() {
            return None;
        }
        let value = receiver.borrow_and_update().clone();
        let next = going(&value).then_some((receiver, false, going));
        Some((value, next))
    })
    .boxed()
}
