//! SageMaker Runtime.

use crate::call::Call;
use crate::error::{Failure, Family};
use crate::protocol;
use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http::request::Parts;

/// Answers InvokeEndpoint.
pub async fn answer(_call: &Call<'_>, _parts: &Parts, _body: Bytes) -> Result<Response<Body>, Failure> {
    Err(Failure::internal())
}

/// The answer to a body over the limit.
pub fn too_large() -> Response<Body> {
    protocol::failure(Family::Rest, &Failure::new(413, "413", "HTTP content length exceeded 6291456 bytes."), "", "")
}
