//! The versions of an endpoint, as SageMaker's control plane has them.

use crate::canned::{Canned, Received, Reply, ireland, json, json_error, parent};
use domain::names::EndpointName;
use domain::time::Timestamp;
use serde_json::json;
use services::ports::gateway::GatewayErrorKind;

fn name() -> EndpointName {
    EndpointName::parse("churn").unwrap()
}

#[tokio::test]
async fn an_endpoint_says_which_configuration_it_serves() {
    let canned = Canned::start(|_| {
        let body = json!({
            "EndpointName": "churn", "EndpointArn": "arn:aws:sagemaker:eu-west-1:1:endpoint/churn",
            "EndpointConfigName": "churn-2", "EndpointStatus": "Updating", "FailureReason": "",
            "CreationTime": 1, "LastModifiedTime": 2,
        });
        json(200, &body.to_string())
    })
    .await;
    let state = canned.pipeline().await.versions.endpoint_state(&parent(), &ireland(), &name()).await.unwrap().unwrap();
    assert_eq!((state.status.as_str(), state.configuration.as_str(), state.failure), ("Updating", "churn-2", None));
}

fn lists(request: &Received) -> Reply {
    let body = request.json();
    let (list, member) = match request.operation().as_str() {
        "ListModels" => ("Models", "ModelName"),
        _ => ("EndpointConfigs", "EndpointConfigName"),
    };
    let one = |name: &str, created: f64| json!({ member: name, member.replace("Name", "Arn"): "arn", "CreationTime": created });
    let page = match body.get("NextToken") {
        None => json!({ list: [one("churn-3", 3.5), one("my-churn-9", 3.0)], "NextToken": "more" }),
        Some(_) => json!({ list: [one("churn-1", 1.5), one("Churn-0", 1.0)] }),
    };
    json(200, &page.to_string())
}

#[tokio::test]
async fn lists_are_read_to_the_end_without_what_only_has_the_text_in_its_name() {
    let canned = Canned::start(lists).await;
    let versions = canned.pipeline().await.versions;
    for all in [
        versions.configurations(&parent(), &ireland(), "churn-").await.unwrap(),
        versions.models(&parent(), &ireland(), "churn-").await.unwrap(),
    ] {
        let names: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.created)).collect();
        assert_eq!(names, [("churn-3", Timestamp(3500)), ("churn-1", Timestamp(1500))]);
    }
    let sent = canned.requests();
    assert_eq!(sent.len(), 4);
    let first =
        json!({ "NameContains": "churn-", "MaxResults": 100, "SortBy": "CreationTime", "SortOrder": "Descending" });
    assert_eq!(sent[0].json(), first);
    assert_eq!(canned.operations()[2], "ListModels");
}

#[tokio::test]
async fn an_endpoint_goes_to_another_version_unless_it_is_being_changed() {
    let canned = Canned::start(|_| json(200, r#"{ "EndpointArn": "arn" }"#)).await;
    let versions = canned.pipeline().await.versions;
    versions.update_endpoint(&parent(), &ireland(), &name(), "churn-1").await.unwrap();
    assert_eq!(canned.requests()[0].json(), json!({ "EndpointName": "churn", "EndpointConfigName": "churn-1" }));

    let message = "Cannot update in-progress endpoint \"arn:aws:sagemaker:eu-west-1:1:endpoint/churn\".";
    let canned = Canned::start(move |_| json_error(400, "ValidationException", message)).await;
    let versions = canned.pipeline().await.versions;
    let busy = versions.update_endpoint(&parent(), &ireland(), &name(), "churn-1").await.unwrap_err();
    assert_eq!((busy.kind, busy.retryable, busy.to_string().as_str()), (GatewayErrorKind::Conflict, true, message));
}

#[tokio::test]
async fn what_is_gone_already_is_as_good_as_deleted() {
    let canned = Canned::start(|request| {
        let what = match request.operation().as_str() {
            "DeleteEndpoint" => "endpoint",
            "DeleteModel" => "model",
            _ => "endpoint configuration",
        };
        json_error(400, "ValidationException", &format!("Could not find {what} \"arn:aws:sagemaker:…\"."))
    })
    .await;
    let versions = canned.pipeline().await.versions;
    let gone = [
        versions.delete_endpoint(&parent(), &ireland(), &name()).await.unwrap(),
        versions.delete_configuration(&parent(), &ireland(), "churn-1").await.unwrap(),
        versions.delete_model(&parent(), &ireland(), "churn-1").await.unwrap(),
    ];
    assert!(gone.iter().all(|answer| answer.request_id.as_deref() == Some("req-3")));
    assert_eq!(canned.operations(), ["DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel"]);
}

#[tokio::test]
async fn what_may_not_be_deleted_stays_an_error() {
    let canned = Canned::start(|_| json_error(400, "AccessDeniedException", "no")).await;
    let denied = canned.pipeline().await.versions.delete_model(&parent(), &ireland(), "churn-1").await.unwrap_err();
    assert_eq!((denied.kind, denied.action().as_str()), (GatewayErrorKind::AccessDenied, "sagemaker:DeleteModel"));
}
