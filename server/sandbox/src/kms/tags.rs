//! Tags of keys.

use super::access::target;
use super::find::{Found, find_own};
use super::input::{page, tags, within_tag_limit};
use super::keys::change;
use crate::authorize;
use crate::call::{Call, Target};
use crate::error::Failure;
use crate::protocol::Reply;
use domain::evaluate::Context;
use serde_json::{Value, json};

fn permitted(call: &Call<'_>, action: &str, more: impl FnOnce(Target) -> Target) -> Result<Found, Failure> {
    let found = find_own(call, action)?;
    let (target, policy) = (more(target(call, &found, Context::new())), found.key.parsed_policy());
    authorize::require_on_key(call, action, target, found.account.clone(), policy.as_ref())?;
    Ok(found)
}

/// TagResource.
pub fn tag(call: &Call<'_>) -> Result<Reply, Failure> {
    let new = tags(call)?;
    let pairs = || new.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let found = permitted(call, "kms:TagResource", |target| target.requesting(pairs()))?;
    found.own()?;
    found.not_going()?;
    let mut all = found.key.tags.clone();
    all.extend(new.clone());
    within_tag_limit(&all)?;
    change(call, &found, |key| key.tags = all)?;
    Ok(Reply::Json(json!({})))
}

/// UntagResource.
pub fn untag(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = call.body.get("TagKeys").and_then(Value::as_array).into_iter().flatten();
    let keys: Vec<String> = keys.filter_map(Value::as_str).map(str::to_owned).collect();
    let found = permitted(call, "kms:UntagResource", |mut target| {
        target.context.set("aws:TagKeys", keys.clone());
        target
    })?;
    found.own()?;
    found.not_going()?;
    change(call, &found, |key| key.tags.retain(|tag, _| !keys.contains(tag)))?;
    Ok(Reply::Json(json!({})))
}

/// ListResourceTags.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = permitted(call, "kms:ListResourceTags", |target| target)?;
    let row = |(key, value): (&String, &String)| (key.clone(), json!({ "TagKey": key, "TagValue": value }));
    page(call, "Tags", found.key.tags.iter().map(row).collect(), 50, 50).map(Reply::Json)
}
