//! Tags of models, endpoint configs, endpoints, inference components and training jobs.

use super::input;
use super::model::SageMaker;
use crate::authorize;
use crate::call::{Call, Needs, Target};
use crate::error::Failure;
use crate::protocol::Reply;
use domain::arn::Arn;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The tags of something to be made. Giving any needs the permission to tag.
pub fn for_new(call: &Call<'_>, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    let tags = input::tags(&call.body)?;
    if !tags.is_empty() {
        authorize::require(call, "sagemaker:AddTags", input::target_with_tags(arn, &call.body)?)?;
    }
    Ok(tags)
}

/// The ARN that the call names: of this account and region.
fn arn(call: &Call<'_>) -> Result<String, Failure> {
    let text = input::required(&call.body, "ResourceArn")?.to_ascii_lowercase();
    let arn = Arn::parse(&text).map_err(|_| Failure::validation(format!("{text} is not an ARN")))?;
    if arn.account_id().as_ref() != Some(call.account()) || arn.region() != call.region.as_str() {
        return Err(Failure::validation(format!("The resource {text} is not in this account and region.")));
    }
    Ok(text)
}

/// Permission on what is tagged.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let arn = arn(call)?;
    let known = call.read_sagemaker(|sagemaker| sagemaker.tags.get(&arn).cloned().unwrap_or_default());
    let mut target: Target = input::target_with_tags(&arn, &call.body)?.tagged(&known);
    let keys = keys(&call.body);
    if !keys.is_empty() {
        target.context.set("aws:TagKeys", keys);
    }
    Ok(target.into())
}

fn keys(body: &Value) -> Vec<String> {
    let keys = body.get("TagKeys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn exists(sagemaker: &SageMaker, arn: &str) -> bool {
    let (kind, name) = Arn::parse(arn)
        .ok()
        .and_then(|arn| arn.resource().split_once('/').map(|(kind, name)| (kind.to_owned(), name.to_owned())))
        .unwrap_or_default();
    match kind.as_str() {
        "model" => sagemaker.models.contains_key(&name),
        "endpoint-config" => sagemaker.configs.contains_key(&name),
        "endpoint" => sagemaker.endpoints.contains_key(&name),
        "training-job" => sagemaker.jobs.contains_key(&name),
        "inference-component" => sagemaker.components.contains_key(&name),
        _ => false,
    }
}

fn list_of(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<Value, Failure>,
) -> Result<Reply, Failure> {
    let arn = arn(call)?;
    call.change_sagemaker(|sagemaker| {
        if !exists(sagemaker, &arn) {
            return Err(Failure::new(400, "ResourceNotFound", format!("Resource {arn} does not exist.")));
        }
        change(sagemaker.tags.entry(arn.clone()).or_default())
    })
    .map(Reply::Json)
}

/// AddTags.
pub fn add(call: &Call<'_>) -> Result<Reply, Failure> {
    let new = input::tags(&call.body)?;
    change(call, |tags| {
        tags.extend(new);
        Ok(json!({ "Tags": list_of(tags) }))
    })
}

/// DeleteTags.
pub fn remove(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = keys(&call.body);
    change(call, |tags| {
        tags.retain(|key, _| !keys.contains(key));
        Ok(json!({}))
    })
}

/// ListTags: all on one page, there are 50 at most.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let arn = arn(call)?;
    call.read_sagemaker(|sagemaker| {
        if !exists(sagemaker, &arn) {
            return Err(Failure::new(400, "ResourceNotFound", format!("Resource {arn} does not exist.")));
        }
        let tags = sagemaker.tags.get(&arn).map_or_else(|| json!([]), list_of);
        Ok(Reply::Json(json!({ "Tags": tags })))
    })
}
