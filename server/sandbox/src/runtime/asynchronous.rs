//! InvokeEndpointAsync: an invocation that is taken now and answered later, by an object in S3.
//!
//! The input is read, and the answer or the failure is written, with the permissions of the model's execution role.
//! What waits and runs is kept in memory: a restart drops it, and its output never comes.
//!
//! Source: SageMaker developer guide, "Asynchronous inference"; SageMaker Runtime API reference, InvokeEndpointAsync.

use super::errors::{model_error, timed_out};
use super::{Way, custom_attributes, forwarded, header, target};
use crate::acting::Acting;
use crate::app::App;
use crate::authorize;
use crate::call::{Call, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::models::{Answer, Container, Inference, ModelFailure};
use crate::sagemaker::asynchronous;
use crate::sagemaker::input::check_name;
use crate::sagemaker::model::arn;
use crate::{dispatch, ids, protocol, s3};
use axum::body::Body;
use bytes::Bytes;
use domain::names::Region;
use domain::s3::Location;
use domain::time::Timestamp;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Its name.
pub(super) const OPERATION: &str = "InvokeEndpointAsync";
const ACTION: &str = "sagemaker:InvokeEndpointAsync";
const PATH: &str = "/async-invocations";
const TRUSTED: &str = "sagemaker.amazonaws.com";
const SESSION: &str = "SageMaker";
/// What a body inside the request may have.
const INLINE_LIMIT: usize = 128_000;
/// What an input in S3 may have. AWS takes 1 GB; models here have it in memory.
const INPUT_LIMIT: u64 = 100 * 1024 * 1024;
/// How long a request may wait, in seconds: least, most, and where nothing is said.
const TTL_SECONDS: [i64; 3] = [60, 21_600, 21_600];
/// How long it may run.
const TIMEOUT_SECONDS: [i64; 3] = [1, 3600, 900];
/// How many run at once, over all endpoints.
const AT_ONCE: usize = 8;
/// How many may wait.
const WAITING: usize = 1000;

/// Where invocations are put to wait.
#[derive(Debug, Clone)]
pub struct Queue(mpsc::Sender<Job>);

/// What waits.
pub type Waiting = mpsc::Receiver<Job>;

/// A queue and its other end.
pub fn queue() -> (Queue, Waiting) {
    let (jobs, waiting) = mpsc::channel(WAITING);
    (Queue(jobs), waiting)
}

/// An invocation that was taken.
#[derive(Debug)]
pub struct Job {
    endpoint: String,
    region: Region,
    role: String,
    container: Container,
    input: Input,
    inference: Said,
    output: Location,
    failure: Option<Location>,
    expires: Timestamp,
    timeout: Duration,
}

#[derive(Debug)]
enum Input {
    Inline(Bytes),
    Object(Location),
}

/// What is told to the model beside the body.
#[derive(Debug)]
struct Said {
    content_type: Option<String>,
    accept: Option<String>,
    custom_attributes: Option<String>,
    headers: Vec<(String, String)>,
}

/// The endpoint that a request of InvokeEndpointAsync names.
pub(super) fn addressed(parts: &Parts) -> Option<String> {
    let rest = parts.uri.path().strip_prefix("/endpoints/").filter(|_| parts.method == Method::POST)?;
    let name = rest.strip_suffix(PATH)?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8().ok().filter(|_| !name.contains('/'))?;
    Some(name.into_owned())
}

/// Takes an invocation.
pub(super) async fn answer(
    call: &Call<'_>,
    name: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Failure> {
    let verdict = call.app.faults.judge(super::SERVICE, OPERATION, call.account());
    let result = match dispatch::suffer(&verdict).await {
        Ok(()) => take(call, name, headers, body),
        Err(failure) => Err(failure),
    };
    let result = if verdict.lose_reply { Err(Failure::internal()) } else { result };
    call.app.counters.add(call.account(), super::SERVICE, OPERATION, result.is_err());
    result
}

fn config_of(call: &Call<'_>, endpoint: &str) -> Option<Value> {
    call.read_sagemaker(|sagemaker| {
        let endpoint = sagemaker.endpoints.get(&endpoint.to_ascii_lowercase())?;
        asynchronous::in_force(sagemaker, endpoint, call.now).cloned()
    })
}

/// Refuses to ask an asynchronous endpoint for an answer now. The text is not verified.
pub(super) fn refuse(call: &Call<'_>, endpoint: &str, operation: &str) -> Result<(), Failure> {
    match config_of(call, endpoint) {
        Some(_) => Err(Failure::validation(format!(
            "Endpoint {endpoint} of account {} is an asynchronous endpoint and does not support {operation}. Use \
             {OPERATION} instead.",
            call.account()
        ))),
        None => Ok(()),
    }
}

fn seconds(headers: &HeaderMap, name: &str, member: &str, [least, most, otherwise]: [i64; 3]) -> Result<i64, Failure> {
    let Some(text) = header(headers, name) else { return Ok(otherwise) };
    let number: i64 = text.parse().map_err(|_| Failure::validation(format!("{member} is not a number: {text}")))?;
    Checks::new().range(member, number, least, most).finish()?;
    Ok(number)
}

/// What is asked of the model: inside the request, or in S3, and never both.
fn input(headers: &HeaderMap, body: Bytes) -> Result<Input, Failure> {
    match (header(headers, "x-amzn-sagemaker-inputlocation"), body.is_empty()) {
        (Some(_), false) => Err(Failure::validation("Only one of Body and InputLocation can be given.")),
        (None, true) => Err(Failure::validation("One of Body and InputLocation must be given.")),
        (None, false) if body.len() > INLINE_LIMIT => {
            Err(Failure::validation(format!("Body must be at most {INLINE_LIMIT} bytes, it has {}.", body.len())))
        }
        (None, false) => Ok(Input::Inline(body)),
        (Some(text), true) => {
            let location = Location::parse(text).filter(|location| !location.key.is_empty());
            let wrong = || Failure::validation(format!("InputLocation {text} is not the S3 URI of an object."));
            location.map(Input::Object).ok_or_else(wrong)
        }
    }
}

/// A place below an output path.
fn below(config: &Value, member: &str, file: &str) -> Option<Location> {
    let path = Location::parse(config.get("OutputConfig")?.get(member)?.as_str()?)?;
    Some(path.join(file))
}

fn take(call: &Call<'_>, name: &str, headers: &HeaderMap, body: Bytes) -> Result<Response<Body>, Failure> {
    check_name("endpointName", name)?;
    let endpoint_arn = arn(&call.region, call.account(), "endpoint", name);
    let tags = call.read_sagemaker(|sagemaker| sagemaker.tags.get(&endpoint_arn).cloned().unwrap_or_default());
    authorize::require(call, ACTION, Target::new(endpoint_arn).tagged(&tags))?;
    let attributes = custom_attributes(headers)?;
    let ttl = seconds(headers, "x-amzn-sagemaker-requestttlseconds", "requestTTLSeconds", TTL_SECONDS)?;
    let timeout =
        seconds(headers, "x-amzn-sagemaker-invocationtimeoutseconds", "invocationTimeoutSeconds", TIMEOUT_SECONDS)?;
    let input = input(headers, body)?;
    let chosen = target::choose(call, Way::Whole, name, headers)?;
    let config = config_of(call, name).ok_or_else(|| {
        Failure::validation(format!(
            "Endpoint {name} of account {} is not an asynchronous endpoint and does not support {OPERATION}.",
            call.account()
        ))
    })?;
    let inference_id = header(headers, "x-amzn-sagemaker-inference-id").map_or_else(ids::request, str::to_owned);
    let file = ids::request();
    let output = below(&config, "S3OutputPath", &format!("{file}.out")).ok_or_else(Failure::internal)?;
    let failure = below(&config, "S3FailurePath", &format!("{file}-error.out"));
    let response = accepted(&inference_id, &output, failure.as_ref());
    let job = Job {
        endpoint: name.to_owned(),
        region: call.region.clone(),
        role: role_of(call, name, &chosen.variant).unwrap_or_default(),
        container: chosen.container,
        input,
        inference: Said {
            content_type: header(headers, "x-amzn-sagemaker-content-type").map(str::to_owned),
            accept: header(headers, "x-amzn-sagemaker-accept").map(str::to_owned),
            custom_attributes: attributes,
            headers: forwarded(headers),
        },
        output,
        failure,
        expires: call.now.plus_ms(ttl * 1000),
        timeout: Duration::from_secs(u64::try_from(timeout).unwrap_or_default()),
    };
    call.app.asynchronous.0.try_send(job).map_err(|_| Failure::throttled())?;
    Ok(response)
}

fn accepted(id: &str, output: &Location, failure: Option<&Location>) -> Response<Body> {
    let mut response = protocol::response(202, "application/json", json!({ "InferenceId": id }).to_string());
    let mut set = |name: &'static str, location: &Location| {
        if let Ok(value) = HeaderValue::from_str(&location.to_string()) {
            response.headers_mut().insert(name, value);
        }
    };
    set("x-amzn-sagemaker-outputlocation", output);
    if let Some(failure) = failure {
        set("x-amzn-sagemaker-failurelocation", failure);
    }
    response
}

/// The role that a variant's model runs as.
fn role_of(call: &Call<'_>, endpoint: &str, variant: &str) -> Option<String> {
    call.read_sagemaker(|sagemaker| {
        let config = sagemaker.endpoints.get(&endpoint.to_ascii_lowercase())?.at(call.now).config.to_ascii_lowercase();
        let variants = sagemaker.configs.get(&config)?.request.get("ProductionVariants")?.as_array()?;
        let chosen = variants.iter().find(|known| known.get("VariantName").and_then(Value::as_str) == Some(variant))?;
        let model = chosen.get("ModelName")?.as_str()?.to_ascii_lowercase();
        Some(sagemaker.models.get(&model)?.request.get("ExecutionRoleArn")?.as_str()?.to_owned())
    })
}

/// Runs what waits, until the sandbox stops.
pub async fn work(app: Arc<App>, mut waiting: Waiting, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            Some(_) = running.join_next() => {}
            job = waiting.recv(), if running.len() < AT_ONCE => match job {
                Some(job) => {
                    let app = Arc::clone(&app);
                    running.spawn(async move { run(&app, job).await });
                }
                None => return,
            },
        }
    }
}

async fn run(app: &App, job: Job) {
    // A session of the model's execution role, as SageMaker makes one for itself.
    let Ok(acting) = Acting::as_role(app, &job.region, &job.role, TRUSTED, None, SESSION) else {
        tracing::debug!(endpoint = job.endpoint, role = job.role, "no role to write an asynchronous answer with");
        return;
    };
    let Job { output, failure, .. } = &job;
    let call = acting.call(app);
    let told = match infer(&call, &job).await {
        Ok(answer) => {
            let put = s3::put(&call, &output.bucket, &output.key, answer.body, &answer.content_type).await;
            put.map_err(|error| format!("Failed to upload the output to {output}: {}", reason(&error)))
        }
        Err(why) => Err(why),
    };
    let Err(why) = told else { return };
    let written = match failure {
        Some(place) => s3::put(&call, &place.bucket, &place.key, why.clone().into(), "text/plain").await.is_ok(),
        None => false,
    };
    if !written {
        tracing::debug!(endpoint = job.endpoint, why, "nothing of an asynchronous invocation is in S3");
    }
}

fn reason(error: &s3s::S3Error) -> String {
    format!("{}: {}", error.code().as_str(), error.message().unwrap_or_default())
}

/// Asks the model, or says why there is no answer.
async fn infer(call: &Call<'_>, job: &Job) -> Result<Answer, String> {
    if call.now > job.expires {
        return Err("The request expired before it was processed.".into());
    }
    let body = match &job.input {
        Input::Inline(body) => body.clone(),
        Input::Object(place) => s3::get(call, &place.bucket, &place.key, INPUT_LIMIT)
            .await
            .map_err(|error| format!("Failed to download the input from {place}: {}", reason(&error)))?,
    };
    let Said { content_type, accept, custom_attributes, headers } = &job.inference;
    let inference = Inference {
        content_type: content_type.clone(),
        accept: accept.clone(),
        custom_attributes: custom_attributes.clone(),
        headers: headers.clone(),
        body,
    };
    let name = &job.endpoint;
    match tokio::time::timeout(job.timeout, call.app.models.run(&job.container, inference)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ModelFailure::Model { status, message })) => Err(model_error(call, name, status, &message).message),
        Ok(Err(ModelFailure::Service(failure))) => Err(failure.message),
        Err(_) => Err(timed_out(call, name).message),
    }
}
