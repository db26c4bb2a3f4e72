//! One invocation of an endpoint: what may be sent, what came back, and why it failed.

use crate::doctor::QuestionForm;
use crate::endpoint::Sample;
use crate::names::{EndpointName, ShareId};
use crate::share::intent::InvokeAction;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// SageMaker Runtime's limits, kept in one place so that they are easy to correct.
/// Source: SageMaker Runtime API reference, InvokeEndpoint.
pub mod limits {
    /// The largest body of a real-time invocation, in bytes.
    pub const BODY_BYTES: usize = 6_291_456;
    /// The largest body for a serverless endpoint, in bytes.
    pub const SERVERLESS_BODY_BYTES: usize = 4 * 1024 * 1024;
    /// The longest `X-Amzn-SageMaker-Custom-Attributes`, in ASCII characters.
    pub const CUSTOM_ATTRIBUTES: usize = 1024;
    /// The longest content type or accept header.
    pub const CONTENT_TYPE: usize = 1024;
    /// The largest streamed answer that is collected for a page without a script, in bytes. The console's own limit.
    pub const COLLECTED_BYTES: usize = 8 * 1024 * 1024;
    /// How long the model has to answer, in seconds.
    pub const MODEL_SECONDS: u64 = 60;
}

/// What the person asked to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeParams {
    /// Through which share.
    pub share: ShareId,
    /// Which endpoint.
    pub endpoint: EndpointName,
    /// `Content-Type` of the body.
    pub content_type: String,
    /// `Accept`; empty for none.
    #[serde(default)]
    pub accept: String,
    /// `X-Amzn-SageMaker-Custom-Attributes`; empty for none.
    #[serde(default)]
    pub custom_attributes: String,
    /// The body as text.
    pub body: String,
}

/// Why an invocation is refused before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeRefusal {
    /// The body is over the service's limit.
    #[error("the body is {got} bytes; InvokeEndpoint takes at most {limit}")]
    BodyTooLarge {
        /// Its size in bytes.
        got: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// No content type.
    #[error("the content type is missing")]
    NoContentType,
    /// A header value that HTTP or SageMaker does not take.
    #[error("the {header} has {problem}")]
    BadHeader {
        /// Which one, in words: `content type`.
        header: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl InvokeParams {
    /// Checks the service's limits, so that nothing is sent that can only be refused.
    pub fn check(&self) -> Result<(), InvokeRefusal> {
        if self.body.len() > limits::BODY_BYTES {
            return Err(InvokeRefusal::BodyTooLarge { got: self.body.len(), limit: limits::BODY_BYTES });
        }
        if self.content_type.trim().is_empty() {
            return Err(InvokeRefusal::NoContentType);
        }
        for (header, value, limit) in [
            ("content type", &self.content_type, limits::CONTENT_TYPE),
            ("accept header", &self.accept, limits::CONTENT_TYPE),
            ("custom attributes", &self.custom_attributes, limits::CUSTOM_ATTRIBUTES),
        ] {
            if value.len() > limit {
                let problem = format!("{} characters; SageMaker takes at most {limit}", value.len());
                return Err(InvokeRefusal::BadHeader { header, problem });
            }
            if let Some(bad) = value.chars().find(|c| !(' '..='~').contains(c)) {
                let problem = format!("the character {bad:?}; only printable ASCII can travel in a header");
                return Err(InvokeRefusal::BadHeader { header, problem });
            }
        }
        Ok(())
    }
}

/// What came back. A model's own failure (424) is an outcome too, not an error of the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeOutcome {
    /// The endpoint's answer, or the failure in AWS's words.
    pub result: Result<InvokeAnswer, InvokeFailure>,
    /// Time spent getting the role's credentials, in microseconds; zero-ish when they were cached.
    pub role_us: u64,
    /// Whether the role's credentials were cached.
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
    /// The body as text; `None` when it is not UTF-8.
    pub text: Option<String>,
    /// The body's size in bytes.
    pub bytes: usize,
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

/// What is told of a stream, in this order: that it began, its pieces, how it ended; or only why it did not begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StreamEvent {
    /// It did not begin.
    NotBegun {
        /// Why; always a failure.
        outcome: Box<InvokeOutcome>,
    },
    /// The model began to answer.
    Began {
        /// What is known from the start.
        head: StreamHead,
    },
    /// A piece of the answer.
    Part {
        /// Its text. A character that is cut in two comes with the later piece; what is no text is replaced.
        text: String,
        /// Its size in bytes.
        bytes: usize,
    },
    /// The answer is whole, or what there is of it has come.
    Ended {
        /// How it ended.
        end: StreamEnd,
    },
}

/// A stream's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// The type of the pieces together.
    pub content_type: String,
    /// `x-Amzn-Invoked-Production-Variant`.
    pub variant: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<String>,
    /// Time spent getting the role's credentials, in microseconds.
    pub role_us: u64,
    /// Whether the role's credentials were cached.
    pub role_cached: bool,
    /// Time until the model began to answer, in microseconds.
    pub began_us: u64,
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// A stream's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEnd {
    /// How many pieces came.
    pub parts: usize,
    /// How many bytes they had.
    pub bytes: usize,
    /// Time from the model's beginning to the end, in microseconds.
    pub took_us: u64,
    /// Whether something in it was no text.
    pub not_text: bool,
    /// Why it broke off; `None` when it is whole.
    pub broke: Option<StreamBreak>,
}

/// Why a stream broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamBreak {
    /// `StreamBroken`, `ModelInvocationTimeExceeded`, `InternalStreamFailure` …
    pub code: String,
    /// AWS's or the model's own words.
    pub message: String,
    /// What it means and what to do next.
    pub hint: String,
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

/// A share's endpoint as the playground offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetView {
    /// The share.
    pub share: ShareId,
    /// The share's label: `222222222222 → 111111111111 · SageMakerExternal`.
    pub share_label: String,
    /// The endpoint; its name keeps its case. `None` where the share is of all endpoints and none is known yet.
    pub endpoint: Option<EndpointName>,
    /// Whether the share is of all endpoints in its region: then any other may be named.
    pub any_endpoint: bool,
    /// The ways to invoke that the share allows.
    pub ways: BTreeSet<InvokeAction>,
    /// Its status, when it could be read.
    pub status: Option<crate::endpoint::EndpointStatus>,
    /// Whether the console itself is among the callers the share allows; if not, why.
    pub blocked: Option<String>,
    /// Something to send, where the model's image or its environment says what it takes.
    pub sample: Option<Sample>,
}
