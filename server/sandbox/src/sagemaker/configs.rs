//! Endpoint configs: which models run on what.

use super::input::{self, Entry, exists, missing};
use super::model::{EndpointConfig, arn};
use super::{asynchronous, models, variants};
use crate::call::{Call, Needs};
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::json;

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

/// CreateEndpointConfig: every variant's model must exist. Variants without models are for inference components.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "EndpointConfigName")?;
    let arn = arn_of(call, name);
    let mut request = input::keep(&call.body, &KEPT);
    let role = input::optional(&call.body, "ExecutionRoleArn")?;
    variants::check(&mut request, role.is_some())?;
    asynchronous::check(&request)?;
    if let Some(role) = role {
        models::pass_role(call, role)?;
    }
    let tags = super::tags::for_new(call, &arn)?;
    call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        if sagemaker.configs.contains_key(&key) {
            return Err(exists("endpoint configuration", &arn));
        }
        variants::of(sagemaker, &request).map_err(|model| models::missing_model(call, &model))?;
        let config = EndpointConfig { name: name.to_owned(), created: call.now, request };
        sagemaker.configs.insert(key, config);
        sagemaker.tags.insert(arn.clone(), tags);
        Ok(())
    })?;
    Ok(Reply::Json(json!({ "EndpointConfigArn": arn })))
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
