//! A repository that gets commits.

use crate::client::Client;
use crate::{ireland, parent, world};
use serde_json::json;
use services::ports::gateway::{GatewayErrorKind, NewCommit};

fn commit(text: &str, parent: Option<&str>) -> NewCommit {
    NewCommit {
        repository: "churn".into(),
        branch: "main".into(),
        parent: parent.map(str::to_owned),
        files: [("training.yaml".to_owned(), text.to_owned())].into(),
        author: "Sagebridge".into(),
        message: "The training".into(),
    }
}

#[tokio::test]
async fn a_repository_gets_commits_one_on_another() {
    let world = world(0).await;
    let sources = &world.pipeline.sources;
    let (connection, region) = (&parent(), &ireland());
    assert!(sources.takes_repositories(connection, region).await.unwrap());
    let missing = sources.tip(connection, region, "churn", "main").await.unwrap_err();
    assert_eq!(missing.kind, GatewayErrorKind::NotFound, "a repository is no branch");
    let client = Client::of_profile(&world.sandbox.url(), world.sandbox.credentials_file(), "parent");
    client.json_ok("codecommit", "CreateRepository", json!({ "repositoryName": "churn" })).await;
    assert_eq!(sources.tip(connection, region, "churn", "main").await.unwrap(), None);
    assert_eq!(sources.source_file(connection, region, "churn", "main", "training.yaml").await.unwrap(), None);

    let first = sources.commit(connection, region, &commit("one", None)).await.unwrap().value;
    assert_eq!(sources.tip(connection, region, "churn", "main").await.unwrap().as_ref(), Some(&first));
    let second = sources.commit(connection, region, &commit("two", Some(&first))).await.unwrap().value;
    let text = sources.source_file(connection, region, "churn", "main", "training.yaml").await.unwrap();
    assert_eq!(text.as_deref(), Some("two"));
    assert_eq!(sources.source_file(connection, region, "churn", "main", "other.yaml").await.unwrap(), None);
    assert_eq!(sources.source_file(connection, region, "churn", "other", "training.yaml").await.unwrap(), None);

    let same = sources.commit(connection, region, &commit("two", Some(&second))).await.unwrap().value;
    assert_eq!(same, second, "nothing has changed");
    for late in [Some(first.as_str()), None] {
        let outdated = sources.commit(connection, region, &commit("three", late)).await.unwrap_err();
        assert_eq!(outdated.kind, GatewayErrorKind::Conflict, "{late:?}");
    }
}
