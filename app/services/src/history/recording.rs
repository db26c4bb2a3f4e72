//! A call while it is made, as the history will have it. However it ends, also by nobody waiting for it any more, it is
//! recorded once.

use crate::ports::gateway::RuntimeRequest;
use crate::ports::store::RecordedCall;
use crate::{Operator, Services};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::history::{Call, CallBodies, CallClass, KeptBody};
use domain::invoke::{
    AsyncStart, InvokeAnswer, InvokeFailure, InvokeHeaders, InvokeOutcome, StreamEnd, StreamHead, Through,
};
use domain::share::intent::InvokeAction;
use std::time::Instant;

/// The longest message of AWS that is kept, in characters.
const MESSAGE: usize = 500;

/// Recorded when it is dropped: as stopped, unless it was told how it ended.
pub(crate) struct Recording {
    services: Services,
    call: Option<Call>,
    bodies: Option<Bodies>,
    began: Instant,
}

/// What is kept of a call besides its facts.
struct Bodies {
    /// The largest that is kept, in bytes.
    most: usize,
    headers: InvokeHeaders,
    request: Option<Bytes>,
    answer: KeptBody,
}

impl Services {
    /// Begins to record a call, before it is made.
    pub(crate) async fn recording(
        &self,
        operator: &Operator,
        (through, label): (Through, String),
        request: &RuntimeRequest,
        way: InvokeAction,
    ) -> Recording {
        let bodies = self.kept_body_bytes().await.map(|most| Bodies {
            most,
            headers: request.headers.clone(),
            request: (request.body.len() <= most).then(|| request.body.clone()),
            answer: KeptBody::Absent,
        });
        let call = Call {
            at: self.now(),
            who: operator.label().to_owned(),
            through,
            label,
            endpoint: request.endpoint.clone(),
            way,
            headers: Call::without_own(&request.headers),
            class: CallClass::Stopped,
            status: None,
            code: String::new(),
            message: String::new(),
            answer_type: String::new(),
            variant: None,
            sent: request.body.len(),
            received: None,
            role_us: 0,
            role_cached: false,
            call_us: 0,
            first_us: None,
            request_id: None,
        };
        Recording { services: self.clone(), call: Some(call), bodies, began: Instant::now() }
    }
}

impl Recording {
    /// It ended as a whole.
    pub(crate) fn ended(mut self, outcome: &InvokeOutcome) {
        let Some(call) = &mut self.call else { return };
        call.role_us = outcome.role_us;
        call.role_cached = outcome.role_cached;
        call.call_us = outcome.call_us;
        call.request_id.clone_from(&outcome.request_id);
        match &outcome.result {
            Ok(answer) => answered(call, self.bodies.as_mut(), answer),
            Err(failure) => failed(call, self.bodies.as_mut(), failure),
        }
        self.write();
    }

    /// SageMaker took it, to answer it later, or did not.
    pub(crate) fn started(mut self, start: &AsyncStart) {
        let Some(call) = &mut self.call else { return };
        call.role_us = start.role_us;
        call.role_cached = start.role_cached;
        call.call_us = start.call_us;
        call.request_id.clone_from(&start.request_id);
        match &start.result {
            Ok(ticket) => {
                call.class = CallClass::Taken;
                // Source: SageMaker Runtime API reference, InvokeEndpointAsync, response syntax.
                call.status = Some(202);
                call.message.clone_from(&ticket.output);
            }
            Err(failure) => failed(call, self.bodies.as_mut(), failure),
        }
        self.write();
    }

    /// Its answer begins to come, piece by piece.
    pub(crate) fn stream_began(&mut self, head: &StreamHead) {
        let Some(call) = &mut self.call else { return };
        call.status = Some(200);
        call.answer_type.clone_from(&head.content_type);
        call.variant.clone_from(&head.variant);
        call.role_us = head.role_us;
        call.role_cached = head.role_cached;
        call.call_us = head.began_us;
        call.first_us = Some(head.began_us);
        call.request_id.clone_from(&head.request_id);
        call.received = Some(0);
        if let Some(bodies) = &mut self.bodies {
            bodies.answer = KeptBody::Text(String::new());
        }
    }

    /// A piece came.
    pub(crate) fn stream_piece(&mut self, piece: &str, bytes: usize) {
        if let Some(received) = self.call.as_mut().and_then(|call| call.received.as_mut()) {
            *received += bytes;
        }
        let Some(bodies) = &mut self.bodies else { return };
        if let KeptBody::Text(text) = &mut bodies.answer {
            if text.len() + piece.len() <= bodies.most {
                text.push_str(piece);
            } else {
                bodies.answer = KeptBody::TooLarge;
            }
        }
    }

    /// The stream ended, or broke off.
    pub(crate) fn stream_ended(mut self, end: &StreamEnd) {
        let Some(call) = &mut self.call else { return };
        call.call_us = call.call_us.saturating_add(end.took_us);
        call.class = CallClass::Answered;
        if let Some(broke) = &end.broke {
            call.class = CallClass::Broken;
            call.code.clone_from(&broke.code);
            call.message = cut(&broke.message);
        }
        // What is no text was replaced on the way: it is not what the model said.
        if let (true, Some(bodies)) = (end.not_text, &mut self.bodies) {
            bodies.answer = KeptBody::Absent;
        }
        self.write();
    }

    fn write(&mut self) {
        let Some(call) = self.call.take() else { return };
        let bodies = self.bodies.take().map(|Bodies { headers, request, answer, .. }| CallBodies {
            headers,
            request: request.map_or(KeptBody::TooLarge, kept),
            answer,
        });
        self.services.inner.history.recorder.add(RecordedCall { call, bodies });
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(call) = &mut self.call {
            // Nobody waited for the end: until here it took.
            let took = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
            call.call_us = took.saturating_sub(call.role_us);
            self.write();
        }
    }
}

fn answered(call: &mut Call, bodies: Option<&mut Bodies>, answer: &InvokeAnswer) {
    call.class = CallClass::Answered;
    call.status = Some(answer.status);
    call.answer_type.clone_from(&answer.content_type);
    call.variant.clone_from(&answer.variant);
    call.received = Some(answer.bytes);
    call.first_us = Some(call.call_us.saturating_sub(answer.transfer_us));
    let Some(bodies) = bodies else { return };
    bodies.answer = match (&answer.text, &answer.base64) {
        _ if answer.bytes > bodies.most => KeptBody::TooLarge,
        (Some(text), _) => KeptBody::Text(text.clone()),
        (None, Some(base64)) => KeptBody::Base64(base64.clone()),
        (None, None) => KeptBody::TooLarge,
    };
}

/// What a model says about its failure may repeat what it was sent: it is kept as an answer is.
fn failed(call: &mut Call, bodies: Option<&mut Bodies>, failure: &InvokeFailure) {
    call.class = CallClass::of_failure(failure);
    call.status = failure.status;
    call.code = if failure.code.is_empty() { failure.operation.clone() } else { failure.code.clone() };
    let Some(model) = &failure.model else {
        call.message = cut(&failure.message);
        return;
    };
    let Some(bodies) = bodies else { return };
    bodies.answer =
        if model.message.len() <= bodies.most { KeptBody::Text(model.message.clone()) } else { KeptBody::TooLarge };
}

fn cut(message: &str) -> String {
    message.chars().take(MESSAGE).collect()
}

fn kept(body: Bytes) -> KeptBody {
    match String::from_utf8(body.into()) {
        Ok(text) => KeptBody::Text(text),
        Err(error) => KeptBody::Base64(STANDARD.encode(error.as_bytes())),
    }
}
