//! How endpoints are made, as read from DescribeEndpoint, DescribeEndpointConfig, DescribeModel and
//! ListInferenceComponents.

use crate::canned::{Canned, Received, Reply, ireland, json, parent};
use domain::endpoint::{EndpointKind, EndpointShape, Variant};
use domain::names::EndpointName;

/// An endpoint named after how it is made; its config and its model are named after it.
fn answers(request: &Received) -> Reply {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let name = body.split('"').nth(3).unwrap_or_default();
    match request.operation().as_str() {
        "DescribeEndpoint" => {
            let arn = format!("arn:aws:sagemaker:eu-west-1:111111111111:endpoint/{name}");
            let running = match name {
                "two-variants" => {
                    r#"{"VariantName":"Champion","CurrentWeight":3.0},{"VariantName":"Challenger","CurrentWeight":1.0}"#
                }
                _ => r#"{"VariantName":"Champion"}"#,
            };
            let about = r#""EndpointStatus":"InService","CreationTime":1,"LastModifiedTime":1"#;
            json(
                200,
                &format!(
                    r#"{{"EndpointName":"{name}","EndpointArn":"{arn}","EndpointConfigName":"{name}",{about},"ProductionVariants":[{running}]}}"#
                ),
            )
        }
        "DescribeEndpointConfig" => {
            let one = format!(r#"{{"VariantName":"Champion","ModelName":"{name}","InitialVariantWeight":1.0}}"#);
            let serverless = r#""ServerlessConfig":{"MemorySizeInMB":2048,"MaxConcurrency":5}"#;
            let variants = match name {
                "serverless" => format!(r#"{{"VariantName":"Champion","ModelName":"{name}",{serverless}}}"#),
                "two-variants" => format!(r#"{one},{{"VariantName":"Challenger","ModelName":"{name}"}}"#),
                "components" => r#"{"VariantName":"Champion"}"#.into(),
                _ => one,
            };
            let queue = r#","AsyncInferenceConfig":{"OutputConfig":{"S3OutputPath":"s3://b/out"}}"#;
            let queue = if name == "asynchronous" { queue } else { "" };
            let head = format!(r#""EndpointConfigName":"{name}","EndpointConfigArn":"a","CreationTime":1"#);
            json(200, &format!(r#"{{{head},"ProductionVariants":[{variants}]{queue}}}"#))
        }
        "DescribeModel" => {
            let xgboost = r#""Image":"141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1""#;
            let containers = match name {
                "many-models" => format!(r#""PrimaryContainer":{{{xgboost},"Mode":"MultiModel"}}"#),
                "many-containers" => {
                    let direct = r#""InferenceExecutionConfig":{"Mode":"Direct"}"#;
                    let hosts =
                        r#"{"ContainerHostname":"first","Image":"i"},{"ContainerHostname":"second","Image":"i"}"#;
                    format!(r#""Containers":[{hosts}],{direct}"#)
                }
                _ => format!(r#""PrimaryContainer":{{{xgboost}}}"#),
            };
            json(200, &format!(r#"{{"ModelName":"{name}","ModelArn":"a","CreationTime":1,{containers}}}"#))
        }
        "ListInferenceComponents" => {
            assert!(body.contains(r#""EndpointNameEquals":"components""#), "{body}");
            let one = |name: &str, status: &str| {
                let of = r#""EndpointArn":"a","EndpointName":"components","VariantName":"Champion""#;
                let times = r#""CreationTime":1,"LastModifiedTime":1"#;
                format!(
                    r#"{{"InferenceComponentName":"{name}","InferenceComponentArn":"a","InferenceComponentStatus":"{status}",{of},{times}}}"#
                )
            };
            let all = [one("writer", "InService"), one("draft", "Creating"), one("echo", "InService")];
            json(200, &format!(r#"{{"InferenceComponents":[{}]}}"#, all.join(",")))
        }
        other => unreachable!("{other}"),
    }
}

async fn shape(name: &str) -> (EndpointShape, Option<String>) {
    let canned = Canned::start(answers).await;
    let sagemaker = canned.gateways().await.sagemaker;
    let name = EndpointName::parse(name).unwrap();
    let detail = sagemaker.endpoint_detail(&parent(), &ireland(), &name).await.unwrap().unwrap();
    (detail.shape.unwrap(), detail.sample.map(|sample| sample.content_type))
}

#[tokio::test]
async fn the_kind_of_an_endpoint_is_read_from_its_configuration() {
    for (name, kind) in [
        ("plain", EndpointKind::RealTime),
        ("serverless", EndpointKind::Serverless),
        ("asynchronous", EndpointKind::Asynchronous),
    ] {
        assert_eq!(shape(name).await.0.kind, kind, "{name}");
    }
}

#[tokio::test]
async fn variants_models_components_and_containers_are_told_apart() {
    let variant = |name: &str, share| Variant { name: name.into(), share };
    let (two, _) = shape("two-variants").await;
    assert_eq!(two.variants, [variant("Champion", 750), variant("Challenger", 250)]);
    let (many, _) = shape("many-models").await;
    assert!(many.multi_model && !many.components);
    let (components, sample) = shape("components").await;
    assert!(components.components && !components.multi_model);
    assert_eq!((components.image, sample), (None, None));
    assert_eq!(components.component_names, ["writer", "echo"], "only those that answer are offered");
    let (containers, _) = shape("many-containers").await;
    assert_eq!(containers.containers, ["first", "second"]);
}

#[tokio::test]
async fn a_known_image_gives_a_sample_where_the_environment_gives_none() {
    let (shape, sample) = shape("plain").await;
    assert!(shape.image.is_some_and(|image| image.contains("sagemaker-xgboost")));
    assert_eq!(sample.as_deref(), Some("text/csv"));
}
