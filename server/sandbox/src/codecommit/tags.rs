//! Tags of repositories.

use super::input::{check_repository_name, find, no_repository, no_system_tag, refuse, tags, target, text};
use super::model::Repositories;
use super::repositories::check_count;
use crate::call::{Call, Needs};
use crate::error::Failure;
use crate::protocol::Reply;
use domain::arn::Arn;
use serde_json::{Value, json};

/// The name of the repository that `resourceArn` means: of this account and region.
fn name(call: &Call<'_>) -> Result<String, Failure> {
    let text = text(&call.body, "resourceArn")?.ok_or_else(|| {
        let message = "A valid Amazon Resource Name (ARN) for an AWS CodeCommit resource is required.";
        refuse("ResourceArnRequiredException", message)
    })?;
    let found = Arn::parse(text).ok().filter(|arn| {
        arn.service() == "codecommit"
            && arn.account_id().as_ref() == Some(call.account())
            && arn.region() == call.region.as_str()
    });
    let arn =
        found.ok_or_else(|| refuse("InvalidResourceArnException", "The value for the resource ARN is not valid."))?;
    check_repository_name(arn.resource())?;
    Ok(arn.resource().to_owned())
}

/// Permission on what is tagged.
pub fn on(call: &Call<'_>) -> Result<Needs, Failure> {
    let tags = tags(&call.body)?;
    let mut target =
        target(call, &name(call)?).requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let keys: Vec<String> = keys(&call.body).map(str::to_owned).collect();
    if !keys.is_empty() {
        target.context.set("aws:TagKeys", keys);
    }
    Ok(target.into())
}

fn keys(body: &Value) -> impl Iterator<Item = &str> {
    body.get("tagKeys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// TagResource.
pub fn tag(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, new) = (name(call)?, tags(&call.body)?);
    if new.is_empty() {
        return Err(refuse("TagsMapRequiredException", "A map of tags is required."));
    }
    call.change::<Repositories, _>(|all| {
        let repository = all.get_mut(&name).ok_or_else(|| no_repository(&name))?;
        let more = new.keys().filter(|key| !repository.tags.contains_key(*key)).count();
        check_count(repository.tags.len() + more)?;
        repository.tags.extend(new);
        Ok(Reply::Json(json!({})))
    })
}

/// UntagResource.
pub fn untag(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(call)?;
    let keys: Vec<&str> = keys(&call.body).collect();
    if keys.is_empty() {
        let message = "A list of tag keys is required. The list cannot be empty or null.";
        return Err(refuse("TagKeysListRequiredException", message));
    }
    keys.iter().try_for_each(|key| no_system_tag(key))?;
    call.change::<Repositories, _>(|all| {
        let repository = all.get_mut(&name).ok_or_else(|| no_repository(&name))?;
        repository.tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(Reply::Json(json!({})))
    })
}

/// ListTagsForResource: all on one page, there are 50 at most.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::Json(json!({ "tags": find(call, &name(call)?)?.tags })))
}
