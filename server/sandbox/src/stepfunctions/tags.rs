//! Tags of state machines. Executions have none.

use super::input::{arn, refuse, required};
use super::model::Machines;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most tags of a machine.
const MOST: usize = 50;

/// `tags`, checked.
pub fn given(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for tag in body.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (required(tag, "key")?, tag.get("value").and_then(Value::as_str).unwrap_or_default());
        Checks::new().length("tags.1.member.key", key, 1, 128).length("tags.1.member.value", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Failure::validation("Tag keys cannot start with 'aws:'"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::validation(format!("Duplicate tag key '{key}'")));
        }
    }
    if tags.len() > MOST {
        return Err(too_many(""));
    }
    Ok(tags)
}

fn too_many(arn: &str) -> Failure {
    refuse("TooManyTags", format!("The number of tags exceeds the limit of {MOST}")).with("resourceName", arn.into())
}

fn missing(arn: &str) -> Failure {
    refuse("ResourceNotFound", format!("Resource not found: '{arn}'")).with("resourceName", arn.into())
}

fn named<'a>(call: &'a Call<'_>, operation: &str) -> Result<(&'a str, String), Failure> {
    let text = required(&call.body, "resourceArn")?;
    let named = arn(call, text, "stateMachine", operation)?;
    if !named.here || named.parts.len() > 1 {
        return Err(missing(text));
    }
    Ok((text, named.parts[0].to_owned()))
}

/// Permission on the machine that is tagged.
pub fn target(call: &Call<'_>, operation: &str) -> Result<Needs, Failure> {
    let (text, name) = named(call, operation)?;
    let known = call.read::<Machines, _>(|all| all.machines.get(&name).map(|machine| machine.tags.clone()));
    let new = given(&call.body)?;
    let target = Target::new(text).requesting(new.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let mut target = target.tagged(&known.unwrap_or_default());
    let keys = keys(&call.body);
    if !keys.is_empty() {
        target.context.set("aws:TagKeys", keys);
    }
    Ok(target.into())
}

fn keys(body: &Value) -> Vec<String> {
    let keys = body.get("tagKeys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn change(
    call: &Call<'_>,
    operation: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<Reply, Failure> {
    let (text, name) = named(call, operation)?;
    call.change::<Machines, _>(|all| {
        let machine = all.machines.get_mut(&name).ok_or_else(|| missing(text))?;
        let mut tags = machine.tags.clone();
        change(&mut tags);
        if tags.len() > MOST {
            return Err(too_many(text));
        }
        machine.tags = tags;
        Ok(Reply::Json(json!({})))
    })
}

/// TagResource.
pub fn add(call: &Call<'_>) -> Result<Reply, Failure> {
    let new = given(&call.body)?;
    change(call, "TagResource", |tags| tags.extend(new))
}

/// UntagResource.
pub fn remove(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = keys(&call.body);
    change(call, "UntagResource", |tags| tags.retain(|key, _| !keys.contains(key)))
}

/// ListTagsForResource.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let (text, name) = named(call, "ListTagsForResource")?;
    let tags = call.read::<Machines, _>(|all| all.machines.get(&name).map(|machine| machine.tags.clone()));
    let tags = tags.ok_or_else(|| missing(text))?;
    let shown: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Ok(Reply::Json(json!({ "tags": shown })))
}
