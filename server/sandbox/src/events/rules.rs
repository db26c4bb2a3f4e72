//! Rules: put, described, listed, switched on and off, deleted.

use super::input::{
    change, check_bus, find, invalid, name, no_rule, optional, page, required, rule_target, tags, too_many,
};
use super::model::{BUS, Rule, Rules, managed_by, rule_arn};
use super::pattern::Pattern;
use crate::call::{Call, Needs};
use crate::check::Checks;
use crate::error::Failure;
use crate::passrole;
use crate::protocol::Reply;
use domain::arn::Arn;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The principal that acts as the roles of rules and targets.
pub const SERVICE: &str = "events.amazonaws.com";
/// How many rules a bus may have.
const RULES: usize = 300;

fn bad_pattern(reason: &str) -> Failure {
    Failure::new(400, "InvalidEventPatternException", format!("Event pattern is not valid. Reason: {reason}"))
}

fn pattern(body: &Value) -> Result<Option<(&str, Pattern)>, Failure> {
    let Some(text) = optional(body, "EventPattern")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    Checks::new().length("eventPattern", text, 0, 4096).finish()?;
    Ok(Some((text, Pattern::parse(text).map_err(|reason| bad_pattern(&reason))?)))
}

/// The rule to put. Policies may tell which sources and types of events it is for.
pub fn put_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let tags = tags(&call.body)?;
    let mut target =
        rule_target(call, "Name")?.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    if let Some((_, pattern)) = pattern(&call.body)? {
        for (key, field) in [("events:source", "source"), ("events:detail-type", "detail-type")] {
            let values = pattern.exact(field);
            if !values.is_empty() {
                target.context.set(key, values);
            }
        }
    }
    Ok(target.into())
}

/// Checks that a role may be passed by the caller, and that EventBridge may assume it for a rule.
pub fn check_role(call: &Call<'_>, role: &str, rule: &str) -> Result<(), Failure> {
    let arn = Arn::parse(role).ok().filter(|arn| arn.service() == "iam");
    let arn = arn.ok_or_else(|| invalid(format!("Provided role '{role}' is not a valid role ARN.")))?;
    if !passrole::is_own(call, &arn) {
        return Err(Failure::access_denied("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, SERVICE)?;
    let source = rule_arn(&call.region, call.account(), rule);
    match passrole::trusting_for(call.app, call.account(), role, SERVICE, Some(&source)) {
        Some(_) => Ok(()),
        None => Err(invalid(format!("Provided role '{role}' cannot be assumed by principal '{SERVICE}'."))),
    }
}

/// PutRule: what is not given is reset, but for tags, which are for new rules only, and targets.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let name = name(body, "Name")?;
    check_bus(call, "EventBusName")?;
    let tags = tags(body)?;
    let (state, description) = (optional(body, "State")?.unwrap_or("ENABLED"), optional(body, "Description")?);
    let states = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];
    Checks::new()
        .one_of("state", state, &states)
        .length("description", description.unwrap_or_default(), 0, 512)
        .finish()?;
    if optional(body, "ScheduleExpression")?.is_some_and(|text| !text.is_empty()) {
        return Err(invalid("Parameter ScheduleExpression is not valid: the sandbox has no schedules."));
    }
    let (text, _) =
        pattern(body)?.ok_or_else(|| invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."))?;
    let role = optional(body, "RoleArn")?;
    if let Some(role) = role {
        check_role(call, role, name)?;
    }
    call.change::<Rules, _>(|all| {
        let known = all.rules.remove(name);
        if known.is_none() && all.rules.len() >= RULES {
            return Err(too_many());
        }
        let (targets, tags, record) = match known {
            Some(known) => (known.targets, known.tags, known.record),
            None => (BTreeMap::new(), tags, Default::default()),
        };
        let rule = Rule {
            pattern: text.to_owned(),
            state: state.to_owned(),
            description: description.map(str::to_owned),
            role: role.map(str::to_owned),
            targets,
            tags,
            record,
        };
        all.rules.insert(name.to_owned(), rule);
        Ok(Reply::Json(json!({ "RuleArn": rule_arn(&call.region, call.account(), name) })))
    })
}

fn shown(call: &Call<'_>, name: &str, rule: &Rule) -> Value {
    let mut shown = json!({
        "Name": name,
        "Arn": rule_arn(&call.region, call.account(), name),
        "EventPattern": rule.pattern,
        "State": rule.state,
        "EventBusName": BUS,
    });
    for (member, value) in [("Description", &rule.description), ("RoleArn", &rule.role)] {
        if let Some(value) = value {
            shown[member] = value.as_str().into();
        }
    }
    if let Some(service) = managed_by(name) {
        shown["ManagedBy"] = service.into();
    }
    shown
}

/// Refuses to take apart what a service manages, unless that is meant.
pub fn check_managed(body: &Value, name: &str) -> Result<(), Failure> {
    let forced = body.get("Force").and_then(Value::as_bool) == Some(true);
    match managed_by(name) {
        Some(service) if !forced => {
            let message = format!("Rule {name} is managed by {service}. Use the Force option to change it.");
            Err(Failure::new(400, "ManagedRuleException", message))
        }
        _ => Ok(()),
    }
}

/// DescribeRule.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let name = name(&call.body, "Name")?;
    let mut shown = shown(call, name, &find(call, name)?);
    shown["CreatedBy"] = call.account().as_str().into();
    Ok(Reply::Json(shown))
}

/// ListRules.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let prefix = optional(&call.body, "NamePrefix")?.unwrap_or_default();
    let rows = call.read::<Rules, _>(|all| {
        let fitting = all.rules.iter().filter(|(name, _)| name.starts_with(prefix));
        fitting.map(|(name, rule)| (name.clone(), shown(call, name, rule))).collect()
    });
    page(call, "Rules", rows).map(Reply::Json)
}

/// ListRuleNamesByTarget.
pub fn list_by_target(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let arn = required(&call.body, "TargetArn")?;
    let rows = call.read::<Rules, _>(|all| {
        let goes = |rule: &Rule| rule.targets.values().any(|target| target["Arn"] == arn);
        let fitting = all.rules.iter().filter(|(_, rule)| goes(rule));
        fitting.map(|(name, _)| (name.clone(), Value::from(name.as_str()))).collect()
    });
    page(call, "RuleNames", rows).map(Reply::Json)
}

/// DeleteRule: nothing happens when there is none.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    let name = name(&call.body, "Name")?;
    check_managed(&call.body, name)?;
    call.change::<Rules, _>(|all| {
        if all.rules.get(name).is_some_and(|rule| !rule.targets.is_empty()) {
            return Err(invalid("Rule can't be deleted since it has targets."));
        }
        all.rules.remove(name);
        Ok(Reply::Json(json!({})))
    })
}

fn switch(call: &Call<'_>, state: &str) -> Result<Reply, Failure> {
    check_bus(call, "EventBusName")?;
    change(call, name(&call.body, "Name")?, |rule| {
        rule.state = state.to_owned();
        Ok(Reply::Json(json!({})))
    })
}

/// EnableRule.
pub fn enable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, "ENABLED")
}

/// DisableRule.
pub fn disable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, "DISABLED")
}

/// TestEventPattern.
pub fn test_pattern(call: &Call<'_>) -> Result<Reply, Failure> {
    required(&call.body, "EventPattern")?;
    let (_, pattern) = pattern(&call.body)?.ok_or_else(|| bad_pattern("Filter is not an object"))?;
    let bad = |reason: String| invalid(format!("Parameter Event is not valid. Reason: {reason}"));
    let event: Value = serde_json::from_str(required(&call.body, "Event")?).map_err(|e| bad(e.to_string()))?;
    for field in ["id", "account", "source", "time", "region", "resources", "detail-type"] {
        if event.get(field).is_none() {
            return Err(bad(format!("the event has no {field}")));
        }
    }
    Ok(Reply::Json(json!({ "Result": pattern.matches(&event) })))
}

/// The refusal of a rule that is not there, where an operation needs the rule.
pub fn exists(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    match call.read::<Rules, _>(|all| all.rules.contains_key(name)) {
        true => Ok(()),
        false => Err(no_rule(name)),
    }
}
