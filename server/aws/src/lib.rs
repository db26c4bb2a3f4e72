//! The adapters to AWS behind the ports of [`services::ports::gateway`]: the only crate that names the AWS SDK.
//!
//! Nothing here knows whether the other end is AWS or the embedded sandbox: a profile's `endpoint_url` is the only
//! difference, and the SDK itself reads it. Failures are put into words once, in [`error`](mod@error).

mod answers;
mod buckets;
mod cache;
mod connections;
mod error;
mod http;
mod iam;
mod identity;
mod keys;
mod lambda;
mod organizations;
mod pipelines;
mod profiles;
mod rules;
mod runtime;
mod s3;
mod sagemaker;
mod sources;
mod stacks;
mod sts;
mod training;
mod versions;

use connections::Connections;
use services::ports::gateway::{Gateways, PipelineGateways};
use std::path::PathBuf;
use std::sync::Arc;

pub use profiles::AwsSettingsError;

/// Where profiles are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// The credentials file; `None` for `AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`.
    pub credentials_file: Option<PathBuf>,
    /// The config file; `None` for `AWS_CONFIG_FILE` or `~/.aws/config`.
    pub config_file: Option<PathBuf>,
}

/// Reads the profiles and gives the gateways. Makes no call to AWS: credentials are fetched when first needed.
///
/// When both files are given, nothing but their profiles is used. Otherwise credentials from the environment, a web
/// identity, a container or an instance are offered as the connection `default`, unless a profile has that name.
pub async fn connect(settings: AwsSettings) -> Result<Gateways, AwsSettingsError> {
    Ok(connect_all(settings).await?.0)
}

/// The same with the gateways of a pipeline, which go through the same connections.
pub async fn connect_all(settings: AwsSettings) -> Result<(Gateways, PipelineGateways), AwsSettingsError> {
    let connections = Arc::new(Connections::open(&settings).await?);
    let pipeline = PipelineGateways {
        stacks: Arc::new(stacks::AwsStacks(connections.clone())),
        sources: Arc::new(sources::AwsSources(connections.clone())),
        pipelines: Arc::new(pipelines::AwsPipelines(connections.clone())),
        training: Arc::new(training::AwsTraining(connections.clone())),
        buckets: Arc::new(buckets::AwsBuckets(connections.clone())),
        versions: Arc::new(versions::AwsVersions(connections.clone())),
        keys: Arc::new(keys::AwsKeys(connections.clone())),
        rules: Arc::new(rules::AwsRules(connections.clone())),
    };
    let gateways = Gateways {
        connections: Arc::new(identity::AwsConnections(connections.clone())),
        sts: Arc::new(sts::AwsSts(connections.clone())),
        iam: Arc::new(iam::AwsIam(connections.clone())),
        sagemaker: Arc::new(sagemaker::AwsSagemaker(connections.clone())),
        runtime: Arc::new(runtime::AwsRuntime::new(connections.clone())),
        organizations: Arc::new(organizations::AwsOrganizations(connections.clone())),
        lambda: Arc::new(lambda::AwsLambda(connections.clone())),
        s3: Arc::new(s3::AwsS3::new(connections)),
    };
    Ok((gateways, pipeline))
}
