//! What makes an endpoint asynchronous: the `AsyncInferenceConfig` of its config.
//!
//! Source: SageMaker API reference, AsyncInferenceConfig.

use super::model::{Endpoint, SageMaker};
use crate::check::Checks;
use crate::error::Failure;
use domain::s3::Location;
use domain::time::Timestamp;
use serde_json::Value;

/// The member's name.
pub const MEMBER: &str = "AsyncInferenceConfig";
/// How an S3 path's pattern is shown.
const PATTERN: &str = "^(https|s3)://([^/])/?(.*)$";

/// Checks the config of an asynchronous endpoint; other configs have nothing to check.
pub fn check(request: &Value) -> Result<(), Failure> {
    let Some(config) = request.get(MEMBER).filter(|config| !config.is_null()) else { return Ok(()) };
    let output = config.get("OutputConfig").filter(|output| output.is_object()).ok_or_else(|| {
        Failure::validation(
            "1 validation error detected: Value null at 'asyncInferenceConfig.outputConfig' failed to satisfy \
             constraint: Member must not be null",
        )
    })?;
    let mut checks = Checks::new();
    for (member, shown) in [
        ("S3OutputPath", "asyncInferenceConfig.outputConfig.s3OutputPath"),
        ("S3FailurePath", "asyncInferenceConfig.outputConfig.s3FailurePath"),
    ] {
        if let Some(path) = output.get(member).and_then(Value::as_str) {
            checks = checks.pattern(shown, path, PATTERN, Location::parse(path).is_some());
        }
    }
    let most = config.get("ClientConfig").and_then(|client| client.get("MaxConcurrentInvocationsPerInstance"));
    if let Some(most) = most.and_then(Value::as_i64) {
        let shown = "asyncInferenceConfig.clientConfig.maxConcurrentInvocationsPerInstance";
        checks = checks.range(shown, most, 1, 1000);
    }
    checks.finish()?;
    // SageMaker would make a bucket of its own for it; which one can't be known here.
    if output.get("S3OutputPath").is_none() {
        return Err(Failure::validation("The sandbox asks for an S3OutputPath in every AsyncInferenceConfig."));
    }
    let mut variants = request.get("ProductionVariants").and_then(Value::as_array).into_iter().flatten();
    if variants.any(|variant| variant.get("ServerlessConfig").is_some()) {
        return Err(Failure::validation("One or more endpoint features are not supported using this configuration"));
    }
    Ok(())
}

/// The `AsyncInferenceConfig` that is in force for an endpoint, where it has one.
pub fn in_force<'a>(sagemaker: &'a SageMaker, endpoint: &Endpoint, now: Timestamp) -> Option<&'a Value> {
    sagemaker.configs.get(&endpoint.at(now).config.to_ascii_lowercase())?.request.get(MEMBER)
}
