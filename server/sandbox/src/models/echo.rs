//! `echo`: gives back what it gets, and can be told by custom attributes to be slow, to fail, to be large.
//!
//! Attributes are separated by `;` or `,`:
//! - `sleep-ms=N`: wait first
//! - `status=N`: fail with this status and the body as message
//! - `bytes=N`: answer with so many bytes
//! - `type=T`: answer with this content type
//! - `show=headers`: answer with the headers and the body as JSON
//! - `error=CODE`: fail as SageMaker would: `ModelNotReadyException`, `InternalFailure`, `ServiceUnavailable`,
//!   `InternalDependencyException`
//! - `close-session`: close the session that the request names
//!
//! Where the answer is asked for piece by piece:
//! - `parts=N`: in so many pieces, 4 if it is not said
//! - `part-ms=N`: wait before each
//! - `break-after=N`: break off after so many pieces, with `break=CODE`: `StreamBroken` (if it is not said),
//!   `ModelInvocationTimeExceeded` or `InternalStreamFailure`

use super::{Answer, Inference, ModelFailure, StreamAnswer, StreamBreak};
use crate::error::Failure;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The largest answer it can be told to give.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// In how many pieces it answers where it is not told.
const PARTS: u64 = 4;
/// The most pieces it can be told to give.
const MOST_PARTS: u64 = 100_000;

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = attributes.split([';', ',']).map(str::trim);
    parts.find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key.trim() == name).then_some(value.trim())
    })
}

fn number(attributes: &str, name: &str) -> Result<Option<u64>, ModelFailure> {
    let parse = |text: &str| {
        text.parse().map_err(|_| ModelFailure::model(400, format!("`{name}={text}` is not a whole number")))
    };
    attribute(attributes, name).map(parse).transpose()
}

/// Answers a request.
pub async fn run(inference: Inference) -> Result<Answer, ModelFailure> {
    let attributes = inference.custom_attributes.as_deref().unwrap_or_default();
    if let Some(ms) = number(attributes, "sleep-ms")? {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    if let Some(code) = attribute(attributes, "error") {
        return Err(ModelFailure::Service(service_error(code)?));
    }
    if let Some(status) = number(attributes, "status")? {
        let status = u16::try_from(status).ok().filter(|status| (400..600).contains(status));
        let status = status.ok_or_else(|| ModelFailure::model(400, "`status` is not between 400 and 599"))?;
        return Err(ModelFailure::model(status, String::from_utf8_lossy(&inference.body)));
    }
    let (mut content_type, body) = answer(&inference, attributes)?;
    if let Some(wanted) = attribute(attributes, "type") {
        content_type = wanted.to_owned();
    }
    let session = inference.headers.iter().find(|(name, _)| name == "x-amzn-sagemaker-session-id");
    let closed_session = attribute(attributes, "close-session").and(session).map(|(_, id)| id.clone());
    Ok(Answer { content_type, custom_attributes: inference.custom_attributes, closed_session, body })
}

/// Answers a request piece by piece.
pub async fn stream(inference: Inference) -> Result<StreamAnswer, ModelFailure> {
    let attributes = inference.custom_attributes.clone().unwrap_or_default();
    let wait = Duration::from_millis(number(&attributes, "part-ms")?.unwrap_or(0));
    let count = number(&attributes, "parts")?.unwrap_or(PARTS).clamp(1, MOST_PARTS);
    let break_after = number(&attributes, "break-after")?;
    let ending = ending(attribute(&attributes, "break").unwrap_or("StreamBroken"))?;
    let Answer { content_type, custom_attributes, body, .. } = run(inference).await?;
    let length = body.len().div_ceil(usize::try_from(count).unwrap_or(1)).max(1);
    let pieces: Vec<Bytes> =
        (0..body.len()).step_by(length).map(|at| body.slice(at..body.len().min(at + length))).collect();
    let sent = break_after.map_or(pieces.len(), |most| usize::try_from(most).unwrap_or(usize::MAX).min(pieces.len()));
    let pieces = pieces.into_iter().take(sent).map(Ok).chain(break_after.map(|_| Err(ending)));
    let parts = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(wait).await;
        piece
    });
    Ok(StreamAnswer { content_type, custom_attributes, parts: parts.boxed() })
}

fn ending(code: &str) -> Result<StreamBreak, ModelFailure> {
    let broken = |code| StreamBreak::Model { code, message: "echo was told to break off".into() };
    match code {
        "StreamBroken" => Ok(broken("StreamBroken")),
        "ModelInvocationTimeExceeded" => Ok(broken("ModelInvocationTimeExceeded")),
        "InternalStreamFailure" => Ok(StreamBreak::Internal("The stream failed inside the service.".into())),
        other => Err(ModelFailure::model(400, format!("`break={other}` is not an ending echo knows"))),
    }
}

fn answer(inference: &Inference, attributes: &str) -> Result<(String, Bytes), ModelFailure> {
    if let Some(count) = number(attributes, "bytes")? {
        let count = usize::try_from(count).ok().filter(|count| *count <= MOST_BYTES);
        let count = count.ok_or_else(|| ModelFailure::model(400, format!("`bytes` is more than {MOST_BYTES}")))?;
        let body: Vec<u8> = b"0123456789abcdef".iter().copied().cycle().take(count).collect();
        return Ok(("application/octet-stream".into(), body.into()));
    }
    if attribute(attributes, "show") == Some("headers") {
        let headers = inference.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        let shown = json!({
            "headers": headers.collect::<Map<_, _>>(),
            "body": String::from_utf8_lossy(&inference.body),
            "bytes": inference.body.len(),
        });
        return Ok(("application/json".into(), shown.to_string().into()));
    }
    let content_type = inference.content_type.clone().unwrap_or_else(|| "application/octet-stream".into());
    Ok((content_type, inference.body.clone()))
}

fn service_error(code: &str) -> Result<Failure, ModelFailure> {
    Ok(match code {
        "ModelNotReadyException" => Failure::new(429, "ModelNotReadyException", "The model is not ready, try again."),
        "InternalFailure" => Failure::internal(),
        "ServiceUnavailable" => {
            Failure::new(503, "ServiceUnavailable", "The service is unavailable. Try your call again.")
        }
        "InternalDependencyException" => {
            Failure::new(530, "InternalDependencyException", "A dependency of the service failed.")
        }
        other => return Err(ModelFailure::model(400, format!("`error={other}` is not an error echo knows"))),
    })
}
