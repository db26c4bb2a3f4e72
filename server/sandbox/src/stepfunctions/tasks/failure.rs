//! How calls that fail are named: as the SDK of Java names them, which Step Functions is made with.
//!
//! Optimised integrations have its first version's names, `aws-sdk:` its second's. Source: Step Functions developer
//! guide, "Handling errors", "Learning to use AWS service SDK integrations"; error messages that were reported.

use crate::error::{Failure, Family};
use crate::{ids, service};
use states::names;

/// Why a task has failed.
#[derive(Debug)]
pub struct TaskFailure {
    /// The error's name.
    pub error: String,
    /// Why, in words or as JSON.
    pub cause: String,
}

/// An optimised integration's names.
struct Names {
    service: &'static str,
    /// What errors begin with.
    prefix: &'static str,
    /// The class of errors that have none of their own.
    base: &'static str,
    /// How causes call it.
    shown: &'static str,
    /// Errors that have a class of their own.
    classes: &'static [&'static str],
}

const OPTIMISED: &[Names] = &[
    Names {
        service: "sagemaker",
        prefix: "SageMaker",
        base: "AmazonSageMakerException",
        shown: "AmazonSageMaker",
        classes: &[
            "ConflictException",
            "ResourceInUseException",
            "ResourceLimitExceededException",
            "ResourceNotFoundException",
        ],
    },
    Names {
        service: "lambda",
        prefix: "Lambda",
        base: "AWSLambdaException",
        shown: "AWSLambda",
        classes: &[
            "InvalidParameterValueException",
            "InvalidRequestContentException",
            "InvalidRuntimeException",
            "RequestTooLargeException",
            "ResourceConflictException",
            "ResourceNotFoundException",
            "ResourceNotReadyException",
            "ServiceException",
            "TooManyRequestsException",
        ],
    },
    Names {
        service: "states",
        prefix: "StepFunctions",
        base: "AWSStepFunctionsException",
        shown: "AWSStepFunctions",
        classes: &[
            "ExecutionAlreadyExistsException",
            "ExecutionDoesNotExistException",
            "ExecutionLimitExceededException",
            "InvalidArnException",
            "InvalidExecutionInputException",
            "InvalidNameException",
            "StateMachineDeletingException",
            "StateMachineDoesNotExistException",
        ],
    },
];

/// What the errors of a service begin with.
pub fn prefix(service: &str) -> &str {
    let sdk = service.strip_prefix("aws-sdk:");
    let ours = OPTIMISED.iter().find(|names| names.service == service).map(|names| names.prefix);
    let theirs = super::definition::SDK.iter().find(|(name, ..)| Some(*name) == sdk).map(|(_, _, prefix)| *prefix);
    ours.or(theirs).unwrap_or(service)
}

/// `ResourceInUse` is `ResourceInUseException` in Java.
fn class(code: &str) -> String {
    if code.ends_with("Exception") { code.to_owned() } else { format!("{code}Exception") }
}

fn family(service: &str) -> Family {
    service::named(service).map_or(Family::Json, service::Service::family)
}

impl TaskFailure {
    /// A role that may not be assumed.
    pub fn permissions(cause: String) -> Self {
        Self { error: names::PERMISSIONS.to_owned(), cause }
    }
    /// What can't be done at all.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self { error: names::RUNTIME.to_owned(), cause: cause.into() }
    }
    /// A refusal of a service that an optimised integration called.
    pub fn optimised(service: &str, failure: &Failure) -> Self {
        let Some(known) = OPTIMISED.iter().find(|known| known.service == service) else {
            return Self::sdk(service, service, failure);
        };
        let family = family(service);
        let code = failure.code_for(family);
        let own = class(code);
        let name = if known.classes.contains(&own.as_str()) { &own } else { known.base };
        let cause = format!(
            "{} (Service: {}; Status Code: {}; Error Code: {code}; Request ID: {}; Proxy: null)",
            failure.message,
            known.shown,
            failure.status_for(family),
            ids::request()
        );
        Self { error: format!("{}.{name}", known.prefix), cause }
    }
    /// A refusal of a service that was called by `aws-sdk:`. What is no error of the service's own has its base class.
    pub fn sdk(prefix: &str, service: &str, failure: &Failure) -> Self {
        let family = family(service);
        let code = failure.code_for(family);
        let common = ["AccessDeniedException", "ThrottlingException", "ValidationException", "InternalFailure"];
        let name = if common.contains(&code) { format!("{prefix}Exception") } else { class(code) };
        let cause = format!(
            "{} (Service: {prefix}, Status Code: {}, Request ID: {})",
            failure.message,
            failure.status_for(family),
            ids::request()
        );
        Self { error: format!("{prefix}.{name}"), cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_the_names_that_java_has() {
        let denied =
            Failure::access_denied("User: x is not authorized to perform: sagemaker:CreateModel on resource: y");
        let sagemaker = TaskFailure::optimised("sagemaker", &denied);
        assert_eq!(sagemaker.error, "SageMaker.AmazonSageMakerException");
        let cause = "on resource: y (Service: AmazonSageMaker; Status Code: 400; Error Code: AccessDeniedException; ";
        assert!(sagemaker.cause.contains(cause), "{}", sagemaker.cause);
        let limit = Failure::new(400, "ResourceLimitExceeded", "no more");
        assert_eq!(TaskFailure::optimised("sagemaker", &limit).error, "SageMaker.ResourceLimitExceededException");
        let lambda = TaskFailure::optimised("lambda", &denied);
        assert_eq!(lambda.error, "Lambda.AWSLambdaException");
        assert!(lambda.cause.contains("Status Code: 403"), "{}", lambda.cause);
        let twice = Failure::new(400, "ExecutionAlreadyExists", "");
        assert_eq!(TaskFailure::optimised("states", &twice).error, "StepFunctions.ExecutionAlreadyExistsException");
        assert_eq!(TaskFailure::sdk("Kms", "kms", &denied).error, "Kms.KmsException");
        assert_eq!(
            TaskFailure::sdk("Kms", "kms", &Failure::new(400, "NotFoundException", "")).error,
            "Kms.NotFoundException"
        );
    }
}
