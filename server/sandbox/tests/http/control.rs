//! The control path: faults, propagation, counters, and who may not use it.

use crate::support::{CHILD, Lab, PARENT, allowing, exchange, http, trusting};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

#[tokio::test]
async fn a_change_of_iam_is_seen_only_after_its_delay() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    lab.settings(json!({ "iam_propagation_ms": 3_600_000 })).await;
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[&allowing("sagemaker:InvokeEndpoint", "*")]).await;
    // Reading shows it, authorisation does not know it yet.
    assert_eq!(parent.iam_ok("GetRole", &[("RoleName", "Shared")]).await.tag("Arn"), role);
    child.assume(&role, &[]).await.refused(403, "AccessDenied", "sts:AssumeRole");
    lab.control(Method::POST, "/propagate", Value::Null).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    // The same the other way round: what was taken away still works for a while.
    parent.iam_ok("DeleteRolePolicy", &[("RoleName", "Shared"), ("PolicyName", "p0")]).await;
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    lab.control(Method::POST, "/propagate", Value::Null).await;
    assert_eq!(session.invoke("echo", &[], "x").await.status, 403);
}

#[tokio::test]
async fn a_short_delay_ends_by_itself() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    lab.settings(json!({ "iam_propagation_ms": 150 })).await;
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[]).await;
    let mut denied = 0;
    while child.assume(&role, &[]).await.status == 403 {
        denied += 1;
    }
    assert!(denied > 0, "the change was seen at once");
}

#[tokio::test]
async fn the_next_calls_are_throttled_in_the_protocols_own_form() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    lab.fault(json!({ "service": "iam", "operation": "ListUsers", "effect": { "kind": "throttle" }, "times": 1 }))
        .await;
    lab.fault(json!({ "service": "sagemaker", "effect": { "kind": "throttle" }, "times": 1 })).await;
    lab.fault(json!({ "service": "runtime", "account": PARENT, "effect": { "kind": "throttle" }, "times": 1 })).await;
    parent.iam("ListUsers", &[]).await.refused(400, "Throttling", "Rate exceeded");
    parent.sagemaker("ListEndpoints", json!({})).await.refused(400, "ThrottlingException", "Rate exceeded");
    parent.invoke("echo", &[], "x").await.refused(429, "ThrottlingException", "Rate exceeded");
    assert_eq!(parent.iam("ListUsers", &[]).await.status, 200);
    assert_eq!(parent.sagemaker("ListEndpoints", json!({})).await.status, 200);
    assert_eq!(parent.invoke("echo", &[], "x").await.status, 200);
}

#[tokio::test]
async fn a_lost_reply_has_happened_and_a_failed_call_has_not() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    lab.fault(json!({ "operation": "CreateUser", "effect": { "kind": "error" }, "times": 1 })).await;
    parent.iam("CreateUser", &[("UserName", "a")]).await.refused(500, "InternalFailure", "");
    assert_eq!(parent.iam("GetUser", &[("UserName", "a")]).await.status, 404);
    lab.fault(json!({ "operation": "CreateUser", "effect": { "kind": "lose_reply" } })).await;
    parent.iam("CreateUser", &[("UserName", "b")]).await.refused(500, "InternalFailure", "");
    assert_eq!(parent.iam("GetUser", &[("UserName", "b")]).await.status, 200);
    lab.control(Method::DELETE, "/faults", Value::Null).await;
    assert_eq!(parent.iam("CreateUser", &[("UserName", "c")]).await.status, 200);
}

#[tokio::test]
async fn an_error_can_be_chosen() {
    let lab = Lab::start().await;
    let effect =
        json!({ "kind": "error", "status": 403, "code": "AccessDenied", "message": "an organisation says no" });
    lab.fault(json!({ "service": "sts", "operation": "AssumeRole", "effect": effect, "skip": 1 })).await;
    let child = lab.client("child");
    let role = lab.client("parent").new_role("r", &trusting(&[CHILD]), &[]).await;
    assert_eq!(child.assume(&role, &[]).await.status, 200);
    child.assume(&role, &[]).await.refused(403, "AccessDenied", "an organisation says no");
}

#[tokio::test]
async fn calls_are_counted_by_account_and_operation() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    lab.control(Method::DELETE, "/counters", Value::Null).await;
    for _ in 0..3 {
        child.sts("GetCallerIdentity", &[]).await;
    }
    child.invoke("nope", &[], "x").await;
    let counts = lab.control(Method::GET, "/counters", Value::Null).await.json();
    let expected = json!([
        { "account": CHILD, "service": "runtime", "operation": "InvokeEndpoint", "calls": 1, "errors": 1 },
        { "account": CHILD, "service": "sts", "operation": "GetCallerIdentity", "calls": 3, "errors": 0 },
    ]);
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn a_rule_for_nothing_is_refused() {
    let lab = Lab::start().await;
    for (rule, problem) in [
        (json!({ "service": "s4", "effect": { "kind": "throttle" } }), "`s4` is not a service"),
        (
            json!({ "service": "iam", "operation": "AssumeRole", "effect": { "kind": "throttle" } }),
            "`AssumeRole` is not",
        ),
        (json!({ "effect": { "kind": "throttle" }, "probability": 2 }), "`probability`"),
        (json!({ "effect": { "kind": "explode" } }), "explode"),
        (json!({ "effect": { "kind": "throttle" }, "time": 1 }), "time"),
    ] {
        let answer = lab.control(Method::POST, "/faults", rule).await;
        assert!(answer.status >= 400 && answer.text().contains(problem), "{}", answer.text());
    }
}

#[tokio::test]
async fn web_pages_can_not_reach_the_control_path() {
    let lab = Lab::start().await;
    let url = format!("{}/_sandbox/counters", lab.sandbox.url());
    for (name, value) in [("origin", "https://evil.example"), ("host", "evil.example"), ("host", "evil.example:4566")] {
        let request = Request::get(&url).header(name, value).body(Full::new(Bytes::new())).unwrap();
        assert_eq!(exchange(&http(), request).await.status, 403, "{name}: {value}");
    }
}
