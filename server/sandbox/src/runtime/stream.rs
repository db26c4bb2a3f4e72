//! An answer piece by piece, in the frames of AWS's event streams.
//!
//! Source: SageMaker Runtime's service model (`ResponseStream`), and the event stream encoding of Smithy.

use crate::models::{StreamAnswer, StreamBreak};
use aws_smithy_eventstream::error::Error;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue as Value, Message};
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, future, stream};
use http::{HeaderValue, Response};
use serde_json::json;
use std::time::Duration;

/// How long a stream may last as a whole. AWS names eight minutes for endpoints that stream; not verified.
const STREAM_TIME: Duration = Duration::from_secs(480);
/// The largest piece in one frame; larger ones are cut. Not verified: AWS's own cut is not documented.
const MOST_IN_A_FRAME: usize = 128 * 1024;

/// The response that sends an answer as it comes.
pub(super) fn response(answer: StreamAnswer, variant: &str) -> Response<Body> {
    let StreamAnswer { content_type, custom_attributes, parts } = answer;
    let over = tokio::time::sleep(STREAM_TIME);
    let late = stream::once(over).map(|()| {
        let message = format!("The stream took longer than {} seconds.", STREAM_TIME.as_secs());
        Err(StreamBreak::Model { code: "ModelInvocationTimeExceeded", message })
    });
    let pieces = parts.map(Some).chain(stream::once(future::ready(None)));
    // Whichever comes first: the answer's end, or the end of its time.
    let timed = stream::select(pieces, late.map(Some)).take_while(|piece| future::ready(piece.is_some()));
    let frames = timed.filter_map(future::ready).flat_map(|piece| stream::iter(frames(piece)));
    // After a break nothing more is sent.
    let frames = frames.scan(false, |broken, (frame, breaks)| {
        let go_on = !*broken;
        *broken = breaks;
        future::ready(go_on.then_some(frame))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/vnd.amazon.eventstream"));
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("x-amzn-sagemaker-content-type", &content_type);
    set("x-amzn-invoked-production-variant", variant);
    if let Some(attributes) = &custom_attributes {
        set("x-amzn-sagemaker-custom-attributes", attributes);
    }
    response
}

/// A piece or a break as frames, and whether each is the last.
fn frames(piece: Result<Bytes, StreamBreak>) -> Vec<(Result<Bytes, Error>, bool)> {
    match piece {
        Ok(bytes) => (0..bytes.len())
            .step_by(MOST_IN_A_FRAME)
            .map(|at| bytes.slice(at..bytes.len().min(at + MOST_IN_A_FRAME)))
            .map(|bytes| (frame("event", ":event-type", "PayloadPart", "application/octet-stream", bytes), false))
            .collect(),
        Err(StreamBreak::Model { code, message }) => {
            vec![(exception("ModelStreamError", &json!({ "Message": message, "ErrorCode": code })), true)]
        }
        Err(StreamBreak::Internal(message)) => {
            vec![(exception("InternalStreamFailure", &json!({ "Message": message })), true)]
        }
    }
}

fn exception(kind: &'static str, body: &serde_json::Value) -> Result<Bytes, Error> {
    frame("exception", ":exception-type", kind, "application/json", body.to_string().into())
}

fn frame(
    message: &'static str,
    what: &'static str,
    kind: &'static str,
    content_type: &'static str,
    payload: Bytes,
) -> Result<Bytes, Error> {
    let text = |text: &'static str| Value::String(text.into());
    let message = Message::new(payload)
        .add_header(Header::new(":message-type", text(message)))
        .add_header(Header::new(what, text(kind)))
        .add_header(Header::new(":content-type", text(content_type)));
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame)?;
    Ok(frame.into())
}
