//! Why a step failed, in words for people.

use crate::ports::gateway::{GatewayError, GatewayErrorKind};
use crate::words;
use domain::pipeline::apply::{Lane, Part, Refusal};
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::observed::{ObservedStack, StackEvent};
use domain::run::StepError;

/// A call that AWS refused.
pub(in crate::pipeline) fn refused(error: &GatewayError) -> StepError {
    StepError {
        code: words::code(error),
        message: error.to_string(),
        hint: match error.kind {
            GatewayErrorKind::Conflict => "look at what is there in AWS, then retry".into(),
            _ => words::hint(error),
        },
        request_id: error.request_id.clone(),
        retryable: error.retryable,
    }
}

/// Something of our own that stands in the way.
pub(in crate::pipeline) fn own(code: &str, message: impl Into<String>, hint: impl Into<String>) -> StepError {
    StepError { code: code.into(), message: message.into(), hint: hint.into(), request_id: None, retryable: false }
}

/// A connection that leads to another account than the pipeline's.
pub(super) fn elsewhere(lane: Lane, intent: &PipelineIntent, now: &str) -> StepError {
    let place = lane.place(intent);
    let hint = format!("point the profile `{}` at account {} again, then retry", place.connection, place.account);
    own("OtherAccount", crate::pipeline::records::leads_elsewhere(lane, intent, now), hint)
}

/// It took longer than anybody waits.
pub(in crate::pipeline) fn too_slow(what: &str) -> StepError {
    let hint = "look at it in AWS; a retry goes on from where it is by then";
    StepError { retryable: true, ..own("TooSlow", format!("{what} is still changing"), hint) }
}

/// A stack that can't become what it should be; `cause` is the first failure among its events.
pub(super) fn stack(
    refusal: Refusal,
    part: Part,
    intent: &PipelineIntent,
    found: Option<&ObservedStack>,
    cause: Option<&StackEvent>,
) -> StepError {
    let name = part.name(intent);
    let account = &part.lane().place(intent).account;
    match refusal {
        Refusal::Foreign => own(
            "NotOurs",
            format!("account {account} has a stack `{name}` that this pipeline did not make"),
            "choose another prefix under Names and model, or take that stack away",
        ),
        Refusal::Vanished => StepError {
            retryable: true,
            ..own("Vanished", format!("the stack `{name}` was deleted while it was being made"), "retry")
        },
        Refusal::Stuck => own(
            "Stuck",
            format!("an update of the stack `{name}` failed, and so did taking it back"),
            "continue its rollback in CloudFormation, or delete it there, then retry",
        ),
        Refusal::Failed => failed(&name, found, cause),
    }
}

fn failed(name: &str, found: Option<&ObservedStack>, cause: Option<&StackEvent>) -> StepError {
    let state = found.map_or("FAILED", |found| found.state.as_str());
    let Some(cause) = cause else {
        let reason = found.and_then(|found| found.reason.clone());
        let message = match reason {
            Some(reason) => format!("the stack `{name}` is in {state}: {reason}"),
            None => format!("the stack `{name}` is in {state}"),
        };
        return StepError {
            retryable: true,
            ..own(state, message, "look at its events in CloudFormation, then retry")
        };
    };
    let reason = cause.reason.as_deref().unwrap_or("no reason was given");
    let message = format!("`{}` of the stack `{name}`: {reason}", cause.logical_id);
    let hint = match hint(cause, reason) {
        Some(hint) => hint,
        // An update was taken back: the stack is as it was before, and stays.
        None if found.is_some_and(|found| found.state.is_usable()) => "mend what CloudFormation names, then retry",
        None => "mend what CloudFormation names, then retry: what is left of this try is deleted first",
    };
    StepError { retryable: true, ..own(&cause.status, message, hint) }
}

/// What helps against a cause that is known.
fn hint(cause: &StackEvent, reason: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    Some(match cause.resource_type.as_str() {
        "AWS::S3::Bucket" if says(&["already exists", "AlreadyExists", "not available"]) => {
            "bucket names are unique in all of AWS: choose another under Names and model"
        }
        "AWS::S3::Bucket" if says(&["not empty", "NotEmpty"]) => {
            "something was put into the bucket meanwhile: take the pipeline away anew, which empties it again"
        }
        "AWS::CodeCommit::Repository" if says(&["CreateRepository request is not allowed", "no existing"]) => {
            "this account takes no repositories: take the template from the bucket, under Names and model"
        }
        _ if says(&["already exists", "AlreadyExists"]) => {
            "another has this name already: choose another prefix under Names and model, or take that away"
        }
        _ if says(&["not authorized", "AccessDenied", "Access Denied"]) => {
            "give the connection's identity the permission that is named, then retry"
        }
        _ if says(&["limit", "quota", "Quota"]) => "raise the quota or make room, then retry",
        _ => return None,
    })
}
