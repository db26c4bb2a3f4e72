//! Identity and Access Management.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it.

mod boundaries;
pub mod documents;
mod grants;
mod groups;
mod input;
pub mod managed;
pub mod model;
mod policies;
mod roles;
mod tags;
mod target;
mod users;

use crate::call::{Operation, op};
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use model::Kind::{Group, Role, User};
use tags::Tagged;

/// What IAM can do here.
pub const OPERATIONS: &[Operation] = &[
    // users
    op("CreateUser", |c| target::new(c, "user", "UserName"), users::create),
    op("GetUser", target::user_or_self, users::get),
    op("DeleteUser", |c| target::named(c, User), users::delete),
    op("ListUsers", |c| target::all(c, "user"), users::list),
    op("CreateAccessKey", target::user_or_self, users::create_key),
    op("ListAccessKeys", target::user_or_self, users::list_keys),
    op("UpdateAccessKey", target::user_or_self, users::update_key),
    op("DeleteAccessKey", target::user_or_self, users::delete_key),
    op("PutUserPermissionsBoundary", |c| target::bounded(c, User), |c| boundaries::put(c, User)),
    op("DeleteUserPermissionsBoundary", |c| target::named(c, User), |c| boundaries::delete(c, User)),
    op("TagUser", |c| tags::needs(c, Tagged::User), |c| tags::add(c, Tagged::User)),
    op("UntagUser", |c| tags::needs(c, Tagged::User), |c| tags::remove(c, Tagged::User)),
    op("ListUserTags", |c| target::named(c, User), |c| tags::list(c, Tagged::User)),
    // groups
    op("CreateGroup", |c| target::new(c, "group", "GroupName"), groups::create),
    op("GetGroup", |c| target::named(c, Group), groups::get),
    op("DeleteGroup", |c| target::named(c, Group), groups::delete),
    op("ListGroups", |c| target::all(c, "group"), groups::list),
    op("ListGroupsForUser", |c| target::named(c, User), groups::list_for_user),
    op("AddUserToGroup", |c| target::named(c, Group), groups::add_user),
    op("RemoveUserFromGroup", |c| target::named(c, Group), groups::remove_user),
    // roles
    op("CreateRole", |c| target::new(c, "role", "RoleName"), roles::create),
    op("GetRole", |c| target::named(c, Role), roles::get),
    op("DeleteRole", |c| target::named(c, Role), roles::delete),
    op("ListRoles", |c| target::all(c, "role"), roles::list),
    op("UpdateRole", |c| target::named(c, Role), roles::update),
    op("UpdateAssumeRolePolicy", |c| target::named(c, Role), roles::update_trust),
    op("PutRolePermissionsBoundary", |c| target::bounded(c, Role), |c| boundaries::put(c, Role)),
    op("DeleteRolePermissionsBoundary", |c| target::named(c, Role), |c| boundaries::delete(c, Role)),
    op("TagRole", |c| tags::needs(c, Tagged::Role), |c| tags::add(c, Tagged::Role)),
    op("UntagRole", |c| tags::needs(c, Tagged::Role), |c| tags::remove(c, Tagged::Role)),
    op("ListRoleTags", |c| target::named(c, Role), |c| tags::list(c, Tagged::Role)),
    // managed policies
    op("CreatePolicy", |c| target::new(c, "policy", "PolicyName"), policies::create),
    op("GetPolicy", target::policy, policies::get),
    op("DeletePolicy", target::policy, policies::delete),
    op("ListPolicies", |c| target::all(c, "policy"), policies::list),
    op("CreatePolicyVersion", target::policy, policies::create_version),
    op("GetPolicyVersion", target::policy, policies::get_version),
    op("ListPolicyVersions", target::policy, policies::list_versions),
    op("DeletePolicyVersion", target::policy, policies::delete_version),
    op("SetDefaultPolicyVersion", target::policy, policies::set_default_version),
    op("ListEntitiesForPolicy", target::policy, policies::list_entities),
    op("TagPolicy", |c| tags::needs(c, Tagged::Policy), |c| tags::add(c, Tagged::Policy)),
    op("UntagPolicy", |c| tags::needs(c, Tagged::Policy), |c| tags::remove(c, Tagged::Policy)),
    op("ListPolicyTags", target::policy, |c| tags::list(c, Tagged::Policy)),
    // inline policies
    op("PutUserPolicy", |c| target::named(c, User), |c| grants::put_inline(c, User)),
    op("GetUserPolicy", |c| target::named(c, User), |c| grants::get_inline(c, User)),
    op("DeleteUserPolicy", |c| target::named(c, User), |c| grants::delete_inline(c, User)),
    op("ListUserPolicies", |c| target::named(c, User), |c| grants::list_inline(c, User)),
    op("PutGroupPolicy", |c| target::named(c, Group), |c| grants::put_inline(c, Group)),
    op("GetGroupPolicy", |c| target::named(c, Group), |c| grants::get_inline(c, Group)),
    op("DeleteGroupPolicy", |c| target::named(c, Group), |c| grants::delete_inline(c, Group)),
    op("ListGroupPolicies", |c| target::named(c, Group), |c| grants::list_inline(c, Group)),
    op("PutRolePolicy", |c| target::named(c, Role), |c| grants::put_inline(c, Role)),
    op("GetRolePolicy", |c| target::named(c, Role), |c| grants::get_inline(c, Role)),
    op("DeleteRolePolicy", |c| target::named(c, Role), |c| grants::delete_inline(c, Role)),
    op("ListRolePolicies", |c| target::named(c, Role), |c| grants::list_inline(c, Role)),
    // attached policies
    op("AttachUserPolicy", |c| target::attached(c, User), |c| grants::attach(c, User)),
    op("DetachUserPolicy", |c| target::attached(c, User), |c| grants::detach(c, User)),
    op("ListAttachedUserPolicies", |c| target::named(c, User), |c| grants::list_attached(c, User)),
    op("AttachGroupPolicy", |c| target::attached(c, Group), |c| grants::attach(c, Group)),
    op("DetachGroupPolicy", |c| target::attached(c, Group), |c| grants::detach(c, Group)),
    op("ListAttachedGroupPolicies", |c| target::named(c, Group), |c| grants::list_attached(c, Group)),
    op("AttachRolePolicy", |c| target::attached(c, Role), |c| grants::attach(c, Role)),
    op("DetachRolePolicy", |c| target::attached(c, Role), |c| grants::detach(c, Role)),
    op("ListAttachedRolePolicies", |c| target::named(c, Role), |c| grants::list_attached(c, Role)),
    // the account
    op(
        "ListAccountAliases",
        |_| Ok(crate::call::Target::new("*").into()),
        |_| Ok(Reply::Xml(Some(Xml::new().list("AccountAliases", [""; 0], |xml, _| xml).text("IsTruncated", false)))),
    ),
];
