//! Endpoint configs: which models run on what.

use super::input::{self, Entry, exists, missing};
use super::model::{EndpointConfig, SageMaker, Variant, arn};
use super::models;
use crate::call::{Call, Needs};
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KEPT: [&str; 8] = [
    "ProductionVariants",
    "DataCaptureConfig",
    "KmsKeyId",
    "AsyncInferenceConfig",
    "ExplainerConfig",
    "ShadowProductionVariants",
    "ExecutionRoleArn",
    "EnableNetworkIsolation",
];

/// The ARN of a config.
pub fn arn_of(call: &Call<'_>, name: &str) -> String {
    arn(&call.region, call.account(), "endpoint-config", name)
}

/// Permission on the config that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = input::name(&call.body, "EndpointConfigName")?;
    Ok(input::target_with_tags(&arn_of(call, name), &call.body)?.into())
}

/// CreateEndpointConfig: every variant's model must exist.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "EndpointConfigName")?;
    let arn = arn_of(call, name);
    let mut request = input::keep(&call.body, &KEPT);
    check_variants(&mut request)?;
    let tags = super::tags::for_new(call, &arn)?;
    call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        if sagemaker.configs.contains_key(&key) {
            return Err(exists("endpoint configuration", &arn));
        }
        variants(call, sagemaker, &request)?;
        let config = EndpointConfig { name: name.to_owned(), created: call.now, request };
        sagemaker.configs.insert(key, config);
        sagemaker.tags.insert(arn.clone(), tags);
        Ok(())
    })?;
    Ok(Reply::Json(json!({ "EndpointConfigArn": arn })))
}

fn check_variants(request: &mut Value) -> Result<(), Failure> {
    let none = "1 validation error detected: Value null at 'productionVariants' failed to satisfy constraint: Member \
                must have length greater than or equal to 1";
    let variants = request.get_mut("ProductionVariants").and_then(Value::as_array_mut);
    let variants = variants.filter(|list| !list.is_empty()).ok_or_else(|| Failure::validation(none))?;
    let mut names = BTreeSet::new();
    for variant in variants {
        let name = input::name(variant, "VariantName")?.to_owned();
        input::name(variant, "ModelName")?;
        let serverless = variant.get("ServerlessConfig").is_some();
        if !serverless && input::optional(variant, "InstanceType")?.is_none() {
            return Err(Failure::validation(format!("Variant {name} needs an InstanceType or a ServerlessConfig.")));
        }
        if !names.insert(name.clone()) {
            return Err(Failure::validation(format!("Duplicate variant name {name}.")));
        }
        if variant.get("InitialVariantWeight").is_none() {
            variant["InitialVariantWeight"] = json!(1.0);
        }
    }
    Ok(())
}

/// The variants of a config with their images.
pub fn variants(call: &Call<'_>, sagemaker: &SageMaker, request: &Value) -> Result<Vec<Variant>, Failure> {
    let list = request.get("ProductionVariants").and_then(Value::as_array).into_iter().flatten();
    list.map(|variant| {
        let model = input::required(variant, "ModelName")?;
        let arn = arn(&call.region, call.account(), "model", model);
        let found = sagemaker.models.get(&model.to_ascii_lowercase()).ok_or_else(|| missing("model", &arn))?;
        Ok(Variant {
            name: input::required(variant, "VariantName")?.to_owned(),
            image: models::image(&found.request).unwrap_or_default().to_owned(),
            weight: variant.get("InitialVariantWeight").and_then(Value::as_f64).unwrap_or(1.0),
            instances: variant
                .get("InitialInstanceCount")
                .and_then(Value::as_u64)
                .and_then(|n| n.try_into().ok())
                .unwrap_or(1),
            serverless: variant.get("ServerlessConfig").is_some(),
        })
    })
    .collect()
}

/// DescribeEndpointConfig.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "EndpointConfigName")?;
    let arn = arn_of(call, name);
    call.read_sagemaker(|sagemaker| {
        let found = sagemaker.configs.get(&name.to_ascii_lowercase());
        let config = found.ok_or_else(|| missing("endpoint configuration", &arn))?;
        let mut output = config.request.clone();
        output["EndpointConfigName"] = config.name.as_str().into();
        output["EndpointConfigArn"] = arn.into();
        output["CreationTime"] = epoch_seconds(config.created);
        Ok(Reply::Json(output))
    })
}

fn entry<'a>(call: &Call<'_>, config: &'a EndpointConfig) -> Entry<'a> {
    let EndpointConfig { name, created, .. } = config;
    let summary = json!({
        "EndpointConfigName": name,
        "EndpointConfigArn": arn_of(call, name),
        "CreationTime": epoch_seconds(*created),
    });
    Entry { name, created: *created, modified: *created, status: "", summary }
}

/// ListEndpointConfigs.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    call.read_sagemaker(|sagemaker| {
        input::page(call, "EndpointConfigs", sagemaker.configs.values().map(|config| entry(call, config)).collect())
            .map(Reply::Json)
    })
}

/// DeleteEndpointConfig.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "EndpointConfigName")?;
    let arn = arn_of(call, name);
    call.change_sagemaker(|sagemaker| {
        let removed = sagemaker.configs.remove(&name.to_ascii_lowercase());
        removed.ok_or_else(|| missing("endpoint configuration", &arn))?;
        sagemaker.tags.remove(&arn);
        Ok(Reply::Json(json!({})))
    })
}
