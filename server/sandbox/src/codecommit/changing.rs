//! Changing what is at the tip of a branch: PutFile, DeleteFile and CreateCommit.
//!
//! Rules and texts: CodeCommit API reference.

use super::branches::{Became, tell};
use super::git::{self, Commit, File, Files, Kind, Mode, Object, Person};
use super::input::{branch_name, check_path, disk, is_id, no_branch, no_repository, path, refuse, repository, text};
use super::model::{Repositories, Repository};
use super::reading::no_file;
use crate::call::Call;
use crate::error::Failure;
use crate::protocol::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a file may have.
const FILE_LIMIT: usize = 6_291_456;
/// What all files of a commit may have together.
const COMMIT_LIMIT: usize = 7 * 1024 * 1024;
/// How many files a commit may change.
const ENTRIES: usize = 100;
/// What a message may have.
const MESSAGE_LIMIT: usize = 256 * 1024;
/// What keeps a folder that has nothing else.
const KEEP: &str = ".gitkeep";

/// A branch that is about to get another commit.
struct Change<'c> {
    name: &'c str,
    repository: Repository,
    branch: &'c str,
    tip: Option<Commit>,
    /// The files at the tip.
    before: Files,
    /// What they become.
    files: Files,
    /// Bytes of new content so far.
    size: usize,
}

/// What came of it.
struct Made {
    commit: String,
    tree: String,
}

fn begin<'c>(call: &'c Call<'_>) -> Result<Change<'c>, Failure> {
    let (name, repository) = repository(call)?;
    let branch = branch_name(&call.body, "branchName")?;
    let parent = text(&call.body, "parentCommitId")?;
    if !repository.branches.is_empty() && !repository.branches.contains_key(branch) {
        return Err(no_branch(branch));
    }
    let tip = parent_of(call, &repository, branch, parent)?;
    let before = match &tip {
        Some(tip) => call.app.repositories.files(&repository.id, &tip.tree).ok_or_else(|| disk("a tree is missing"))?,
        None => Files::new(),
    };
    let files = before.clone();
    Ok(Change { name, repository, branch, tip, before, files, size: 0 })
}

/// The tip of the branch, if `parent` is its ID; nothing in an empty repository.
fn parent_of(
    call: &Call<'_>,
    repository: &Repository,
    branch: &str,
    parent: Option<&str>,
) -> Result<Option<Commit>, Failure> {
    let parent = match (parent, repository.branches.is_empty()) {
        (None, true) => return Ok(None),
        (None, false) => {
            return Err(refuse(
                "ParentCommitIdRequiredException",
                "A parent commit ID is required. To view the full commit ID of a branch in a repository, use GetBranch \
                 or a Git command (for example, git pull or git log).",
            ));
        }
        (Some(parent), _) => parent.to_ascii_lowercase(),
    };
    if !is_id(&parent) {
        return Err(refuse(
            "InvalidParentCommitIdException",
            "The parent commit ID is not valid. The commit ID cannot be empty, and must match the head commit ID for \
             the branch of the repository where you want to add or update a file.",
        ));
    }
    let commit = call.app.repositories.commit(&repository.id, &parent).ok_or_else(|| {
        refuse(
            "ParentCommitDoesNotExistException",
            "The parent commit ID is not valid because it does not exist. The specified parent commit ID does not \
             exist in the specified branch of the repository.",
        )
    })?;
    if repository.branches.get(branch) != Some(&commit.id) {
        return Err(outdated());
    }
    Ok(Some(commit))
}

fn outdated() -> Failure {
    refuse(
        "ParentCommitIdOutdatedException",
        "The file could not be added because the provided parent commit ID is not the current tip of the specified \
         branch. To view the full commit ID of the current head of the branch, use GetBranch.",
    )
}

fn mode(body: &Value) -> Result<Option<Mode>, Failure> {
    let Some(name) = text(body, "fileMode")? else { return Ok(None) };
    Mode::parse(name).map(Some).ok_or_else(|| {
        let message = "The specified file mode permission is not valid. For a list of valid file mode permissions, see \
                       PutFile.";
        refuse("InvalidFileModeException", message)
    })
}

/// A file's content in a member; `None` if it is missing or empty.
fn content(body: &Value, member: &str) -> Result<Option<Vec<u8>>, Failure> {
    let Some(text) = text(body, member)? else { return Ok(None) };
    let unreadable = |_| refuse("SerializationException", format!("`{member}` is not in base64"));
    let content = STANDARD.decode(text).map_err(unreadable)?;
    if content.len() > FILE_LIMIT {
        return Err(too_large());
    }
    Ok(Some(content))
}

fn too_large() -> Failure {
    refuse(
        "FileContentSizeLimitExceededException",
        "The file cannot be added because it is too large. The maximum file size is 6 MB, and the combined file content \
         change size is 7 MB. Consider making these changes using a Git client.",
    )
}

impl Change<'_> {
    /// Keeps a content and gives its ID.
    fn keep(&mut self, call: &Call<'_>, content: &[u8]) -> Result<String, Failure> {
        self.size += content.len();
        if self.size > COMMIT_LIMIT {
            return Err(too_large());
        }
        let blob = Object::new(Kind::Blob, content);
        call.app.repositories.write(&self.repository.id, &blob).map_err(disk)?;
        Ok(blob.id)
    }

    /// Puts a file, where no folder is and below no file.
    fn put(&mut self, path: &str, file: File) -> Result<(), Failure> {
        let below = format!("{path}/");
        if self.files.range(below.clone()..).next().is_some_and(|(known, _)| known.starts_with(&below)) {
            return Err(refuse(
                "FileNameConflictsWithDirectoryNameException",
                "A file cannot be added to the repository because the specified file name has the same name as a \
                 directory in this repository. Either provide another name for the file, or add the file in a directory \
                 that does not match the file name.",
            ));
        }
        if folders_of(path).any(|folder| self.files.contains_key(folder)) {
            return Err(refuse(
                "DirectoryNameConflictsWithFileNameException",
                "A file cannot be added to the repository because the specified path name has the same name as a file \
                 that already exists in this repository. Either provide a different name for the file, or specify a \
                 different path for the file.",
            ));
        }
        self.files.insert(path.to_owned(), file);
        Ok(())
    }

    /// Keeps the folders that lost their last file, where that is asked for.
    fn keep_folders(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        if call.body.get("keepEmptyFolders").and_then(Value::as_bool) != Some(true) {
            return Ok(());
        }
        let gone: Vec<String> = self.before.keys().filter(|path| !self.files.contains_key(*path)).cloned().collect();
        for path in gone {
            let Some((folder, _)) = path.rsplit_once('/') else { continue };
            let below = format!("{folder}/");
            if !self.files.range(below.clone()..).next().is_some_and(|(known, _)| known.starts_with(&below)) {
                let blob = self.keep(call, b"")?;
                self.files.insert(format!("{below}{KEEP}"), File { mode: Mode::Normal, blob });
            }
        }
        Ok(())
    }

    /// Makes the commit and moves the branch to it.
    fn commit(self, call: &Call<'_>, author: &str, message: &str) -> Result<Made, Failure> {
        let author = person(call, author)?;
        let message = text(&call.body, "commitMessage")?.unwrap_or(message);
        if message.len() > MESSAGE_LIMIT {
            let message = "The commit message is too long. Provide a shorter string.";
            return Err(refuse("CommitMessageLengthExceededException", message));
        }
        let trees = git::trees(&self.files);
        let tree = trees.last().map(|root| root.id.clone()).unwrap_or_default();
        let old = self.tip.map(|tip| tip.id);
        let commit = git::commit(&tree, old.as_slice(), &author, message);
        for object in trees.iter().chain([&commit]) {
            call.app.repositories.write(&self.repository.id, object).map_err(disk)?;
        }
        call.change::<Repositories, _>(|all| {
            let known = all.get_mut(self.name).filter(|known| known.id == self.repository.id);
            let known = known.ok_or_else(|| no_repository(self.name))?;
            if known.branches.get(self.branch) != old.as_ref() {
                return Err(outdated());
            }
            known.branches.insert(self.branch.to_owned(), commit.id.clone());
            known.default_branch.get_or_insert_with(|| self.branch.to_owned());
            known.modified = call.now;
            Ok(())
        })?;
        let became = match &old {
            Some(old) => Became::Updated(old, &commit.id),
            None => Became::Created(&commit.id),
        };
        tell(call, (self.name, &self.repository.id), self.branch, &became);
        Ok(Made { commit: commit.id, tree })
    }
}

/// The folders that a path is in.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// Who makes the commit: as they say; without a name, by their ARN.
fn person(call: &Call<'_>, member: &str) -> Result<Person, Failure> {
    let name = text(&call.body, member)?.unwrap_or(&call.caller.arn);
    if name.chars().count() > 255 {
        let message = "The user name is not valid because it has exceeded the character limit for author names.";
        return Err(refuse("NameLengthExceededException", message));
    }
    let email = text(&call.body, "email")?.unwrap_or_default();
    if email.chars().count() > 255 || email.contains(|c: char| c.is_control() || c == '<' || c == '>') {
        return Err(refuse(
            "InvalidEmailException",
            "The specified email address either contains one or more characters that are not allowed, or it exceeds the \
             maximum number of characters allowed for an email address.",
        ));
    }
    Ok(Person { name: name.to_owned(), email: email.to_owned(), at: call.now })
}

/// PutFile.
pub fn put_file(call: &Call<'_>) -> Result<Reply, Failure> {
    let path = path(&call.body, "filePath")?;
    let content = content(&call.body, "fileContent")?.ok_or_else(|| {
        let message = "The file cannot be added because it is empty. Empty files cannot be added to the repository with \
                       this API.";
        refuse("FileContentRequiredException", message)
    })?;
    let mut change = begin(call)?;
    let mode = mode(&call.body)?.unwrap_or(Mode::Normal);
    let blob = change.keep(call, &content)?;
    let file = File { mode, blob: blob.clone() };
    let known = change.before.get(path);
    if known == Some(&file) {
        return Err(refuse(
            "SameFileContentException",
            "The file was not added or updated because the content of the file is exactly the same as the content of \
             that file in the repository and branch that you specified.",
        ));
    }
    let what = if known.is_some() { "Edited" } else { "Added" };
    change.put(path, file)?;
    let made = change.commit(call, "name", &format!("{what} {path}\n"))?;
    Ok(Reply::Json(json!({ "commitId": made.commit, "blobId": blob, "treeId": made.tree })))
}

/// DeleteFile.
pub fn delete_file(call: &Call<'_>) -> Result<Reply, Failure> {
    let path = path(&call.body, "filePath")?;
    let mut change = begin(call)?;
    let gone = change.files.remove(path).ok_or_else(no_file)?;
    change.keep_folders(call)?;
    let made = change.commit(call, "name", &format!("Deleted {path}\n"))?;
    let output = json!({ "commitId": made.commit, "blobId": gone.blob, "treeId": made.tree, "filePath": path });
    Ok(Reply::Json(output))
}

fn list<'a>(body: &'a Value, member: &str) -> &'a [Value] {
    body.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// CreateCommit.
pub fn create_commit(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let (puts, deletes, modes) = (list(body, "putFiles"), list(body, "deleteFiles"), list(body, "setFileModes"));
    let count = puts.len() + deletes.len() + modes.len();
    if count == 0 {
        return Err(refuse(
            "FileEntryRequiredException",
            "The commit cannot be created because no files have been specified as added, updated, or changed (PutFile \
             or DeleteFile) for the commit.",
        ));
    }
    if count > ENTRIES {
        return Err(refuse(
            "MaximumFileEntriesExceededException",
            "The number of specified files to change as part of this commit exceeds the maximum number of files that \
             can be changed in a single commit. Consider using a Git client for these changes.",
        ));
    }
    each_once(puts.iter().chain(deletes).chain(modes))?;
    let mut change = begin(call)?;
    for entry in deletes {
        change.files.remove(path(entry, "filePath")?).ok_or_else(no_file)?;
    }
    for entry in puts {
        put_entry(call, &mut change, entry)?;
    }
    for entry in modes {
        let mode = mode(entry)?.ok_or_else(|| {
            let message = "The commit cannot be created because no file mode has been specified. A file mode is \
                           required to update mode permissions for a file.";
            refuse("FileModeRequiredException", message)
        })?;
        change.files.get_mut(path(entry, "filePath")?).ok_or_else(no_file)?.mode = mode;
    }
    change.keep_folders(call)?;
    let (before, after) = (std::mem::take(&mut change.before), change.files.clone());
    if before == after {
        return Err(refuse(
            "NoChangeException",
            "The commit cannot be created because no changes will be made to the repository as a result of this commit. \
             A commit must contain at least one change.",
        ));
    }
    let made = change.commit(call, "authorName", "Commit created with the CreateCommit API\n")?;
    Ok(Reply::Json(with_changes(json!({ "commitId": made.commit, "treeId": made.tree }), &before, &after)))
}

/// Adds what became of the files.
fn with_changes(mut output: Value, before: &Files, after: &Files) -> Value {
    let shown =
        |path: &str, file: &File| json!({ "absolutePath": path, "blobId": file.blob, "fileMode": file.mode.name() });
    let (mut added, mut updated) = (Vec::new(), Vec::new());
    for (path, file) in after {
        match before.get(path) {
            None => added.push(shown(path, file)),
            Some(old) if old != file => updated.push(shown(path, file)),
            Some(_) => {}
        }
    }
    let deleted = before.iter().filter(|(path, _)| !after.contains_key(*path)).map(|(path, file)| shown(path, file));
    output["filesDeleted"] = deleted.collect();
    output["filesAdded"] = added.into();
    output["filesUpdated"] = updated.into();
    output
}

/// Refuses two entries of a commit for one path.
fn each_once<'a>(entries: impl Iterator<Item = &'a Value>) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let path = path(entry, "filePath")?;
        if !seen.insert(path) {
            return Err(refuse(
                "SamePathRequestException",
                "The commit cannot be created because one or more changes in this commit duplicate actions in the same \
                 file path. For example, you cannot make the same delete request to the same file in the same file path \
                 twice, or make a delete request and a move request to the same file as part of the same commit.",
            ));
        }
    }
    Ok(())
}

fn put_entry(call: &Call<'_>, change: &mut Change<'_>, entry: &Value) -> Result<(), Failure> {
    let path = path(entry, "filePath")?;
    let content = content(entry, "fileContent")?;
    let source = entry.get("sourceFile").filter(|source| source.is_object());
    let (blob, known) = match (content, source) {
        (Some(_), Some(_)) => {
            return Err(refuse(
                "FileContentAndSourceFileSpecifiedException",
                "The commit cannot be created because both a source file and file content have been specified for the \
                 same file. You cannot provide both. Either specify a source file or provide the file content directly.",
            ));
        }
        (Some(content), None) => (change.keep(call, &content)?, None),
        (None, Some(source)) => {
            let from = check_path(text(source, "filePath")?.unwrap_or_default())?;
            if from.rsplit('/').next() == Some(KEEP) {
                let message = "The commit cannot be created because one of the changes specifies copying or moving a \
                               .gitkeep file.";
                return Err(refuse("RestrictedSourceFileException", message));
            }
            let file = change.before.get(from).cloned().ok_or_else(no_file)?;
            if source.get("isMove").and_then(Value::as_bool) == Some(true) {
                change.files.remove(from);
            }
            (file.blob, Some(file.mode))
        }
        // An empty text is a file without content.
        (None, None) if entry.get("fileContent").is_some_and(Value::is_string) => (change.keep(call, b"")?, None),
        (None, None) => {
            let message = "The commit cannot be created because no source files or file content have been specified for \
                           the commit.";
            return Err(refuse("SourceFileOrContentRequiredException", message));
        }
    };
    let mode = mode(entry)?.or(known).unwrap_or(Mode::Normal);
    change.put(path, File { mode, blob })
}
