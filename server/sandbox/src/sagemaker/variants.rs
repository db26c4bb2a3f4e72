//! The production variants of an endpoint config: what is asked of them, and what they come to.
//!
//! Rules: `ProductionVariant` and `ProductionVariantServerlessConfig` in SageMaker's API reference; what serverless
//! endpoints can't do is in the developer guide, "Serverless Inference", under "Feature exclusions".

use super::input;
use super::model::{SageMaker, Serverless, Variant};
use super::models;
use crate::check::Checks;
use crate::error::Failure;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a serverless variant's memory can be.
const MEMORY_MB: [&str; 6] = ["1024", "2048", "3072", "4096", "5120", "6144"];
/// How many requests it can answer at once.
const MOST_AT_ONCE: i64 = 200;

/// Checks the variants of a CreateEndpointConfig and fills in their defaults. A variant may leave out its model where
/// the config has an execution role: inference components bring theirs.
pub fn check(request: &mut Value, has_role: bool) -> Result<(), Failure> {
    let none = "1 validation error detected: Value null at 'productionVariants' failed to satisfy constraint: Member \
                must have length greater than or equal to 1";
    let captures = request.get("DataCaptureConfig").is_some_and(|config| config["EnableCapture"] == true);
    let variants = request.get_mut("ProductionVariants").and_then(Value::as_array_mut);
    let variants = variants.filter(|list| !list.is_empty()).ok_or_else(|| Failure::validation(none))?;
    let several = variants.len() > 1;
    let mut names = BTreeSet::new();
    for (variant, n) in variants.iter_mut().zip(1..) {
        let name = input::name(variant, "VariantName")?.to_owned();
        let serverless = serverless(variant, n)?.is_some();
        if has_role && variant.get("ModelName").is_none() {
            if serverless {
                return Err(Failure::validation(format!("Variant {name} is serverless and needs a ModelName.")));
            }
        } else {
            input::name(variant, "ModelName")?;
        }
        match (serverless, input::optional(variant, "InstanceType")?) {
            (false, None) => {
                return Err(Failure::validation(format!(
                    "Variant {name} needs an InstanceType or a ServerlessConfig."
                )));
            }
            (true, Some(_)) => {
                return Err(Failure::validation(format!(
                    "Variant {name} has both an InstanceType and a ServerlessConfig; give one of them."
                )));
            }
            (true, None) if several => {
                return Err(Failure::validation("A serverless endpoint can have one production variant only."));
            }
            (true, None) if captures => {
                return Err(Failure::validation("Data capture is not supported for serverless endpoints."));
            }
            _ => {}
        }
        check_weight(variant, n)?;
        if !names.insert(name.clone()) {
            return Err(Failure::validation(format!("Duplicate variant name {name}.")));
        }
    }
    Ok(())
}

fn check_weight(variant: &mut Value, n: usize) -> Result<(), Failure> {
    let Some(weight) = variant.get("InitialVariantWeight") else {
        variant["InitialVariantWeight"] = json!(1.0);
        return Ok(());
    };
    if weight.as_f64().is_some_and(|weight| weight >= 0.0) {
        return Ok(());
    }
    Err(Failure::validation(format!(
        "1 validation error detected: Value '{weight}' at 'productionVariants.{n}.member.initialVariantWeight' failed to \
         satisfy constraint: Member must have value greater than or equal to 0"
    )))
}

/// The serverless configuration of the `n`th variant, if it has one.
fn serverless(variant: &Value, n: usize) -> Result<Option<Serverless>, Failure> {
    let Some(config) = variant.get("ServerlessConfig").filter(|config| !config.is_null()) else { return Ok(None) };
    let member = |name: &str| format!("productionVariants.{n}.member.serverlessConfig.{name}");
    let number = |key: &str, name: &str| {
        config.get(key).and_then(Value::as_i64).ok_or_else(|| {
            Failure::validation(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                member(name)
            ))
        })
    };
    let memory = number("MemorySizeInMB", "memorySizeInMB")?;
    let most = number("MaxConcurrency", "maxConcurrency")?;
    let provisioned = config.get("ProvisionedConcurrency").and_then(Value::as_i64);
    let checks = Checks::new().one_of(&member("memorySizeInMB"), &memory.to_string(), &MEMORY_MB).range(
        &member("maxConcurrency"),
        most,
        1,
        MOST_AT_ONCE,
    );
    match provisioned {
        Some(provisioned) => checks.range(&member("provisionedConcurrency"), provisioned, 1, most).finish()?,
        None => checks.finish()?,
    }
    let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Some(Serverless {
        memory_mb: small(memory),
        max_concurrency: small(most),
        provisioned_concurrency: provisioned.map(small),
    }))
}

/// The variants of a config that was checked, with what they run; the name of a model that is not there.
pub fn of(sagemaker: &SageMaker, request: &Value) -> Result<Vec<Variant>, String> {
    let list = request.get("ProductionVariants").and_then(Value::as_array).into_iter().flatten();
    list.zip(1..).map(|(variant, n)| one(sagemaker, variant, n)).collect()
}

fn one(sagemaker: &SageMaker, variant: &Value, n: usize) -> Result<Variant, String> {
    let text = |key: &str| variant.get(key).and_then(Value::as_str);
    let model = match text("ModelName") {
        Some(name) => Some(&sagemaker.models.get(&name.to_ascii_lowercase()).ok_or_else(|| name.to_owned())?.request),
        None => None,
    };
    let instances = variant.get("InitialInstanceCount").and_then(Value::as_u64).and_then(|n| n.try_into().ok());
    Ok(Variant {
        name: text("VariantName").unwrap_or_default().to_owned(),
        image: model.map(|model| models::image(model).unwrap_or_default().to_owned()),
        models: model.and_then(models::many).map(str::to_owned),
        artifact: model.and_then(models::artifact),
        weight: variant.get("InitialVariantWeight").and_then(Value::as_f64).unwrap_or(1.0),
        instances: instances.unwrap_or(1),
        serverless_config: serverless(variant, n).ok().flatten(),
    })
}
