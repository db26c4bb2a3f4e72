//! Calls that are answered at once: an operation of a service, by its own integration or by `aws-sdk:`.

use super::failure::TaskFailure;
use super::shape::{self, Times};
use super::{Task, definition};
use crate::ids;
use serde_json::Value;

/// Services whose members are in camel case; parameters of tasks never are.
const CAMEL: [&str; 4] = ["codecommit", "codepipeline", "logs", "states"];

/// Calls an action of a service, such as `sagemaker` or `aws-sdk:kms`.
pub async fn call(task: &Task<'_>, service: &str, action: &str, parameters: &Value) -> Result<Value, TaskFailure> {
    let operation = definition::pascal(action);
    let Some(sdk) = service.strip_prefix("aws-sdk:") else {
        return optimised(task, service, &operation, parameters.clone()).await;
    };
    let known = definition::SDK.iter().find(|(name, ..)| *name == sdk);
    let (_, ours, prefix) =
        known.ok_or_else(|| TaskFailure::runtime(format!("the sandbox has no integration of {service}")))?;
    let output = task.acting.json(task.app, ours, &operation, input(ours, parameters.clone())).await;
    let output = output.map_err(|failure| TaskFailure::sdk(prefix, ours, &failure))?;
    Ok(shape::output(output, Times::Text))
}

fn input(service: &str, parameters: Value) -> Value {
    if CAMEL.contains(&service) { shape::camel(parameters) } else { parameters }
}

/// Calls an operation by a service's own integration, whose answer tells of the exchange too.
pub async fn optimised(
    task: &Task<'_>,
    service: &str,
    operation: &str,
    parameters: Value,
) -> Result<Value, TaskFailure> {
    let mut parameters = parameters;
    // An execution's input may be any JSON; the operation takes its text.
    if service == "states"
        && let Some(given) = parameters.get_mut("Input").filter(|given| !given.is_string())
    {
        *given = given.to_string().into();
    }
    let output = task.acting.json(task.app, service, operation, input(service, parameters)).await;
    let output = output.map_err(|failure| TaskFailure::optimised(service, &failure))?;
    let version = if service == "states" { "1.0" } else { "1.1" };
    let kind = format!("application/x-amz-json-{version}");
    Ok(shape::answered(shape::output(output, Times::Milliseconds), &ids::request(), &kind))
}
