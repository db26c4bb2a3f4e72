//! What a failed call means for a batch.

use crate::invoke::InvokeFailure;

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try it again: the same request may succeed in a moment.
    Again,
    /// This row failed, and the next one may well succeed.
    Row,
    /// Every other row would fail in the same way: nobody may call, or there is nothing to call.
    All,
}

/// Whether a failure is worth another try, is the row's own, or everyone's.
///
/// Source of the codes: SageMaker Runtime API reference, InvokeEndpoint, "Errors", and "Common errors". A container that
/// says 429, 502, 503, 504 or 507 is overloaded or out of room and may recover; its 500 is an error of the model, which the
/// same input provokes again.
pub fn verdict(failure: &InvokeFailure) -> Verdict {
    let own = failure.model.as_ref().map(|model| model.status);
    let code = failure.code.as_str();
    match (failure.status, own) {
        (_, Some(Some(429 | 502..=504 | 507))) => Verdict::Again,
        (_, Some(_)) => Verdict::Row,
        _ if failure.explanation.is_some() => Verdict::All,
        _ if code.contains("Throttl") || code == "ModelNotReadyException" => Verdict::Again,
        (Some(429 | 500..), _) => Verdict::Again,
        // Nobody answered: the connection broke, or there was none.
        (None, _) if code == "Unavailable" => Verdict::Again,
        (None | Some(401 | 403), _) => Verdict::All,
        _ if failure.operation == "AssumeRole" || failure.message.contains("not found") => Verdict::All,
        _ => Verdict::Row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoke::ModelFailure;

    fn failure(operation: &str, status: Option<u16>, code: &str, model: Option<u16>) -> InvokeFailure {
        InvokeFailure {
            operation: operation.into(),
            status,
            code: code.into(),
            message: String::new(),
            model: model.map(|status| ModelFailure {
                status: Some(status),
                message: String::new(),
                log_stream_arn: None,
            }),
            hint: String::new(),
            explanation: None,
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again_and_only_what_every_row_meets_stops_all() {
        for (operation, status, code, model, verdict_of_it) in [
            ("InvokeEndpoint", Some(400), "ThrottlingException", None, Verdict::Again),
            ("InvokeEndpoint", Some(429), "ModelNotReadyException", None, Verdict::Again),
            ("InvokeEndpoint", Some(503), "ServiceUnavailable", None, Verdict::Again),
            ("InvokeEndpoint", Some(530), "InternalDependencyException", None, Verdict::Again),
            ("InvokeEndpoint", None, "Unavailable", None, Verdict::Again),
            ("InvokeEndpoint", Some(424), "ModelError", Some(503), Verdict::Again),
            ("InvokeEndpoint", Some(424), "ModelError", Some(500), Verdict::Row),
            ("InvokeEndpoint", Some(424), "ModelError", Some(400), Verdict::Row),
            ("InvokeEndpoint", Some(400), "ValidationError", None, Verdict::Row),
            ("InvokeEndpoint", Some(403), "AccessDenied", None, Verdict::All),
            ("AssumeRole", Some(400), "ValidationError", None, Verdict::All),
            ("AssumeRole", Some(400), "Throttling", None, Verdict::Again),
            ("AssumeRole", None, "NoCredentials", None, Verdict::All),
        ] {
            assert_eq!(
                verdict(&failure(operation, status, code, model)),
                verdict_of_it,
                "{operation} {status:?} {code}"
            );
        }
    }
}
