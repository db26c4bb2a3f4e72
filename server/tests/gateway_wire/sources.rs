//! What is sent to CodeCommit, and made of its answers.

use crate::canned::{Canned, ireland, json, json_error, parent};
use serde_json::json;
use services::ports::gateway::{GatewayErrorKind, NewCommit};

fn commit(parent: Option<&str>) -> NewCommit {
    NewCommit {
        repository: "churn".into(),
        branch: "main".into(),
        parent: parent.map(str::to_owned),
        files: [("training.yaml".to_owned(), "Resources: {}".to_owned())].into(),
        author: "Sagebridge".into(),
        message: "The training".into(),
    }
}

#[tokio::test]
async fn an_account_takes_repositories_unless_aws_says_otherwise() {
    let canned = Canned::start(|_| json(200, r#"{"repositories":[]}"#)).await;
    assert!(canned.pipeline().await.sources.takes_repositories(&parent(), &ireland()).await.unwrap());
    for (status, code) in [(400, "OperationNotAllowedException"), (403, "OptInRequired")] {
        let message = "CreateRepository request is not allowed because there is no existing repository in this AWS \
                       account or AWS Organization";
        let canned = Canned::start(move |_| json_error(status, code, message)).await;
        assert!(!canned.pipeline().await.sources.takes_repositories(&parent(), &ireland()).await.unwrap(), "{code}");
    }
    let canned = Canned::start(|_| json_error(400, "AccessDeniedException", "no")).await;
    let denied = canned.pipeline().await.sources.takes_repositories(&parent(), &ireland()).await.unwrap_err();
    assert_eq!(
        (denied.kind, denied.action().as_str()),
        (GatewayErrorKind::AccessDenied, "codecommit:ListRepositories")
    );
}

#[tokio::test]
async fn the_tip_of_a_branch_is_its_commit() {
    let canned = Canned::start(|_| json(200, r#"{"branch":{"branchName":"main","commitId":"c0ffee"}}"#)).await;
    let sources = canned.pipeline().await.sources;
    assert_eq!(sources.tip(&parent(), &ireland(), "churn", "main").await.unwrap().as_deref(), Some("c0ffee"));
    let sent = &canned.requests()[0];
    assert_eq!(sent.operation(), "GetBranch");
    assert_eq!(sent.json(), json!({ "repositoryName": "churn", "branchName": "main" }));
}

#[tokio::test]
async fn a_branch_or_file_that_is_missing_is_none_and_a_repository_is_an_error() {
    for (code, missing) in [
        ("BranchDoesNotExistException", true),
        ("CommitDoesNotExistException", true),
        ("FileDoesNotExistException", true),
        ("RepositoryDoesNotExistException", false),
    ] {
        let canned = Canned::start(move |_| json_error(400, code, "it does not exist")).await;
        let sources = canned.pipeline().await.sources;
        let answers = [
            sources.tip(&parent(), &ireland(), "churn", "main").await,
            sources.source_file(&parent(), &ireland(), "churn", "main", "training.yaml").await,
        ];
        for answer in answers {
            let expected = if missing { Ok(None) } else { Err(GatewayErrorKind::NotFound) };
            assert_eq!(answer.map_err(|error| error.kind), expected, "{code}");
        }
    }
}

#[tokio::test]
async fn a_commit_carries_its_files_and_gives_its_id() {
    let canned = Canned::start(|_| json(200, r#"{"commitId":"c0ffee","treeId":"7ree"}"#)).await;
    let sources = canned.pipeline().await.sources;
    let made = sources.commit(&parent(), &ireland(), &commit(None)).await.unwrap();
    assert_eq!((made.value.as_str(), made.request_id.as_deref()), ("c0ffee", Some("req-3")));
    sources.commit(&parent(), &ireland(), &commit(Some("c0ffee"))).await.unwrap();
    let sent = canned.requests();
    let expected = json!({
        "repositoryName": "churn",
        "branchName": "main",
        "authorName": "Sagebridge",
        "commitMessage": "The training",
        "putFiles": [{ "filePath": "training.yaml", "fileMode": "NORMAL", "fileContent": "UmVzb3VyY2VzOiB7fQ==" }],
    });
    assert_eq!(sent[0].json(), expected);
    assert_eq!(sent[1].json()["parentCommitId"], "c0ffee");
}

#[tokio::test]
async fn a_commit_that_changes_nothing_is_its_parent_and_one_on_an_old_tip_a_conflict() {
    let canned = Canned::start(|_| json_error(400, "NoChangeException", "nothing to commit")).await;
    let same = canned.pipeline().await.sources.commit(&parent(), &ireland(), &commit(Some("c0ffee"))).await.unwrap();
    assert_eq!((same.value.as_str(), same.request_id.as_deref()), ("c0ffee", Some("req-3")));
    let canned = Canned::start(|_| json_error(400, "ParentCommitIdOutdatedException", "the tip has moved")).await;
    let old = canned.pipeline().await.sources.commit(&parent(), &ireland(), &commit(Some("0ld"))).await.unwrap_err();
    assert_eq!((old.kind, old.to_string().as_str()), (GatewayErrorKind::Conflict, "the tip has moved"));
}

#[tokio::test]
async fn a_file_is_read_as_text() {
    let file = |content: &str| {
        let about = r#""commitId":"c0ffee","blobId":"b","filePath":"training.yaml","fileMode":"NORMAL","fileSize":13"#;
        json(200, &format!(r#"{{{about},"fileContent":"{content}"}}"#))
    };
    let canned = Canned::start(move |_| file("UmVzb3VyY2VzOiB7fQ==")).await;
    let sources = canned.pipeline().await.sources;
    let text = sources.source_file(&parent(), &ireland(), "churn", "main", "training.yaml").await.unwrap();
    assert_eq!(text.as_deref(), Some("Resources: {}"));
    let sent = json!({ "repositoryName": "churn", "commitSpecifier": "main", "filePath": "training.yaml" });
    assert_eq!(canned.requests()[0].json(), sent);

    let canned = Canned::start(move |_| file("/w==")).await;
    let sources = canned.pipeline().await.sources;
    let binary = sources.source_file(&parent(), &ireland(), "churn", "main", "training.yaml").await.unwrap_err();
    assert!(binary.to_string().contains("not text"), "{binary}");
}
