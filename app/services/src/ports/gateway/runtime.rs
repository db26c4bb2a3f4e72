//! The port to SageMaker Runtime.

use super::{Answered, GatewayResult, RoleCredentials};
use async_trait::async_trait;
use bytes::Bytes;
use domain::invoke::InvokeHeaders;
use domain::names::{ConnectionId, EndpointName, Region};
use domain::s3::Location;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;

/// With whose credentials SageMaker Runtime is called.
#[derive(Debug, Clone)]
pub enum RuntimeCaller {
    /// A role's, assumed for it.
    Role(Arc<RoleCredentials>),
    /// A connection's own.
    Connection(ConnectionId),
}

impl From<Arc<RoleCredentials>> for RuntimeCaller {
    fn from(credentials: Arc<RoleCredentials>) -> Self {
        Self::Role(credentials)
    }
}

/// A call to InvokeEndpoint.
#[derive(Debug, Clone)]
pub struct RuntimeRequest {
    /// Which endpoint, in the case it was created with.
    pub endpoint: EndpointName,
    /// The headers; an empty one is not sent.
    pub headers: InvokeHeaders,
    /// The body; cheap to clone.
    pub body: Bytes,
}

/// InvokeEndpoint's answer.
#[derive(Debug, Clone)]
pub struct RuntimeResponse {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `x-Amzn-Invoked-Production-Variant`.
    pub variant: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<String>,
    /// `X-Amzn-SageMaker-New-Session-Id`.
    pub new_session: Option<String>,
    /// `X-Amzn-SageMaker-Closed-Session-Id`.
    pub closed_session: Option<String>,
    /// The body.
    pub body: Bytes,
    /// From the answer's head to its last byte.
    pub transfer: Duration,
}

/// SageMaker Runtime, with a role's credentials. Adapters keep one connection pool and one client per credentials and
/// region.
#[async_trait]
pub trait RuntimeGateway: Send + Sync {
    /// InvokeEndpoint. Never retried by itself: an invocation may cost money or change state.
    async fn invoke(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeResponse>>;

    /// InvokeEndpointWithResponseStream, up to the head of its answer; the pieces follow as they come. Dropping them ends
    /// the call. Never retried by itself, as above.
    async fn invoke_stream(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeStream>>;

    /// InvokeEndpointAsync. The input is the request's body, or with `input` the object there, and no body. Never retried
    /// by itself, as above.
    async fn invoke_async(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
        input: Option<&Location>,
    ) -> GatewayResult<Answered<RuntimeTaken>>;
}

/// InvokeEndpointAsync's answer: where the model's will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeTaken {
    /// What the invocation is called.
    pub inference_id: String,
    /// Where the output will be.
    pub output: Location,
    /// Where the failure will be, where the endpoint has such a path.
    pub failure: Option<Location>,
}

/// InvokeEndpointWithResponseStream's answer.
pub struct RuntimeStream {
    /// The type of the pieces together.
    pub content_type: Option<String>,
    /// `x-Amzn-Invoked-Production-Variant`.
    pub variant: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<String>,
    /// The pieces, as the model gives them. An error ends them: `ModelStreamError` and `InternalStreamFailure` are codes of
    /// their own.
    pub parts: BoxStream<'static, GatewayResult<Bytes>>,
}
