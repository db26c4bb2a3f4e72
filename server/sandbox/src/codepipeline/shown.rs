//! How a pipeline stands, and what its actions did.

use super::declaration::{Action, Declaration, Stage};
use super::input::{name, no_execution, null, optional, page, read};
use super::kinds;
use super::model::{ActionRun, Artifact, Execution, Pipeline, Status};
use crate::call::Call;
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::{Map, Value, json};

fn put(row: &mut Map<String, Value>, member: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        row.insert(member.to_owned(), value.into());
    }
}

/// GetPipelineState.
pub fn state(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "name")?;
    let shown = read(call, name, |pipeline| {
        let declaration = pipeline.declaration();
        let stages: Vec<Value> =
            declaration.stages.iter().map(|stage| stage_state(call.region.as_str(), pipeline, stage)).collect();
        Ok(json!({
            "pipelineName": name,
            "pipelineVersion": pipeline.version(),
            "stageStates": stages,
            "created": epoch_seconds(pipeline.created),
            "updated": epoch_seconds(pipeline.updated),
        }))
    })?;
    Ok(Reply::Json(shown))
}

/// The executions that wait before a stage, the oldest first.
fn inbound<'p>(pipeline: &'p Pipeline, stage: &str) -> Vec<&'p Execution> {
    let waits = |execution: &&Execution| {
        let next = pipeline.followed(execution).stages.get(execution.at);
        execution.status.is_open() && !execution.inside && next.is_some_and(|next| next.name == stage)
    };
    pipeline.executions.iter().filter(waits).collect()
}

fn stage_state(region: &str, pipeline: &Pipeline, stage: &Stage) -> Value {
    let mut shown = Map::new();
    shown.insert("stageName".into(), stage.name.as_str().into());
    let waiting: Vec<Value> = inbound(pipeline, &stage.name)
        .into_iter()
        .map(|waits| json!({ "pipelineExecutionId": waits.id, "status": waits.status.shown(), "type": "STANDARD" }))
        .collect();
    put(&mut shown, "inboundExecution", waiting.last().cloned());
    shown.insert("inboundExecutions".into(), waiting.into());
    let first = pipeline.declaration().stages.first().is_some_and(|first| first.name == stage.name);
    let switched = pipeline.transitions.get(&stage.name);
    if !first || switched.is_some() {
        let mut transition = json!({ "enabled": switched.is_none_or(|switched| switched.enabled) });
        if let Some(switched) = switched {
            transition["lastChangedBy"] = switched.by.as_str().into();
            transition["lastChangedAt"] = epoch_seconds(switched.at);
            if let Some(reason) = switched.reason.as_deref().filter(|_| !switched.enabled) {
                transition["disabledReason"] = reason.into();
            }
        }
        shown.insert("inboundTransitionState".into(), transition);
    }
    let latest = pipeline.latest_in(&stage.name);
    let actions = stage.actions.iter().map(|action| action_state(region, pipeline, &stage.name, action));
    shown.insert("actionStates".into(), actions.collect());
    if let Some((execution, run)) = latest.and_then(|execution| Some((execution, execution.stages.get(&stage.name)?))) {
        let status = run.status.shown();
        let stands = json!({ "pipelineExecutionId": execution.id, "status": status, "type": "STANDARD" });
        shown.insert("latestExecution".into(), stands);
        if run.retries > 0 {
            let retries = json!({ "manualStageRetryAttempt": run.retries, "latestRetryTrigger": "ManualStageRetry" });
            shown.insert("retryStageMetadata".into(), retries);
        }
    }
    shown.into()
}

fn action_state(region: &str, pipeline: &Pipeline, stage: &str, action: &Action) -> Value {
    let mut shown = Map::new();
    shown.insert("actionName".into(), action.name.as_str().into());
    // Of an action that the execution in its stage has not come to yet, the one before is shown.
    let runs = pipeline.executions.iter().flat_map(|execution| &execution.actions);
    let run = runs.filter(|run| run.stage == stage && run.action == action.name).max_by_key(|run| run.started);
    if let Some(run) = run {
        if let Some(revision) = &run.revision {
            shown.insert(
                "currentRevision".into(),
                json!({
                    "revisionId": revision.id,
                    "revisionChangeId": revision.change.as_ref().unwrap_or(&revision.id),
                    "created": epoch_seconds(revision.created.unwrap_or(run.started)),
                }),
            );
            put(&mut shown, "revisionUrl", revision.url.clone());
        }
        shown.insert("latestExecution".into(), action_execution(run));
    }
    let configured = |key: &str| {
        let filled = run.and_then(|run| run.configuration.get(key));
        filled.or_else(|| action.configuration.get(key)).cloned()
    };
    let entity = kinds::find(&action.action_type_id).and_then(|kind| kind.entity(region, configured));
    put(&mut shown, "entityUrl", entity);
    shown.into()
}

fn action_execution(run: &ActionRun) -> Value {
    let mut shown = Map::new();
    shown.insert("actionExecutionId".into(), run.id.as_str().into());
    shown.insert("status".into(), run.status.shown().into());
    shown.insert("lastStatusChange".into(), epoch_seconds(run.updated));
    put(&mut shown, "summary", run.summary.clone());
    put(&mut shown, "token", run.token.clone().filter(|_| run.status == Status::InProgress));
    put(&mut shown, "lastUpdatedBy", run.updated_by.clone());
    put(&mut shown, "externalExecutionId", run.external.clone());
    put(&mut shown, "externalExecutionUrl", run.url.clone());
    put(&mut shown, "percentComplete", run.percent);
    let error = run.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message }));
    put(&mut shown, "errorDetails", error);
    shown.into()
}

/// ListActionExecutions: the newest first.
pub fn actions(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "pipelineName")?;
    let filter = call.body.get("filter").filter(|filter| !filter.is_null());
    let latest = filter.and_then(|filter| filter.get("latestInPipelineExecution")).filter(|latest| !latest.is_null());
    let wanted = match (latest, filter) {
        (Some(latest), _) => {
            let path = "filter.latestInPipelineExecution";
            let range = optional(latest, "startTimeRange")?.ok_or_else(|| null(&format!("{path}.startTimeRange")))?;
            Checks::new().one_of(&format!("{path}.startTimeRange"), range, &["Latest", "All"]).finish()?;
            Some(optional(latest, "pipelineExecutionId")?.ok_or_else(|| null(&format!("{path}.pipelineExecutionId")))?)
        }
        (None, Some(filter)) => optional(filter, "pipelineExecutionId")?,
        (None, None) => None,
    };
    let rows = read(call, name, |pipeline| {
        if let Some(id) = wanted {
            pipeline.execution(id).ok_or_else(|| no_execution(id))?;
        }
        let executions = pipeline.executions.iter().filter(|execution| wanted.is_none_or(|id| execution.id == id));
        let mut runs: Vec<(&Execution, &ActionRun)> = executions
            .flat_map(|execution| execution.actions.iter().map(move |run| (execution, run)))
            .filter(|(_, run)| latest.is_none() || !run.past)
            .collect();
        // Of those that began at the same moment, the later one in the pipeline is the newer.
        runs.reverse();
        runs.sort_by_key(|(_, run)| std::cmp::Reverse(run.started));
        let row = |(execution, run): (&Execution, &ActionRun)| {
            (run.id.clone(), detail(call.region.as_str(), execution, pipeline.followed(execution), run))
        };
        Ok(runs.into_iter().map(row).collect())
    })?;
    page(call, "actionExecutionDetails", 100, rows).map(Reply::Json)
}

fn artifacts(list: &[Artifact]) -> Value {
    let one = |artifact: &Artifact| json!({ "name": artifact.name, "s3location": { "bucket": artifact.bucket, "key": artifact.key } });
    list.iter().map(one).collect()
}

fn detail(region: &str, execution: &Execution, declaration: &Declaration, run: &ActionRun) -> Value {
    let mut shown = json!({
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": execution.version,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": epoch_seconds(run.started),
        "lastUpdateTime": epoch_seconds(run.updated),
        "status": run.status.shown(),
        "output": output(run),
    });
    if let Some(by) = &run.updated_by {
        shown["updatedBy"] = by.as_str().into();
    }
    if let Some(action) = declaration.action(&run.stage, &run.action) {
        let mut input = Map::new();
        input.insert("actionTypeId".into(), json!(action.action_type_id));
        input.insert("configuration".into(), json!(action.configuration));
        input.insert("resolvedConfiguration".into(), json!(run.configuration));
        input.insert("region".into(), region.into());
        input.insert("inputArtifacts".into(), artifacts(&run.inputs));
        put(&mut input, "roleArn", action.role_arn.clone());
        put(&mut input, "namespace", action.namespace.clone());
        shown["input"] = input.into();
    }
    shown
}

fn output(run: &ActionRun) -> Value {
    let mut output = Map::new();
    let made: &[Artifact] = if run.status == Status::Succeeded { &run.outputs } else { &[] };
    output.insert("outputArtifacts".into(), artifacts(made));
    let mut result = Map::new();
    put(&mut result, "externalExecutionId", run.external.clone());
    put(&mut result, "externalExecutionSummary", run.summary.clone());
    put(&mut result, "externalExecutionUrl", run.url.clone());
    let error = run.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message }));
    put(&mut result, "errorDetails", error);
    if !result.is_empty() {
        output.insert("executionResult".into(), result.into());
    }
    output.insert("outputVariables".into(), json!(run.variables));
    output.into()
}
