//! The first seed's steps by hand, and its handler as published.

use crate::{run, sandbox_with};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";

#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_handler_is_denied_before_and_predicts_after() {
    let (sandbox, _dir) = sandbox_with(5).await;
    let result = run(&sandbox, "first_seed.py").await;

    let before = format!(
        "An error occurred (AccessDenied) when calling the AssumeRole operation: User: \
         arn:aws:sts::222222222222:assumed-role/scoring-lambda/function is not authorized to perform: sts:AssumeRole \
         on resource: {ROLE}"
    );
    assert_eq!(result["before"], before);
    assert_eq!(result["after"]["statusCode"], 200);
    let prediction: Value = serde_json::from_str(result["after"]["body"].as_str().unwrap()).unwrap();
    let probability = prediction["predictions"][0].as_f64().unwrap();
    assert!((0.5..1.0).contains(&probability), "{prediction}");

    assert_eq!(result["paged"]["roles"], 6);
    let paged: Vec<&str> =
        result["paged"]["endpoints"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    assert_eq!(paged.iter().filter(|name| name.starts_with("scoring-")).count(), 5);
    assert!(["Fraud-Detector-EU", "churn-classifier", "demand-forecast", "echo"].iter().all(|n| paged.contains(n)));
    let expected = json!({
        "query": ["NoSuchEntity", 404, "The role with name nobody cannot be found."],
        "json": ["ValidationException", 400, "Could not find endpoint \"arn:aws:sagemaker:eu-west-1:111111111111:endpoint/nope\"."],
        "rest": ["ValidationError", 400, "Endpoint nope of account 111111111111 not found."],
    });
    for (protocol, error) in expected.as_object().unwrap() {
        assert_eq!(&result["errors"][protocol], error, "{protocol}");
    }
    assert_eq!((&result["errors"]["model"][0], &result["errors"]["model"][1]), (&json!("ModelError"), &json!(424)));
}
