//! An answer piece by piece.

use super::InvokeOutcome;
use serde::{Deserialize, Serialize};

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
        /// When it came, from the model's beginning, in microseconds.
        #[serde(default)]
        at_us: u64,
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
