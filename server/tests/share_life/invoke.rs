//! Invocations through the role a share made.

use crate::world::{World, endpoint_arn, name};
use domain::invoke::{InvokeOutcome, InvokeParams};
use domain::names::ShareId;
use serde_json::{Value, json};
use services::ServiceError;

pub fn params(share: &ShareId, endpoint: &str, content_type: &str, body: &str) -> InvokeParams {
    InvokeParams::text(share.clone(), name(endpoint), content_type, body)
}

async fn invoke(world: &World, params: InvokeParams) -> InvokeOutcome {
    world.services.invoke(&world.operator, params).await.unwrap()
}

async fn shared(endpoints: &[&str]) -> (World, ShareId) {
    let world = World::new().await;
    let arns: Vec<String> = endpoints.iter().map(|e| endpoint_arn(e)).collect();
    let share = world.applied(&world.draft(|answers| answers.endpoints.arns.clone_from(&arns)).await).await;
    (world, share)
}

#[tokio::test]
async fn the_real_model_answers_its_sample() {
    let (world, share) = shared(&["churn-classifier"]).await;
    let target = world.services.target(&world.operator, &share.clone().into(), "churn-classifier").await.unwrap();
    assert_eq!(target.blocked, None);
    let sample = target.sample.unwrap();
    let outcome = invoke(&world, params(&share, "churn-classifier", &sample.content_type, &sample.body)).await;
    let answer = outcome.result.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.text.unwrap().trim().parse::<f64>().is_ok_and(|p| (0.0..=1.0).contains(&p)));
    assert!(outcome.request_id.is_some() && !outcome.role_cached);
}

#[tokio::test]
async fn a_thousand_calls_at_once_assume_the_role_once() {
    let (world, share) = shared(&["echo"]).await;
    world.control("DELETE", "/counters", Value::Null).await;
    world
        .fault(json!({ "service": "sts", "operation": "AssumeRole", "effect": { "kind": "latency", "ms": 200 } }))
        .await;
    let calls = (0..1000).map(|n| {
        let (services, operator) = (world.services.clone(), world.operator.clone());
        let params = params(&share, "echo", "text/plain", &n.to_string());
        tokio::spawn(async move { services.invoke(&operator, params).await.unwrap().result.map(|a| a.status) })
    });
    for call in futures::future::join_all(calls).await {
        assert_eq!(call.unwrap(), Ok(200));
    }
    assert_eq!(world.calls("AssumeRole").await, 1);
    assert_eq!(world.calls("InvokeEndpoint").await, 1000);
}

#[tokio::test]
async fn a_wrong_content_type_is_told_in_the_models_words() {
    let (world, share) = shared(&["churn-classifier"]).await;
    let outcome = invoke(&world, params(&share, "churn-classifier", "image/png", "x")).await;
    let failure = outcome.result.unwrap_err();
    assert_eq!((failure.status, failure.code.as_str()), (Some(424), "ModelError"));
    assert_eq!(failure.model.unwrap().status, Some(415));
    assert!(failure.hint.contains("does not take this content type"), "{}", failure.hint);
}

#[tokio::test]
async fn what_can_only_be_refused_is_not_sent() {
    let (world, share) = shared(&["echo"]).await;
    world.control("DELETE", "/counters", Value::Null).await;
    let mut headers = params(&share, "echo", "text/plain", "x");
    headers.headers.custom_attributes = "ä".into();
    for (refused, field) in [
        (params(&share, "echo", "text/plain", &"x".repeat(6_291_457)), "body"),
        (params(&share, "echo", " ", "x"), "content_type"),
        (headers, "custom_attributes"),
    ] {
        let error = world.services.invoke(&world.operator, refused).await.unwrap_err();
        let ServiceError::Invalid { problems } = error else { panic!("{error:?}") };
        assert_eq!(problems[0].field, field);
    }
    let stranger = world.services.invoke(&world.operator, params(&share, "churn-classifier", "text/csv", "1")).await;
    assert!(matches!(stranger, Err(ServiceError::NotFound { .. })), "{stranger:?}");
    assert_eq!(world.calls("InvokeEndpoint").await, 0);
}

#[tokio::test]
async fn a_share_the_console_may_not_use_says_why() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|answers| answers.callers.console = String::new()).await).await;
    let targets = world.services.targets(&world.operator).await.unwrap();
    assert_eq!(targets[0].blocked.as_deref(), Some("this console is not among the share's callers"));
    let refused = world.services.invoke(&world.operator, params(&share, "churn-classifier", "text/csv", "1")).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
}

#[tokio::test]
async fn what_was_done_is_in_the_audit_trail() {
    let (world, share) = shared(&["echo"]).await;
    invoke(&world, params(&share, "echo", "text/plain", "hello")).await;
    let trail = world.services.activity(&world.operator, None, 50).await.unwrap();
    let last = &trail.items[0];
    assert_eq!((last.what.as_str(), last.who.as_str()), ("invoked echo", world.operator.label()));
    assert!(last.detail.starts_with("5 bytes sent, "), "{}", last.detail);
    let text = serde_json::to_string(&trail).unwrap();
    assert!(!text.contains("hello") && !text.contains("ASIA"));
}
