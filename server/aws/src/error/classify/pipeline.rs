//! What the codes of a pipeline's services mean. Sources: the *Errors* of each operation in the API references of
//! CloudFormation, CodeCommit, CodePipeline, Step Functions, Service Quotas, KMS, EventBridge and S3.

use services::ports::gateway::GatewayErrorKind::{
    self, AccessDenied, Conflict, Invalid, NotFound, Throttled, Unavailable,
};

/// The kind of an error by its code without `Exception`; `None` for a code that others have too.
pub(super) fn by_code(stem: &str, message: &str) -> Option<GatewayErrorKind> {
    Some(match stem {
        "Validation" if says_state(message) => Conflict,
        "AlreadyExists" | "TokenAlreadyExists" | "OperationInProgress" => Conflict,
        "InsufficientCapabilities" => Invalid,
        // CodeCommit, of an account that may not use it.
        "OperationNotAllowed" | "SubscriptionRequired" => AccessDenied,
        "RepositoryDoesNotExist"
        | "BranchDoesNotExist"
        | "CommitDoesNotExist"
        | "FileDoesNotExist"
        | "PathDoesNotExist"
        | "ParentCommitDoesNotExist" => NotFound,
        "ParentCommitIdOutdated" | "ParentCommitIdRequired" | "ConcurrentReferenceUpdate" | "NoChange" => Conflict,
        "EncryptionKeyAccessDenied" | "KmsAccessDenied" => AccessDenied,
        "EncryptionKeyDisabled" | "EncryptionKeyNotFound" | "EncryptionKeyInvalidId" | "KmsInvalidState" => Conflict,
        "EncryptionKeyUnavailable" => Unavailable,
        "KmsThrottling" => Throttled,
        "PipelineNotFound" | "PipelineExecutionNotFound" | "StageNotFound" | "ActionNotFound" => NotFound,
        "InvalidApprovalToken"
        | "ApprovalAlreadyCompleted"
        | "PipelineExecutionNotStoppable"
        | "DuplicatedStopRequest"
        | "StageNotRetryable"
        | "NotLatestPipelineExecution"
        | "ConcurrentPipelineExecutionsLimitExceeded" => Conflict,
        "ExecutionDoesNotExist" | "StateMachineDoesNotExist" | "NoSuchResource" => NotFound,
        "NoSuchUpload" | "NoSuchVersion" => NotFound,
        "BucketAlreadyExists" | "BucketAlreadyOwnedByYou" | "BucketNotEmpty" | "OperationAborted" => Conflict,
        // Of the key that an object is encrypted with, as S3 passes them on.
        "KMS.NotFound" | "KMS.Disabled" | "KMS.KMSInvalidState" => Conflict,
        _ => return None,
    })
}

/// Whether the same call may work a little later.
pub(super) fn settles(stem: &str, message: &str) -> bool {
    match stem {
        "Validation" => says_state(message) && (message.contains("in-progress") || message.contains("_IN_PROGRESS")),
        "OperationInProgress"
        | "OperationAborted"
        | "ConcurrentReferenceUpdate"
        | "ConcurrentPipelineExecutionsLimitExceeded" => true,
        _ => false,
    }
}

/// Neither CloudFormation nor SageMaker has a code for a thing whose state forbids the call. They say `Stack:arn:… is in
/// UPDATE_IN_PROGRESS state and can not be updated.`, `Stack [x] cannot be deleted while TerminationProtection is
/// enabled`, `Cannot update in-progress endpoint "arn:…".`
fn says_state(message: &str) -> bool {
    let stack = message.starts_with("Stack") && (message.contains(" state and can") || message.contains("cannot be"));
    stack || message.starts_with("Cannot update ") || message.starts_with("Cannot delete ")
}

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    #[test]
    fn each_service_has_codes_of_its_own() {
        for (code, status, expected) in [
            ("AlreadyExistsException", 400, (Conflict, false)),
            ("TokenAlreadyExistsException", 400, (Conflict, false)),
            ("OperationInProgressException", 400, (Conflict, true)),
            ("InsufficientCapabilitiesException", 400, (Invalid, false)),
            ("LimitExceededException", 400, (Invalid, false)),
            ("OperationNotAllowedException", 400, (AccessDenied, false)),
            ("OptInRequired", 403, (AccessDenied, false)),
            ("RepositoryDoesNotExistException", 400, (NotFound, false)),
            ("BranchDoesNotExistException", 400, (NotFound, false)),
            ("FileDoesNotExistException", 400, (NotFound, false)),
            ("ParentCommitIdOutdatedException", 400, (Conflict, false)),
            ("ConcurrentReferenceUpdateException", 400, (Conflict, true)),
            ("FileContentSizeLimitExceededException", 400, (Invalid, false)),
            ("EncryptionKeyAccessDeniedException", 400, (AccessDenied, false)),
            ("EncryptionKeyDisabledException", 400, (Conflict, false)),
            ("PipelineNotFoundException", 400, (NotFound, false)),
            ("PipelineExecutionNotFoundException", 400, (NotFound, false)),
            ("InvalidApprovalTokenException", 400, (Conflict, false)),
            ("ApprovalAlreadyCompletedException", 400, (Conflict, false)),
            ("PipelineExecutionNotStoppableException", 400, (Conflict, false)),
            ("DuplicatedStopRequestException", 400, (Conflict, false)),
            ("StageNotRetryableException", 400, (Conflict, false)),
            ("ConflictException", 400, (Conflict, false)),
            ("ConcurrentModificationException", 400, (Conflict, true)),
            ("ConcurrentPipelineExecutionsLimitExceededException", 400, (Conflict, true)),
            ("InvalidNextTokenException", 400, (Invalid, false)),
            ("ExecutionDoesNotExist", 400, (NotFound, false)),
            ("InvalidArn", 400, (Invalid, false)),
            ("KmsThrottlingException", 400, (Throttled, true)),
            ("NoSuchResourceException", 400, (NotFound, false)),
            ("NoSuchBucket", 404, (NotFound, false)),
            ("NoSuchUpload", 404, (NotFound, false)),
            ("BucketAlreadyExists", 409, (Conflict, false)),
            ("OperationAborted", 409, (Conflict, true)),
            ("KMS.DisabledException", 400, (Conflict, false)),
            ("PermanentRedirect", 301, (Invalid, false)),
            ("EntityTooLarge", 400, (Invalid, false)),
            ("SlowDown", 503, (Throttled, true)),
            ("ThrottlingException", 400, (Throttled, true)),
        ] {
            assert_eq!(kind(code, status, "a reason"), expected, "{code}");
        }
    }

    #[test]
    fn what_has_no_code_is_known_by_its_words() {
        for (code, message, expected) in [
            ("ValidationError", "Stack with id churn does not exist", (NotFound, false)),
            ("ValidationError", "Stack [churn] does not exist", (NotFound, false)),
            (
                "ValidationError",
                "Stack:arn:aws:cloudformation:eu-west-1:1:stack/churn/1 is in UPDATE_IN_PROGRESS state and can not be \
                 updated.",
                (Conflict, true),
            ),
            (
                "ValidationError",
                "Stack:arn:aws:cloudformation:eu-west-1:1:stack/churn/1 is in ROLLBACK_COMPLETE state and can not be \
                 updated.",
                (Conflict, false),
            ),
            (
                "ValidationError",
                "Stack [churn] cannot be deleted while TerminationProtection is enabled",
                (Conflict, false),
            ),
            ("ValidationError", "Template format error: unsupported structure.", (Invalid, false)),
            ("ValidationError", "Parameters: [Prefix] do not exist in the template", (Invalid, false)),
            ("ValidationException", "Cannot update in-progress endpoint \"arn:…\".", (Conflict, true)),
            ("ValidationException", "Cannot update endpoint \"arn:…\" in status Failed.", (Conflict, false)),
            ("ValidationException", "Requested resource not found.", (NotFound, false)),
        ] {
            assert_eq!(kind(code, 400, message), expected, "{message}");
        }
    }
}
