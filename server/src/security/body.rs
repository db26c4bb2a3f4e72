//! How much may be sent.

use super::refusal::Refusal;
use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::Method;
use http::header::CONTENT_LENGTH;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// InvokeEndpoint's own limit three times over, for form encoding (each byte may become `%XX`), and some for the other
/// fields.
pub const LIMIT: usize = 3 * domain::invoke::limits::BODY_BYTES + 64 * 1024;
/// Without a session only a token can be sent.
const OPEN_LIMIT: usize = 4 * 1024;

/// Set when a body without a length turned out to be too long while it was read.
#[derive(Debug, Clone, Default)]
pub struct Overflow(Option<(Arc<AtomicBool>, usize)>);

impl Overflow {
    /// The handler's answer, unless it only saw a part of the body.
    pub fn or(self, response: Response) -> Response {
        match self.0 {
            Some((over, limit)) if over.load(Ordering::Relaxed) => Refusal::too_large(limit).respond_as(true),
            _ => response,
        }
    }
}

/// Refuses a body that says it is too long; counts along where none says.
pub fn limited(request: Request) -> Result<(Request, Overflow), (Refusal, Request)> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok((request, Overflow::default()));
    }
    let limit = if super::is_machine(request.uri().path()) { LIMIT } else { OPEN_LIMIT };
    match request.headers().get(CONTENT_LENGTH).map(|v| v.to_str().ok().and_then(|v| v.parse::<usize>().ok())) {
        // The HTTP server never hands on more than the length says.
        Some(Some(length)) if length <= limit => Ok((request, Overflow::default())),
        Some(_) => Err((Refusal::too_large(limit), request)),
        None => {
            let over = Arc::new(AtomicBool::new(false));
            let flag = Arc::clone(&over);
            let request = request.map(|body| Body::from_stream(counted(body.into_data_stream(), limit, flag)));
            Ok((request, Overflow(Some((over, limit)))))
        }
    }
}

fn counted(
    body: BodyDataStream,
    limit: usize,
    over: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Bytes, axum::BoxError>> + Send {
    let mut left = limit;
    body.map(move |chunk| {
        let chunk = chunk?;
        match left.checked_sub(chunk.len()) {
            Some(rest) => {
                left = rest;
                Ok(chunk)
            }
            None => {
                left = 0;
                over.store(true, Ordering::Relaxed);
                Err("the body is too long".into())
            }
        }
    })
}
