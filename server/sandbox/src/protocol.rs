//! The wire protocols: how inputs are read, and how results and errors are written.
//!
//! After the Smithy specification's "AWS protocols".

pub mod json;
pub mod query;
pub mod rest;

use crate::error::{Failure, Family};
use axum::body::Body;
use http::{HeaderValue, Response};

/// What an operation gives back.
#[derive(Debug)]
pub enum Reply {
    /// The members of an awsQuery result; `None` for operations that return nothing.
    Xml(Option<query::Xml>),
    /// An awsJson output.
    Json(serde_json::Value),
    /// A restJson1 output with its status.
    Rest(u16, serde_json::Value),
}

/// Finishes a response with the request ID's header.
pub fn with_request_id(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

/// Writes a failure in a family's form.
pub fn failure(family: Family, failure: &Failure, namespace: &str, request_id: &str) -> Response<Body> {
    let response = match family {
        Family::Query => query::failure(failure, namespace, request_id),
        Family::Json => json::failure(failure),
        Family::Rest => rest::failure(failure),
    };
    with_request_id(response, request_id)
}

/// A response of plain parts.
pub fn response(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
