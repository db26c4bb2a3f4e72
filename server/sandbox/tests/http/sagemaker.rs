//! SageMaker's control plane: what is seeded, lists, creation, refusals.

use crate::support::{Client, Lab, PARENT, allowing};
use serde_json::{Value, json};

fn names(answer: &Value, list: &str, name: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

async fn ok(client: &Client, operation: &str, body: Value) -> Value {
    let answer = client.sagemaker(operation, body).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn the_parent_has_endpoints_to_choose_from() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let all = json!({ "SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 100 });
    let list = ok(&parent, "ListEndpoints", all).await;
    let found = names(&list, "Endpoints", "EndpointName");
    for name in [
        "assistant",
        "churn-ab",
        "churn-async",
        "churn-classifier",
        "churn-serverless",
        "demand-forecast",
        "echo",
        "Fraud-Detector-EU",
        "palette",
        "shared-gpu",
        "story-writer",
        "tenant-models",
    ] {
        assert!(found.iter().any(|known| known == name), "{name} is not in {found:?}");
    }
    let mixed = ok(&parent, "DescribeEndpoint", json!({ "EndpointName": "Fraud-Detector-EU" })).await;
    assert_eq!(mixed["EndpointArn"], format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/fraud-detector-eu"));
    assert_eq!(mixed["EndpointStatus"], "InService");
    let failed = ok(&parent, "DescribeEndpoint", json!({ "EndpointName": "demand-forecast" })).await;
    assert_eq!(failed["EndpointStatus"], "Failed");
    assert!(failed["FailureReason"].as_str().unwrap().contains("ping health check"));
    let config =
        ok(&parent, "DescribeEndpointConfig", json!({ "EndpointConfigName": "churn-classifier-config" })).await;
    assert_eq!(config["ProductionVariants"][0]["InstanceType"], "ml.m5.large");
    let model = ok(&parent, "DescribeModel", json!({ "ModelName": "churn-classifier-model" })).await;
    assert_eq!(model["PrimaryContainer"]["Environment"]["SAGEBRIDGE_SAMPLE_CONTENT_TYPE"], "text/csv");
    // Other accounts and regions have none of it.
    assert_eq!(ok(&lab.client("child"), "ListEndpoints", json!({})).await["Endpoints"], json!([]));
    let mut elsewhere = parent.clone();
    elsewhere.region = "us-east-1".into();
    assert_eq!(ok(&elsewhere, "ListEndpoints", json!({})).await["Endpoints"], json!([]));
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let lab = Lab::seeded(45).await;
    let parent = lab.client("parent");
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let mut body =
            json!({ "MaxResults": 20, "NameContains": "SCORING", "SortBy": "Name", "SortOrder": "Descending" });
        if let Some(token) = token {
            body["NextToken"] = token;
        }
        let page = ok(&parent, "ListEndpoints", body).await;
        seen.extend(names(&page, "Endpoints", "EndpointName"));
        token = page.get("NextToken").cloned();
        if token.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (1..=45).rev().map(|n| format!("scoring-{n:05}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(ok(&parent, "ListEndpoints", json!({})).await["Endpoints"].as_array().unwrap().len(), 10);
    let failed = ok(&parent, "ListEndpoints", json!({ "StatusEquals": "Failed" })).await;
    assert_eq!(names(&failed, "Endpoints", "EndpointName"), ["demand-forecast"]);
    parent.sagemaker("ListEndpoints", json!({ "MaxResults": 101 })).await.refused(
        400,
        "ValidationException",
        "maxResults",
    );
    parent.sagemaker("ListEndpoints", json!({ "NextToken": "?" })).await.refused(
        400,
        "ValidationException",
        "NextToken",
    );
}

async fn deploy(client: &Client, name: &str, image: &str) {
    let role = format!("arn:aws:iam::{PARENT}:role/sagemaker-execution");
    ok(
        client,
        "CreateModel",
        json!({ "ModelName": name, "ExecutionRoleArn": role, "PrimaryContainer": { "Image": image } }),
    )
    .await;
    let variant =
        json!({ "VariantName": "blue", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 });
    ok(client, "CreateEndpointConfig", json!({ "EndpointConfigName": name, "ProductionVariants": [variant] })).await;
}

fn image(model: &str) -> String {
    format!("{PARENT}.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-{model}:1")
}

#[tokio::test]
async fn an_endpoint_comes_into_service_and_is_updated() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let name = json!({ "EndpointName": "New-One" });
    deploy(&parent, "mine", &image("echo")).await;
    lab.settings(json!({ "endpoint_creation_ms": 3_600_000 })).await;
    let made = ok(&parent, "CreateEndpoint", json!({ "EndpointName": "New-One", "EndpointConfigName": "mine" })).await;
    assert_eq!(made["EndpointArn"], format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/new-one"));
    assert_eq!(ok(&parent, "DescribeEndpoint", name.clone()).await["EndpointStatus"], "Creating");
    let early = parent.invoke("New-One", &[], "x").await;
    early.refused(400, "ValidationError", &format!("Endpoint New-One of account {PARENT} not found."));
    parent.sagemaker("DeleteEndpoint", name.clone()).await.refused(400, "ValidationException", "in-progress");

    lab.settings(json!({ "endpoint_creation_ms": 0, "endpoint_update_ms": 3_600_000 })).await;
    ok(&parent, "CreateEndpoint", json!({ "EndpointName": "ready", "EndpointConfigName": "mine" })).await;
    let ready = json!({ "EndpointName": "ready" });
    assert_eq!(ok(&parent, "DescribeEndpoint", ready.clone()).await["EndpointStatus"], "InService");
    let answer = parent.invoke("ready", &[], "x").await;
    assert_eq!((answer.text().as_str(), answer.header("x-amzn-invoked-production-variant")), ("x", "blue"));
    ok(&parent, "UpdateEndpoint", json!({ "EndpointName": "ready", "EndpointConfigName": "churn-classifier-config" }))
        .await;
    assert_eq!(ok(&parent, "DescribeEndpoint", ready.clone()).await["EndpointStatus"], "Updating");
    assert_eq!(parent.invoke("ready", &[], "still").await.text(), "still");
    let twice =
        parent.sagemaker("UpdateEndpoint", json!({ "EndpointName": "ready", "EndpointConfigName": "mine" })).await;
    twice.refused(400, "ValidationException", "Cannot update in-progress endpoint");
}

#[tokio::test]
async fn an_image_without_a_model_fails_its_health_check() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    lab.settings(json!({ "endpoint_creation_ms": 0 })).await;
    deploy(&parent, "broken", "example.com/unknown:1").await;
    ok(&parent, "CreateEndpoint", json!({ "EndpointName": "broken", "EndpointConfigName": "broken" })).await;
    let described = ok(&parent, "DescribeEndpoint", json!({ "EndpointName": "broken" })).await;
    assert_eq!(described["EndpointStatus"], "Failed");
    ok(&parent, "DeleteEndpoint", json!({ "EndpointName": "broken" })).await;
    ok(&parent, "DeleteEndpointConfig", json!({ "EndpointConfigName": "broken" })).await;
    ok(&parent, "DeleteModel", json!({ "ModelName": "broken" })).await;
    let gone = parent.sagemaker("DescribeEndpoint", json!({ "EndpointName": "broken" })).await;
    gone.refused(
        400,
        "ValidationException",
        "Could not find endpoint \"arn:aws:sagemaker:eu-west-1:111111111111:endpoint/broken\".",
    );
}

#[tokio::test]
async fn what_can_not_be_made_is_refused() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let invalid = "ValidationException";
    let again = parent
        .sagemaker("CreateEndpoint", json!({ "EndpointName": "ECHO", "EndpointConfigName": "echo-config" }))
        .await;
    again.refused(400, invalid, "Cannot create already existing endpoint");
    let nothing =
        parent.sagemaker("CreateEndpoint", json!({ "EndpointName": "x", "EndpointConfigName": "nope" })).await;
    nothing.refused(400, invalid, "Could not find endpoint configuration");
    let name = parent.sagemaker("CreateEndpoint", json!({ "EndpointName": "a_b", "EndpointConfigName": "nope" })).await;
    name.refused(400, invalid, "regular expression pattern");
    parent.sagemaker("DescribeEndpoint", json!({})).await.refused(400, invalid, "Value null at 'endpointName'");
    let variant = json!({ "VariantName": "v", "ModelName": "nope", "InstanceType": "ml.m5.large" });
    let config = parent
        .sagemaker("CreateEndpointConfig", json!({ "EndpointConfigName": "c", "ProductionVariants": [variant] }))
        .await;
    config.refused(400, invalid, "Could not find model");
    parent.sagemaker("MakeEndpoint", json!({})).await.refused(400, "UnknownOperationException", "");
}

#[tokio::test]
async fn a_role_is_passed_only_by_those_who_may() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let user = parent.new_user("deployer", &[&allowing("sagemaker:*", "*")]).await;
    let model = |role: &str| json!({ "ModelName": "m", "ExecutionRoleArn": role, "PrimaryContainer": { "Image": image("echo") } });
    let role = format!("arn:aws:iam::{PARENT}:role/sagemaker-execution");
    user.sagemaker("CreateModel", model(&role)).await.refused(400, "AccessDeniedException", "iam:PassRole");
    let foreign = parent.sagemaker("CreateModel", model("arn:aws:iam::222222222222:role/scoring-lambda")).await;
    foreign.refused(400, "ValidationException", "Cross-account pass role is not allowed.");
    let nobody = parent.sagemaker("CreateModel", model(&format!("arn:aws:iam::{PARENT}:role/nobody"))).await;
    nobody.refused(400, "ValidationException", "Could not assume role");
    assert_eq!(parent.sagemaker("CreateModel", model(&role)).await.status, 200);
}

#[tokio::test]
async fn creating_an_endpoint_needs_its_config_too() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let arn = format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/mine");
    let user = parent.new_user("deployer", &[&allowing("sagemaker:CreateEndpoint", &arn)]).await;
    let denied =
        user.sagemaker("CreateEndpoint", json!({ "EndpointName": "mine", "EndpointConfigName": "echo-config" })).await;
    denied.refused(400, "AccessDeniedException", "endpoint-config/echo-config");
}

#[tokio::test]
async fn tags_are_kept_by_arn() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let arn = format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/fraud-detector-eu");
    ok(&parent, "AddTags", json!({ "ResourceArn": arn, "Tags": [{ "Key": "team", "Value": "risk" }] })).await;
    let listed = ok(&parent, "ListTags", json!({ "ResourceArn": arn })).await;
    assert_eq!(listed["Tags"], json!([{ "Key": "team", "Value": "risk" }]));
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"risk"}}}]}"#;
    let user = parent.new_user("u", &[policy]).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 403);
    let row = "5,0,0,268.4,121,74.9,201.3,4,13.2";
    assert_eq!(user.invoke("Fraud-Detector-EU", &[("content-type", "text/csv")], row).await.status, 200);
    ok(&parent, "DeleteTags", json!({ "ResourceArn": arn, "TagKeys": ["team"] })).await;
    assert_eq!(ok(&parent, "ListTags", json!({ "ResourceArn": arn })).await["Tags"], json!([]));
}
