//! SageMaker Runtime: InvokeEndpoint.
//!
//! Headers, limits and errors: SageMaker Runtime's service model and API reference.

use crate::authorize;
use crate::call::{Call, Target};
use crate::dispatch;
use crate::error::{Failure, Family};
use crate::models::{Answer, Inference, ModelFailure};
use crate::protocol;
use crate::sagemaker::input::check_name;
use crate::sagemaker::model::{Variant, arn};
use axum::body::Body;
use bytes::Bytes;
use domain::endpoint::EndpointStatus;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use serde_json::json;
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
const OPERATION: &str = "InvokeEndpoint";

/// Answers a request of SageMaker Runtime.
pub async fn answer(call: &Call<'_>, parts: &Parts, body: Bytes) -> Result<Response<Body>, Failure> {
    let name = endpoint_name(parts).ok_or_else(|| {
        Failure::new(404, "UnknownOperationException", format!("{} {} is not known.", parts.method, parts.uri.path()))
    })?;
    let verdict = call.app.faults.judge(SERVICE, OPERATION, call.account());
    let result = match dispatch::suffer(&verdict).await {
        Ok(()) => invoke(call, &name, &parts.headers, body).await,
        Err(failure) => Err(failure),
    };
    let result = if verdict.lose_reply { Err(Failure::internal()) } else { result };
    call.app.counters.add(call.account(), SERVICE, OPERATION, result.is_err());
    result
}

fn endpoint_name(parts: &Parts) -> Option<String> {
    let rest = parts.uri.path().strip_prefix("/endpoints/")?;
    let name = rest.strip_suffix("/invocations").filter(|name| !name.contains('/') && parts.method == Method::POST)?;
    percent_encoding::percent_decode_str(name).decode_utf8().ok().map(|name| name.into_owned())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

async fn invoke(call: &Call<'_>, name: &str, headers: &HeaderMap, body: Bytes) -> Result<Response<Body>, Failure> {
    check_name("endpointName", name)?;
    permitted(call, name, headers)?;
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
        accept: header(headers, "accept").map(str::to_owned),
        custom_attributes: attributes,
        headers: forwarded(headers),
        body,
    };
    let session = new_session(headers);
    let run = call.app.models.run(&variant.image, inference);
    match tokio::time::timeout(MODEL_TIME, run).await {
        Ok(Ok(answer)) => Ok(success(answer, &variant.name, session)),
        Ok(Err(ModelFailure::Model { status, message })) => Err(model_error(call, name, status, &message)),
        Ok(Err(ModelFailure::Service(failure))) => Err(failure),
        Err(_) => Err(timed_out(call, name)),
    }
}

fn permitted(call: &Call<'_>, name: &str, headers: &HeaderMap) -> Result<(), Failure> {
    let arn = arn(&call.region, call.account(), "endpoint", name);
    let tags = call.read_sagemaker(|sagemaker| sagemaker.tags.get(&arn).cloned().unwrap_or_default());
    let mut target = Target::new(arn).tagged(&tags);
    if let Some(model) = header(headers, "x-amzn-sagemaker-target-model") {
        target = target.with("sagemaker:TargetModel", model);
    }
    authorize::require(call, "sagemaker:InvokeEndpoint", target)
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

fn log_group(call: &Call<'_>, endpoint: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:/aws/sagemaker/Endpoints/{endpoint}", call.region, call.account())
}

fn model_error(call: &Call<'_>, endpoint: &str, status: u16, message: &str) -> Failure {
    let side = if status < 500 { "client" } else { "server" };
    let code = if status < 500 { "CLIENT_ERROR_FROM_MODEL" } else { "SERVER_ERROR_FROM_MODEL" };
    let region = &call.region;
    let text = format!(
        "Received {side} error ({status}) from primary with message \"{message}\". See \
         https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group=/aws/sagemaker/\
         Endpoints/{endpoint} in account {} for more information.",
        call.account()
    );
    Failure::new(424, "ModelError", text)
        .with("ErrorCode", code.into())
        .with("OriginalStatusCode", json!(status))
        .with("OriginalMessage", message.into())
        .with("LogStreamArn", log_group(call, endpoint).into())
}

fn timed_out(call: &Call<'_>, endpoint: &str) -> Failure {
    let text = "Your invocation timed out while waiting for a response from container primary. Review the latency \
                metrics for each container in Amazon CloudWatch, resolve the issue, and try again.";
    Failure::new(424, "ModelError", text)
        .with("ErrorCode", "MODEL_CONTAINER_TIMEOUT".into())
        .with("OriginalStatusCode", json!(0))
        .with("OriginalMessage", text.into())
        .with("LogStreamArn", log_group(call, endpoint).into())
}

fn body_too_large(serverless: bool) -> Failure {
    let limit = if serverless { SERVERLESS_BODY_LIMIT } else { BODY_LIMIT };
    // SageMaker's own answer has a status and a text, and no code.
    Failure::new(413, "413", format!("HTTP content length exceeded {limit} bytes."))
}

/// The answer to a body that was too large to read at all.
pub fn too_large() -> Response<Body> {
    protocol::failure(Family::Rest, &body_too_large(false), "", &crate::ids::request())
}
