//! Plans carried out by a journal, for shares and pipelines alike: every step that waits for nothing runs, side by side,
//! and the journal is written before and after each. Nothing is chosen here: what to do is in the plan, what was done is
//! in the journal, and what a step means is its own room's.

use crate::Services;
use crate::ports::store::StoreResult;
use crate::services::lock;
use async_trait::async_trait;
use domain::names::RunId;
use domain::run::{StepError, StepState};
use domain::time::Timestamp;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How long a lease lasts without being renewed: how long others wait after a crash of another process.
pub(crate) const LEASE_MS: i64 = 30_000;
/// How often a running executor renews it.
const RENEW: Duration = Duration::from_secs(10);
/// How often a write to the store is tried before the run is left as it is, for the next start to resume.
const WRITES: u32 = 5;
/// How long calls under way may take to come back once the process is asked to stop.
const LAST_CALLS: Duration = Duration::from_secs(3);
/// How long a run may take to stop then.
const GRACE: Duration = Duration::from_secs(5);

/// How a step tells of itself while it is under way.
pub(crate) type Tell<N> = Arc<dyn Fn(N) + Send + Sync>;

/// What becomes of what a step tells.
pub(crate) enum Heard {
    /// Nothing.
    Ignored,
    /// It is shown, and kept with the next write.
    Shown,
    /// It is written down.
    Kept,
}

/// A run with its plan and its journal.
#[async_trait]
pub(crate) trait RunJournal: Send + Sync + Sized + 'static {
    /// The run as it is shown.
    type View: Clone + Send + Sync + 'static;
    /// What a step that is done leaves behind.
    type Done: Send + 'static;
    /// What a step tells while it is under way.
    type News: Send + 'static;

    /// Clock, leases and trail.
    fn services(&self) -> &Services;
    /// Which run.
    fn id(&self) -> &RunId;
    /// The lease that it runs under.
    fn lease(&self) -> &str;
    /// As it is now.
    fn view(&self) -> Self::View;
    /// Each step's state, in the plan's order.
    fn states(&self) -> Vec<StepState>;
    /// Whether all that a step waits for is done.
    fn is_free(&self, step: usize) -> bool;
    /// A step begins.
    fn begin(&mut self, step: usize, now: Timestamp);
    /// What a step does, once that is written down.
    fn call(&self, step: usize, tell: Tell<Self::News>) -> BoxFuture<'static, Result<Self::Done, StepError>>;
    /// A step came to its end.
    fn end(&mut self, step: usize, took_ms: u64, result: Result<Self::Done, StepError>);
    /// A step told something.
    fn hear(&mut self, step: usize, news: Self::News) -> Heard;
    /// Its revision is the next one.
    fn revise(&mut self);
    /// Writes it.
    async fn put(&self) -> StoreResult<()>;
    /// It goes on no more in this process, and what is written says otherwise.
    fn give_up(&mut self);
    /// Makes what the run is about say how it ended, then the run itself, which is written next. `Err` with what went wrong
    /// leaves the run for the next start to resume.
    async fn conclude(&mut self, failed: bool) -> Result<(), &'static str>;
}

/// The runs that this process executes, as they are shown.
pub(crate) struct Executing<V> {
    active: Mutex<HashMap<RunId, Active<V>>>,
    stop: watch::Sender<bool>,
}

struct Active<V> {
    view: watch::Receiver<V>,
    task: Option<JoinHandle<()>>,
}

impl<V> Default for Executing<V> {
    fn default() -> Self {
        Self { active: Mutex::default(), stop: watch::Sender::new(false) }
    }
}

impl<V: Clone + Send + Sync + 'static> Executing<V> {
    /// Executes a run in the background; whoever asks holds its lease. `of` finds these runs again, once it has ended.
    pub(crate) fn execute<J: RunJournal<View = V>>(&self, journal: J, of: impl Fn() -> Arc<Self> + Send + 'static) {
        let id = journal.id().clone();
        let (sender, view) = watch::channel(journal.view());
        let executor = Executor { journal, view: sender, stop: self.stop.subscribe() };
        let mut active = lock(&self.active);
        let run = id.clone();
        let task = tokio::spawn(async move {
            executor.run().await;
            let executing = of();
            let mut active = lock(&executing.active);
            // Somebody may have seen its end and retried it by now.
            if active.get(&run).is_some_and(|known| known.view.has_changed().is_err()) {
                active.remove(&run);
            }
        });
        active.insert(id, Active { view, task: Some(task) });
    }

    /// A run that is under way here.
    pub(crate) fn running(&self, run: &RunId) -> Option<watch::Receiver<V>> {
        lock(&self.active).get(run).map(|active| active.view.clone())
    }

    /// Lets the calls under way come back and be journalled, and starts no others.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks: Vec<_> = lock(&self.active).values_mut().filter_map(|active| active.task.take()).collect();
        if tokio::time::timeout(GRACE, futures::future::join_all(tasks)).await.is_err() {
            tracing::warn!("a run did not stop in time; it goes on from its journal at the next start");
        }
    }
}

/// Tries a write a few times; `what` is told of each that fails.
pub(crate) async fn written<T, E: std::fmt::Display, F>(what: &str, write: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, E>>,
{
    for attempt in 1..=WRITES {
        match write().await {
            Ok(done) => return Some(done),
            Err(error) => tracing::warn!(%error, attempt, "{what} could not be written"),
        }
        tokio::time::sleep(Duration::from_millis(50) * attempt).await;
    }
    None
}

/// Why execution ended before the plan did.
enum Stopped {
    /// The process is going down, or another one holds the lease now.
    Quietly,
    /// The store does not take the journal: nothing may be done that is not written down.
    NoJournal,
}

struct Outcome<D> {
    step: usize,
    took: Duration,
    result: Result<D, StepError>,
}

type Calls<D> = FuturesUnordered<BoxFuture<'static, Outcome<D>>>;

struct Executor<J: RunJournal> {
    journal: J,
    view: watch::Sender<J::View>,
    stop: watch::Receiver<bool>,
}

impl<J: RunJournal> Executor<J> {
    async fn run(mut self) {
        match self.execute().await {
            Ok(()) => self.finish().await,
            Err(Stopped::Quietly) => {}
            Err(Stopped::NoJournal) => self.leave("the journal can't be written; the run stops until the next start"),
        }
    }

    /// What is written says that the run goes on, as it will; here it does not.
    fn leave(&mut self, why: &str) {
        tracing::error!(run = %self.journal.id(), "{why}");
        self.journal.give_up();
        self.show();
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
                Some(outcome) = calls.next() => {
                    // What a call has told last belongs to its step, and is written with its end.
                    while let Ok((step, news)) = told.try_recv() {
                        self.hear(step, news).await?;
                    }
                    self.end(outcome).await?;
                }
                Some((step, news)) = told.recv() => self.hear(step, news).await?,
                _ = renew.tick() => self.renew().await?,
                _ = stop.changed() => {}
            }
        }
    }

    /// Starts every step whose predecessors are done. The journal says so before the first call goes out.
    async fn begin(
        &mut self,
        calls: &mut Calls<J::Done>,
        teller: &mpsc::UnboundedSender<(usize, J::News)>,
    ) -> Result<(), Stopped> {
        let pending = self.journal.states().into_iter().enumerate().filter(|(_, state)| *state == StepState::Pending);
        let ready: Vec<usize> = pending.map(|(at, _)| at).filter(|at| self.journal.is_free(*at)).collect();
        if ready.is_empty() {
            return Ok(());
        }
        let now = self.journal.services().now();
        for at in &ready {
            self.journal.begin(*at, now);
        }
        self.write().await?;
        for at in ready {
            let teller = teller.clone();
            // The executor is there as long as the call is: it polls it.
            let call = self.journal.call(at, Arc::new(move |news| drop(teller.send((at, news)))));
            calls.push(Box::pin(async move {
                let began = Instant::now();
                let result = call.await;
                Outcome { step: at, took: began.elapsed(), result }
            }));
        }
        Ok(())
    }

    async fn end(&mut self, outcome: Outcome<J::Done>) -> Result<(), Stopped> {
        let took_ms = u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX);
        self.journal.end(outcome.step, took_ms, outcome.result);
        self.write().await
    }

    async fn hear(&mut self, step: usize, news: J::News) -> Result<(), Stopped> {
        match self.journal.hear(step, news) {
            Heard::Ignored => Ok(()),
            Heard::Shown => {
                self.show();
                Ok(())
            }
            Heard::Kept => self.write().await,
        }
    }

    async fn last_calls(&mut self, calls: &mut Calls<J::Done>) -> Result<(), Stopped> {
        let until = tokio::time::Instant::now() + LAST_CALLS;
        while let Ok(Some(outcome)) = tokio::time::timeout_at(until, calls.next()).await {
            self.end(outcome).await?;
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Stopped> {
        let now = self.journal.services().now();
        let leases = &self.journal.services().inner.stores.runs;
        match leases.lease(self.journal.lease(), self.journal.id().as_str(), now.plus_ms(LEASE_MS), now).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(owner)) => {
                tracing::error!(run = %self.journal.id(), %owner, "the lease was lost to another run; this one stops");
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
        let failed = self.journal.states().into_iter().any(|state| state != StepState::Done);
        if let Err(why) = self.journal.conclude(failed).await {
            return self.leave(why);
        }
        // The lease before the last word: whoever sees the run ended can start the next one.
        self.journal.services().give_back(self.journal.lease(), self.journal.id()).await;
        if self.write().await.is_err() {
            tracing::error!(run = %self.journal.id(), "the end of a run could not be written; the next start resumes it");
            self.show();
        }
    }

    fn show(&mut self) {
        self.journal.revise();
        self.view.send_replace(self.journal.view());
    }

    /// Writes the journal, then shows it: nobody sees what a crash could forget.
    async fn write(&mut self) -> Result<(), Stopped> {
        self.journal.revise();
        let journal = &self.journal;
        written("the journal", || journal.put()).await.ok_or(Stopped::NoJournal)?;
        self.view.send_replace(self.journal.view());
        Ok(())
    }
}
