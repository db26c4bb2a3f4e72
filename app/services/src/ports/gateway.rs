//! Ports to AWS. One connection names the credentials, so every call says which connection it goes through.

mod documents;
mod lambda;
mod organizations;
mod s3;

pub use documents::{
    CallerDocuments, Document, Holder, ListedPolicy, ListedRole, Origin, OtherVersion, Piece, PolicySet, RoleDocuments,
    Unread,
};
pub use lambda::{FunctionAnswer, FunctionCall, LambdaGateway, NewFunction, ObservedFunction, Variables};
pub use organizations::{ControlKind, ControlLevel, ControlPolicies, Organization, OrganizationsGateway};
pub use s3::{Object, S3Gateway};

use async_trait::async_trait;
use bytes::Bytes;
use domain::arn::{Arn, CallerArn};
use domain::connection::Identity;
use domain::endpoint::{EndpointDetail, EndpointView, Page};
use domain::invoke::InvokeHeaders;
use domain::names::{
    AccountId, ConnectionId, EndpointName, ExternalId, PolicyName, Region, RoleName, SessionName, UserName,
};
use domain::s3::Location;
use domain::share::inventory::{ObservedPolicy, ObservedRole};
use domain::time::Timestamp;
use futures::stream::BoxStream;
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
const ACTIONS: [(&str, &[&str]); 6] = [
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
    ("organizations", &["DescribeOrganization", "DescribePolicy", "ListParents", "ListPoliciesForTarget"]),
    ("s3", &["GetObject", "ListBucket", "PutObject"]),
    (
        "sagemaker",
        &[
            "DescribeEndpoint",
            "DescribeEndpointConfig",
            "DescribeModel",
            "InvokeEndpoint",
            "InvokeEndpointAsync",
            "ListEndpoints",
            "ListInferenceComponents",
        ],
    ),
    ("sts", &["AssumeRole", "GetCallerIdentity"]),
];

impl GatewayError {
    /// The IAM action that allows the operation: `iam:AttachRolePolicy`, as it stands in a policy. The bare operation
    /// for one whose service is not known here.
    pub fn action(&self) -> String {
        // These actions are not called as their operations are.
        let name = match self.operation {
            "Invoke" => "InvokeFunction",
            "ListObjectsV2" => "ListBucket",
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

/// The identity policies of a role or user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityPolicies {
    /// The ARNs of the managed policies attached to the role or user itself.
    pub attached: Vec<Arn>,
    /// All documents, name and JSON text. A group's carry the group's name where they are inline: `team/name`.
    pub documents: Vec<(String, String)>,
}

/// IAM, as far as shares need it. Reads that find nothing give `None`; everything else is an error.
#[async_trait]
pub trait IamGateway: Send + Sync {
    /// GetPolicy, GetPolicyVersion (the default), ListPolicyVersions, ListEntitiesForPolicy.
    async fn policy(&self, connection: &ConnectionId, arn: &Arn) -> GatewayResult<Option<ObservedPolicy>>;
    /// GetRole, ListAttachedRolePolicies, ListRolePolicies.
    async fn role(&self, connection: &ConnectionId, name: &RoleName) -> GatewayResult<Option<ObservedRole>>;
    /// The ARNs of the managed policies attached to a role or user, or `None` if it does not exist.
    async fn attached(&self, connection: &ConnectionId, caller: &CallerArn) -> GatewayResult<Option<Vec<Arn>>>;
    /// Every identity policy of a role or user: managed (default version), inline, and a user's groups'. For
    /// explanations. `None` if it does not exist.
    async fn identity_policies(
        &self,
        connection: &ConnectionId,
        caller: &CallerArn,
    ) -> GatewayResult<Option<IdentityPolicies>>;
    /// ListRoles, a page of at most 100. Service-linked roles are left out.
    async fn roles(
        &self,
        connection: &ConnectionId,
        after: Option<&str>,
    ) -> GatewayResult<Page<domain::connection::CallerView>>;
    /// ListUsers, a page of at most 100.
    async fn users(
        &self,
        connection: &ConnectionId,
        after: Option<&str>,
    ) -> GatewayResult<Page<domain::connection::CallerView>>;

    /// CreatePolicy.
    async fn create_policy(
        &self,
        connection: &ConnectionId,
        name: &PolicyName,
        document: &str,
        description: &str,
        tags: &Tags,
    ) -> GatewayResult<Answered<Arn>>;
    /// CreatePolicyVersion, as the default; gives the version's id.
    async fn create_policy_version(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        document: &str,
    ) -> GatewayResult<Answered<String>>;
    /// SetDefaultPolicyVersion.
    async fn set_default_policy_version(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        version: &str,
    ) -> GatewayResult<Answered<()>>;
    /// DeletePolicyVersion.
    async fn delete_policy_version(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        version: &str,
    ) -> GatewayResult<Answered<()>>;
    /// DeletePolicy; all other versions and attachments must be gone.
    async fn delete_policy(&self, connection: &ConnectionId, policy: &Arn) -> GatewayResult<Answered<()>>;
    /// TagPolicy.
    async fn tag_policy(&self, connection: &ConnectionId, policy: &Arn, tags: &Tags) -> GatewayResult<Answered<()>>;
    /// UntagPolicy.
    async fn untag_policy(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        keys: &[String],
    ) -> GatewayResult<Answered<()>>;

    /// CreateRole, path `/`.
    async fn create_role(&self, connection: &ConnectionId, role: &NewRole) -> GatewayResult<Answered<Arn>>;
    /// UpdateAssumeRolePolicy.
    async fn update_trust(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        trust: &str,
    ) -> GatewayResult<Answered<()>>;
    /// UpdateRole: the maximum session duration.
    async fn update_max_session(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        seconds: u32,
    ) -> GatewayResult<Answered<()>>;
    /// DeleteRole; everything attached must be gone.
    async fn delete_role(&self, connection: &ConnectionId, role: &RoleName) -> GatewayResult<Answered<()>>;
    /// TagRole.
    async fn tag_role(&self, connection: &ConnectionId, role: &RoleName, tags: &Tags) -> GatewayResult<Answered<()>>;
    /// UntagRole.
    async fn untag_role(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        keys: &[String],
    ) -> GatewayResult<Answered<()>>;

    /// DeleteRolePermissionsBoundary.
    async fn delete_role_permissions_boundary(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
    ) -> GatewayResult<Answered<()>>;

    /// AttachRolePolicy.
    async fn attach_role_policy(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>>;
    /// DetachRolePolicy.
    async fn detach_role_policy(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>>;
    /// AttachUserPolicy.
    async fn attach_user_policy(
        &self,
        connection: &ConnectionId,
        user: &UserName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>>;
    /// DetachUserPolicy.
    async fn detach_user_policy(
        &self,
        connection: &ConnectionId,
        user: &UserName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>>;

    /// A role or user as a caller, with every document that bears on what it may do and where each lives: GetRole or
    /// GetUser; the lists of managed, inline and groups' policies; GetPolicy and GetPolicyVersion, and ListPolicyVersions
    /// of customer managed policies; GetRolePolicy, GetUserPolicy, GetGroupPolicy. `None` if it does not exist. What
    /// can't be read is in the answer; an error only where nothing at all could be read.
    async fn caller_documents(
        &self,
        connection: &ConnectionId,
        caller: &CallerArn,
    ) -> GatewayResult<Option<CallerDocuments>>;
    /// A role that is assumed, with every document that bears on its sessions, in the same way. An error where GetRole
    /// fails; what else can't be read is in the answer.
    async fn role_documents(&self, connection: &ConnectionId, name: &RoleName) -> GatewayResult<Option<RoleDocuments>>;
    /// ListRoles, a page of at most 100, each with its tags by GetRole (at most 8 at a time): ListRoles leaves them out.
    /// Service-linked roles are left out.
    async fn tagged_roles(&self, connection: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<ListedRole>>;
    /// ListPolicies of the account itself (`Scope=Local`), a page of at most 100, each with its tags by GetPolicy (at
    /// most 8 at a time).
    async fn tagged_policies(
        &self,
        connection: &ConnectionId,
        after: Option<&str>,
    ) -> GatewayResult<Page<ListedPolicy>>;

    /// GetRolePolicy, GetUserPolicy or GetGroupPolicy: an inline policy's JSON text (decoded).
    async fn inline_policy(
        &self,
        connection: &ConnectionId,
        holder: &Holder,
        name: &PolicyName,
    ) -> GatewayResult<Option<String>>;
    /// ListRolePolicies, ListUserPolicies or ListGroupPolicies: the names of all inline policies, or `None` if there is no
    /// such holder.
    async fn inline_policies(&self, connection: &ConnectionId, holder: &Holder) -> GatewayResult<Option<Vec<String>>>;
    /// PutRolePolicy, PutUserPolicy or PutGroupPolicy: makes an inline policy, or replaces the one of this name.
    async fn put_inline_policy(
        &self,
        connection: &ConnectionId,
        holder: &Holder,
        name: &PolicyName,
        document: &str,
    ) -> GatewayResult<Answered<()>>;
    /// DeleteRolePolicy, DeleteUserPolicy or DeleteGroupPolicy.
    async fn delete_inline_policy(
        &self,
        connection: &ConnectionId,
        holder: &Holder,
        name: &PolicyName,
    ) -> GatewayResult<Answered<()>>;
}

/// A role to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// Its name.
    pub name: RoleName,
    /// The trust policy as JSON.
    pub trust: String,
    /// At most 1000 characters.
    pub description: String,
    /// MaxSessionDuration, 3600–43200.
    pub max_session_seconds: u32,
    /// Its tags.
    pub tags: Tags,
}

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
