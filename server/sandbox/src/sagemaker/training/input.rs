//! What CreateTrainingJob may ask for: SageMaker's own limits, and what the sandbox can do.
//!
//! Rules: SageMaker's service model and API reference.

use crate::check::{Checks, word};
use crate::error::Failure;
use crate::protocol::query::member;
use crate::sagemaker::input::{keep, optional, required};
use domain::names::Region;
use domain::pipeline::images::{Image, Version};
use domain::s3::Location;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const INSTANCES: &str = include_str!("../../../data/training-instances.txt");
const URI_PATTERN: &str = "(https|s3)://([^/]+)/?(.*)";
const KEY_PATTERN: &str = "[a-zA-Z0-9:/_-]*";
/// The longest that a job may run: 28 days.
const MOST_SECONDS: i64 = 2_419_200;
const DEFAULT_SECONDS: i64 = 86_400;
/// The largest volume, in GB.
const MOST_GIGABYTES: i64 = 16_384;

/// What DescribeTrainingJob gives back.
const KEPT: [&str; 11] = [
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "Environment",
    "RetryStrategy",
];
/// What the sandbox can't do. `ProfilerConfig` is apart: it may say that there shall be none.
const ABSENT: [&str; 14] = [
    "VpcConfig",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "DebugHookConfig",
    "DebugRuleConfigurations",
    "TensorBoardOutputConfig",
    "ExperimentConfig",
    "ProfilerRuleConfigurations",
    "RemoteDebugConfig",
    "InfraCheckConfig",
    "SessionChainingConfig",
    "ServerlessJobConfig",
    "MlflowConfig",
    "ModelPackageConfig",
];

/// Whether a member asks for something.
fn asks(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(map)) => map.values().any(|value| asks(Some(value))),
        Some(Value::String(text)) => text != "None",
        Some(_) => true,
    }
}

fn refuse_absent(value: &Value, names: &[&str]) -> Result<(), Failure> {
    match names.iter().find(|name| asks(value.get(**name))) {
        Some(name) => Err(Failure::validation(format!("The sandbox's training jobs do not support {name}."))),
        None => Ok(()),
    }
}

fn missing(member: &str) -> Failure {
    Failure::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

fn object<'a>(body: &'a Value, name: &str) -> Result<&'a Value, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Err(missing(&member(name))),
        Some(value @ Value::Object(_)) => Ok(value),
        Some(_) => Err(Failure::new(400, "SerializationException", format!("`{name}` is not a structure"))),
    }
}

fn number(body: &Value, name: &str) -> Result<Option<i64>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| Failure::new(400, "SerializationException", format!("`{name}` is not an integer"))),
    }
}

/// Checks a request, and gives what is kept of it, with its defaults.
pub fn check(body: &Value, region: &Region) -> Result<Value, Failure> {
    texts(body, "HyperParameters", "hyperParameters", [256, 2500])?;
    texts(body, "Environment", "environment", [512, 512])?;
    algorithm(object(body, "AlgorithmSpecification")?, region)?;
    channels(body)?;
    output(object(body, "OutputDataConfig")?)?;
    resources(object(body, "ResourceConfig")?)?;
    stopping(body)?;
    if let Some(attempts) = body.get("RetryStrategy").filter(|retry| retry.is_object()) {
        let attempts = number(attempts, "MaximumRetryAttempts")?.ok_or_else(|| missing("retryStrategy"))?;
        Checks::new().range("retryStrategy.maximumRetryAttempts", attempts, 1, 30).finish()?;
    }
    refuse_absent(body, &ABSENT)?;
    let profiler = body.get("ProfilerConfig");
    if asks(profiler) && profiler.is_some_and(|profiler| profiler["DisableProfiler"] != true) {
        return Err(Failure::validation("The sandbox's training jobs do not support ProfilerConfig."));
    }
    let mut kept = keep(body, &KEPT);
    for name in ["EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"] {
        if kept.get(name).is_none_or(Value::is_null) {
            kept[name] = false.into();
        }
    }
    if kept.pointer("/StoppingCondition/MaxRuntimeInSeconds").is_none_or(Value::is_null) {
        kept["StoppingCondition"] = json!({ "MaxRuntimeInSeconds": DEFAULT_SECONDS });
    }
    Ok(kept)
}

/// A map of texts.
fn texts(body: &Value, name: &str, shown: &str, [key_most, value_most]: [usize; 2]) -> Result<(), Failure> {
    let map = match body.get(name) {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(Failure::new(400, "SerializationException", format!("`{name}` is not a map"))),
    };
    if map.len() > 100 {
        return Err(Failure::validation(format!(
            "1 validation error detected: Value at '{shown}' failed to satisfy constraint: Member must have length less \
             than or equal to 100"
        )));
    }
    let mut checks = Checks::new();
    for (key, value) in map {
        let value = value.as_str().ok_or_else(|| {
            Failure::new(400, "SerializationException", format!("`{name}` has a value that is not a string: {key}"))
        })?;
        checks = checks.length(shown, key, 0, key_most).length(&format!("{shown}.{key}"), value, 0, value_most);
        if name == "Environment" {
            let fits = word(key, "") && !key.starts_with(|c: char| c.is_ascii_digit()) && !key.is_empty();
            checks = checks.pattern(shown, key, "[a-zA-Z_][a-zA-Z0-9_]*", fits);
        }
    }
    checks.finish()
}

fn algorithm(algorithm: &Value, region: &Region) -> Result<(), Failure> {
    let mode = required(algorithm, "TrainingInputMode")?;
    Checks::new().one_of("algorithmSpecification.trainingInputMode", mode, &["Pipe", "File", "FastFile"]).finish()?;
    let image = optional(algorithm, "TrainingImage")?.unwrap_or_default();
    Checks::new().length("algorithmSpecification.trainingImage", image, 0, 255).finish()?;
    if asks(algorithm.get("MetricDefinitions")) {
        return Err(Failure::validation(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request without \
             specifying metric definitions.",
        ));
    }
    refuse_absent(algorithm, &["AlgorithmName", "ContainerEntrypoint", "ContainerArguments", "TrainingImageConfig"])?;
    if mode == "Pipe" {
        return Err(Failure::validation("The sandbox's training jobs do not support the input mode Pipe."));
    }
    if image.is_empty() {
        return Err(Failure::validation("AlgorithmSpecification needs a TrainingImage."));
    }
    let known = || Version::all().filter_map(|version| Image::of(region, &version)).map(|image| image.uri());
    if known().any(|uri| image == uri || image.strip_suffix("-cpu-py3") == Some(uri.as_str())) {
        return Ok(());
    }
    let known: Vec<String> = known().collect();
    Err(Failure::validation(format!(
        "The sandbox trains with the images of SageMaker's XGBoost in {region} only, not with {image}: {}",
        known.join(", ")
    )))
}

fn channels(body: &Value) -> Result<(), Failure> {
    let channels = match body.get("InputDataConfig") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(channels)) => channels,
        Some(_) => return Err(Failure::new(400, "SerializationException", "`InputDataConfig` is not a list")),
    };
    if channels.is_empty() || channels.len() > 20 {
        let must = if channels.is_empty() { "greater than or equal to 1" } else { "less than or equal to 20" };
        return Err(Failure::validation(format!(
            "1 validation error detected: Value at 'inputDataConfig' failed to satisfy constraint: Member must have \
             length {must}"
        )));
    }
    let mut names = BTreeSet::new();
    for (channel, n) in channels.iter().zip(1..) {
        one_channel(channel, &format!("inputDataConfig.{n}.member"))?;
        let name = required(channel, "ChannelName")?;
        if !names.insert(name) {
            return Err(Failure::validation(format!("Channel names must be unique; {name} is there twice.")));
        }
    }
    Ok(())
}

fn one_channel(channel: &Value, at: &str) -> Result<(), Failure> {
    let name = required(channel, "ChannelName")?;
    let compression = optional(channel, "CompressionType")?.unwrap_or("None");
    let wrapper = optional(channel, "RecordWrapperType")?.unwrap_or("None");
    let mode = optional(channel, "InputMode")?.unwrap_or("File");
    let shown = |name: &str| format!("{at}.{name}");
    Checks::new()
        .length(&shown("channelName"), name, 1, 64)
        .pattern(&shown("channelName"), name, "[A-Za-z0-9\\.\\-_]+", word(name, ".-"))
        .length(&shown("contentType"), optional(channel, "ContentType")?.unwrap_or_default(), 0, 256)
        .one_of(&shown("compressionType"), compression, &["None", "Gzip"])
        .one_of(&shown("recordWrapperType"), wrapper, &["None", "RecordIO"])
        .one_of(&shown("inputMode"), mode, &["Pipe", "File", "FastFile"])
        .finish()?;
    refuse_absent(channel, &["CompressionType", "RecordWrapperType", "ShuffleConfig"])?;
    if mode == "Pipe" {
        return Err(Failure::validation("The sandbox's training jobs do not support the input mode Pipe."));
    }
    let sources = object(channel, "DataSource")?;
    refuse_absent(sources, &["FileSystemDataSource", "DatasetSource"])?;
    let source = object(sources, "S3DataSource")?;
    let (kind, uri) = (required(source, "S3DataType")?, required(source, "S3Uri")?);
    let spread = optional(source, "S3DataDistributionType")?.unwrap_or("FullyReplicated");
    let shown = |name: &str| format!("{at}.dataSource.s3DataSource.{name}");
    Checks::new()
        .one_of(&shown("s3DataType"), kind, &["ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse"])
        .one_of(&shown("s3DataDistributionType"), spread, &["FullyReplicated", "ShardedByS3Key"])
        .length(&shown("s3Uri"), uri, 0, 1024)
        .pattern(&shown("s3Uri"), uri, URI_PATTERN, Location::parse(uri).is_some())
        .finish()?;
    if kind != "S3Prefix" {
        return Err(Failure::validation(format!("The sandbox's training jobs do not support the S3DataType {kind}.")));
    }
    refuse_absent(source, &["AttributeNames", "InstanceGroupNames", "ModelAccessConfig", "HubAccessConfig"])
}

fn output(output: &Value) -> Result<(), Failure> {
    let path = required(output, "S3OutputPath")?;
    let key = optional(output, "KmsKeyId")?.unwrap_or_default();
    let compression = optional(output, "CompressionType")?.unwrap_or("GZIP");
    Checks::new()
        .length("outputDataConfig.s3OutputPath", path, 0, 1024)
        .pattern("outputDataConfig.s3OutputPath", path, URI_PATTERN, Location::parse(path).is_some())
        .length("outputDataConfig.kmsKeyId", key, 0, 2048)
        .pattern("outputDataConfig.kmsKeyId", key, KEY_PATTERN, word(key, ":/-"))
        .one_of("outputDataConfig.compressionType", compression, &["GZIP", "NONE"])
        .finish()?;
    if compression == "NONE" {
        return Err(Failure::validation("The sandbox's training jobs do not support the CompressionType NONE."));
    }
    Ok(())
}

fn resources(resources: &Value) -> Result<(), Failure> {
    refuse_absent(
        resources,
        &[
            "KeepAlivePeriodInSeconds",
            "InstanceGroups",
            "TrainingPlanArn",
            "InstancePlacementConfig",
            "InstancePreferences",
        ],
    )?;
    let instance = required(resources, "InstanceType")?;
    let count = number(resources, "InstanceCount")?.ok_or_else(|| missing("resourceConfig.instanceCount"))?;
    let volume = number(resources, "VolumeSizeInGB")?.ok_or_else(|| missing("resourceConfig.volumeSizeInGB"))?;
    let key = optional(resources, "VolumeKmsKeyId")?.unwrap_or_default();
    let instances: Vec<&str> = INSTANCES.lines().collect();
    Checks::new()
        .one_of("resourceConfig.instanceType", instance, &instances)
        .range("resourceConfig.instanceCount", count, 1, i64::from(i32::MAX))
        .range("resourceConfig.volumeSizeInGB", volume, 1, MOST_GIGABYTES)
        .length("resourceConfig.volumeKmsKeyId", key, 0, 2048)
        .pattern("resourceConfig.volumeKmsKeyId", key, KEY_PATTERN, word(key, ":/-"))
        .finish()?;
    if count > 1 {
        return Err(Failure::validation(format!(
            "The sandbox trains on one instance only; ResourceConfig has an InstanceCount of {count}."
        )));
    }
    Ok(())
}

fn stopping(body: &Value) -> Result<(), Failure> {
    let Some(condition) = body.get("StoppingCondition").filter(|condition| !condition.is_null()) else {
        return Ok(());
    };
    if let Some(seconds) = number(condition, "MaxRuntimeInSeconds")? {
        Checks::new().range("stoppingCondition.maxRuntimeInSeconds", seconds, 1, MOST_SECONDS).finish()?;
    }
    if asks(condition.get("MaxWaitTimeInSeconds")) {
        return Err(Failure::validation(
            "MaxWaitTimeInSeconds can be specified only when EnableManagedSpotTraining is set to true.",
        ));
    }
    refuse_absent(condition, &["MaxPendingTimeInSeconds"])
}

/// The hyperparameters of a checked request.
pub fn hyperparameters(request: &Value) -> std::collections::BTreeMap<String, String> {
    let given = request.get("HyperParameters").and_then(Value::as_object).into_iter().flat_map(Map::iter);
    given.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
