//! Executions that run: each with its interpreter, a clock, and the tasks that it waits for.
//!
//! Whatever happens to one goes through [`signal`]: the interpreter takes it, its state is written, and only then what
//! follows is begun. So a kill at any moment leaves an execution that can go on.

use super::files::Folder;
use super::model::{Machines, Run, execution_arn, machine_arn, status_name};
use super::tasks;
use crate::app::App;
use crate::clock;
use crate::state::{Regional as _, State};
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use states::{Effect, Execution, ExecutionStatus, Signal, SignalError, TaskRequest};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// The longest time to sleep at once: clocks are set now and then.
const NAP_MS: i64 = 60_000;

/// The executions that run, by their files' names, and the files of all.
pub struct Executions {
    folder: Folder,
    live: Mutex<HashMap<String, Arc<Live>>>,
}

/// Where an execution belongs.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    pub machine: String,
    pub run: String,
    pub file: String,
}

/// An execution as its file holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    /// The interpreter.
    pub execution: Execution,
    /// How far its clock is ahead: waits that were cut short count in full.
    pub ahead: i64,
    /// The tasks that it waits for, by token.
    pub tasks: BTreeMap<String, Job>,
    /// When its machine was last changed, and the revision that it was then.
    pub machine_updated: Timestamp,
    /// See there.
    pub revision: Option<String>,
}

/// A task under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// What was asked for.
    pub request: TaskRequest,
    /// Of a job that was submitted: what it is asked for and stopped by.
    pub handle: Option<Value>,
}

/// An execution that runs.
pub struct Live {
    /// Where it belongs.
    pub place: Place,
    inner: Mutex<Inner>,
    /// Wakes who watches its clock.
    timer: Notify,
}

struct Inner {
    stored: Stored,
    /// Dropped when a task is not waited for any more.
    waiting: HashMap<String, watch::Sender<()>>,
}

/// What a signal came to.
pub struct Told {
    /// The time that the execution had.
    pub at: Timestamp,
    /// The state's generation to wait for, where the state changed.
    pub generation: u64,
}

impl Executions {
    /// The executions of a sandbox; those that ran are taken up by [`resume`].
    pub fn open(dir: &Path, state: &State) -> io::Result<Self> {
        Ok(Self { folder: Folder::open(dir, state)?, live: Mutex::default() })
    }
    /// The files.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
    /// The running execution of a file.
    pub fn find(&self, file: &str) -> Option<Arc<Live>> {
        self.live.lock().get(file).cloned()
    }
    /// The running execution that waits for a task.
    pub fn waiting_for(&self, account: &AccountId, token: &str) -> Option<Arc<Live>> {
        let of_account = |live: &&Arc<Live>| live.place.account == *account;
        let all: Vec<Arc<Live>> = self.live.lock().values().filter(of_account).cloned().collect();
        all.into_iter().find(|live| live.inner.lock().stored.tasks.contains_key(token))
    }
    /// Looks at an execution, running or ended.
    pub fn look<T>(&self, run: &Run, look: impl FnOnce(&Stored) -> T) -> io::Result<T> {
        match self.find(&run.file) {
            Some(live) => Ok(look(&live.inner.lock().stored)),
            None => Ok(look(&self.folder.load(&run.file)?)),
        }
    }
}

impl Live {
    /// Looks at it.
    pub fn look<T>(&self, look: impl FnOnce(&Stored) -> T) -> T {
        look(&self.inner.lock().stored)
    }
}

impl Stored {
    /// An execution that just began; the effects of its beginning are yet to be carried out.
    pub fn new(execution: Execution, machine_updated: Timestamp, revision: Option<String>) -> Self {
        Self { execution, ahead: 0, tasks: BTreeMap::new(), machine_updated, revision }
    }
    fn now(&self) -> i64 {
        clock::now().0.saturating_add(self.ahead)
    }
    /// Notes which tasks are begun; what is not waited for any more is forgotten.
    pub fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::StartTask(request) = effect {
                self.tasks.insert(request.token.clone(), Job { request: (**request).clone(), handle: None });
            }
        }
        let open: Vec<String> = self.execution.open_tasks().into_iter().map(str::to_owned).collect();
        self.tasks.retain(|token, _| open.contains(token));
    }
}

/// Begins an execution whose file is written, or goes on with one after a restart.
pub fn begin(app: &App, place: Place, stored: Stored, resumed: bool) {
    let mut inner = Inner { stored, waiting: HashMap::new() };
    let jobs: Vec<Job> = inner.stored.tasks.values().cloned().collect();
    let begun: Vec<_> = jobs.into_iter().map(|job| (inner.open(&job.request.token), job)).collect();
    if !resumed {
        // It may be over already, but it ran.
        announce(app, &place, &inner.stored, ExecutionStatus::Running);
    }
    if inner.stored.execution.outcome().is_some() {
        finished(app, &place, &inner.stored);
        return;
    }
    let live = Arc::new(Live { place, inner: Mutex::new(inner), timer: Notify::new() });
    app.executions.live.lock().insert(live.place.file.clone(), Arc::clone(&live));
    for (waiting, job) in begun {
        tasks::begin(app, &live, job, waiting, resumed);
    }
    app.background.begin(move |app| async move { keep_time(&app, &live).await });
}

impl Inner {
    fn open(&mut self, token: &str) -> watch::Receiver<()> {
        let (sender, receiver) = watch::channel(());
        self.waiting.insert(token.to_owned(), sender);
        receiver
    }
}

/// Tells an execution what happened.
pub fn signal(app: &App, live: &Arc<Live>, what: Signal) -> Result<Told, SignalError> {
    let mut inner = live.inner.lock();
    let now = inner.stored.now();
    // Whatever the task says next says this too, so it need not be kept.
    let said_again = matches!(what, Signal::TaskStarted { .. } | Signal::TaskHeartbeat { .. });
    let effects = inner.stored.execution.apply(what, now)?;
    inner.stored.note(&effects);
    let known: Vec<String> = inner.stored.tasks.keys().cloned().collect();
    inner.waiting.retain(|token, _| known.contains(token));
    let started = |effect: &Effect| match effect {
        Effect::StartTask(request) => Some(Job { request: (**request).clone(), handle: None }),
        _ => None,
    };
    let begun: Vec<Job> = effects.iter().filter_map(started).collect();
    let begun: Vec<_> = begun.into_iter().map(|job| (inner.open(&job.request.token), job)).collect();
    // A long turn in pieces does the same again if it is lost between them.
    let goes_on = inner.stored.execution.wakes_at().is_some_and(|at| at <= now);
    let only_time = effects.iter().all(|effect| matches!(effect, Effect::Wake { .. }));
    if !(only_time && (said_again || goes_on)) {
        save(app, live, &inner.stored);
    }
    let mut told = Told { at: Timestamp(now), generation: 0 };
    if inner.stored.execution.outcome().is_some() {
        told.generation = finished(app, &live.place, &inner.stored);
    }
    drop(inner);
    for (waiting, job) in begun {
        tasks::begin(app, live, job, waiting, false);
    }
    live.timer.notify_one();
    Ok(told)
}

fn save(app: &App, live: &Live, stored: &Stored) {
    if let Err(e) = app.executions.folder.save(&live.place.file, stored) {
        tracing::error!(error = %e, "an execution can't be written");
    }
}

/// Notes what a submitted job is asked for by. It is kept by the signal of its submission.
pub fn submitted(app: &App, live: &Arc<Live>, token: &str, handle: Value, output: Value) {
    if let Some(job) = live.inner.lock().stored.tasks.get_mut(token) {
        job.handle = Some(handle);
    }
    // A task that is not waited for any more is dealt with by who submitted it.
    let _ = signal(app, live, Signal::TaskSubmitted { token: token.to_owned(), output });
}

/// An execution is over: whoever reads the state can know. Gives the state's generation.
fn finished(app: &App, place: &Place, stored: &Stored) -> u64 {
    let Some(outcome) = stored.execution.outcome() else { return 0 };
    let generation = close(app, place, outcome.status, Timestamp(outcome.stopped_at));
    app.executions.live.lock().remove(&place.file);
    announce(app, place, stored, outcome.status);
    generation
}

fn close(app: &App, place: &Place, status: ExecutionStatus, stopped: Timestamp) -> u64 {
    let change = |state: &mut State| {
        let part = state.accounts.get_mut(&place.account);
        let part = part.and_then(|account| Machines::of_mut(account).get_mut(place.region.as_str()));
        let run = part.and_then(|part| part.machines.get_mut(&place.machine)?.runs.get_mut(&place.run));
        // The machine may be gone, and another have its name.
        if let Some(run) = run.filter(|run| run.file == place.file) {
            run.status = status;
            run.stopped = Some(stopped);
        }
        Ok::<(), std::convert::Infallible>(())
    };
    let Ok(((), generation)) = app.store.write(change);
    generation
}

/// Sends an execution's ticks until it is over.
async fn keep_time(app: &App, live: &Arc<Live>) {
    loop {
        let Some(wait) = pause(app, live) else { return };
        match wait {
            Some(Duration::ZERO) => tokio::task::yield_now().await,
            Some(wait) => tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = live.timer.notified() => continue,
            },
            None => {
                live.timer.notified().await;
                continue;
            }
        }
        if !is_due(app, live) {
            continue;
        }
        if signal(app, live, Signal::Tick).is_err() {
            return;
        }
    }
}

/// Milliseconds until time alone changes something, and the setting that cuts it short where nothing else is waited
/// for. `None`: nothing but a signal does.
fn left(app: &App, stored: &Stored) -> Option<(i64, Option<i64>)> {
    let left = stored.execution.wakes_at()?.saturating_sub(stored.now()).max(0);
    let most = app.faults.settings().state_wait_ms.filter(|_| stored.tasks.is_empty());
    Some((left, most.map(|most| i64::try_from(most).unwrap_or(i64::MAX))))
}

/// How long to sleep; `None` inside: until a signal. `None`: the execution is over.
fn pause(app: &App, live: &Live) -> Option<Option<Duration>> {
    let inner = live.inner.lock();
    if inner.stored.execution.outcome().is_some() {
        return None;
    }
    let wait = left(app, &inner.stored).map(|(left, most)| left.min(most.unwrap_or(NAP_MS)));
    Some(wait.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default())))
}

/// Whether the time has come; a wait that is cut short moves the execution's clock.
fn is_due(app: &App, live: &Live) -> bool {
    let mut inner = live.inner.lock();
    match left(app, &inner.stored) {
        Some((0, _)) => true,
        Some((left, Some(_))) => {
            inner.stored.ahead += left;
            true
        }
        _ => false,
    }
}

/// Ends all executions of a machine.
pub fn end_all(app: &App, account: &AccountId, region: &Region, machine: &str) {
    let belongs = |live: &&Arc<Live>| {
        let place = &live.place;
        place.account == *account && place.region == *region && place.machine == machine
    };
    let all: Vec<Arc<Live>> = app.executions.live.lock().values().filter(belongs).cloned().collect();
    for live in all {
        // It may have ended by itself.
        let _ = signal(app, &live, Signal::Stop { error: None, cause: None });
    }
}

/// Takes up what ran when the sandbox stopped.
pub fn resume(app: &App) {
    let mut found = Vec::new();
    for (account, known) in &app.store.read().accounts {
        for (region, part) in &known.machines {
            let Ok(region) = Region::parse(region) else { continue };
            for machine in part.machines.values() {
                found.extend(machine.running().map(|run| Place {
                    account: account.clone(),
                    region: region.clone(),
                    machine: machine.name.clone(),
                    run: run.name.clone(),
                    file: run.file.clone(),
                }));
            }
        }
    }
    for place in found {
        match app.executions.folder.load(&place.file) {
            Ok(stored) => begin(app, place, stored, true),
            Err(e) => {
                tracing::error!(error = %e, file = place.file, "an execution can't be read; it has failed");
                close(app, &place, ExecutionStatus::Failed, clock::now());
            }
        }
    }
}

impl Place {
    /// The execution's ARN.
    pub fn arn(&self) -> String {
        execution_arn(&self.region, &self.account, &self.machine, &self.run)
    }
    /// Its machine's.
    pub fn machine_arn(&self) -> String {
        machine_arn(&self.region, &self.account, &self.machine)
    }
}

/// Tells EventBridge that an execution has another status now.
fn announce(app: &App, place: &Place, stored: &Stored, status: ExecutionStatus) {
    let execution = &stored.execution;
    let outcome = execution.outcome().filter(|_| status != ExecutionStatus::Running);
    let included = |data: Option<&str>| data.map(|_| json!({ "included": true }));
    let output = outcome.and_then(|outcome| outcome.output.as_deref());
    let detail = json!({
        "executionArn": place.arn(),
        "stateMachineArn": place.machine_arn(),
        "name": place.run,
        "status": status_name(status),
        "startDate": execution.started_at(),
        "stopDate": outcome.map(|outcome| outcome.stopped_at),
        "input": execution.input(),
        "inputDetails": { "included": true },
        "output": output,
        "outputDetails": included(output),
        "error": outcome.and_then(|outcome| outcome.error.as_deref()),
        "cause": outcome.and_then(|outcome| outcome.cause.as_deref()),
        "stateMachineVersionArn": Value::Null,
        "stateMachineAliasArn": Value::Null,
        "redriveCount": 0,
        "redriveDate": Value::Null,
    });
    let event = crate::events::Event {
        source: "aws.states",
        detail_type: "Step Functions Execution Status Change",
        account: place.account.clone(),
        region: place.region.clone(),
        resources: vec![place.arn()],
        detail,
    };
    crate::events::publish(app, event);
}
