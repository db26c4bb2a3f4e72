//! What an invocation came to, with the time each part took.

use crate::ports::gateway::{Answered, GatewayError, GatewayErrorKind, RuntimeResponse};
use crate::words;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::invoke::{DenialExplanation, InvokeAnswer, InvokeFailure, InvokeOutcome, limits};
use std::time::Instant;

/// Collects the times while a call is made.
#[derive(Default)]
pub(super) struct Timing {
    role_us: u64,
    role_cached: bool,
    call_us: u64,
}

impl Timing {
    pub(super) fn role(&mut self, began: Instant, cached: bool) {
        self.role_us += micros(began);
        self.role_cached = cached;
    }
    /// No role is assumed.
    pub(super) fn no_role(&mut self) {
        self.role_cached = true;
    }
    pub(super) fn call(&mut self, began: Instant) {
        self.call_us += micros(began);
    }

    /// Getting the role's credentials in microseconds, whether they were cached, and the call.
    pub(super) fn parts(&self) -> (u64, bool, u64) {
        (self.role_us, self.role_cached, self.call_us)
    }

    pub(super) fn answered(self, answer: Answered<RuntimeResponse>) -> InvokeOutcome {
        let RuntimeResponse { content_type, variant, custom_attributes, new_session, closed_session, body, transfer } =
            answer.value;
        let bytes = body.len();
        // The only owner's buffer is taken over as it is: a large body is not copied.
        let (text, base64) = as_text(Vec::from(body));
        let content_type = content_type.unwrap_or_default();
        let result = Ok(InvokeAnswer {
            status: 200,
            content_type,
            variant,
            custom_attributes,
            new_session,
            closed_session,
            text,
            base64,
            bytes,
            transfer_us: u64::try_from(transfer.as_micros()).unwrap_or(u64::MAX),
        });
        self.outcome(result, answer.request_id)
    }

    pub(super) fn failed(
        self,
        operation: &str,
        error: &GatewayError,
        explanation: Option<DenialExplanation>,
    ) -> InvokeOutcome {
        let failure = InvokeFailure {
            operation: operation.into(),
            status: error.status,
            code: words::code(error),
            message: error.to_string(),
            hint: hint(operation, error, explanation.as_ref()),
            model: error.model.clone(),
            explanation,
        };
        self.outcome(Err(failure), error.request_id.clone())
    }

    fn outcome(self, result: Result<InvokeAnswer, InvokeFailure>, request_id: Option<String>) -> InvokeOutcome {
        let Self { role_us, role_cached, call_us } = self;
        InvokeOutcome { result, role_us, role_cached, call_us, request_id }
    }
}

/// A body as text where it is; in base64 where it is not and not too large for a page.
fn as_text(body: Vec<u8>) -> (Option<String>, Option<String>) {
    match String::from_utf8(body) {
        Ok(text) => (Some(text), None),
        Err(error) => {
            let bytes = error.as_bytes();
            (None, (bytes.len() <= limits::BINARY_BYTES).then(|| STANDARD.encode(bytes)))
        }
    }
}

pub(super) fn micros(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn hint(operation: &str, error: &GatewayError, explanation: Option<&DenialExplanation>) -> String {
    if let Some(fix) = explanation.and_then(|e| e.fix.clone()) {
        return fix;
    }
    let status = error.model.as_ref().and_then(|model| model.status);
    match (error.kind, error.code.as_str(), status) {
        (GatewayErrorKind::Model, _, Some(415)) => {
            "the model does not take this content type; its message usually names those it takes".into()
        }
        (GatewayErrorKind::Model, _, Some(406)) => {
            "the model can't answer in the accepted type; leave Accept empty or choose another".into()
        }
        (GatewayErrorKind::Model, _, Some(429)) => "the model is busy: try again in a moment".into(),
        (GatewayErrorKind::Model, _, Some(status)) if (400..500).contains(&status) => {
            "the model refused this input: compare it with the sample".into()
        }
        (GatewayErrorKind::Model, ..) => {
            format!("the model failed or took longer than {} s; its log stream says more", limits::MODEL_SECONDS)
        }
        (_, "ModelNotReadyException", _) => "the model is being loaded: try again in a minute".into(),
        (_, "ValidationError", _) if error.message.contains("not found") => {
            "look at the name's case and the region: the endpoint may have been deleted".into()
        }
        (GatewayErrorKind::AccessDenied, ..) if operation == "AssumeRole" => {
            "verify the share: it shows which side says no; a change in IAM takes up to a minute to be seen".into()
        }
        (GatewayErrorKind::AccessDenied, ..) => "verify the share: it shows what the role may invoke".into(),
        _ => words::hint(error),
    }
}
