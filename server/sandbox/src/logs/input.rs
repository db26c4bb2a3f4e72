//! Names, tags, pages, and the refusals that several operations share.
//!
//! Rules: CloudWatch Logs' service model and API reference.

use super::model::{Group, Logs, group_arn};
use crate::call::{Call, Needs, Target};
use crate::check::{Checks, word};
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;

/// Input that is refused.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidParameterException", message)
}

/// Complains as this service does: its model has a code of its own for what is out of shape.
pub fn checked(checks: Checks) -> Result<(), Failure> {
    checks.finish().map_err(|failure| invalid(failure.message))
}

/// A text that may be missing.
pub fn optional<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::new(400, "SerializationException", format!("`{name}` is not a string"))),
    }
}

/// A text that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    optional(body, name)?.ok_or_else(|| {
        invalid(format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// A whole number that may be missing.
pub fn number(body: &Value, name: &str) -> Option<i64> {
    body.get(name).and_then(Value::as_i64)
}

/// How many to show, in a range.
pub fn limit(body: &Value, max: i64) -> Result<usize, Failure> {
    let most = number(body, "limit").unwrap_or(max);
    checked(Checks::new().range("limit", most, 1, max))?;
    Ok(usize::try_from(most).unwrap_or(1))
}

fn check_group(member: &str, name: &str) -> Result<(), Failure> {
    let fits = word(name, ".-/#");
    checked(Checks::new().length(member, name, 1, 512).pattern(member, name, "[\\.\\-_/#A-Za-z0-9]+", fits))
}

/// The name of a group.
pub fn group_name<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let name = required(body, member)?;
    check_group(member, name)?;
    Ok(name)
}

/// The name of a group that is named by `logGroupName`, or by name or ARN in `logGroupIdentifier`.
pub fn identified(call: &Call<'_>) -> Result<String, Failure> {
    let body = &call.body;
    match (optional(body, "logGroupName")?, optional(body, "logGroupIdentifier")?) {
        (Some(_), Some(_)) => Err(invalid(
            "LogGroup name and LogGroup ARN are mutually exclusive parameters. Please provide one of them.",
        )),
        (None, Some(identifier)) => {
            let prefix = group_arn(&call.region, call.account(), "");
            let name = identifier.strip_prefix(&prefix).unwrap_or(identifier);
            let name = name.strip_suffix(":*").unwrap_or(name);
            check_group("logGroupIdentifier", name)?;
            Ok(name.to_owned())
        }
        _ => group_name(body, "logGroupName").map(str::to_owned),
    }
}

/// The name of a stream.
pub fn stream_name<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let name = required(body, member)?;
    let fits = !name.contains([':', '*']);
    checked(Checks::new().length(member, name, 1, 512).pattern(member, name, "[^:*]*", fits))?;
    Ok(name)
}

/// A group and a stream in it, or none, to ask for permission on.
fn target(call: &Call<'_>, group: &str, stream: &str) -> Target {
    let tags = call.read::<Logs, _>(|logs| logs.groups.get(group).map(|group| group.tags.clone()).unwrap_or_default());
    let arn = group_arn(&call.region, call.account(), group);
    Target::new(format!("{arn}:log-stream:{stream}")).tagged(&tags)
}

/// What `logGroupName` names.
pub fn on_group(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(target(call, group_name(&call.body, "logGroupName")?, "").into())
}

/// What `logGroupName` and `logStreamName` name.
pub fn on_stream(call: &Call<'_>) -> Result<Needs, Failure> {
    let (group, stream) = (group_name(&call.body, "logGroupName")?, stream_name(&call.body, "logStreamName")?);
    Ok(target(call, group, stream).into())
}

/// The group that is named or identified.
pub fn on_identified(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(target(call, &identified(call)?, "").into())
}

/// The same with its stream.
pub fn on_identified_stream(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(target(call, &identified(call)?, stream_name(&call.body, "logStreamName")?).into())
}

/// All groups.
pub fn on_groups(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(target(call, "", "").into())
}

/// The refusal of a group that is not there.
pub fn no_group() -> Failure {
    Failure::new(400, "ResourceNotFoundException", "The specified log group does not exist.")
}

/// The refusal of a stream that is not there.
pub fn no_stream() -> Failure {
    Failure::new(400, "ResourceNotFoundException", "The specified log stream does not exist.")
}

/// A group.
pub fn find(call: &Call<'_>, name: &str) -> Result<Group, Failure> {
    call.read::<Logs, _>(|logs| logs.groups.get(name).cloned()).ok_or_else(no_group)
}

/// Changes a group.
pub fn change<T>(
    call: &Call<'_>,
    name: &str,
    change: impl FnOnce(&mut Group) -> Result<T, Failure>,
) -> Result<T, Failure> {
    call.change::<Logs, _>(|logs| change(logs.groups.get_mut(name).ok_or_else(no_group)?))
}

/// A map of tags, checked.
pub fn tags(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for (key, value) in body.get("tags").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        checked(Checks::new().length("tags", key, 1, 128).length("tags", value, 0, 256))?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys cannot start with 'aws:'."));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    Ok(tags)
}

/// The rows from where the token says, at most so many, and the token of what follows. The token is the last key shown.
pub fn page<T>(rows: Vec<(String, T)>, most: usize, token: Option<&str>) -> Result<(Vec<T>, Option<String>), Failure> {
    let start = match token {
        None => 0,
        Some(token) => {
            let last = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let at = last.and_then(|last| rows.iter().position(|(key, _)| *key == last));
            at.ok_or_else(|| invalid("The specified nextToken is invalid."))? + 1
        }
    };
    let end = rows.len().min(start + most);
    let next = (end < rows.len() && end > 0).then(|| URL_SAFE_NO_PAD.encode(&rows[end - 1].0));
    Ok((rows.into_iter().skip(start).take(most).map(|(_, row)| row).collect(), next))
}

/// A fault of the sandbox's disk.
pub fn disk(error: std::io::Error) -> Failure {
    tracing::error!(%error, "log files can't be read or written");
    Failure::internal()
}
