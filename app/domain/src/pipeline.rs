//! The three-account pipeline: what was asked for, and the documents that make it so. Shared services keep source, data,
//! key and pipeline; the training account trains; the production account serves.
//!
//! Templates and the deploy handler are files (`pipeline/templates`, `pipeline/handler`) without an account, a region or a
//! name in them: all of that is parameters, wired from one stack's outputs to the next by [`stacks`].

pub mod apply;
pub mod approval;
pub mod cause;
pub mod checks;
pub mod data;
pub mod documents;
pub mod draft;
pub mod evidence;
pub mod execution;
pub mod hyperparameters;
pub mod images;
pub mod intent;
pub mod matrix;
pub mod observed;
pub mod predicted;
pub mod rounds;
pub mod stacks;
pub mod templates;
pub mod trial;
pub mod view;
