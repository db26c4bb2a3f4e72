//! An invocation that is answered later, by an object in S3.

use super::InvokeFailure;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What starting one came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsyncStart {
    /// What asks for its answer, or the failure in AWS's words.
    pub result: Result<AsyncTicket, InvokeFailure>,
    /// Time spent getting the role's credentials, in microseconds.
    pub role_us: u64,
    /// Whether they were there already, or no role is assumed.
    pub role_cached: bool,
    /// Time spent on the call itself, in microseconds; without what putting the input took.
    pub call_us: u64,
    /// AWS's request id, where one came back.
    pub request_id: Option<String>,
}

/// An invocation that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsyncTicket {
    /// Asks for the answer. It is good for the session that started the call, for as long as the console runs: the
    /// places below are shown and never read back, so that nobody can have any other object read.
    pub id: String,
    /// SageMaker's name for it.
    pub inference_id: String,
    /// Where the output will be: `s3://…`.
    pub output: String,
    /// Where a failure will be, where the endpoint has a path for failures.
    pub failure: Option<String>,
    /// Where the input was put; `None` where it went inside the request.
    pub input: Option<String>,
    /// When it was taken.
    pub started: Timestamp,
}

/// What has become of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AsyncState {
    /// Neither output nor failure is there yet.
    Pending {
        /// Since it was taken, in milliseconds.
        waited_ms: u64,
    },
    /// Nothing came in the time that SageMaker gives a model as a rule. It may come still.
    Overdue {
        /// Since it was taken, in milliseconds.
        waited_ms: u64,
        /// What that usually means, and what to do.
        hint: String,
    },
    /// The output.
    Answered {
        /// It.
        answer: AsyncAnswer,
    },
    /// The failure's text, as SageMaker left it.
    Failed {
        /// It.
        message: String,
    },
    /// The places can't be looked at.
    Unreadable {
        /// Why, in AWS's words.
        failure: Box<InvokeFailure>,
    },
}

impl AsyncState {
    /// Whether asking again may give another answer by itself.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Overdue { .. })
    }
}

/// An output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsyncAnswer {
    /// The object's `Content-Type`.
    pub content_type: String,
    /// Its bytes as text; `None` when they are not UTF-8.
    pub text: Option<String>,
    /// Its bytes in base64 where they are no text.
    pub base64: Option<String>,
    /// The object's size in bytes.
    pub bytes: u64,
    /// Whether it is larger than [`super::limits::ASYNC_ANSWER_BYTES`], so that only its beginning is here.
    pub cut: bool,
}
