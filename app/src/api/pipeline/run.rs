//! Server functions: a pipeline's runs — its making, its way back, its end.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::names::{PipelineId, RunId};
use domain::pipeline::view::{PipelineRunView, TeardownForm, TeardownView};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, pipeline::pipelines};

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

/// What would be taken away, and what would stay.
#[server(prefix = "/api", endpoint = "get_pipeline_teardown", output = Json)]
pub async fn get_pipeline_teardown(pipeline: PipelineId) -> Result<TeardownView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.teardown(&operator, &pipeline).await)
}

/// Takes away what the dry run with this fingerprint showed.
#[server(prefix = "/api", endpoint = "tear_down_pipeline", output = Json)]
pub async fn tear_down_pipeline(
    pipeline: PipelineId,
    fingerprint: String,
    #[server(default)] form: TeardownForm,
) -> Result<RunId, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let run = answer(pipelines.tear_down(&operator, &pipeline, &fingerprint, &form).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}/run/{run}"));
    Ok(run)
}

/// Drops the record of a pipeline that is gone.
#[server(prefix = "/api", endpoint = "forget_pipeline", output = Json)]
pub async fn forget_pipeline(pipeline: PipelineId) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.forget(&operator, &pipeline).await)?;
    leptos_axum::redirect("/pipelines");
    Ok(())
}
