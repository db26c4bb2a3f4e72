//! What is sent to Lambda, and made of its answers.

use crate::canned::{Canned, Received, Reply, ireland, parent, rest, rest_error};
use bytes::Bytes;
use domain::function::{FunctionState, FunctionUpdate};
use domain::names::FunctionName;
use serde_json::json;
use services::ports::gateway::{FunctionCall, GatewayErrorKind, NewFunction, Piece, Variables};
use std::time::Duration;

const ROLE: &str = "arn:aws:iam::222222222222:role/sagebridge-test-role";
const ARN: &str = "arn:aws:lambda:eu-west-1:222222222222:function:tester";

fn name() -> FunctionName {
    FunctionName::parse("tester").unwrap()
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    Variables(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

fn function() -> NewFunction {
    NewFunction {
        name: name(),
        description: "Tries a share".into(),
        role: ROLE.parse().unwrap(),
        runtime: "python3.13".into(),
        handler: "handler.lambda_handler".into(),
        package: Bytes::from_static(b"PK"),
        environment: variables(&[("SAGEBRIDGE_REGION", "eu-west-1")]),
        timeout_seconds: 90,
        memory_mb: 256,
        tags: [("sagebridge:share".to_owned(), "s1".to_owned())].into(),
    }
}

fn call(patience: Duration) -> FunctionCall {
    FunctionCall { function: name(), payload: Bytes::from_static(b"{}"), patience }
}

fn configuration(more: &str) -> String {
    format!(
        r#"{{"FunctionName":"tester","FunctionArn":"{ARN}","Runtime":"python3.13","Role":"{ROLE}",
           "Handler":"handler.lambda_handler","CodeSize":2,"Description":"Tries a share","Timeout":90,"MemorySize":256,
           "LastModified":"1970-01-01T00:00:01.500+0000","CodeSha256":"sum","Version":"$LATEST"{more}}}"#
    )
}

#[tokio::test]
async fn a_function_is_created_from_a_package_with_all_its_settings() {
    let canned = Canned::start(|_| rest(201, &configuration(r#","State":"Pending""#))).await;
    let made = canned.gateways().await.lambda.create_function(&parent(), &ireland(), &function()).await.unwrap();
    assert_eq!((made.value.as_str(), made.request_id.as_deref()), (ARN, Some("req-5")));
    let sent = &canned.requests()[0];
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/2015-03-31/functions"));
    let expected = json!({
        "FunctionName": "tester",
        "Description": "Tries a share",
        "Role": ROLE,
        "Runtime": "python3.13",
        "Handler": "handler.lambda_handler",
        "Code": { "ZipFile": "UEs=" },
        "Environment": { "Variables": { "SAGEBRIDGE_REGION": "eu-west-1" } },
        "Timeout": 90,
        "MemorySize": 256,
        "Tags": { "sagebridge:share": "s1" },
    });
    assert_eq!(sent.json(), expected);
}

#[tokio::test]
async fn a_role_that_lambda_cant_assume_yet_may_be_tried_again_and_is_not_tried_by_itself() {
    let message = "The role defined for the function cannot be assumed by Lambda.";
    let canned = Canned::start(move |_| {
        let mut reply = rest_error(400, "InvalidParameterValueException", message, "");
        reply.body = format!(r#"{{"Type":"User","message":"{message}"}}"#);
        reply
    })
    .await;
    let lambda = canned.gateways().await.lambda;
    let error = lambda.create_function(&parent(), &ireland(), &function()).await.unwrap_err();
    assert_eq!((error.kind, error.retryable, error.status), (GatewayErrorKind::Invalid, true, Some(400)));
    assert_eq!((error.message.as_str(), error.action().as_str()), (message, "lambda:CreateFunction"));
    assert_eq!(canned.requests().len(), 1);
}

#[tokio::test]
async fn a_function_is_described_with_its_states_variables_and_tags() {
    let more = r#","State":"Active","LastUpdateStatus":"InProgress","LastUpdateStatusReason":"soon",
        "Environment":{"Variables":{"TOKEN":"hush"}}"#;
    let body = format!(r#"{{"Configuration":{},"Tags":{{"a":"1"}}}}"#, configuration(more));
    let canned = Canned::start(move |_| rest(200, &body)).await;
    let found = canned.gateways().await.lambda.function(&parent(), &ireland(), &name()).await.unwrap().unwrap();
    assert_eq!((found.state, found.update), (FunctionState::Active, Some(FunctionUpdate::InProgress)));
    assert_eq!((found.update_reason.as_deref(), &found.state_reason), (Some("soon"), &None));
    assert_eq!((found.view.role.as_str(), found.view.modified.unwrap().0), (ROLE, 1500));
    assert_eq!((found.timeout_seconds, found.memory_mb, found.code_sha256.as_str()), (90, 256, "sum"));
    assert_eq!(found.environment, Piece::Read(variables(&[("TOKEN", "hush")])));
    assert_eq!(found.tags, Piece::Read([("a".to_owned(), "1".to_owned())].into()));
    let printed = format!("{found:?}");
    assert!(printed.contains("TOKEN") && !printed.contains("hush"), "{printed}");
    assert_eq!(canned.requests()[0].path, "/2015-03-31/functions/tester");
}

#[tokio::test]
async fn what_of_a_function_cant_be_read_does_not_hide_the_rest() {
    let more = r#","State":"Active","Environment":{"Error":{"ErrorCode":"AccessDeniedException","Message":"no key"}}"#;
    let body = format!(
        r#"{{"Configuration":{},"TagsError":{{"ErrorCode":"AccessDeniedException","Message":"no tags"}}}}"#,
        configuration(more)
    );
    let canned = Canned::start(move |_| rest(200, &body)).await;
    let found = canned.gateways().await.lambda.function(&parent(), &ireland(), &name()).await.unwrap().unwrap();
    assert_eq!(found.environment, Piece::unreadable("no key"));
    assert_eq!(found.tags, Piece::unreadable("no tags"));
    assert_eq!(found.view.name, name());
}

#[tokio::test]
async fn a_function_that_is_missing_is_no_error_to_look_for() {
    let message = format!("Function not found: {ARN}");
    let canned = Canned::start(move |_| rest_error(404, "ResourceNotFoundException", &message, "")).await;
    let lambda = canned.gateways().await.lambda;
    assert_eq!(lambda.function(&parent(), &ireland(), &name()).await.unwrap(), None);
    let gone = lambda.delete_function(&parent(), &ireland(), &name()).await.unwrap_err();
    assert_eq!(gone.kind, GatewayErrorKind::NotFound);
}

#[tokio::test]
async fn code_and_variables_are_replaced_and_a_function_under_way_says_to_try_again() {
    let canned = Canned::start(|request| match request.path.as_str() {
        "/2015-03-31/functions/tester/code" => rest(200, &configuration("")),
        _ => rest_error(
            409,
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for resource: x",
            "",
        ),
    })
    .await;
    let lambda = canned.gateways().await.lambda;
    lambda.update_code(&parent(), &ireland(), &name(), Bytes::from_static(b"PK")).await.unwrap();
    let busy = lambda.update_environment(&parent(), &ireland(), &name(), &variables(&[("A", "1")])).await.unwrap_err();
    assert_eq!((busy.kind, busy.retryable), (GatewayErrorKind::Conflict, true));
    let sent = canned.requests();
    assert_eq!((sent[0].method.as_str(), sent[0].json()), ("PUT", json!({ "ZipFile": "UEs=" })));
    assert_eq!(sent[1].path, "/2015-03-31/functions/tester/configuration");
    assert_eq!(sent[1].json(), json!({ "Environment": { "Variables": { "A": "1" } } }));
}

fn failing(_: &Received) -> Reply {
    let mut reply = rest(200, r#"{"errorMessage":"AccessDenied","errorType":"ClientError"}"#);
    reply.headers.push(("x-amz-function-error", "Unhandled".into()));
    reply.headers.push(("x-amz-executed-version", "$LATEST".into()));
    // "START é\n", cut in the middle of a letter as Lambda does with its four kilobytes.
    reply.headers.push(("x-amz-log-result", "qVNUQVJUIMOpCg==".into()));
    reply
}

#[tokio::test]
async fn a_function_that_fails_is_an_answer_with_the_tail_of_its_log() {
    let canned = Canned::start(failing).await;
    let lambda = canned.gateways().await.lambda;
    let answer = lambda.invoke(&parent(), &ireland(), call(Duration::from_secs(90))).await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("req-5"));
    let answer = answer.value;
    assert_eq!((answer.status, answer.function_error.as_deref()), (200, Some("Unhandled")));
    assert_eq!(answer.log_tail.as_deref(), Some("\u{fffd}START é\n"));
    assert_eq!(answer.version.as_deref(), Some("$LATEST"));
    assert!(answer.payload.starts_with(br#"{"errorMessage""#));
    let sent = &canned.requests()[0];
    assert_eq!(sent.path, "/2015-03-31/functions/tester/invocations");
    assert_eq!(sent.header("x-amz-log-type"), Some("Tail"));
    assert_eq!(sent.header("x-amz-invocation-type"), Some("RequestResponse"));
    assert_eq!(sent.body, b"{}");
}

#[tokio::test]
async fn a_call_is_made_once_whatever_comes_back() {
    let canned = Canned::start(|_| rest_error(500, "ServiceException", "Internal failure", "")).await;
    let lambda = canned.gateways().await.lambda;
    let error = lambda.invoke(&parent(), &ireland(), call(Duration::from_secs(90))).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (GatewayErrorKind::Unavailable, true));
    assert_eq!((error.operation, error.action().as_str()), ("Invoke", "lambda:InvokeFunction"));
    assert_eq!(canned.requests().len(), 1);
}

#[tokio::test]
async fn functions_come_in_pages_with_their_roles() {
    let body = format!(r#"{{"Functions":[{}],"NextMarker":"m 1"}}"#, configuration(""));
    let canned = Canned::start(move |_| rest(200, &body)).await;
    let lambda = canned.gateways().await.lambda;
    let page = lambda.functions(&parent(), &ireland(), Some("m/0")).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("m 1")));
    let view = &page.items[0];
    assert_eq!((view.name.as_str(), view.role.as_str()), ("tester", ROLE));
    assert_eq!((view.runtime.as_deref(), view.description.as_deref()), (Some("python3.13"), Some("Tries a share")));
    assert_eq!(canned.requests()[0].path, "/2015-03-31/functions?Marker=m%2F0&MaxItems=50");
}
