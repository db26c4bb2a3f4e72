//! Server functions of pipelines that stand: executions, logs, approvals, versions.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::endpoint::Page;
use domain::names::{DraftId, PipelineId};
use domain::pipeline::approval::Verdict;
use domain::pipeline::evidence::Evidence;
use domain::pipeline::execution::{ActionExecution, Doing, Execution};
use domain::pipeline::trial::TrialView;
use domain::pipeline::view::{
    ActionLogView, IdleRule, PipelineDraftSummary, PipelineSummary, PipelineView, VersionsView,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
use crate::api::{answer, given, pipeline::pipelines};
#[cfg(feature = "ssr")]
use domain::pipeline::approval::ApprovalRules;

/// The pipelines' page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineList {
    /// The newest first.
    pub pipelines: Vec<PipelineSummary>,
    /// What those are at that could be asked.
    pub doing: BTreeMap<PipelineId, Doing>,
    /// Wizards to go on with.
    pub drafts: Vec<PipelineDraftSummary>,
}

/// All pipelines, and wizards to go on with.
#[server(prefix = "/api", endpoint = "list_pipelines", output = Json)]
pub async fn list_pipelines() -> Result<AsOf<PipelineList>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let drafts = answer(pipelines.drafts(&operator).await)?;
    let doing = answer(pipelines.doing(&operator, None).await)?;
    let pipelines = answer(pipelines.pipelines(&operator).await)?;
    Ok(AsOf { view: PipelineList { pipelines, doing, drafts }, now: services.now() })
}

/// What those of these pipelines that stand are at, as far as they could be asked.
#[server(prefix = "/api", endpoint = "get_doing", output = Json)]
pub async fn get_doing(#[server(default)] of: Vec<PipelineId>) -> Result<BTreeMap<PipelineId, Doing>, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.doing(&operator, Some(&of)).await)
}

/// A pipeline with its stages as they stand.
#[server(prefix = "/api", endpoint = "get_pipeline", output = Json)]
pub async fn get_pipeline(pipeline: PipelineId) -> Result<AsOf<PipelineView>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.pipeline(&operator, &pipeline).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Rules of a pipeline that should start executions, and don't.
#[server(prefix = "/api", endpoint = "get_idle_rules", output = Json)]
pub async fn get_idle_rules(pipeline: PipelineId) -> Result<Vec<IdleRule>, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.idle_rules(&operator, &pipeline).await)
}

/// A page of a pipeline's executions, the newest first.
#[server(prefix = "/api", endpoint = "list_executions", output = Json)]
pub async fn list_executions(
    pipeline: PipelineId,
    #[server(default)] after: String,
) -> Result<AsOf<Page<Execution>>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.executions(&operator, &pipeline, given(&after)).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// The actions of an execution, the newest first.
#[server(prefix = "/api", endpoint = "get_actions", output = Json)]
pub async fn get_actions(pipeline: PipelineId, execution: String) -> Result<Vec<ActionExecution>, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.actions(&operator, &pipeline, &execution).await)
}

/// What can be read of a stage's action in an execution, after what an earlier answer gave.
#[server(prefix = "/api", endpoint = "get_action_log", output = Json)]
pub async fn get_action_log(
    pipeline: PipelineId,
    execution: String,
    stage: String,
    #[server(default)] after: String,
) -> Result<ActionLogView, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.action_log(&operator, &pipeline, &execution, &stage, given(&after)).await)
}

/// Starts an execution. `token` is the page's: the same one sent twice starts once.
#[server(prefix = "/api", endpoint = "start_execution", output = Json)]
pub async fn start_execution(pipeline: PipelineId, token: String) -> Result<String, AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let execution = answer(pipelines.start(&operator, &pipeline, &token).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}"));
    Ok(execution)
}

/// Stops an execution: with `abandon` without waiting for the actions that are under way.
#[server(prefix = "/api", endpoint = "stop_execution", output = Json)]
pub async fn stop_execution(
    pipeline: PipelineId,
    execution: String,
    #[server(default)] abandon: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.stop(&operator, &pipeline, &execution, !abandon.is_empty(), &reason).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}"));
    Ok(())
}

/// Runs the failed actions of a stage once more.
#[server(prefix = "/api", endpoint = "retry_stage", output = Json)]
pub async fn retry_stage(pipeline: PipelineId, execution: String, stage: String) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.retry_stage(&operator, &pipeline, &execution, &stage).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}"));
    Ok(())
}

/// What the model of an execution is judged by; nothing before its training has begun.
#[server(prefix = "/api", endpoint = "get_evidence", output = Json)]
pub async fn get_evidence(pipeline: PipelineId, execution: String) -> Result<AsOf<Option<Evidence>>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.evidence(&operator, &pipeline, &execution).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Approves or rejects the model that waits with `token`.
#[server(prefix = "/api", endpoint = "decide_model", output = Json)]
pub async fn decide_model(
    pipeline: PipelineId,
    token: String,
    verdict: Verdict,
    #[server(default)] comment: String,
) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.approve(&operator, &pipeline, &token, verdict, &comment).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}"));
    Ok(())
}

/// What came of trying an execution's model, and what tries have left.
#[server(prefix = "/api", endpoint = "get_trial", output = Json)]
pub async fn get_trial(pipeline: PipelineId, execution: String) -> Result<AsOf<TrialView>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.trial(&operator, &pipeline, &execution).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Tries an execution's model on a temporary endpoint beside the one that serves.
#[server(prefix = "/api", endpoint = "try_model", output = Json)]
pub async fn try_model(pipeline: PipelineId, execution: String) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.try_model(&operator, &pipeline, &execution).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}/approve/{execution}"));
    Ok(())
}

/// Takes away what tries have left; `execution` is whose page leads there.
#[server(prefix = "/api", endpoint = "clear_trials", output = Json)]
pub async fn clear_trials(pipeline: PipelineId, execution: String) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.clear_trials(&operator, &pipeline).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}/approve/{execution}"));
    Ok(())
}

/// Says what an approval has to keep to from now on; a rule that is not there does not hold.
#[server(prefix = "/api", endpoint = "set_approval_rules", output = Json)]
pub async fn set_approval_rules(
    pipeline: PipelineId,
    #[server(default)] someone_else: String,
    #[server(default)] comment: String,
) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    let rules = ApprovalRules { someone_else: !someone_else.is_empty(), comment: !comment.is_empty() };
    answer(pipelines.set_approval_rules(&operator, &pipeline, rules).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}"));
    Ok(())
}

/// The endpoint with its versions, the newest first.
#[server(prefix = "/api", endpoint = "get_versions", output = Json)]
pub async fn get_versions(pipeline: PipelineId) -> Result<AsOf<VersionsView>, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let view = answer(pipelines.versions(&operator, &pipeline).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Has the endpoint serve an earlier version again.
#[server(prefix = "/api", endpoint = "serve_version", output = Json)]
pub async fn serve_version(pipeline: PipelineId, version: String) -> Result<(), AppError> {
    let (pipelines, _, operator) = pipelines()?;
    answer(pipelines.serve_version(&operator, &pipeline, &version).await)?;
    leptos_axum::redirect(&format!("/pipelines/{pipeline}"));
    Ok(())
}

/// Opens the share wizard with the pipeline's endpoint chosen.
#[server(prefix = "/api", endpoint = "share_pipeline", output = Json)]
pub async fn share_pipeline(pipeline: PipelineId) -> Result<DraftId, AppError> {
    let (pipelines, services, operator) = pipelines()?;
    let draft = answer(pipelines.share_endpoint(&operator, &pipeline).await)?;
    let opened = answer(services.wizard_draft(&operator, &draft).await)?;
    leptos_axum::redirect(&opened.path(domain::wizard::WizardStep::Callers));
    Ok(draft)
}
