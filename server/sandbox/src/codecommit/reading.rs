//! Reading what was committed: commits, files, folders, differences.

use super::git::{Commit, Entry, File, Files, Kind, Mode};
use super::input::{check_path, disk, is_id, most, page, path, refuse, repository, text};
use super::model::Repository;
use crate::call::Call;
use crate::error::Failure;
use crate::protocol::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What GetDifferences and ListFileCommitHistory give unless they are told.
const PAGE: usize = 100;
/// What BatchGetCommits may ask for.
const BATCH: usize = 100;
/// What GetFile and GetBlob give at most.
const FILE_LIMIT: usize = 6_291_456;

/// The refusal of a commit that is not there.
pub fn no_commit() -> Failure {
    refuse(
        "CommitDoesNotExistException",
        "The specified commit does not exist or no commit was specified, and the specified repository has no default \
         branch.",
    )
}

/// The commit that a specifier means: an ID, a branch, a reference, `HEAD` or nothing.
pub fn resolve(call: &Call<'_>, repository: &Repository, specifier: Option<&str>) -> Result<Commit, Failure> {
    let specifier = specifier.filter(|text| !text.is_empty() && *text != "HEAD");
    let branch = match specifier {
        None => repository.default_branch.as_deref(),
        Some(text) => Some(text.strip_prefix("refs/heads/").unwrap_or(text)),
    };
    let tip = branch.and_then(|branch| repository.branches.get(branch)).map(String::as_str);
    let given = specifier.filter(|text| is_id(text)).map(str::to_ascii_lowercase);
    let id = tip.or(given.as_deref()).ok_or_else(no_commit)?;
    call.app.repositories.commit(&repository.id, id).ok_or_else(no_commit)
}

fn shown(commit: &Commit) -> Value {
    let author = &commit.author;
    let person = json!({ "name": author.name, "email": author.email, "date": author.date() });
    json!({
        "commitId": commit.id,
        "treeId": commit.tree,
        "parents": commit.parents,
        "message": commit.message,
        "author": person,
        "committer": person,
        "additionalData": "",
    })
}

/// GetCommit.
pub fn commit(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let id = text(&call.body, "commitId")?
        .ok_or_else(|| refuse("CommitIdRequiredException", "A commit ID was not specified."))?;
    if !is_id(id) {
        return Err(refuse("InvalidCommitIdException", "The specified commit ID is not valid."));
    }
    let found = call.app.repositories.commit(&known.id, &id.to_ascii_lowercase());
    let found =
        found.ok_or_else(|| refuse("CommitIdDoesNotExistException", "The specified commit ID does not exist."))?;
    Ok(Reply::Json(json!({ "commit": shown(&found) })))
}

/// BatchGetCommits.
pub fn commits(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let given = call.body.get("commitIds").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> = given.filter_map(Value::as_str).collect();
    match ids.len() {
        0 => {
            let message = "A list of commit IDs is required, but was either not specified or the list was empty.";
            return Err(refuse("CommitIdsListRequiredException", message));
        }
        1..=BATCH => {}
        _ => {
            return Err(refuse(
                "CommitIdsLimitExceededException",
                "The maximum number of allowed commit IDs in a batch request is 100. Verify that your batch requests \
                 contains no more than 100 commit IDs, and then try again.",
            ));
        }
    }
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match call.app.repositories.commit(&known.id, &id.to_ascii_lowercase()) {
            Some(commit) => found.push(shown(&commit)),
            None => {
                let (code, message) = match is_id(id) {
                    true => ("CommitIdDoesNotExistException", "The specified commit ID does not exist."),
                    false => ("InvalidCommitIdException", "The specified commit ID is not valid."),
                };
                errors.push(json!({ "commitId": id, "errorCode": code, "errorMessage": message }));
            }
        }
    }
    Ok(Reply::Json(json!({ "commits": found, "errors": errors })))
}

fn content(call: &Call<'_>, repository: &Repository, blob: &str) -> Result<Vec<u8>, Failure> {
    let found = call.app.repositories.read(&repository.id, Kind::Blob, blob);
    let found = found.ok_or_else(|| disk(format!("the object {blob} is missing")))?;
    within_limit(found)
}

fn within_limit(content: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if content.len() > FILE_LIMIT {
        let message = "The specified file exceeds the file size limit for AWS CodeCommit.";
        return Err(refuse("FileTooLargeException", message));
    }
    Ok(content)
}

/// GetBlob.
pub fn blob(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let id = text(&call.body, "blobId")?
        .ok_or_else(|| refuse("BlobIdRequiredException", "A blob ID is required, but was not specified."))?;
    if !is_id(id) {
        return Err(refuse("InvalidBlobIdException", "The specified blob is not valid."));
    }
    let found = call.app.repositories.read(&known.id, Kind::Blob, &id.to_ascii_lowercase());
    let found = found.ok_or_else(|| refuse("BlobIdDoesNotExistException", "The specified blob does not exist."))?;
    Ok(Reply::Json(json!({ "content": STANDARD.encode(within_limit(found)?) })))
}

/// The refusal of a file that is not there.
pub fn no_file() -> Failure {
    refuse(
        "FileDoesNotExistException",
        "The specified file does not exist. Verify that you have used the correct file name, full path, and extension.",
    )
}

/// GetFile.
pub fn file(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let path = path(&call.body, "filePath")?;
    let commit = resolve(call, &known, text(&call.body, "commitSpecifier")?)?;
    let file = call.app.repositories.file(&known.id, &commit.tree, path).ok_or_else(no_file)?;
    let content = content(call, &known, &file.blob)?;
    Ok(Reply::Json(json!({
        "commitId": commit.id,
        "blobId": file.blob,
        "filePath": path,
        "fileMode": file.mode.name(),
        "fileSize": content.len(),
        "fileContent": STANDARD.encode(content),
    })))
}

/// GetFolder: what is directly in it.
pub fn folder(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    // An empty path is the root here, as is a slash.
    let given = call.body.get("folderPath").and_then(Value::as_str);
    let given = given
        .ok_or_else(|| refuse("PathRequiredException", "The folderPath for a location cannot be null."))?
        .trim_matches('/');
    let path = if given.is_empty() { given } else { check_path(given)? };
    let commit = resolve(call, &known, text(&call.body, "commitSpecifier")?)?;
    let objects = &call.app.repositories;
    let Some(Entry::Folder(tree)) = objects.at(&known.id, &commit.tree, path) else {
        return Err(refuse(
            "FolderDoesNotExistException",
            "The specified folder does not exist. Either the folder name is not correct, or you did not enter the full \
             path to the folder.",
        ));
    };
    let (mut folders, mut files, mut links) = (Vec::new(), Vec::new(), Vec::new());
    for (name, entry) in objects.entries(&known.id, &tree).ok_or_else(|| disk("a tree is missing"))? {
        let absolute = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        match entry {
            Entry::Folder(tree) => {
                folders.push(json!({ "treeId": tree, "absolutePath": absolute, "relativePath": name }));
            }
            Entry::File(File { mode, blob }) => {
                let list = if mode == Mode::Symlink { &mut links } else { &mut files };
                list.push(json!({
                    "blobId": blob,
                    "absolutePath": absolute,
                    "relativePath": name,
                    "fileMode": mode.name(),
                }));
            }
        }
    }
    Ok(Reply::Json(json!({
        "commitId": commit.id,
        "folderPath": path,
        "treeId": tree,
        "subFolders": folders,
        "files": files,
        "symbolicLinks": links,
        "subModules": [],
    })))
}

/// The files of a commit at or below a path.
fn files_below(call: &Call<'_>, repository: &Repository, commit: &Commit, below: &str) -> Result<Files, Failure> {
    let mut files =
        call.app.repositories.files(&repository.id, &commit.tree).ok_or_else(|| disk("a tree is missing"))?;
    let inside = |path: &str| {
        below.is_empty() || path.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    files.retain(|path, _| inside(path));
    if files.is_empty() && !below.is_empty() {
        return Err(refuse("PathDoesNotExistException", "The specified path does not exist."));
    }
    Ok(files)
}

/// GetDifferences.
pub fn differences(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let body = &call.body;
    let after = text(body, "afterCommitSpecifier")?
        .ok_or_else(|| refuse("CommitRequiredException", "A commit was not specified."))?;
    let most = most(body, "MaxResults", 400)?.unwrap_or(PAGE);
    let below = |member: &str| match text(body, member)?.map(|path| path.trim_matches('/')) {
        None | Some("") => Ok(""),
        Some(path) => check_path(path),
    };
    let after = files_below(call, &known, &resolve(call, &known, Some(after))?, below("afterPath")?)?;
    let before = match text(body, "beforeCommitSpecifier")? {
        None => Files::new(),
        Some(before) => files_below(call, &known, &resolve(call, &known, Some(before))?, below("beforePath")?)?,
    };
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |path: &str, file: &File| json!({ "blobId": file.blob, "path": path, "mode": file.mode.digits() });
    let mut rows = Vec::new();
    for path in paths {
        rows.push(match (before.get(path), after.get(path)) {
            (None, Some(new)) => json!({ "afterBlob": of(path, new), "changeType": "A" }),
            (Some(old), None) => json!({ "beforeBlob": of(path, old), "changeType": "D" }),
            (Some(old), Some(new)) if old != new => {
                json!({ "beforeBlob": of(path, old), "afterBlob": of(path, new), "changeType": "M" })
            }
            _ => continue,
        });
    }
    let (rows, next) = page(rows, most, text(body, "NextToken")?)?;
    let mut output = json!({ "differences": rows });
    if let Some(next) = next {
        output["NextToken"] = next.into();
    }
    Ok(Reply::Json(output))
}

/// ListFileCommitHistory: the commits that gave a file another content, the newest first.
pub fn history(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, known) = repository(call)?;
    let path = path(&call.body, "filePath")?;
    let most = most(&call.body, "maxResults", 100)?.unwrap_or(PAGE);
    let objects = &call.app.repositories;
    let blob = |commit: &Commit| objects.file(&known.id, &commit.tree, path).map(|file| file.blob);
    let mut next_commit = Some(resolve(call, &known, text(&call.body, "commitSpecifier")?)?);
    let (mut rows, mut newer): (Vec<Value>, Option<String>) = (Vec::new(), None);
    while let Some(commit) = next_commit {
        let parent = commit.parents.first().and_then(|id| objects.commit(&known.id, id));
        let (now, before) = (blob(&commit), parent.as_ref().and_then(blob));
        if let Some(now) = now.filter(|now| before.as_ref() != Some(now)) {
            let children: Vec<String> = newer.into_iter().collect();
            rows.push(json!({ "commit": shown(&commit), "blobId": now, "path": path, "revisionChildren": children }));
            newer = Some(commit.id);
        }
        next_commit = parent;
    }
    let (rows, next) = page(rows, most, text(&call.body, "nextToken")?)?;
    let mut output = json!({ "revisionDag": rows });
    if let Some(next) = next {
        output["nextToken"] = next.into();
    }
    Ok(Reply::Json(output))
}
