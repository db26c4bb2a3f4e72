//! Tags of rules and of the bus.

use super::input::{check_tags, no_rule, tags};
use super::model::{Rules, bus_arn, rule_arn};
use super::put::tagged;
use crate::call::{Call, Needs, Target};
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn keys(body: &Value) -> Vec<String> {
    let keys = body.get("TagKeys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Permission on what is tagged.
pub fn on(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = tagged(call)?;
    let new = tags(&call.body)?;
    let arn = match &name {
        Some(name) => rule_arn(&call.region, call.account(), name),
        None => bus_arn(&call.region, call.account()),
    };
    let known = call.read::<Rules, _>(|all| of(all, name.as_deref()).cloned()).unwrap_or_default();
    let mut target =
        Target::new(arn).tagged(&known).requesting(new.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let keys = keys(&call.body);
    if !keys.is_empty() {
        target.context.set("aws:TagKeys", keys);
    }
    Ok(target.into())
}

fn of<'r>(all: &'r Rules, name: Option<&str>) -> Option<&'r BTreeMap<String, String>> {
    match name {
        None => Some(&all.bus_tags),
        Some(name) => all.rules.get(name).map(|rule| &rule.tags),
    }
}

fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Failure>,
) -> Result<Reply, Failure> {
    let name = tagged(call)?;
    call.change::<Rules, _>(|all| {
        let tags = match &name {
            None => &mut all.bus_tags,
            Some(name) => &mut all.rules.get_mut(name).ok_or_else(|| no_rule(name))?.tags,
        };
        change(tags)?;
        Ok(Reply::Json(json!({})))
    })
}

/// TagResource.
pub fn tag(call: &Call<'_>) -> Result<Reply, Failure> {
    let new = tags(&call.body)?;
    change(call, |known| {
        let mut all = known.clone();
        all.extend(new);
        check_tags(&all)?;
        *known = all;
        Ok(())
    })
}

/// UntagResource.
pub fn untag(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = keys(&call.body);
    change(call, |known| {
        known.retain(|key, _| !keys.contains(key));
        Ok(())
    })
}

/// ListTagsForResource.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = tagged(call)?;
    let missing = || no_rule(name.as_deref().unwrap_or_default());
    let tags = call.read::<Rules, _>(|all| of(all, name.as_deref()).cloned()).ok_or_else(missing)?;
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(Reply::Json(json!({ "Tags": tags })))
}
