//! What an error code means. Sources: the *Common errors* pages of the STS, IAM, SageMaker, SageMaker Runtime,
//! Organizations and Lambda API references, the *Errors* of Lambda's Invoke and CreateFunction, and the SDKs' lists of
//! throttling and transient codes; for what a pipeline is made of, [`pipeline`].

mod pipeline;

use services::ports::gateway::GatewayErrorKind::{
    self, AccessDenied, Conflict, Expired, Invalid, Model, NotFound, Throttled, Unavailable,
};

/// The kind of an error, and whether the same call may work later.
pub(super) fn kind(code: &str, status: u16, message: &str) -> (GatewayErrorKind, bool) {
    // Services of different ages spell the same code with and without this ending.
    let stem = code.strip_suffix("Exception").or_else(|| code.strip_suffix("Error")).unwrap_or(code);
    let kind = pipeline::by_code(stem, message).or_else(|| by_code(stem, message));
    let kind = kind.unwrap_or_else(|| by_status(code, status));
    let busy = matches!(stem, "ConcurrentModification" | "EntityTemporarilyUnmodifiable");
    let settles = busy || settles(code, message) || pipeline::settles(stem, message);
    (kind, settles || matches!(kind, Throttled | Unavailable))
}

/// Lambda has codes for what is wrong, but none for what will be right by itself: a role that was made moments ago, a
/// function that is being created or changed. A new role that lacks Lambda in its trust policy, or access to the key
/// of the environment variables, gives the same answer, so whoever retries has to stop at some time.
fn settles(code: &str, message: &str) -> bool {
    match code {
        "InvalidParameterValueException" => {
            message.contains("cannot be assumed by Lambda") || message.contains("KMS key is invalid for CreateGrant")
        }
        "ResourceConflictException" => message.contains("cannot be performed at this time"),
        _ => false,
    }
}

fn by_code(stem: &str, message: &str) -> Option<GatewayErrorKind> {
    Some(match stem {
        "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized" | "OptInRequired" => AccessDenied,
        "NoSuchEntity" | "ResourceNotFound" | "NotFound" | "NoSuchKey" | "NoSuchBucket" => NotFound,
        "AWSOrganizationsNotInUse" | "AccountNotFound" | "ChildNotFound" | "TargetNotFound" | "PolicyNotFound" => {
            NotFound
        }
        "Validation" if says_not_found(message) => NotFound,
        "EntityAlreadyExists"
        | "DeleteConflict"
        | "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable"
        | "UnmodifiableEntity"
        | "ResourceInUse"
        | "ResourceConflict"
        | "PreconditionFailed"
        | "Conflict" => Conflict,
        // Lambda answers 502 when a function can't run as it is configured: calling it again changes nothing.
        "InvalidRuntime"
        | "InvalidZipFile"
        | "InvalidSecurityGroupID"
        | "InvalidSubnetID"
        | "ENILimitReached"
        | "SubnetIPAddressLimitReached"
        | "EC2AccessDenied"
        | "KMSAccessDenied"
        | "KMSDisabled"
        | "KMSInvalidState"
        | "KMSNotFound" => Conflict,
        "Throttling"
        | "Throttled"
        | "RequestThrottled"
        | "TooManyRequests"
        | "RequestLimitExceeded"
        | "EC2Throttled"
        | "ProvisionedThroughputExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete" => Throttled,
        "Validation"
        | "InvalidInput"
        | "MalformedPolicyDocument"
        | "MalformedInput"
        | "LimitExceeded"
        | "ResourceLimitExceeded"
        | "ServiceQuotaExceeded"
        | "PackedPolicyTooLarge"
        | "PolicyNotAttachable"
        | "RegionDisabled"
        | "InvalidParameterValue"
        | "InvalidParameterCombination"
        | "MissingParameter"
        | "MalformedQueryString"
        | "InvalidAction"
        | "Serialization"
        | "UnknownOperation" => Invalid,
        "ExpiredToken"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "AuthFailure"
        | "InvalidToken"
        | "TokenRefreshRequired"
        | "InvalidIdentityToken" => Expired,
        "Model" => Model,
        "ModelNotReady" | "ResourceNotReady" | "SnapStartNotReady" | "ENINotReady" | "InternalFailure" | "Internal"
        | "InternalServer" | "InternalDependency" | "ServiceFailure" | "ServiceUnavailable" | "RequestTimeout" => {
            Unavailable
        }
        _ => return None,
    })
}

fn by_status(code: &str, status: u16) -> GatewayErrorKind {
    match status {
        429 => Throttled,
        413 => Invalid,
        // AWS's errors have codes. This is something on the way: its 404 says nothing about roles and endpoints.
        _ if code.is_empty() => Unavailable,
        301 | 307 => Invalid,
        401 | 403 => AccessDenied,
        404 => NotFound,
        409 => Conflict,
        424 => Model,
        400..=499 => Invalid,
        _ => Unavailable,
    }
}

/// SageMaker has no code for a thing that is missing: `Could not find endpoint "arn:…".` from the control plane,
/// `Endpoint X of account N not found.` from the runtime.
fn says_not_found(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("could not find") || message.contains("not found") || message.contains("does not exist")
}

/// AWS's message as it may be shown. After a wrong signature AWS repeats the whole request it expected, the session
/// token included: only the first sentence stays.
pub(super) fn presentable(code: &str, message: &str) -> String {
    if code.contains("Signature") {
        let end = [". ", "\n", "The Canonical", "'"].into_iter().filter_map(|mark| message.find(mark)).min();
        let first = &message[..end.unwrap_or(message.len())];
        return format!("{}.", first.trim_end().trim_end_matches('.'));
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_before_the_status() {
        for (code, status, message, expected) in [
            ("AccessDenied", 403, "", (AccessDenied, false)),
            ("AccessDeniedException", 400, "", (AccessDenied, false)),
            ("NoSuchEntity", 404, "", (NotFound, false)),
            ("ValidationException", 400, "Could not find endpoint \"arn:aws:…\".", (NotFound, false)),
            ("ValidationError", 400, "Endpoint x of account 1 not found.", (NotFound, false)),
            ("ValidationError", 400, "1 validation error detected: …", (Invalid, false)),
            ("EntityAlreadyExists", 409, "", (Conflict, false)),
            ("DeleteConflict", 409, "", (Conflict, false)),
            ("ConcurrentModification", 409, "", (Conflict, true)),
            ("LimitExceeded", 409, "", (Invalid, false)),
            ("MalformedPolicyDocument", 400, "", (Invalid, false)),
            ("Throttling", 400, "", (Throttled, true)),
            ("ThrottlingException", 400, "", (Throttled, true)),
            ("ExpiredToken", 403, "", (Expired, false)),
            ("ExpiredTokenException", 400, "", (Expired, false)),
            ("InvalidClientTokenId", 403, "", (Expired, false)),
            ("UnrecognizedClientException", 400, "", (Expired, false)),
            ("SignatureDoesNotMatch", 403, "", (Expired, false)),
            ("InvalidSignatureException", 403, "", (Expired, false)),
            ("ModelError", 424, "", (Model, false)),
            ("ModelNotReadyException", 429, "", (Unavailable, true)),
            ("InternalDependencyException", 530, "", (Unavailable, true)),
            ("ServiceUnavailable", 503, "", (Unavailable, true)),
            ("AWSOrganizationsNotInUseException", 400, "", (NotFound, false)),
            ("ChildNotFoundException", 400, "", (NotFound, false)),
            ("ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:…", (NotFound, false)),
            ("TooManyRequestsException", 429, "Rate exceeded", (Throttled, true)),
            ("ResourceConflictException", 409, "Function already exist: x", (Conflict, false)),
            ("InvalidParameterValueException", 400, "Unzipped size must be smaller than …", (Invalid, false)),
            ("RequestTooLargeException", 413, "", (Invalid, false)),
            ("KMSAccessDeniedException", 502, "", (Conflict, false)),
            ("InvalidRuntimeException", 502, "", (Conflict, false)),
            ("ResourceNotReadyException", 502, "", (Unavailable, true)),
            ("ServiceException", 500, "", (Unavailable, true)),
        ] {
            assert_eq!(kind(code, status, message), expected, "{code}");
        }
    }

    #[test]
    fn what_settles_by_itself_at_lambda_may_be_tried_again() {
        for (code, status, message, expected) in [
            (
                "InvalidParameterValueException",
                400,
                "The role defined for the function cannot be assumed by Lambda.",
                (Invalid, true),
            ),
            (
                "InvalidParameterValueException",
                400,
                "Lambda was unable to configure access to your environment variables because the KMS key is invalid \
                 for CreateGrant.",
                (Invalid, true),
            ),
            (
                "ResourceConflictException",
                409,
                "The operation cannot be performed at this time. The function is currently in the following state: \
                 Pending",
                (Conflict, true),
            ),
        ] {
            assert_eq!(kind(code, status, message), expected, "{message}");
        }
    }

    #[test]
    fn an_unknown_code_is_classed_by_its_status() {
        for (status, expected) in [
            (403, AccessDenied),
            (404, NotFound),
            (409, Conflict),
            (418, Invalid),
            (429, Throttled),
            (502, Unavailable),
        ] {
            assert_eq!(kind("SomethingNew", status, "").0, expected, "{status}");
        }
    }

    #[test]
    fn an_answer_without_a_code_is_not_from_aws() {
        for status in [200, 403, 404, 409, 502] {
            assert_eq!(kind("", status, ""), (Unavailable, true), "{status}");
        }
        assert_eq!(kind("", 429, ""), (Throttled, true));
    }

    #[test]
    fn what_aws_repeats_after_a_wrong_signature_is_cut_off() {
        let message = "The request signature we calculated does not match the signature you provided. Check your AWS \
                       Secret Access Key.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n\
                       x-amz-security-token:IQoJb3JpZ2lu'";
        assert_eq!(
            presentable("SignatureDoesNotMatch", message),
            "The request signature we calculated does not match the signature you provided."
        );
    }
}
