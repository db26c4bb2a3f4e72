//! The port to IAM, as far as shares need it.

use super::{Answered, CallerDocuments, GatewayResult, Holder, ListedPolicy, ListedRole, RoleDocuments, Tags};
use async_trait::async_trait;
use domain::arn::{Arn, CallerArn};
use domain::connection::CallerView;
use domain::endpoint::Page;
use domain::names::{ConnectionId, PolicyName, RoleName, UserName};
use domain::share::inventory::{ObservedPolicy, ObservedRole};

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
    async fn roles(&self, connection: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<CallerView>>;
    /// ListUsers, a page of at most 100.
    async fn users(&self, connection: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<CallerView>>;

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
