//! Functions that are called, and really run.

use crate::functions::{activation, function, name};
use crate::{World, child, ireland, world};
use bytes::Bytes;
use services::ports::gateway::{FunctionAnswer, FunctionCall, GatewayErrorKind};
use std::time::Duration;

const CODE: &str = r#"
import os
def lambda_handler(event, context):
    print("mode is", os.environ["MODE"])
    return {"twice": event["n"] * 2}
"#;

async fn call(world: &World, payload: &'static str) -> FunctionAnswer {
    let call = FunctionCall {
        function: name("tester"),
        payload: Bytes::from_static(payload.as_bytes()),
        patience: Duration::from_secs(30),
    };
    let answer = world.gateways.lambda.invoke(&child(), &ireland(), call).await.unwrap();
    assert!(answer.request_id.is_some());
    answer.value
}

#[tokio::test]
async fn a_function_answers_with_its_result_or_its_error_and_the_tail_of_its_log() {
    let world = world(0).await;
    activation(&world, 0).await;
    let mut new = function("tester", CODE);
    new.timeout_seconds = 20;
    world.gateways.lambda.create_function(&child(), &ireland(), &new).await.unwrap();

    let answer = call(&world, r#"{"n": 21}"#).await;
    assert_eq!((answer.status, &answer.function_error), (200, &None), "{answer:?}");
    let value: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(value, serde_json::json!({ "twice": 42 }));
    assert_eq!(answer.version.as_deref(), Some("$LATEST"));
    let log = answer.log_tail.unwrap();
    assert!(log.contains("mode is quiet\n") && log.contains("REPORT RequestId"), "{log}");

    let failed = call(&world, "{}").await;
    assert_eq!((failed.status, failed.function_error.as_deref()), (200, Some("Unhandled")));
    let error: serde_json::Value = serde_json::from_slice(&failed.payload).unwrap();
    assert_eq!(error["errorType"], "KeyError");
}

#[tokio::test]
async fn a_function_that_is_not_there_is_an_error() {
    let world = world(0).await;
    let call = FunctionCall { function: name("nobody"), payload: Bytes::new(), patience: Duration::from_secs(1) };
    let error = world.gateways.lambda.invoke(&child(), &ireland(), call).await.unwrap_err();
    assert_eq!((error.kind, error.action().as_str()), (GatewayErrorKind::NotFound, "lambda:InvokeFunction"));
}
