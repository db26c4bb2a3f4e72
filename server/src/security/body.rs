//! How much may be sent, and how slowly.

use super::refusal::Refusal;
use app::api::batch::UPLOAD_BATCH;
use app::api::pipeline::wizard::UPLOAD_DATA;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::Method;
use http::header::CONTENT_LENGTH;
use http_body::{Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// InvokeEndpoint's own limit three times over, for form encoding (each byte may become `%XX`), and some for the other
/// fields.
pub const LIMIT: usize = 3 * domain::invoke::limits::BODY_BYTES + 64 * 1024;
/// Without a session only a token can be sent.
const OPEN_LIMIT: usize = 4 * 1024;
/// What a form has beside its file: boundaries, names.
const FORM: usize = 64 * 1024;
/// How long the next part of a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many bytes files may have.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// A batch's.
    pub batch: u64,
    /// A pipeline's table.
    pub table: u64,
}

/// What turned out to be wrong with a body while it was read.
#[derive(Debug, Clone)]
pub struct Reading {
    flaw: Arc<AtomicU8>,
    limit: usize,
}

const NONE: u8 = 0;
const TOO_LONG: u8 = 1;
const STALLED: u8 = 2;

impl Reading {
    /// The handler's answer, unless it only saw a part of the body.
    pub fn or(self, response: Response) -> Response {
        match self.flaw.load(Ordering::Relaxed) {
            TOO_LONG => Refusal::too_large(self.limit).respond_as(true),
            STALLED => Refusal::too_slow().respond_as(true),
            _ => response,
        }
    }
}

/// Refuses a body that says it is too long; counts along where none says, and waits for none for ever.
/// Files, which are not held in memory, have limits of their own.
pub fn limited(request: Request, files: Files) -> Result<(Request, Reading), (Refusal, Request)> {
    let with_form = |file: u64| usize::try_from(file).unwrap_or(usize::MAX).saturating_add(FORM);
    let limit = match request.uri().path() {
        UPLOAD_BATCH => with_form(files.batch),
        UPLOAD_DATA => with_form(files.table),
        path if super::is_machine(path) => LIMIT,
        _ => OPEN_LIMIT,
    };
    limited_to(request, limit, PATIENCE)
}

fn limited_to(request: Request, limit: usize, patience: Duration) -> Result<(Request, Reading), (Refusal, Request)> {
    let reading = Reading { flaw: Arc::new(AtomicU8::new(NONE)), limit };
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok((request, reading));
    }
    match request.headers().get(CONTENT_LENGTH).map(|v| v.to_str().ok().and_then(|v| v.parse::<usize>().ok())) {
        Some(Some(length)) if length <= limit => {}
        Some(_) => return Err((Refusal::too_large(limit), request)),
        None => {}
    }
    let flaw = Arc::clone(&reading.flaw);
    let request = request.map(|body| Body::new(Watched { body, left: limit, patience, waiting: None, flaw }));
    Ok((request, reading))
}

/// A body with both limits. It hands on every part as it is.
struct Watched {
    body: Body,
    /// How many bytes may still come.
    left: usize,
    /// How long the next part may take.
    patience: Duration,
    /// Until when the next part has to be there, while it is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
    flaw: Arc<AtomicU8>,
}

impl Watched {
    fn fails(&self, flaw: u8, words: &'static str) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.flaw.store(flaw, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(words))))
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            let patience = this.patience;
            let waiting = this.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
            return match waiting.as_mut().poll(context) {
                Poll::Ready(()) => this.fails(STALLED, "the body stopped coming"),
                Poll::Pending => Poll::Pending,
            };
        };
        this.waiting = None;
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            match this.left.checked_sub(data.len()) {
                Some(rest) => this.left = rest,
                None => {
                    this.left = 0;
                    return this.fails(TOO_LONG, "the body is too long");
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use futures::{StreamExt, stream};

    /// Reads a body that comes in so many parts of a byte, and then ends or stops coming.
    async fn read(parts: usize, ends: bool, patience: Duration) -> (Result<usize, axum::Error>, StatusCode) {
        let part = |_| async {
            // Never there at once.
            tokio::task::yield_now().await;
            Ok::<_, axum::Error>("x")
        };
        let rest = if ends { stream::empty().boxed() } else { stream::pending().boxed() };
        let body = Body::from_stream(stream::iter(0..parts).then(part).chain(rest));
        let request = Request::post("/sign-in").body(body).unwrap();
        let (request, reading) = limited_to(request, OPEN_LIMIT, patience).unwrap();
        let all = to_bytes(request.into_body(), usize::MAX).await;
        (all.map(|all| all.len()), reading.or(StatusCode::OK.into_response()).status())
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_not_waited_for() {
        for parts in [0, 10] {
            let (length, status) = read(parts, false, Duration::from_millis(20)).await;
            assert!(length.is_err());
            assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_say_its_length_is_counted() {
        let (length, status) = read(OPEN_LIMIT, true, PATIENCE).await;
        assert_eq!((length.unwrap(), status), (OPEN_LIMIT, StatusCode::OK));
        let (length, status) = read(OPEN_LIMIT + 1, true, PATIENCE).await;
        assert!(length.is_err());
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
