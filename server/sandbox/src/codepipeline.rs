//! CodePipeline: pipelines and their executions, which really run.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it. [`flow`] decides how an
//! execution moves, [`engine`] keeps that and begins the work, and each of [`providers`] does one kind of action.

mod artifacts;
mod declaration;
mod engine;
mod executions;
mod flow;
mod gates;
mod input;
mod jobs;
mod kinds;
pub mod model;
mod pipelines;
mod providers;
mod shown;
mod structure;
mod told;
mod validate;
mod variables;

pub use engine::resume;

use crate::call::{Call, Needs, Operation, Target, op};
use crate::error::Failure;
use input::{arn, is_name, refuse};
use model::Pipelines;
use serde_json::Value;
use std::collections::BTreeMap;

/// CodePipeline as a principal.
pub const SERVICE: &str = "codepipeline.amazonaws.com";

/// What it can do here.
///
/// Source of what each needs: Service Authorization Reference, "Actions, resources, and condition keys for AWS
/// CodePipeline".
pub const OPERATIONS: &[Operation] = &[
    op("CreatePipeline", declared, pipelines::create),
    op("UpdatePipeline", declared, pipelines::update),
    op("GetPipeline", |c| on(c, &["name"]), pipelines::get),
    op("DeletePipeline", |c| on(c, &["name"]), pipelines::delete),
    op("ListPipelines", |c| Ok(Target::new(arn(&c.region, c.account(), "*")).into()), pipelines::list),
    op("GetPipelineState", |c| on(c, &["name"]), shown::state),
    op("StartPipelineExecution", |c| on(c, &["name"]), executions::start),
    op("StopPipelineExecution", |c| on(c, &["pipelineName"]), executions::stop),
    op("GetPipelineExecution", |c| on(c, &["pipelineName"]), executions::get),
    op("ListPipelineExecutions", |c| on(c, &["pipelineName"]), executions::list),
    op("ListActionExecutions", |c| on(c, &["pipelineName"]), shown::actions),
    op("RetryStageExecution", |c| on(c, &["pipelineName", "stageName"]), executions::retry),
    op("DisableStageTransition", |c| on(c, &["pipelineName", "stageName"]), gates::disable),
    op("EnableStageTransition", |c| on(c, &["pipelineName", "stageName"]), gates::enable),
    op("PutApprovalResult", |c| on(c, &["pipelineName", "stageName", "actionName"]), gates::approve),
    op("PutJobSuccessResult", everything, jobs::succeeded),
    op("PutJobFailureResult", everything, jobs::failed),
    op("GetJobDetails", everything, jobs::details),
    op("PollForJobs", everything, |_| Err(no_workers())),
    op("AcknowledgeJob", everything, |_| Err(no_workers())),
    op("RollbackStage", |c| on(c, &["pipelineName", "stageName"]), |_| Err(no_rollback())),
    op("OverrideStageCondition", |c| on(c, &["pipelineName", "stageName"]), |_| Err(no_conditions())),
    op("ListActionTypes", everything, pipelines::list_types),
    op("TagResource", tagging, pipelines::tag),
    op("UntagResource", tagging, pipelines::untag),
    op("ListTagsForResource", tagging, pipelines::list_tags),
];

fn no_workers() -> Failure {
    refuse("ActionTypeNotFoundException", "the sandbox has no custom actions: there are no jobs for workers")
}

fn no_rollback() -> Failure {
    refuse("UnableToRollbackStageException", "the sandbox can't roll stages back")
}

fn no_conditions() -> Failure {
    refuse("ConditionNotOverridableException", "the sandbox has no conditions of stages")
}

fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

fn tags_of(call: &Call<'_>, name: &str) -> BTreeMap<String, String> {
    call.read(|known: &Pipelines| known.pipelines.get(name).map(|pipeline| pipeline.tags.clone())).unwrap_or_default()
}

/// The pipeline, stage or action that members name.
fn on(call: &Call<'_>, members: &[&str]) -> Result<Needs, Failure> {
    let mut path = Vec::new();
    for member in members {
        path.push(input::name(&call.body, member)?);
    }
    let tags = tags_of(call, path.first().copied().unwrap_or_default());
    Ok(Target::new(arn(&call.region, call.account(), &path.join("/"))).tagged(&tags).into())
}

/// The pipeline that is declared.
fn declared(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = call.body.pointer("/pipeline/name").and_then(Value::as_str).unwrap_or_default();
    let name = if !name.is_empty() && is_name(name) { name } else { "*" };
    let asked = pipelines::tags(&call.body).unwrap_or_default();
    let asked = asked.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let target = Target::new(arn(&call.region, call.account(), name)).tagged(&tags_of(call, name));
    Ok(target.requesting(asked).into())
}

/// The pipeline whose tags are asked for.
fn tagging(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = pipelines::tagged(call)?;
    let asked = pipelines::tags(&call.body).unwrap_or_default();
    let asked = asked.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let target = Target::new(arn(&call.region, call.account(), &name)).tagged(&tags_of(call, &name));
    Ok(target.requesting(asked).into())
}
