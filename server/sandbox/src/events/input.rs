//! Names, tags, pages, and the refusals that several operations share.
//!
//! Rules: EventBridge's service model and API reference.

use super::model::{BUS, Rule, Rules, bus_arn, rule_arn};
use crate::call::{Call, Needs, Target};
use crate::check::{Checks, word};
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Input that is refused.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::validation(message)
}

/// What is not there.
pub fn missing(message: impl Into<String>) -> Failure {
    Failure::new(400, "ResourceNotFoundException", message)
}

/// More than there may be.
pub fn too_many() -> Failure {
    Failure::new(400, "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

/// A text that may be missing.
pub fn optional<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::new(400, "SerializationException", format!("`{name}` is not a string"))),
    }
}

fn member(name: &str) -> String {
    crate::protocol::query::member(name)
}

/// A text that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    optional(body, name)?.ok_or_else(|| {
        invalid(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
            member(name)
        ))
    })
}

/// A name of at most 64 letters, digits, and `.-_`.
pub fn name<'a>(body: &'a Value, parameter: &str) -> Result<&'a str, Failure> {
    let name = required(body, parameter)?;
    check_name(&member(parameter), name)?;
    Ok(name)
}

/// Checks a name.
pub fn check_name(member: &str, name: &str) -> Result<(), Failure> {
    Checks::new().length(member, name, 1, 64).pattern(member, name, "[\\.\\-_A-Za-z0-9]+", word(name, ".-")).finish()
}

/// Refuses every bus but the one that there is.
pub fn check_bus(call: &Call<'_>, parameter: &str) -> Result<(), Failure> {
    match optional(&call.body, parameter)? {
        Some(bus) if bus != BUS && bus != bus_arn(&call.region, call.account()) => {
            Err(missing(format!("Event bus {bus} does not exist.")))
        }
        _ => Ok(()),
    }
}

/// The rule that a member names, to ask for permission on.
pub fn rule_target(call: &Call<'_>, parameter: &str) -> Result<Target, Failure> {
    let name = name(&call.body, parameter)?;
    let tags = call.read::<Rules, _>(|all| all.rules.get(name).map(|rule| rule.tags.clone()).unwrap_or_default());
    Ok(Target::new(rule_arn(&call.region, call.account(), name))
        .with("events:creatorAccount", call.account().as_str())
        .tagged(&tags))
}

/// The same, as what an operation needs.
pub fn on_name(call: &Call<'_>) -> Result<Needs, Failure> {
    rule_target(call, "Name").map(Needs::On)
}

/// The same for `Rule`.
pub fn on_rule(call: &Call<'_>) -> Result<Needs, Failure> {
    rule_target(call, "Rule").map(Needs::On)
}

/// The refusal of a rule that is not there.
pub fn no_rule(name: &str) -> Failure {
    missing(format!("Rule {name} does not exist on EventBus {BUS}."))
}

/// A rule.
pub fn find(call: &Call<'_>, name: &str) -> Result<Rule, Failure> {
    call.read::<Rules, _>(|all| all.rules.get(name).cloned()).ok_or_else(|| no_rule(name))
}

/// Changes a rule.
pub fn change<T>(
    call: &Call<'_>,
    name: &str,
    change: impl FnOnce(&mut Rule) -> Result<T, Failure>,
) -> Result<T, Failure> {
    call.change::<Rules, _>(|all| change(all.rules.get_mut(name).ok_or_else(|| no_rule(name))?))
}

/// `Tags`, checked.
pub fn tags(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for tag in body.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (required(tag, "Key")?, required(tag, "Value")?);
        Checks::new().length("tags.1.member.key", key, 1, 128).length("tags.1.member.value", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys cannot start with 'aws:'"));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    check_tags(&tags)?;
    Ok(tags)
}

/// The most tags that something may have.
pub fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Failure> {
    if tags.len() > 50 { Err(too_many()) } else { Ok(()) }
}

/// The page that the request asks for, as the output. Each row has a key, in their order; the token is the last one
/// shown.
pub fn page(call: &Call<'_>, list: &str, rows: Vec<(String, Value)>) -> Result<Value, Failure> {
    let most = match call.body.get("Limit") {
        None | Some(Value::Null) => 100,
        Some(number) => number.as_i64().unwrap_or_default(),
    };
    Checks::new().range("limit", most, 1, 100).finish()?;
    let most = usize::try_from(most).unwrap_or(100);
    let after = optional(&call.body, "NextToken")?.map(|token| {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| invalid("Parameter NextToken is not valid."))
    });
    let after = after.transpose()?;
    let mut rows: Vec<(String, Value)> =
        rows.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
    let next = (rows.len() > most).then(|| URL_SAFE_NO_PAD.encode(&rows[most - 1].0));
    rows.truncate(most);
    let mut output = json!({ list: rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>() });
    if let Some(next) = next {
        output["NextToken"] = next.into();
    }
    Ok(output)
}
