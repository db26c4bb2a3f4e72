//! Key policies. A key has one, called `default`.
//!
//! Source: KMS API reference, PutKeyPolicy; KMS developer guide, "Key policies".

use super::access::permit;
use super::find::find_own;
use super::input::{flag, not_found, optional, page, refuse, text};
use super::keys::change;
use crate::authorize;
use crate::call::{Call, Target};
use crate::error::Failure;
use crate::iam::documents;
use crate::protocol::Reply;
use domain::evaluate::{Context, NamedPolicy};
use domain::policy::{PolicyDocument, validate_resource};
use serde_json::json;

/// The only name a key's policy has.
const NAME: &str = "default";
/// The most a policy has, in bytes.
const MOST_BYTES: usize = 32 * 1024;

fn malformed(message: impl Into<String>) -> Failure {
    refuse("MalformedPolicyDocumentException", message)
}

/// A policy for a key as it is stored, unless something is wrong with it. Without `bypass`, it must let the caller
/// change it again.
pub fn to_store(call: &Call<'_>, key: &str, given: &str, bypass: bool) -> Result<String, Failure> {
    if given.len() > MOST_BYTES {
        return Err(refuse("LimitExceededException", "The key policy exceeds the maximum size of 32 KB."));
    }
    let mut document = PolicyDocument::parse(given).map_err(|error| malformed(error.to_string()))?;
    validate_resource(&document).map_err(|error| malformed(error.message))?;
    let foreign = document.statements.iter().flat_map(|statement| &statement.action.patterns).any(|action| {
        let action = action.as_str();
        action != "*" && !action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("kms:"))
    });
    if foreign {
        return Err(malformed("Policy contains a statement with one or more invalid actions."));
    }
    documents::principals_to_ids(&call.app.store.read(), &mut document)
        .map_err(|_| malformed("Policy contains a statement with one or more invalid principals."))?;
    let stored = document.pretty();
    let policy = NamedPolicy::new("key policy", document);
    let target = Target::new(key).with("kms:CallerAccount", call.account().as_str());
    if !bypass && !authorize::key_would_allow(call, "kms:PutKeyPolicy", target, &policy) {
        return Err(malformed("The new key policy will not allow you to update the key policy in the future."));
    }
    Ok(stored)
}

fn check_name(call: &Call<'_>) -> Result<(), Failure> {
    match optional(call, "PolicyName")? {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(not_found("No such policy exists")),
    }
}

/// GetKeyPolicy.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = find_own(call, "kms:GetKeyPolicy")?;
    permit(call, "kms:GetKeyPolicy", &found, Context::new())?;
    check_name(call)?;
    let shown = documents::to_show(&call.app.store.read(), &found.key.policy);
    Ok(Reply::Json(json!({ "Policy": shown, "PolicyName": NAME })))
}

/// PutKeyPolicy.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let bypass = flag(call, "BypassPolicyLockoutSafetyCheck");
    let found = find_own(call, "kms:PutKeyPolicy")?;
    let context = Context::new().with("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string());
    permit(call, "kms:PutKeyPolicy", &found, context)?;
    found.own()?;
    check_name(call)?;
    let stored = to_store(call, &found.arn(), text(call, "Policy")?, bypass)?;
    change(call, &found, |key| key.policy = stored)?;
    Ok(Reply::Json(json!({})))
}

/// ListKeyPolicies.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = find_own(call, "kms:ListKeyPolicies")?;
    permit(call, "kms:ListKeyPolicies", &found, Context::new())?;
    page(call, "PolicyNames", vec![(NAME.to_owned(), NAME.into())], 100, 1000).map(Reply::Json)
}
