//! CloudWatch Logs: groups, streams, events forwards and backwards, searched, kept, and who may.

use crate::support::{Answer, Client, Lab, PARENT, allowing, config};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const GROUP: &str = "/aws/lambda/f";

async fn ask(client: &Client, operation: &str, body: Value) -> Answer {
    client.json("logs", operation, body).await
}

async fn ok(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("logs", operation, body).await
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn arn(stream: &str) -> String {
    format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:{GROUP}:log-stream:{stream}")
}

fn stream(name: &str) -> Value {
    json!({ "logGroupName": GROUP, "logStreamName": name })
}

/// The input of a call on a stream with more members.
fn with(name: &str, more: Value) -> Value {
    let mut input = stream(name);
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    input
}

/// A sandbox in which the parent has a group with the stream `s`, and events `0` … in it, a second apart, the last
/// of them now.
async fn with_events(count: i64) -> (Lab, Client, i64) {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    ok(&parent, "CreateLogGroup", json!({ "logGroupName": GROUP })).await;
    ok(&parent, "CreateLogStream", stream("s")).await;
    let start = now() - count * 1000;
    if count > 0 {
        let events: Vec<Value> =
            (0..count).map(|n| json!({ "timestamp": start + n * 1000, "message": n.to_string() })).collect();
        ok(&parent, "PutLogEvents", with("s", json!({ "logEvents": events }))).await;
    }
    (lab, parent, start)
}

fn messages(answer: &Value) -> Vec<String> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn groups_and_streams_are_made_described_and_deleted() {
    let (_lab, parent, start) = with_events(2).await;
    ask(&parent, "CreateLogGroup", json!({ "logGroupName": GROUP })).await.refused(
        400,
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    );
    ask(&parent, "CreateLogStream", stream("s")).await.refused(
        400,
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    );
    let groups = ok(&parent, "DescribeLogGroups", json!({ "logGroupNamePrefix": "/aws" })).await;
    let group = &groups["logGroups"][0];
    let bare = format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:{GROUP}");
    assert_eq!((&group["logGroupArn"], &group["arn"]), (&json!(bare), &json!(format!("{bare}:*"))));
    assert_eq!(group["storedBytes"], 54);
    ok(&parent, "PutRetentionPolicy", json!({ "logGroupName": GROUP, "retentionInDays": 90 })).await;
    let bad = json!({ "logGroupName": GROUP, "retentionInDays": 91 });
    ask(&parent, "PutRetentionPolicy", bad).await.refused(400, "InvalidParameterException", "'retentionInDays'");
    let groups = ok(&parent, "DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 90);
    ok(&parent, "DeleteRetentionPolicy", json!({ "logGroupName": GROUP })).await;
    let streams = ok(&parent, "DescribeLogStreams", json!({ "logGroupName": GROUP })).await;
    let shown = &streams["logStreams"][0];
    assert_eq!((&shown["arn"], &shown["firstEventTimestamp"]), (&json!(arn("s")), &json!(start)));
    assert_eq!(shown["lastEventTimestamp"], start + 1000);
    ok(&parent, "DeleteLogStream", stream("s")).await;
    ask(&parent, "DeleteLogStream", stream("s")).await.refused(
        400,
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    );
    ok(&parent, "DeleteLogGroup", json!({ "logGroupName": GROUP })).await;
    ask(&parent, "CreateLogStream", stream("s")).await.refused(
        400,
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    );
    for (operation, input) in [
        ("CreateLogGroup", json!({ "logGroupName": "a b" })),
        ("CreateLogGroup", json!({})),
        ("CreateLogStream", stream("a:b")),
    ] {
        ask(&parent, operation, input).await.refused(400, "InvalidParameterException", "1 validation error detected");
    }
}

#[tokio::test]
async fn streams_are_listed_by_name_or_by_their_last_event() {
    let (_lab, parent, _) = with_events(0).await;
    for (name, age) in [("a", 1000), ("b", 5000), ("c", 3000)] {
        ok(&parent, "CreateLogStream", stream(name)).await;
        let events = json!({ "logEvents": [{ "timestamp": now() - age, "message": "x" }] });
        ok(&parent, "PutLogEvents", with(name, events)).await;
    }
    ok(&parent, "DeleteLogStream", stream("s")).await;
    let names = async |more: Value| {
        let mut input = json!({ "logGroupName": GROUP });
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        let page = ok(&parent, "DescribeLogStreams", input).await;
        let names: Vec<String> = page["logStreams"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stream| stream["logStreamName"].as_str().unwrap().to_owned())
            .collect();
        (names.concat(), page["nextToken"].clone())
    };
    assert_eq!(names(json!({})).await.0, "abc");
    assert_eq!(names(json!({ "orderBy": "LastEventTime" })).await.0, "bca");
    assert_eq!(names(json!({ "orderBy": "LastEventTime", "descending": true, "limit": 1 })).await.0, "a");
    let (first, token) = names(json!({ "limit": 2 })).await;
    assert_eq!((first.as_str(), names(json!({ "nextToken": token })).await.0.as_str()), ("ab", "c"));
    assert_eq!(names(json!({ "logStreamNamePrefix": "b" })).await.0, "b");
    let both = json!({ "logGroupName": GROUP, "logStreamNamePrefix": "b", "orderBy": "LastEventTime" });
    ask(&parent, "DescribeLogStreams", both).await.refused(400, "InvalidParameterException", "Cannot order by");
}

#[tokio::test]
async fn events_are_read_forwards_and_backwards() {
    let (_lab, parent, start) = with_events(7).await;
    let get = async |more: Value| ok(&parent, "GetLogEvents", with("s", more)).await;
    // The newest, in the order of their time.
    let last = get(json!({ "limit": 3 })).await;
    assert_eq!(messages(&last), ["4", "5", "6"]);
    let before = get(json!({ "limit": 3, "nextToken": last["nextBackwardToken"] })).await;
    assert_eq!(messages(&before), ["1", "2", "3"]);
    let first = get(json!({ "limit": 3, "nextToken": before["nextBackwardToken"] })).await;
    assert_eq!(messages(&first), ["0"]);
    let end = get(json!({ "limit": 3, "nextToken": first["nextBackwardToken"] })).await;
    assert_eq!((messages(&end).len(), &end["nextBackwardToken"]), (0, &first["nextBackwardToken"]));
    let mut all = Vec::new();
    let mut page = get(json!({ "limit": 3, "startFromHead": true })).await;
    loop {
        all.extend(messages(&page));
        let token = page["nextForwardToken"].clone();
        page = get(json!({ "limit": 3, "startFromHead": true, "nextToken": token })).await;
        if page["nextForwardToken"] == token {
            break;
        }
    }
    assert_eq!(all.concat(), "0123456");
    // What comes later is found with the last token.
    let events = json!({ "logEvents": [{ "timestamp": now(), "message": "7" }] });
    ok(&parent, "PutLogEvents", with("s", events)).await;
    let more = get(json!({ "startFromHead": true, "nextToken": page["nextForwardToken"] })).await;
    assert_eq!(messages(&more), ["7"]);
    // The start counts, the end does not.
    let between = get(json!({ "startTime": start + 2000, "endTime": start + 4000 })).await;
    assert_eq!(messages(&between), ["2", "3"]);
    let bad = with("s", json!({ "nextToken": "x" }));
    ask(&parent, "GetLogEvents", bad).await.refused(400, "InvalidParameterException", "nextToken");
    ask(&parent, "GetLogEvents", stream("no")).await.refused(400, "ResourceNotFoundException", "log stream");
}

#[tokio::test]
async fn events_of_all_streams_are_searched_by_page() {
    let (_lab, parent, start) = with_events(5).await;
    ok(&parent, "CreateLogStream", stream("t")).await;
    let events = json!([
        { "timestamp": start + 500, "message": "an ERROR" },
        { "timestamp": start + 2500, "message": "an ERROR, expected" },
    ]);
    ok(&parent, "PutLogEvents", with("t", json!({ "logEvents": events }))).await;
    let filter = async |more: Value| {
        let mut input = json!({ "logGroupName": GROUP });
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        ok(&parent, "FilterLogEvents", input).await
    };
    let (mut all, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = filter(json!({ "limit": 2, "nextToken": token })).await;
        all.extend(messages(&page));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(all, ["0", "an ERROR", "1", "2", "an ERROR, expected", "3", "4"]);
    assert_eq!(messages(&filter(json!({ "filterPattern": "ERROR -expected" })).await), ["an ERROR"]);
    assert_eq!(messages(&filter(json!({ "logStreamNames": ["t"] })).await).len(), 2);
    assert_eq!(messages(&filter(json!({ "startTime": start + 3000, "endTime": start + 4000 })).await), ["3", "4"]);
    let json = json!({ "logGroupName": GROUP, "filterPattern": "{ $.a = 1 }" });
    ask(&parent, "FilterLogEvents", json).await.refused(400, "InvalidParameterException", "Invalid filter pattern");
    let arn = format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:{GROUP}:*");
    assert_eq!(messages(&ok(&parent, "FilterLogEvents", json!({ "logGroupIdentifier": arn })).await).len(), 7);
}

#[tokio::test]
async fn events_are_taken_in_order_and_in_time() {
    let (_lab, parent, _) = with_events(0).await;
    let hour = 3600 * 1000;
    let put = async |events: &[(i64, &str)]| {
        let events: Vec<Value> = events.iter().map(|(at, text)| json!({ "timestamp": at, "message": text })).collect();
        ask(&parent, "PutLogEvents", with("s", json!({ "logEvents": events }))).await
    };
    let invalid = "InvalidParameterException";
    put(&[(now(), "b"), (now() - 10, "a")]).await.refused(400, invalid, "must be in chronological order");
    put(&[(now() - 25 * hour, "a"), (now(), "b")]).await.refused(400, invalid, "cannot span more than 24 hours");
    put(&[]).await.refused(400, invalid, "'logEvents'");
    put(&[(now(), "")]).await.refused(400, invalid, "message");
    put(&[(now(), &"x".repeat(1 << 20))]).await.refused(400, invalid, "Upload too large");
    let old = put(&[(now() - 15 * 24 * hour, "old")]).await.json();
    assert_eq!(old["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1 }));
    let new = put(&[(now(), "now"), (now() + 3 * hour, "new")]).await.json();
    assert_eq!(new["rejectedLogEventsInfo"], json!({ "tooNewLogEventStartIndex": 1 }));
    assert!(new["nextSequenceToken"].is_string());
    assert_eq!(messages(&ok(&parent, "GetLogEvents", stream("s")).await), ["now"]);
    // Retention hides what is older, and takes no more of it.
    put(&[(now() - 30 * hour, "yesterday")]).await;
    assert_eq!(messages(&ok(&parent, "GetLogEvents", stream("s")).await), ["yesterday", "now"]);
    ok(&parent, "PutRetentionPolicy", json!({ "logGroupName": GROUP, "retentionInDays": 1 })).await;
    assert_eq!(messages(&ok(&parent, "GetLogEvents", stream("s")).await), ["now"]);
    let expired = put(&[(now() - 30 * hour, "again")]).await.json();
    assert_eq!(expired["rejectedLogEventsInfo"], json!({ "expiredLogEventEndIndex": 1 }));
}

#[tokio::test]
async fn every_operation_needs_its_permission() {
    let (_lab, parent, _) = with_events(1).await;
    let nobody = parent.new_user("nobody", &[]).await;
    let events = json!({ "logEvents": [{ "timestamp": now(), "message": "x" }] });
    let group = || json!({ "logGroupName": GROUP });
    for (operation, input, resource) in [
        ("CreateLogGroup", group(), arn("")),
        ("CreateLogStream", stream("n"), arn("n")),
        ("PutLogEvents", with("s", events.clone()), arn("s")),
        ("GetLogEvents", stream("s"), arn("s")),
        ("FilterLogEvents", group(), arn("")),
        ("DescribeLogStreams", group(), arn("")),
        ("DeleteLogGroup", group(), arn("")),
        ("DescribeLogGroups", json!({}), format!("arn:aws:logs:eu-west-1:{PARENT}:log-group::log-stream:")),
    ] {
        let refused = format!("is not authorized to perform: logs:{operation} on resource: {resource} because");
        ask(&nobody, operation, input).await.refused(400, "AccessDeniedException", &refused);
    }
    // As the templates write it.
    let below = format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:{GROUP}:*");
    let writer = parent.new_user("writer", &[&allowing("logs:*", &below)]).await;
    ok(&writer, "CreateLogStream", stream("n")).await;
    ok(&writer, "PutLogEvents", with("n", events)).await;
    let other = json!({ "logGroupName": "/aws/lambda/other" });
    ask(&writer, "CreateLogGroup", other).await.refused(400, "AccessDeniedException", "logs:CreateLogGroup");
}

#[tokio::test]
async fn groups_have_tags() {
    let (_lab, parent, _) = with_events(0).await;
    let resource = format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:{GROUP}");
    ok(&parent, "TagResource", json!({ "resourceArn": resource, "tags": { "a": "1", "b": "2" } })).await;
    ok(&parent, "UntagResource", json!({ "resourceArn": resource, "tagKeys": ["a"] })).await;
    let tags = ok(&parent, "ListTagsForResource", json!({ "resourceArn": resource })).await;
    assert_eq!(tags["tags"], json!({ "b": "2" }));
    let none = json!({ "resourceArn": format!("{resource}x") });
    ask(&parent, "ListTagsForResource", none).await.refused(400, "ResourceNotFoundException", "");
}

#[tokio::test]
async fn logs_survive_a_restart_and_a_line_that_was_cut_off() {
    let (lab, _, _) = with_events(3).await;
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let group = std::fs::read_dir(dir.path().join("logs")).unwrap().next().unwrap().unwrap().path();
    let file = std::fs::read_dir(group).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"t\":1,\"i\":");
    std::fs::write(&file, bytes).unwrap();
    let sandbox = sandbox::start(config(dir.path())).await.unwrap();
    let lab = Lab { sandbox, dir };
    let parent = lab.client("parent");
    let events = json!({ "logEvents": [{ "timestamp": now(), "message": "3" }] });
    ok(&parent, "PutLogEvents", with("s", events)).await;
    assert_eq!(messages(&ok(&parent, "GetLogEvents", stream("s")).await), ["0", "1", "2", "3"]);
    ok(&parent, "DeleteLogGroup", json!({ "logGroupName": GROUP })).await;
}
