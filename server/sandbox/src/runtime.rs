//! SageMaker Runtime: InvokeEndpoint, InvokeEndpointWithResponseStream, and InvokeEndpointAsync in [`asynchronous`].
//!
//! Headers, limits and errors: SageMaker Runtime's service model and API reference.

pub mod asynchronous;
mod errors;
mod measured;
mod stream;
mod target;
mod traffic;

pub use errors::{throttled, too_large};
pub use traffic::Traffic;

use crate::authorize;
use crate::call::Call;
use crate::dispatch;
use crate::error::Failure;
use crate::models::{Answer, Inference, ModelFailure};
use crate::sagemaker::input::check_name;
use crate::sagemaker::model::arn;
use axum::body::Body;
use bytes::Bytes;
use errors::{body_too_large, model_error, timed_out};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::time::{Duration, Instant};

/// What a body may have.
const BODY_LIMIT: usize = 6_291_456;
/// What a serverless endpoint's body may have.
const SERVERLESS_BODY_LIMIT: usize = 4 * 1024 * 1024;
/// How long a model may take.
const MODEL_TIME: Duration = Duration::from_secs(60);
/// What custom attributes may have.
const CUSTOM_ATTRIBUTES: usize = 1024;

const SERVICE: &str = "runtime";

/// The names of the operations, for fault switches.
pub fn operations() -> Vec<&'static str> {
    Way::ALL.iter().map(|way| way.operation()).chain([asynchronous::OPERATION]).collect()
}

/// How an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As a whole.
    Whole,
    /// Piece by piece.
    Stream,
}

impl Way {
    const ALL: [Self; 2] = [Self::Whole, Self::Stream];

    fn operation(self) -> &'static str {
        match self {
            Self::Whole => "InvokeEndpoint",
            Self::Stream => "InvokeEndpointWithResponseStream",
        }
    }
    /// What follows the endpoint's name in the path.
    fn path(self) -> &'static str {
        match self {
            Self::Whole => "/invocations",
            Self::Stream => "/invocations-response-stream",
        }
    }
    /// What it takes. "Before you can use this operation, your IAM permissions must allow the sagemaker:InvokeEndpoint
    /// action" is said of streams, too.
    fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &["sagemaker:InvokeEndpoint"],
            Self::Stream => &["sagemaker:InvokeEndpointWithResponseStream", "sagemaker:InvokeEndpoint"],
        }
    }
    /// The header that says which type is wanted: a stream's own type is that of its frames.
    fn accept(self) -> &'static str {
        match self {
            Self::Whole => "accept",
            Self::Stream => "x-amzn-sagemaker-accept",
        }
    }
}

/// Answers a request of SageMaker Runtime.
pub async fn answer(call: &Call<'_>, parts: &Parts, body: Bytes) -> Result<Response<Body>, Failure> {
    if let Some(name) = asynchronous::addressed(parts) {
        return asynchronous::answer(call, &name, &parts.headers, body).await;
    }
    let (way, name) = addressed(parts).ok_or_else(|| {
        Failure::new(404, "UnknownOperationException", format!("{} {} is not known.", parts.method, parts.uri.path()))
    })?;
    let verdict = call.app.faults.judge(SERVICE, way.operation(), call.account());
    let result = match dispatch::suffer(&verdict).await {
        Ok(()) => invoke(call, way, &name, &parts.headers, body).await,
        Err(failure) => Err(failure),
    };
    let result = if verdict.lose_reply { Err(Failure::internal()) } else { result };
    call.app.counters.add(call.account(), SERVICE, way.operation(), result.is_err());
    result
}

fn addressed(parts: &Parts) -> Option<(Way, String)> {
    let rest = parts.uri.path().strip_prefix("/endpoints/").filter(|_| parts.method == Method::POST)?;
    let (way, name) = Way::ALL.into_iter().find_map(|way| Some((way, rest.strip_suffix(way.path())?)))?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8().ok().filter(|_| !name.contains('/'))?;
    Some((way, name.into_owned()))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

async fn invoke(
    call: &Call<'_>,
    way: Way,
    name: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Failure> {
    check_name("endpointName", name)?;
    permitted(call, way, name, headers)?;
    let attributes = custom_attributes(headers)?;
    asynchronous::refuse(call, name, way.operation())?;
    let chosen = target::choose(call, way, name, headers)?;
    if body.len() > chosen.body_limit() {
        return Err(body_too_large(chosen.serverless.is_some()));
    }
    let permit = permit(call, name, &chosen)?;
    let inference = Inference {
        content_type: header(headers, "content-type").map(str::to_owned),
        accept: header(headers, way.accept()).map(str::to_owned),
        custom_attributes: attributes,
        headers: forwarded(headers),
        body,
    };
    let session = new_session(headers);
    let models = &call.app.models;
    let begun = Instant::now();
    let run = async {
        match way {
            Way::Whole => {
                models.run(&chosen.container, inference).await.map(|answer| success(answer, &chosen.variant, session))
            }
            Way::Stream => {
                let answer = models.stream(&chosen.container, inference).await;
                answer.map(|answer| stream::response(answer.holding(permit), &chosen.variant))
            }
        }
    };
    let ran = tokio::time::timeout(MODEL_TIME, run).await;
    let status = match &ran {
        Ok(Ok(_)) => 200,
        Ok(Err(ModelFailure::Model { status, .. })) => *status,
        Ok(Err(ModelFailure::Service(failure))) => failure.status,
        Err(_) => 504,
    };
    measured::count(call, name, &chosen.variant, status, begun.elapsed());
    match ran {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(ModelFailure::Model { status, message })) => Err(model_error(call, name, status, &message)),
        Ok(Err(ModelFailure::Service(failure))) => Err(failure),
        Err(_) => Err(timed_out(call, name)),
    }
}

fn permitted(call: &Call<'_>, way: Way, name: &str, headers: &HeaderMap) -> Result<(), Failure> {
    let targets = target::needed(call, way, name, headers)?;
    way.actions().iter().try_for_each(|action| authorize::require_all(call, action, targets.clone()))
}

/// A serverless variant answers so many requests at once; the others as many as come.
fn permit(call: &Call<'_>, name: &str, chosen: &target::Chosen) -> Result<Option<traffic::Permit>, Failure> {
    let Some(serverless) = &chosen.serverless else { return Ok(None) };
    let place = format!("{}/{}", arn(&call.region, call.account(), "endpoint", name), chosen.variant);
    call.app.traffic.enter(place, serverless.max_concurrency).map(Some).ok_or_else(throttled)
}

fn custom_attributes(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("x-amzn-sagemaker-custom-attributes") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.len() <= CUSTOM_ATTRIBUTES);
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| Failure::validation("CustomAttributes must be at most 1024 visible US-ASCII characters."))
}

/// The headers that SageMaker hands to the container.
fn forwarded(headers: &HeaderMap) -> Vec<(String, String)> {
    let ours = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("x-amzn-sagemaker-") || name == "content-type" || name == "accept"
    };
    let pairs = headers.iter().filter(|(name, _)| ours(name));
    pairs.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect()
}

/// `X-Amzn-SageMaker-Session-Id: NEW_SESSION` opens a session.
fn new_session(headers: &HeaderMap) -> Option<String> {
    (header(headers, "x-amzn-sagemaker-session-id") == Some("NEW_SESSION")).then(|| {
        let expires = crate::clock::now().plus_ms(3_600_000).rfc3339();
        format!("{}; Expires={expires}", crate::ids::request())
    })
}

fn success(answer: Answer, variant: &str, session: Option<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    if !answer.content_type.is_empty() {
        set("content-type", &answer.content_type);
    }
    set("x-amzn-invoked-production-variant", variant);
    if let Some(attributes) = &answer.custom_attributes {
        set("x-amzn-sagemaker-custom-attributes", attributes);
    }
    if let Some(session) = &session {
        set("x-amzn-sagemaker-new-session-id", session);
    }
    if let Some(session) = &answer.closed_session {
        set("x-amzn-sagemaker-closed-session-id", session);
    }
    response
}
