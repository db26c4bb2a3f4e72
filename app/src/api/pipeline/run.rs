//! Server functions: a pipeline's runs — its making, its way back, its end.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::names::{PipelineId, RunId};
use domain::pipeline::view::{PipelineRunView, TeardownForm, TeardownView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::{answer, is_form_post, pipeline::pipelines, shelf::Shelf};

/// A run, as it is now.
#[server(prefix = "/api", endpoint = "get_pipeline_run", output = Json)]
pub async fn get_pipeline_run(run: RunId) -> Result<AsOf<PipelineRunView>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.run(&operator, &run).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// All runs over a pipeline, the newest first.
#[server(prefix = "/api", endpoint = "list_pipeline_runs", output = Json)]
pub async fn list_pipeline_runs(pipeline: PipelineId) -> Result<AsOf<Vec<PipelineRunView>>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.runs(&operator, &pipeline).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Goes on with a run that failed, from what failed.
#[server(prefix = "/api", endpoint = "retry_pipeline_run", output = Json)]
pub async fn retry_pipeline_run(run: RunId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.retry_run(&operator, &run).await)
}

/// Takes away what an unfinished apply has made.
#[server(prefix = "/api", endpoint = "roll_back_pipeline", output = Json)]
pub async fn roll_back_pipeline(pipeline: PipelineId) -> Result<RunId, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let run = answer(pipelines.roll_back(&operator, &pipeline).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}/run/{run}"));
    Ok(run)
}

/// A tear-down that was asked for without a script and not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedTeardown {
    /// As typed.
    pub form: TeardownForm,
    /// Why.
    pub error: AppError,
}

/// The dry run, with the answer to the last try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeardownPageView {
    /// The dry run.
    pub dry_run: TeardownView,
    /// The try that the address names.
    pub refused: Option<RefusedTeardown>,
}

#[cfg(feature = "ssr")]
static REFUSED: Shelf<RefusedTeardown> = Shelf::new(24, 64 * 1024);

/// What would be taken away, and what would stay.
#[server(prefix = "/api", endpoint = "get_pipeline_teardown", output = Json)]
pub async fn get_pipeline_teardown(
    pipeline: PipelineId,
    #[server(default)] refused: String,
) -> Result<TeardownPageView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let dry_run = answer(pipelines.teardown(&operator, &pipeline).await)?;
    Ok(TeardownPageView { dry_run, refused: REFUSED.take_back(operator.key(), &refused) })
}

/// Takes away what the dry run with this fingerprint showed; gives the run. A plain form that is refused is led back to
/// the dry run, with what was typed.
#[server(prefix = "/api", endpoint = "tear_down_pipeline", output = Json)]
pub async fn tear_down_pipeline(
    pipeline: PipelineId,
    fingerprint: String,
    #[server(default)] form: TeardownForm,
) -> Result<Option<RunId>, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    match answer(pipelines.tear_down(&operator, &pipeline, &fingerprint, &form).await) {
        Ok(run) => {
            leptos_axum::redirect(&format!("/pipelines/{pipeline}/run/{run}"));
            Ok(Some(run))
        }
        Err(error) if is_form_post() => {
            let bytes = form.bucket.len() + form.endpoint.len();
            let kept = REFUSED.keep(operator.key(), RefusedTeardown { form, error }, bytes);
            leptos_axum::redirect(&format!("/pipelines/{pipeline}/tear-down?refused={kept}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Drops the record of a pipeline that is gone.
#[server(prefix = "/api", endpoint = "forget_pipeline", output = Json)]
pub async fn forget_pipeline(pipeline: PipelineId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.forget(&operator, &pipeline).await)?;
    leptos_axum::redirect("/pipelines");
    Ok(())
}
