//! Organizations: one organisation of all accounts, managed by one of them.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it. What its policies mean
//! for a request is in [`limits`].

mod input;
pub mod limits;
pub mod model;
mod policies;
mod tree;

use crate::call::{Call, Needs, Operation, Target, op};
use crate::error::Failure;
use serde_json::Value;

/// What Organizations can do here.
pub const OPERATIONS: &[Operation] = &[
    op("DescribeOrganization", everything, tree::describe),
    op("ListRoots", everything, tree::list_roots),
    op("ListParents", |c| on(c, &["ChildId"]), tree::list_parents),
    op("ListChildren", |c| on(c, &["ParentId"]), tree::list_children),
    op("ListOrganizationalUnitsForParent", |c| on(c, &["ParentId"]), tree::list_units),
    op("DescribeOrganizationalUnit", |c| on(c, &["OrganizationalUnitId"]), tree::describe_unit),
    op("ListAccounts", everything, tree::list_accounts),
    op("ListAccountsForParent", |c| on(c, &["ParentId"]), tree::list_accounts_of),
    op("DescribeAccount", |c| on(c, &["AccountId"]), tree::describe_account),
    op("EnablePolicyType", |c| on(c, &["RootId"]), tree::enable_type),
    op("DisablePolicyType", |c| on(c, &["RootId"]), tree::disable_type),
    op("CreatePolicy", everything, policies::create),
    op("DescribePolicy", |c| on(c, &["PolicyId"]), policies::describe),
    op("UpdatePolicy", |c| on(c, &["PolicyId"]), policies::update),
    op("DeletePolicy", |c| on(c, &["PolicyId"]), policies::delete),
    op("ListPolicies", everything, policies::list),
    op("ListPoliciesForTarget", |c| on(c, &["TargetId"]), policies::list_for_target),
    op("ListTargetsForPolicy", |c| on(c, &["PolicyId"]), policies::list_targets),
    op("AttachPolicy", |c| on(c, &["PolicyId", "TargetId"]), policies::attach),
    op("DetachPolicy", |c| on(c, &["PolicyId", "TargetId"]), policies::detach),
];

fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// What the members name; one that does not exist is asked for as `*`.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Organizations".
fn on(call: &Call<'_>, members: &[&str]) -> Result<Needs, Failure> {
    let organization = std::sync::Arc::clone(call.app.store.read().organization.current());
    let arn = |member: &&str| {
        let (id, known) = (call.body.get(*member).and_then(Value::as_str)?, organization.as_ref().as_ref()?);
        match known.kind_of(id) {
            Some(kind) => Some(known.policy_arn(kind, id)),
            None => known.node(id).map(|node| node.arn),
        }
    };
    Ok(Needs::All(members.iter().map(|member| Target::new(arn(member).unwrap_or_else(|| "*".into()))).collect()))
}
