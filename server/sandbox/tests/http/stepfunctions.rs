//! Step Functions: state machines and their executions.

mod executions;
mod machines;
mod tasks;

use crate::support::{CHILD, Client, Lab};
use serde_json::{Value, json};
use std::time::Duration;

/// The trust policy of a machine's role.
const TRUSTS_STATES: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A sandbox in which waits take no time and functions and endpoints are there at once.
async fn lab() -> Lab {
    let lab = Lab::start().await;
    lab.settings(json!({ "state_wait_ms": 0, "function_activation_ms": 0, "endpoint_creation_ms": 0 })).await;
    lab
}

fn alone(state: Value) -> Value {
    json!({ "StartAt": "S", "States": { "S": state } })
}

fn passing() -> Value {
    alone(json!({ "Type": "Pass", "End": true }))
}

async fn new_machine(client: &Client, name: &str, definition: &Value, role: &str) -> String {
    let made = client
        .json_ok(
            "states",
            "CreateStateMachine",
            json!({ "name": name, "definition": definition.to_string(), "roleArn": role }),
        )
        .await;
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

async fn start(client: &Client, machine: &str, input: Value) -> String {
    let body = json!({ "stateMachineArn": machine, "input": input.to_string() });
    client.json_ok("states", "StartExecution", body).await["executionArn"].as_str().unwrap().to_owned()
}

async fn describe(client: &Client, execution: &str) -> Value {
    client.json_ok("states", "DescribeExecution", json!({ "executionArn": execution })).await
}

/// Waits until something holds.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come");
}

async fn ended(client: &Client, execution: &str) -> Value {
    until(async || Some(describe(client, execution).await).filter(|shown| shown["status"] != "RUNNING")).await
}

/// The output of an execution that must succeed.
async fn output(client: &Client, execution: &str) -> Value {
    let shown = ended(client, execution).await;
    assert_eq!(shown["status"], "SUCCEEDED", "{shown}");
    serde_json::from_str(shown["output"].as_str().unwrap()).unwrap()
}

async fn types(client: &Client, execution: &str) -> Vec<String> {
    let history = client.json_ok("states", "GetExecutionHistory", json!({ "executionArn": execution })).await;
    let events = history["events"].as_array().unwrap().iter();
    events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn machine_arn(name: &str) -> String {
    format!("arn:aws:states:eu-west-1:{CHILD}:stateMachine:{name}")
}

#[tokio::test]
async fn a_machine_is_made_run_described_and_deleted() {
    let lab = lab().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let definition = json!({ "StartAt": "Which", "States": {
        "Which": { "Type": "Choice", "Default": "Each", "Choices": [{ "Variable": "$.n", "NumericGreaterThan": 100, "Next": "Big" }] },
        "Big": { "Type": "Fail", "Error": "TooBig", "Cause": "so it is" },
        "Each": { "Type": "Map", "ItemsPath": "$.list", "ResultPath": "$.list", "Next": "Both", "ItemProcessor": {
            "StartAt": "One", "States": { "One": { "Type": "Pass", "Parameters": { "v.$": "$$.Map.Item.Value" }, "End": true } } } },
        "Both": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "Wait", "States": { "Wait": { "Type": "Wait", "Seconds": 3600, "End": true } } },
            { "StartAt": "Pass", "States": { "Pass": { "Type": "Pass", "Result": "here", "End": true } } }
        ] }
    } });
    let machine = new_machine(&child, "m", &definition, &role).await;
    assert_eq!(machine, machine_arn("m"));
    let shown = child.json_ok("states", "DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(
        (&shown["status"], &shown["type"], &shown["roleArn"]),
        (&json!("ACTIVE"), &json!("STANDARD"), &json!(role))
    );
    assert_eq!(serde_json::from_str::<Value>(shown["definition"].as_str().unwrap()).unwrap(), definition);

    let execution = start(&child, &machine, json!({ "n": 1, "list": ["a", "b"] })).await;
    assert!(execution.starts_with(&format!("arn:aws:states:eu-west-1:{CHILD}:execution:m:")), "{execution}");
    let list = json!([{ "v": "a" }, { "v": "b" }]);
    assert_eq!(output(&child, &execution).await, json!([{ "n": 1, "list": list }, "here"]));
    let events = types(&child, &execution).await;
    assert_eq!((events[0].as_str(), events.last().unwrap().as_str()), ("ExecutionStarted", "ExecutionSucceeded"));
    assert!(events.contains(&"WaitStateExited".to_owned()), "{events:?}");

    let failing = start(&child, &machine, json!({ "n": 101 })).await;
    let failed = ended(&child, &failing).await;
    assert_eq!(
        (&failed["status"], &failed["error"], &failed["cause"]),
        (&json!("FAILED"), &json!("TooBig"), &json!("so it is"))
    );
    assert!(failed["stopDate"].is_number() && failed.get("output").is_none(), "{failed}");
    let of = child.json_ok("states", "DescribeStateMachineForExecution", json!({ "executionArn": failing })).await;
    assert_eq!((&of["stateMachineArn"], &of["name"]), (&json!(machine), &json!("m")));
    child.json("states", "RedriveExecution", json!({ "executionArn": failing })).await.refused(
        400,
        "ExecutionNotRedrivable",
        &failing,
    );

    child.json_ok("states", "DeleteStateMachine", json!({ "stateMachineArn": machine })).await;
    until(async || {
        let answer = child.json("states", "DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
        (answer.status == 400).then(|| {
            answer.refused(400, "StateMachineDoesNotExist", &format!("State Machine Does Not Exist: '{machine}'"))
        })
    })
    .await;
    child.json("states", "DescribeExecution", json!({ "executionArn": failing })).await.refused(
        400,
        "ExecutionDoesNotExist",
        "",
    );
    // Once more is nothing wrong.
    child.json_ok("states", "DeleteStateMachine", json!({ "stateMachineArn": machine })).await;
}
