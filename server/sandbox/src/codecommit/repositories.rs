//! Repositories: made, described, renamed, listed, deleted.

use super::input::{
    check_repository_name, find, no_repository, on_member, page, refuse, repository_name, tags, target, text,
};
use super::model::{Repositories, Repository, arn};
use crate::call::{Call, Needs};
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// How many a page has: nobody may choose.
const PAGE: usize = 1000;
/// What BatchGetRepositories may ask for.
const BATCH: usize = 100;

fn described(call: &Call<'_>, name: &str, repository: &Repository) -> Value {
    let host = format!("git-codecommit.{}.amazonaws.com/v1/repos/{name}", call.region);
    let mut shown = json!({
        "accountId": call.account(),
        "repositoryId": repository.id,
        "repositoryName": name,
        "lastModifiedDate": epoch_seconds(repository.modified),
        "creationDate": epoch_seconds(repository.created),
        "cloneUrlHttp": format!("https://{host}"),
        "cloneUrlSsh": format!("ssh://{host}"),
        "Arn": arn(&call.region, call.account(), name),
    });
    let more = [
        ("repositoryDescription", &repository.description),
        ("defaultBranch", &repository.default_branch),
        ("kmsKeyId", &repository.key),
    ];
    for (member, value) in more {
        if let Some(value) = value {
            shown[member] = value.as_str().into();
        }
    }
    shown
}

/// The repository to make, with the tags it shall have.
pub fn new_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let tags = tags(&call.body)?;
    let target = on_member(call, "repositoryName")?;
    Ok(target.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))).into())
}

fn description(body: &Value) -> Result<Option<String>, Failure> {
    match text(body, "repositoryDescription")? {
        Some(text) if text.chars().count() > 1000 => {
            let message = "The specified repository description is not valid.";
            Err(refuse("InvalidRepositoryDescriptionException", message))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn taken(name: &str) -> Failure {
    refuse("RepositoryNameExistsException", format!("Repository named {name} already exists"))
}

/// The most tags that something may have.
pub fn check_count(count: usize) -> Result<(), Failure> {
    if count > 50 {
        let message = "The maximum number of tags for an AWS CodeCommit resource has been exceeded.";
        return Err(refuse("TooManyTagsException", message));
    }
    Ok(())
}

/// CreateRepository.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = repository_name(&call.body, "repositoryName")?;
    let tags = tags(&call.body)?;
    check_count(tags.len())?;
    let repository = Repository {
        id: ids::request(),
        description: description(&call.body)?,
        key: text(&call.body, "kmsKeyId")?.map(str::to_owned),
        created: call.now,
        modified: call.now,
        default_branch: None,
        branches: Default::default(),
        tags,
    };
    let shown = described(call, name, &repository);
    call.change::<Repositories, _>(|all| {
        if all.contains_key(name) {
            return Err(taken(name));
        }
        all.insert(name.to_owned(), repository);
        Ok(Reply::Json(json!({ "repositoryMetadata": shown })))
    })
}

/// GetRepository.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = repository_name(&call.body, "repositoryName")?;
    Ok(Reply::Json(json!({ "repositoryMetadata": described(call, name, &find(call, name)?) })))
}

fn names<'a>(call: &'a Call<'_>) -> Result<Vec<&'a str>, Failure> {
    let given = call.body.get("repositoryNames").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<&str> = given.filter_map(Value::as_str).collect();
    match names.len() {
        0 => Err(refuse(
            "RepositoryNamesRequiredException",
            "At least one repository name object is required, but was not specified.",
        )),
        1..=BATCH => names.iter().try_for_each(|name| check_repository_name(name)).map(|()| names),
        _ => Err(refuse(
            "MaximumRepositoryNamesExceededException",
            "The maximum number of allowed repository names was exceeded. Currently, this number is 100.",
        )),
    }
}

/// Each of the repositories that BatchGetRepositories names.
pub fn batch_target(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Needs::All(names(call)?.into_iter().map(|name| target(call, name)).collect()))
}

/// BatchGetRepositories.
pub fn batch_get(call: &Call<'_>) -> Result<Reply, Failure> {
    let names = names(call)?;
    Ok(call.read::<Repositories, _>(|all| {
        let (found, missing): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| all.contains_key(**name));
        let found: Vec<Value> = found.iter().filter_map(|name| Some(described(call, name, all.get(*name)?))).collect();
        Reply::Json(json!({ "repositories": found, "repositoriesNotFound": missing, "errors": [] }))
    }))
}

/// ListRepositories.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sort_by, order) = (text(&call.body, "sortBy")?, text(&call.body, "order")?);
    let (by_date, descending) = (sort_by == Some("lastModifiedDate"), order == Some("descending"));
    if !by_date && sort_by.is_some_and(|by| by != "repositoryName") {
        return Err(refuse("InvalidSortByException", "The specified sort by value is not valid."));
    }
    if !descending && order.is_some_and(|order| order != "ascending") {
        return Err(refuse("InvalidOrderException", "The specified sort order is not valid."));
    }
    let mut rows = call.read::<Repositories, _>(|all| {
        let row = |(name, known): (&String, &Repository)| (known.modified, name.clone(), known.id.clone());
        all.iter().map(row).collect::<Vec<_>>()
    });
    if by_date {
        rows.sort();
    }
    if descending {
        rows.reverse();
    }
    let (rows, next) = page(rows, PAGE, text(&call.body, "nextToken")?)?;
    let rows: Vec<Value> =
        rows.into_iter().map(|(_, name, id)| json!({ "repositoryName": name, "repositoryId": id })).collect();
    let mut output = json!({ "repositories": rows });
    if let Some(next) = next {
        output["nextToken"] = next.into();
    }
    Ok(Reply::Json(output))
}

/// UpdateRepositoryName.
pub fn rename(call: &Call<'_>) -> Result<Reply, Failure> {
    let (old, new) = (repository_name(&call.body, "oldName")?, repository_name(&call.body, "newName")?);
    call.change::<Repositories, _>(|all| {
        if !all.contains_key(old) {
            return Err(no_repository(old));
        }
        if all.contains_key(new) {
            return Err(taken(new));
        }
        if let Some(mut repository) = all.remove(old) {
            repository.modified = call.now;
            all.insert(new.to_owned(), repository);
        }
        Ok(Reply::Json(json!({})))
    })
}

/// UpdateRepositoryDescription.
pub fn describe_anew(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = repository_name(&call.body, "repositoryName")?;
    let description = description(&call.body)?;
    call.change::<Repositories, _>(|all| {
        let repository = all.get_mut(name).ok_or_else(|| no_repository(name))?;
        repository.description = description;
        repository.modified = call.now;
        Ok(Reply::Json(json!({})))
    })
}

/// DeleteRepository: the ID of what was deleted, or nothing when there was nothing.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = repository_name(&call.body, "repositoryName")?;
    if call.read::<Repositories, _>(|all| !all.contains_key(name)) {
        return Ok(Reply::Json(json!({})));
    }
    let gone = call.change::<Repositories, _>(|all| Ok(all.remove(name)))?;
    Ok(Reply::Json(match gone {
        Some(repository) => {
            let (id, generation) = (repository.id.clone(), call.generation.load(Ordering::Relaxed));
            // Not before the state on disk is without it.
            call.app.background.begin(move |app| async move {
                if app.store.durable(generation).await {
                    app.repositories.remove(&id);
                }
            });
            json!({ "repositoryId": repository.id })
        }
        None => json!({}),
    }))
}
