//! Use cases, and the ports they need. No AWS SDK, no axum, no leptos: adapters come in as `Arc<dyn …>`.
//!
//! [`Services`] is the façade; everything that changes something takes an [`operator::Operator`], which only a session
//! can give.

mod activity;
pub mod archive;
pub mod batch;
pub mod clock;
mod connections;
mod doctor;
mod drafts;
mod drift;
pub mod error;
mod function;
mod gather;
pub mod handoff;
mod history;
mod import;
mod inventory;
mod journal;
pub mod load;
mod map;
pub mod operator;
pub mod pipeline;
mod playground;
pub mod ports;
mod review;
mod rotation;
mod runs;
mod saved;
mod services;
mod sessions;
mod shares;
mod teardown;
mod verification;
mod words;

pub use clock::{Clock, SystemClock};
pub use drift::Mended;
pub use error::ServiceError;
pub use history::Again;
pub use operator::Operator;
pub use pipeline::{PipelineSettings, Pipelines};
pub use playground::{Comparison, WholeAnswer};
pub use saved::Imported;
pub use services::{Backoff, Services, Settings, uncancelled};

/// Shorthand for what use cases return.
pub type ServiceResult<T> = Result<T, ServiceError>;
