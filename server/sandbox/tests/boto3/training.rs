//! Training jobs, logs and metrics, by the real boto3.

use crate::run;
use crate::support::Lab;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_trains_deploys_and_waits_as_with_aws() {
    let lab = Lab::start().await;
    lab.settings(json!({
        "training_phase_ms": 0, "endpoint_creation_ms": 0, "endpoint_update_ms": 0, "deployment_second_ms": 0,
    }))
    .await;
    let result = run(&lab.sandbox, "training.py").await;
    assert_eq!(
        result,
        json!({
            "trained": ["Completed", ["Starting", "Downloading", "Training", "Uploading", "Completed"], true],
            "pages": ["one", "three", "two"],
            "stopped": ["ValidationException", 400],
            "taken": "ResourceInUse",
            "served": true,
            "updated": ["InService", "second"],
            "alarm": ["INSUFFICIENT_DATA", "ALARM", ["errors"]],
            "missing": ["ResourceNotFound", 400],
            "invocations": [2.0, 2.0],
        })
    );
}
