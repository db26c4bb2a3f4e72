//! Inference components: permission on both, life on an endpoint without a model, refusals.

use crate::frames::frames;
use crate::support::{Client, Lab, PARENT, allowing};
use serde_json::{Value, json};

const COMPONENT: &str = "x-amzn-sagemaker-inference-component";
const INVALID: &str = "ValidationException";

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:sagemaker:eu-west-1:{PARENT}:{kind}/{name}")
}

async fn ok(client: &Client, operation: &str, body: Value) -> Value {
    let answer = client.sagemaker(operation, body).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

fn component(name: &str, endpoint: &str, model: &str) -> Value {
    json!({
        "InferenceComponentName": name,
        "EndpointName": endpoint,
        "VariantName": "AllTraffic",
        "Specification": { "ModelName": model, "ComputeResourceRequirements": { "MinMemoryRequiredInMb": 512 } },
        "RuntimeConfig": { "CopyCount": 2 },
    })
}

#[tokio::test]
async fn a_request_names_the_component_it_wants() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let echo = parent.invoke("shared-gpu", &[(COMPONENT, "echo-component")], "hello").await;
    assert_eq!((echo.text().as_str(), echo.header("x-amzn-invoked-production-variant")), ("hello", "AllTraffic"));
    let json = ("content-type", "application/json");
    let at_once = ("x-amzn-sagemaker-custom-attributes", "part-ms=0");
    let sent = [json, at_once, (COMPONENT, "writer-component")];
    let body = r#"{"inputs":"A role","parameters":{"max_new_tokens":5}}"#;
    assert_eq!(frames(&parent.stream("shared-gpu", &sent, body).await).len(), 5);

    let unnamed = parent.invoke("shared-gpu", &[], "hello").await;
    unnamed.refused(
        400,
        "ValidationError",
        "Inference Component Name header is required for endpoints to which you plan to deploy inference components.",
    );
    assert_eq!(unnamed.json()["ErrorCode"], "INFERENCE_COMPONENT_NAME_MISSING");
    let unknown = parent.invoke("shared-gpu", &[(COMPONENT, "nobody")], "hello").await;
    unknown.refused(400, "ValidationError", "Inference Component nobody of endpoint shared-gpu not found.");
    let odd = parent.invoke("shared-gpu", &[(COMPONENT, "a_b")], "hello").await;
    odd.refused(400, "ValidationError", "'inferenceComponentName'");
}

#[tokio::test]
async fn permission_on_the_endpoint_alone_is_not_enough() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let endpoint = allowing("sagemaker:InvokeEndpoint", &arn("endpoint", "shared-gpu"));
    let named = allowing("sagemaker:InvokeEndpoint", &arn("inference-component", "echo-component"));
    let half = parent.new_user("half", &[&endpoint]).await;
    let both = parent.new_user("both", &[&endpoint, &named]).await;
    let denied = half.invoke("shared-gpu", &[(COMPONENT, "echo-component")], "x").await;
    let why = format!(
        "User: arn:aws:iam::{PARENT}:user/half is not authorized to perform: sagemaker:InvokeEndpoint on resource: {} \
         because no identity-based policy allows the sagemaker:InvokeEndpoint action",
        arn("inference-component", "echo-component")
    );
    denied.refused(403, "AccessDeniedException", &why);
    assert_eq!(both.invoke("shared-gpu", &[(COMPONENT, "echo-component")], "x").await.text(), "x");
    assert_eq!(both.invoke("shared-gpu", &[(COMPONENT, "writer-component")], "x").await.status, 403);
}

#[tokio::test]
async fn components_are_described_and_listed() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let endpoint = ok(&parent, "DescribeEndpoint", json!({ "EndpointName": "shared-gpu" })).await;
    let variant = &endpoint["ProductionVariants"][0];
    assert!(variant.get("DeployedImages").is_none() && variant["CurrentInstanceCount"] == 1, "{variant}");
    let config = ok(&parent, "DescribeEndpointConfig", json!({ "EndpointConfigName": "shared-gpu-config" })).await;
    assert!(config["ProductionVariants"][0].get("ModelName").is_none());
    assert_eq!(config["ExecutionRoleArn"], format!("arn:aws:iam::{PARENT}:role/sagemaker-execution"));

    let writer = json!({ "InferenceComponentName": "Writer-Component" });
    let writer = ok(&parent, "DescribeInferenceComponent", writer).await;
    assert_eq!(writer["InferenceComponentArn"], arn("inference-component", "writer-component"));
    assert_eq!(writer["EndpointArn"], arn("endpoint", "shared-gpu"));
    assert_eq!(writer["InferenceComponentStatus"], "InService");
    assert_eq!(writer["Specification"]["ModelName"], "writer-component-model");
    assert_eq!(writer["RuntimeConfig"], json!({ "DesiredCopyCount": 2, "CurrentCopyCount": 2 }));

    let listed = async |filter: Value| {
        let list = ok(&parent, "ListInferenceComponents", filter).await;
        let items = list["InferenceComponents"].as_array().unwrap().clone();
        items.iter().map(|item| item["InferenceComponentName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let by_name = json!({ "EndpointNameEquals": "shared-gpu", "SortBy": "Name", "SortOrder": "Ascending" });
    assert_eq!(listed(by_name).await, ["echo-component", "writer-component"]);
    assert_eq!(listed(json!({ "EndpointNameEquals": "echo" })).await, Vec::<String>::new());
    assert_eq!(listed(json!({ "NameContains": "writer", "StatusEquals": "InService" })).await, ["writer-component"]);
}

#[tokio::test]
async fn a_component_comes_into_service_and_goes() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    lab.settings(json!({ "endpoint_creation_ms": 3_600_000 })).await;
    let slow = ok(&parent, "CreateInferenceComponent", component("Slow", "shared-gpu", "echo-model")).await;
    assert_eq!(slow["InferenceComponentArn"], arn("inference-component", "slow"));
    let name = |name: &str| json!({ "InferenceComponentName": name });
    let described = ok(&parent, "DescribeInferenceComponent", name("Slow")).await;
    assert_eq!(described["InferenceComponentStatus"], "Creating");
    assert_eq!(described["RuntimeConfig"], json!({ "DesiredCopyCount": 2, "CurrentCopyCount": 0 }));
    parent.invoke("shared-gpu", &[(COMPONENT, "Slow")], "x").await.refused(400, "ValidationError", "not found");

    lab.settings(json!({ "endpoint_creation_ms": 0 })).await;
    let mut own = component("own", "shared-gpu", "");
    let image = format!("{PARENT}.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-echo:1");
    own["Specification"] = json!({
        "Container": { "Image": image, "Environment": { "A": "b" } },
        "ComputeResourceRequirements": { "MinMemoryRequiredInMb": 128 },
    });
    own["Tags"] = json!([{ "Key": "team", "Value": "risk" }]);
    ok(&parent, "CreateInferenceComponent", own).await;
    let described = ok(&parent, "DescribeInferenceComponent", name("own")).await;
    let container = &described["Specification"]["Container"];
    assert!(container["DeployedImage"]["SpecifiedImage"] == image && container.get("Image").is_none(), "{container}");
    let tags = ok(&parent, "ListTags", json!({ "ResourceArn": arn("inference-component", "own") })).await;
    assert_eq!(tags["Tags"][0]["Value"], "risk");
    assert_eq!(parent.invoke("shared-gpu", &[(COMPONENT, "own")], "x").await.text(), "x");
    ok(&parent, "DeleteInferenceComponent", name("own")).await;
    parent.invoke("shared-gpu", &[(COMPONENT, "own")], "x").await.refused(400, "ValidationError", "not found");

    let mut none = component("asleep", "shared-gpu", "echo-model");
    none["RuntimeConfig"] = json!({ "CopyCount": 0 });
    ok(&parent, "CreateInferenceComponent", none).await;
    let asleep = parent.invoke("shared-gpu", &[(COMPONENT, "asleep")], "x").await;
    asleep.refused(400, "ValidationError", "Inference Component has no capacity to process this request.");
    let busy = parent.sagemaker("DeleteEndpoint", json!({ "EndpointName": "shared-gpu" })).await;
    busy.refused(400, INVALID, "while it has inference components");
}

#[tokio::test]
async fn components_stand_only_where_they_can() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let create = async |body: Value| parent.sagemaker("CreateInferenceComponent", body).await;
    let unfit = create(component("c", "echo", "echo-model")).await;
    unfit.refused(400, INVALID, "Inference Components are not supported in this Endpoint.");
    create(component("c", "nowhere", "echo-model")).await.refused(400, INVALID, "Could not find endpoint");
    create(component("c", "shared-gpu", "nope")).await.refused(400, INVALID, "Could not find model");
    create(component("ECHO-component", "shared-gpu", "echo-model")).await.refused(400, INVALID, "already existing");
    let mut body = component("c", "shared-gpu", "echo-model");
    body["VariantName"] = json!("other");
    create(body).await.refused(400, INVALID, "Could not find variant other");
    let mut body = component("c", "shared-gpu", "echo-model");
    body["Specification"] = json!({ "ModelName": "echo-model" });
    create(body).await.refused(400, INVALID, "minMemoryRequiredInMb");
    let gone = parent.sagemaker("DescribeInferenceComponent", json!({ "InferenceComponentName": "c" })).await;
    gone.refused(400, INVALID, "Could not find inference component");

    // An endpoint for components is made of a config without a model, which needs a role that may be passed.
    lab.settings(json!({ "endpoint_creation_ms": 0 })).await;
    let variant = json!({ "VariantName": "AllTraffic", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1 });
    let config =
        |role: &str| json!({ "EndpointConfigName": "bare", "ProductionVariants": [variant], "ExecutionRoleArn": role });
    let role = format!("arn:aws:iam::{PARENT}:role/sagemaker-execution");
    let user = parent.new_user("deployer", &[&allowing("sagemaker:*", "*")]).await;
    user.sagemaker("CreateEndpointConfig", config(&role)).await.refused(400, "AccessDeniedException", "iam:PassRole");
    ok(&parent, "CreateEndpointConfig", config(&role)).await;
    ok(&parent, "CreateEndpoint", json!({ "EndpointName": "bare", "EndpointConfigName": "bare" })).await;
    ok(&parent, "CreateInferenceComponent", component("on-bare", "bare", "echo-model")).await;
    assert_eq!(parent.invoke("bare", &[(COMPONENT, "on-bare")], "x").await.text(), "x");
    let elsewhere = parent.invoke("shared-gpu", &[(COMPONENT, "on-bare")], "x").await;
    elsewhere.refused(400, "ValidationError", "not found");
    // Who may make components may not make them on every endpoint.
    let narrow = parent
        .new_user("narrow", &[&allowing("sagemaker:CreateInferenceComponent", &arn("inference-component", "*"))])
        .await;
    let denied = narrow.sagemaker("CreateInferenceComponent", component("n", "bare", "echo-model")).await;
    denied.refused(400, "AccessDeniedException", "endpoint/bare");
}
