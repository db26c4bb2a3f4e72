//! Inline policies of roles, users and groups.

use super::read::decoded;
use crate::connections::Connection;
use crate::error::found;
use aws_types::request_id::RequestId;
use domain::names::PolicyName;
use services::ports::gateway::{Answered, GatewayResult, Holder};

pub(super) async fn document(c: &Connection, holder: &Holder, name: &PolicyName) -> GatewayResult<Option<String>> {
    found(read(c, holder, name.as_str()).await)
}

/// An inline policy's document, decoded.
pub(super) async fn read(c: &Connection, holder: &Holder, policy: &str) -> GatewayResult<String> {
    match holder {
        Holder::Role(role) => {
            let call = c.iam_call("GetRolePolicy");
            let request = c.iam.get_role_policy().role_name(role.as_str()).policy_name(policy);
            Ok(decoded(request.send().await.map_err(|e| call.failed(e))?.policy_document()))
        }
        Holder::User(user) => {
            let call = c.iam_call("GetUserPolicy");
            let request = c.iam.get_user_policy().user_name(user.as_str()).policy_name(policy);
            Ok(decoded(request.send().await.map_err(|e| call.failed(e))?.policy_document()))
        }
        Holder::Group(group) => {
            let call = c.iam_call("GetGroupPolicy");
            let request = c.iam.get_group_policy().group_name(group.as_str()).policy_name(policy);
            Ok(decoded(request.send().await.map_err(|e| call.failed(e))?.policy_document()))
        }
    }
}

pub(super) async fn put(
    c: &Connection,
    holder: &Holder,
    name: &PolicyName,
    document: &str,
) -> GatewayResult<Answered<()>> {
    match holder {
        Holder::Role(role) => {
            let request = c.iam.put_role_policy().role_name(role.as_str()).policy_name(name.as_str());
            send!(c, "PutRolePolicy", request.policy_document(document))
        }
        Holder::User(user) => {
            let request = c.iam.put_user_policy().user_name(user.as_str()).policy_name(name.as_str());
            send!(c, "PutUserPolicy", request.policy_document(document))
        }
        Holder::Group(group) => {
            let request = c.iam.put_group_policy().group_name(group.as_str()).policy_name(name.as_str());
            send!(c, "PutGroupPolicy", request.policy_document(document))
        }
    }
}

pub(super) async fn delete(c: &Connection, holder: &Holder, name: &PolicyName) -> GatewayResult<Answered<()>> {
    match holder {
        Holder::Role(role) => {
            let request = c.iam.delete_role_policy().role_name(role.as_str()).policy_name(name.as_str());
            send!(c, "DeleteRolePolicy", request)
        }
        Holder::User(user) => {
            let request = c.iam.delete_user_policy().user_name(user.as_str()).policy_name(name.as_str());
            send!(c, "DeleteUserPolicy", request)
        }
        Holder::Group(group) => {
            let request = c.iam.delete_group_policy().group_name(group.as_str()).policy_name(name.as_str());
            send!(c, "DeleteGroupPolicy", request)
        }
    }
}
