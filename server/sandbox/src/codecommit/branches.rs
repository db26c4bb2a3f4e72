//! Branches, and what EventBridge is told of them.

use super::input::{branch_name, is_id, no_branch, no_repository, page, refuse, repository, repository_name, text};
use super::model::{Repositories, Repository, arn};
use crate::call::Call;
use crate::error::Failure;
use crate::events::{self, Event};
use crate::protocol::Reply;
use serde_json::{Value, json};

/// How many a page has: nobody may choose.
const PAGE: usize = 1000;

/// What became of a branch.
pub enum Became<'a> {
    /// It was made, at this commit.
    Created(&'a str),
    /// It went from one commit to another.
    Updated(&'a str, &'a str),
    /// It is gone; it was at this commit.
    Deleted(&'a str),
}

/// Tells EventBridge.
///
/// Source: CodeCommit user guide, "Monitoring CodeCommit events in Amazon EventBridge".
pub fn tell(call: &Call<'_>, (name, id): (&str, &str), branch: &str, became: &Became<'_>) {
    let mut detail = json!({
        "callerUserArn": call.caller.arn,
        "referenceFullName": format!("refs/heads/{branch}"),
        "referenceName": branch,
        "referenceType": "branch",
        "repositoryId": id,
        "repositoryName": name,
    });
    let (event, new, old) = match became {
        Became::Created(new) => ("referenceCreated", Some(new), None),
        Became::Updated(old, new) => ("referenceUpdated", Some(new), Some(old)),
        Became::Deleted(old) => ("referenceDeleted", None, Some(old)),
    };
    detail["event"] = event.into();
    for (member, commit) in [("commitId", new), ("oldCommitId", old)] {
        if let Some(commit) = commit {
            detail[member] = (*commit).into();
        }
    }
    let event = Event {
        source: "aws.codecommit",
        detail_type: "CodeCommit Repository State Change",
        account: call.account().clone(),
        region: call.region.clone(),
        resources: vec![arn(&call.region, call.account(), name)],
        detail,
    };
    events::publish(call.app, event);
}

fn change<T>(
    call: &Call<'_>,
    name: &str,
    change: impl FnOnce(&mut Repository) -> Result<T, Failure>,
) -> Result<T, Failure> {
    call.change::<Repositories, _>(|all| {
        let repository = all.get_mut(name).ok_or_else(|| no_repository(name))?;
        let done = change(repository)?;
        repository.modified = call.now;
        Ok(done)
    })
}

/// CreateBranch.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, known) = repository(call)?;
    let branch = branch_name(&call.body, "branchName")?;
    let commit = text(&call.body, "commitId")?
        .ok_or_else(|| refuse("CommitIdRequiredException", "A commit ID was not specified."))?;
    if !is_id(commit) {
        return Err(refuse("InvalidCommitIdException", "The specified commit ID is not valid."));
    }
    let commit = call.app.repositories.commit(&known.id, &commit.to_ascii_lowercase()).ok_or_else(|| {
        let message =
            "The specified commit does not exist or no commit was specified, and the specified repository has no default \
             branch.";
        refuse("CommitDoesNotExistException", message)
    })?;
    change(call, name, |repository| {
        if repository.branches.contains_key(branch) {
            let message = format!("Branch {branch} already exists in repository {name}");
            return Err(refuse("BranchNameExistsException", message));
        }
        repository.branches.insert(branch.to_owned(), commit.id.clone());
        repository.default_branch.get_or_insert_with(|| branch.to_owned());
        Ok(())
    })?;
    tell(call, (name, &known.id), branch, &Became::Created(&commit.id));
    Ok(Reply::Json(json!({})))
}

/// GetBranch.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let branch = branch_name(&call.body, "branchName")?;
    let (_, known) = repository(call)?;
    let commit = known.branches.get(branch).ok_or_else(|| no_branch(branch))?;
    Ok(Reply::Json(json!({ "branch": { "branchName": branch, "commitId": commit } })))
}

/// ListBranches.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let branches = known.branches.into_keys().map(Value::from).collect();
    let (rows, next) = page(branches, PAGE, text(&call.body, "nextToken")?)?;
    let mut output = json!({ "branches": rows });
    if let Some(next) = next {
        output["nextToken"] = next.into();
    }
    Ok(Reply::Json(output))
}

/// UpdateDefaultBranch.
pub fn set_default(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = repository_name(&call.body, "repositoryName")?;
    let branch = branch_name(&call.body, "defaultBranchName")?;
    change(call, name, |repository| {
        if !repository.branches.contains_key(branch) {
            return Err(no_branch(branch));
        }
        repository.default_branch = Some(branch.to_owned());
        Ok(Reply::Json(json!({})))
    })
}

/// DeleteBranch: what was deleted, or nothing when there was nothing.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, known) = repository(call)?;
    let branch = branch_name(&call.body, "branchName")?;
    if !known.branches.contains_key(branch) {
        return Ok(Reply::Json(json!({})));
    }
    let commit = change(call, name, |repository| {
        if repository.default_branch.as_deref() == Some(branch) {
            return Err(refuse(
                "DefaultBranchCannotBeDeletedException",
                "The specified branch is the default branch for the repository, and cannot be deleted. To delete this \
                 branch, you must first set another branch as the default branch.",
            ));
        }
        repository.branches.remove(branch).ok_or_else(|| no_branch(branch))
    })?;
    tell(call, (name, &known.id), branch, &Became::Deleted(&commit));
    Ok(Reply::Json(json!({ "deletedBranch": { "branchName": branch, "commitId": commit } })))
}
