//! InvokeEndpoint, whole and piece by piece, with a role's credentials. This is the path that has to be quick: one client for each session and
//! region, one pool of connections for all of them, and bodies that are handed on rather than copied.

use crate::cache::Lru;
use crate::connections::{CONNECT, Connection, Connections, aws_region, role_keys};
use crate::error::Origin;
use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sagemakerruntime::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sagemakerruntime::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sagemakerruntime::error::BoxError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint_with_response_stream::InvokeEndpointWithResponseStreamError;
use aws_sdk_sagemakerruntime::primitives::event_stream::EventReceiver;
use aws_sdk_sagemakerruntime::types::ResponseStream;
use aws_sdk_sagemakerruntime::types::error::{ModelError, ResponseStreamError};
use aws_sdk_sagemakerruntime::{Client, Config};
use aws_smithy_types::Blob;
use aws_types::request_id::RequestId;
use bytes::Bytes;
use domain::invoke::ModelFailure;
use domain::invoke::limits::MODEL_SECONDS;
use domain::names::Region;
use domain::s3::Location;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use services::ports::gateway::{
    Answered, GatewayError, GatewayResult, RoleCredentials, RuntimeCaller, RuntimeGateway, RuntimeRequest,
    RuntimeResponse, RuntimeStream, RuntimeTaken,
};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A model has a minute to answer; the way there and back comes on top.
const ATTEMPT: Duration = Duration::from_secs(MODEL_SECONDS + 5);
/// Sessions and regions whose clients are kept.
const CLIENTS: usize = 256;
const SERVICE: &str = "SageMaker Runtime";
const STREAM: &str = "InvokeEndpointWithResponseStream";
const ASYNC: &str = "InvokeEndpointAsync";

type Events = EventReceiver<ResponseStream, ResponseStreamError>;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsRuntime {
    connections: Arc<Connections>,
    clients: Lru<Key, Session>,
}

/// The access key's id names the session; it is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    access_key_id: String,
    region: Region,
}

/// A client, and who it is.
#[derive(Debug, Clone)]
struct Session {
    origin: Who,
    client: Client,
}

#[derive(Debug, Clone)]
enum Who {
    Role(Arc<Origin>),
    Connection(Arc<Connection>),
}

impl Session {
    fn origin(&self) -> &Origin {
        match &self.origin {
            Who::Role(origin) => origin,
            Who::Connection(connection) => &connection.origin,
        }
    }
}

impl AwsRuntime {
    pub(crate) fn new(connections: Arc<Connections>) -> Self {
        Self { connections, clients: Lru::new(CLIENTS) }
    }

    async fn session(&self, caller: &RuntimeCaller, region: &Region) -> GatewayResult<Session> {
        match caller {
            RuntimeCaller::Role(credentials) => Ok(self.role_session(credentials, region)),
            RuntimeCaller::Connection(id) => {
                let connection = self.connections.get(id).await?;
                let client = connection.runtime(region, direct);
                Ok(Session { origin: Who::Connection(connection), client })
            }
        }
    }

    fn role_session(&self, credentials: &RoleCredentials, region: &Region) -> Session {
        let key = Key { access_key_id: credentials.access_key_id.clone(), region: region.clone() };
        if let Some(session) = self.clients.get(&key) {
            return session;
        }
        let session = self.make(credentials, region);
        self.clients.insert(key, session)
    }

    fn make(&self, credentials: &RoleCredentials, region: &Region) -> Session {
        let parent = self.connections.session(&credentials.access_key_id);
        let builder = match &parent {
            Some(connection) => Builder::from(&connection.sdk),
            None => Builder::new().behavior_version(BehaviorVersion::latest()).http_client(self.connections.http()),
        };
        let builder = builder
            .credentials_provider(role_keys(credentials))
            // These never change: asking for them costs less than keeping them.
            .identity_cache(aws_config::identity::IdentityCache::no_cache());
        let origin = Origin::nobody(parent.as_ref().and_then(|parent| parent.sdk.endpoint_url()));
        if let Some(account) = credentials.session_arn.account_id() {
            origin.learn(&account);
        }
        Session { origin: Who::Role(Arc::new(origin)), client: Client::from_conf(patient(builder, region)) }
    }
}

/// A client with a connection's own credentials.
fn direct(sdk: &SdkConfig, region: &Region) -> Client {
    Client::from_conf(patient(Builder::from(sdk), region))
}

/// One try, as long as a model may take.
fn patient(builder: Builder, region: &Region) -> Config {
    builder
        .region(aws_region(region))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build())
        // A model that thinks for half a minute is not a stalled stream.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// Notes when an answer's head is there: its body is read after that.
#[derive(Debug, Clone, Default)]
struct HeadSeen(Arc<OnceLock<Instant>>);

impl Intercept for HeadSeen {
    fn name(&self) -> &'static str {
        "HeadSeen"
    }
    fn read_after_transmit(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = self.0.set(Instant::now());
        Ok(())
    }
}

/// A header that is there.
fn given(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}

#[async_trait]
impl RuntimeGateway for AwsRuntime {
    async fn invoke(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeResponse>> {
        let session = self.session(caller, region).await?;
        let headers = request.headers;
        let head = HeadSeen::default();
        let answer = session
            .client
            .invoke_endpoint()
            .endpoint_name(request.endpoint)
            .set_content_type(given(headers.content_type))
            .set_accept(given(headers.accept))
            .set_custom_attributes(given(headers.custom_attributes))
            .set_target_model(given(headers.target_model))
            .set_target_variant(given(headers.target_variant))
            .set_target_container_hostname(given(headers.target_container))
            .set_inference_component_name(given(headers.inference_component))
            .set_inference_id(given(headers.inference_id))
            .set_enable_explanations(given(headers.explanations))
            .set_session_id(given(headers.session))
            .body(Blob::from_maybe_shared(request.body))
            .customize()
            .interceptor(head.clone())
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let call = session.origin().call(SERVICE, region.as_str(), "InvokeEndpoint");
            let model = error.as_service_error().and_then(model_failure);
            GatewayError { model, ..call.failed(error) }
        })?;
        let request_id = answer.request_id().map(str::to_owned);
        let value = RuntimeResponse {
            content_type: answer.content_type,
            variant: answer.invoked_production_variant,
            custom_attributes: answer.custom_attributes,
            new_session: answer.new_session_id,
            closed_session: answer.closed_session_id,
            transfer: head.0.get().map(Instant::elapsed).unwrap_or_default(),
            body: answer.body.map(Blob::into_bytes).unwrap_or_default(),
        };
        Ok(Answered { value, request_id })
    }

    async fn invoke_stream(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeStream>> {
        let session = self.session(caller, region).await?;
        let headers = request.headers;
        let answer = session
            .client
            .invoke_endpoint_with_response_stream()
            .endpoint_name(request.endpoint)
            .set_content_type(given(headers.content_type))
            .set_accept(given(headers.accept))
            .set_custom_attributes(given(headers.custom_attributes))
            .set_target_variant(given(headers.target_variant))
            .set_target_container_hostname(given(headers.target_container))
            .set_inference_component_name(given(headers.inference_component))
            .set_inference_id(given(headers.inference_id))
            .set_session_id(given(headers.session))
            .body(Blob::from_maybe_shared(request.body))
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let call = session.origin().call(SERVICE, region.as_str(), STREAM);
            let model = error.as_service_error().and_then(model_failure_of_stream);
            GatewayError { model, ..call.failed(error) }
        })?;
        let request_id = answer.request_id().map(str::to_owned);
        let value = RuntimeStream {
            content_type: answer.content_type,
            variant: answer.invoked_production_variant,
            custom_attributes: answer.custom_attributes,
            parts: parts(answer.body, session, region.clone()),
        };
        Ok(Answered { value, request_id })
    }

    async fn invoke_async(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
        input: Option<&Location>,
    ) -> GatewayResult<Answered<RuntimeTaken>> {
        let session = self.session(caller, region).await?;
        let headers = request.headers;
        let call = session.origin().call(SERVICE, region.as_str(), ASYNC);
        let body = input.is_none().then(|| Blob::from_maybe_shared(request.body));
        let answer = session
            .client
            .invoke_endpoint_async()
            .endpoint_name(request.endpoint)
            .set_content_type(given(headers.content_type))
            .set_accept(given(headers.accept))
            .set_custom_attributes(given(headers.custom_attributes))
            .set_inference_id(given(headers.inference_id))
            .set_input_location(input.map(ToString::to_string))
            .set_body(body)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        let request_id = answer.request_id().map(str::to_owned);
        let place = |text: Option<&str>| text.and_then(Location::parse);
        let output = place(answer.output_location()).ok_or_else(|| call.unexpected("no place for the output"))?;
        let failure = place(answer.failure_location());
        let inference_id = answer.inference_id.unwrap_or_default();
        Ok(Answered { value: RuntimeTaken { inference_id, output, failure }, request_id })
    }
}

/// The pieces of a stream, up to its end or its first error.
fn parts(body: Events, session: Session, region: Region) -> BoxStream<'static, GatewayResult<Bytes>> {
    let next = |(mut body, session, region): (Events, Session, Region)| async move {
        loop {
            return match body.recv().await {
                Ok(Some(ResponseStream::PayloadPart(part))) => {
                    let bytes = part.bytes.map(Blob::into_bytes).unwrap_or_default();
                    Some((Ok(bytes), Some((body, session, region))))
                }
                // A kind of event that is newer than this console.
                Ok(Some(_)) => continue,
                Ok(None) => None,
                Err(error) => {
                    let call = session.origin().call(SERVICE, region.as_str(), STREAM);
                    let error = error.into_service_error();
                    Some((Err(call.broken(break_code(&error), &error)), None))
                }
            };
        }
    };
    let state = Some((body, session, region));
    stream::unfold(state, move |state| async move { next(state?).await }).fuse().boxed()
}

/// The code of what ends a stream: the events name their kind outside of what the SDK takes for an error's code.
fn break_code(error: &ResponseStreamError) -> Option<&str> {
    match error {
        ResponseStreamError::ModelStreamError(error) => error.error_code(),
        ResponseStreamError::InternalStreamFailure(_) => Some("InternalStreamFailure"),
        _ => None,
    }
}

/// What the container behind the endpoint said: 424 `ModelError`.
fn model_failure(error: &InvokeEndpointError) -> Option<ModelFailure> {
    let InvokeEndpointError::ModelError(error) = error else { return None };
    Some(said(error))
}

fn model_failure_of_stream(error: &InvokeEndpointWithResponseStreamError) -> Option<ModelFailure> {
    let InvokeEndpointWithResponseStreamError::ModelError(error) = error else { return None };
    Some(said(error))
}

fn said(error: &ModelError) -> ModelFailure {
    ModelFailure {
        status: error.original_status_code().and_then(|status| u16::try_from(status).ok()),
        message: error.original_message().or(error.message()).unwrap_or_default().to_owned(),
        log_stream_arn: error.log_stream_arn().map(str::to_owned),
    }
}
