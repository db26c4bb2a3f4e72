//! What each failure of an invocation means, in a sentence, and what to do about it. Sources: the *Errors* of InvokeEndpoint,
//! InvokeEndpointWithResponseStream and AssumeRole, and the *Common errors* of SageMaker Runtime.

use crate::ports::gateway::{GatewayError, GatewayErrorKind};
use crate::words;
use domain::invoke::accepted::retries;
use domain::invoke::{DenialExplanation, limits};
use domain::names::Region;

/// The hint for a call that failed.
pub(super) fn hint(
    operation: &str,
    region: &Region,
    error: &GatewayError,
    explanation: Option<&DenialExplanation>,
) -> String {
    if let Some(fix) = explanation.and_then(|e| e.fix.clone()) {
        return fix;
    }
    let assuming = operation == "AssumeRole";
    match error.kind {
        GatewayErrorKind::Model => return model(error),
        GatewayErrorKind::AccessDenied if assuming => {
            return "verify the share: it shows which side says no; a change in IAM takes up to a minute to be seen"
                .into();
        }
        GatewayErrorKind::AccessDenied => return "verify the share: it shows what the role may invoke".into(),
        GatewayErrorKind::Expired if !assuming && error.connection.is_none() => {
            return "the role's session is over or was refused: invoke again, and a new one is made".into();
        }
        GatewayErrorKind::Expired | GatewayErrorKind::NoCredentials | GatewayErrorKind::Conflict => {
            return words::hint(error);
        }
        _ => {}
    }
    if let Some(said) = by_code(&error.code, error.status) {
        return said.into();
    }
    match error.kind {
        GatewayErrorKind::NotFound if !assuming => match of_components(&plain(&error.message)) {
            Some(said) => said.into(),
            None => missing(region, error),
        },
        GatewayErrorKind::Throttled => throttled(assuming).into(),
        GatewayErrorKind::Invalid => invalid(error).into(),
        GatewayErrorKind::Unavailable if error.code.is_empty() => unreachable_or_late(region, error),
        _ => words::hint(error),
    }
}

fn by_code(code: &str, status: Option<u16>) -> Option<&'static str> {
    Some(match code {
        "ModelNotReadyException" => {
            "the model is still being loaded: of a serverless or multi-model endpoint the first call waits for that; try \
             again in a minute"
        }
        "InternalFailure" | "InternalServerException" | "InternalError" => {
            "SageMaker itself failed, not the model: try again; if it stays so, AWS Support can find the call by its request id"
        }
        "ServiceUnavailable" | "ServiceUnavailableException" => {
            "SageMaker can't take the call just now, or no instance of the endpoint is healthy: try again in a moment, and look \
             at the endpoint's status if it stays so"
        }
        "InternalDependencyException" => {
            "something that SageMaker needs for this call failed, such as S3 or a KMS key: try again, and check that the \
             endpoint's own role can still read its model if it stays so"
        }
        "InternalStreamFailure" => "SageMaker itself failed: try again",
        _ if status == Some(413) => {
            "the body is over what this endpoint takes: send less, or put the input in S3 and use an asynchronous endpoint"
        }
        _ => return None,
    })
}

fn throttled(assuming: bool) -> &'static str {
    if assuming {
        "STS asks for fewer calls: try again in a moment"
    } else {
        "more calls than this endpoint or account may make at once: try again in a moment, send fewer at a time, or have the \
         endpoint's owner add instances or, where it is serverless, concurrency"
    }
}

/// What the model's container answered.
fn model(error: &GatewayError) -> String {
    let (status, message) = error.model.as_ref().map_or((None, ""), |model| (model.status, model.message.as_str()));
    let late = || {
        format!(
            "the model took longer than {} s: send less, or ask for the answer piece by piece or asynchronously, which may \
             take longer",
            limits::MODEL_SECONDS
        )
    };
    let lower = message.to_ascii_lowercase();
    let said = match status {
        _ if lower.contains("timed out") || lower.contains("timeout") => return late(),
        Some(400) => {
            "the model could not read this input: compare it with the sample, and with the columns or fields that the model was \
             trained on"
        }
        Some(401 | 403) => {
            "the container itself refused the call, not IAM: it may want a token or a licence that it was not started with"
        }
        Some(404) => {
            "the container has nothing there: where the endpoint has several models, check the target model; its inference \
             server has to answer `/invocations`"
        }
        Some(405) => "the container's inference server does not take this kind of call at `/invocations`",
        Some(406) => "the model can't answer in the accepted type; leave Accept empty or choose another",
        Some(408 | 504) => return late(),
        Some(413) => "the input is larger than the container takes: send fewer rows, or a smaller file",
        Some(415) if retries(status, message, "", "").is_empty() => {
            "the model does not take this content type, and does not say which it takes: try that of the sample, or ask the \
             endpoint's owner"
        }
        Some(415) => "the model does not take this content type: choose another one",
        Some(422) => "the input can be read, but its values don't fit: check the names, types and number of its fields",
        Some(424) => "the model needs something that failed, such as another part of itself: its log says what",
        Some(429) => "the model is busy: try again in a moment, or send fewer calls at once",
        Some(500) => {
            "the model's code failed on this input: its log has the error's place; the same input fails again until the code or \
             the input is changed"
        }
        Some(501) => "the container does not implement this call",
        Some(502 | 503) => {
            "the container does not answer: it may be starting, overloaded or out of memory; try again, and look at its log"
        }
        Some(507) => {
            "the container is out of memory or disk: send less, or have the endpoint's owner use a larger instance"
        }
        Some(status) if (400..500).contains(&status) => "the model refused this input: compare it with the sample",
        None | Some(0) => {
            return format!(
                "the model failed or took longer than {} s; its log stream says more",
                limits::MODEL_SECONDS
            );
        }
        Some(300..=399) => {
            "the container answered with a redirect, which SageMaker does not follow: its owner must make `/invocations` \
             answer itself"
        }
        Some(1..=299) => {
            "what the container answered is no answer to this call: its owner must make `/invocations` answer with 200 and a \
             body"
        }
        Some(_) => {
            "the model failed in a way of its own: its log says more; try again, and ask the endpoint's owner if it stays so"
        }
    };
    said.into()
}

/// `Endpoint X of account N not found.`: whose account it is, and where was looked. SageMaker says the same of an endpoint
/// that is there and does not answer.
fn missing(region: &Region, error: &GatewayError) -> String {
    let account =
        error.account.as_ref().map_or_else(|| "this account".to_owned(), |account| format!("account {account}"));
    format!(
        "{account} has no endpoint of this name in {region}, or it is not in service: SageMaker then answers as if it were not \
         there; look at its status, at the name's upper and lower case and at the region; it may have been deleted, or it \
         belongs to another account"
    )
}

/// A message in lower case without what stands between its words: `multi-model`, `Multi Model` and `MultiModel` are one.
fn plain(message: &str) -> String {
    message.to_ascii_lowercase().replace([' ', '-', '_'], "")
}

/// A plain message about inference components. Endpoints may have such a name, so that it has to begin with them.
fn of_components(plain: &str) -> Option<&'static str> {
    let about = |word: &str| plain.contains(word);
    plain.starts_with("inferencecomponent").then(|| {
        if about("isrequired") {
            "this endpoint's models are inference components: name the one that is to answer"
        } else if about("isnotallowed") {
            "this endpoint has no inference components: leave the inference component empty"
        } else if about("nocapacity") {
            "no copy of this inference component is there to answer: wait while it is scaled, or have the endpoint's owner \
             give it more copies"
        } else {
            "this endpoint has no inference component of this name, or it is not in service: look at the name, or ask the \
             endpoint's owner"
        }
    })
}

/// A plain message about the model of a multi-model endpoint.
fn of_target_model(plain: &str) -> Option<&'static str> {
    let about = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    if about(&["downloadmodeldata"]) {
        return Some(
            "there is no archive of that name, or the endpoint's own role can't read it: compare the target model with what \
             lies below the endpoint's S3 prefix",
        );
    }
    if !about(&["targetmodel", "multimodel"]) {
        return None;
    }
    Some(if about(&["missingatargetmodel"]) {
        "this endpoint has several models: name the one that is to answer as target model, by its archive's path below the \
         endpoint's S3 prefix, such as `tenant-a.tar.gz`"
    } else if about(&["isnotamultimodel", "notsupporttargetmodel"]) {
        "this endpoint has one model: leave the target model empty"
    } else if about(&["notsupportresponsestreaming"]) {
        "a multi-model endpoint can't answer piece by piece: ask for the answer as a whole"
    } else {
        "look at the target model: it is an archive's path below the endpoint's S3 prefix, such as `tenant-a.tar.gz`"
    })
}

/// SageMaker's refusals have one code; what they are about is in their text.
fn invalid(error: &GatewayError) -> &'static str {
    let plain = plain(&error.message);
    if let Some(said) = of_components(&plain).or_else(|| of_target_model(&plain)) {
        return said;
    }
    let about = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    if about(&["containerhostname"]) {
        "name a container of this endpoint by its hostname, or leave it empty where it has one container only"
    } else if about(&["variant"]) {
        "name a production variant that the endpoint has, or leave it empty so that the weights decide"
    } else if about(&["session"]) {
        "the session is over or belongs to another endpoint: open a new one with `NEW_SESSION`, or leave it empty"
    } else if about(&["explain"]) {
        "explanations need an endpoint with a Clarify explainer: leave them empty for any other"
    } else if about(&["asyncinference", "asynchronous"]) {
        "this endpoint takes asynchronous calls only: ask for the answer asynchronously"
    } else if about(&["stream"]) {
        "this endpoint can't answer piece by piece: ask for the answer as a whole"
    } else if about(&["contentlength", "lengthlessthan", "payload", "toolarge"]) {
        "the body is over what this endpoint takes: send less, or put the input in S3 and use an asynchronous endpoint"
    } else if about(&["status", "inservice"]) {
        "the endpoint is not in service: wait until it is, or ask its owner"
    } else {
        "SageMaker would not take the request as it is: change what its message names"
    }
}

/// No answer from AWS at all.
fn unreachable_or_late(region: &Region, error: &GatewayError) -> String {
    if error.message.contains("in time") {
        return format!(
            "nothing came within {} s, and the model may still be working: send less, or ask for the answer piece by piece or \
             asynchronously",
            limits::MODEL_SECONDS
        );
    }
    if error.message.contains("could not be reached") {
        return format!(
            "check that this machine reaches AWS in {region}: its network, proxy, DNS, and the VPC endpoint if there is one"
        );
    }
    words::hint(error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::invoke::ModelFailure;

    fn error(kind: GatewayErrorKind, code: &str, message: &str, status: Option<u16>) -> GatewayError {
        GatewayError {
            operation: "InvokeEndpoint",
            account: "111111111111".parse().ok(),
            connection: None,
            kind,
            code: code.into(),
            message: message.into(),
            status,
            retryable: false,
            request_id: None,
            model: None,
        }
    }

    fn said(operation: &str, error: &GatewayError) -> String {
        hint(operation, &"eu-west-1".parse().unwrap(), error, None)
    }

    #[test]
    fn every_error_of_sagemaker_runtime_says_what_to_do() {
        use GatewayErrorKind::{AccessDenied, Expired, Invalid, NotFound, Throttled, Unavailable};
        for (kind, code, message, status, word) in [
            (Unavailable, "ModelNotReadyException", "", 429, "in a minute"),
            (Unavailable, "InternalFailure", "", 500, "AWS Support"),
            (Unavailable, "ServiceUnavailable", "", 503, "no instance"),
            (Unavailable, "InternalDependencyException", "", 530, "KMS"),
            (Throttled, "ThrottlingException", "Rate exceeded", 400, "fewer at a time"),
            (AccessDenied, "AccessDeniedException", "", 403, "verify the share"),
            (Expired, "ExpiredTokenException", "", 403, "invoke again"),
            (
                NotFound,
                "ValidationError",
                "Endpoint x of account 111111111111 not found.",
                400,
                "account 111111111111 has no endpoint of this name in eu-west-1, or it is not in service",
            ),
            (
                NotFound,
                "ValidationError",
                "Endpoint inference-component-x of account 111111111111 not found.",
                400,
                "has no endpoint of this name",
            ),
            (
                NotFound,
                "ValidationError",
                "Inference Component y of endpoint x not found.",
                400,
                "no inference component of this name",
            ),
            (Invalid, "ValidationError", "Inference Component Name header is required", 400, "name the one"),
            (
                Invalid,
                "ValidationError",
                "Inference Component Name header is not allowed for endpoints to which you don't plan to deploy",
                400,
                "leave the inference component empty",
            ),
            (Invalid, "ValidationError", "Inference Component has no capacity to process this request.", 400, "copies"),
            (
                Invalid,
                "ValidationError",
                "Request r is missing a target model header.",
                400,
                "name the one that is to answer as target model",
            ),
            (
                Invalid,
                "ValidationError",
                "Endpoint x is not a multi-model endpoint and does not support target model header.",
                400,
                "one model: leave the target model empty",
            ),
            (
                Invalid,
                "ValidationError",
                "Endpoint x is a multi-model endpoint and does not support response streaming.",
                400,
                "as a whole",
            ),
            (Invalid, "ValidationError", "Failed to download model data(bucket: b, key: k).", 400, "no archive"),
            (Invalid, "ValidationError", "Target container hostname y", 400, "hostname"),
            (Invalid, "ValidationError", "Variant blue", 400, "production variant"),
            (Invalid, "ValidationError", "the session does not exist", 400, "NEW_SESSION"),
            (Invalid, "ValidationError", "something else", 400, "what its message names"),
            (Invalid, "413", "HTTP content length exceeded 6291456 bytes.", 413, "asynchronous endpoint"),
        ] {
            let hint = said("InvokeEndpoint", &error(kind, code, message, Some(status)));
            assert!(hint.contains(word), "{code} {message}: {hint}");
        }
        for (message, word) in [
            ("SageMaker Runtime in eu-west-1 did not answer in time", "may still be working"),
            ("SageMaker Runtime in eu-west-1 could not be reached: nothing listens there", "proxy"),
        ] {
            let hint = said("InvokeEndpoint", &error(Unavailable, "", message, None));
            assert!(hint.contains(word), "{message}: {hint}");
        }
    }

    #[test]
    fn a_models_own_status_has_its_own_sentence() {
        let mut seen = Vec::new();
        for (status, message, word) in [
            (Some(400), "", "could not read this input"),
            (Some(404), "", "target model"),
            (Some(406), "", "Accept"),
            (Some(413), "", "fewer rows"),
            (Some(204), "", "is no answer"),
            (Some(301), "", "a redirect, which SageMaker does not follow"),
            (Some(415), "", "does not say which"),
            (Some(415), "Supported: text/csv, application/json", "choose another one"),
            (Some(422), "", "don't fit"),
            (Some(429), "", "busy"),
            (Some(500), "", "code failed"),
            (Some(503), "", "out of memory"),
            (Some(418), "", "refused this input"),
            (Some(599), "", "its log says more"),
            (None, "", "its log stream"),
            (Some(0), "Your invocation timed out while waiting for a response", "longer than 60 s"),
        ] {
            let model = ModelFailure { status, message: message.into(), log_stream_arn: None };
            let failed =
                GatewayError { model: Some(model), ..error(GatewayErrorKind::Model, "ModelError", "", Some(424)) };
            let hint = said("InvokeEndpoint", &failed);
            assert!(hint.contains(word), "{status:?}: {hint}");
            assert!(!seen.contains(&hint), "{status:?} says what another says");
            seen.push(hint);
        }
    }

    #[test]
    fn what_fails_before_the_call_is_told_as_such() {
        let denied = error(GatewayErrorKind::AccessDenied, "AccessDenied", "", Some(403));
        assert!(said("AssumeRole", &denied).contains("which side"));
        let throttled = error(GatewayErrorKind::Throttled, "Throttling", "", Some(400));
        assert!(said("AssumeRole", &throttled).contains("STS"));
        let expired = GatewayError {
            connection: "child".parse().ok(),
            ..error(GatewayErrorKind::Expired, "ExpiredToken", "", Some(403))
        };
        assert!(said("AssumeRole", &expired).contains("connection `child`"));
    }
}
