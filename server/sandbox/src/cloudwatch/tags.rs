//! Tags of alarms.

use super::input::{invalid, list, text, texts};
use super::model::{CloudWatch, arn};
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::sagemaker::input::{optional, required};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `Tags`, checked.
pub fn given(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for tag in list(body, "Tags")? {
        let (key, value) = (required(tag, "Key")?, optional(tag, "Value")?.unwrap_or_default());
        Checks::new().length("tags.1.member.key", key, 1, 128).length("tags.1.member.value", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys cannot start with aws:"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key {key}")));
        }
    }
    if tags.len() > 50 {
        return Err(invalid("The number of tags exceeds the limit of 50"));
    }
    Ok(tags)
}

/// The name of the alarm that a call names by its ARN.
fn named(call: &Call<'_>) -> Result<String, Failure> {
    let text = text(&call.body, "ResourceARN", 1024)?;
    let own = arn(&call.region, call.account(), "");
    let name =
        text.strip_prefix(&own).ok_or_else(|| invalid(format!("{text} is no alarm of this account and region.")))?;
    Ok(name.to_owned())
}

/// Permission on the alarm.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = named(call)?;
    let known = call.read::<CloudWatch, _>(|known| known.alarms.get(&name).map(|alarm| alarm.tags.clone()));
    let tags = given(&call.body)?;
    let mut target = Target::new(arn(&call.region, call.account(), &name))
        .tagged(&known.unwrap_or_default())
        .requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let keys = texts(&call.body, "TagKeys")?;
    if !keys.is_empty() {
        target.context.set("aws:TagKeys", keys.into_iter().map(str::to_owned).collect());
    }
    Ok(target.into())
}

fn unknown(name: &str) -> Failure {
    Failure::new(404, "ResourceNotFoundException", format!("Unknown alarm {name}"))
        .with("ResourceType", "Alarm".into())
        .with("ResourceId", name.into())
}

fn change(call: &Call<'_>, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Result<Reply, Failure> {
    let name = named(call)?;
    call.change::<CloudWatch, _>(|known| {
        let alarm = known.alarms.get_mut(&name).ok_or_else(|| unknown(&name))?;
        change(&mut alarm.tags);
        Ok(Reply::Json(json!({})))
    })
}

/// TagResource.
pub fn add(call: &Call<'_>) -> Result<Reply, Failure> {
    let new = given(&call.body)?;
    change(call, |tags| tags.extend(new))
}

/// UntagResource.
pub fn remove(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = texts(&call.body, "TagKeys")?;
    change(call, |tags| tags.retain(|key, _| !keys.contains(&key.as_str())))
}

/// ListTagsForResource.
pub fn show(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = named(call)?;
    call.read::<CloudWatch, _>(|known| {
        let alarm = known.alarms.get(&name).ok_or_else(|| unknown(&name))?;
        let tags: Vec<Value> = alarm.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        Ok(Reply::Json(json!({ "Tags": tags })))
    })
}
