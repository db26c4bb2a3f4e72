//! The documents of a share: what lets the child in, what the role may do, and what lets the callers assume it.
//!
//! All of them are pretty-printed the same way, so that what is shown is exactly what is sent. [`parent_side`] and
//! [`child_side`] write a side as a program for CloudFormation, Terraform or the AWS CLI, with the same documents;
//! [`lambda`] writes the function that tries a share.

mod cli;
mod cloudformation;
mod hcl;
pub mod lambda;
mod program;
mod terraform;
mod yaml;

pub use program::{Language, Program, child_side, parent_side};

use crate::arn::Arn;
use crate::names::ShareId;
use crate::policy::PolicyDocument;
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use crate::share::results;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The one version of the policy language that new documents use (IAM user guide, "IAM JSON policy elements: Version").
const VERSION: &str = "2012-10-17";

/// What the parent's policy is called in its statement.
pub const SID_INVOKE: &str = "InvokeSharedEndpoints";
/// What the trust policy is called in its statement.
pub const SID_TRUST: &str = "ChildMayAssume";
/// What follows it while two external IDs are accepted, the new one first; then comes since when, in milliseconds.
pub const SID_ROTATING: &str = "WithEitherIdSince";
/// What the child's policy is called in its statement.
pub const SID_GRANT: &str = "AssumeSharedRole";

/// The IAM actions the role gets. Streaming needs `sagemaker:InvokeEndpoint` beside its own action (SageMaker Runtime
/// API reference, InvokeEndpointWithResponseStream).
pub fn actions(intent: &ShareIntent) -> BTreeSet<&'static str> {
    let mut actions: BTreeSet<_> = intent.actions.iter().map(|a| a.iam()).collect();
    if intent.actions.contains(&InvokeAction::Stream) {
        actions.insert(InvokeAction::Invoke.iam());
    }
    actions
}

/// The ARNs the role may invoke: the exact lower-case ones, or every endpoint of the region.
pub fn resources(intent: &ShareIntent) -> Vec<String> {
    match &intent.endpoints {
        EndpointScope::Named(arns) => arns.iter().map(|a| a.as_str().to_owned()).collect(),
        EndpointScope::All => {
            let (partition, region, parent) = (intent.region.partition(), &intent.region, &intent.parent);
            vec![format!("arn:{partition}:sagemaker:{region}:{parent}:endpoint/*")]
        }
    }
}

/// Whom the trust policy names: the callers, or the account's root, which means the whole account.
pub fn principals(intent: &ShareIntent) -> Vec<String> {
    match &intent.callers {
        CallerScope::Named(callers) => callers.iter().map(|c| c.as_str().to_owned()).collect(),
        CallerScope::WholeAccount => vec![format!("arn:{}:iam::{}:root", intent.region.partition(), intent.child)],
    }
}

/// The parent's managed policy: the endpoints, and for asynchronous ones their answers in S3.
pub fn invoke_policy(intent: &ShareIntent) -> String {
    let mut statements = vec![json!({
        "Sid": SID_INVOKE,
        "Effect": "Allow",
        "Action": actions(intent),
        "Resource": resources(intent),
    })];
    statements.extend(results::statements(intent));
    pretty(&json!({ "Version": VERSION, "Statement": statements }))
}

/// The parent's role's trust policy.
pub fn trust_policy(intent: &ShareIntent) -> String {
    trust_of(intent, &principals(intent))
}

/// The trust policy with other principals than the intent's.
pub(super) fn trust_of(intent: &ShareIntent, principals: &[String]) -> String {
    let mut statement = json!({
        "Sid": trust_sid(intent),
        "Effect": "Allow",
        "Principal": { "AWS": principals },
        "Action": "sts:AssumeRole",
    });
    let ids: Vec<&str> = intent.accepted_ids().iter().map(|id| id.as_str()).collect();
    if !ids.is_empty() {
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": ids } });
    }
    pretty(&json!({ "Version": VERSION, "Statement": [statement] }))
}

/// While the external ID is being changed, the statement says so and since when: what is known of a change is then
/// readable from AWS alone, and nothing but the trust policy has to be written.
fn trust_sid(intent: &ShareIntent) -> String {
    match intent.open_rotation() {
        Some(rotation) => format!("{SID_TRUST}{SID_ROTATING}{}", rotation.since.0.max(0)),
        None => SID_TRUST.into(),
    }
}

/// The child's managed policy: exactly one role.
pub fn grant_policy(role: &Arn) -> String {
    pretty(&json!({
        "Version": VERSION,
        "Statement": [{
            "Sid": SID_GRANT,
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": role.as_str(),
        }],
    }))
}

/// What a resource of a share says about itself in IAM; at most 1000 characters. Only what the share makes says so, not
/// what it takes over.
pub fn description(what: &str, intent: &ShareIntent) -> String {
    describe(what, &intent.id)
}

/// What the parent's policy says it is.
pub const WHAT_POLICY: &str = "What the shared role may invoke";
/// What the parent's role says it is.
pub const WHAT_ROLE: &str = "Assumed to invoke shared endpoints";
/// What the child's policy says it is.
pub const WHAT_GRANT: &str = "Lets its holders assume the shared role";

fn describe(what: &str, share: &ShareId) -> String {
    format!("{what} (Sagebridge share {share})")
}

/// The role's [`description`], which also says what the child's policy is called: its account may be out of sight.
pub fn role_description(intent: &ShareIntent) -> String {
    format!("{WHAT_ROLE} (Sagebridge share {}, granted by {})", intent.id, intent.grant_name)
}

/// Whether a description is one of what this share made.
pub fn is_description_of(description: &str, share: &ShareId) -> bool {
    let after = description.split_once(&format!("(Sagebridge share {share}")).map(|(_, after)| after);
    after.is_some_and(|after| after.starts_with([')', ',']))
}

/// What the child's policy is called, by the role's description.
pub fn granted_by(description: &str) -> Option<&str> {
    description.split_once(", granted by ")?.1.strip_suffix(')')
}

fn pretty(value: &Value) -> String {
    PolicyDocument::parse_value(value).map_or_else(|_| value.to_string(), |document| document.pretty())
}
