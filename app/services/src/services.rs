//! The façade the console's pages and routes call.

use crate::activity::Journal;
use crate::batch::{BatchSettings, Batches};
use crate::clock::Clock;
use crate::connections::Identities;
use crate::history::{History, Recorder};
use crate::journal::Executing;
use crate::load::{LoadSettings, Loads};
use crate::playground::Playground;
use crate::ports::gateway::Gateways;
use crate::ports::store::Stores;
use crate::sessions::Sessions;
use crate::verification::Verifications;
use domain::names::Region;
use domain::run::RunView;
use domain::time::Timestamp;
use secrecy::SecretString;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::Instrument as _;

/// How long to wait between tries, and for how long in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try; doubles from there.
    pub first: Duration,
    /// At most between two tries.
    pub longest: Duration,
    /// No new try after this.
    pub budget: Duration,
}

impl Backoff {
    /// The wait before the try after `tries` of them.
    pub(crate) fn wait(&self, tries: u32) -> Duration {
        self.first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(self.longest)
    }
}

/// What the use cases have to know about the process they run in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the accounts are the embedded sandbox's.
    pub sandbox: bool,
    /// Offered first where a region has to be chosen.
    pub default_region: Region,
    /// The first launch token, for automation; without it one is made up when it is asked for.
    pub launch_token: Option<SecretString>,
    /// How long a launch token that was made up is good. Printed addresses end up in journals, which more people read
    /// than may sign in.
    pub launch: Duration,
    /// How long a verification waits for IAM's changes to be seen everywhere: 10–60 s as a rule.
    pub propagation: Backoff,
    /// How often a step of a run is tried again by itself, on throttling and the like.
    pub retry: Backoff,
    /// How often an applied share is compared with its accounts without being asked; `None`: never.
    pub check_shares: Option<Duration>,
    /// After so long without output and failure an asynchronous call is said to be overdue. SageMaker gives a model 15
    /// minutes as a rule, and a request may wait in the queue before.
    pub answers_within: Duration,
    /// Batches: where their files are, and how large they may be.
    pub batch: BatchSettings,
    /// How hard a load check may be.
    pub load: LoadSettings,
}

impl Settings {
    /// What suits AWS.
    pub fn new(sandbox: bool, default_region: Region) -> Self {
        let secs = Duration::from_secs;
        Self {
            sandbox,
            default_region,
            launch_token: None,
            launch: secs(15 * 60),
            propagation: Backoff { first: secs(1), longest: secs(10), budget: secs(120) },
            retry: Backoff { first: Duration::from_millis(500), longest: secs(8), budget: secs(30) },
            check_shares: Some(secs(6 * 60 * 60)),
            answers_within: secs(20 * 60),
            batch: BatchSettings::default(),
            load: LoadSettings::default(),
        }
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) gateways: Gateways,
    pub(crate) stores: Stores,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Sessions,
    pub(crate) identities: Identities,
    pub(crate) journal: Journal,
    pub(crate) runs: Arc<Executing<RunView>>,
    pub(crate) verifications: Verifications,
    pub(crate) playground: Playground,
    pub(crate) history: History,
    pub(crate) batches: Batches,
    pub(crate) loads: Loads,
}

impl Services {
    /// Puts the use cases over their ports. Needs a tokio runtime: the audit trail is written in the background.
    pub fn new(gateways: Gateways, stores: Stores, settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let journal = Journal::start(stores.activity.clone());
        let history = History::new(Recorder::start(stores.history.clone()));
        let sessions = Sessions::new(settings.launch_token.as_ref());
        Self {
            inner: Arc::new(Inner {
                gateways,
                stores,
                settings,
                clock,
                sessions,
                identities: Identities::default(),
                journal,
                runs: Arc::default(),
                verifications: Verifications::default(),
                playground: Playground::default(),
                history,
                batches: Batches::default(),
                loads: Loads::default(),
            }),
        }
    }

    /// The server's time.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Whether the accounts are the embedded sandbox's.
    pub fn is_sandbox(&self) -> bool {
        self.inner.settings.sandbox
    }

    /// Ends background work in good order: audit trail and history are written out. Runs go on at the next start.
    pub async fn shutdown(&self) {
        tokio::join!(self.inner.runs.stop(), self.inner.batches.stop(), self.inner.loads.stop());
        self.inner.history.flush().await;
        self.inner.journal.flush().await;
    }
}

/// Does `work` to its end even when whoever waits for it goes away: a browser that disconnects drops the future of its
/// request, and with it would go the second of two writes that belong together.
pub async fn uncancelled<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and whoever waits goes with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Locks without minding that another holder panicked: what is guarded is replaced whole, never left half-way.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
