//! CodeCommit: the repository that holds the training template.

use super::{Answered, GatewayResult};
use async_trait::async_trait;
use domain::names::{ConnectionId, Region};
use std::collections::BTreeMap;

/// A commit that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    /// The repository.
    pub repository: String,
    /// The branch; made by the commit where the repository has none yet.
    pub branch: String,
    /// The commit that the branch is at; none for the first.
    pub parent: Option<String>,
    /// Files by their paths, whole: at most 6 MB each. Others stay as they are.
    pub files: BTreeMap<String, String>,
    /// The author's name.
    pub author: String,
    /// What it is for.
    pub message: String,
}

/// CodeCommit.
#[async_trait]
pub trait SourcesGateway: Send + Sync {
    /// ListRepositories: whether CodeCommit can be used at all. False where AWS says that the account takes no new
    /// repositories (it stopped taking new customers for a while, and some accounts are refused still); a denial is an
    /// error.
    async fn takes_repositories(&self, connection: &ConnectionId, region: &Region) -> GatewayResult<bool>;
    /// GetBranch: the commit that it is at; `None` if the repository has no such branch.
    async fn tip(
        &self,
        connection: &ConnectionId,
        region: &Region,
        repository: &str,
        branch: &str,
    ) -> GatewayResult<Option<String>>;
    /// CreateCommit; gives the new commit. `ParentCommitIdOutdatedException` is a
    /// [`Conflict`](super::GatewayErrorKind::Conflict). With nothing changed (`NoChangeException`) it gives the parent.
    async fn commit(
        &self,
        connection: &ConnectionId,
        region: &Region,
        commit: &NewCommit,
    ) -> GatewayResult<Answered<String>>;
    /// GetFile, at the tip of a branch; `None` if there is none, or no branch.
    async fn source_file(
        &self,
        connection: &ConnectionId,
        region: &Region,
        repository: &str,
        branch: &str,
        path: &str,
    ) -> GatewayResult<Option<String>>;
}
