//! Endpoints that serve what a job has made, and how they take up another version.

use super::{BUCKET, IMAGE, TRUST, job, lab, s3, trained, until};
use crate::client::{Client, allowing};
use crate::support::{Lab, PARENT};
use http::Method;
use serde_json::{Value, json};

/// A model and a config of the same name, of this container and role.
pub(super) async fn version(client: &Client, name: &str, container: Value, role: &str) {
    let model = json!({ "ModelName": name, "PrimaryContainer": container, "ExecutionRoleArn": role });
    client.json_ok("sagemaker", "CreateModel", model).await;
    let variant = json!({
        "VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
    });
    let config = json!({ "EndpointConfigName": name, "ProductionVariants": [variant] });
    client.json_ok("sagemaker", "CreateEndpointConfig", config).await;
}

pub(super) fn artifact(job: &str) -> Value {
    json!({ "Image": IMAGE, "ModelDataUrl": format!("s3://{BUCKET}/models/{job}/output/model.tar.gz") })
}

fn echo() -> Value {
    json!({ "Image": format!("{PARENT}.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-echo:1") })
}

/// Creates or updates an endpoint, and gives it once it has settled.
pub(super) async fn settled(client: &Client, operation: &str, config: &str, deployment: Value) -> Value {
    let mut input = json!({ "EndpointName": "Own", "EndpointConfigName": config });
    if !deployment.is_null() {
        input["DeploymentConfig"] = deployment;
    }
    client.json_ok("sagemaker", operation, input).await;
    let done = |found: &Value| ["InService", "Failed"].contains(&found["EndpointStatus"].as_str().unwrap());
    until(client, "DescribeEndpoint", json!({ "EndpointName": "Own" }), done).await
}

#[tokio::test]
async fn an_endpoint_serves_exactly_what_was_trained() {
    let (lab, parent, role) = lab().await;
    trained(&parent, job("served", &role)).await;
    version(&parent, "served", artifact("served"), &role).await;
    let endpoint = settled(&parent, "CreateEndpoint", "served", Value::Null).await;
    assert_eq!(endpoint["EndpointStatus"], "InService", "{endpoint}");
    let csv = ("content-type", "text/csv");
    let answer = parent.invoke("Own", &[csv], "10,4\n2,15").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"), "{}", answer.text());
    let scores: Vec<f64> = answer.text().split(',').map(|score| score.parse().unwrap()).collect();
    assert!((scores[0] - 16.0).abs() < 4.0 && (scores[1] + 11.0).abs() < 4.0, "{scores:?}");
    let in_json = parent.invoke("Own", &[csv, ("accept", "application/json")], "10,4").await;
    let score = in_json.json()["predictions"][0]["score"].as_f64().unwrap();
    assert!((score - scores[0]).abs() < 1e-6);
    let libsvm = parent.invoke("Own", &[("content-type", "text/libsvm")], "0 0:10 1:4").await;
    assert_eq!(libsvm.text().parse::<f64>().unwrap(), scores[0]);
    let streamed = parent.stream("Own", &[csv], "10,4").await;
    assert!(streamed.text().contains(&scores[0].to_string()), "{}", streamed.text());
    // What the container refuses is a ModelError.
    let wide = parent.invoke("Own", &[csv], "1,2,3").await;
    wide.refused(424, "ModelError", "Feature size of csv inference data 3 is not consistent");
    assert_eq!(wide.json()["OriginalStatusCode"], 400);
    let kind = parent.invoke("Own", &[("content-type", "image/png")], "x").await;
    kind.refused(424, "ModelError", "Content-type image/png is not supported.");
    assert_eq!(kind.json()["OriginalStatusCode"], 415);
    let accept = parent.invoke("Own", &[csv, ("accept", "image/png")], "1,2").await;
    assert_eq!(accept.json()["OriginalStatusCode"], 406);
    // It serves what it downloaded: the object may go, and the sandbox may start again.
    s3(&parent, Method::DELETE, &format!("/{BUCKET}/models/served/output/model.tar.gz"), String::new()).await;
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(crate::support::config(dir.path())).await.unwrap();
    let lab = Lab { sandbox, dir };
    let again = lab.client("parent").invoke("Own", &[csv], "10,4\n2,15").await;
    assert_eq!(again.text(), answer.text());
}

#[tokio::test]
async fn an_endpoint_fails_whose_model_cant_be_read_or_loaded() {
    let (_lab, parent, role) = lab().await;
    trained(&parent, job("served", &role)).await;
    let blind = parent.new_role("blind", TRUST, &[&allowing("s3:ListBucket", "*")]).await;
    let place = format!("/{BUCKET}/models/broken/output/model.tar.gz");
    s3(&parent, Method::PUT, &place, "no archive".to_owned()).await;
    for (name, job, role, words) in [
        ("denied", "served", &blind, "Failed to download model data for container \"container_1\" from URL: \"s3://"),
        ("nothing", "none", &role, "Please ensure that there is an object located at the URL"),
        ("broken", "broken", &role, "The primary container for production variant AllTraffic did not pass the ping"),
    ] {
        version(&parent, name, artifact(job), role).await;
        let endpoint = settled(&parent, "CreateEndpoint", name, Value::Null).await;
        assert_eq!(endpoint["EndpointStatus"], "Failed", "{endpoint}");
        assert!(endpoint["FailureReason"].as_str().unwrap().contains(words), "{endpoint}");
        parent.invoke("Own", &[("content-type", "text/csv")], "1,2").await.refused(400, "ValidationError", "not found");
        parent.json_ok("sagemaker", "DeleteEndpoint", json!({ "EndpointName": "Own" })).await;
    }
    // An update that fails leaves the old version in service.
    version(&parent, "good", artifact("served"), &role).await;
    settled(&parent, "CreateEndpoint", "good", Value::Null).await;
    let endpoint = settled(&parent, "UpdateEndpoint", "denied", Value::Null).await;
    assert_eq!((&endpoint["EndpointStatus"], &endpoint["EndpointConfigName"]), (&json!("InService"), &json!("good")));
    assert!(endpoint["FailureReason"].as_str().unwrap().contains("Failed to download model data"), "{endpoint}");
    assert_eq!(parent.invoke("Own", &[("content-type", "text/csv")], "1,2").await.status, 200);
}

fn deployment(kind: &str, alarm: Option<&str>) -> Value {
    let mut routing = json!({ "Type": kind, "WaitIntervalInSeconds": 3600 });
    let percent = |value: i32| json!({ "Type": "CAPACITY_PERCENT", "Value": value });
    match kind {
        "CANARY" => routing["CanarySize"] = percent(30),
        "LINEAR" => routing["LinearStepSize"] = percent(25),
        _ => {}
    }
    let mut config = json!({ "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 0,
    } });
    if let Some(alarm) = alarm {
        config["AutoRollbackConfiguration"] = json!({ "Alarms": [{ "AlarmName": alarm }] });
    }
    config
}

#[tokio::test]
async fn errors_of_the_new_version_take_the_update_back() {
    let (lab, parent, role) = lab().await;
    for name in ["one", "two"] {
        version(&parent, name, echo(), &role).await;
    }
    settled(&parent, "CreateEndpoint", "one", Value::Null).await;
    let alarm = json!({
        "AlarmName": "own-errors", "Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors",
        "Dimensions": [{ "Name": "EndpointName", "Value": "Own" }, { "Name": "VariantName", "Value": "AllTraffic" }],
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
    });
    parent.json_ok("monitoring", "PutMetricAlarm", alarm).await;
    // Without errors the update takes place; each way of it.
    let body = ("content-type", "application/json");
    let mut from = "one";
    for (kind, to) in [("CANARY", "two"), ("LINEAR", "one"), ("ALL_AT_ONCE", "two")] {
        let endpoint = settled(&parent, "UpdateEndpoint", to, deployment(kind, Some("own-errors"))).await;
        assert_eq!((&endpoint["EndpointConfigName"], &endpoint["FailureReason"]), (&json!(to), &Value::Null), "{from}");
        assert!(endpoint["LastDeploymentConfig"]["BlueGreenUpdatePolicy"].is_object());
        from = to;
    }
    // With them it is taken back: the interval alone would take days.
    lab.settings(json!({ "endpoint_update_ms": 0, "deployment_second_ms": 60_000 })).await;
    let input = json!({
        "EndpointName": "Own", "EndpointConfigName": "one", "DeploymentConfig": deployment("CANARY", Some("own-errors")),
    });
    parent.json_ok("sagemaker", "UpdateEndpoint", input).await;
    let name = json!({ "EndpointName": "Own" });
    let baking = |found: &Value| found["PendingDeploymentSummary"]["ProductionVariants"][0]["CurrentWeight"] != 0.0;
    let under_way = until(&parent, "DescribeEndpoint", name.clone(), baking).await;
    assert_eq!((&under_way["EndpointStatus"], &under_way["EndpointConfigName"]), (&json!("Updating"), &json!("two")));
    for _ in 0..5 {
        assert_eq!(parent.invoke("Own", &[body], "{}").await.status, 200);
    }
    let broken = ("x-amzn-sagemaker-custom-attributes", "status=500");
    parent.invoke("Own", &[body, broken], "{}").await.refused(424, "ModelError", "(500)");
    let back = until(&parent, "DescribeEndpoint", name, |found| found["EndpointStatus"] == "InService").await;
    assert_eq!(back["EndpointConfigName"], "two");
    assert!(back["FailureReason"].as_str().unwrap().contains("own-errors is in the ALARM state"), "{back}");
    let alarms = parent.json_ok("monitoring", "DescribeAlarms", json!({ "AlarmNames": ["own-errors"] })).await;
    assert_eq!(alarms["MetricAlarms"][0]["StateValue"], "ALARM");
    // One that rings from the beginning lets nothing through.
    let endpoint = settled(&parent, "UpdateEndpoint", "one", deployment("ALL_AT_ONCE", Some("own-errors"))).await;
    assert_eq!(endpoint["EndpointConfigName"], "two");
    // Who updates must be allowed to look at the alarm.
    let blind = parent.new_user("blind-deployer", &[&allowing("sagemaker:*", "*")]).await;
    let input = json!({
        "EndpointName": "Own", "EndpointConfigName": "one", "DeploymentConfig": deployment("CANARY", Some("own-errors")),
    });
    blind.sagemaker("UpdateEndpoint", input).await.refused(400, "AccessDeniedException", "cloudwatch:DescribeAlarms");
}

#[tokio::test]
async fn no_request_is_lost_while_an_endpoint_is_updated() {
    let (lab, parent, role) = lab().await;
    for name in ["one", "two"] {
        version(&parent, name, echo(), &role).await;
    }
    settled(&parent, "CreateEndpoint", "one", Value::Null).await;
    lab.settings(json!({ "endpoint_update_ms": 100, "deployment_second_ms": 1 })).await;
    let mut linear = deployment("LINEAR", None);
    linear["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"] = 50.into();
    let input = json!({ "EndpointName": "Own", "EndpointConfigName": "two", "DeploymentConfig": linear });
    parent.json_ok("sagemaker", "UpdateEndpoint", input).await;
    let calls = async {
        loop {
            let answer = parent.invoke("Own", &[("content-type", "application/json")], "{}").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    };
    let name = json!({ "EndpointName": "Own" });
    tokio::select! {
        () = calls => {}
        found = until(&parent, "DescribeEndpoint", name, |found| found["EndpointStatus"] == "InService") => {
            assert_eq!(found["EndpointConfigName"], "two");
        }
    }
}

#[tokio::test]
async fn a_deployment_out_of_shape_is_refused() {
    let (_lab, parent, role) = lab().await;
    version(&parent, "one", echo(), &role).await;
    settled(&parent, "CreateEndpoint", "one", Value::Null).await;
    let mut without_size = deployment("CANARY", None);
    without_size["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["CanarySize"] = Value::Null;
    let mut both = deployment("ALL_AT_ONCE", None);
    both["RollingUpdatePolicy"] = json!({});
    for (config, words) in [
        (without_size, "trafficRoutingConfiguration.canarySize"),
        (both, "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy"),
        (deployment("AT_ONCE", None), "[ALL_AT_ONCE, CANARY, LINEAR]"),
        (deployment("CANARY", Some("none")), "Could not find the CloudWatch alarm \"none\""),
    ] {
        let input = json!({ "EndpointName": "Own", "EndpointConfigName": "one", "DeploymentConfig": config });
        parent.sagemaker("UpdateEndpoint", input).await.refused(400, "ValidationException", words);
    }
}
