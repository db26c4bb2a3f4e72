//! A connection's SDK configuration and clients: made when first needed, kept while the profile files stay as they are.

mod open;

use crate::AwsSettings;
use crate::cache::Lru;
use crate::error::{Call, Origin, no_connection};
use crate::http;
use crate::profiles::{AwsSettingsError, Login, ProfileFiles, Profiles, Stamp};
use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::names::{ConnectionId, Region};
use secrecy::ExposeSecret as _;
use services::ports::gateway::{ConnectionProfile, GatewayResult, RoleCredentials};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

pub(crate) use open::{Open, Regional};

/// How long to wait for a connection to a host; the same everywhere, since it is part of what makes a pool.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);
/// How long one try of a control-plane call may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How long fetching credentials may take: `credential_process` and SSO may need several round trips.
const LOGIN: Duration = Duration::from_secs(20);
/// The first pause between tries. A person is waiting, so it is shorter than the SDK's second.
const BACKOFF: Duration = Duration::from_millis(300);
/// Where global services are called when neither profile nor environment names a region.
const FALLBACK_REGION: &str = "us-east-1";
/// Clients kept per connection and service, one a region; there are fewer regions than this.
const REGIONS: usize = 48;
/// Role sessions whose connection is remembered.
const SESSIONS: usize = 1024;

/// All connections of the machine.
#[derive(Debug)]
pub(crate) struct Connections {
    files: ProfileFiles,
    http: SharedHttpClient,
    state: Mutex<State>,
    /// Which connection got a role's session, by the session's access key id.
    sessions: Lru<String, Arc<Connection>>,
}

#[derive(Debug)]
struct State {
    stamp: Stamp,
    profiles: Arc<Profiles>,
    open: HashMap<ConnectionId, Arc<OnceCell<Arc<Connection>>>>,
}

/// One way to credentials, with its clients.
pub(crate) struct Connection {
    /// Who it is, for messages.
    pub(crate) origin: Origin,
    /// What clients are made from.
    pub(crate) sdk: SdkConfig,
    /// IAM; global.
    pub(crate) iam: aws_sdk_iam::Client,
    /// Organizations; global.
    pub(crate) organizations: aws_sdk_organizations::Client,
    sts: Lru<String, aws_sdk_sts::Client>,
    sagemaker: Regional<aws_sdk_sagemaker::Client>,
    lambda: Regional<aws_sdk_lambda::Client>,
    runtime: Lru<Region, aws_sdk_sagemakerruntime::Client>,
    s3: Regional<aws_sdk_s3::Client>,
    stacks: Regional<aws_sdk_cloudformation::Client>,
    sources: Regional<aws_sdk_codecommit::Client>,
    pipelines: Regional<aws_sdk_codepipeline::Client>,
    machines: Regional<aws_sdk_sfn::Client>,
    logs: Regional<aws_sdk_cloudwatchlogs::Client>,
    quotas: Regional<aws_sdk_servicequotas::Client>,
    keys: Regional<aws_sdk_kms::Client>,
    rules: Regional<aws_sdk_eventbridge::Client>,
}

/// Who it is only: a configuration holds what gives the credentials.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Connections {
    /// Reads the profiles.
    pub(crate) async fn open(settings: &AwsSettings) -> Result<Self, AwsSettingsError> {
        let files = ProfileFiles::locate(settings);
        let stamp = files.stamp();
        let profiles = Arc::new(files.read().await?);
        let state = Mutex::new(State { stamp, profiles, open: HashMap::new() });
        Ok(Self { files, http: http::shared(), state, sessions: Lru::new(SESSIONS) })
    }

    /// All profiles, read again if a file was edited.
    pub(crate) async fn list(&self) -> GatewayResult<Vec<ConnectionProfile>> {
        Ok(self.profiles().await?.connections())
    }

    /// A connection, ready to make calls. Its credentials are fetched by the first of those.
    pub(crate) async fn get(&self, id: &ConnectionId) -> GatewayResult<Arc<Connection>> {
        let profiles = self.profiles().await?;
        if !profiles.has(id) {
            return Err(no_connection(Some(id), format!("there is no AWS profile `{id}`")));
        }
        let cell = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // Some of the SDK's providers keep a failure for good, while the person may just be logging in.
            state.open.retain(|_, cell| cell.get().is_none_or(|connection| !connection.origin.is_stale()));
            state.open.entry(id.clone()).or_default().clone()
        };
        let connection = cell.get_or_init(|| async { Arc::new(self.load(id, &profiles).await) }).await;
        Ok(connection.clone())
    }

    /// Remembers who got a role's session: the session is used where that connection's own calls go.
    pub(crate) fn remember_session(&self, access_key_id: &str, connection: &Arc<Connection>) {
        self.sessions.insert(access_key_id.to_owned(), connection.clone());
    }

    /// Who got a role's session, if that was not too long ago.
    pub(crate) fn session(&self, access_key_id: &str) -> Option<Arc<Connection>> {
        self.sessions.get(access_key_id)
    }

    /// The HTTP client that all share.
    pub(crate) fn http(&self) -> SharedHttpClient {
        self.http.clone()
    }

    async fn profiles(&self) -> GatewayResult<Arc<Profiles>> {
        let stamp = self.files.stamp();
        {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.stamp == stamp {
                return Ok(state.profiles.clone());
            }
        }
        let read = self.files.read().await.map_err(|error| no_connection(None, error.to_string()))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        tracing::info!("the AWS profile files have changed and were read again");
        state.stamp = stamp;
        state.profiles = Arc::new(read);
        state.open.clear();
        Ok(state.profiles.clone())
    }

    async fn load(&self, id: &ConnectionId, profiles: &Profiles) -> Connection {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .profile_files(self.files.for_sdk())
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(BACKOFF))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build(),
            )
            .identity_cache(IdentityCache::lazy().load_timeout(LOGIN).build());
        // Named even when there is no such profile: `AWS_PROFILE` would otherwise choose another one.
        loader = loader.profile_name(id.as_str());
        if !profiles.is_around(id) {
            // The default chain would prefer keys in the environment to the profile that was asked for.
            loader = loader.credentials_provider(self.credentials(id, profiles));
            if let Some(region) = profiles.region(id) {
                loader = loader.region(aws_region(&region));
            }
        }
        let mut sdk = loader.load().await;
        if sdk.region().is_none() {
            sdk = sdk.into_builder().region(aws_config::Region::new(FALLBACK_REGION)).build();
        }
        Connection::new(id, sdk, profiles.source(id))
    }

    fn credentials(&self, id: &ConnectionId, profiles: &Profiles) -> ProfileFileCredentialsProvider {
        let config = ProviderConfig::without_region()
            .with_http_client(self.http.clone())
            .with_region(profiles.region(id).as_ref().map(aws_region));
        ProfileFileCredentialsProvider::builder()
            .configure(&config)
            .profile_files(self.files.for_sdk())
            .profile_name(id.as_str())
            .build()
    }
}

impl Connection {
    fn new(id: &ConnectionId, sdk: SdkConfig, login: (Login, ConnectionId)) -> Self {
        let origin = Origin::connection(id, login, sdk.endpoint_url());
        Self {
            origin,
            iam: aws_sdk_iam::Client::new(&sdk),
            organizations: aws_sdk_organizations::Client::new(&sdk),
            sts: Lru::new(REGIONS),
            sagemaker: Regional::new(),
            lambda: Regional::new(),
            runtime: Lru::new(REGIONS),
            s3: Regional::new(),
            stacks: Regional::new(),
            sources: Regional::new(),
            pipelines: Regional::new(),
            machines: Regional::new(),
            logs: Regional::new(),
            quotas: Regional::new(),
            keys: Regional::new(),
            rules: Regional::new(),
            sdk,
        }
    }

    /// The region of the profile, the environment, or the fallback.
    pub(crate) fn region(&self) -> &str {
        self.sdk.region().map_or(FALLBACK_REGION, |region| region.as_ref())
    }

    /// A call to IAM that is about to be made.
    pub(crate) fn iam_call(&self, operation: &'static str) -> Call<'_> {
        self.origin.call("IAM", self.region(), operation)
    }

    /// STS in a region.
    pub(crate) fn sts(&self, region: &str) -> aws_sdk_sts::Client {
        self.sts.get(region).unwrap_or_else(|| {
            let region = region.to_owned();
            let aws = aws_config::Region::new(region.clone());
            let config = aws_sdk_sts::config::Builder::from(&self.sdk).region(aws).build();
            self.sts.insert(region, aws_sdk_sts::Client::from_conf(config))
        })
    }

    /// SageMaker's control plane in a region.
    pub(crate) fn sagemaker(&self, region: &Region) -> aws_sdk_sagemaker::Client {
        self.sagemaker.get(&self.sdk, region, aws_sdk_sagemaker::Client::new)
    }

    /// Lambda in a region.
    pub(crate) fn lambda(&self, region: &Region) -> aws_sdk_lambda::Client {
        self.lambda.get(&self.sdk, region, aws_sdk_lambda::Client::new)
    }

    /// S3 in a region.
    pub(crate) fn s3(&self, region: &Region) -> aws_sdk_s3::Client {
        self.s3.get(&self.sdk, region, aws_sdk_s3::Client::new)
    }

    /// CloudFormation in a region.
    pub(crate) fn stacks(&self, region: &Region) -> aws_sdk_cloudformation::Client {
        self.stacks.get(&self.sdk, region, aws_sdk_cloudformation::Client::new)
    }

    /// CodeCommit in a region.
    pub(crate) fn sources(&self, region: &Region) -> aws_sdk_codecommit::Client {
        self.sources.get(&self.sdk, region, aws_sdk_codecommit::Client::new)
    }

    /// CodePipeline in a region.
    pub(crate) fn pipelines(&self, region: &Region) -> aws_sdk_codepipeline::Client {
        self.pipelines.get(&self.sdk, region, aws_sdk_codepipeline::Client::new)
    }

    /// Step Functions in a region.
    pub(crate) fn machines(&self, region: &Region) -> aws_sdk_sfn::Client {
        self.machines.get(&self.sdk, region, aws_sdk_sfn::Client::new)
    }

    /// CloudWatch Logs in a region.
    pub(crate) fn logs(&self, region: &Region) -> aws_sdk_cloudwatchlogs::Client {
        self.logs.get(&self.sdk, region, aws_sdk_cloudwatchlogs::Client::new)
    }

    /// Service Quotas in a region.
    pub(crate) fn quotas(&self, region: &Region) -> aws_sdk_servicequotas::Client {
        self.quotas.get(&self.sdk, region, aws_sdk_servicequotas::Client::new)
    }

    /// KMS in a region.
    pub(crate) fn keys(&self, region: &Region) -> aws_sdk_kms::Client {
        self.keys.get(&self.sdk, region, aws_sdk_kms::Client::new)
    }

    /// EventBridge in a region.
    pub(crate) fn rules(&self, region: &Region) -> aws_sdk_eventbridge::Client {
        self.rules.get(&self.sdk, region, aws_sdk_eventbridge::Client::new)
    }

    /// SageMaker Runtime in a region, made as its adapter says.
    pub(crate) fn runtime(
        &self,
        region: &Region,
        make: impl FnOnce(&SdkConfig, &Region) -> aws_sdk_sagemakerruntime::Client,
    ) -> aws_sdk_sagemakerruntime::Client {
        self.runtime.get(region).unwrap_or_else(|| self.runtime.insert(region.clone(), make(&self.sdk, region)))
    }
}

/// A role's credentials as the SDK has them.
pub(crate) fn role_keys(credentials: &RoleCredentials) -> Credentials {
    Credentials::new(
        credentials.access_key_id.clone(),
        credentials.secret_access_key.expose_secret(),
        Some(credentials.session_token.expose_secret().to_owned()),
        None,
        "role session",
    )
}

/// A region as the SDK has it.
pub(crate) fn aws_region(region: &Region) -> aws_config::Region {
    aws_config::Region::new(region.as_str().to_owned())
}
