//! The three-account pipeline: its wizard, its making and its end, its runs, and what is asked of it while it stands.
//!
//! [`Pipelines`] is a façade of its own beside [`Services`], of which it has connections, leases and the audit trail. What
//! is decided is decided in `domain::pipeline`; here is what is read and called for that.

mod apply;
mod approve;
mod data;
mod drafts;
mod logs;
mod operate;
mod preflight;
mod records;
mod review;
mod rows;
mod runs;
mod teardown;
mod trial;
mod versions;

pub use data::{DataUpload, Sample};
pub use preflight::Typed;

use crate::Services;
use crate::journal::Executing;
use crate::ports::gateway::PipelineGateways;
use crate::ports::store::PipelineStores;
use approve::Hashes;
use data::Preparations;
use domain::pipeline::view::PipelineRunView;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use trial::Trials;

/// What the use cases of pipelines have to know about the process they run in.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// Where tables are, a folder a pipeline; `None`: this console keeps no files, and takes none.
    pub folder: Option<PathBuf>,
    /// The largest table that is taken, in bytes.
    pub most_bytes: u64,
    /// The table that is shipped.
    pub sample: Sample,
    /// How often a stack or an endpoint is looked at while it changes.
    pub poll: Duration,
    /// How long one of them may take. Stacks take minutes, endpoints up to half an hour.
    pub patience: Duration,
    /// The largest model whose bytes are read through for its SHA-256.
    pub most_hashed: u64,
}

impl PipelineSettings {
    /// What suits AWS.
    pub fn new(folder: Option<PathBuf>, sample: Sample) -> Self {
        Self {
            folder,
            most_bytes: 20 << 30,
            sample,
            poll: Duration::from_secs(3),
            patience: Duration::from_secs(2 * 60 * 60),
            most_hashed: 1 << 30,
        }
    }
}

/// The use cases of pipelines. Cheap to clone.
#[derive(Clone)]
pub struct Pipelines {
    inner: Arc<Inner>,
}

struct Inner {
    services: Services,
    gateways: PipelineGateways,
    stores: PipelineStores,
    settings: PipelineSettings,
    runs: Arc<Executing<PipelineRunView>>,
    preparations: Preparations,
    trials: Trials,
    hashes: Hashes,
}

impl Pipelines {
    /// Puts the use cases over their ports.
    pub fn new(
        services: Services,
        gateways: PipelineGateways,
        stores: PipelineStores,
        settings: PipelineSettings,
    ) -> Self {
        let (runs, preparations, trials) = (Arc::default(), Preparations::default(), Trials::default());
        let hashes = Hashes::default();
        Self { inner: Arc::new(Inner { services, gateways, stores, settings, runs, preparations, trials, hashes }) }
    }

    /// The largest table that is taken, in bytes.
    pub fn most_bytes(&self) -> u64 {
        self.inner.settings.most_bytes
    }

    /// Ends background work in good order: calls under way are journalled, and runs go on at the next start.
    pub async fn shutdown(&self) {
        self.inner.preparations.stop();
        self.inner.trials.stop().await;
        self.inner.runs.stop().await;
    }
}
