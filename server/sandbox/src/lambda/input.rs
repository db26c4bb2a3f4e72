//! Names of functions in all their forms, settings with their limits, and the refusals that operations share.
//!
//! Rules and texts: Lambda API reference, "CreateFunction" and "Common errors"; Lambda developer guide, "Lambda quotas",
//! "Working with Lambda environment variables", "Lambda runtimes".

use super::model::{self, LATEST};
use crate::call::Call;
use crate::check::{Checks, word};
use crate::error::Failure;
use domain::arn::Arn;
use serde_json::Value;
use std::collections::BTreeMap;

/// Python versions that Lambda has.
const RUNTIMES: [&str; 5] = ["python3.10", "python3.11", "python3.12", "python3.13", "python3.14"];
/// Python versions that it had.
const RETIRED: [&str; 5] = ["python2.7", "python3.6", "python3.7", "python3.8", "python3.9"];
/// What all variables may have together, keys included.
const ENVIRONMENT_BYTES: usize = 4096;
/// Variables that are Lambda's own.
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// A value that does not do.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidParameterValueException", message).with("Type", "User".into())
}

/// A function that is not there.
pub fn not_found(arn: &str) -> Failure {
    Failure::new(404, "ResourceNotFoundException", format!("Function not found: {arn}")).with("Type", "User".into())
}

/// Something in the way.
pub fn conflict(message: impl Into<String>) -> Failure {
    Failure::new(409, "ResourceConflictException", message).with("Type", "User".into())
}

/// Lambda's code for values out of shape.
pub fn checked(checks: Checks) -> Result<(), Failure> {
    checks.finish().map_err(|failure| Failure::new(400, "ValidationException", failure.message))
}

/// A member that may be missing.
pub fn optional<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::new(400, "SerializationException", format!("`{name}` is not a string"))),
    }
}

/// A member that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    optional(body, name)?.ok_or_else(|| {
        let member = crate::protocol::query::member(name);
        Failure::new(
            400,
            "ValidationException",
            format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not \
                 be null"
            ),
        )
    })
}

/// The function that the call names: a name, an ARN or a part of one. Functions of other accounts can't be reached:
/// functions have no resource-based policies here.
pub fn name(call: &Call<'_>, action: &str) -> Result<String, Failure> {
    parse_name(call, required(&call.body, "FunctionName")?, optional(&call.body, "Qualifier")?, action)
}

/// The same for a name that came another way.
pub fn parse_name(call: &Call<'_>, given: &str, qualifier: Option<&str>, action: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = given.split(':').collect();
    let (region, account, name, inner) = match parts[..] {
        [name] => (None, None, name, None),
        [name, qualifier] => (None, None, name, Some(qualifier)),
        [account, "function", name] => (None, Some(account), name, None),
        ["arn", _, "lambda", region, account, "function", name] => (Some(region), Some(account), name, None),
        ["arn", _, "lambda", region, account, "function", name, qualifier] => {
            (Some(region), Some(account), name, Some(qualifier))
        }
        _ => (None, None, "", None),
    };
    let fits = !name.is_empty() && name.len() <= 64 && word(name, "-");
    checked(Checks::new().pattern(
        "functionName",
        given,
        "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
        fits,
    ))?;
    let arn = model::arn(&call.region, call.account(), name);
    if let Some(region) = region.filter(|region| *region != call.region.as_str()) {
        let message = format!("Functions from '{region}' are not reachable in this region ('{}')", call.region);
        return Err(Failure::new(404, "ResourceNotFoundException", message).with("Type", "User".into()));
    }
    if account.is_some_and(|account| account != call.account().as_str()) {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {given} because no resource-based policy \
             allows the {action} action",
            call.caller.arn
        );
        return Err(Failure::access_denied(message));
    }
    match qualifier.or(inner) {
        Some(other) if other != LATEST => Err(not_found(&format!("{arn}:{other}"))),
        _ => Ok(name.to_owned()),
    }
}

/// `Runtime`: a Python that Lambda has.
pub fn runtime(body: &Value) -> Result<Option<&str>, Failure> {
    let Some(runtime) = optional(body, "Runtime")? else { return Ok(None) };
    if RUNTIMES.contains(&runtime) {
        return Ok(Some(runtime));
    }
    if RETIRED.contains(&runtime) {
        return Err(invalid(format!(
            "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. We \
             recommend you use a supported runtime while creating or updating functions."
        )));
    }
    let known = RUNTIMES.join(", ");
    Err(invalid(format!(
        "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{known}] or be a \
         valid ARN (the sandbox runs Python only)"
    )))
}

/// `Handler`.
pub fn handler(body: &Value) -> Result<Option<&str>, Failure> {
    let Some(handler) = optional(body, "Handler")? else { return Ok(None) };
    let plain = !handler.chars().any(char::is_whitespace);
    checked(Checks::new().length("handler", handler, 1, 128).pattern("handler", handler, "[^\\s]+", plain))?;
    Ok(Some(handler))
}

/// `Description`.
pub fn description(body: &Value) -> Result<Option<&str>, Failure> {
    let text = optional(body, "Description")?;
    checked(Checks::new().length("description", text.unwrap_or_default(), 0, 256))?;
    Ok(text)
}

fn number(body: &Value, name: &str, least: i64, most: i64) -> Result<Option<u32>, Failure> {
    let Some(value) = body.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let number = value
        .as_i64()
        .ok_or_else(|| Failure::new(400, "SerializationException", format!("`{name}` is not a number")))?;
    checked(Checks::new().range(&crate::protocol::query::member(name), number, least, most))?;
    Ok(u32::try_from(number).ok())
}

/// `Timeout`, in seconds.
pub fn timeout(body: &Value) -> Result<Option<u32>, Failure> {
    number(body, "Timeout", 1, 900)
}

/// `MemorySize`, in megabytes.
pub fn memory(body: &Value) -> Result<Option<u32>, Failure> {
    number(body, "MemorySize", 128, 10_240)
}

/// `Environment.Variables`.
pub fn environment(body: &Value) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let Some(variables) = body.get("Environment").and_then(|e| e.get("Variables")).and_then(Value::as_object) else {
        return Ok(None);
    };
    let mut kept = BTreeMap::new();
    for (key, value) in variables {
        let value = value
            .as_str()
            .ok_or_else(|| Failure::new(400, "SerializationException", format!("the variable `{key}` is no string")))?;
        let fits = key.len() >= 2 && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && word(key, "");
        checked(Checks::new().pattern("environment.variables.key", key, "[a-zA-Z]([a-zA-Z0-9_])+", fits))?;
        kept.insert(key.clone(), value.to_owned());
    }
    let reserved: Vec<&str> = kept.keys().map(String::as_str).filter(|key| RESERVED.contains(key)).collect();
    if !reserved.is_empty() {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    if kept.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > ENVIRONMENT_BYTES {
        return Err(invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided exceeded the 4KB limit.",
        ));
    }
    Ok(Some(kept))
}

/// `Tags`.
pub fn tags(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let given = body.get("Tags").and_then(Value::as_object);
    let mut tags = BTreeMap::new();
    for (key, value) in given.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        checked(Checks::new().length("tags.key", key, 1, 128).length("tags.value", value, 0, 256))?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys beginning with aws: are reserved for system use"));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    if tags.len() > 50 {
        return Err(invalid("The number of tags exceeds the limit of 50"));
    }
    Ok(tags)
}

/// A role's ARN.
pub fn role(text: &str) -> Result<Arn, Failure> {
    let parsed = Arn::parse(text).ok();
    let is_role =
        |arn: &Arn| arn.service() == "iam" && arn.resource_type() == Some("role") && arn.account_id().is_some();
    let fits = parsed.as_ref().is_some_and(is_role);
    checked(Checks::new().pattern(
        "role",
        text,
        "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
        fits,
    ))?;
    parsed.ok_or_else(|| invalid("The role is no ARN."))
}

/// Refuses members that ask for what the sandbox has not.
pub fn refuse_unfit(body: &Value, members: &[&str]) -> Result<(), Failure> {
    let asks = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => map.values().any(|inner| !matches!(inner, Value::Array(list) if list.is_empty())),
        _ => true,
    };
    match members.iter().find(|member| body.get(**member).is_some_and(asks)) {
        Some(member) => Err(invalid(format!("the sandbox has no `{member}` for functions"))),
        None => Ok(()),
    }
}
