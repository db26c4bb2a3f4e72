//! Keys and rules, as the sandbox has them.

use crate::client::Client;
use crate::{ireland, parent, world};
use serde_json::json;

#[tokio::test]
async fn a_key_says_when_it_will_be_deleted() {
    let world = world(0).await;
    let client = Client::of_profile(&world.sandbox.url(), world.sandbox.credentials_file(), "parent");
    let made = client.json_ok("kms", "CreateKey", json!({})).await;
    let arn = made["KeyMetadata"]["Arn"].as_str().unwrap();
    let state = async |key: &str| world.pipeline.keys.key_state(&parent(), &ireland(), key).await.unwrap();
    let enabled = state(arn).await.unwrap();
    assert_eq!((enabled.state.as_str(), enabled.deletion), ("Enabled", None));
    client.json_ok("kms", "ScheduleKeyDeletion", json!({ "KeyId": arn, "PendingWindowInDays": 30 })).await;
    let scheduled = state(arn).await.unwrap();
    assert_eq!(scheduled.state, "PendingDeletion");
    assert!(scheduled.deletion.is_some());
    assert_eq!(state("arn:aws:kms:eu-west-1:111111111111:key/6f1c3f9e-0000-4000-8000-000000000000").await, None);
}

#[tokio::test]
async fn a_rule_is_enabled_or_not_or_not_there() {
    let world = world(0).await;
    let client = Client::of_profile(&world.sandbox.url(), world.sandbox.credentials_file(), "parent");
    let enabled = async || world.pipeline.rules.rule_enabled(&parent(), &ireland(), "churn-data").await.unwrap();
    assert_eq!(enabled().await, None);
    let rule = json!({ "Name": "churn-data", "EventPattern": r#"{"source":["aws.s3"]}"# });
    client.json_ok("events", "PutRule", rule).await;
    assert_eq!(enabled().await, Some(true));
    client.json_ok("events", "DisableRule", json!({ "Name": "churn-data" })).await;
    assert_eq!(enabled().await, Some(false));
}
