//! Answers as server-sent events, as text-generating containers stream them: `data:` and JSON, and an empty line.

use super::{Answer, StreamAnswer, StreamBreak};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use serde_json::Value;
use std::time::Duration;

/// The type of the events together.
const CONTENT_TYPE: &str = "text/event-stream";
/// How long these models take for a token where they are not told: they would be done at once, and nobody would see
/// what a stream looks like.
pub const TOKEN_TIME: Duration = Duration::from_millis(20);

/// An event.
pub fn event(prefix: &'static str, value: &Value) -> Bytes {
    format!("{prefix}{value}\n\n").into()
}

/// Events, with a pause before each.
pub fn paced(events: Vec<Bytes>, custom_attributes: Option<String>, pause: Duration) -> StreamAnswer {
    let parts = stream::iter(events).then(move |event| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, StreamBreak>(event)
    });
    StreamAnswer { content_type: CONTENT_TYPE.into(), custom_attributes, parts: parts.boxed() }
}

/// Events for somebody who asked for a stream but not to get it piece by piece: all of them in one.
pub fn together(events: &[Bytes], custom_attributes: Option<String>) -> Answer {
    Answer { content_type: CONTENT_TYPE.into(), custom_attributes, closed_session: None, body: events.concat().into() }
}
