//! One invocation of an endpoint: what may be sent, what came back, and why it failed.

pub mod accepted;
mod asynchronous;
pub mod body;
pub mod code;
pub mod compare;
mod headers;
mod log_link;
mod outcome;
mod request;
mod stream;
mod target;

pub use asynchronous::{AsyncAnswer, AsyncStart, AsyncState, AsyncTicket};
pub use headers::{HeaderRule, InvokeHeaders};
pub use log_link::log_page;
pub use outcome::{DenialExplanation, InvokeAnswer, InvokeFailure, InvokeOutcome, ModelFailure};
pub use request::{BodyEncoding, InvokeParams, InvokeRefusal};
pub use stream::{StreamBreak, StreamEnd, StreamEvent, StreamHead};
pub use target::{TargetView, Through};

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
    /// The longest target model.
    pub const TARGET_MODEL: usize = 1024;
    /// The longest name of a variant, a container's host or an inference component.
    pub const TARGET_NAME: usize = 63;
    /// The longest inference id.
    pub const INFERENCE_ID: usize = 64;
    /// The longest expression that switches explanations on.
    pub const EXPLANATIONS: usize = 64;
    /// The longest session id.
    pub const SESSION: usize = 256;
    /// The largest body inside an asynchronous invocation, in bytes; a larger one goes to S3 first.
    pub const ASYNC_INLINE_BYTES: usize = 128_000;
    /// The largest streamed answer that is collected for a page without a script, in bytes. The console's own limit.
    pub const COLLECTED_BYTES: usize = 8 * 1024 * 1024;
    /// The largest answer that is no text and still goes to the browser, in bytes. The console's own limit.
    pub const BINARY_BYTES: usize = 8 * 1024 * 1024;
    /// The largest output of an asynchronous call that goes to the browser whole, in bytes. The console's own limit.
    pub const ASYNC_ANSWER_BYTES: usize = 8 * 1024 * 1024;
    /// The largest answer of text that goes to the browser as a whole, in bytes. The console's own limit.
    pub const TEXT_BYTES: usize = 8 * 1024 * 1024;
    /// How much of a larger answer goes to the browser, in bytes. The console's own limit.
    pub const BEGINNING_BYTES: usize = 64 * 1024;
    /// How long the model has to answer, in seconds.
    pub const MODEL_SECONDS: u64 = 60;
}
