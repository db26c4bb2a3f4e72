//! SageMaker Runtime: InvokeEndpoint, and InvokeEndpointWithResponseStream.
//!
//! Headers, limits and errors: SageMaker Runtime's service model and API reference.

mod errors;
mod stream;

pub use errors::too_large;

use crate::authorize;
use crate::call::{Call, Target};
use crate::dispatch;
use crate::error::Failure;
use crate::models::{Answer, Inference, ModelFailure};
use crate::sagemaker::input::check_name;
use crate::sagemaker::model::{Variant, arn};
use axum::body::Body;
use bytes::Bytes;
use domain::endpoint::EndpointStatus;
use errors::{body_too_large, model_error, timed_out};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use std::time::Duration;

/// What a body may have.
const BODY_LIMIT: usize = 6_291_456;
/// What a serverless endpoint's body may have.
const SERVERLESS_BODY_LIMIT: usize = 4 * 1024 * 1024;
/// How long a model may take.
const MODEL_TIME: Duration = Duration::from_secs(60);
/// What custom attributes may have.
const CUSTOM_ATTRIBUTES: usize = 1024;

const SERVICE: &str = "runtime";

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
    let variant = variant(call, name, header(headers, "x-amzn-sagemaker-target-variant"))?;
    for (unfit, why) in [
        ("x-amzn-sagemaker-target-model", "multi-model endpoints"),
        ("x-amzn-sagemaker-target-container-hostname", "multi-container endpoints with direct invocation"),
        ("x-amzn-sagemaker-inference-component", "endpoints with inference components"),
    ] {
        if headers.contains_key(unfit) {
            return Err(Failure::validation(format!("{unfit} can be given only to {why}, endpoint {name} is none.")));
        }
    }
    if body.len() > if variant.serverless { SERVERLESS_BODY_LIMIT } else { BODY_LIMIT } {
        return Err(body_too_large(variant.serverless));
    }
    let inference = Inference {
        content_type: header(headers, "content-type").map(str::to_owned),
        accept: header(headers, way.accept()).map(str::to_owned),
        custom_attributes: attributes,
        headers: forwarded(headers),
        body,
    };
    let session = new_session(headers);
    let models = &call.app.models;
    let run = async {
        match way {
            Way::Whole => {
                models.run(&variant.image, inference).await.map(|answer| success(answer, &variant.name, session))
            }
            Way::Stream => {
                models.stream(&variant.image, inference).await.map(|answer| stream::response(answer, &variant.name))
            }
        }
    };
    match tokio::time::timeout(MODEL_TIME, run).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(ModelFailure::Model { status, message })) => Err(model_error(call, name, status, &message)),
        Ok(Err(ModelFailure::Service(failure))) => Err(failure),
        Err(_) => Err(timed_out(call, name)),
    }
}

fn permitted(call: &Call<'_>, way: Way, name: &str, headers: &HeaderMap) -> Result<(), Failure> {
    let arn = arn(&call.region, call.account(), "endpoint", name);
    let tags = call.read_sagemaker(|sagemaker| sagemaker.tags.get(&arn).cloned().unwrap_or_default());
    let mut target = Target::new(arn).tagged(&tags);
    if let (Way::Whole, Some(model)) = (way, header(headers, "x-amzn-sagemaker-target-model")) {
        target = target.with("sagemaker:TargetModel", model);
    }
    way.actions().iter().try_for_each(|action| authorize::require(call, action, target.clone()))
}

fn custom_attributes(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("x-amzn-sagemaker-custom-attributes") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.len() <= CUSTOM_ATTRIBUTES);
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| Failure::validation("CustomAttributes must be at most 1024 visible US-ASCII characters."))
}

/// The variant to ask: the one that is named, else one by weight.
fn variant(call: &Call<'_>, name: &str, target: Option<&str>) -> Result<Variant, Failure> {
    call.read_sagemaker(|sagemaker| {
        let known = sagemaker.endpoints.get(&name.to_ascii_lowercase());
        // "The name is case-insensitive in CreateEndpoint, but the case is preserved and must be matched in
        // InvokeEndpoint."
        let now = known.filter(|endpoint| endpoint.name == name).map(|endpoint| endpoint.at(call.now));
        let answers = now.filter(|now| EndpointStatus::parse(now.status).answers() && !now.variants.is_empty());
        let missing = || Failure::validation(format!("Endpoint {name} of account {} not found.", call.account()));
        let variants = answers.ok_or_else(missing)?.variants;
        match target {
            Some(target) => variants
                .iter()
                .find(|variant| variant.name == target)
                .cloned()
                .ok_or_else(|| Failure::validation(format!("Could not find variant {target} for endpoint {name}."))),
            None => Ok(by_weight(variants)),
        }
    })
}

fn by_weight(variants: &[Variant]) -> Variant {
    if let [only] = variants {
        return only.clone();
    }
    let total: f64 = variants.iter().map(|variant| variant.weight).sum();
    let mut left = f64::from(u32::from_le_bytes(crate::ids::random())) / (f64::from(u32::MAX) + 1.0) * total;
    let chosen = variants.iter().find(|variant| {
        left -= variant.weight;
        left < 0.0
    });
    chosen.unwrap_or(&variants[0]).clone()
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
    set("content-type", &answer.content_type);
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
