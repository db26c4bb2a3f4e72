//! InvokeEndpoint with a role's credentials. This is the path that has to be quick: one client for each session and
//! region, one pool of connections for all of them, and bodies that are handed on rather than copied.

use crate::cache::Lru;
use crate::connections::{CONNECT, Connections, aws_region};
use crate::error::Origin;
use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_sdk_sagemakerruntime::Client;
use aws_sdk_sagemakerruntime::config::Builder;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_smithy_types::Blob;
use aws_types::request_id::RequestId;
use domain::invoke::ModelFailure;
use domain::invoke::limits::MODEL_SECONDS;
use domain::names::Region;
use secrecy::ExposeSecret;
use services::ports::gateway::{
    Answered, GatewayError, GatewayResult, RoleCredentials, RuntimeGateway, RuntimeRequest, RuntimeResponse,
};
use std::sync::Arc;
use std::time::Duration;

/// A model has a minute to answer; the way there and back comes on top.
const ATTEMPT: Duration = Duration::from_secs(MODEL_SECONDS + 5);
/// Sessions and regions whose clients are kept.
const CLIENTS: usize = 256;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsRuntime {
    connections: Arc<Connections>,
    clients: Lru<Key, Arc<Session>>,
}

/// The access key's id names the session; it is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    access_key_id: String,
    region: Region,
}

#[derive(Debug)]
struct Session {
    origin: Origin,
    client: Client,
}

impl AwsRuntime {
    pub(crate) fn new(connections: Arc<Connections>) -> Self {
        Self { connections, clients: Lru::new(CLIENTS) }
    }

    fn session(&self, credentials: &RoleCredentials, region: &Region) -> Arc<Session> {
        let key = Key { access_key_id: credentials.access_key_id.clone(), region: region.clone() };
        if let Some(session) = self.clients.get(&key) {
            return session;
        }
        let session = Arc::new(self.make(credentials, region));
        self.clients.insert(key, session)
    }

    fn make(&self, credentials: &RoleCredentials, region: &Region) -> Session {
        let parent = self.connections.session(&credentials.access_key_id);
        let builder = match &parent {
            Some(connection) => Builder::from(&connection.sdk),
            None => Builder::new().behavior_version(BehaviorVersion::latest()).http_client(self.connections.http()),
        };
        let keys = Credentials::new(
            credentials.access_key_id.clone(),
            credentials.secret_access_key.expose_secret(),
            Some(credentials.session_token.expose_secret().to_owned()),
            None,
            "role session",
        );
        let config = builder
            .region(aws_region(region))
            .credentials_provider(keys)
            // These never change: asking for them costs less than keeping them.
            .identity_cache(aws_config::identity::IdentityCache::no_cache())
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build(),
            )
            // A model that thinks for half a minute is not a stalled stream.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let origin = Origin::nobody(parent.as_ref().and_then(|parent| parent.sdk.endpoint_url()));
        if let Some(account) = credentials.session_arn.account_id() {
            origin.learn(&account);
        }
        Session { origin, client: Client::from_conf(config) }
    }
}

#[async_trait]
impl RuntimeGateway for AwsRuntime {
    async fn invoke(
        &self,
        credentials: &Arc<RoleCredentials>,
        region: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeResponse>> {
        let session = self.session(credentials, region);
        let answer = session
            .client
            .invoke_endpoint()
            .endpoint_name(request.endpoint)
            .content_type(request.content_type)
            .set_accept(request.accept)
            .set_custom_attributes(request.custom_attributes)
            .body(Blob::from_maybe_shared(request.body))
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let call = session.origin.call("SageMaker Runtime", region.as_str(), "InvokeEndpoint");
            let model = error.as_service_error().and_then(model_failure);
            GatewayError { model, ..call.failed(error) }
        })?;
        let request_id = answer.request_id().map(str::to_owned);
        let value = RuntimeResponse {
            content_type: answer.content_type,
            variant: answer.invoked_production_variant,
            custom_attributes: answer.custom_attributes,
            body: answer.body.map(Blob::into_bytes).unwrap_or_default(),
        };
        Ok(Answered { value, request_id })
    }
}

/// What the container behind the endpoint said: 424 `ModelError`.
fn model_failure(error: &InvokeEndpointError) -> Option<ModelFailure> {
    let InvokeEndpointError::ModelError(error) = error else { return None };
    Some(ModelFailure {
        status: error.original_status_code().and_then(|status| u16::try_from(status).ok()),
        message: error.original_message().or(error.message()).unwrap_or_default().to_owned(),
        log_stream_arn: error.log_stream_arn().map(str::to_owned),
    })
}
