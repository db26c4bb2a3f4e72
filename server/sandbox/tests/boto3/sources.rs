//! CodeCommit, EventBridge and CloudWatch Logs as boto3 uses them, and the logs of functions.

use crate::support::{Client, Lab};
use crate::{call, run, sandbox_with, with_function};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_commits_hears_of_it_and_reads_the_log() {
    let (sandbox, _dir) = sandbox_with(0).await;
    let result = run(&sandbox, "sources.py").await;
    assert_eq!(
        result,
        json!({
            "commits": {
                "same_ids": true, "content": "Resources: {}\n", "differences": ["A", "A", "A", "M"],
                "history": 2, "missing": "RepositoryDoesNotExistException", "stale": "ParentCommitIdOutdatedException",
                "branches": ["main"], "repositories": ["templates"],
            },
            "events": { "rules": 5, "targets": 3, "names": 5, "details": ["referenceCreated", "referenceUpdated"] },
            "logs": { "groups": 3, "streams": 4, "filtered": 25, "last": "line 24" },
        })
    );
}

const CODE: &str = "
def handler(event, context):
    print('hello', event['name'])
    return {'group': context.log_group_name, 'stream': context.log_stream_name}
";

/// What is in the function's group, once there is something in the stream.
async fn log_of(client: &Client, stream: &str) -> Vec<String> {
    let input = json!({ "logGroupName": "/aws/lambda/f", "logStreamName": stream });
    for _ in 0..400 {
        let answer = client.json("logs", "GetLogEvents", input.clone()).await;
        if answer.status == 200 && !answer.json()["events"].as_array().unwrap().is_empty() {
            let text = |event: &Value| event["message"].as_str().unwrap().trim_end().to_owned();
            return answer.json()["events"].as_array().unwrap().iter().map(text).collect();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("no log came");
}

/// Waits until the function's role was refused a stream.
async fn refused(lab: &Lab) {
    for _ in 0..400 {
        let counts = lab.control(Method::GET, "/counters", Value::Null).await.json();
        let refused = |count: &&Value| count["operation"] == "CreateLogStream" && count["errors"] != 0;
        if counts.as_array().unwrap().iter().find(refused).is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nothing was refused");
}

fn logging(actions: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"arn:aws:logs:eu-west-1:222222222222:log-group:/aws/lambda/f:*"}}]}}"#
    )
}

const ALL: &str = r#""logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents""#;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_functions_write_to_their_log_group_as_their_role() {
    let (_lab, child) = with_function(CODE, json!({})).await;
    let policy = logging(ALL);
    let params = [("RoleName", "scoring-lambda"), ("PolicyName", "log"), ("PolicyDocument", policy.as_str())];
    child.iam_ok("PutRolePolicy", &params).await;
    let answer = call(&child, json!({ "name": "Ann" })).await.json();
    assert_eq!(answer["group"], "/aws/lambda/f");
    let lines = log_of(&child, answer["stream"].as_str().unwrap()).await;
    assert!(lines[0].starts_with("START RequestId: "), "{lines:?}");
    assert_eq!(lines[1], "hello Ann");
    assert!(lines[2].starts_with("END ") && lines[3].starts_with("REPORT "), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_functions_whose_role_may_not_log_run_all_the_same() {
    let (lab, child) = with_function(CODE, json!({})).await;
    // It may make the group, and nothing in it.
    let policy = logging(r#""logs:CreateLogGroup","logs:PutLogEvents""#);
    let set = async |policy: &str| {
        let params = [("RoleName", "scoring-lambda"), ("PolicyName", "log"), ("PolicyDocument", policy)];
        child.iam_ok("PutRolePolicy", &params).await;
    };
    set(&policy).await;
    let first = call(&child, json!({ "name": "Ann" })).await;
    assert_eq!(first.status, 200);
    assert!(first.header("x-amz-function-error").is_empty(), "{}", first.text());
    refused(&lab).await;
    set(&logging(ALL)).await;
    let second = call(&child, json!({ "name": "Ben" })).await.json();
    log_of(&child, second["stream"].as_str().unwrap()).await;
    let streams = child.json_ok("logs", "DescribeLogStreams", json!({ "logGroupName": "/aws/lambda/f" })).await;
    assert_eq!(streams["logStreams"].as_array().unwrap().len(), 1, "{streams}");
}
