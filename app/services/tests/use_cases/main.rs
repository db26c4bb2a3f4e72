//! Use cases over small ports in memory: what can be shown without a wire.

#![allow(clippy::unwrap_used, clippy::new_without_default, clippy::result_large_err, missing_docs)]

mod drafts;
mod gateways;
mod history;
mod invocations;
mod pipeline;
mod runs;
mod saved;
mod sessions;
mod stores;
mod trail;

use domain::names::Region;
use domain::time::Timestamp;
use gateways::Cloud;
use secrecy::{ExposeSecret as _, SecretString};
use services::{Clock, Operator, Services, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use stores::Memory;

/// A clock that stands still until it is told to go on.
#[derive(Default)]
pub struct Hand(AtomicI64);

impl Hand {
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000 + self.0.load(Ordering::SeqCst))
    }
}

pub struct Bench {
    pub services: Services,
    pub cloud: Arc<Cloud>,
    pub memory: Arc<Memory>,
    pub clock: Arc<Hand>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Settings::new(false, region()))
    }
    pub fn with(settings: Settings) -> Self {
        let (cloud, memory, clock) =
            (Arc::new(Cloud::default()), Arc::new(Memory::default()), Arc::new(Hand::default()));
        let services = Services::new(gateways::of(&cloud), stores::of(&memory), settings, clock.clone());
        Self { services, cloud, memory, clock }
    }
    pub async fn cookie(&self) -> SecretString {
        let token = self.services.issue_launch_token();
        self.services.sign_in(token.expose_secret()).await.unwrap().unwrap()
    }
    pub async fn operator(&self) -> Operator {
        let cookie = self.cookie().await;
        self.services.operator(cookie.expose_secret()).await.unwrap().unwrap()
    }
}

pub fn region() -> Region {
    "eu-west-1".parse().unwrap()
}
