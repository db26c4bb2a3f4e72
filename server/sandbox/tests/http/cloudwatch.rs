//! CloudWatch: metrics, and alarms on them.

use crate::client::{Client, allowing};
use crate::support::{Lab, PARENT};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

async fn ok(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("monitoring", operation, body).await
}

fn alarm(name: &str) -> Value {
    json!({
        "AlarmName": name, "Namespace": "App", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 2, "ComparisonOperator": "GreaterThanThreshold",
    })
}

fn data(name: &str, value: f64) -> Value {
    json!({ "Namespace": "App", "MetricData": [{ "MetricName": name, "Value": value, "Unit": "Count" }] })
}

async fn state(client: &Client, name: &str) -> Value {
    ok(client, "DescribeAlarms", json!({ "AlarmNames": [name] })).await["MetricAlarms"][0].clone()
}

#[tokio::test]
async fn values_come_back_as_statistics() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for value in [1.0, 2.0, 6.0] {
        ok(&parent, "PutMetricData", data("Errors", value)).await;
    }
    let several = json!({ "Namespace": "App", "MetricData": [
        { "MetricName": "Sizes", "Values": [1.0, 5.0], "Counts": [3.0, 1.0], "Dimensions": [{ "Name": "a", "Value": "b" }] },
        { "MetricName": "Summed", "StatisticValues": { "SampleCount": 4, "Sum": 8, "Minimum": 1, "Maximum": 3 } },
    ] });
    ok(&parent, "PutMetricData", several).await;
    let span = |name: &str| json!({ "Namespace": "App", "MetricName": name, "StartTime": now() - 3600.0, "EndTime": now() + 60.0, "Period": 3600 });
    let mut asked = span("Errors");
    asked["Statistics"] = json!(["SampleCount", "Average", "Sum", "Minimum", "Maximum"]);
    let found = ok(&parent, "GetMetricStatistics", asked).await;
    assert_eq!(found["Label"], "Errors");
    let point = &found["Datapoints"].as_array().unwrap().last().unwrap();
    assert_eq!((&point["Sum"], &point["Average"], &point["Unit"]), (&json!(9.0), &json!(3.0), &json!("Count")));
    let query = |id: &str, name: &str, dimensions: Value, stat: &str| {
        json!({ "Id": id, "MetricStat": {
            "Metric": { "Namespace": "App", "MetricName": name, "Dimensions": dimensions }, "Period": 3600, "Stat": stat,
        } })
    };
    let queries = json!([
        query("a", "Sizes", json!([{ "Name": "a", "Value": "b" }]), "Average"),
        query("b", "Summed", json!([]), "Sum"),
        query("c", "Sizes", json!([]), "Sum"),
    ]);
    let asked = json!({ "StartTime": now() - 3600.0, "EndTime": now() + 60.0, "MetricDataQueries": queries });
    let found = ok(&parent, "GetMetricData", asked).await;
    let values: Vec<&Value> = found["MetricDataResults"].as_array().unwrap().iter().map(|r| &r["Values"]).collect();
    assert_eq!(values, [&json!([2.0]), &json!([8.0]), &json!([])]);
    let listed = ok(&parent, "ListMetrics", json!({ "Namespace": "App", "Dimensions": [{ "Name": "a" }] })).await;
    assert_eq!(listed["Metrics"].as_array().unwrap().len(), 1);
    let child = ok(&lab.client("child"), "ListMetrics", json!({})).await;
    assert_eq!(child["Metrics"], json!([]));
}

#[tokio::test]
async fn an_alarm_rings_when_its_metric_crosses_the_threshold() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    ok(&parent, "PutMetricAlarm", alarm("errors")).await;
    let found = state(&parent, "errors").await;
    assert_eq!((&found["StateValue"], &found["ActionsEnabled"]), (&json!("INSUFFICIENT_DATA"), &json!(true)));
    assert_eq!(found["AlarmArn"], format!("arn:aws:cloudwatch:eu-west-1:{PARENT}:alarm:errors"));
    ok(&parent, "PutMetricData", data("Errors", 1.0)).await;
    assert_eq!(state(&parent, "errors").await["StateValue"], "OK");
    ok(&parent, "PutMetricData", data("Other", 9.0)).await;
    assert_eq!(state(&parent, "errors").await["StateValue"], "OK");
    ok(&parent, "PutMetricData", data("Errors", 2.0)).await;
    let found = state(&parent, "errors").await;
    assert_eq!(found["StateValue"], "ALARM");
    let reason = found["StateReason"].as_str().unwrap();
    assert!(
        reason.starts_with("Threshold Crossed: 1 out of the last 1 datapoint") && reason.contains("(2.0)"),
        "{reason}"
    );
    // An alarm without data that counts as good.
    let mut calm = alarm("calm");
    calm["MetricName"] = "None".into();
    calm["TreatMissingData"] = "notBreaching".into();
    ok(&parent, "PutMetricAlarm", calm).await;
    assert_eq!(state(&parent, "calm").await["StateValue"], "OK");
}

#[tokio::test]
async fn alarms_are_listed_tagged_set_and_deleted() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for name in ["app-a", "app-b", "app-c", "other"] {
        let mut alarm = alarm(name);
        alarm["Tags"] = json!([{ "Key": "of", "Value": name }]);
        ok(&parent, "PutMetricAlarm", alarm).await;
    }
    let mut names = Vec::new();
    let mut input = json!({ "AlarmNamePrefix": "app-", "MaxRecords": 2 });
    loop {
        let page = ok(&parent, "DescribeAlarms", input.clone()).await;
        names.extend(page["MetricAlarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].clone()));
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["app-a", "app-b", "app-c"]);
    let set = json!({ "AlarmName": "app-b", "StateValue": "ALARM", "StateReason": "a test" });
    ok(&parent, "SetAlarmState", set).await;
    let ringing = ok(&parent, "DescribeAlarms", json!({ "StateValue": "ALARM" })).await;
    assert_eq!(ringing["MetricAlarms"][0]["AlarmName"], "app-b");
    assert_eq!(ringing["MetricAlarms"][0]["StateReason"], "a test");
    let arn = ringing["MetricAlarms"][0]["AlarmArn"].clone();
    ok(&parent, "TagResource", json!({ "ResourceARN": arn, "Tags": [{ "Key": "x", "Value": "y" }] })).await;
    ok(&parent, "UntagResource", json!({ "ResourceARN": arn, "TagKeys": ["of"] })).await;
    let tags = ok(&parent, "ListTagsForResource", json!({ "ResourceARN": arn })).await;
    assert_eq!(tags["Tags"], json!([{ "Key": "x", "Value": "y" }]));
    let none = parent.json("monitoring", "DeleteAlarms", json!({ "AlarmNames": ["app-a", "none"] })).await;
    assert_eq!(none.header("x-amzn-query-error"), "ResourceNotFound;Sender");
    ok(&parent, "DeleteAlarms", json!({ "AlarmNames": ["app-a", "app-b"] })).await;
    let left = ok(&parent, "DescribeAlarms", json!({})).await;
    assert_eq!(left["MetricAlarms"].as_array().unwrap().len(), 2);
    // They are there after a restart.
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(crate::support::config(dir.path())).await.unwrap();
    let lab = Lab { sandbox, dir };
    assert_eq!(state(&lab.client("parent"), "other").await["AlarmName"], "other");
}

#[tokio::test]
async fn a_state_set_by_hand_gives_way_to_the_true_one() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let mut calm = alarm("calm");
    calm["TreatMissingData"] = "notBreaching".into();
    ok(&parent, "PutMetricAlarm", calm).await;
    let set = json!({ "AlarmName": "calm", "StateValue": "ALARM", "StateReason": "a test" });
    ok(&parent, "SetAlarmState", set).await;
    assert_eq!(state(&parent, "calm").await["StateValue"], "ALARM");
    let back = async {
        while state(&parent, "calm").await["StateValue"] != "OK" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), back).await.expect("it is looked at again");
}

#[tokio::test]
async fn what_is_wrong_or_not_allowed_is_refused() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let set = |name: &str, value: Value| {
        let mut alarm = alarm("a");
        alarm[name] = value;
        alarm
    };
    for (operation, input, code, words) in [
        ("PutMetricAlarm", set("Period", json!(45)), "InvalidParameterValue", "Period"),
        ("PutMetricAlarm", set("ComparisonOperator", json!("More")), "ValidationException", "'comparisonOperator'"),
        ("PutMetricAlarm", set("Metrics", json!([{ "Id": "a" }])), "InvalidParameterValue", "does not support Metrics"),
        ("PutMetricAlarm", set("EvaluationPeriods", json!(2000)), "InvalidParameterValue", "more than a day"),
        ("PutMetricAlarm", set("Threshold", Value::Null), "MissingParameter", "Threshold"),
        ("PutMetricData", json!({ "Namespace": "AWS/Own", "MetricData": [] }), "InvalidParameterValue", "AWS/"),
        (
            "PutMetricData",
            json!({ "Namespace": "A", "MetricData": [{ "MetricName": "m" }] }),
            "MissingParameter",
            "Value",
        ),
        ("DescribeAlarms", json!({ "NextToken": "?" }), "InvalidNextToken", "next token"),
    ] {
        parent.json("monitoring", operation, input).await.refused(400, code, words);
    }
    let narrow = allowing("cloudwatch:PutMetricData", "*")
        .replace("\"Resource\"", "\"Condition\":{\"StringEquals\":{\"cloudwatch:namespace\":\"App\"}},\"Resource\"");
    let writer = parent.new_user("writer", &[&narrow]).await;
    ok(&writer, "PutMetricData", data("m", 1.0)).await;
    let other = json!({ "Namespace": "Other", "MetricData": [{ "MetricName": "m", "Value": 1.0 }] });
    writer.json("monitoring", "PutMetricData", other).await.refused(
        400,
        "AccessDeniedException",
        "cloudwatch:PutMetricData",
    );
    let arn = format!("arn:aws:cloudwatch:eu-west-1:{PARENT}:alarm:app-*");
    let reader = parent.new_user("reader", &[&allowing("cloudwatch:DescribeAlarms", &arn)]).await;
    ok(&reader, "DescribeAlarms", json!({ "AlarmNames": ["app-a"] })).await;
    let all = reader.json("monitoring", "DescribeAlarms", json!({})).await;
    all.refused(400, "AccessDeniedException", "cloudwatch:DescribeAlarms on resource: arn:aws:cloudwatch:");
}
