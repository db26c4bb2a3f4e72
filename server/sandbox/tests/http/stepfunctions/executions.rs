//! Executions: names, pages, stops and restarts.

use super::{TRUSTS_STATES, alone, describe, ended, machine_arn, new_machine, output, passing, start, types, until};
use crate::support::{Client, Lab, allowing, config};
use serde_json::{Value, json};

#[tokio::test]
async fn executions_have_names_pages_and_are_stopped() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let machine =
        new_machine(&child, "m", &alone(json!({ "Type": "Wait", "SecondsPath": "$.s", "End": true })), &role).await;
    let named = |name: &str, seconds: u64| json!({ "stateMachineArn": machine, "name": name, "input": json!({ "s": seconds }).to_string() });
    let first = child.json_ok("states", "StartExecution", named("long", 3600)).await;
    assert_eq!(child.json_ok("states", "StartExecution", named("long", 3600)).await, first);
    let arn = first["executionArn"].as_str().unwrap().to_owned();
    let already = format!("Execution Already Exists: '{arn}'");
    child.json("states", "StartExecution", named("long", 1)).await.refused(400, "ExecutionAlreadyExists", &already);
    let running = describe(&child, &arn).await;
    assert_eq!((&running["status"], &running["input"]), (&json!("RUNNING"), &json!("{\"s\":3600}")));
    let stop = json!({ "executionArn": arn, "error": "Enough", "cause": "of it" });
    let stopped = child.json_ok("states", "StopExecution", stop.clone()).await;
    let shown = describe(&child, &arn).await;
    assert_eq!(
        (&shown["status"], &shown["error"], &shown["cause"]),
        (&json!("ABORTED"), &json!("Enough"), &json!("of it"))
    );
    assert_eq!(shown["stopDate"], stopped["stopDate"]);
    // Once more changes nothing, and the name stays taken.
    assert_eq!(child.json_ok("states", "StopExecution", stop).await, stopped);
    child.json("states", "StartExecution", named("long", 3600)).await.refused(400, "ExecutionAlreadyExists", &already);

    for n in 0..5 {
        let made = child.json_ok("states", "StartExecution", named(&format!("short-{n}"), 0)).await;
        ended(&child, made["executionArn"].as_str().unwrap()).await;
    }
    let list = async |more: Value| {
        let mut body = json!({ "stateMachineArn": machine });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        child.json_ok("states", "ListExecutions", body).await
    };
    let names = |page: &Value| -> Vec<String> {
        page["executions"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap().to_owned()).collect()
    };
    let done = list(json!({ "statusFilter": "SUCCEEDED", "maxResults": 3 })).await;
    assert_eq!(names(&done), ["short-4", "short-3", "short-2"]);
    let rest = list(json!({ "statusFilter": "SUCCEEDED", "nextToken": done["nextToken"] })).await;
    assert_eq!((names(&rest), rest.get("nextToken")), (vec!["short-1".to_owned(), "short-0".to_owned()], None));
    assert_eq!(names(&list(json!({ "statusFilter": "ABORTED" })).await), ["long"]);

    let history = async |more: Value| {
        let mut body = json!({ "executionArn": arn.replace("long", "short-0") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        child.json_ok("states", "GetExecutionHistory", body).await
    };
    let events = |page: &Value| -> Vec<u64> {
        page["events"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect()
    };
    let page = history(json!({ "maxResults": 3 })).await;
    assert_eq!(events(&page), [1, 2, 3]);
    assert_eq!(events(&history(json!({ "nextToken": page["nextToken"] })).await), [4]);
    let last = history(json!({ "reverseOrder": true, "maxResults": 1 })).await;
    assert_eq!(last["events"][0]["executionSucceededEventDetails"]["output"], "{\"s\":0}");
    let bare = history(json!({ "includeExecutionData": false })).await;
    assert!(bare["events"][0]["executionStartedEventDetails"].get("input").is_none(), "{bare}");
}

#[tokio::test]
async fn executions_go_on_after_a_restart() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[&allowing("lambda:*", "*")]).await;
    let wait = alone(json!({ "Type": "Wait", "Seconds": 2, "End": true }));
    let waiting = start(&child, &new_machine(&child, "waits", &wait, &role).await, json!({ "kept": true })).await;
    let long = alone(json!({ "Type": "Wait", "Seconds": 3600, "End": true }));
    let longer = start(&child, &new_machine(&child, "long", &long, &role).await, json!({})).await;
    let lost = start(&child, &machine_arn("long"), json!({})).await;
    let over = start(&child, &new_machine(&child, "over", &passing(), &role).await, json!({ "n": 1 })).await;
    assert_eq!(output(&child, &over).await, json!({ "n": 1 }));
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;

    // One of them is damaged meanwhile.
    for entry in std::fs::read_dir(dir.path().join("executions")).unwrap() {
        let path = entry.unwrap().path();
        if std::fs::read_to_string(&path).unwrap().contains(&lost) {
            std::fs::write(&path, "{").unwrap();
        }
    }
    let again = sandbox::start(config(dir.path())).await.unwrap();
    let child = Client::new(&again.url(), &child.key, &child.secret, None);
    assert_eq!(output(&child, &waiting).await, json!({ "kept": true }));
    assert_eq!(describe(&child, &longer).await["status"], "RUNNING");
    assert_eq!(describe(&child, &lost).await["status"], "FAILED");
    assert_eq!(types(&child, &over).await.len(), 4);
    child.json_ok("states", "StopExecution", json!({ "executionArn": longer })).await;
    assert_eq!(describe(&child, &longer).await["status"], "ABORTED");
    drop(again);
}

#[tokio::test]
async fn executions_start_others_and_end_with_their_machine() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let states = |action: &str| allowing(&format!("states:{action}"), "*");
    let role = child
        .new_role(
            "machine",
            TRUSTS_STATES,
            &[
                &states("StartExecution"),
                &states("DescribeExecution"),
                &states("StopExecution"),
                &allowing("events:*", "*"),
            ],
        )
        .await;
    let inner =
        new_machine(&child, "inner", &alone(json!({ "Type": "Wait", "SecondsPath": "$.s", "End": true })), &role).await;
    let outer = |resource: &str| {
        alone(json!({
            "Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{resource}"), "End": true,
            "Parameters": { "StateMachineArn": inner, "Input.$": "$" }
        }))
    };
    let at_once = new_machine(&child, "at-once", &outer(""), &role).await;
    let started = output(&child, &start(&child, &at_once, json!({ "s": 0 })).await).await;
    assert!(
        started["ExecutionArn"].as_str().unwrap().contains(":execution:inner:") && started["StartDate"].is_i64(),
        "{started}"
    );
    let sync = new_machine(&child, "sync", &outer(".sync:2"), &role).await;
    let done = start(&child, &sync, json!({ "s": 0 })).await;
    let shown = output(&child, &done).await;
    assert_eq!(
        (&shown["Status"], &shown["Output"], &shown["Name"]),
        (&json!("SUCCEEDED"), &json!({ "s": 0 }), &shown["Name"])
    );
    assert_eq!(types(&child, &done).await[2..6], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]);
    let text = new_machine(&child, "text", &outer(".sync"), &role).await;
    assert_eq!(output(&child, &start(&child, &text, json!({ "s": 0 })).await).await["Output"], "{\"s\":0}");
    let failed = ended(&child, &start(&child, &sync, json!({ "s": "x" })).await).await;
    assert_eq!(failed["error"], "States.TaskFailed", "{failed}");
    assert!(failed["cause"].as_str().unwrap().contains("\"Status\":\"FAILED\""), "{failed}");

    // Whoever stops the outer one stops the inner one too.
    let outside = start(&child, &sync, json!({ "s": 3600 })).await;
    let running = async || {
        let list = child
            .json_ok("states", "ListExecutions", json!({ "stateMachineArn": inner, "statusFilter": "RUNNING" }))
            .await;
        list["executions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["executionArn"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let inside = until(async || running().await.pop()).await;
    until(async || types(&child, &outside).await.contains(&"TaskSubmitted".to_owned()).then_some(())).await;
    child.json_ok("states", "StopExecution", json!({ "executionArn": outside })).await;
    assert_eq!(ended(&child, &inside).await["status"], "ABORTED");

    // A machine takes its executions with it.
    let last = start(&child, &inner, json!({ "s": 3600 })).await;
    child.json_ok("states", "DeleteStateMachine", json!({ "stateMachineArn": inner })).await;
    until(async || {
        let answer = child.json("states", "StartExecution", json!({ "stateMachineArn": inner })).await;
        let code = answer.error().1;
        assert!(["StateMachineDeleting", "StateMachineDoesNotExist"].contains(&code.as_str()), "{}", answer.text());
        (code == "StateMachineDoesNotExist").then_some(())
    })
    .await;
    child.json("states", "DescribeExecution", json!({ "executionArn": last })).await.refused(
        400,
        "ExecutionDoesNotExist",
        &last,
    );
}
