//! Gradient-boosted trees: what the sandbox's training jobs learn and its endpoints answer with.
//!
//! It does what SageMaker's built-in XGBoost container, 1.7-1 in algorithm mode, does: takes the hyperparameters and
//! channels of CreateTrainingJob, fails in the container's words, logs the container's lines, and writes a model that
//! XGBoost itself can load. It is not XGBoost: there is one way of growing trees (histograms, depth by depth, on one
//! thread), and what it doesn't compute it refuses.
//!
//! Pure: no clock, no network, no files and no async. The same data, hyperparameters and seed give the same model.

pub mod sample;

mod data;
mod failure;
mod hyperparameters;
mod metric;
mod model;
mod objective;
mod random;
mod train;
mod tree;

pub use data::{Channel, DataFile};
pub use failure::{Failure, FailureKind};
pub use hyperparameters::Hyperparameters;
pub use metric::Metric;
pub use model::Model;
pub use model::archive::{ArchiveError, MODEL_FILE};
pub use model::importance::Importance;
pub use model::json::ModelError;
pub use model::predict::{PredictError, Predictions};
pub use objective::Objective;
pub use train::{Channels, MetricValue, Observer, Training, TrainingError, train};
