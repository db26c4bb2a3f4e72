//! What an invocation came to, with the time each part took.

use super::answers::PageBody;
use super::hints::hint;
use crate::ports::gateway::{Answered, GatewayError, RuntimeResponse};
use crate::words;
use bytes::Bytes;
use domain::invoke::{DenialExplanation, InvokeAnswer, InvokeFailure, InvokeOutcome};
use domain::names::Region;
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
        // Zero stands for no role.
        self.role_us += micros(began).max(1);
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

    /// `for_page` makes of the content type and the body what goes to the browser.
    pub(super) fn answered(
        self,
        answer: Answered<RuntimeResponse>,
        for_page: impl FnOnce(&str, Bytes) -> PageBody,
    ) -> InvokeOutcome {
        let RuntimeResponse { content_type, variant, custom_attributes, new_session, closed_session, body, transfer } =
            answer.value;
        let bytes = body.len();
        let content_type = content_type.unwrap_or_default();
        let PageBody { text, base64, kept } = for_page(&content_type, body);
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
            kept,
            transfer_us: u64::try_from(transfer.as_micros()).unwrap_or(u64::MAX),
        });
        self.outcome(result, answer.request_id)
    }

    pub(super) fn failed(
        self,
        operation: &str,
        region: &Region,
        error: &GatewayError,
        explanation: Option<DenialExplanation>,
    ) -> InvokeOutcome {
        let failure = InvokeFailure {
            operation: operation.into(),
            status: error.status,
            code: words::code(error),
            message: error.to_string(),
            hint: hint(operation, region, error, explanation.as_ref()),
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

pub(super) fn micros(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}
