//! Ports to AWS. One connection names the credentials, so every call says which connection it goes through.

mod documents;
mod iam;
mod keys;
mod lambda;
mod organizations;
mod pipelines;
mod rules;
mod runtime;
mod s3;
mod sagemaker;
mod sources;
mod stacks;
mod training;

pub use documents::{
    CallerDocuments, Document, Holder, ListedPolicy, ListedRole, Origin, OtherVersion, Piece, PolicySet, RoleDocuments,
    Unread,
};
pub use iam::{IamGateway, IdentityPolicies, NewRole};
pub use keys::{KeyState, KeysGateway};
pub use lambda::{FunctionAnswer, FunctionCall, LambdaGateway, NewFunction, ObservedFunction, Variables};
pub use organizations::{ControlKind, ControlLevel, ControlPolicies, Organization, OrganizationsGateway};
pub use pipelines::{
    ActionError, ActionExecution, ActionState, ActionStatus, Execution, ExecutionStatus, PipelineState,
    PipelinesGateway, StageState, Trigger, Waiting,
};
pub use rules::RulesGateway;
pub use runtime::{RuntimeCaller, RuntimeGateway, RuntimeRequest, RuntimeResponse, RuntimeStream, RuntimeTaken};
pub use s3::{BucketOwner, BucketsGateway, Content, NewObject, Object, ObjectHead, ObjectVersion, S3Gateway, Sent};
pub use sagemaker::{EndpointState, Named, NewConfiguration, NewModel, VersionsGateway};
pub use sources::{NewCommit, SourcesGateway};
pub use stacks::{ObservedStack, StackEvent, StackRequest, StackResource, StackState, StacksGateway};
pub use training::{LogLine, LogSlice, MachineExecution, TrainingGateway, TrainingJob};

use async_trait::async_trait;
use domain::arn::Arn;
use domain::connection::Identity;
use domain::endpoint::{EndpointDetail, EndpointView, Page};
use domain::names::{AccountId, ConnectionId, EndpointName, ExternalId, Region, SessionName};
use domain::time::Timestamp;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What kind of failure AWS reported, or that kept a call from reaching it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayErrorKind {
    /// A policy said no.
    AccessDenied,
    /// The thing is not there.
    NotFound,
    /// It exists already, or its state forbids the call.
    Conflict,
    /// Too many calls; try again later.
    Throttled,
    /// AWS would not take the input, or a limit is reached.
    Invalid,
    /// The credentials are expired, unknown or wrongly signed.
    Expired,
    /// AWS could not be reached, timed out or failed on its side.
    Unavailable,
    /// The profile is missing, or gives no credentials.
    NoCredentials,
    /// The model behind an endpoint failed (424).
    Model,
}

/// A failed call to AWS. Display is AWS's own message, or a sentence of ours when AWS was not reached.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct GatewayError {
    /// AWS's name of the operation: `AssumeRole`.
    pub operation: &'static str,
    /// The account the call was made in, when known.
    pub account: Option<AccountId>,
    /// The connection it went through, when it did.
    pub connection: Option<ConnectionId>,
    /// What kind of failure.
    pub kind: GatewayErrorKind,
    /// AWS's error code: `EntityAlreadyExists`; empty when AWS was not reached.
    pub code: String,
    /// What AWS said.
    pub message: String,
    /// HTTP status, when AWS answered.
    pub status: Option<u16>,
    /// Whether the same call may work later. Each adapter has already retried as the SDK does.
    pub retryable: bool,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// What the model said, for [`GatewayErrorKind::Model`].
    pub model: Option<domain::invoke::ModelFailure>,
}

/// The operations that the console calls, by the prefix of their IAM actions. Source: Service Authorization Reference,
/// "Actions, resources, and condition keys for AWS services".
const ACTIONS: [(&str, &[&str]); 12] = [
    (
        "cloudformation",
        &[
            "CreateStack",
            "DeleteStack",
            "DescribeStackEvents",
            "DescribeStacks",
            "GetTemplate",
            "ListStackResources",
            "UpdateStack",
        ],
    ),
    ("codecommit", &["CreateCommit", "GetBranch", "GetFile", "ListRepositories"]),
    (
        "codepipeline",
        &[
            "GetPipelineState",
            "ListActionExecutions",
            "ListPipelineExecutions",
            "PutApprovalResult",
            "RetryStageExecution",
            "StartPipelineExecution",
            "StopPipelineExecution",
        ],
    ),
    (
        "iam",
        &[
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateRole",
            "DeleteGroupPolicy",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DeleteUserPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "GetGroupPolicy",
            "GetPolicy",
            "GetPolicyVersion",
            "GetRole",
            "GetRolePolicy",
            "GetUser",
            "GetUserPolicy",
            "ListAttachedGroupPolicies",
            "ListAttachedRolePolicies",
            "ListAttachedUserPolicies",
            "ListEntitiesForPolicy",
            "ListGroupPolicies",
            "ListGroupsForUser",
            "ListPolicies",
            "ListPolicyVersions",
            "ListRolePolicies",
            "ListRoles",
            "ListUserPolicies",
            "ListUsers",
            "PutGroupPolicy",
            "PutRolePolicy",
            "PutUserPolicy",
            "SetDefaultPolicyVersion",
            "TagPolicy",
            "TagRole",
            "UntagPolicy",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
        ],
    ),
    (
        "lambda",
        &[
            "CreateFunction",
            "DeleteFunction",
            "GetFunction",
            "InvokeFunction",
            "ListFunctions",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        ],
    ),
    ("logs", &["FilterLogEvents"]),
    ("organizations", &["DescribeOrganization", "DescribePolicy", "ListParents", "ListPoliciesForTarget"]),
    ("s3", &["DeleteObjectVersion", "GetObject", "ListBucket", "ListBucketVersions", "PutObject"]),
    (
        "sagemaker",
        &[
            "CreateEndpoint",
            "CreateEndpointConfig",
            "CreateModel",
            "DeleteEndpoint",
            "DeleteEndpointConfig",
            "DeleteModel",
            "DescribeEndpoint",
            "DescribeEndpointConfig",
            "DescribeModel",
            "DescribeTrainingJob",
            "InvokeEndpoint",
            "InvokeEndpointAsync",
            "ListEndpointConfigs",
            "ListEndpoints",
            "ListInferenceComponents",
            "ListModels",
            "UpdateEndpoint",
        ],
    ),
    ("servicequotas", &["ListServiceQuotas"]),
    ("states", &["DescribeExecution"]),
    ("sts", &["AssumeRole", "GetCallerIdentity"]),
];

impl GatewayError {
    /// The IAM action that allows the operation: `iam:AttachRolePolicy`, as it stands in a policy. The bare operation
    /// for one whose service is not known here.
    pub fn action(&self) -> String {
        // These actions are not called as their operations are.
        let name = match self.operation {
            "Invoke" => "InvokeFunction",
            "HeadBucket" | "ListObjectsV2" => "ListBucket",
            "HeadObject" => "GetObject",
            "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => "PutObject",
            "ListObjectVersions" => "ListBucketVersions",
            "DeleteObjects" => "DeleteObjectVersion",
            same => same,
        };
        let service = ACTIONS.iter().find(|(_, operations)| operations.contains(&name));
        service.map_or_else(|| name.to_owned(), |(prefix, _)| format!("{prefix}:{name}"))
    }
}

/// A result from AWS together with its request id.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// What was asked for.
    pub value: T,
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// Shorthand for what gateways return.
pub type GatewayResult<T> = Result<T, GatewayError>;

/// A profile in the machine's AWS files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionProfile {
    /// Its name.
    pub id: ConnectionId,
    /// The region it names.
    pub region: Option<Region>,
}

/// Connections and who they are.
#[async_trait]
pub trait ConnectionGateway: Send + Sync {
    /// All profiles, in the order of their names. Reads files only; makes no call to AWS.
    async fn profiles(&self) -> GatewayResult<Vec<ConnectionProfile>>;
    /// STS GetCallerIdentity; for a role session also the role's full ARN (IAM GetRole, or without the path when that
    /// is denied).
    async fn identity(&self, connection: &ConnectionId) -> GatewayResult<Identity>;
}

/// Temporary credentials of an assumed role. Never serialised, never shown.
#[derive(Debug, Clone)]
pub struct RoleCredentials {
    /// `ASIA…`; identifies the session, not a secret.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: SecretString,
    /// The session token.
    pub session_token: SecretString,
    /// When they end.
    pub expires: Timestamp,
    /// `arn:aws:sts::111111111111:assumed-role/SageMakerExternal/…`.
    pub session_arn: Arn,
}

/// What AssumeRole is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRoleParams {
    /// Which role.
    pub role: Arn,
    /// The session's name.
    pub session_name: SessionName,
    /// The external ID, where the role asks for one.
    pub external_id: Option<ExternalId>,
    /// 900–43200 seconds; `None` for the default of an hour.
    pub duration: Option<Duration>,
}

/// STS.
#[async_trait]
pub trait StsGateway: Send + Sync {
    /// AssumeRole with a connection's credentials, at the region's STS endpoint.
    async fn assume_role(
        &self,
        connection: &ConnectionId,
        region: &Region,
        params: &AssumeRoleParams,
    ) -> GatewayResult<Answered<RoleCredentials>>;
}

/// Tags of a resource.
pub type Tags = BTreeMap<String, String>;

/// SageMaker's control plane, reading only.
#[async_trait]
pub trait SagemakerGateway: Send + Sync {
    /// ListEndpoints, newest first, a page of at most 50, each with DescribeEndpoint and DescribeEndpointConfig (at
    /// most 8 at a time) for its ARN's case, failure reason and instance type.
    async fn endpoints(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name_contains: Option<&str>,
        after: Option<&str>,
    ) -> GatewayResult<Page<EndpointView>>;
    /// DescribeEndpoint and its config; `None` if there is none of that name.
    async fn endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointView>>;
    /// The same with how the endpoint is made, and with what its model takes: from its container's environment
    /// (`SAGEBRIDGE_SAMPLE_CONTENT_TYPE`, `SAGEBRIDGE_SAMPLE_BODY`, `SAGEBRIDGE_SAMPLE_TARGET_MODEL`), else by its image's
    /// name; by DescribeModel too, and by ListInferenceComponents where its models are such. What is not there or can't
    /// be read is left out: it is only a help.
    async fn endpoint_detail(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointDetail>>;
}

/// All gateways.
#[derive(Clone)]
pub struct Gateways {
    /// Connections.
    pub connections: Arc<dyn ConnectionGateway>,
    /// STS.
    pub sts: Arc<dyn StsGateway>,
    /// IAM.
    pub iam: Arc<dyn IamGateway>,
    /// SageMaker.
    pub sagemaker: Arc<dyn SagemakerGateway>,
    /// SageMaker Runtime.
    pub runtime: Arc<dyn RuntimeGateway>,
    /// Organizations.
    pub organizations: Arc<dyn OrganizationsGateway>,
    /// Lambda.
    pub lambda: Arc<dyn LambdaGateway>,
    /// S3.
    pub s3: Arc<dyn S3Gateway>,
}

/// The gateways of a pipeline.
#[derive(Clone)]
pub struct PipelineGateways {
    /// CloudFormation.
    pub stacks: Arc<dyn StacksGateway>,
    /// CodeCommit.
    pub sources: Arc<dyn SourcesGateway>,
    /// CodePipeline.
    pub pipelines: Arc<dyn PipelinesGateway>,
    /// The training, and its logs.
    pub training: Arc<dyn TrainingGateway>,
    /// S3.
    pub buckets: Arc<dyn BucketsGateway>,
    /// The endpoint's versions.
    pub versions: Arc<dyn VersionsGateway>,
    /// KMS.
    pub keys: Arc<dyn KeysGateway>,
    /// EventBridge.
    pub rules: Arc<dyn RulesGateway>,
}
