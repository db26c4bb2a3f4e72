//! Invoke: a session of the execution role, a process, and what came of it.
//!
//! Headers, limits and texts: Lambda API reference, "Invoke"; Lambda developer guide, "Lambda quotas", "Defined runtime
//! environment variables".

use super::input::{checked, invalid, parse_name};
use super::manage::{self, SERVICE};
use super::model::{Function, LATEST, Package, arn, log_group};
use super::outcome::{Outcome, outcome};
use super::package::Packages;
use super::process::{self, Job};
use crate::acting::Acting;
use crate::call::{Call, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::iam::model::Role;
use crate::session::{self, Credentials, SessionOf};
use crate::{authorize, clock, dispatch, ids, logs, passrole};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::time::Timestamp;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What an event may have.
const EVENT_LIMIT: usize = 6_291_456;
/// How long a function's session lasts.
const SESSION_MS: i64 = 12 * 3600 * 1000;

const OPERATION: &str = "Invoke";
const ACTION: &str = "lambda:InvokeFunction";

/// Whether a request is for Invoke.
pub fn is_invocation(parts: &Parts) -> bool {
    super::route(&parts.method, &parts.uri).is_some_and(|(operation, _)| operation == OPERATION)
}

/// Answers a request of Invoke.
pub async fn answer(call: &Call<'_>, parts: &Parts, body: Bytes) -> Result<Response<Body>, Failure> {
    let verdict = call.app.faults.judge("lambda", OPERATION, call.account());
    let result = match dispatch::suffer(&verdict).await {
        Ok(()) => invoke(call, parts, body).await,
        Err(failure) => Err(failure),
    };
    let result = if verdict.lose_reply { Err(Failure::internal()) } else { result };
    call.app.counters.add(call.account(), "lambda", OPERATION, result.is_err());
    result
}

fn header<'h>(headers: &'h HeaderMap, name: &str, otherwise: &'h str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or(otherwise)
}

async fn invoke(call: &Call<'_>, parts: &Parts, body: Bytes) -> Result<Response<Body>, Failure> {
    let members = super::route(&parts.method, &parts.uri).map(|(_, members)| members).unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let name = parse_name(call, text("FunctionName").unwrap_or_default(), text("Qualifier"), ACTION)?;
    let function = manage::find(call, &name);
    let tags = function.as_ref().map(|function| function.tags.clone()).unwrap_or_default();
    let function_arn = arn(&call.region, call.account(), &name);
    authorize::require(call, ACTION, Target::new(function_arn.as_str()).tagged(&tags))?;
    let function = function?;
    let kind = header(&parts.headers, "x-amz-invocation-type", "RequestResponse");
    let log_type = header(&parts.headers, "x-amz-log-type", "None");
    let kinds = ["Event", "RequestResponse", "DryRun"];
    checked(Checks::new().one_of("invocationType", kind, &kinds).one_of("logType", log_type, &["None", "Tail"]))?;
    match kind {
        "DryRun" => return Ok(response(204, Bytes::new())),
        "Event" => return Err(invalid("the sandbox invokes functions by RequestResponse only")),
        _ => {}
    }
    let event = event(&body)?;
    if function.state(call.now) == "Pending" {
        return Err(manage::pending());
    }
    let done = run(call, &function, function_arn, event).await?;
    let mut response = response(200, done.payload);
    let headers = response.headers_mut();
    headers.insert("x-amz-executed-version", HeaderValue::from_static(LATEST));
    if done.failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    if log_type == "Tail"
        && let Ok(log) = HeaderValue::from_str(&STANDARD.encode(done.log))
    {
        headers.insert("x-amz-log-result", log);
    }
    Ok(response)
}

fn response(status: u16, body: Bytes) -> Response<Body> {
    crate::protocol::response(status, "application/json", body)
}

/// The event as text; without a body it is an empty object.
fn event(body: &Bytes) -> Result<String, Failure> {
    if body.len() > EVENT_LIMIT {
        let message = format!(
            "{} byte payload is too large for the RequestResponse invocation type (limit {EVENT_LIMIT} bytes)",
            body.len()
        );
        return Err(Failure::new(413, "RequestTooLargeException", message));
    }
    if body.is_empty() {
        return Ok("{}".to_owned());
    }
    let unreadable = |reason: String| {
        let message = format!("Could not parse request body into json: {reason}");
        Failure::new(400, "InvalidRequestContentException", message).with("Type", "User".into())
    };
    serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|e| unreadable(e.to_string()))?;
    String::from_utf8(body.to_vec()).map_err(|e| unreadable(e.to_string()))
}

async fn run(call: &Call<'_>, function: &Function, function_arn: String, event: String) -> Result<Outcome, Failure> {
    let lambda = &call.app.lambda;
    let role = passrole::trusting(call.app, call.account(), &function.role, SERVICE)
        .ok_or_else(|| Failure::access_denied("The role defined for the function cannot be assumed by Lambda."))?;
    // Like AWS's code, but no fault of the service: a client that tried again would fail again.
    let unfit = |reason: String| Failure::new(400, "InvalidRuntimeException", reason).with("Type", "User".into());
    let python = lambda.python.find().map_err(unfit)?;
    let slot = Arc::clone(&lambda.slots).try_acquire_owned().map_err(|_| {
        Failure::new(429, "TooManyRequestsException", "Rate Exceeded.")
            .with("Reason", "ConcurrentInvocationLimitExceeded".into())
            .with("Type", "User".into())
    })?;
    let dir = tempfile::tempdir_in(&lambda.run_dir).map_err(broken)?;
    let request_id = ids::request();
    let timeout = Duration::from_secs(function.timeout.into());
    let stream = stream(call);
    let job = Job {
        python,
        environment: environment(call, function, &role, dir.path(), &stream),
        dir: dir.path().to_owned(),
        function_arn: function_arn.clone(),
        handler: function.handler.clone(),
        runtime: function.runtime.clone(),
        request_id: request_id.clone(),
        event,
        timeout,
        memory: function.memory,
    };
    let memory = function.memory;
    // Apart from the request: a caller that goes away does not end the invocation.
    let mut stop = lambda.stop.clone();
    let (packages, package) = (Arc::clone(&lambda.packages), function.package.clone());
    let running = tokio::spawn(async move {
        let ran = async {
            unpacked(packages, package, job.dir.clone()).await?;
            process::run(&job).await
        };
        let ran = tokio::select! {
            ran = ran => ran,
            _ = stop.wait_for(|stop| *stop) => Err(io::Error::other("it is stopping")),
        };
        drop((dir, slot));
        ran
    });
    let ran = running.await.map_err(broken)?.map_err(broken)?;
    let done = outcome(ran, &request_id, timeout, memory).map_err(unfit)?;
    keep_log(call, function, &function_arn, stream, &done);
    Ok(done)
}

/// The name of an invocation's log stream.
fn stream(call: &Call<'_>) -> String {
    format!("{}/[{LATEST}]{}", call.now.rfc3339()[..10].replace('-', "/"), ids::hex(&ids::random::<16>()))
}

/// Writes the log to the function's group, as the function's role. Nobody waits for that, and a role that may not
/// only has no log.
fn keep_log(call: &Call<'_>, function: &Function, function_arn: &str, stream: String, done: &Outcome) {
    let acting = Acting::as_role(call.app, &call.region, &function.role, SERVICE, Some(function_arn), &function.name);
    let Ok(acting) = acting else { return };
    let now = clock::now();
    let events: Vec<(Timestamp, String)> = done.lines.iter().map(|line| (now, line.clone())).collect();
    let group = log_group(&function.name);
    call.app.background.begin(move |app| async move {
        if let Err(failure) = logs::deliver(&acting, &app, &group, &stream, &events).await {
            tracing::debug!(group, code = %failure.code, message = failure.message, "a function's log was not kept");
        }
    });
}

fn broken(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "a function can't be run");
    Failure::new(500, "ServiceException", format!("the sandbox could not run the function ({error})"))
}

async fn unpacked(packages: Arc<Packages>, package: Package, dir: PathBuf) -> io::Result<()> {
    let unpack = move || {
        let task = dir.join("task");
        std::fs::create_dir(&task)?;
        std::fs::create_dir(dir.join("tmp"))?;
        packages.unpack(&package, &task)
    };
    tokio::task::spawn_blocking(unpack).await.map_err(io::Error::other)?
}

/// A session of the execution role, named like the function.
fn credentials(call: &Call<'_>, function: &Function, role: &Role) -> Credentials {
    let of = SessionOf::Role {
        name: role.name.clone(),
        id: role.id.clone(),
        session: function.name.clone(),
        policy: None,
        policy_arns: Vec::new(),
        tags: BTreeMap::new(),
    };
    let state = call.app.store.read();
    session::issue(&state.master, call.account(), of, call.now.plus_ms(SESSION_MS), call.app.faults.era())
}

/// The whole environment of a function: nothing of this process's own is in it.
fn environment(call: &Call<'_>, function: &Function, role: &Role, dir: &Path, stream: &str) -> Vec<(String, String)> {
    let Credentials { key, secret, token, .. } = credentials(call, function, role);
    let tmp = dir.join("tmp").to_string_lossy().into_owned();
    let task = dir.join("task").to_string_lossy().into_owned();
    let region = call.region.to_string();
    let own = [
        ("_HANDLER", function.handler.clone()),
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", function.runtime)),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", LATEST.to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", log_group(&function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", stream.to_owned()),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_SESSION_TOKEN", token),
        ("LAMBDA_TASK_ROOT", task),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        // Where AWS is, and what a function would look for beside its credentials.
        ("AWS_ENDPOINT_URL", call.app.lambda.url.clone()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("HOME", tmp.clone()),
        ("TMPDIR", tmp),
    ];
    let mut all: BTreeMap<String, String> = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // What the function's owner sets wins, where it is not Lambda's own; that was refused when it was set.
    all.extend(function.environment.clone());
    all.into_iter().collect()
}
