//! The versions of an endpoint: listed, changed to, and deleted.

use crate::control::control;
use crate::{World, endpoint, ireland, parent, world};
use serde_json::json;
use services::ports::gateway::{EndpointState, GatewayErrorKind};

async fn state(world: &World, name: &str) -> Option<EndpointState> {
    world.pipeline.versions.endpoint_state(&parent(), &ireland(), &endpoint(name)).await.unwrap()
}

#[tokio::test]
async fn configurations_and_models_are_listed_to_the_end_by_their_prefix() {
    let world = world(130).await;
    let versions = &world.pipeline.versions;
    for all in [
        versions.configurations(&parent(), &ireland(), "scoring-").await.unwrap(),
        versions.models(&parent(), &ireland(), "scoring-").await.unwrap(),
    ] {
        assert_eq!(all.len(), 130);
        assert!(all.iter().all(|one| one.name.starts_with("scoring-")));
    }
    let churn = versions.configurations(&parent(), &ireland(), "churn-").await.unwrap();
    assert!(churn.len() > 2 && churn.is_sorted_by(|a, b| a.created >= b.created), "{churn:?}");
    assert_eq!(versions.models(&parent(), &ireland(), "hurn-").await.unwrap(), [], "a name only has it inside");
}

#[tokio::test]
async fn an_endpoint_goes_to_another_version_and_is_not_changed_meanwhile() {
    let world = world(0).await;
    let versions = &world.pipeline.versions;
    let before = state(&world, "churn-classifier").await.unwrap();
    assert_eq!((before.status.as_str(), before.configuration.as_str()), ("InService", "churn-classifier-config"));
    control(&world.sandbox, "PUT", "/settings", json!({ "endpoint_update_ms": 3_600_000 })).await;
    let update = async || {
        let answer =
            versions.update_endpoint(&parent(), &ireland(), &endpoint("churn-classifier"), "echo-config").await;
        answer.map(|answer| answer.request_id.is_some()).map_err(|error| (error.kind, error.retryable))
    };
    assert_eq!(update().await, Ok(true));
    assert_eq!(state(&world, "churn-classifier").await.unwrap().status, "Updating");
    assert_eq!(update().await, Err((GatewayErrorKind::Conflict, true)));

    control(&world.sandbox, "PUT", "/settings", json!({ "endpoint_update_ms": 0 })).await;
    let echo = endpoint("echo");
    versions.update_endpoint(&parent(), &ireland(), &echo, "churn-classifier-config").await.unwrap();
    let after = state(&world, "echo").await.unwrap();
    assert_eq!((after.status.as_str(), after.configuration.as_str()), ("InService", "churn-classifier-config"));
}

#[tokio::test]
async fn what_is_deleted_may_be_deleted_again() {
    let world = world(0).await;
    let versions = &world.pipeline.versions;
    assert!(state(&world, "demand-forecast").await.unwrap().failure.is_some());
    for _ in 0..2 {
        versions.delete_endpoint(&parent(), &ireland(), &endpoint("echo")).await.unwrap();
        versions.delete_configuration(&parent(), &ireland(), "echo-config").await.unwrap();
        versions.delete_model(&parent(), &ireland(), "echo-model").await.unwrap();
    }
    assert_eq!(state(&world, "echo").await, None);
    let models = versions.models(&parent(), &ireland(), "echo").await.unwrap();
    assert!(models.iter().all(|model| model.name != "echo-model"), "{models:?}");
}

#[tokio::test]
async fn a_quota_is_told_by_its_name_or_is_not_known() {
    let world = world(0).await;
    let quota = async |name| world.pipeline.training.quota(&parent(), &ireland(), name).await.unwrap();
    assert_eq!(quota("ml.m5.large for endpoint usage").await, Some(20.0));
    assert_eq!(quota("ml.p3.2xlarge for training job usage").await, Some(0.0));
    assert_eq!(quota("ml.m5.large for dreams").await, None);
}
