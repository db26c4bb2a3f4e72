//! Endpoints and their way into service.

use super::deployment::{self, Key};
use super::input::{self, Entry, exists, missing};
use super::model::{Endpoint, Pending, SageMaker, Serverless, Variant, arn};
use super::{asynchronous, components, configs, models, variants};
use crate::call::{Call, Needs, Target};
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn arn_of(call: &Call<'_>, name: &str) -> String {
    arn(&call.region, call.account(), "endpoint", name)
}

fn tags_of(call: &Call<'_>, arn: &str) -> BTreeMap<String, String> {
    call.read_sagemaker(|sagemaker| sagemaker.tags.get(arn).cloned().unwrap_or_default())
}

/// Permission on the endpoint that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let arn = arn_of(call, input::name(&call.body, "EndpointName")?);
    Ok(Target::new(arn.as_str()).tagged(&tags_of(call, &arn)).into())
}

/// Permission on the endpoint and on the config it shall have.
pub fn target_with_config(call: &Call<'_>) -> Result<Needs, Failure> {
    let (name, config) = names(call)?;
    let arn = arn_of(call, name);
    let endpoint = input::target_with_tags(&arn, &call.body)?.tagged(&tags_of(call, &arn));
    Ok(Needs::All(vec![endpoint, Target::new(configs::arn_of(call, config))]))
}

fn names<'a>(call: &'a Call<'_>) -> Result<(&'a str, &'a str), Failure> {
    Ok((input::name(&call.body, "EndpointName")?, input::name(&call.body, "EndpointConfigName")?))
}

/// What an endpoint becomes with a config, `ms` from now or when it was driven there.
fn pending(
    call: &Call<'_>,
    sagemaker: &SageMaker,
    config: &str,
    (status, ms): (&str, u64),
    deployment: Option<Value>,
) -> Result<Pending, Failure> {
    let arn = configs::arn_of(call, config);
    let found = sagemaker.configs.get(&config.to_ascii_lowercase());
    let found = found.ok_or_else(|| missing("endpoint configuration", &arn))?;
    let variants = variants::of(sagemaker, &found.request).map_err(|model| models::missing_model(call, &model))?;
    let driven = deployment.is_some() || variants.iter().any(|variant| variant.artifact.is_some());
    let broken = variants.iter().find(|variant| !driven && !variant.is_healthy());
    let failure = broken.map(|variant| deployment::unhealthy(&variant.name));
    let until = call.now.plus_ms(i64::try_from(ms).unwrap_or(i64::MAX));
    Ok(Pending {
        status: status.to_owned(),
        until,
        config: found.name.clone(),
        variants,
        failure,
        driven,
        share: 0.0,
        started: call.now,
        deployment,
    })
}

/// CreateEndpoint.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, config) = names(call)?;
    let arn = arn_of(call, name);
    let tags = super::tags::for_new(call, &arn)?;
    let ms = call.app.faults.settings().endpoint_creation_ms;
    let deployment = deployment::checked(call)?;
    let driven = call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        if sagemaker.endpoints.contains_key(&key) {
            return Err(exists("endpoint", &arn));
        }
        let pending = pending(call, sagemaker, config, ("Creating", ms), None)?;
        let driven = pending.driven;
        let endpoint = Endpoint {
            name: name.to_owned(),
            created: call.now,
            modified: call.now,
            config: pending.config.clone(),
            pending: Some(pending),
            failure: None,
            variants: Vec::new(),
            last_deployment: deployment,
        };
        sagemaker.endpoints.insert(key, endpoint);
        sagemaker.tags.insert(arn.clone(), tags);
        Ok(driven)
    })?;
    if driven {
        begin(call, name);
    }
    Ok(Reply::Json(json!({ "EndpointArn": arn })))
}

fn begin(call: &Call<'_>, name: &str) {
    let (account, region) = (call.account().clone(), call.region.clone());
    deployment::begin(call.app, Key { account, region, name: name.to_ascii_lowercase() });
}

/// UpdateEndpoint: the old variants serve until the new ones do.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, config) = names(call)?;
    let arn = arn_of(call, name);
    let ms = call.app.faults.settings().endpoint_update_ms;
    let asked = deployment::checked(call)?;
    let retained = call.body.get("RetainDeploymentConfig") == Some(&Value::Bool(true));
    let driven = call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        let endpoint = sagemaker.endpoints.get(&key).ok_or_else(|| missing("endpoint", &arn))?;
        match endpoint.at(call.now).status {
            "InService" => {}
            "Creating" | "Updating" | "RollingBack" => {
                return Err(Failure::validation(format!("Cannot update in-progress endpoint \"{arn}\".")));
            }
            status => {
                return Err(Failure::validation(format!("Cannot update endpoint \"{arn}\" in status {status}.")));
            }
        }
        let last = endpoint.last_deployment.clone().filter(|_| retained);
        let pending = pending(call, sagemaker, config, ("Updating", ms), asked.or(last))?;
        let driven = pending.driven;
        if let Some(endpoint) = sagemaker.endpoints.get_mut(&key) {
            endpoint.settle(call.now);
            endpoint.modified = call.now;
            endpoint.failure = None;
            endpoint.last_deployment.clone_from(&pending.deployment);
            endpoint.pending = Some(pending);
        }
        Ok(driven)
    })?;
    if driven {
        begin(call, name);
    }
    Ok(Reply::Json(json!({ "EndpointArn": arn })))
}

/// DescribeEndpoint.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "EndpointName")?;
    let arn = arn_of(call, name);
    call.read_sagemaker(|sagemaker| {
        let found = sagemaker.endpoints.get(&name.to_ascii_lowercase());
        let endpoint = found.ok_or_else(|| missing("endpoint", &arn))?;
        let now = endpoint.at(call.now);
        let mut output = json!({
            "EndpointName": endpoint.name,
            "EndpointArn": arn,
            "EndpointConfigName": now.config,
            "EndpointStatus": now.status,
            "CreationTime": epoch_seconds(endpoint.created),
            "LastModifiedTime": epoch_seconds(now.modified),
        });
        if !now.variants.is_empty() {
            let variants: Vec<Value> = now.variants.iter().map(|variant| summary(variant, now.modified)).collect();
            output["ProductionVariants"] = variants.into();
        }
        if let Some(config) = asynchronous::in_force(sagemaker, endpoint, call.now) {
            output[asynchronous::MEMBER] = config.clone();
        }
        if let Some(config) = &endpoint.last_deployment {
            output["LastDeploymentConfig"] = config.clone();
        }
        if let Some(pending) = endpoint.driven().filter(|_| !now.variants.is_empty()) {
            output["PendingDeploymentSummary"] = summary_of(pending);
        }
        if let Some(reason) = now.failure {
            output["FailureReason"] = reason.into();
        }
        Ok(Reply::Json(output))
    })
}

/// What is known of an update under way.
fn summary_of(pending: &Pending) -> Value {
    let status = if pending.share > 0.0 { "Baking" } else { "Creating" };
    let variants = pending.variants.iter().map(|variant| {
        let mut summary = summary(variant, pending.started);
        summary["CurrentWeight"] = json!(variant.weight * pending.share);
        summary["VariantStatus"] = json!([{ "Status": status, "StartTime": epoch_seconds(pending.started) }]);
        summary
    });
    json!({
        "EndpointConfigName": pending.config,
        "ProductionVariants": variants.collect::<Vec<_>>(),
        "StartTime": epoch_seconds(pending.started),
    })
}

fn summary(variant: &Variant, resolved: Timestamp) -> Value {
    let mut summary = json!({
        "VariantName": variant.name,
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
    });
    if let Some(image) = &variant.image {
        summary["DeployedImages"] = json!([{
            "SpecifiedImage": image,
            "ResolvedImage": image,
            "ResolutionTime": epoch_seconds(resolved),
        }]);
    }
    match &variant.serverless_config {
        Some(config) => summary["CurrentServerlessConfig"] = serverless(config),
        None => {
            summary["CurrentInstanceCount"] = variant.instances.into();
            summary["DesiredInstanceCount"] = variant.instances.into();
        }
    }
    summary
}

fn serverless(config: &Serverless) -> Value {
    let mut shown = json!({ "MemorySizeInMB": config.memory_mb, "MaxConcurrency": config.max_concurrency });
    if let Some(provisioned) = config.provisioned_concurrency {
        shown["ProvisionedConcurrency"] = provisioned.into();
    }
    shown
}

fn entry<'a>(call: &Call<'_>, endpoint: &'a Endpoint) -> Entry<'a> {
    let Endpoint { name, created, .. } = endpoint;
    let now = endpoint.at(call.now);
    let summary = json!({
        "EndpointName": name,
        "EndpointArn": arn_of(call, name),
        "EndpointStatus": now.status,
        "CreationTime": epoch_seconds(*created),
        "LastModifiedTime": epoch_seconds(now.modified),
    });
    Entry { name, created: *created, modified: now.modified, status: now.status, summary }
}

/// ListEndpoints.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    call.read_sagemaker(|sagemaker| {
        input::page(call, "Endpoints", sagemaker.endpoints.values().map(|endpoint| entry(call, endpoint)).collect())
            .map(Reply::Json)
    })
}

/// DeleteEndpoint. Not while it is being created or updated, nor while inference components stand on it.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "EndpointName")?;
    let arn = arn_of(call, name);
    call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        let endpoint = sagemaker.endpoints.get(&key).ok_or_else(|| missing("endpoint", &arn))?;
        if matches!(endpoint.at(call.now).status, "Creating" | "Updating" | "RollingBack") {
            return Err(Failure::validation(format!("Cannot delete in-progress endpoint \"{arn}\".")));
        }
        if components::stand_on(sagemaker, &endpoint.name) {
            return Err(Failure::validation(format!(
                "Cannot delete endpoint \"{arn}\" while it has inference components."
            )));
        }
        sagemaker.endpoints.remove(&key);
        sagemaker.tags.remove(&arn);
        Ok(Reply::Json(json!({})))
    })
}
