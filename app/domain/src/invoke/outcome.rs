//! What came back, or why nothing did.

use crate::doctor::QuestionForm;
use serde::{Deserialize, Serialize};

/// What came back. A model's own failure (424) is an outcome too, not an error of the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeOutcome {
    /// The endpoint's answer, or the failure in AWS's words.
    pub result: Result<InvokeAnswer, InvokeFailure>,
    /// Time spent getting the role's credentials, in microseconds; zero-ish when they were cached, zero where no role is
    /// assumed.
    pub role_us: u64,
    /// Whether the role's credentials were there already.
    pub role_cached: bool,
    /// Time spent on the call itself, in microseconds.
    pub call_us: u64,
    /// AWS's request id, where one came back.
    pub request_id: Option<String>,
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeAnswer {
    /// HTTP status, 200.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `x-Amzn-Invoked-Production-Variant`.
    pub variant: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<String>,
    /// `X-Amzn-SageMaker-New-Session-Id`: the stateful session that the model opened.
    #[serde(default)]
    pub new_session: Option<String>,
    /// `X-Amzn-SageMaker-Closed-Session-Id`: the one it closed.
    #[serde(default)]
    pub closed_session: Option<String>,
    /// The body as text; `None` when it is not UTF-8. Only its beginning ([`super::limits::BEGINNING_BYTES`]) where it is over
    /// [`super::limits::TEXT_BYTES`].
    pub text: Option<String>,
    /// The body in base64 where it is no text; only its beginning where it is over [`super::limits::BINARY_BYTES`].
    #[serde(default)]
    pub base64: Option<String>,
    /// The whole body's size in bytes.
    pub bytes: usize,
    /// The name under which the server keeps the whole body for a few minutes; `None` where it does not.
    #[serde(default)]
    pub kept: Option<String>,
    /// How much of the call's time went by from the answer's head to its last byte, in microseconds.
    #[serde(default)]
    pub transfer_us: u64,
}

impl InvokeAnswer {
    /// How much of the body is in it, in bytes as it is written here.
    pub fn written_bytes(&self) -> usize {
        self.text.as_ref().or(self.base64.as_ref()).map_or(0, String::len)
    }
}

/// A call that did not give an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeFailure {
    /// Which operation failed: `AssumeRole` or `InvokeEndpoint`.
    pub operation: String,
    /// HTTP status, where AWS answered.
    pub status: Option<u16>,
    /// AWS's error code: `AccessDenied`, `ModelError`, `ValidationError` …
    pub code: String,
    /// AWS's own words.
    pub message: String,
    /// For ModelError: what the model itself said.
    pub model: Option<ModelFailure>,
    /// What it means and what to do next, in a sentence or two.
    pub hint: String,
    /// For a denial: which document stands in the way.
    pub explanation: Option<DenialExplanation>,
}

/// The model's own failure inside a ModelError.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFailure {
    /// The status the model's container gave.
    pub status: Option<u16>,
    /// The container's message.
    pub message: String,
    /// Where its log is.
    pub log_stream_arn: Option<String>,
}

/// Why a call was denied, worked out from the documents that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialExplanation {
    /// One sentence: which side, which document, what is missing.
    pub sentence: String,
    /// The evaluation link by link, one line each.
    pub details: Vec<String>,
    /// The smallest change that would allow it, in a sentence; `None` when it is not known.
    pub fix: Option<String>,
    /// The same call as a question to the doctor.
    #[serde(default)]
    pub question: Option<Box<QuestionForm>>,
}
