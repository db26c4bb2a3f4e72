//! Executions: started, stopped, retried, read.

use super::engine;
use super::flow::{self, Turn};
use super::input::{name, no_execution, no_stage, null, optional, page, read, refuse, required, uuid};
use super::model::{Execution, Override, Pipeline, Status, Stop, Trigger};
use super::told;
use crate::call::Call;
use crate::check::{Checks, word};
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most executions of a pipeline at once.
const AT_ONCE: usize = 50;

/// A new execution of the version in force.
pub fn fresh(call: &Call<'_>, pipeline: &Pipeline, trigger: &str) -> Execution {
    let variables = &pipeline.declaration().variables;
    let defaults =
        variables.iter().filter_map(|variable| Some((variable.name.clone(), variable.default_value.clone()?)));
    Execution {
        id: ids::request(),
        version: pipeline.version(),
        status: Status::InProgress,
        started: call.now,
        updated: call.now,
        trigger: Trigger { kind: trigger.to_owned(), detail: call.caller.arn.clone() },
        client_token: None,
        variables: defaults.collect(),
        overrides: Vec::new(),
        at: 0,
        inside: false,
        stop: None,
        stages: BTreeMap::new(),
        actions: Vec::new(),
        artifacts: BTreeMap::new(),
        outputs: BTreeMap::new(),
        attempt: 1,
    }
}

/// Adds it to the pipeline.
pub fn enter(pipeline: &mut Pipeline, fresh: Execution, turn: &mut Turn<'_>) {
    told::pipeline(turn, &fresh, "STARTED");
    pipeline.executions.push_back(fresh);
}

fn rows<'a>(body: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    body.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn overrides(body: &Value) -> Result<Vec<Override>, Failure> {
    const KINDS: [&str; 4] = ["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"];
    let one = |told: &Value| {
        let action = name(told, "actionName")?;
        let (kind, value) = (required(told, "revisionType")?, required(told, "revisionValue")?);
        let checks = Checks::new().one_of("sourceRevisions.revisionType", kind, &KINDS);
        checks.length("sourceRevisions.revisionValue", value, 1, 1500).finish()?;
        Ok(Override { action: action.to_owned(), kind: kind.to_owned(), value: value.to_owned() })
    };
    rows(body, "sourceRevisions").map(one).collect()
}

fn given(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let one = |told: &Value| {
        let (name, value) = (required(told, "name")?, required(told, "value")?);
        let mut checks = Checks::new().length("variables.name", name, 1, 128).length("variables.value", value, 1, 1000);
        checks = checks.pattern("variables.name", name, "[A-Za-z0-9@\\-_]+", word(name, "@-"));
        checks.finish()?;
        Ok((name.to_owned(), value.to_owned()))
    };
    rows(body, "variables").map(one).collect()
}

/// StartPipelineExecution. The same token starts the same execution.
pub fn start(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "name")?;
    let token = optional(&call.body, "clientRequestToken")?;
    if let Some(token) = token {
        let fits = token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let checks = Checks::new().length("clientRequestToken", token, 1, 128);
        checks.pattern("clientRequestToken", token, "^[a-zA-Z0-9-]+$", fits).finish()?;
    }
    let (variables, overrides) = (given(&call.body)?, overrides(&call.body)?);
    let id = engine::change(call, name, |pipeline, turn| {
        let known = pipeline.executions.iter().find(|known| token.is_some() && known.client_token.as_deref() == token);
        if let Some(known) = known {
            return Ok(known.id.clone());
        }
        room(pipeline, name)?;
        let declaration = pipeline.declaration();
        let unknown = |key: &&String| !declaration.variables.iter().any(|variable| variable.name == **key);
        if let Some(unknown) = variables.keys().find(unknown) {
            return Err(Failure::validation(format!("The variable {unknown} is not declared in pipeline {name}")));
        }
        let sources = declaration.stages.first().map(|stage| stage.actions.as_slice()).unwrap_or_default();
        if let Some(other) = overrides.iter().find(|told| !sources.iter().any(|action| action.name == told.action)) {
            return Err(Failure::validation(format!("{} is not a source action of pipeline {name}", other.action)));
        }
        let mut fresh = fresh(call, pipeline, "StartPipelineExecution");
        if let Some(rule) = rule(call) {
            fresh.trigger = Trigger { kind: "CloudWatchEvent".into(), detail: rule };
        }
        fresh.variables.extend(variables);
        let empty = declaration.variables.iter().find(|variable| !fresh.variables.contains_key(&variable.name));
        if let Some(empty) = empty {
            return Err(Failure::validation(format!(
                "The variable {} of pipeline {name} has no default value and was not given one",
                empty.name
            )));
        }
        fresh.overrides = overrides;
        fresh.client_token = token.map(str::to_owned);
        let id = fresh.id.clone();
        enter(pipeline, fresh, turn);
        Ok(id)
    })?;
    Ok(Reply::Json(json!({ "pipelineExecutionId": id })))
}

/// The rule by which EventBridge starts it, if it does: it calls from within, in a session that is named by the rule.
fn rule(call: &Call<'_>) -> Option<String> {
    let rule = call.caller.arn.rsplit('/').next()?.strip_prefix("AWSEvents_")?;
    let within = call.source_ip.is_loopback() && call.caller.is_role_session();
    within.then(|| format!("arn:aws:events:{}:{}:rule/{rule}", call.region, call.account()))
}

fn room(pipeline: &Pipeline, name: &str) -> Result<(), Failure> {
    if pipeline.executions.iter().filter(|execution| execution.status.is_open()).count() < AT_ONCE {
        return Ok(());
    }
    let message = format!("Pipeline {name} has reached the limit of {AT_ONCE} concurrent executions");
    Err(refuse("ConcurrentPipelineExecutionsLimitExceededException", message))
}

/// StopPipelineExecution.
pub fn stop(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "pipelineName")?;
    let id = uuid(&call.body, "pipelineExecutionId")?;
    let abandon = call.body.get("abandon").and_then(Value::as_bool).unwrap_or_default();
    let reason = optional(&call.body, "reason")?;
    Checks::new().length("reason", reason.unwrap_or_default(), 0, 200).finish()?;
    engine::change(call, name, |pipeline, turn| {
        let execution = pipeline.execution_mut(id).ok_or_else(|| no_stoppable(id))?;
        let again = execution.stop.as_ref().is_some_and(|stop| stop.abandon || !abandon);
        match execution.status {
            Status::Stopping if again => {
                let message = format!("The pipeline execution {id} is already in a Stopping state");
                return Err(refuse("DuplicatedStopRequestException", message));
            }
            status if !status.is_open() => return Err(no_stoppable(id)),
            _ => {}
        }
        execution.stop = Some(Stop { reason: reason.map(str::to_owned), abandon });
        execution.updated = turn.now;
        let first = execution.status != Status::Stopping;
        execution.status = Status::Stopping;
        if let Some(run) = execution_stage(execution) {
            run.status = Status::Stopping;
        }
        if first {
            let told = execution.clone();
            told::pipeline(turn, &told, "STOPPING");
        }
        if abandon {
            flow::abandon(pipeline, id, turn);
        }
        Ok(())
    })?;
    Ok(Reply::Json(json!({ "pipelineExecutionId": id })))
}

/// The stage that an execution is in.
fn execution_stage(execution: &mut Execution) -> Option<&mut super::model::StageRun> {
    execution.stages.values_mut().find(|run| run.status.is_open())
}

fn no_stoppable(id: &str) -> Failure {
    refuse(
        "PipelineExecutionNotStoppableException",
        format!("The pipeline execution {id} can't be stopped: it is not in progress"),
    )
}

/// RetryStageExecution.
pub fn retry(call: &Call<'_>) -> Result<Reply, Failure> {
    let name_of = name(&call.body, "pipelineName")?;
    let stage = name(&call.body, "stageName")?;
    let id = uuid(&call.body, "pipelineExecutionId")?;
    let mode = required(&call.body, "retryMode")?;
    Checks::new().one_of("retryMode", mode, &["FAILED_ACTIONS", "ALL_ACTIONS"]).finish()?;
    engine::change(call, name_of, |pipeline, turn| {
        if pipeline.declaration().stage(stage).is_none() {
            return Err(no_stage(name_of, stage));
        }
        room(pipeline, name_of)?;
        let latest = pipeline.latest_in(stage).map(|execution| execution.id.clone());
        if latest.as_deref() != Some(id) {
            let message = format!("The execution {id} is not the latest execution of stage {stage}");
            return Err(refuse("NotLatestPipelineExecutionException", message));
        }
        let newest = pipeline.version();
        let not_retryable = |why: &str| {
            refuse("StageNotRetryableException", format!("Stage {stage} of pipeline {name_of} can't be retried: {why}"))
        };
        let execution = pipeline.execution_mut(id).ok_or_else(|| no_execution(id))?;
        if execution.version != newest {
            return Err(not_retryable("the structure of the pipeline has changed"));
        }
        let run = execution.stages.get_mut(stage).ok_or_else(|| no_execution(id))?;
        if run.status.is_open() {
            return Err(refuse("ConflictException", format!("Stage {stage} is in progress")));
        }
        if run.status == Status::Succeeded || !execution.inside {
            return Err(not_retryable("it contains no failed actions"));
        }
        run.status = Status::InProgress;
        run.started = turn.now;
        run.retries += 1;
        for action in execution.actions.iter_mut().filter(|action| action.stage == stage) {
            action.past |= mode == "ALL_ACTIONS" || action.status != Status::Succeeded;
        }
        execution.status = Status::InProgress;
        execution.stop = None;
        execution.attempt += 1;
        execution.updated = turn.now;
        let told = execution.clone();
        told::pipeline(turn, &told, "RESUMED");
        told::stage(turn, &told, stage, "RESUMED");
        Ok(())
    })?;
    Ok(Reply::Json(json!({ "pipelineExecutionId": id })))
}

fn summary(execution: &Execution) -> Option<String> {
    match execution.status {
        Status::Superseded => Some("Superseded by a newer execution of the pipeline".into()),
        Status::Failed => {
            let failed = execution.actions.iter().rev().find(|run| !run.past && run.status == Status::Failed);
            failed.and_then(|run| run.error.as_ref()).map(|error| error.message.clone())
        }
        _ => None,
    }
}

fn put(row: &mut Value, member: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        row[member] = value.into();
    }
}

/// GetPipelineExecution.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "pipelineName")?;
    let id = uuid(&call.body, "pipelineExecutionId")?;
    let shown = read(call, name, |pipeline| {
        let execution = pipeline.execution(id).ok_or_else(|| no_execution(id))?;
        let mut shown = json!({
            "pipelineName": name,
            "pipelineVersion": execution.version,
            "pipelineExecutionId": id,
            "status": execution.status.shown(),
            "artifactRevisions": revisions(execution),
            "trigger": { "triggerType": execution.trigger.kind, "triggerDetail": execution.trigger.detail },
            "executionMode": pipeline.followed(execution).execution_mode,
            "executionType": "STANDARD",
        });
        put(&mut shown, "statusSummary", summary(execution));
        let variable = |(name, value)| json!({ "name": name, "resolvedValue": value });
        let variables: Vec<Value> = execution.variables.iter().map(variable).collect();
        put(&mut shown, "variables", (!variables.is_empty()).then_some(variables));
        Ok(shown)
    })?;
    Ok(Reply::Json(json!({ "pipelineExecution": shown })))
}

/// What the source actions found.
fn revisions(execution: &Execution) -> Vec<Value> {
    let found = execution.artifacts.values().filter_map(|artifact| Some((&artifact.name, artifact.revision.as_ref()?)));
    found
        .map(|(name, revision)| {
            let mut row = json!({ "name": name, "revisionId": revision.id });
            put(&mut row, "revisionChangeIdentifier", revision.change.clone());
            put(&mut row, "revisionSummary", revision.summary.clone());
            put(&mut row, "created", revision.created.map(epoch_seconds));
            put(&mut row, "revisionUrl", revision.url.clone());
            row
        })
        .collect()
}

fn sources(pipeline: &Pipeline, execution: &Execution) -> Vec<Value> {
    let first = pipeline.followed(execution).stages.first();
    let runs = first
        .into_iter()
        .flat_map(|stage| stage.actions.iter().filter_map(|action| execution.latest(&stage.name, &action.name)));
    runs.filter_map(|run| {
        let revision = run.revision.as_ref()?;
        let mut row = json!({ "actionName": run.action, "revisionId": revision.id });
        put(&mut row, "revisionSummary", revision.summary.clone());
        put(&mut row, "revisionUrl", revision.url.clone());
        Some(row)
    })
    .collect()
}

/// ListPipelineExecutions: the newest first.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "pipelineName")?;
    let filter = call.body.get("filter").and_then(|filter| filter.get("succeededInStage"));
    let stage = match filter.filter(|filter| !filter.is_null()) {
        None => None,
        Some(filter) => Some(optional(filter, "stageName")?.ok_or_else(|| null("filter.succeededInStage.stageName"))?),
    };
    let fits = |execution: &&Execution| {
        let succeeded = |stage: &str| execution.stages.get(stage).is_some_and(|run| run.status == Status::Succeeded);
        stage.is_none_or(succeeded)
    };
    let rows = read(call, name, |pipeline| {
        let row = |execution: &Execution| (execution.id.clone(), row(pipeline, execution));
        Ok(pipeline.executions.iter().rev().filter(fits).map(row).collect())
    })?;
    page(call, "pipelineExecutionSummaries", 100, rows).map(Reply::Json)
}

fn row(pipeline: &Pipeline, execution: &Execution) -> Value {
    let mut row = json!({
        "pipelineExecutionId": execution.id,
        "status": execution.status.shown(),
        "startTime": epoch_seconds(execution.started),
        "lastUpdateTime": epoch_seconds(execution.updated),
        "sourceRevisions": sources(pipeline, execution),
        "trigger": { "triggerType": execution.trigger.kind, "triggerDetail": execution.trigger.detail },
        "executionMode": pipeline.followed(execution).execution_mode,
        "executionType": "STANDARD",
    });
    put(&mut row, "statusSummary", summary(execution));
    if let Some(stop) = &execution.stop {
        row["stopTrigger"] = json!({});
        put(&mut row["stopTrigger"], "reason", stop.reason.clone());
    }
    row
}
