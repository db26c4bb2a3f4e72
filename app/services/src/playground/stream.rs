//! Answers piece by piece. A task of its own reads them, so that the audit trail has every stream, whole or not; who stops
//! listening ends the call.

use super::outcome::{Timing, micros};
use super::{Call, failed_in_brief, request};
use crate::activity::Happened;
use crate::history::Recording;
use crate::ports::gateway::{Answered, GatewayError, GatewayResult, RuntimeStream};
use crate::{Operator, ServiceError, ServiceResult, Services, words};
use bytes::Bytes;
use domain::activity::ActivityOutcome;
use domain::invoke::{
    InvokeAnswer, InvokeFailure, InvokeOutcome, InvokeParams, StreamBreak, StreamEnd, StreamEvent, StreamHead, limits,
};
use domain::share::intent::InvokeAction;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use std::time::Instant;
use tokio::sync::mpsc;

/// How many pieces may wait for a reader that is slower than the model; then the model waits, too.
const WAITING: usize = 32;

impl Services {
    /// Invokes an endpoint through a share's role, for an answer piece by piece. What AWS or the model refuse is told by the
    /// first event. Dropping the stream ends the call.
    pub async fn invoke_stream(
        &self,
        operator: &Operator,
        params: InvokeParams,
    ) -> ServiceResult<BoxStream<'static, StreamEvent>> {
        let route = self.route(&params, InvokeAction::Stream).await?;
        let happened = route.happened(format!("streamed from {}", params.endpoint));
        let sent = params.bytes();
        let request = request(params)?;
        let recording = self.recording(operator, route.target(self), &request, InvokeAction::Stream).await;
        let began = Instant::now();
        let call = Call { operator, route: &route, action: InvokeAction::Stream, request };
        let runtime = self.inner.gateways.runtime.clone();
        let region = route.region().clone();
        let answer = self
            .make_call(&call, |caller, request| {
                let (runtime, region) = (runtime.clone(), region.clone());
                Box::pin(async move { runtime.invoke_stream(&caller, &region, request).await })
            })
            .await;
        let (answer, timing) = match answer {
            Ok(answered) => answered,
            Err(outcome) => {
                recording.ended(&outcome);
                if let Err(failure) = &outcome.result {
                    let (ending, detail) = failed_in_brief(failure, sent);
                    self.note(operator.label(), happened.outcome(ending).detail(detail)).await;
                }
                return Ok(stream::iter([StreamEvent::NotBegun { outcome }]).boxed());
            }
        };
        let (events, listener) = mpsc::channel(WAITING);
        let label = operator.label().to_owned();
        let pump = Pump { services: self.clone(), label, happened, sent, began, events, recording };
        tokio::spawn(pump.run(answer, timing));
        let told = stream::unfold(listener, |mut listener| async { Some((listener.recv().await?, listener)) });
        // Whoever asks once more after the end, as bodies of responses do, is told the end again.
        Ok(told.fuse().boxed())
    }
}

impl Services {
    /// The same, collected to its end: for whoever can't read it as it comes. An answer that breaks off is a failure that
    /// says how much came.
    pub async fn invoke_stream_collected(
        &self,
        operator: &Operator,
        params: InvokeParams,
    ) -> ServiceResult<InvokeOutcome> {
        let mut events = self.invoke_stream(operator, params).await?;
        let (mut head, mut text) = (None, String::new());
        while let Some(event) = events.next().await {
            match event {
                StreamEvent::NotBegun { outcome } => return Ok(*outcome),
                StreamEvent::Began { head: began } => head = Some(began),
                StreamEvent::Part { text: piece, .. } => text.push_str(&piece),
                StreamEvent::Ended { end } => return Ok(collected(head, text, end)),
            }
            if text.len() > limits::COLLECTED_BYTES {
                return Err(ServiceError::Conflict {
                    message: format!("the answer is over {} bytes", limits::COLLECTED_BYTES),
                    hint: "switch scripts on to read it as it comes, or ask the model for less".into(),
                });
            }
        }
        let broke = StreamBreak {
            code: String::new(),
            message: "the answer stopped coming, and why was not told".into(),
            hint: "try again; the console's log may say more".into(),
        };
        let end = StreamEnd { parts: 0, bytes: text.len(), took_us: 0, not_text: false, broke: Some(broke) };
        Ok(collected(head, text, end))
    }
}

fn collected(head: Option<StreamHead>, text: String, end: StreamEnd) -> InvokeOutcome {
    let StreamEnd { bytes, took_us, not_text, broke, .. } = end;
    let (role_us, role_cached, began_us) =
        head.as_ref().map_or((0, false, 0), |head| (head.role_us, head.role_cached, head.began_us));
    let request_id = head.as_ref().and_then(|head| head.request_id.clone());
    let result = match broke {
        Some(StreamBreak { code, message, hint }) => Err(InvokeFailure {
            operation: InvokeAction::Stream.operation().into(),
            status: None,
            code,
            message: format!("{message} (after {bytes} bytes)"),
            model: None,
            hint,
            explanation: None,
        }),
        None => {
            let (content_type, variant, custom_attributes) =
                head.map(|head| (head.content_type, head.variant, head.custom_attributes)).unwrap_or_default();
            Ok(InvokeAnswer {
                status: 200,
                content_type,
                variant,
                custom_attributes,
                new_session: None,
                closed_session: None,
                text: (!not_text).then_some(text),
                base64: None,
                bytes,
                kept: None,
                transfer_us: took_us,
            })
        }
    };
    InvokeOutcome { result, role_us, role_cached, call_us: began_us.saturating_add(took_us), request_id }
}

/// Reads a stream to its end, or until nobody listens.
struct Pump {
    services: Services,
    label: String,
    happened: Happened,
    sent: usize,
    began: Instant,
    events: mpsc::Sender<StreamEvent>,
    recording: Recording,
}

impl Pump {
    async fn run(mut self, answer: Answered<RuntimeStream>, timing: Timing) {
        let RuntimeStream { content_type, variant, custom_attributes, parts } = answer.value;
        let (role_us, role_cached, began_us) = timing.parts();
        let head = StreamHead {
            content_type: content_type.unwrap_or_default(),
            variant,
            custom_attributes,
            role_us,
            role_cached,
            began_us,
            request_id: answer.request_id,
        };
        self.recording.stream_began(&head);
        // Who has gone already is noticed below.
        let _ = self.events.send(StreamEvent::Began { head }).await;
        let end = self.pieces(parts).await;
        let (ending, how) = match &end {
            None => (ActivityOutcome::Done, "stopped".to_owned()),
            Some(StreamEnd { broke: Some(broke), .. }) => (ActivityOutcome::Failed, broke.code.clone()),
            Some(end) => (ActivityOutcome::Done, format!("{} bytes back in {} pieces", end.bytes, end.parts)),
        };
        self.happened.took_ms = Some(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let happened = self.happened.outcome(ending).detail(format!("{} bytes sent, {how}", self.sent));
        self.services.note(&self.label, happened).await;
        if let Some(end) = end {
            self.recording.stream_ended(&end);
            let _ = self.events.send(StreamEvent::Ended { end }).await;
        }
    }

    /// Hands on the pieces; `None` when nobody listens any more.
    async fn pieces(&mut self, mut parts: BoxStream<'static, GatewayResult<Bytes>>) -> Option<StreamEnd> {
        let began = Instant::now();
        let mut text = Pieces::default();
        let mut end = StreamEnd { parts: 0, bytes: 0, took_us: 0, not_text: false, broke: None };
        loop {
            let next = tokio::select! {
                next = parts.next() => next,
                () = self.events.closed() => return None,
            };
            let piece = match next {
                Some(Ok(bytes)) => {
                    end.parts += 1;
                    end.bytes += bytes.len();
                    let piece = text.take(&bytes);
                    self.recording.stream_piece(&piece, bytes.len());
                    StreamEvent::Part { text: piece, bytes: bytes.len(), at_us: micros(began) }
                }
                Some(Err(error)) => {
                    end.broke = Some(broke(&error));
                    break;
                }
                None => break,
            };
            self.events.send(piece).await.ok()?;
        }
        let rest = text.rest();
        if !rest.is_empty() {
            self.events.send(StreamEvent::Part { text: rest, bytes: 0, at_us: micros(began) }).await.ok()?;
        }
        end.not_text = text.not_text;
        end.took_us = micros(began);
        Some(end)
    }
}

fn broke(error: &GatewayError) -> StreamBreak {
    let hint = match error.code.as_str() {
        "ModelInvocationTimeExceeded" => {
            "the model took longer than a stream may last: ask for less, or split the input"
        }
        "StreamBroken" => "the model's container broke the connection off: its log says more",
        "InternalStreamFailure" => "SageMaker itself failed: try again",
        _ => "what came before it is kept; try again",
    };
    StreamBreak { code: words::code(error), message: error.message.clone(), hint: hint.into() }
}

/// Text out of pieces that may cut a character in two.
#[derive(Default)]
struct Pieces {
    /// The beginning of a character: at most three bytes.
    begun: Vec<u8>,
    not_text: bool,
}

impl Pieces {
    /// The text of the next piece, with what was begun before it and without a character that is not whole yet.
    fn take(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let bad = chunk.invalid();
            if bad.is_empty() {
                continue;
            }
            // At the very end it may be the beginning of a character.
            if chunks.peek().is_none() && is_begun(bad) {
                self.begun = bad.to_vec();
            } else {
                self.not_text = true;
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    }

    /// What is left at the end.
    fn rest(&mut self) -> String {
        if self.begun.is_empty() {
            return String::new();
        }
        self.begun.clear();
        self.not_text = true;
        char::REPLACEMENT_CHARACTER.to_string()
    }
}

/// Whether more bytes could make a character of these.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_is_cut_in_two_is_put_together() {
        let text = "añ€𝄞b";
        for cut in 0..text.len() {
            let mut pieces = Pieces::default();
            let (one, two) = text.as_bytes().split_at(cut);
            let whole = pieces.take(one) + &pieces.take(two) + &pieces.rest();
            assert_eq!((whole.as_str(), pieces.not_text), (text, false), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_text_is_replaced_and_said() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.take(b"a\xffb\xe2\x82"), "a\u{fffd}b");
        assert_eq!(pieces.rest(), "\u{fffd}");
        assert!(pieces.not_text);
    }
}
