//! CodeCommit: the tip of a branch, commits on it, and a file at it.

use crate::connections::{Connection, Connections, Open};
use async_trait::async_trait;
use aws_sdk_codecommit::Client;
use aws_sdk_codecommit::error::BuildError;
use aws_sdk_codecommit::types::{FileModeTypeEnum, PutFileEntry};
use aws_smithy_types::Blob;
use aws_types::request_id::RequestId;
use domain::names::{ConnectionId, Region};
use services::ports::gateway::{Answered, GatewayError, GatewayResult, NewCommit, SourcesGateway};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What AWS answers to an account that may not use CodeCommit, whatever its policies say.
const NOT_FOR_THIS_ACCOUNT: [&str; 3] =
    ["OperationNotAllowedException", "OptInRequired", "SubscriptionRequiredException"];

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsSources(pub(crate) Arc<Connections>);

impl AwsSources {
    async fn open<'a>(&self, connection: &ConnectionId, region: &'a Region) -> GatewayResult<Open<'a, Client>> {
        self.0.service(connection, region, "CodeCommit", Connection::sources).await
    }
}

#[async_trait]
impl SourcesGateway for AwsSources {
    async fn takes_repositories(&self, connection: &ConnectionId, region: &Region) -> GatewayResult<bool> {
        let codecommit = self.open(connection, region).await?;
        let call = codecommit.call("ListRepositories");
        match codecommit.client.list_repositories().send().await.map_err(|e| call.failed(e)) {
            Ok(_) => Ok(true),
            Err(error) if NOT_FOR_THIS_ACCOUNT.contains(&error.code.as_str()) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn tip(
        &self,
        connection: &ConnectionId,
        region: &Region,
        repository: &str,
        branch: &str,
    ) -> GatewayResult<Option<String>> {
        let codecommit = self.open(connection, region).await?;
        let call = codecommit.call("GetBranch");
        let answer = codecommit.client.get_branch().repository_name(repository).branch_name(branch).send().await;
        let Some(answer) = in_repository(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let commit = answer.branch.and_then(|branch| branch.commit_id);
        commit.map(Some).ok_or_else(|| call.unexpected("no commit of the branch"))
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        region: &Region,
        commit: &NewCommit,
    ) -> GatewayResult<Answered<String>> {
        let codecommit = self.open(connection, region).await?;
        let call = codecommit.call("CreateCommit");
        let answer = codecommit
            .client
            .create_commit()
            .repository_name(&commit.repository)
            .branch_name(&commit.branch)
            .set_parent_commit_id(commit.parent.clone())
            .set_put_files(Some(files(&commit.files).map_err(|e| call.invalid(e))?))
            .author_name(&commit.author)
            .commit_message(&commit.message)
            .send()
            .await;
        match answer.map_err(|e| call.failed(e)) {
            Ok(answer) => {
                let request_id = answer.request_id().map(str::to_owned);
                let made = answer.commit_id.ok_or_else(|| call.unexpected("no commit"))?;
                Ok(Answered { value: made, request_id })
            }
            Err(error) => unchanged(error, commit.parent.as_deref()),
        }
    }

    async fn source_file(
        &self,
        connection: &ConnectionId,
        region: &Region,
        repository: &str,
        branch: &str,
        path: &str,
    ) -> GatewayResult<Option<String>> {
        let codecommit = self.open(connection, region).await?;
        let call = codecommit.call("GetFile");
        let request = codecommit.client.get_file().repository_name(repository).commit_specifier(branch).file_path(path);
        let answer = in_repository(request.send().await.map_err(|e| call.failed(e)))?;
        let text = answer.map(|answer| String::from_utf8(answer.file_content.into_inner())).transpose();
        text.map_err(|_| call.unexpected("a file that is not text"))
    }
}

/// A thing in a repository that is not there, as an answer. A repository that is not there stays an error.
fn in_repository<T>(result: GatewayResult<T>) -> GatewayResult<Option<T>> {
    const MISSING: [&str; 4] = [
        "BranchDoesNotExistException",
        "CommitDoesNotExistException",
        "FileDoesNotExistException",
        "PathDoesNotExistException",
    ];
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if MISSING.contains(&error.code.as_str()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A commit that would change nothing: the branch is at what was asked for already.
fn unchanged(error: GatewayError, parent: Option<&str>) -> GatewayResult<Answered<String>> {
    match parent {
        Some(parent) if error.code == "NoChangeException" => {
            Ok(Answered { value: parent.to_owned(), request_id: error.request_id })
        }
        _ => Err(error),
    }
}

fn files(of: &BTreeMap<String, String>) -> Result<Vec<PutFileEntry>, BuildError> {
    let entry = |(path, text): (&String, &String)| {
        let entry = PutFileEntry::builder().file_path(path).file_mode(FileModeTypeEnum::Normal);
        entry.file_content(Blob::new(text.as_bytes())).build()
    };
    of.iter().map(entry).collect()
}
