//! What CodePipeline's source action takes: the commit at a branch's tip, and its tree as a zip file.

use super::git::{Commit, Kind, Mode};
use super::input::{disk, find, no_branch, target};
use super::reading::{no_commit, resolve};
use crate::authorize;
use crate::call::Call;
use crate::error::Failure;
use std::io::{Cursor, Write as _};
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The commit at the tip of a branch, for who may read both.
pub fn tip(call: &Call<'_>, repository: &str, branch: &str) -> Result<Commit, Failure> {
    authorize::require(call, "codecommit:GetBranch", target(call, repository))?;
    authorize::require(call, "codecommit:GetCommit", target(call, repository))?;
    let known = find(call, repository)?;
    let commit = known.branches.get(branch).ok_or_else(|| no_branch(branch))?;
    resolve(call, &known, Some(commit))
}

/// The files of a commit as a zip file, for who may take one. The same commit gives the same bytes.
pub fn archive(call: &Call<'_>, repository: &str, commit: &str) -> Result<Vec<u8>, Failure> {
    authorize::require(call, "codecommit:UploadArchive", target(call, repository))?;
    authorize::require(call, "codecommit:GetUploadArchiveStatus", target(call, repository))?;
    let known = find(call, repository)?;
    let objects = &call.app.repositories;
    let commit = objects.commit(&known.id, commit).ok_or_else(no_commit)?;
    let files = objects.files(&known.id, &commit.tree).ok_or_else(|| disk("a tree is missing"))?;
    let mut contents = Vec::new();
    for (path, file) in files {
        let content = objects.read(&known.id, Kind::Blob, &file.blob);
        let content = content.ok_or_else(|| disk(format!("the object {} is missing", file.blob)))?;
        contents.push((path, file.mode, content));
    }
    pack(contents).map_err(disk)
}

fn pack(files: Vec<(String, Mode, Vec<u8>)>) -> ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, mode, content) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // No time of its own: it would be another file at each run.
            .last_modified_time(DateTime::default())
            .unix_permissions(if mode == Mode::Executable { 0o755 } else { 0o644 });
        if mode == Mode::Symlink {
            writer.add_symlink(path, String::from_utf8_lossy(&content), options)?;
        } else {
            writer.start_file(path, options)?;
            writer.write_all(&content)?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn an_archive_has_the_files_with_their_modes_and_is_the_same_each_time() {
        let files = || {
            vec![
                ("a/run.sh".to_owned(), Mode::Executable, b"#!/bin/sh\n".to_vec()),
                ("a/link".to_owned(), Mode::Symlink, b"run.sh".to_vec()),
                ("template.yaml".to_owned(), Mode::Normal, b"Resources: {}\n".to_vec()),
            ]
        };
        let bytes = pack(files()).unwrap();
        assert_eq!(bytes, pack(files()).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.by_name("a/run.sh").unwrap().unix_mode().unwrap() & 0o777, 0o755);
        assert!(archive.by_name("a/link").unwrap().is_symlink());
        let mut text = String::new();
        archive.by_name("template.yaml").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "Resources: {}\n");
    }
}
