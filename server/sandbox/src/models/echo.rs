//! `echo`: gives back what it gets, and can be told by custom attributes to be slow, to fail, to be large, to lie.
//!
//! Attributes are separated by `;` or `,`, and their values may be percent-encoded:
//! - `sleep-ms=N`: wait first
//! - `status=N`: answer with this status, which SageMaker makes an error of, and the body as message
//! - `bytes=N`: answer with so many bytes
//! - `repeat=N`: answer with the body over and over, up to so many bytes
//! - `decode=base64`: answer with the bytes that the body stands for
//! - `type=T`: answer with this content type, whatever the body is; with none, if it is empty
//! - `show=headers`: answer with the headers and the body as JSON
//! - `error=CODE`: fail as SageMaker would: `ModelNotReadyException`, `InternalFailure`, `ServiceUnavailable`,
//!   `InternalDependencyException`, `ThrottlingException`, `ValidationError`
//! - `close-session`: close the session that the request names
//!
//! Where the answer is asked for piece by piece:
//! - `parts=N`: in so many pieces, 4 if it is not said
//! - `part-ms=N`: wait before each
//! - `break-after=N`: break off after so many pieces, with `break=CODE`: `StreamBroken` (if it is not said),
//!   `ModelInvocationTimeExceeded` or `InternalStreamFailure`

use super::attributes::Attributes;
use super::{Answer, Inference, ModelFailure, StreamAnswer, StreamBreak};
use crate::error::Failure;
use crate::runtime::throttled;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// Answers a request.
pub async fn run(inference: Inference) -> Result<Answer, ModelFailure> {
    let told = Attributes(inference.custom_attributes.as_deref().unwrap_or_default());
    if let Some(wait) = told.time("sleep-ms")? {
        tokio::time::sleep(wait).await;
    }
    if let Some(code) = told.get("error") {
        return Err(ModelFailure::Service(service_error(&code)?));
    }
    if let Some(status) = told.number("status")? {
        let status = u16::try_from(status).ok().filter(|status| (300..600).contains(status));
        let status = status.ok_or_else(|| ModelFailure::model(400, "`status` is not between 300 and 599"))?;
        return Err(ModelFailure::model(status, String::from_utf8_lossy(&inference.body)));
    }
    let (mut content_type, body) = answer(&inference, told)?;
    if let Some(wanted) = told.get("type") {
        content_type = wanted.into_owned();
    }
    let session = inference.headers.iter().find(|(name, _)| name == "x-amzn-sagemaker-session-id");
    let closed_session = session.filter(|_| told.has("close-session")).map(|(_, id)| id.clone());
    Ok(Answer { content_type, custom_attributes: inference.custom_attributes, closed_session, body })
}

/// Answers a request piece by piece.
pub async fn stream(inference: Inference) -> Result<StreamAnswer, ModelFailure> {
    let told = Attributes(inference.custom_attributes.as_deref().unwrap_or_default());
    let wait = told.time("part-ms")?.unwrap_or(Duration::ZERO);
    let count = told.number("parts")?.unwrap_or(PARTS).clamp(1, MOST_PARTS);
    let break_after = told.number("break-after")?;
    let ending = ending(told.get("break").as_deref().unwrap_or("StreamBroken"))?;
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

/// How many bytes an attribute asks for.
fn size(told: Attributes<'_>, name: &str) -> Result<Option<usize>, ModelFailure> {
    let Some(count) = told.number(name)? else { return Ok(None) };
    let count = usize::try_from(count).ok().filter(|count| *count <= MOST_BYTES);
    count.map(Some).ok_or_else(|| ModelFailure::model(400, format!("`{name}` is more than {MOST_BYTES}")))
}

fn repeated(part: &[u8], count: usize) -> Bytes {
    part.iter().copied().cycle().take(count).collect::<Vec<u8>>().into()
}

fn answer(inference: &Inference, told: Attributes<'_>) -> Result<(String, Bytes), ModelFailure> {
    if let Some(count) = size(told, "bytes")? {
        return Ok(("application/octet-stream".into(), repeated(b"0123456789abcdef", count)));
    }
    if told.get("show").as_deref() == Some("headers") {
        let headers = inference.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        let shown = json!({
            "headers": headers.collect::<Map<_, _>>(),
            "body": String::from_utf8_lossy(&inference.body),
            "bytes": inference.body.len(),
        });
        return Ok(("application/json".into(), shown.to_string().into()));
    }
    let content_type = inference.content_type.clone().unwrap_or_else(|| "application/octet-stream".into());
    let body = match told.get("decode").as_deref() {
        None => inference.body.clone(),
        Some("base64") => {
            let bytes = STANDARD.decode(inference.body.trim_ascii());
            bytes.map_err(|e| ModelFailure::model(400, format!("the body is not base64: {e}")))?.into()
        }
        Some(other) => return Err(ModelFailure::model(400, format!("`decode={other}` is nothing echo can decode"))),
    };
    let body = size(told, "repeat")?.map_or_else(|| body.clone(), |count| repeated(&body, count));
    Ok((content_type, body))
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
        "ThrottlingException" => throttled(),
        "ValidationError" => Failure::validation("echo was told to find the request invalid"),
        other => return Err(ModelFailure::model(400, format!("`error={other}` is not an error echo knows"))),
    })
}
