//! Source from CodeCommit: the files at the tip of a branch, or of a commit, zipped.

use super::{Context, Trouble};
use crate::codecommit;
use crate::codepipeline::artifacts;
use crate::codepipeline::flow::Done;
use crate::codepipeline::model::Revision;
use crate::error::Failure;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Takes the commit and puts its files out as the artifact.
pub async fn run(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let (repository, branch) = (context.required("RepositoryName")?, context.required("BranchName")?);
    let refused = |failure: Failure| trouble(repository, branch, &failure);
    let told = context.overrides.iter().find(|told| told.action == context.run.action && told.kind == "COMMIT_ID");
    let input = json!({ "repositoryName": repository, "branchName": branch });
    let tip = context.json("codecommit", "GetBranch", input).await.map_err(refused)?;
    let id = match told {
        Some(told) => told.value.clone(),
        None => text(&tip["branch"]["commitId"]),
    };
    let input = json!({ "repositoryName": repository, "commitId": id });
    let commit = context.json("codecommit", "GetCommit", input).await.map_err(refused)?;
    let commit = &commit["commit"];
    let bytes = codecommit::archive(&context.acting.call(context.app), repository, &id).map_err(refused)?;
    if let Some(artifact) = context.run.outputs.first() {
        artifacts::write(context, artifact, bytes.into()).await?;
    }
    let message = text(&commit["message"]);
    let committed = date(&text(&commit["committer"]["date"]));
    let shown = |at: Option<Timestamp>| at.map(Timestamp::rfc3339).unwrap_or_default();
    let variables = [
        ("RepositoryName", repository.to_owned()),
        ("BranchName", branch.to_owned()),
        ("CommitId", id.clone()),
        ("CommitMessage", message.clone()),
        ("AuthorDate", shown(date(&text(&commit["author"]["date"])))),
        ("CommitterDate", shown(committed)),
    ];
    let summary = Some(message.trim().chars().take(2048).collect::<String>()).filter(|text| !text.is_empty());
    let url = context.console("codecommit", &format!("/repository/{repository}/commit/{id}"));
    let revision = Revision {
        id: id.clone(),
        change: Some(id.chars().take(100).collect()),
        summary,
        created: committed,
        url: Some(url),
    };
    let variables: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Some(Done { external: Some(id), variables, revision: Some(revision), ..Done::default() }))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A date as Git has it: seconds since 1970 and an offset, which does not change the moment.
fn date(text: &str) -> Option<Timestamp> {
    let seconds: i64 = text.split_whitespace().next()?.parse().ok()?;
    Some(Timestamp(seconds.checked_mul(1000)?))
}

fn trouble(repository: &str, branch: &str, failure: &Failure) -> Trouble {
    let of = Trouble::of("AWSCodeCommit", failure);
    match failure.code.as_ref() {
        "AccessDenied" => Trouble::permission(format!(
            "The service role or action role doesn't have the permissions required to access the AWS CodeCommit \
             repository named {repository}. Update the IAM role permissions, and then try again. Error: {}",
            failure.message
        )),
        "RepositoryDoesNotExistException" => Trouble::configuration(format!(
            "The repository name {repository} doesn't exist. Make sure that the repository is in the same region as the \
             pipeline"
        )),
        "BranchDoesNotExistException" => Trouble::configuration(format!(
            "No branch named {branch} was found in the repository {repository}. Make sure that the branch exists"
        )),
        _ => of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_commit_is_a_moment() {
        assert_eq!(date("1572319941 -0700").map(Timestamp::rfc3339).as_deref(), Some("2019-10-29T03:32:21Z"));
        assert_eq!(date(""), None);
    }

    #[test]
    fn a_denial_names_the_repository_and_what_was_denied() {
        let failed = trouble("r", "main", &Failure::access_denied("User: x is not authorized to perform: y"));
        assert_eq!(failed.code, "PermissionError");
        assert!(failed.message.contains("repository named r") && failed.message.ends_with("perform: y"));
    }
}
