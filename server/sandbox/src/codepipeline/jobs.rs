//! The jobs of functions: what they are told, and what they tell of their end.

use super::declaration::ArtifactStore;
use super::engine;
use super::flow::{self, Done, Failed};
use super::input::{optional, refuse, required, uuid};
use super::model::{ActionRun, Artifact, Fault, Pipelines, Revision, Status};
use crate::acting::Acting;
use crate::app::App;
use crate::call::Call;
use crate::caller::Who;
use crate::check::{Checks, word};
use crate::clock;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::session::{self, SessionOf};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long the credentials of a job last.
const SESSION_MS: i64 = 3600 * 1000;
/// How many jobs of an action are remembered.
const REMEMBERED: usize = 20;
/// The most bytes of output variables.
const VARIABLES: usize = 122_880;

fn artifact(artifact: &Artifact) -> Value {
    json!({
        "name": artifact.name,
        "revision": artifact.revision.as_ref().map(|revision| revision.id.as_str()),
        "location": {
            "type": "S3",
            "s3Location": { "bucketName": artifact.bucket, "objectKey": artifact.key },
        },
    })
}

/// What a function is told of its job.
pub fn data(app: &App, acting: &Acting, store: &ArtifactStore, run: &ActionRun) -> Value {
    let all = |list: &[Artifact]| list.iter().map(artifact).collect::<Vec<_>>();
    let mut data = json!({
        "actionConfiguration": { "configuration": run.configuration },
        "inputArtifacts": all(&run.inputs),
        "outputArtifacts": all(&run.outputs),
    });
    if let Some(credentials) = credentials(app, acting, store, run) {
        data["artifactCredentials"] = credentials;
    }
    if let Some(token) = &run.progress.continuation {
        data["continuationToken"] = token.as_str().into();
    }
    if let Some(key) = &store.encryption_key {
        data["encryptionKey"] = json!(key);
    }
    data
}

/// Credentials of the action's role, for its artifacts only.
fn credentials(app: &App, acting: &Acting, store: &ArtifactStore, run: &ActionRun) -> Option<Value> {
    let caller = acting.caller();
    let Who::Role(claims) = &caller.who else { return None };
    let SessionOf::Role { name, id, session, .. } = claims.of.clone() else { return None };
    let objects = run.inputs.iter().chain(&run.outputs);
    let mut resources: Vec<String> =
        objects.map(|artifact| format!("arn:aws:s3:::{}/{}", artifact.bucket, artifact.key)).collect();
    resources.push(format!("arn:aws:s3:::{}", store.location));
    let mut statements = vec![json!({
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketVersioning", "s3:PutObject"],
        "Resource": resources,
    })];
    if store.encryption_key.is_some() {
        let actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
        statements.push(json!({ "Effect": "Allow", "Action": actions, "Resource": "*" }));
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let of =
        SessionOf::Role { name, id, session, policy: Some(policy), policy_arns: Vec::new(), tags: BTreeMap::new() };
    let expires = clock::now().plus_ms(SESSION_MS);
    let issued = session::issue(&app.store.read().master, &caller.account, of, expires, app.faults.era());
    Some(json!({
        "accessKeyId": issued.key,
        "secretAccessKey": issued.secret,
        "sessionToken": issued.token,
        "expirationTime": issued.expires.0,
    }))
}

/// Where a job is: pipeline, execution and action.
struct Found {
    pipeline: String,
    execution: String,
    action: String,
    open: bool,
}

fn find(call: &Call<'_>, job: &str) -> Result<Found, Failure> {
    let found = call.read(|known: &Pipelines| {
        for (name, pipeline) in &known.pipelines {
            for execution in &pipeline.executions {
                let run = execution.actions.iter().find(|run| run.progress.jobs.iter().any(|known| known == job));
                if let Some(run) = run {
                    let newest = run.progress.jobs.last().is_some_and(|last| last == job);
                    return Some(Found {
                        pipeline: name.clone(),
                        execution: execution.id.clone(),
                        action: run.id.clone(),
                        open: newest && run.status == Status::InProgress,
                    });
                }
            }
        }
        None
    });
    found.ok_or_else(|| refuse("JobNotFoundException", format!("Can't find job with jobId {job}")))
}

fn open(call: &Call<'_>, job: &str) -> Result<Found, Failure> {
    let found = find(call, job)?;
    if found.open { Ok(found) } else { Err(over(job)) }
}

fn over(job: &str) -> Failure {
    refuse("InvalidJobStateException", format!("The job {job} has already been completed"))
}

/// GetJobDetails.
pub fn details(call: &Call<'_>) -> Result<Reply, Failure> {
    let job = uuid(&call.body, "jobId")?;
    let found = find(call, job)?;
    let region = call.region.as_str();
    let details = call.read(|known: &Pipelines| {
        let pipeline = known.pipelines.get(&found.pipeline)?;
        let execution = pipeline.execution(&found.execution)?;
        let run = execution.action(&found.action)?;
        let declaration = pipeline.followed(execution);
        let declared = declaration.action(&run.stage, &run.action)?;
        Some((declaration.role_arn.clone(), declared.clone(), declaration.store(region)?.clone(), run.clone()))
    });
    let (role, declared, store, run) =
        details.ok_or_else(|| refuse("JobNotFoundException", format!("Can't find job with jobId {job}")))?;
    let source = super::input::arn(&call.region, call.account(), &found.pipeline);
    let acting = Acting::as_role(call.app, &call.region, &role, super::SERVICE, Some(&source), "job")?;
    let acting = match &declared.role_arn {
        Some(own) => acting.assume(call.app, own, "job")?,
        None => acting,
    };
    let mut data = data(call.app, &acting, &store, &run);
    data["actionTypeId"] = json!(declared.action_type_id);
    data["pipelineContext"] = json!({
        "pipelineName": found.pipeline,
        "stage": { "name": run.stage },
        "action": { "name": run.action, "actionExecutionId": run.id },
        "pipelineArn": source,
        "pipelineExecutionId": found.execution,
    });
    if let Some(credentials) = data["artifactCredentials"].as_object_mut() {
        credentials.remove("expirationTime");
    }
    Ok(Reply::Json(json!({ "jobDetails": { "id": job, "data": data, "accountId": call.account() } })))
}

struct Success {
    token: Option<String>,
    summary: Option<String>,
    external: Option<String>,
    percent: Option<u64>,
    variables: BTreeMap<String, String>,
    revision: Option<Revision>,
}

fn success(body: &Value) -> Result<Success, Failure> {
    let text = |name: &str| optional(body, name).map(|text| text.map(str::to_owned));
    let token = text("continuationToken")?;
    let none = Value::Null;
    let details = body.get("executionDetails").unwrap_or(&none);
    let detail = |name: &str| optional(details, name).map(|text| text.map(str::to_owned));
    let (summary, external) = (detail("summary")?, detail("externalExecutionId")?);
    let percent = details.get("percentComplete").and_then(Value::as_i64);
    let mut checks = Checks::new();
    if let Some(token) = &token {
        checks = checks.length("continuationToken", token, 1, 2048);
    }
    if let Some(summary) = &summary {
        checks = checks.length("executionDetails.summary", summary, 1, 2048);
    }
    if let Some(external) = &external {
        checks = checks.length("executionDetails.externalExecutionId", external, 1, 1500);
    }
    if let Some(percent) = percent {
        checks = checks.range("executionDetails.percentComplete", percent, 0, 100);
    }
    checks.finish()?;
    let revision = match body.get("currentRevision").filter(|revision| !revision.is_null()) {
        None => None,
        Some(told) => Some(Revision {
            id: required(told, "revision")?.to_owned(),
            change: Some(required(told, "changeIdentifier")?.to_owned()),
            summary: optional(told, "revisionSummary")?.map(str::to_owned),
            created: told.get("created").and_then(Value::as_f64).map(|at| Timestamp((at * 1000.0) as i64)),
            url: None,
        }),
    };
    let percent = percent.and_then(|percent| u64::try_from(percent).ok());
    Ok(Success { token, summary, external, percent, variables: variables(body)?, revision })
}

fn variables(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let Some(told) = body.get("outputVariables").filter(|told| !told.is_null()) else { return Ok(BTreeMap::new()) };
    let read: BTreeMap<String, String> = serde_json::from_value(told.clone())
        .map_err(|e| refuse("SerializationException", format!("`outputVariables` can't be read: {e}")))?;
    for key in read.keys() {
        let fits = !key.is_empty() && word(key, "@-");
        Checks::new().pattern("outputVariables", key, "[A-Za-z0-9@\\-_]+", fits).finish()?;
    }
    if read.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > VARIABLES {
        return Err(refuse(
            "OutputVariablesSizeExceededException",
            "The total size of the output variables for the action execution exceeds the limit of 122880 bytes",
        ));
    }
    Ok(read)
}

/// PutJobSuccessResult.
pub fn succeeded(call: &Call<'_>) -> Result<Reply, Failure> {
    let job = uuid(&call.body, "jobId")?;
    let Success { token, summary, external, percent, variables, revision } = success(&call.body)?;
    let Found { pipeline, execution, action, .. } = open(call, job)?;
    let pause = call.app.faults.settings().pipeline_continuation_ms;
    engine::change(call, &pipeline, |pipeline, turn| {
        let run = pipeline.execution_mut(&execution).and_then(|execution| execution.action_mut(&action));
        let run =
            run.filter(|run| run.status == Status::InProgress && run.progress.jobs.last().is_some_and(|id| id == job));
        let run = run.ok_or_else(|| over(job))?;
        run.percent = percent.or(run.percent);
        let Some(token) = token else {
            let done = Done { summary, external, variables, revision, by: Some(call.caller.arn.clone()), url: None };
            flow::finish(pipeline, (&execution, &action), Ok(done), turn);
            return Ok(());
        };
        run.summary = summary.or_else(|| run.summary.take());
        run.external = external.or_else(|| run.external.take());
        run.revision = revision.or_else(|| run.revision.take());
        run.updated = turn.now;
        let progress = &mut run.progress;
        progress.continuation = Some(token);
        progress.jobs.push(ids::request());
        let old = progress.jobs.len().saturating_sub(REMEMBERED);
        progress.jobs.drain(..old);
        progress.heard = Some(turn.now);
        progress.due = Some(turn.now.plus_ms(i64::try_from(pause).unwrap_or(i64::MAX)));
        Ok(())
    })?;
    Ok(Reply::Json(json!({})))
}

/// PutJobFailureResult.
pub fn failed(call: &Call<'_>) -> Result<Reply, Failure> {
    const TYPES: [&str; 6] = [
        "JobFailed",
        "ConfigurationError",
        "PermissionError",
        "RevisionOutOfSync",
        "RevisionUnavailable",
        "SystemUnavailable",
    ];
    let job = uuid(&call.body, "jobId")?;
    let told = call.body.get("failureDetails").filter(|told| !told.is_null());
    let told = told.ok_or_else(|| super::input::null("failureDetails"))?;
    let missing = |name: &str| super::input::null(&format!("failureDetails.{name}"));
    let kind = optional(told, "type")?.ok_or_else(|| missing("type"))?;
    let message = optional(told, "message")?.ok_or_else(|| missing("message"))?;
    let external = optional(told, "externalExecutionId")?;
    let checks = Checks::new().one_of("failureDetails.type", kind, &TYPES);
    checks.length("failureDetails.message", message, 1, 5000).finish()?;
    let Found { pipeline, execution, action, .. } = open(call, job)?;
    engine::change(call, &pipeline, |pipeline, turn| {
        let failed = Failed {
            fault: Some(Fault { code: kind.to_owned(), message: message.to_owned() }),
            external: external.map(str::to_owned),
            by: Some(call.caller.arn.clone()),
            summary: None,
        };
        if flow::finish(pipeline, (&execution, &action), Err(failed), turn) { Ok(()) } else { Err(over(job)) }
    })?;
    Ok(Reply::Json(json!({})))
}
