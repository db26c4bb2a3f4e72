//! CodeCommit: repositories, branches, commits and files, with the IDs that Git gives them.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it.

mod archive;
mod branches;
mod changing;
mod git;
mod input;
pub mod model;
pub mod objects;
mod reading;
mod repositories;
mod tags;

use crate::call::{Needs, Operation, Target, op};
use input::{on, on_branch, on_member};

pub use archive::archive;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    op("CreateRepository", repositories::new_target, repositories::create),
    op("GetRepository", on, repositories::get),
    op("BatchGetRepositories", repositories::batch_target, repositories::batch_get),
    op("ListRepositories", |_| Ok(Target::new("*").into()), repositories::list),
    op("UpdateRepositoryName", |c| on_member(c, "oldName").map(Needs::On), repositories::rename),
    op("UpdateRepositoryDescription", on, repositories::describe_anew),
    op("DeleteRepository", on, repositories::delete),
    op("CreateBranch", on_branch, branches::create),
    op("GetBranch", on, branches::get),
    op("ListBranches", on, branches::list),
    op("UpdateDefaultBranch", on, branches::set_default),
    op("DeleteBranch", on_branch, branches::delete),
    op("PutFile", on_branch, changing::put_file),
    op("DeleteFile", on_branch, changing::delete_file),
    op("CreateCommit", on_branch, changing::create_commit),
    op("GetFile", on, reading::file),
    op("GetFolder", on, reading::folder),
    op("GetBlob", on, reading::blob),
    op("GetCommit", on, reading::commit),
    op("BatchGetCommits", on, reading::commits),
    op("GetDifferences", on, reading::differences),
    op("ListFileCommitHistory", on, reading::history),
    op("TagResource", tags::on, tags::tag),
    op("UntagResource", tags::on, tags::untag),
    op("ListTagsForResource", tags::on, tags::list),
];
