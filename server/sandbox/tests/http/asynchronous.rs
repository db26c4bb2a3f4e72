//! InvokeEndpointAsync: taken at once, answered in S3, with the permissions of the model's role.

use crate::client::{Answer, Client, allowing};
use crate::support::{Lab, PARENT};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const BUCKET: &str = "sagebridge-async-111111111111";
const ENDPOINT: &str = "churn-async";
const CSV: (&str, &str) = ("x-amzn-sagemaker-content-type", "text/csv");
const JSON: (&str, &str) = ("x-amzn-sagemaker-accept", "application/json");
const ROW: &str = "5,0,0,268.4,121,74.9,201.3,4,13.2";
const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";

async fn start(client: &Client, endpoint: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let path = format!("/endpoints/{endpoint}/async-invocations");
    client.send(client.signed("sagemaker", Method::POST, &path, headers, body.into())).await
}

fn path(location: &str) -> String {
    location.replacen("s3:/", "", 1)
}

/// The object at a location, once it is there.
async fn arrived(client: &Client, location: &str) -> Answer {
    let look = async {
        loop {
            let answer = client.send(client.signed("s3", Method::GET, &path(location), &[], "".into())).await;
            match answer.status {
                404 => tokio::task::yield_now().await,
                _ => return answer,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), look).await.expect("it comes")
}

/// An asynchronous endpoint over echo, whose role has this policy.
async fn echo(parent: &Client, policy: &str) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = parent.new_role("echo-runs-as", trust, &[policy]).await;
    let image = format!("{PARENT}.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-echo:1");
    let variants = json!([
        { "VariantName": "v", "ModelName": "echo-async", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }
    ]);
    let output = json!({
        "S3OutputPath": format!("s3://{BUCKET}/outputs/echo"), "S3FailurePath": format!("s3://{BUCKET}/failures/")
    });
    for (operation, input) in [
        (
            "CreateModel",
            json!({ "ModelName": "echo-async", "PrimaryContainer": { "Image": image }, "ExecutionRoleArn": role }),
        ),
        (
            "CreateEndpointConfig",
            json!({
                "EndpointConfigName": "echo-async", "ProductionVariants": variants,
                "AsyncInferenceConfig": { "OutputConfig": output },
            }),
        ),
        ("CreateEndpoint", json!({ "EndpointName": "echo-async", "EndpointConfigName": "echo-async" })),
    ] {
        let answer = parent.sagemaker(operation, input).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    }
}

async fn with_echo(policy: &str) -> (Lab, Client) {
    let lab = Lab::start().await;
    lab.settings(json!({ "endpoint_creation_ms": 0 })).await;
    let parent = lab.client("parent");
    echo(&parent, policy).await;
    (lab, parent)
}

#[tokio::test]
async fn an_answer_comes_to_s3() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let taken = start(&parent, ENDPOINT, &[CSV, JSON, ("x-amzn-sagemaker-inference-id", "mine")], ROW).await;
    assert_eq!((taken.status, taken.json()), (202, json!({ "InferenceId": "mine" })), "{}", taken.text());
    let output = taken.header("x-amzn-sagemaker-outputlocation");
    assert!(output.starts_with(&format!("s3://{BUCKET}/outputs/")) && output.ends_with(".out"), "{output}");
    let answer = arrived(&parent, output).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let now =
        parent.invoke("churn-classifier", &[("content-type", "text/csv"), ("accept", "application/json")], ROW).await;
    assert_eq!(answer.text(), now.text());
}

#[tokio::test]
async fn an_input_is_read_from_s3() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let key = format!("/{BUCKET}/sagebridge-inputs/row.csv");
    let put = parent.send(parent.signed("s3", Method::PUT, &key, &[], ROW.into())).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let location = format!("s3:/{key}");
    let taken = start(&parent, ENDPOINT, &[CSV, JSON, ("x-amzn-sagemaker-inputlocation", &location)], "").await;
    let answer = arrived(&parent, taken.header("x-amzn-sagemaker-outputlocation")).await;
    assert!(answer.text().starts_with("{\"predictions\""), "{}", answer.text());
    // Outside of what the role may read.
    let elsewhere = format!("s3://{BUCKET}/elsewhere/row.csv");
    let taken = start(&parent, ENDPOINT, &[CSV, ("x-amzn-sagemaker-inputlocation", &elsewhere)], "").await;
    let failure = arrived(&parent, taken.header("x-amzn-sagemaker-failurelocation")).await.text();
    assert!(failure.starts_with(&format!("Failed to download the input from {elsewhere}: AccessDenied")), "{failure}");
    assert!(failure.contains("assumed-role/sagemaker-async-execution/SageMaker"), "{failure}");
}

#[tokio::test]
async fn a_models_failure_and_a_models_time_come_to_the_failure_path() {
    let (_lab, parent) = with_echo(&allowing("s3:*", "*")).await;
    let taken = start(&parent, "echo-async", &[(ATTRIBUTES, "status=418")], "no").await;
    let failure = arrived(&parent, taken.header("x-amzn-sagemaker-failurelocation")).await.text();
    assert!(failure.starts_with("Received client error (418) from primary with message \"no\""), "{failure}");
    let slow = [(ATTRIBUTES, "sleep-ms=60000"), ("x-amzn-sagemaker-invocationtimeoutseconds", "1")];
    let taken = start(&parent, "echo-async", &slow, "x").await;
    let failure = arrived(&parent, taken.header("x-amzn-sagemaker-failurelocation")).await.text();
    assert!(failure.contains("timed out"), "{failure}");
}

#[tokio::test]
async fn a_role_that_may_not_write_the_output_says_so_where_it_may() {
    let (_lab, parent) = with_echo(&allowing("s3:PutObject", &format!("arn:aws:s3:::{BUCKET}/failures/*"))).await;
    let taken = start(&parent, "echo-async", &[], "x").await;
    let failure = arrived(&parent, taken.header("x-amzn-sagemaker-failurelocation")).await.text();
    assert!(
        failure.starts_with("Failed to upload the output to s3://") && failure.contains("s3:PutObject"),
        "{failure}"
    );
}

#[tokio::test]
async fn either_kind_of_endpoint_refuses_the_others_calls() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    parent.invoke(ENDPOINT, &[], ROW).await.refused(400, "ValidationError", "is an asynchronous endpoint");
    parent.stream(ENDPOINT, &[], ROW).await.refused(400, "ValidationError", "is an asynchronous endpoint");
    let refused = start(&parent, "churn-classifier", &[], ROW).await;
    refused.refused(400, "ValidationError", "is not an asynchronous endpoint");
    start(&parent, "nope", &[], ROW).await.refused(400, "ValidationError", "Endpoint nope of account");
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_before_it_is_taken() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let ttl = "x-amzn-sagemaker-requestttlseconds";
    let timeout = "x-amzn-sagemaker-invocationtimeoutseconds";
    let location = "x-amzn-sagemaker-inputlocation";
    let both = [(location, "s3://abc/key")];
    for (headers, body, why) in [
        (&[][..], "", "One of Body and InputLocation"),
        (&both[..], "x", "Only one of"),
        (&[(location, "https://example.org/x")][..], "", "not the S3 URI"),
        (&[(location, "s3://abc")][..], "", "not the S3 URI"),
        (&[(ttl, "59")][..], "x", "greater than or equal to 60"),
        (&[(ttl, "21601")][..], "x", "less than or equal to 21600"),
        (&[(timeout, "3601")][..], "x", "less than or equal to 3600"),
        (&[(timeout, "soon")][..], "x", "not a number"),
    ] {
        start(&parent, ENDPOINT, headers, body).await.refused(400, "ValidationError", why);
    }
    let large: &'static str = Box::leak("x".repeat(128_001).into_boxed_str());
    start(&parent, ENDPOINT, &[], large).await.refused(400, "ValidationError", "at most 128000 bytes");
}

#[tokio::test]
async fn it_is_an_action_of_its_own() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let endpoint = format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/{ENDPOINT}");
    let caller = parent.new_user("now", &[&allowing("sagemaker:InvokeEndpoint", &endpoint)]).await;
    let denied = start(&caller, ENDPOINT, &[], ROW).await;
    denied.refused(403, "AccessDeniedException", "sagemaker:InvokeEndpointAsync");
    let caller = parent.new_user("later", &[&allowing("sagemaker:InvokeEndpointAsync", &endpoint)]).await;
    assert_eq!(start(&caller, ENDPOINT, &[], ROW).await.status, 202);
}

#[tokio::test]
async fn the_config_is_checked_and_shown() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let shown = parent.sagemaker("DescribeEndpoint", json!({ "EndpointName": ENDPOINT })).await.json();
    assert_eq!(shown["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"], format!("s3://{BUCKET}/outputs"));
    let instance = json!({ "InstanceType": "ml.m5.large" });
    let serverless = json!({ "ServerlessConfig": { "MemorySizeInMB": 2048, "MaxConcurrency": 1 } });
    let path = json!({ "S3OutputPath": "s3://abc/out" });
    for (runs_on, config, why) in [
        (&instance, json!({}), "outputConfig"),
        (&instance, json!({ "OutputConfig": { "S3OutputPath": "ftp://x" } }), "s3OutputPath"),
        (
            &instance,
            json!({ "OutputConfig": path, "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 0 } }),
            "greater than or equal to 1",
        ),
        (&serverless, json!({ "OutputConfig": path }), "not supported using this configuration"),
    ] {
        let mut variant: Value = json!({ "VariantName": "v", "ModelName": "churn-async-model" });
        for (key, value) in runs_on.as_object().unwrap() {
            variant[key] = value.clone();
        }
        let input = json!({
            "EndpointConfigName": "new", "ProductionVariants": [variant], "AsyncInferenceConfig": config
        });
        parent.sagemaker("CreateEndpointConfig", input).await.refused(400, "ValidationException", why);
    }
}
