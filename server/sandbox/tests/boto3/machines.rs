//! Step Functions, by the real boto3.

use crate::{run, with_function};
use serde_json::json;

const CODE: &str = "
def handler(event, context):
    if event.get('fail'):
        raise ValueError('as asked')
    return event
";

#[tokio::test(flavor = "multi_thread")]
async fn boto3_makes_machines_and_follows_their_executions_as_with_aws() {
    let (lab, _child) = with_function(CODE, json!({})).await;
    let result = run(&lab.sandbox, "machines.py").await;
    assert_eq!(
        result,
        json!({
            "output": { "n": 1 },
            "times": [true, true],
            "caught": ["ValueError", "as asked"],
            "executions": [1, 4, 4],
            "events": [
                "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded",
                "TaskStateExited", "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded",
            ],
            "machines": ["machine"],
            "shown": ["ACTIVE", "OFF", "Invoke"],
            "tags": [{ "key": "team", "value": "red" }],
            "valid": "OK",
            "refused": [
                "InvalidDefinition", "ExecutionAlreadyExists", "ExecutionDoesNotExist", "UnknownOperationException",
            ],
            "token": { "wrong": "TaskTimedOut", "output": { "said": true } },
        })
    );
}
