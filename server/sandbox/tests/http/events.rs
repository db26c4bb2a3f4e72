//! EventBridge: rules, targets, patterns, who may, and what becomes of events.

use crate::support::{Answer, CHILD, Client, Lab, PARENT, allowing, config, trusting};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const TRUSTS_EVENTS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}}]}"#;
const PIPELINE: &str = "arn:aws:codepipeline:eu-west-1:111111111111:churn";
const GROUP: &str = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/events/all";

async fn ask(client: &Client, operation: &str, body: Value) -> Answer {
    client.json("events", operation, body).await
}

async fn ok(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("events", operation, body).await
}

fn rule_arn(name: &str) -> String {
    format!("arn:aws:events:eu-west-1:{PARENT}:rule/{name}")
}

fn a_rule(name: &str) -> Value {
    json!({ "Name": name, "EventPattern": r#"{"source":["test.app"]}"# })
}

fn an_event(detail: &Value) -> Value {
    json!({ "Source": "test.app", "DetailType": "Done", "Detail": detail.to_string(), "Resources": ["arn:x"] })
}

/// A rule whose events go to the log group `/aws/events/all`.
async fn logged(client: &Client, name: &str, pattern: &Value) {
    let group = client.json("logs", "CreateLogGroup", json!({ "logGroupName": "/aws/events/all" })).await;
    assert!(group.status == 200 || group.error().1 == "ResourceAlreadyExistsException", "{}", group.text());
    ok(client, "PutRule", json!({ "Name": name, "EventPattern": pattern.to_string() })).await;
    ok(client, "PutTargets", json!({ "Rule": name, "Targets": [{ "Id": "log", "Arn": GROUP }] })).await;
}

/// What a rule's record says once that many deliveries ended, however.
async fn record(lab: &Lab, rule: &str, ended: u64) -> Value {
    for _ in 0..400 {
        let all = lab.control(Method::GET, "/deliveries", Value::Null).await.json();
        let found = all.as_array().unwrap().iter().find(|row| row["rule"] == rule).map(|row| row["record"].clone());
        let record = found.unwrap_or_default();
        if record["delivered"].as_u64().unwrap_or(0) + record["failed"].as_u64().unwrap_or(0) >= ended {
            return record;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{ended} deliveries of {rule} did not end");
}

/// What came to the log group, in the order of its time.
async fn events_in_group(client: &Client) -> Vec<Value> {
    let found = client.json_ok("logs", "FilterLogEvents", json!({ "logGroupName": "/aws/events/all" })).await;
    let message = |event: &Value| serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
    found["events"].as_array().unwrap().iter().map(message).collect()
}

#[tokio::test]
async fn a_rule_is_put_described_switched_and_deleted() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let mut input = a_rule("r");
    input["Description"] = "What for".into();
    input["Tags"] = json!([{ "Key": "a", "Value": "b" }]);
    assert_eq!(ok(&parent, "PutRule", input).await["RuleArn"], rule_arn("r"));
    let described = ok(&parent, "DescribeRule", json!({ "Name": "r" })).await;
    assert_eq!(
        described,
        json!({
            "Name": "r", "Arn": rule_arn("r"), "EventPattern": r#"{"source":["test.app"]}"#, "State": "ENABLED",
            "Description": "What for", "EventBusName": "default", "CreatedBy": PARENT,
        })
    );
    ok(&parent, "DisableRule", json!({ "Name": "r" })).await;
    assert_eq!(ok(&parent, "DescribeRule", json!({ "Name": "r" })).await["State"], "DISABLED");
    ok(&parent, "EnableRule", json!({ "Name": "r", "EventBusName": "default" })).await;
    // What is not given again is gone, but for tags and targets.
    ok(&parent, "PutTargets", json!({ "Rule": "r", "Targets": [{ "Id": "log", "Arn": GROUP }] })).await;
    ok(&parent, "PutRule", a_rule("r")).await;
    assert!(ok(&parent, "DescribeRule", json!({ "Name": "r" })).await.get("Description").is_none());
    let tags = ok(&parent, "ListTagsForResource", json!({ "ResourceARN": rule_arn("r") })).await;
    assert_eq!(tags["Tags"], json!([{ "Key": "a", "Value": "b" }]));
    ask(&parent, "DeleteRule", json!({ "Name": "r" })).await.refused(
        400,
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    );
    ok(&parent, "RemoveTargets", json!({ "Rule": "r", "Ids": ["log"] })).await;
    ok(&parent, "DeleteRule", json!({ "Name": "r" })).await;
    ok(&parent, "DeleteRule", json!({ "Name": "r" })).await;
    ask(&parent, "DescribeRule", json!({ "Name": "r" })).await.refused(
        400,
        "ResourceNotFoundException",
        "Rule r does not exist on EventBus default.",
    );
}

#[tokio::test]
async fn what_is_no_rule_is_refused() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for (input, code, message) in [
        (json!({ "Name": "r" }), "ValidationException", "EventPattern or ScheduleExpression must be specified"),
        (json!({ "Name": "a b", "EventPattern": "{}" }), "ValidationException", "'name'"),
        (json!({ "EventPattern": "{}" }), "ValidationException", "Member must not be null"),
        (
            json!({ "Name": "r", "EventPattern": "[]" }),
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Filter is not an object",
        ),
        (json!({ "Name": "r", "EventPattern": "{\"a\":[{\"like\":1}]}" }), "InvalidEventPatternException", "like"),
        (json!({ "Name": "r", "ScheduleExpression": "rate(1 day)" }), "ValidationException", "ScheduleExpression"),
        (
            json!({ "Name": "r", "EventPattern": "{\"a\":[1]}", "EventBusName": "mine" }),
            "ResourceNotFoundException",
            "Event bus mine does not exist.",
        ),
        (json!({ "Name": "r", "EventPattern": "{\"a\":[1]}", "State": "ON" }), "ValidationException", "'state'"),
    ] {
        ask(&parent, "PutRule", input).await.refused(400, code, message);
    }
}

#[tokio::test]
async fn rules_and_targets_are_listed_by_page() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for name in ["b1", "a2", "a1"] {
        ok(&parent, "PutRule", a_rule(name)).await;
        let targets = json!([{ "Id": "y", "Arn": GROUP }, { "Id": "x", "Arn": GROUP, "InputPath": "$.detail" }]);
        ok(&parent, "PutTargets", json!({ "Rule": name, "Targets": targets })).await;
    }
    let names = |page: &Value| -> Vec<String> {
        page["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap().to_owned()).collect()
    };
    let first = ok(&parent, "ListRules", json!({ "Limit": 2 })).await;
    assert_eq!(names(&first), ["a1", "a2"]);
    let second = ok(&parent, "ListRules", json!({ "Limit": 2, "NextToken": first["NextToken"] })).await;
    assert_eq!((names(&second), second.get("NextToken")), (vec!["b1".to_owned()], None));
    assert_eq!(names(&ok(&parent, "ListRules", json!({ "NamePrefix": "b" })).await), ["b1"]);
    assert!(names(&ok(&lab.client("child"), "ListRules", json!({})).await).is_empty());
    let of_target = ok(&parent, "ListRuleNamesByTarget", json!({ "TargetArn": GROUP })).await;
    assert_eq!(of_target["RuleNames"], json!(["a1", "a2", "b1"]));
    let targets = ok(&parent, "ListTargetsByRule", json!({ "Rule": "a1" })).await;
    assert_eq!(
        targets["Targets"],
        json!([{ "Id": "x", "Arn": GROUP, "InputPath": "$.detail" }, { "Id": "y", "Arn": GROUP }])
    );
    let bus = ok(&parent, "DescribeEventBus", json!({})).await;
    assert_eq!(bus["Arn"], format!("arn:aws:events:eu-west-1:{PARENT}:event-bus/default"));
    assert_eq!(ok(&parent, "ListEventBuses", json!({})).await["EventBuses"], json!([bus]));
}

#[tokio::test]
async fn a_targets_role_must_be_passed_and_trust_eventbridge() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    ok(&parent, "PutRule", a_rule("r")).await;
    let put = |targets: Value| json!({ "Rule": "r", "Targets": targets });
    ask(&parent, "PutTargets", put(json!([{ "Id": "p", "Arn": PIPELINE }]))).await.refused(
        400,
        "ValidationException",
        &format!("RoleArn is required for target {PIPELINE}."),
    );
    let with_role = |role: &str| put(json!([{ "Id": "p", "Arn": PIPELINE, "RoleArn": role }]));
    let stranger = parent.new_role("stranger", &trusting(&[PARENT]), &[]).await;
    ask(&parent, "PutTargets", with_role(&stranger)).await.refused(
        400,
        "ValidationException",
        &format!("Provided role '{stranger}' cannot be assumed by principal 'events.amazonaws.com'."),
    );
    let role = parent.new_role("start", TRUSTS_EVENTS, &[]).await;
    ok(&parent, "PutTargets", with_role(&role)).await;
    let other = format!("arn:aws:iam::{CHILD}:role/start");
    ask(&parent, "PutTargets", with_role(&other)).await.refused(400, "AccessDeniedException", "Cross-account");
    let user = parent.new_user("u", &[&allowing("events:*", "*")]).await;
    ask(&user, "PutTargets", with_role(&role)).await.refused(
        400,
        "AccessDeniedException",
        &format!("is not authorized to perform: iam:PassRole on resource: {role}"),
    );
    let nobody = parent.new_user("nobody", &[]).await;
    for (operation, input) in [
        ("PutRule", a_rule("r")),
        ("DescribeRule", json!({ "Name": "r" })),
        ("PutTargets", with_role(&role)),
        ("DeleteRule", json!({ "Name": "r" })),
    ] {
        let refused = format!("is not authorized to perform: events:{operation} on resource: {}", rule_arn("r"));
        ask(&nobody, operation, input).await.refused(400, "AccessDeniedException", &refused);
    }
    let many: Vec<Value> = (0..6).map(|n| json!({ "Id": n.to_string(), "Arn": GROUP })).collect();
    ask(&parent, "PutTargets", put(json!(many))).await.refused(400, "LimitExceededException", "exceeds the maximum");
    ask(&parent, "PutTargets", put(json!([{ "Id": "x", "Arn": "x" }]))).await.refused(
        400,
        "ValidationException",
        "Provided Arn is not in correct format.",
    );
    let both = json!([{ "Id": "x", "Arn": GROUP, "Input": "{}", "InputPath": "$" }]);
    ask(&parent, "PutTargets", put(both)).await.refused(400, "ValidationException", "Only one of");
    ask(&parent, "PutTargets", json!({ "Rule": "no", "Targets": [{ "Id": "x", "Arn": GROUP }] })).await.refused(
        400,
        "ResourceNotFoundException",
        "Rule no does not exist",
    );
}

#[tokio::test]
async fn an_event_reaches_the_targets_of_the_rules_that_it_fits() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let pattern = json!({ "source": ["test.app"], "detail": { "n": [{ "numeric": [">", 1] }] } });
    logged(&parent, "big", &pattern).await;
    logged(&parent, "off", &json!({ "source": ["test.app"] })).await;
    ok(&parent, "DisableRule", json!({ "Name": "off" })).await;
    let entries = json!([an_event(&json!({ "n": 1 })), an_event(&json!({ "n": 2 }))]);
    let put = ok(&parent, "PutEvents", json!({ "Entries": entries })).await;
    assert_eq!(put["FailedEntryCount"], 0);
    record(&lab, "big", 1).await;
    let came = events_in_group(&parent).await;
    assert_eq!(came.len(), 1, "{came:?}");
    let mut event = came[0].clone();
    assert!(event["time"].take().as_str().unwrap().ends_with('Z'));
    assert_eq!(
        event,
        json!({
            "version": "0", "id": put["Entries"][1]["EventId"], "detail-type": "Done", "source": "test.app",
            "account": PARENT, "time": null, "region": "eu-west-1", "resources": ["arn:x"], "detail": { "n": 2 },
        })
    );
}

#[tokio::test]
async fn entries_that_can_not_be_taken_are_told_one_by_one() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let with = |member: &str, value: Value| {
        let mut entry = an_event(&json!({}));
        entry[member] = value;
        entry
    };
    let entries = json!([
        an_event(&json!({})),
        with("Source", Value::Null),
        with("Source", json!("aws.s3")),
        with("Detail", json!("[1]")),
        with("Detail", json!("{")),
        with("EventBusName", json!("mine")),
    ]);
    let put = ok(&parent, "PutEvents", json!({ "Entries": entries })).await;
    assert_eq!(put["FailedEntryCount"], 5);
    let codes: Vec<&Value> = put["Entries"].as_array().unwrap().iter().map(|entry| &entry["ErrorCode"]).collect();
    assert_eq!(
        json!(codes),
        json!([
            null,
            "InvalidArgument",
            "NotAuthorizedForSourceException",
            "MalformedDetail",
            "MalformedDetail",
            "ResourceNotFoundException"
        ])
    );
    ask(&parent, "PutEvents", json!({ "Entries": [] })).await.refused(400, "ValidationException", "'entries'");
    let policy = allowing("events:PutEvents", "*")
        .replace("\"Resource\"", "\"Condition\":{\"StringEquals\":{\"events:source\":\"other.app\"}},\"Resource\"");
    let user = parent.new_user("u", &[&policy]).await;
    let entries = json!({ "Entries": [an_event(&json!({}))] });
    ask(&user, "PutEvents", entries).await.refused(400, "AccessDeniedException", "events:PutEvents");
}

#[tokio::test]
async fn a_pattern_is_tested() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let event = json!({
        "id": "1", "account": "1", "source": "s", "time": "2026-01-01T00:00:00Z", "region": "r", "resources": [],
        "detail-type": "t", "detail": { "key": "data/train.csv" },
    });
    let test = async |pattern: Value, event: Value| {
        ask(&parent, "TestEventPattern", json!({ "EventPattern": pattern.to_string(), "Event": event.to_string() }))
            .await
    };
    let pattern = |key: &str| json!({ "detail": { "key": [{ "wildcard": key }] } });
    assert_eq!(test(pattern("data/*.csv"), event.clone()).await.json()["Result"], true);
    assert_eq!(test(pattern("*.json"), event.clone()).await.json()["Result"], false);
    test(json!({}), event).await.refused(400, "InvalidEventPatternException", "Empty objects are not allowed");
    test(pattern("*"), json!({ "source": "s" })).await.refused(400, "ValidationException", "Event is not valid");
}

#[tokio::test]
async fn a_commit_is_an_event() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let arn = format!("arn:aws:codecommit:eu-west-1:{PARENT}:repo");
    let pattern = json!({
        "source": ["aws.codecommit"], "detail-type": ["CodeCommit Repository State Change"], "resources": [arn],
        "detail": { "referenceType": ["branch"], "referenceName": ["main"] },
    });
    logged(&parent, "commits", &pattern).await;
    let made = parent.json_ok("codecommit", "CreateRepository", json!({ "repositoryName": "repo" })).await;
    let commit = async |path: &str, tip: &Value| {
        let mut input = json!({
            "repositoryName": "repo", "branchName": "main", "filePath": path, "fileContent": "eA==",
        });
        if !tip.is_null() {
            input["parentCommitId"] = tip.clone();
        }
        parent.json_ok("codecommit", "PutFile", input).await["commitId"].take()
    };
    let first = commit("a", &Value::Null).await;
    record(&lab, "commits", 1).await;
    let second = commit("b", &first).await;
    record(&lab, "commits", 2).await;
    // A branch that the rule does not name.
    let other = json!({ "repositoryName": "repo", "branchName": "other", "commitId": first });
    parent.json_ok("codecommit", "CreateBranch", other).await;
    let came = events_in_group(&parent).await;
    let caller = parent.sts("GetCallerIdentity", &[]).await.tag("Arn");
    let about = |event: &str| {
        json!({
            "event": event, "callerUserArn": caller, "referenceType": "branch", "referenceName": "main",
            "referenceFullName": "refs/heads/main", "repositoryName": "repo",
            "repositoryId": made["repositoryMetadata"]["repositoryId"],
        })
    };
    let (mut created, mut updated) = (about("referenceCreated"), about("referenceUpdated"));
    created["commitId"] = first.clone();
    updated["commitId"] = second;
    updated["oldCommitId"] = first;
    let details: Vec<&Value> = came.iter().map(|event| &event["detail"]).collect();
    assert_eq!(json!(details), json!([created, updated]));
    assert_eq!(came[0]["resources"], json!([arn]));
}

#[tokio::test]
async fn what_is_not_delivered_is_noted_with_its_reason() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let role = parent.new_role("start", TRUSTS_EVENTS, &[]).await;
    ok(&parent, "PutRule", a_rule("r")).await;
    let target = json!({ "Id": "p", "Arn": PIPELINE, "RoleArn": role });
    ok(&parent, "PutTargets", json!({ "Rule": "r", "Targets": [target] })).await;
    let tell = async || ok(&parent, "PutEvents", json!({ "Entries": [an_event(&json!({}))] })).await;
    let put = tell().await;
    // The role may start nothing.
    let failures = record(&lab, "r", 1).await["failures"].take();
    assert_eq!((&failures[0]["target"], &failures[0]["arn"]), (&json!("p"), &json!(PIPELINE)));
    assert_eq!(failures[0]["event"], put["Entries"][0]["EventId"]);
    assert!(failures[0]["message"].as_str().unwrap().contains("StartPipelineExecution"), "{failures}");
    // The role no longer trusts EventBridge.
    let document = trusting(&[PARENT]);
    let trust = [("RoleName", "start"), ("PolicyDocument", document.as_str())];
    parent.iam_ok("UpdateAssumeRolePolicy", &trust).await;
    tell().await;
    let failures = record(&lab, "r", 2).await["failures"].take();
    assert_eq!(failures[1]["code"], "AccessDeniedException");
    let message = format!("events.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {role}");
    assert_eq!(failures[1]["message"], message);
    // A group that is not there.
    let target = json!({ "Id": "p", "Arn": GROUP });
    ok(&parent, "PutTargets", json!({ "Rule": "r", "Targets": [target] })).await;
    tell().await;
    let failures = record(&lab, "r", 3).await["failures"].take();
    assert_eq!(failures[2]["code"], "ResourceNotFoundException");
}

#[tokio::test]
async fn a_machines_role_puts_the_managed_rule_and_nobody_takes_it_apart_by_mistake() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let name = "StepFunctionsGetEventsForSageMakerTrainingJobsRule";
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["events:DescribeRule","events:PutRule","events:PutTargets"],"Resource":"{}"}}]}}"#,
        rule_arn(name)
    );
    let machine = parent.new_user("machine", &[&policy]).await;
    let pattern = json!({ "source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"] });
    for _ in 0..2 {
        ok(&machine, "PutRule", json!({ "Name": name, "EventPattern": pattern.to_string() })).await;
        let target =
            json!({ "Id": "StepFunctions", "Arn": format!("arn:aws:states:eu-west-1:{PARENT}:stateMachine:m") });
        ok(&machine, "PutTargets", json!({ "Rule": name, "Targets": [target] })).await;
    }
    let described = ok(&machine, "DescribeRule", json!({ "Name": name })).await;
    assert_eq!(described["ManagedBy"], "states.amazonaws.com");
    let other = json!({ "Name": "other", "EventPattern": pattern.to_string() });
    ask(&machine, "PutRule", other).await.refused(400, "AccessDeniedException", "events:PutRule");
    let remove = json!({ "Rule": name, "Ids": ["StepFunctions"] });
    ask(&parent, "RemoveTargets", remove).await.refused(400, "ManagedRuleException", "managed by");
    ok(&parent, "RemoveTargets", json!({ "Rule": name, "Ids": ["StepFunctions"], "Force": true })).await;
    ok(&parent, "DeleteRule", json!({ "Name": name, "Force": true })).await;
}

#[tokio::test]
async fn rules_survive_a_restart() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    logged(&parent, "r", &json!({ "source": ["test.app"] })).await;
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(config(dir.path())).await.unwrap();
    let lab = Lab { sandbox, dir };
    let parent = lab.client("parent");
    ok(&parent, "PutEvents", json!({ "Entries": [an_event(&json!({ "n": 1 }))] })).await;
    assert_eq!(record(&lab, "r", 1).await["delivered"], 1);
    assert_eq!(events_in_group(&parent).await[0]["detail"], json!({ "n": 1 }));
}
