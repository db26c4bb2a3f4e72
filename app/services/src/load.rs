//! Load checks: one request over and over, for a bounded time, number of calls and number at once.

mod measure;
mod pace;

use crate::activity::Happened;
use crate::runs::follow;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::activity::ActivityOutcome;
use domain::load::{LoadForm, LoadLimits, LoadState, LoadView};
use domain::names::LoadId;
use futures::stream::{self, Stream, StreamExt as _};
use measure::Measure;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

/// How many checks are listed.
const LISTED: u32 = 50;
/// How many load checks may go on at once: two would measure each other.
const GOING: usize = 1;
/// How often a page is told.
const TELL: Duration = Duration::from_millis(500);
/// How many answers may wait to be counted.
const WAITING: usize = 1024;
/// For how long a check that was never begun is kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// How hard load checks may be.
#[derive(Debug, Clone, Default)]
pub struct LoadSettings {
    /// What is allowed.
    pub limits: LoadLimits,
}

/// The load checks under way.
#[derive(Default)]
pub(crate) struct Loads {
    active: Mutex<HashMap<LoadId, Active>>,
}

struct Active {
    view: watch::Receiver<LoadView>,
    stop: Arc<watch::Sender<bool>>,
}

impl Loads {
    /// Begins no more calls. What is measured until then is lost with the process: half a check is no check.
    pub(crate) async fn stop(&self) {
        lock(&self.active).values().for_each(|load| _ = load.stop.send_replace(true));
    }

    fn view(&self, id: &LoadId) -> Option<watch::Receiver<LoadView>> {
        lock(&self.active).get(id).map(|load| load.view.clone())
    }
}

impl Services {
    /// How hard a load check may be.
    pub fn load_limits(&self) -> LoadLimits {
        self.inner.settings.load.limits.clone()
    }

    /// Keeps a check to be looked at before it begins. What is typed is kept, right or not.
    pub async fn prepare_load(&self, operator: &Operator, form: LoadForm) -> ServiceResult<LoadView> {
        let now = self.now();
        // Old ones that nobody began are dropped here, where it is rare and nobody waits; failing to is harmless.
        if let Err(error) = self.inner.stores.loads.sweep(now.plus_ms(-KEPT_MS)).await {
            tracing::warn!(%error, "load checks that were never begun could not be dropped");
        }
        let setup = form.read(&self.inner.settings.load.limits).ok();
        let id = crate::drafts::fresh(LoadId::parse)?;
        let view = LoadView::new(id, operator.label(), now, form, setup);
        self.inner.stores.loads.put(&view).await?;
        Ok(view)
    }

    /// Where a check is.
    pub async fn load(&self, _operator: &Operator, id: &LoadId) -> ServiceResult<LoadView> {
        if let Some(live) = self.inner.loads.view(id) {
            return Ok(live.borrow().clone());
        }
        let found = self.inner.stores.loads.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "load check", id: id.to_string() })
    }

    /// The newest checks that were begun; those of the same endpoint as `like` where it is given.
    pub async fn loads(&self, _operator: &Operator, like: Option<&LoadView>) -> ServiceResult<Vec<LoadView>> {
        let target = like.and_then(LoadView::target);
        if like.is_some() && target.is_none() {
            return Ok(Vec::new());
        }
        let mut loads = self.inner.stores.loads.list(target.as_deref(), LISTED).await?;
        loads.retain(|load| like.is_none_or(|like| like.id != load.id));
        // A list is of what they came to.
        for load in &mut loads {
            load.seconds.clear();
            load.buckets.clear();
        }
        Ok(loads)
    }

    /// A check as it goes: its present state first; ends when it has ended.
    pub async fn watch_load(
        &self,
        operator: &Operator,
        id: &LoadId,
    ) -> ServiceResult<impl Stream<Item = LoadView> + Send + use<>> {
        if let Some(live) = self.inner.loads.view(id) {
            return Ok(follow(live, |view| view.state.is_going()));
        }
        let view = self.load(operator, id).await?;
        Ok(stream::once(async { view }).boxed())
    }

    /// Begins the calls.
    pub async fn start_load(&self, operator: &Operator, id: &LoadId) -> ServiceResult<()> {
        let mut view = self.load(operator, id).await?;
        let (LoadState::Ready, Some(setup)) = (view.state, view.setup.clone()) else {
            return match view.state {
                LoadState::Ready => Err(conflict("the load check is not set up", "go back and mend what is marked")),
                _ => Ok(()),
            };
        };
        view.state = LoadState::Running;
        view.started = Some(self.now());
        view.revision += 1;
        let stop = Arc::new(watch::Sender::new(false));
        let (sender, live) = watch::channel(view.clone());
        {
            let mut active = lock(&self.inner.loads.active);
            if active.len() >= GOING {
                let hint = "wait until it is over: two would measure each other";
                return Err(conflict("another load check is under way", hint));
            }
            active.insert(id.clone(), Active { view: live, stop: stop.clone() });
        }
        let ended = Ended { services: self.clone(), id: id.clone() };
        self.inner.stores.loads.put(&view).await?;
        let what = format!("started a load check of {}", setup.params.endpoint);
        let detail = format!("at most {} calls in {} s", setup.most_calls(), setup.seconds);
        self.note(operator.label(), Happened::done(what).detail(detail)).await;
        let (services, operator) = (self.clone(), operator.clone());
        tokio::spawn(async move {
            // Removed also after a panic: the next check must be able to begin.
            let _ended = ended;
            services.run_load(&operator, view, sender, stop).await;
        });
        Ok(())
    }

    /// Begins no more calls; those under way are waited for.
    pub async fn stop_load(&self, operator: &Operator, id: &LoadId) -> ServiceResult<()> {
        let stop = lock(&self.inner.loads.active).get(id).map(|load| load.stop.clone());
        match stop {
            Some(stop) => _ = stop.send_replace(true),
            // It may just have ended; that there is such a check at all is worth knowing.
            None => _ = self.load(operator, id).await?,
        }
        Ok(())
    }

    /// Deletes a check that is not under way.
    pub async fn delete_load(&self, operator: &Operator, id: &LoadId) -> ServiceResult<()> {
        if self.inner.loads.view(id).is_some_and(|live| live.borrow().state.is_going()) {
            return Err(conflict("the load check is under way", "stop it, then delete it"));
        }
        self.inner.stores.loads.delete(id).await?;
        self.note(operator.label(), Happened::done(format!("deleted load check {id}"))).await;
        Ok(())
    }

    /// Ends checks that a crash or a restart interrupted; called once at the start.
    pub async fn end_loads(&self) -> ServiceResult<()> {
        for mut view in self.inner.stores.loads.unfinished().await? {
            view.state = LoadState::Done;
            view.why = Some("the console was restarted while it went on: what was measured is lost".into());
            view.revision += 1;
            self.inner.stores.loads.put(&view).await?;
        }
        Ok(())
    }

    async fn run_load(
        &self,
        operator: &Operator,
        mut view: LoadView,
        sender: watch::Sender<LoadView>,
        stop: Arc<watch::Sender<bool>>,
    ) {
        let Some(setup) = view.setup.clone() else { return };
        let endpoint = setup.params.endpoint.clone();
        let (samples, mut came) = mpsc::channel(WAITING);
        let begun = pace::Begun::default();
        let pacer = pace::Pacer::new(self.clone(), operator.clone(), setup, samples, stop.clone(), begun.clone());
        tokio::spawn(pacer.run());
        let mut measure = Measure::new();
        let mut tell = tokio::time::interval(TELL);
        tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = stop.subscribe();
        loop {
            tokio::select! {
                sample = came.recv() => match sample {
                    Some(sample) => if let Some(why) = measure.take(sample) {
                        view.why.get_or_insert(why);
                        stop.send_replace(true);
                    },
                    // Everyone who could send one has ended.
                    None => break,
                },
                _ = tell.tick() => {
                    if *asked.borrow_and_update() || begun.is_over() {
                        view.state = LoadState::Stopping;
                    }
                    measure.show(&mut view, begun.left_out());
                    sender.send_replace(view.clone());
                }
            }
        }
        if *asked.borrow_and_update() && view.why.is_none() {
            view.why = Some("it was stopped".into());
            view.stopped = true;
        }
        view.state = LoadState::Done;
        measure.show(&mut view, begun.left_out());
        if let Err(error) = self.inner.stores.loads.put(&view).await {
            tracing::error!(load = %view.id, %error, "a load check's result can't be written down");
        }
        sender.send_replace(view.clone());
        let outcome = if view.failed == 0 { ActivityOutcome::Done } else { ActivityOutcome::Failed };
        let detail = format!("{} calls, {} failed, {} bytes sent", view.calls, view.failed, view.sent_bytes);
        let mut happened =
            Happened::done(format!("finished a load check of {endpoint}")).outcome(outcome).detail(detail);
        happened.took_ms = Some(view.spent_ms);
        self.note(operator.label(), happened).await;
    }
}

fn conflict(message: &str, hint: &str) -> ServiceError {
    ServiceError::Conflict { message: message.into(), hint: hint.into() }
}

struct Ended {
    services: Services,
    id: LoadId,
}

impl Drop for Ended {
    fn drop(&mut self) {
        lock(&self.services.inner.loads.active).remove(&self.id);
    }
}
