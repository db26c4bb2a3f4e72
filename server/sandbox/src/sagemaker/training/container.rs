//! What runs in the job's container: the training itself, on a thread of its own, watched from outside.

use super::places::Downloaded;
use crate::clock;
use boosting::{Channels, Failure, FailureKind, Hyperparameters, MetricValue, Model, Observer, TrainingError};
use domain::time::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// The switch that ends a job.
#[derive(Debug, Default)]
pub struct Switch {
    off: AtomicBool,
    told: Notify,
}

impl Switch {
    /// Ends it.
    pub fn turn_off(&self) {
        self.off.store(true, Ordering::Release);
        self.told.notify_waiters();
    }
    /// Whether it is to end.
    pub fn is_off(&self) -> bool {
        self.off.load(Ordering::Acquire)
    }
    /// Waits until it is to end.
    pub async fn turned_off(&self) {
        loop {
            let told = self.told.notified();
            tokio::pin!(told);
            // Counted before the look: what is told from here on is not missed.
            told.as_mut().enable();
            if self.is_off() {
                return;
            }
            told.await;
        }
    }
}

/// Values as they were measured.
pub type Measured = Vec<(Timestamp, MetricValue)>;

/// How a training ended.
pub enum Ending {
    /// With a model.
    Trained(Box<Model>),
    /// Ended from outside, with what it keeps.
    Stopped(Option<Box<Model>>),
    /// In the container's words.
    Failed(Failure),
}

/// What a container needs.
pub struct Container {
    /// As CreateTrainingJob has them.
    pub hyperparameters: BTreeMap<String, String>,
    /// What was downloaded.
    pub channels: Vec<Downloaded>,
    /// Ends it from outside.
    pub switch: Arc<Switch>,
    /// Until when it may train.
    pub deadline: Instant,
    /// Where its lines go.
    pub lines: UnboundedSender<(Timestamp, String)>,
    /// Where its metrics go.
    pub measured: Arc<Mutex<Measured>>,
}

impl Container {
    /// Trains. Blocking.
    pub fn run(self) -> Ending {
        let Self { hyperparameters, channels, switch, deadline, lines, measured } = self;
        let mut watch = Watch { switch, deadline, lines, measured };
        watch.log("Imported framework sagemaker_xgboost_container.training");
        match train(&hyperparameters, &channels, &mut watch) {
            Ok(training) => Ending::Trained(Box::new(training.model)),
            Err(TrainingError::Stopped { model }) => Ending::Stopped(model),
            Err(TrainingError::Failed(failure)) => {
                watch.say("ERROR", &failure.message);
                Ending::Failed(failure)
            }
        }
    }
}

fn train(
    hyperparameters: &BTreeMap<String, String>,
    channels: &[Downloaded],
    watch: &mut Watch,
) -> Result<boosting::Training, TrainingError> {
    let parameters = Hyperparameters::parse(hyperparameters)?;
    let of = |name: &str| channels.iter().find(|channel| channel.name() == name).map(Downloaded::channel);
    let stranger = channels.iter().find(|channel| !["train", "validation"].contains(&channel.name()));
    if let Some(stranger) = stranger {
        let message = format!("Extraneous channel found: {}", stranger.name());
        return Err(Failure { kind: FailureKind::User, message }.into());
    }
    boosting::train(&parameters, Channels { train: of("train"), validation: of("validation") }, watch)
}

struct Watch {
    switch: Arc<Switch>,
    deadline: Instant,
    lines: UnboundedSender<(Timestamp, String)>,
    measured: Arc<Mutex<Measured>>,
}

impl Watch {
    fn say(&mut self, level: &str, line: &str) {
        let now = clock::now();
        let (day, time) =
            now.rfc3339().split_once('T').map(|(day, time)| (day.to_owned(), time.to_owned())).unwrap_or_default();
        let time = time.get(..8).unwrap_or_default();
        // Nobody listens any more when the sandbox stops.
        let _ = self.lines.send((now, format!("[{day}:{time}:{level}] {line}")));
    }
}

impl Observer for Watch {
    fn log(&mut self, line: &str) {
        // The lines of rounds come from XGBoost itself.
        if line.starts_with('[') {
            let _ = self.lines.send((clock::now(), line.to_owned()));
        } else {
            self.say("INFO", line);
        }
    }
    fn metric(&mut self, metric: &MetricValue) {
        self.measured.lock().push((clock::now(), metric.clone()));
    }
    fn stopped(&mut self) -> bool {
        self.switch.is_off() || Instant::now() >= self.deadline
    }
}
