//! How an operation fails, before a protocol gives the failure its form.

use serde_json::{Map, Value};
use std::borrow::Cow;

/// A refusal or fault. The code is the query protocols' spelling; [`Failure::code_for`] gives the JSON ones.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Status in the query and REST protocols; awsJson uses 400 for every refusal.
    pub status: u16,
    /// The error code.
    pub code: Cow<'static, str>,
    /// The message.
    pub message: String,
    /// Further members of a JSON error.
    pub members: Map<String, Value>,
}

/// Which form an error takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// awsQuery.
    Query,
    /// awsJson 1.0 and 1.1.
    Json,
    /// restJson1.
    Rest,
}

impl Failure {
    /// A failure with an own status and code.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), members: Map::new() }
    }
    /// A failed permission; `message` names principal, action and resource.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }
    /// Input that is out of shape: one complaint or several.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }
    /// A key nobody has, or a token that does not belong to it.
    pub fn invalid_token() -> Self {
        Self::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    }
    /// A session that is over.
    pub fn expired_token() -> Self {
        Self::new(403, "ExpiredToken", "The security token included in the request is expired")
    }
    /// A signature that does not fit the request.
    pub fn signature(message: impl Into<String>) -> Self {
        Self::new(403, "SignatureDoesNotMatch", message)
    }
    /// No or half an Authorization header.
    pub fn missing_token() -> Self {
        Self::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    }
    /// An Authorization header that can't be read.
    pub fn incomplete_signature(message: impl Into<String>) -> Self {
        Self::new(400, "IncompleteSignature", message)
    }
    /// Too many calls.
    pub fn throttled() -> Self {
        Self::new(400, "Throttling", "Rate exceeded")
    }
    /// A fault of the service.
    pub fn internal() -> Self {
        Self::new(
            500,
            "InternalFailure",
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    /// Adds a member to a JSON error.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// The code in `family`'s spelling ("Common error types" in the API references).
    pub fn code_for(&self, family: Family) -> &str {
        if family == Family::Query {
            return &self.code;
        }
        match self.code.as_ref() {
            "AccessDenied" => "AccessDeniedException",
            "ExpiredToken" => "ExpiredTokenException",
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "IncompleteSignature" => "IncompleteSignatureException",
            "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
            "Throttling" => "ThrottlingException",
            "ValidationError" if family == Family::Json => "ValidationException",
            other => other,
        }
    }
    /// The status in `family`.
    pub fn status_for(&self, family: Family) -> u16 {
        match family {
            Family::Json if self.status < 500 => 400,
            Family::Rest if self.code == "Throttling" => 429,
            _ => self.status,
        }
    }
}
