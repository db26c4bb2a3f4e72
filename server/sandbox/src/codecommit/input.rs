//! Names, paths, pages, and the refusals that several operations share.
//!
//! Rules and most texts: CodeCommit API reference; CodeCommit user guide, "Quotas in AWS CodeCommit".

use super::model::{Repositories, Repository, arn};
use crate::call::{Call, Needs, Target};
use crate::check::word;
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;

/// A refusal.
pub fn refuse(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(400, code, message)
}

/// A text that may be missing. An empty one counts as missing.
pub fn text<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(refuse("SerializationException", format!("`{name}` is not a string"))),
    }
}

/// Whether a name may be a repository's.
fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len()) && word(name, ".-") && !name.ends_with(".git")
}

/// The name of a repository in a member.
pub fn repository_name<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let name = text(body, member)?.ok_or_else(|| {
        refuse("RepositoryNameRequiredException", "A repository name is required, but was not specified.")
    })?;
    check_repository_name(name)?;
    Ok(name)
}

/// Checks a repository's name.
pub fn check_repository_name(name: &str) -> Result<(), Failure> {
    if is_name(name) {
        return Ok(());
    }
    Err(refuse(
        "InvalidRepositoryNameException",
        "The repository name is not valid. Repository names can be any valid combination of letters, numbers, periods, \
         underscores, and dashes between 1 and 100 characters in length. Names are case sensitive. Repository names \
         cannot end in .git and cannot contain any of the following characters: ! ? @ # $ % ^ & * ( ) + = { } [ ] | \\ / \
         > < ~ ` ' \" ; :",
    ))
}

/// The repository that `repositoryName` names, to ask for permission on.
pub fn on(call: &Call<'_>) -> Result<Needs, Failure> {
    on_member(call, "repositoryName").map(Needs::On)
}

/// The repository that a member names.
pub fn on_member(call: &Call<'_>, member: &str) -> Result<Target, Failure> {
    Ok(target(call, repository_name(&call.body, member)?))
}

/// The same for a change of a branch: policies may tell branches apart.
pub fn on_branch(call: &Call<'_>) -> Result<Needs, Failure> {
    let target = on_member(call, "repositoryName")?;
    Ok(match text(&call.body, "branchName")? {
        Some(branch) if branch.starts_with("refs/") => target.with("codecommit:References", branch).into(),
        Some(branch) => target.with("codecommit:References", format!("refs/heads/{branch}")).into(),
        None => target.into(),
    })
}

/// A repository, to ask for permission on.
pub fn target(call: &Call<'_>, name: &str) -> Target {
    let tags = call.read::<Repositories, _>(|all| all.get(name).map(|found| found.tags.clone()).unwrap_or_default());
    Target::new(arn(&call.region, call.account(), name)).tagged(&tags)
}

/// The refusal of a name that is not there.
pub fn no_repository(name: &str) -> Failure {
    refuse("RepositoryDoesNotExistException", format!("{name} does not exist"))
}

/// The repository of a name.
pub fn find(call: &Call<'_>, name: &str) -> Result<Repository, Failure> {
    call.read::<Repositories, _>(|all| all.get(name).cloned()).ok_or_else(|| no_repository(name))
}

/// The repository that `repositoryName` names, with the name.
pub fn repository<'a>(call: &'a Call<'_>) -> Result<(&'a str, Repository), Failure> {
    let name = repository_name(&call.body, "repositoryName")?;
    Ok((name, find(call, name)?))
}

/// The name of a branch in a member.
pub fn branch_name<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let name = text(body, member)?
        .ok_or_else(|| refuse("BranchNameRequiredException", "A branch name is required, but was not specified."))?;
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    if is_branch(name) {
        return Ok(name);
    }
    Err(refuse("InvalidBranchNameException", "The specified reference name is not valid."))
}

/// Git's rules for the names of references ("git check-ref-format").
fn is_branch(name: &str) -> bool {
    let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    (1..=256).contains(&name.chars().count())
        && !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && name != "@"
        && name.split('/').all(part)
}

/// The refusal of a branch that is not there.
pub fn no_branch(name: &str) -> Failure {
    refuse("BranchDoesNotExistException", format!("Branch {name} does not exist"))
}

/// Whether a text is a whole ID of Git.
pub fn is_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A path, without the slash that it may begin with.
pub fn path<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let path = text(body, member)?
        .ok_or_else(|| refuse("PathRequiredException", "The folderPath for a location cannot be null."))?;
    check_path(path)
}

/// Checks a path.
pub fn check_path(path: &str) -> Result<&str, Failure> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let part = |part: &str| !["", ".", ".."].contains(&part) && !part.eq_ignore_ascii_case(".git");
    if path.len() > 4096 || path.contains(|c: char| c.is_control()) || !path.split('/').all(part) {
        return Err(refuse("InvalidPathException", "The specified path is not valid."));
    }
    Ok(path)
}

/// A map of tags, checked.
pub fn tags(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let invalid = || refuse("InvalidTagsMapException", "The map of tags is not valid.");
    let mut tags = BTreeMap::new();
    let given = body.get("tags").filter(|tags| !tags.is_null());
    for (key, value) in given.map(|tags| tags.as_object().ok_or_else(invalid)).transpose()?.into_iter().flatten() {
        let value = value.as_str().ok_or_else(invalid)?;
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
            return Err(invalid());
        }
        no_system_tag(key)?;
        tags.insert(key.clone(), value.to_owned());
    }
    Ok(tags)
}

/// Refuses keys of AWS's own.
pub fn no_system_tag(key: &str) -> Result<(), Failure> {
    if key.to_ascii_lowercase().starts_with("aws:") {
        let message = "The specified tag is not valid. Key names cannot be prefixed with aws:.";
        return Err(refuse("InvalidSystemTagUsageException", message));
    }
    Ok(())
}

/// A whole number in a range; `None` if there is none.
pub fn most(body: &Value, member: &str, max: u64) -> Result<Option<usize>, Failure> {
    let Some(given) = body.get(member).filter(|given| !given.is_null()) else { return Ok(None) };
    let number = given.as_u64().filter(|number| (1..=max).contains(number));
    let number = number.and_then(|number| usize::try_from(number).ok());
    let refused = || refuse("InvalidMaxResultsException", "The specified number of maximum results is not valid.");
    number.map(Some).ok_or_else(refused)
}

/// The rows from where the token says, at most so many, and the token of what follows.
pub fn page<T>(rows: Vec<T>, most: usize, token: Option<&str>) -> Result<(Vec<T>, Option<String>), Failure> {
    let start = match token {
        None => 0,
        Some(token) => {
            let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            text.and_then(|text| text.parse::<usize>().ok()).filter(|start| *start <= rows.len()).ok_or_else(|| {
                let message = "The specified continuation token is not valid.";
                refuse("InvalidContinuationTokenException", message)
            })?
        }
    };
    let end = rows.len().min(start + most);
    let next = (end < rows.len()).then(|| URL_SAFE_NO_PAD.encode(end.to_string()));
    Ok((rows.into_iter().skip(start).take(most).collect(), next))
}

/// A fault of the sandbox's disk.
pub fn disk(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "a repository's files can't be read or written");
    Failure::internal()
}
