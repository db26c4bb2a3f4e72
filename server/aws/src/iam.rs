//! IAM: what shares need to read, and every call a plan can hold. Reads are in [`read`]; documents for explanations in
//! [`documents`], the same with where each lives in [`evidence`]; lists with tags in [`listed`].

/// Sends a request, and gives its answer with AWS's request id. `$value` says what of the answer is wanted.
macro_rules! send {
    ($connection:expr, $operation:literal, $request:expr) => {
        send!($connection, $operation, $request, |_answer| ())
    };
    ($connection:expr, $operation:literal, $request:expr, |$answer:ident| $value:expr) => {{
        let call = $connection.iam_call($operation);
        let $answer = $request.send().await.map_err(|error| call.failed(error))?;
        let request_id = $answer.request_id().map(str::to_owned);
        Ok(Answered { value: $value, request_id })
    }};
}

mod documents;
mod evidence;
mod inline;
mod listed;
mod places;
mod read;

use crate::connections::{Connection, Connections};
use crate::error::found;
use async_trait::async_trait;
use aws_sdk_iam::types::Tag;
use aws_types::request_id::RequestId;
use domain::arn::{Arn, CallerArn};
use domain::connection::CallerView;
use domain::endpoint::Page;
use domain::names::{ConnectionId, PolicyName, RoleName, UserName};
use domain::share::inventory::{ObservedPolicy, ObservedRole};
use services::ports::gateway::{
    Answered, CallerDocuments, GatewayResult, Holder, IamGateway, IdentityPolicies, ListedPolicy, ListedRole, NewRole,
    RoleDocuments, Tags,
};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct AwsIam(pub(crate) Arc<Connections>);

fn tags(connection: &Connection, operation: &'static str, tags: &Tags) -> GatewayResult<Vec<Tag>> {
    let build = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let built: Result<_, _> = tags.iter().map(build).collect();
    built.map_err(|error| connection.iam_call(operation).invalid(error))
}

/// IAM refuses an empty description where it takes none at all.
fn description(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn arn(connection: &Connection, operation: &'static str, text: Option<&str>) -> GatewayResult<Arn> {
    let arn = text.and_then(|text| Arn::parse(text).ok());
    arn.ok_or_else(|| connection.iam_call(operation).unexpected("no ARN"))
}

#[async_trait]
impl IamGateway for AwsIam {
    async fn policy(&self, connection: &ConnectionId, arn: &Arn) -> GatewayResult<Option<ObservedPolicy>> {
        read::policy(&*self.0.get(connection).await?, arn).await
    }

    async fn role(&self, connection: &ConnectionId, name: &RoleName) -> GatewayResult<Option<ObservedRole>> {
        read::role(&*self.0.get(connection).await?, name).await
    }

    async fn attached(&self, connection: &ConnectionId, caller: &CallerArn) -> GatewayResult<Option<Vec<Arn>>> {
        read::attached(&*self.0.get(connection).await?, caller).await
    }

    async fn identity_policies(
        &self,
        connection: &ConnectionId,
        caller: &CallerArn,
    ) -> GatewayResult<Option<IdentityPolicies>> {
        documents::identity_policies(&*self.0.get(connection).await?, caller).await
    }

    async fn roles(&self, connection: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<CallerView>> {
        read::roles(&*self.0.get(connection).await?, after).await
    }

    async fn users(&self, connection: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<CallerView>> {
        read::users(&*self.0.get(connection).await?, after).await
    }

    async fn create_policy(
        &self,
        connection: &ConnectionId,
        name: &PolicyName,
        document: &str,
        text: &str,
        with_tags: &Tags,
    ) -> GatewayResult<Answered<Arn>> {
        let c = self.0.get(connection).await?;
        let tags = tags(&c, "CreatePolicy", with_tags)?;
        let request = c.iam.create_policy().policy_name(name.as_str()).policy_document(document);
        let request = request.set_description(description(text)).set_tags(Some(tags));
        send!(c, "CreatePolicy", request, |answer| {
            arn(&c, "CreatePolicy", answer.policy().and_then(|policy| policy.arn()))?
        })
    }

    async fn create_policy_version(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        document: &str,
    ) -> GatewayResult<Answered<String>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.create_policy_version().policy_arn(policy.as_str()).policy_document(document);
        send!(c, "CreatePolicyVersion", request.set_as_default(true), |answer| {
            let id = answer.policy_version().and_then(|version| version.version_id());
            id.ok_or_else(|| c.iam_call("CreatePolicyVersion").unexpected("no version id"))?.to_owned()
        })
    }

    async fn set_default_policy_version(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        version: &str,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.set_default_policy_version().policy_arn(policy.as_str()).version_id(version);
        send!(c, "SetDefaultPolicyVersion", request)
    }

    async fn delete_policy_version(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        version: &str,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.delete_policy_version().policy_arn(policy.as_str()).version_id(version);
        send!(c, "DeletePolicyVersion", request)
    }

    async fn delete_policy(&self, connection: &ConnectionId, policy: &Arn) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        send!(c, "DeletePolicy", c.iam.delete_policy().policy_arn(policy.as_str()))
    }

    async fn tag_policy(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        with_tags: &Tags,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let tags = tags(&c, "TagPolicy", with_tags)?;
        send!(c, "TagPolicy", c.iam.tag_policy().policy_arn(policy.as_str()).set_tags(Some(tags)))
    }

    async fn untag_policy(
        &self,
        connection: &ConnectionId,
        policy: &Arn,
        keys: &[String],
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.untag_policy().policy_arn(policy.as_str()).set_tag_keys(Some(keys.to_vec()));
        send!(c, "UntagPolicy", request)
    }

    async fn create_role(&self, connection: &ConnectionId, role: &NewRole) -> GatewayResult<Answered<Arn>> {
        let c = self.0.get(connection).await?;
        let tags = tags(&c, "CreateRole", &role.tags)?;
        let request = c
            .iam
            .create_role()
            .role_name(role.name.as_str())
            .path("/")
            .assume_role_policy_document(&role.trust)
            .set_description(description(&role.description))
            .max_session_duration(i32::try_from(role.max_session_seconds).unwrap_or(i32::MAX))
            .set_tags(Some(tags));
        send!(c, "CreateRole", request, |answer| { arn(&c, "CreateRole", answer.role().map(|role| role.arn()))? })
    }

    async fn update_trust(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        trust: &str,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.update_assume_role_policy().role_name(role.as_str()).policy_document(trust);
        send!(c, "UpdateAssumeRolePolicy", request)
    }

    async fn update_max_session(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        seconds: u32,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        // The description is left out, so IAM leaves it as it is.
        send!(c, "UpdateRole", c.iam.update_role().role_name(role.as_str()).max_session_duration(seconds))
    }

    async fn delete_role(&self, connection: &ConnectionId, role: &RoleName) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        send!(c, "DeleteRole", c.iam.delete_role().role_name(role.as_str()))
    }

    async fn tag_role(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        with_tags: &Tags,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let tags = tags(&c, "TagRole", with_tags)?;
        send!(c, "TagRole", c.iam.tag_role().role_name(role.as_str()).set_tags(Some(tags)))
    }

    async fn untag_role(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        keys: &[String],
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.untag_role().role_name(role.as_str()).set_tag_keys(Some(keys.to_vec()));
        send!(c, "UntagRole", request)
    }

    async fn delete_role_permissions_boundary(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.delete_role_permissions_boundary().role_name(role.as_str());
        send!(c, "DeleteRolePermissionsBoundary", request)
    }

    async fn attach_role_policy(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.attach_role_policy().role_name(role.as_str()).policy_arn(policy.as_str());
        send!(c, "AttachRolePolicy", request)
    }

    async fn detach_role_policy(
        &self,
        connection: &ConnectionId,
        role: &RoleName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.detach_role_policy().role_name(role.as_str()).policy_arn(policy.as_str());
        send!(c, "DetachRolePolicy", request)
    }

    async fn attach_user_policy(
        &self,
        connection: &ConnectionId,
        user: &UserName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.attach_user_policy().user_name(user.as_str()).policy_arn(policy.as_str());
        send!(c, "AttachUserPolicy", request)
    }

    async fn detach_user_policy(
        &self,
        connection: &ConnectionId,
        user: &UserName,
        policy: &Arn,
    ) -> GatewayResult<Answered<()>> {
        let c = self.0.get(connection).await?;
        let request = c.iam.detach_user_policy().user_name(user.as_str()).policy_arn(policy.as_str());
        send!(c, "DetachUserPolicy", request)
    }

    async fn caller_documents(
        &self,
        connection: &ConnectionId,
        caller: &CallerArn,
    ) -> GatewayResult<Option<CallerDocuments>> {
        evidence::caller(&*self.0.get(connection).await?, caller).await
    }

    async fn role_documents(&self, connection: &ConnectionId, name: &RoleName) -> GatewayResult<Option<RoleDocuments>> {
        evidence::role(&*self.0.get(connection).await?, name).await
    }

    async fn tagged_roles(&self, connection: &ConnectionId, after: Option<&str>) -> GatewayResult<Page<ListedRole>> {
        listed::roles(&*self.0.get(connection).await?, after).await
    }

    async fn tagged_policies(
        &self,
        connection: &ConnectionId,
        after: Option<&str>,
    ) -> GatewayResult<Page<ListedPolicy>> {
        listed::policies(&*self.0.get(connection).await?, after).await
    }

    async fn inline_policy(
        &self,
        connection: &ConnectionId,
        holder: &Holder,
        name: &PolicyName,
    ) -> GatewayResult<Option<String>> {
        inline::document(&*self.0.get(connection).await?, holder, name).await
    }

    async fn inline_policies(&self, connection: &ConnectionId, holder: &Holder) -> GatewayResult<Option<Vec<String>>> {
        found(places::inline_of(&*self.0.get(connection).await?, holder).await)
    }

    async fn put_inline_policy(
        &self,
        connection: &ConnectionId,
        holder: &Holder,
        name: &PolicyName,
        document: &str,
    ) -> GatewayResult<Answered<()>> {
        inline::put(&*self.0.get(connection).await?, holder, name, document).await
    }

    async fn delete_inline_policy(
        &self,
        connection: &ConnectionId,
        holder: &Holder,
        name: &PolicyName,
    ) -> GatewayResult<Answered<()>> {
        inline::delete(&*self.0.get(connection).await?, holder, name).await
    }
}
