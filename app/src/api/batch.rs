//! Server functions: batches. Live progress comes over `/events/batches/{id}`. The file itself is sent as a plain form;
//! `server/src/routes/batch.rs` takes it.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::batch::{BatchError, BatchForm, BatchLimits, BatchView};
use domain::invoke::TargetView;
use domain::names::BatchId;
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::shelf::Shelf;
#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Where a batch's file is sent.
pub const UPLOAD_BATCH: &str = "/api/upload_batch";

/// Why files were refused.
#[cfg(feature = "ssr")]
pub static REFUSED: Shelf<FieldProblem> = Shelf::new(50, 1024 * 1024);

/// The page that takes a file and lists what was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchesView {
    /// The newest first.
    pub batches: Vec<BatchView>,
    /// What may be sent.
    pub limits: BatchLimits,
    /// Why the file that was sent just now was refused.
    pub problem: Option<FieldProblem>,
}

/// The page of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPageView {
    /// The batch.
    pub batch: BatchView,
    /// Failing rows, from where the page asked.
    pub errors: Vec<BatchError>,
    /// What can be called; empty once it has begun.
    pub targets: Vec<TargetView>,
    /// What may be sent.
    pub limits: BatchLimits,
}

/// Batches; `kept` names what was refused just now.
#[server(prefix = "/api", endpoint = "list_batches", output = Json)]
pub async fn list_batches(#[server(default)] kept: String) -> Result<AsOf<BatchesView>, AppError> {
    let (services, operator) = session()?;
    let batches = answer(services.batches(&operator).await)?;
    let problem = REFUSED.take_back(operator.key(), &kept);
    Ok(AsOf { view: BatchesView { batches, limits: services.batch_limits(), problem }, now: services.now() })
}

/// A batch with its failing rows after row `after`.
#[server(prefix = "/api", endpoint = "get_batch_page", output = Json)]
pub async fn get_batch_page(batch: BatchId, #[server(default)] after: u64) -> Result<AsOf<BatchPageView>, AppError> {
    let (services, operator) = session()?;
    let batch = answer(services.batch(&operator, &batch).await)?;
    let errors = answer(services.batch_errors(&operator, &batch.id, after).await)?;
    let targets = if batch.setup.is_none() { answer(services.listed_targets(&operator).await)? } else { Vec::new() };
    let view = BatchPageView { batch, errors, targets, limits: services.batch_limits() };
    Ok(AsOf { view, now: services.now() })
}

/// A batch, as it is now.
#[server(prefix = "/api", endpoint = "get_batch", output = Json)]
pub async fn get_batch(batch: BatchId) -> Result<AsOf<BatchView>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.batch(&operator, &batch).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Begins to send the rows; says whether the form was right.
#[server(prefix = "/api", endpoint = "start_batch", output = Json)]
pub async fn start_batch(batch: BatchId, #[server(default)] form: BatchForm) -> Result<bool, AppError> {
    let (services, operator) = session()?;
    let problems = answer(services.start_batch(&operator, &batch, form).await)?;
    let check = if problems.is_empty() { "" } else { "?check=1" };
    leptos_axum::redirect(&format!("/playground/batch/{batch}{check}"));
    Ok(problems.is_empty())
}

/// Sends no new rows.
#[server(prefix = "/api", endpoint = "pause_batch", output = Json)]
pub async fn pause_batch(batch: BatchId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.pause_batch(&operator, &batch).await)
}

/// Goes on with a batch that paused.
#[server(prefix = "/api", endpoint = "resume_batch", output = Json)]
pub async fn resume_batch(batch: BatchId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.resume_batch(&operator, &batch).await)
}

/// Deletes a batch with its files.
#[server(prefix = "/api", endpoint = "delete_batch", output = Json)]
pub async fn delete_batch(batch: BatchId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.delete_batch(&operator, &batch).await)?;
    leptos_axum::redirect("/playground/batch");
    Ok(())
}
