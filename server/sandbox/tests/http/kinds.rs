//! Kinds of endpoints: many models on one, two variants, and serverless.

use crate::support::{Client, Lab, PARENT, allowing};
use serde_json::{Value, json};

const ROW: &str = "5,0,0,268.4,121,74.9,201.3,4,13.2";
const CSV: (&str, &str) = ("content-type", "text/csv");
const MODEL: &str = "x-amzn-sagemaker-target-model";
const VARIANT: &str = "x-amzn-sagemaker-target-variant";
const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";
const SERVED_BY: &str = "x-amzn-invoked-production-variant";

async fn described(client: &Client, endpoint: &str) -> Value {
    let answer = client.sagemaker("DescribeEndpoint", json!({ "EndpointName": endpoint })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn config_of(client: &Client, endpoint: &str) -> Value {
    let name = json!({ "EndpointConfigName": format!("{endpoint}-config") });
    client.sagemaker("DescribeEndpointConfig", name).await.json()
}

fn image(model: &str) -> String {
    format!("{PARENT}.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-{model}:1")
}

async fn create_model(client: &Client, name: &str, container: Value) -> crate::client::Answer {
    let role = format!("arn:aws:iam::{PARENT}:role/sagemaker-execution");
    let body = json!({ "ModelName": name, "ExecutionRoleArn": role, "PrimaryContainer": container });
    client.sagemaker("CreateModel", body).await
}

async fn create_config(client: &Client, name: &str, variants: Value) -> crate::client::Answer {
    let body = json!({ "EndpointConfigName": name, "ProductionVariants": variants });
    client.sagemaker("CreateEndpointConfig", body).await
}

#[tokio::test]
async fn a_multi_model_endpoint_asks_which() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let churn = parent.invoke("tenant-models", &[CSV, (MODEL, "churn.tar.gz")], ROW).await;
    assert!(churn.status == 200 && churn.text().trim().parse::<f64>().is_ok(), "{}", churn.text());
    assert_eq!(parent.invoke("tenant-models", &[CSV, (MODEL, "/echo.tar.gz")], "a,b").await.text(), "a,b");

    let which = parent.invoke("tenant-models", &[CSV], ROW).await;
    which.refused(400, "ValidationError", "is missing a target model header.");
    let request = which.header("x-amzn-requestid").to_owned();
    assert!(!request.is_empty() && which.message().starts_with(&format!("Request {request} ")), "{}", which.message());
    let unknown = parent.invoke("tenant-models", &[CSV, (MODEL, "fraud.tar.gz")], ROW).await;
    let place =
        format!("Failed to download model data(bucket: sagebridge-models-{PARENT}, key: tenants/fraud.tar.gz).");
    unknown.refused(400, "ValidationError", &place);
    for no_archive in ["churn", "churn.zip", "../churn.tar.gz", ".tar.gz", ""] {
        assert_eq!(parent.invoke("tenant-models", &[CSV, (MODEL, no_archive)], ROW).await.status, 400, "{no_archive}");
    }
    let streamed = parent.stream("tenant-models", &[CSV, (MODEL, "churn.tar.gz")], ROW).await;
    streamed.refused(400, "ValidationError", "does not support response streaming");

    let model = parent.sagemaker("DescribeModel", json!({ "ModelName": "tenant-models-model" })).await.json();
    let container = &model["PrimaryContainer"];
    assert_eq!(container["Mode"], "MultiModel");
    assert_eq!(container["ModelDataUrl"], format!("s3://sagebridge-models-{PARENT}/tenants/"));
}

#[tokio::test]
async fn a_policy_can_tell_models_of_one_endpoint_apart() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let policy = allowing("sagemaker:InvokeEndpoint", "*").replace(
        "\"Resource\":\"*\"",
        "\"Resource\":\"*\",\"Condition\":{\"StringLike\":{\"sagemaker:TargetModel\":[\"echo*\"]}}",
    );
    let tenant = parent.new_user("tenant", &[&policy]).await;
    assert_eq!(tenant.invoke("tenant-models", &[CSV, (MODEL, "echo.tar.gz")], ROW).await.status, 200);
    assert_eq!(tenant.invoke("tenant-models", &[CSV, (MODEL, "churn.tar.gz")], ROW).await.status, 403);
}

#[tokio::test]
async fn a_container_of_many_models_is_made_as_aws_has_it() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    lab.settings(json!({ "endpoint_creation_ms": 0 })).await;
    let many = |image: String| json!({ "Image": image, "Mode": "MultiModel", "ModelDataUrl": "s3://b/models" });
    let unfit = create_model(&parent, "unfit", many(image("churn"))).await;
    unfit.refused(400, "ValidationException", "capabilities.multi-models=true Docker label(s).");
    let nowhere = create_model(&parent, "nowhere", json!({ "Image": image("shelf"), "Mode": "MultiModel" })).await;
    nowhere.refused(400, "ValidationException", "'modelDataUrl'");
    let odd = create_model(&parent, "odd", json!({ "Image": image("shelf"), "Mode": "Several" })).await;
    odd.refused(400, "ValidationException", "Member must satisfy enum value set: [SingleModel, MultiModel]");
    assert_eq!(create_model(&parent, "mine", many(image("shelf"))).await.status, 200);
    let variant =
        json!([{ "VariantName": "v", "ModelName": "mine", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }]);
    assert_eq!(create_config(&parent, "mine", variant).await.status, 200);
    let endpoint = json!({ "EndpointName": "mine", "EndpointConfigName": "mine" });
    assert_eq!(parent.sagemaker("CreateEndpoint", endpoint).await.status, 200);
    assert_eq!(parent.invoke("mine", &[(MODEL, "echo.tar.gz")], "hi").await.text(), "hi");
    let missing = parent.invoke("mine", &[(MODEL, "a/b.tar.gz")], "hi").await;
    missing.refused(400, "ValidationError", "(bucket: b, key: models/a/b.tar.gz)");
    // One model is the default, and is told.
    assert_eq!(create_model(&parent, "one", json!({ "Image": image("echo") })).await.status, 200);
    let one = parent.sagemaker("DescribeModel", json!({ "ModelName": "one" })).await.json();
    assert_eq!(one["PrimaryContainer"]["Mode"], "SingleModel");
}

#[tokio::test]
async fn traffic_is_shared_by_weight_and_a_variant_can_be_named() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let mut served = Vec::new();
    for _ in 0..20 {
        served.push(parent.invoke("churn-ab", &[CSV], ROW).await.header(SERVED_BY).to_owned());
    }
    let count = |name: &str| served.iter().filter(|by| *by == name).count();
    assert_eq!((count("Champion"), count("Challenger")), (18, 2));

    let asked = async |variant: &str| {
        let answer = parent.invoke("churn-ab", &[CSV, (VARIANT, variant)], ROW).await;
        assert_eq!(answer.header(SERVED_BY), variant, "{}", answer.text());
        answer.text().trim().parse::<f64>().unwrap()
    };
    let (champion, challenger) = (asked("Champion").await, asked("Challenger").await);
    assert!((champion - challenger).abs() > 0.01, "{champion} and {challenger}");
    let nobody = parent.invoke("churn-ab", &[CSV, (VARIANT, "Third")], ROW).await;
    nobody.refused(400, "ValidationError", "Could not find variant Third for endpoint churn-ab.");
    let streamed = parent.stream("churn-ab", &[CSV, (VARIANT, "Challenger")], ROW).await;
    assert_eq!(streamed.header(SERVED_BY), "Challenger");

    let variants = described(&parent, "churn-ab").await["ProductionVariants"].clone();
    let weights: Vec<_> =
        variants.as_array().unwrap().iter().map(|v| (&v["VariantName"], &v["CurrentWeight"])).collect();
    assert_eq!(weights, [(&json!("Champion"), &json!(90.0)), (&json!("Challenger"), &json!(10.0))]);
    assert_eq!(variants[1]["DeployedImages"][0]["SpecifiedImage"], image("churn-challenger"));
    let config = config_of(&parent, "churn-ab").await;
    assert_eq!(config["ProductionVariants"][1]["ModelName"], "churn-ab-challenger-model");
    assert_eq!(config["ProductionVariants"][1]["InitialVariantWeight"], 10.0);
}

#[tokio::test]
async fn a_serverless_endpoint_takes_less_and_fewer_at_once() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    assert_eq!(parent.invoke("churn-serverless", &[CSV], ROW).await.status, 200);
    let large = parent.invoke("churn-serverless", &[CSV], vec![b'1'; 4 * 1024 * 1024 + 1]).await;
    assert_eq!(large.status, 413);
    assert!(large.message().contains("HTTP content length exceeded 4194304 bytes."), "{}", large.text());
    let shown = &described(&parent, "churn-serverless").await["ProductionVariants"][0];
    assert_eq!(shown["CurrentServerlessConfig"], json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 5 }));
    assert!(shown.get("CurrentInstanceCount").is_none());
    let config = config_of(&parent, "churn-serverless").await;
    assert!(config["ProductionVariants"][0].get("InstanceType").is_none());

    lab.settings(json!({ "endpoint_creation_ms": 0 })).await;
    let variant = json!([{
        "VariantName": "v", "ModelName": "echo-model",
        "ServerlessConfig": { "MemorySizeInMB": 1024, "MaxConcurrency": 1 },
    }]);
    assert_eq!(create_config(&parent, "one-at-once", variant).await.status, 200);
    let endpoint = json!({ "EndpointName": "one-at-once", "EndpointConfigName": "one-at-once" });
    assert_eq!(parent.sagemaker("CreateEndpoint", endpoint).await.status, 200);
    let slow = [(ATTRIBUTES, "sleep-ms=1500")];
    let (first, second) =
        tokio::join!(parent.invoke("one-at-once", &slow, "a"), parent.invoke("one-at-once", &slow, "b"));
    let (answered, throttled) = if first.status == 200 { (first, second) } else { (second, first) };
    assert_eq!(answered.status, 200);
    throttled.refused(400, "ThrottlingException", "Rate exceeded");
    assert_eq!(parent.invoke("one-at-once", &[], "again").await.text(), "again");
    // A stream is under way until its last piece.
    let parts = [(ATTRIBUTES, "parts=2;part-ms=700")];
    let (first, second) =
        tokio::join!(parent.stream("one-at-once", &parts, "ab"), parent.stream("one-at-once", &parts, "cd"));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(parent.invoke("one-at-once", &[], "again").await.text(), "again");
}

#[tokio::test]
async fn what_a_serverless_variant_can_not_be_is_refused() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let variant = |config: Value| json!({ "VariantName": "v", "ModelName": "echo-model", "ServerlessConfig": config });
    let good = json!({ "MemorySizeInMB": 1024, "MaxConcurrency": 1 });
    let mut with_machine = variant(good.clone());
    with_machine["InstanceType"] = json!("ml.m5.large");
    let mut second = variant(good.clone());
    second["VariantName"] = json!("w");
    let member = "productionVariants.1.member.serverlessConfig";
    for (variants, says) in [
        (json!([variant(json!({ "MaxConcurrency": 1 }))]), format!("'{member}.memorySizeInMB'")),
        (json!([variant(json!({ "MemorySizeInMB": 1000, "MaxConcurrency": 1 }))]), "enum value set".into()),
        (
            json!([variant(json!({ "MemorySizeInMB": 1024, "MaxConcurrency": 201 }))]),
            format!("'{member}.maxConcurrency'"),
        ),
        (
            json!([variant(json!({ "MemorySizeInMB": 1024, "MaxConcurrency": 2, "ProvisionedConcurrency": 3 }))]),
            format!("'{member}.provisionedConcurrency'"),
        ),
        (json!([with_machine]), "both an InstanceType and a ServerlessConfig".into()),
        (json!([variant(good.clone()), second]), "one production variant only".into()),
        (
            json!([{ "VariantName": "v", "ModelName": "echo-model", "InstanceType": "ml.m5.large", "InitialVariantWeight": -1 }]),
            "initialVariantWeight".into(),
        ),
        (json!([{ "VariantName": "v", "InstanceType": "ml.m5.large" }]), "'modelName'".into()),
    ] {
        create_config(&parent, "c", variants).await.refused(400, "ValidationException", &says);
    }
    let captured = json!({
        "EndpointConfigName": "c", "ProductionVariants": [variant(good)], "DataCaptureConfig": { "EnableCapture": true },
    });
    parent.sagemaker("CreateEndpointConfig", captured).await.refused(400, "ValidationException", "Data capture");
}
