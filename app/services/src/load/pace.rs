//! Begins the calls of a load check, and no more than it may.

use crate::{Operator, Services};
use domain::batch::{Verdict, verdict};
use domain::invoke::InvokeFailure;
use domain::load::{LoadPace, LoadSetup};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// A call that came back.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) took_us: u64,
    pub(super) sent: usize,
    /// The answer's size, or what went wrong.
    pub(super) answer: Result<usize, Failed>,
}

#[derive(Debug)]
pub(super) struct Failed {
    pub(super) kind: String,
    pub(super) message: String,
    /// Every other call would fail in the same way.
    pub(super) all: bool,
}

/// What is told of calls that have not come back.
#[derive(Clone, Default)]
pub(super) struct Begun {
    left_out: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Begun {
    /// Calls that would have been too many at once.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
    /// Whether no more are begun.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

pub(super) struct Pacer {
    caller: Arc<Caller>,
    stop: Arc<watch::Sender<bool>>,
    begun: Begun,
}

struct Caller {
    services: Services,
    operator: Operator,
    setup: LoadSetup,
    samples: mpsc::Sender<Sample>,
    /// How many more may be made.
    left: AtomicU64,
}

impl Pacer {
    pub(super) fn new(
        services: Services,
        operator: Operator,
        setup: LoadSetup,
        samples: mpsc::Sender<Sample>,
        stop: Arc<watch::Sender<bool>>,
        begun: Begun,
    ) -> Self {
        let left = AtomicU64::new(setup.most_calls());
        Self { caller: Arc::new(Caller { services, operator, setup, samples, left }), stop, begun }
    }

    /// Until time is up, the calls are used up, or someone says stop. Calls under way come back after that.
    pub(super) async fn run(self) {
        let setup = &self.caller.setup;
        let until = Instant::now() + Duration::from_secs(u64::from(setup.seconds));
        match setup.pace {
            LoadPace::AtOnce => self.at_once(until).await,
            LoadPace::Rate(rate) => self.by_rate(until, rate).await,
        }
        self.begun.over.store(true, Ordering::Relaxed);
    }

    async fn at_once(&self, until: Instant) {
        let workers = (0..self.caller.setup.at_once).map(|_| {
            let (caller, stop) = (self.caller.clone(), self.stop.subscribe());
            tokio::spawn(async move {
                while Instant::now() < until && !*stop.borrow() && caller.take_one() {
                    caller.call().await;
                }
            })
        });
        // What one of them panicked with was logged there.
        futures::future::join_all(workers).await;
    }

    async fn by_rate(&self, until: Instant, rate: u32) {
        let room = Arc::new(Semaphore::new(usize::from(self.caller.setup.at_once)));
        let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
        // What was late is caught up on: the rate holds on the whole.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut stop = self.stop.subscribe();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep_until(until) => return,
                _ = ticks.tick() => {}
            }
            if !self.caller.take_one() {
                return;
            }
            match room.clone().try_acquire_owned() {
                Ok(permit) => {
                    let caller = self.caller.clone();
                    tokio::spawn(async move {
                        caller.call().await;
                        drop(permit);
                    });
                }
                Err(_) => _ = self.begun.left_out.fetch_add(1, Ordering::Relaxed),
            }
        }
    }
}

impl Caller {
    /// Takes one of the calls that may be made; `false` when there is none left.
    fn take_one(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    async fn call(&self) {
        let params = self.setup.params.clone();
        let sent = params.bytes();
        let sample = match self.services.invoke_quietly(&self.operator, params).await {
            Ok(outcome) => Sample {
                took_us: outcome.call_us,
                sent,
                answer: outcome.result.map(|answer| answer.bytes).map_err(|failure| failed(&failure)),
            },
            Err(error) => {
                let failed = Failed { kind: "Not sent".into(), message: error.to_string(), all: true };
                Sample { took_us: 0, sent: 0, answer: Err(failed) }
            }
        };
        // Whoever counts is there until all senders are gone.
        let _ = self.samples.send(sample).await;
    }
}

fn failed(failure: &InvokeFailure) -> Failed {
    let model = failure.model.as_ref();
    let status = model.and_then(|model| model.status).map(|status| format!(" {status}")).unwrap_or_default();
    let said = model.map(|model| model.message.as_str()).filter(|said| !said.is_empty());
    let message = said.unwrap_or(&failure.message).chars().take(300).collect();
    Failed { kind: format!("{}{status}", failure.code), message, all: verdict(failure) == Verdict::All }
}
