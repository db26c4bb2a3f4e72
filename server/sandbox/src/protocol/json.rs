//! awsJson 1.0 and 1.1: the operation in `X-Amz-Target`, JSON in and out.

use crate::error::{Failure, Family};
use axum::body::Body;
use http::{HeaderValue, Response};
use serde_json::{Map, Value};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Reads an input; an empty body is an empty object.
pub fn parse(body: &[u8]) -> Result<Value, Failure> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(Failure::new(400, "SerializationException", "the request's body is not a JSON object")),
    }
}

/// A response in the version of awsJson that its service speaks: they differ in the content type only.
pub fn as_version(mut response: Response<Body>, version: Option<&str>) -> Response<Body> {
    if version == Some("1.0") {
        let value = HeaderValue::from_static("application/x-amz-json-1.0");
        response.headers_mut().insert(http::header::CONTENT_TYPE, value);
    }
    response
}

/// Adds the error's code of awsQuery, for a service that spoke it once (Smithy's `awsQueryCompatible`).
pub fn with_query_error(mut response: Response<Body>, failure: &Failure, compatible: bool) -> Response<Body> {
    let fault = if failure.status < 500 { "Sender" } else { "Receiver" };
    let value = HeaderValue::from_str(&format!("{};{fault}", failure.code_for(Family::Query)));
    if let (true, Ok(value)) = (compatible, value) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

/// An output.
pub fn success(output: &Value) -> Response<Body> {
    super::response(200, CONTENT_TYPE, output.to_string())
}

/// An error.
pub fn failure(failure: &Failure) -> Response<Body> {
    let mut body = failure.members.clone();
    body.insert("__type".into(), failure.code_for(Family::Json).into());
    body.insert("message".into(), failure.message.as_str().into());
    super::response(failure.status_for(Family::Json), CONTENT_TYPE, Value::Object(body).to_string())
}
