//! A job on its way: as its role it reads the channels, trains, and writes the model.
//!
//! Each step is written down before it is taken. After a restart a job begins again.

use super::container::{Container, Ending, Measured, Switch};
use super::input;
use super::model::{FinalMetric, Status, TrainingJob, milliseconds};
use super::places::{self, Downloaded};
use crate::acting::Acting;
use crate::app::App;
use crate::clock;
use crate::error::Failure;
use crate::events::{self, Event};
use crate::sagemaker::model::SageMaker;
use boosting::Model;
use domain::names::{AccountId, Region};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

/// Training jobs that train at the same time; the others wait while they are starting.
const AT_ONCE: usize = 2;
const SERVICE: &str = "sagemaker.amazonaws.com";
const SESSION: &str = "SageMaker";

/// Names a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
    /// Its name, in lower case.
    pub name: String,
}

/// The jobs under way.
pub struct Running {
    switches: Mutex<HashMap<Key, Arc<Switch>>>,
    room: Arc<Semaphore>,
}

impl Default for Running {
    fn default() -> Self {
        Self { switches: Mutex::default(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Running {
    /// Ends a job.
    pub fn stop(&self, key: &Key) {
        if let Some(switch) = self.switches.lock().get(key) {
            switch.turn_off();
        }
    }
}

/// Begins a job that was written down.
pub fn begin(app: &App, key: Key) {
    let switch = Arc::new(Switch::default());
    app.training.switches.lock().insert(key.clone(), Arc::clone(&switch));
    app.background.begin(|app| async move {
        // Ends the thread too, when this is dropped because the sandbox stops.
        let guard = Guard(Arc::clone(&switch));
        Journey { app: &app, key: &key, switch: &switch }.go().await;
        drop(guard);
        app.training.switches.lock().remove(&key);
    });
}

struct Guard(Arc<Switch>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.turn_off();
    }
}

/// Takes up what was under way: what ran begins again, what was being stopped is stopped.
pub fn resume(app: &Arc<App>) {
    let mut under_way = Vec::new();
    for (account, known) in &app.store.read().accounts {
        for (region, sagemaker) in &known.sagemaker {
            let Ok(region) = Region::parse(region) else { continue };
            let open = sagemaker.jobs.iter().filter(|(_, job)| !job.status.is_final());
            under_way.extend(open.map(|(name, job)| {
                let key = Key { account: account.clone(), region: region.clone(), name: name.clone() };
                (key, job.status)
            }));
        }
    }
    for (key, status) in under_way {
        let changed = change(app, &key, |job| match status {
            Status::Stopping => end(job, Status::Stopped, "Stopped", "Training job stopped"),
            _ => {
                job.started = None;
                job.metrics.clear();
                job.enter("Restarting", "Restarting the training job", clock::now());
            }
        });
        if changed.is_some() && status != Status::Stopping {
            begin(app, key);
        }
    }
}

fn end(job: &mut TrainingJob, status: Status, secondary: &str, message: &str) {
    let now = clock::now();
    job.status = status;
    if job.started.is_some() {
        job.ended = Some(now);
    }
    job.enter(secondary, message, now);
}

/// Changes a job that has not come to its end, and tells of it. Gives the job as it is then.
pub fn change(app: &App, key: &Key, change: impl FnOnce(&mut TrainingJob)) -> Option<TrainingJob> {
    let changed = app.store.write::<_, Infallible>(|state| {
        let sagemaker: Option<&mut SageMaker> =
            state.accounts.get_mut(&key.account).and_then(|account| account.sagemaker.get_mut(key.region.as_str()));
        let job = sagemaker.and_then(|sagemaker| sagemaker.jobs.get_mut(&key.name));
        Ok(job.filter(|job| !job.status.is_final()).map(|job| {
            change(job);
            job.clone()
        }))
    });
    let job = changed.ok().and_then(|(job, _)| job)?;
    tell(app, key, &job);
    Some(job)
}

/// Tells EventBridge what a job has come to.
pub fn tell(app: &App, key: &Key, job: &TrainingJob) {
    let arn = job.arn(&key.region, &key.account);
    let mut detail = job.shown(&key.region, &key.account, milliseconds);
    let tags = app.store.read().accounts.get(&key.account).and_then(|account| {
        let tags = account.sagemaker.get(key.region.as_str())?.tags.get(&arn)?;
        Some(tags.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect::<Map<_, _>>())
    });
    detail["Tags"] = Value::Object(tags.unwrap_or_default());
    events::publish(
        app,
        Event {
            source: "aws.sagemaker",
            detail_type: "SageMaker Training Job State Change",
            account: key.account.clone(),
            region: key.region.clone(),
            resources: vec![arn],
            detail,
        },
    );
}

/// Why a job does not go on.
enum Detour {
    /// It failed, for this reason.
    Failed(String),
    /// It was stopped.
    Stopped,
    /// It ran too long.
    TooLong,
}

struct Journey<'a> {
    app: &'a App,
    key: &'a Key,
    switch: &'a Arc<Switch>,
}

impl Journey<'_> {
    async fn go(&self) {
        let found = self
            .app
            .store
            .read()
            .accounts
            .get(&self.key.account)
            .and_then(|account| account.sagemaker.get(self.key.region.as_str())?.jobs.get(&self.key.name).cloned());
        let Some(job) = found else { return };
        let measured = Arc::new(Mutex::new(Measured::new()));
        let ending = self.travel(&job, &measured).await;
        let finals = finals(&measured.lock());
        change(self.app, self.key, |job| {
            job.metrics = finals;
            match ending {
                Ok(()) => end(job, Status::Completed, "Completed", "Training job completed"),
                Err(Detour::Stopped) => end(job, Status::Stopped, "Stopped", "Training job stopped"),
                Err(Detour::TooLong) => end(
                    job,
                    Status::Stopped,
                    "MaxRuntimeExceeded",
                    "Training job runtime exceeded MaxRuntimeInSeconds provided",
                ),
                Err(Detour::Failed(reason)) => {
                    // What SageMaker shows has a limit.
                    job.failure = Some(reason.chars().take(1024).collect());
                    end(job, Status::Failed, "Failed", "Training job failed");
                }
            }
        });
    }

    async fn travel(&self, job: &TrainingJob, measured: &Arc<Mutex<Measured>>) -> Result<(), Detour> {
        let app = self.app;
        let _room = tokio::select! {
            room = Arc::clone(&app.training.room).acquire_owned() => room,
            () = self.switch.turned_off() => return Err(Detour::Stopped),
        };
        self.note("Starting", "Preparing the instances for training").await?;
        let role = job.text("/RoleArn").unwrap_or_default();
        let arn = job.arn(&self.key.region, &self.key.account);
        let acting = Acting::as_role(app, &self.key.region, role, SERVICE, Some(&arn), SESSION)
            .map_err(|failure: Failure| Detour::Failed(format!("ClientError: {}", failure.message)))?;
        change(app, self.key, |job| job.started = Some(clock::now()));
        let seconds = u64::try_from(job.most_seconds()).unwrap_or_default();
        let deadline = Instant::now() + Duration::from_secs(seconds);
        self.note("Downloading", "Downloading input data").await?;
        let channels = places::download(app, &acting, job).await.map_err(Detour::Failed)?;
        self.note("Training", "Training image download completed. Training in progress.").await?;
        let (model, detour) = self.train(&acting, job, channels, deadline, measured).await?;
        if let Some(model) = model {
            // A job that was stopped keeps what it has, and is shown as stopping meanwhile.
            if detour.is_none() {
                self.note("Uploading", "Uploading generated training model").await?;
            }
            let archive = tokio::task::spawn_blocking(move || model.to_archive()).await;
            let archive = archive.map_err(std::io::Error::other).and_then(|archive| archive);
            let archive = archive.map_err(|error| Detour::Failed(format!("InternalServerError: {error}")))?;
            places::upload(app, &acting, job, archive).await.map_err(Detour::Failed)?;
        }
        detour.map_or(Ok(()), Err)
    }

    /// Writes a step down and stays there for as long as the settings want it, or until the job is stopped.
    async fn note(&self, secondary: &str, message: &str) -> Result<(), Detour> {
        if self.switch.is_off() {
            return Err(Detour::Stopped);
        }
        change(self.app, self.key, |job| {
            // Who asked to stop meanwhile is not overruled.
            if job.status == Status::InProgress {
                let same = job.transitions.last_mut().filter(|last| last.status == secondary);
                match same {
                    Some(last) => message.clone_into(&mut last.message),
                    None => job.enter(secondary, message, clock::now()),
                }
            }
        });
        let stay = Duration::from_millis(self.app.faults.settings().training_phase_ms);
        tokio::select! {
            () = tokio::time::sleep(stay) => Ok(()),
            () = self.switch.turned_off() => Err(Detour::Stopped),
        }
    }

    /// Trains. Gives the model to keep, and why the job does not complete if it doesn't.
    async fn train(
        &self,
        acting: &Acting,
        job: &TrainingJob,
        channels: Vec<Downloaded>,
        deadline: Instant,
        measured: &Arc<Mutex<Measured>>,
    ) -> Result<(Option<Box<Model>>, Option<Detour>), Detour> {
        let (lines, mut written) = mpsc::unbounded_channel();
        let container = Container {
            hyperparameters: input::hyperparameters(&job.request),
            channels,
            switch: Arc::clone(self.switch),
            deadline,
            lines,
            measured: Arc::clone(measured),
        };
        let stream = format!("{}/algo-1-{}", job.name, clock::now().0 / 1000);
        let training = tokio::task::spawn_blocking(move || container.run());
        let logging = async {
            let mut batch = Vec::new();
            while written.recv_many(&mut batch, 5000).await > 0 {
                places::log(self.app, acting, &stream, &batch).await;
                batch.clear();
            }
        };
        let (ending, ()) = tokio::join!(training, logging);
        let values = measured.lock().clone();
        places::measured(self.app, acting, job, &values).await;
        match ending {
            Ok(Ending::Trained(model)) => Ok((Some(model), None)),
            Ok(Ending::Stopped(model)) if self.switch.is_off() => Ok((model, Some(Detour::Stopped))),
            Ok(Ending::Stopped(model)) => Ok((model, Some(Detour::TooLong))),
            Ok(Ending::Failed(failure)) => Err(Detour::Failed(failure.reason())),
            Err(error) => Err(Detour::Failed(format!("InternalServerError: {error}"))),
        }
    }
}

/// The last value of each metric.
fn finals(measured: &Measured) -> Vec<FinalMetric> {
    let mut finals: Vec<FinalMetric> = Vec::new();
    for (at, metric) in measured.iter().filter(|(_, metric)| metric.value.is_finite()) {
        let last = FinalMetric { name: metric.name.clone(), value: metric.value, at: *at };
        match finals.iter_mut().find(|known| known.name == metric.name) {
            Some(known) => *known = last,
            None => finals.push(last),
        }
    }
    finals
}
