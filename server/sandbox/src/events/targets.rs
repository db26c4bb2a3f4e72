//! Targets of rules.

use super::input::{
    change, check_bus, check_name, find, invalid, name, optional, page, required, rule_target, too_many,
};
use super::model::managed_by;
use super::rules::{check_managed, check_role, exists};
use super::transform;
use crate::call::{Call, Needs};
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use domain::arn::Arn;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// How many a rule may have.
const TARGETS: usize = 5;

fn given(body: &Value) -> &[Value] {
    body.get("Targets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The rule, with the ARNs of its new targets, which policies may tell apart.
pub fn put_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let mut target = rule_target(call, "Rule")?;
    let arns: Vec<String> =
        given(&call.body).iter().filter_map(|target| target.get("Arn")?.as_str()).map(str::to_owned).collect();
    if !arns.is_empty() {
        target.context.set("events:TargetArn", arns);
    }
    Ok(target.into())
}

/// PutTargets: new ones, and others in place of those with the same ID.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let rule = name(&call.body, "Rule")?;
    exists(call, rule)?;
    let given = given(&call.body);
    if given.is_empty() || given.len() > 100 {
        return Err(invalid(
            "1 validation error detected: Value at 'targets' failed to satisfy constraint: Member must have length \
             between 1 and 100, inclusive",
        ));
    }
    let targets = given.iter().map(|target| checked(call, rule, target)).collect::<Result<Vec<_>, _>>()?;
    change(call, rule, |known| {
        let ids = known.targets.keys().map(String::as_str).chain(targets.iter().map(|(id, _)| id.as_str()));
        if ids.collect::<BTreeSet<_>>().len() > TARGETS {
            return Err(too_many());
        }
        known.targets.extend(targets);
        Ok(Reply::Json(json!({ "FailedEntryCount": 0, "FailedEntries": [] })))
    })
}

/// Services whose targets are reached as a role of their own.
fn needs_role(arn: &Arn) -> bool {
    ["codepipeline", "states", "kinesis", "ecs", "batch", "ssm", "firehose"].contains(&arn.service())
}

fn checked(call: &Call<'_>, rule: &str, target: &Value) -> Result<(String, Value), Failure> {
    let id = required(target, "Id")?;
    check_name("targets.1.member.id", id)?;
    let text = required(target, "Arn")?;
    Checks::new().length("targets.1.member.arn", text, 1, 1600).finish()?;
    let arn = Arn::parse(text).map_err(|_| invalid("Provided Arn is not in correct format."))?;
    let inputs = ["Input", "InputPath", "InputTransformer"];
    if inputs.iter().filter(|name| target.get(**name).is_some_and(|value| !value.is_null())).count() > 1 {
        return Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if let Some(input) = optional(target, "Input")? {
        Checks::new().length("targets.1.member.input", input, 0, 8192).finish()?;
        serde_json::from_str::<serde::de::IgnoredAny>(input)
            .map_err(|e| invalid(format!("JSON syntax error in input for target {id}: {e}")))?;
    }
    transform::check(target).map_err(|reason| invalid(format!("Invalid input for target {id}: {reason}")))?;
    match optional(target, "RoleArn")? {
        Some(role) => check_role(call, role, rule)?,
        // Who manages a rule reaches itself.
        None if needs_role(&arn) && managed_by(rule).is_none() => {
            return Err(invalid(format!("RoleArn is required for target {text}.")));
        }
        None => {}
    }
    let kept: Map<String, Value> = target
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, v)| !v.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    Ok((id.to_owned(), Value::Object(kept)))
}

/// RemoveTargets: what is not there counts as removed.
pub fn remove(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let rule = name(&call.body, "Rule")?;
    check_managed(&call.body, rule)?;
    let ids = call.body.get("Ids").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
    if ids.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value null at 'ids' failed to satisfy constraint: Member must not be null",
        ));
    }
    change(call, rule, |known| {
        known.targets.retain(|id, _| !ids.contains(&id.as_str()));
        Ok(Reply::Json(json!({ "FailedEntryCount": 0, "FailedEntries": [] })))
    })
}

/// ListTargetsByRule.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let rule = find(call, name(&call.body, "Rule")?)?;
    page(call, "Targets", rule.targets.into_iter().collect()).map(Reply::Json)
}
