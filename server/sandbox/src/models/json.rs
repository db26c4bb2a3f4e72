//! JSON in and out, with the refusals that containers built on axum give, as Text Generation Inference is.

use super::{Answer, Inference, ModelFailure};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The type that is read and given.
pub const CONTENT_TYPE: &str = "application/json";

/// Reads the body. Not JSON by its type: 415; not JSON by its text: 400; JSON of another shape: 422.
pub fn read<T: DeserializeOwned>(inference: &Inference) -> Result<T, ModelFailure> {
    let kind = base(inference.content_type.as_deref().unwrap_or_default());
    if kind != CONTENT_TYPE {
        return Err(ModelFailure::model(415, "Expected request with `Content-Type: application/json`"));
    }
    accepts(inference, &[CONTENT_TYPE, "text/event-stream"])?;
    serde_json::from_slice(&inference.body).map_err(|e| {
        if e.is_data() {
            ModelFailure::model(422, format!("Failed to deserialize the JSON body into the target type: {e}"))
        } else {
            ModelFailure::model(400, format!("Failed to parse the request body as JSON: {e}"))
        }
    })
}

/// A type without its parameters.
pub fn base(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The first of the wanted types that can be given, by its place in `given`; 406 if none can.
pub fn accepts(inference: &Inference, given: &[&str]) -> Result<usize, ModelFailure> {
    let accept = inference.accept.as_deref().unwrap_or_default();
    let wanted: Vec<String> = accept.split(',').map(base).filter(|kind| !kind.is_empty()).collect();
    let fits = |kind: &String| match kind.as_str() {
        "*/*" => Some(0),
        kind => given.iter().position(|known| *known == kind),
    };
    if wanted.is_empty() {
        return Ok(0);
    }
    wanted.iter().find_map(fits).ok_or_else(|| {
        ModelFailure::model(406, format!("`{accept}` can't be given; the model gives {}", given.join(" and ")))
    })
}

/// An answer of JSON.
pub fn answer(value: &Value, custom_attributes: Option<String>) -> Answer {
    let body: Bytes = value.to_string().into();
    Answer { content_type: CONTENT_TYPE.into(), custom_attributes, closed_session: None, body }
}
