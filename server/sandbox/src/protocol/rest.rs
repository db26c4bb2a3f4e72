//! restJson1: the operation in method and path, members in headers and body.

use crate::error::{Failure, Family};
use axum::body::Body;
use http::{HeaderValue, Response};
use serde_json::Value;

/// Reads an input; an empty body is an empty object.
pub fn parse(body: &[u8]) -> Result<Value, Failure> {
    super::json::parse(body)
}

/// An output; 204 has none.
pub fn success(status: u16, output: &Value) -> Response<Body> {
    let body = if status == 204 { String::new() } else { output.to_string() };
    super::response(status, "application/json", body)
}

/// An error: the code in `x-amzn-errortype`, the rest as JSON.
pub fn failure(failure: &Failure) -> Response<Body> {
    let code = failure.code_for(Family::Rest);
    let mut body = failure.members.clone();
    body.insert("Message".into(), failure.message.as_str().into());
    // Clients of the general errors look for it in lower case.
    body.insert("message".into(), failure.message.as_str().into());
    let mut response =
        super::response(failure.status_for(Family::Rest), "application/json", Value::Object(body).to_string());
    if let Ok(value) = HeaderValue::from_str(code) {
        response.headers_mut().insert("x-amzn-errortype", value);
    }
    response
}
