//! Lambda: a function that tries a share, from its making to its end; and existing functions to choose from.

use super::{Answered, GatewayResult, Piece, Tags};
use async_trait::async_trait;
use bytes::Bytes;
use domain::arn::Arn;
use domain::endpoint::Page;
use domain::function::{FunctionState, FunctionUpdate, FunctionView};
use domain::names::{ConnectionId, FunctionName, Region};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A function's environment variables. People keep secrets in them, so only their names are printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(pub BTreeMap<String, String>);

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A function to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFunction {
    /// Its name.
    pub name: FunctionName,
    /// At most 256 characters.
    pub description: String,
    /// The execution role; the connection's own identity must be allowed to pass it (`iam:PassRole`).
    pub role: Arn,
    /// `python3.13`.
    pub runtime: String,
    /// `handler.lambda_handler`: the file without its ending, and the function in it.
    pub handler: String,
    /// The deployment package: a zip file of at most 50 MB.
    pub package: Bytes,
    /// Environment variables, at most 4 kB together.
    pub environment: Variables,
    /// How long a call may take, 1–900 seconds.
    pub timeout_seconds: u32,
    /// 128–10,240 MB.
    pub memory_mb: u32,
    /// Its tags.
    pub tags: Tags,
}

/// A function as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedFunction {
    /// What lists show of it.
    pub view: FunctionView,
    /// Whether it can be called.
    pub state: FunctionState,
    /// Why it is in that state, in Lambda's words.
    pub state_reason: Option<String>,
    /// How its last update went; `None` while it is being created.
    pub update: Option<FunctionUpdate>,
    /// Why, in Lambda's words.
    pub update_reason: Option<String>,
    /// `handler.lambda_handler`; none for a container image.
    pub handler: Option<String>,
    /// Its environment variables; unreadable where their key may not be used.
    pub environment: Piece<Variables>,
    /// How long a call may take.
    pub timeout_seconds: u32,
    /// Its memory.
    pub memory_mb: u32,
    /// The SHA-256 of its package in base64, to compare with [`crate::archive::sha256`].
    pub code_sha256: String,
    /// Its tags.
    pub tags: Piece<Tags>,
}

/// A call to a function.
#[derive(Debug, Clone)]
pub struct FunctionCall {
    /// Which function; its unpublished version.
    pub function: FunctionName,
    /// The event as JSON, at most 6 MB.
    pub payload: Bytes,
    /// How long the function itself may take. The call waits for as long, and a little more.
    pub patience: Duration,
}

/// What a function answered.
#[derive(Debug, Clone)]
pub struct FunctionAnswer {
    /// 200 when it ran, whether or not it failed.
    pub status: u16,
    /// Set when the function itself failed: `Unhandled` for an exception, a timeout or a crash; the payload then says
    /// more.
    pub function_error: Option<String>,
    /// What it returned, or its error, as JSON.
    pub payload: Bytes,
    /// The last 4 kB of its log.
    pub log_tail: Option<String>,
    /// Which version ran: `$LATEST`.
    pub version: Option<String>,
}

/// Lambda. What is made or changed takes a moment to be usable: [`LambdaGateway::function`] tells its state.
#[async_trait]
pub trait LambdaGateway: Send + Sync {
    /// CreateFunction. A role made moments ago is refused as one that Lambda can't assume: that failure is
    /// [`Invalid`](super::GatewayErrorKind::Invalid) and retryable. So is one whose trust policy lacks Lambda, which
    /// looks the same: retry within a budget only.
    async fn create_function(
        &self,
        connection: &ConnectionId,
        region: &Region,
        function: &NewFunction,
    ) -> GatewayResult<Answered<Arn>>;
    /// GetFunction; `None` if there is none of that name.
    async fn function(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
    ) -> GatewayResult<Option<ObservedFunction>>;
    /// UpdateFunctionCode with a zip file. While the function is being created or updated this is a retryable
    /// [`Conflict`](super::GatewayErrorKind::Conflict).
    async fn update_code(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
        package: Bytes,
    ) -> GatewayResult<Answered<()>>;
    /// UpdateFunctionConfiguration: all environment variables. Conflicts like [`LambdaGateway::update_code`].
    async fn update_environment(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
        environment: &Variables,
    ) -> GatewayResult<Answered<()>>;
    /// Invoke, waiting for the answer, with the tail of the log. Never retried by itself: it may change something. A
    /// function that fails is an answer, not an error. While it is being created this is a retryable
    /// [`Conflict`](super::GatewayErrorKind::Conflict).
    async fn invoke(
        &self,
        connection: &ConnectionId,
        region: &Region,
        call: FunctionCall,
    ) -> GatewayResult<Answered<FunctionAnswer>>;
    /// DeleteFunction, with all its versions.
    async fn delete_function(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &FunctionName,
    ) -> GatewayResult<Answered<()>>;
    /// ListFunctions, a page of at most 50.
    async fn functions(
        &self,
        connection: &ConnectionId,
        region: &Region,
        after: Option<&str>,
    ) -> GatewayResult<Page<FunctionView>>;
}
