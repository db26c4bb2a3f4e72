//! Reads the frames of a streamed answer.

use crate::client::Answer;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;

/// The frames of an answer: what kind, and what they carry.
pub fn frames(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.header("content-type"), "application/vnd.amazon.eventstream", "{}", answer.text());
    let mut decoder = MessageFrameDecoder::new();
    let mut left = answer.body.clone();
    let mut seen = Vec::new();
    while let DecodedFrame::Complete(message) = decoder.decode_frame(&mut left).unwrap() {
        let kind = header(&message, ":event-type").or_else(|| header(&message, ":exception-type")).unwrap();
        seen.push((kind, String::from_utf8_lossy(message.payload()).into_owned()));
    }
    assert!(left.is_empty(), "the last frame is whole");
    seen
}

fn header(message: &Message, name: &str) -> Option<String> {
    let found = message.headers().iter().find(|header| header.name().as_str() == name)?;
    Some(found.value().as_string().unwrap().as_str().to_owned())
}
