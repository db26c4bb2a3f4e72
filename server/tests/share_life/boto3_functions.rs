//! The test function, run: denied and explained, let in, and answering. The handler really runs.

use crate::functions::{allow, delete, everything, made, make, shared};
use crate::world::World;
use domain::names::ShareId;
use domain::share::function::{FunctionOutcome, FunctionReport};
use serde_json::{Value, json};

const BODY: &str = "5,0,0,268.4,121,74.9,201.3,4,13.2";

async fn call(world: &World, share: &ShareId) -> FunctionOutcome {
    let (services, operator) = (&world.services, &world.operator);
    services.run_function(operator, share, "churn-classifier", "text/csv", BODY).await.unwrap()
}

async fn report(world: &World, share: &ShareId) -> FunctionReport {
    call(world, share).await.result.unwrap()
}

#[tokio::test]
async fn it_is_denied_first_explained_let_in_and_answers_then() {
    let (world, share, before) = shared().await;
    world.succeeds(&make(&world, &share).await).await;

    let denied = call(&world, &share).await;
    assert_eq!(denied.tries, 1, "what the documents deny is not tried again");
    let denied = denied.result.unwrap();
    let message = denied.error.unwrap();
    assert!(message.contains("(AccessDenied) when calling the AssumeRole operation"), "{message}");
    assert_eq!((denied.error_type.as_deref(), denied.prediction), (Some("ClientError"), None));
    assert!(denied.log.unwrap().contains("REPORT RequestId"));
    let why = denied.explanation.unwrap();
    let question = why.question.unwrap();
    let role = made(&world, &share).await.role;
    let role_name = role.rsplit('/').next().unwrap();
    assert!(question.caller.contains(&format!("assumed-role/{role_name}/")), "{}", question.caller);
    assert_eq!(question.role, "arn:aws:iam::111111111111:role/SageMakerExternal");
    assert_eq!((question.endpoint.as_str(), question.external_id.as_str()), ("churn-classifier", "sagebridge-fixed"));
    let parsed = question.parse().expect("a question that the doctor takes");
    assert_eq!(parsed.caller_name(), role_name);
    assert!(why.fix.is_some() && !why.details.is_empty(), "{:?}", why.sentence);

    world.succeeds(&allow(&world, &share).await).await;
    world.control("DELETE", "/counters", Value::Null).await;
    let answered = report(&world, &share).await;
    let prediction = answered.prediction.expect("a prediction");
    assert_eq!((prediction.status, prediction.is_text), (200, true));
    assert!(prediction.body.trim().parse::<f64>().is_ok_and(|p| (0.0..=1.0).contains(&p)), "{prediction:?}");
    assert!(answered.log.unwrap().contains("END RequestId"));

    world.succeeds(&delete(&world, &share).await).await;
    assert_eq!(everything(&world, &share).await, before);
}

#[tokio::test]
async fn a_permission_that_iam_has_not_told_everybody_is_waited_for() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    world.control("PUT", "/settings", json!({ "function_activation_ms": 0, "iam_propagation_ms": 1500 })).await;
    world.succeeds(&allow(&world, &share).await).await;
    let outcome = call(&world, &share).await;
    assert!(outcome.result.unwrap().prediction.is_some());
    assert!(outcome.waited_ms >= outcome.took_ms);
}

#[tokio::test]
async fn the_models_refusal_and_a_wrong_endpoint_are_told() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    world.succeeds(&allow(&world, &share).await).await;
    let (services, operator) = (&world.services, &world.operator);
    let refused = services.run_function(operator, &share, "churn-classifier", "image/png", "x").await.unwrap();
    let refused = refused.result.unwrap();
    assert!(refused.error.unwrap().contains("ModelError") && refused.explanation.is_none());
    let other = services.run_function(operator, &share, "echo", "text/csv", BODY).await;
    assert!(other.unwrap_err().to_string().contains("shared endpoint `echo`"));
}

#[tokio::test]
async fn a_function_that_was_deleted_behind_its_back_is_told() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    let function = made(&world, &share).await.name.parse().unwrap();
    let (via, region) = (crate::functions::child(), crate::functions::ireland());
    world.gateways.lambda.delete_function(&via, &region, &function).await.unwrap();
    let failure = call(&world, &share).await.result.unwrap_err();
    assert!(failure.hint.contains("deleted behind"), "{failure:?}");
    // What is left of it can still be finished or taken away.
    let left = made(&world, &share).await;
    assert!(left.update.is_some() && left.removal.is_ok());
}
