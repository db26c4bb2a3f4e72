//! Alarms: made, shown, set and deleted.

use super::evaluate;
use super::input::{self, STATISTICS, UNITS, absent, invalid, missing, text, texts};
use super::model::{Alarm, CloudWatch, State, arn};
use super::tags;
use crate::authorize;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::sagemaker::input::{keep, optional};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const KEPT: [&str; 16] = [
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
];
const ABSENT: [&str; 9] = [
    "Metrics",
    "ExtendedStatistic",
    "ThresholdMetricId",
    "EvaluateLowSampleCountPercentile",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
];
const OPERATORS: [&str; 4] =
    ["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"];
/// A day: the longest that an alarm may look back, but for periods of an hour and more, which may look back a week.
const LONGEST_SECONDS: i64 = 86_400;
/// How many alarms a region may have.
const MOST_ALARMS: usize = 5000;

fn target_of(call: &Call<'_>, name: &str) -> Target {
    let tags = call.read::<CloudWatch, _>(|known| known.alarms.get(name).map(|alarm| alarm.tags.clone()));
    Target::new(arn(&call.region, call.account(), name)).tagged(&tags.unwrap_or_default())
}

/// Permission on the alarm that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let target = target_of(call, text(&call.body, "AlarmName", 255)?);
    let tags = tags::given(&call.body)?;
    Ok(target.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))).into())
}

/// Permission on all the alarms that the call names, or on every one.
pub fn targets(call: &Call<'_>) -> Result<Needs, Failure> {
    let names = texts(&call.body, "AlarmNames")?;
    if names.is_empty() {
        return Ok(Target::new(arn(&call.region, call.account(), "*")).into());
    }
    Ok(Needs::All(names.iter().map(|name| target_of(call, name)).collect()))
}

/// PutMetricAlarm: makes an alarm, or changes the one that is there. Tags are of new ones only.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = text(&call.body, "AlarmName", 255)?;
    let request = checked(&call.body)?;
    let tags = tags::given(&call.body)?;
    if !tags.is_empty() {
        let target = target_of(call, name);
        let target = target.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        authorize::require(call, "cloudwatch:TagResource", target)?;
    }
    call.change::<CloudWatch, _>(|known| {
        if known.alarms.len() >= MOST_ALARMS && !known.alarms.contains_key(name) {
            return Err(Failure::new(
                400,
                "LimitExceeded",
                "The quota for alarms for this customer has already been reached.",
            ));
        }
        let alarm = known.alarms.entry(name.to_owned()).or_insert_with(|| Alarm {
            name: name.to_owned(),
            request: Value::Null,
            configured: call.now,
            state: State::InsufficientData,
            reason: "Unchecked: Initial alarm creation".into(),
            reason_data: None,
            updated: call.now,
            transitioned: call.now,
            by_hand: false,
            tags,
        });
        alarm.request = request;
        alarm.configured = call.now;
        alarm.by_hand = false;
        Ok(())
    })?;
    evaluate::evaluate(call.app, call.account(), &call.region, None);
    Ok(Reply::Json(json!({})))
}

fn checked(body: &Value) -> Result<Value, Failure> {
    input::refuse(body, &ABSENT)?;
    input::metric(body)?;
    let operator = optional(body, "ComparisonOperator")?.ok_or_else(|| missing("ComparisonOperator"))?;
    if ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"]
        .contains(&operator)
    {
        return Err(absent(&format!("the comparison {operator}")));
    }
    let statistic = optional(body, "Statistic")?.ok_or_else(|| missing("Statistic"))?;
    let periods = input::number(body, "EvaluationPeriods")?.ok_or_else(|| missing("EvaluationPeriods"))?;
    let points = input::number(body, "DatapointsToAlarm")?;
    let period = input::period(body)?;
    let unit = optional(body, "Unit")?;
    let treat = optional(body, "TreatMissingData")?;
    Checks::new()
        .one_of("comparisonOperator", operator, &OPERATORS)
        .one_of("statistic", statistic, &STATISTICS)
        .one_of("unit", unit.unwrap_or("None"), &UNITS)
        .one_of("treatMissingData", treat.unwrap_or("missing"), &["breaching", "notBreaching", "ignore", "missing"])
        .range("evaluationPeriods", periods, 1, i64::from(i32::MAX))
        .range("datapointsToAlarm", points.unwrap_or(1), 1, i64::from(i32::MAX))
        .length("alarmDescription", optional(body, "AlarmDescription")?.unwrap_or_default(), 0, 1024)
        .finish()?;
    if points.is_some_and(|points| points > periods) {
        return Err(invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods."));
    }
    let longest = if period >= 3600 { 7 * LONGEST_SECONDS } else { LONGEST_SECONDS };
    if periods.saturating_mul(period) > longest {
        return Err(invalid(format!(
            "Metrics cannot be checked across more than {}.",
            if period >= 3600 {
                "a week (EvaluationPeriods * Period must be <= 604800)"
            } else {
                "a day (EvaluationPeriods * Period must be <= 86400)"
            }
        )));
    }
    if body.get("Threshold").and_then(Value::as_f64).is_none() {
        return Err(missing("Threshold"));
    }
    for actions in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
        let given = texts(body, actions)?;
        if given.len() > 5 {
            return Err(invalid(format!("The collection {actions} must not have a size greater than 5.")));
        }
        if let Some(bad) = given.iter().find(|action| !action.starts_with("arn:")) {
            return Err(invalid(format!("Invalid arn syntax: {bad}")));
        }
    }
    let mut kept = keep(body, &KEPT);
    for (name, otherwise) in [
        ("ActionsEnabled", json!(true)),
        ("OKActions", json!([])),
        ("AlarmActions", json!([])),
        ("InsufficientDataActions", json!([])),
        ("Dimensions", json!([])),
    ] {
        if kept.get(name).is_none_or(Value::is_null) {
            kept[name] = otherwise;
        }
    }
    kept["EvaluationPeriods"] = periods.into();
    kept["Period"] = period.into();
    Ok(kept)
}

fn shown(call: &Call<'_>, alarm: &Alarm) -> Value {
    let mut shown = alarm.request.clone();
    shown["AlarmName"] = alarm.name.as_str().into();
    shown["AlarmArn"] = arn(&call.region, call.account(), &alarm.name).into();
    shown["AlarmConfigurationUpdatedTimestamp"] = epoch_seconds(alarm.configured);
    shown["StateValue"] = alarm.state.text().into();
    shown["StateReason"] = alarm.reason.as_str().into();
    shown["StateUpdatedTimestamp"] = epoch_seconds(alarm.updated);
    shown["StateTransitionedTimestamp"] = epoch_seconds(alarm.transitioned);
    if let Some(data) = &alarm.reason_data {
        shown["StateReasonData"] = data.as_str().into();
    }
    shown
}

/// DescribeAlarms, by name, in pages.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let names = texts(body, "AlarmNames")?;
    let prefix = optional(body, "AlarmNamePrefix")?.unwrap_or_default();
    let action = optional(body, "ActionPrefix")?;
    let state = optional(body, "StateValue")?;
    let most = input::number(body, "MaxRecords")?.unwrap_or(50);
    Checks::new()
        .range("maxRecords", most, 1, 100)
        .one_of("stateValue", state.unwrap_or("OK"), &State::NAMES)
        .finish()?;
    if !names.is_empty() && !prefix.is_empty() {
        return Err(Failure::new(
            400,
            "InvalidParameterCombination",
            "AlarmNamePrefix and AlarmNames cannot be used together.",
        ));
    }
    if names.len() > 100 {
        return Err(invalid("The collection AlarmNames must not have a size greater than 100."));
    }
    input::refuse(body, &["ChildrenOfAlarmName", "ParentsOfAlarmName"])?;
    let kinds = texts(body, "AlarmTypes")?;
    let after = input::after(body)?;
    let acts = |alarm: &Alarm, prefix: &str| {
        ["OKActions", "AlarmActions", "InsufficientDataActions"]
            .iter()
            .filter_map(|name| alarm.request.get(name)?.as_array())
            .flatten()
            .any(|action| action.as_str().is_some_and(|action| action.starts_with(prefix)))
    };
    let fits = |alarm: &Alarm| {
        (names.is_empty() || names.contains(&alarm.name.as_str()))
            && alarm.name.starts_with(prefix)
            && (kinds.is_empty() || kinds.contains(&"MetricAlarm"))
            && state.is_none_or(|state| alarm.state.text() == state)
            && action.is_none_or(|prefix| acts(alarm, prefix))
            && after.as_deref().is_none_or(|after| alarm.name.as_str() > after)
    };
    let most = usize::try_from(most).unwrap_or(50);
    let mut found: Vec<(String, Value)> = call.read::<CloudWatch, _>(|known| {
        let fitting = known.alarms.values().filter(|alarm| fits(alarm)).take(most + 1);
        fitting.map(|alarm| (alarm.name.clone(), shown(call, alarm))).collect()
    });
    let next = (found.len() > most).then(|| input::token(&found[most - 1].0));
    found.truncate(most);
    let alarms: Vec<Value> = found.into_iter().map(|(_, alarm)| alarm).collect();
    let mut output = json!({ "MetricAlarms": alarms, "CompositeAlarms": [] });
    if let Some(next) = next {
        output["NextToken"] = next.into();
    }
    Ok(Reply::Json(output))
}

fn unknown() -> Failure {
    Failure::new(404, "ResourceNotFound", "")
}

/// DeleteAlarms: all of them or, when one is not there, none.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let names = texts(&call.body, "AlarmNames")?;
    if names.is_empty() {
        return Err(missing("AlarmNames"));
    }
    call.change::<CloudWatch, _>(|known| {
        if names.iter().any(|name| !known.alarms.contains_key(*name)) {
            return Err(unknown());
        }
        for name in names {
            known.alarms.remove(name);
        }
        Ok(Reply::Json(json!({})))
    })
}

/// SetAlarmState: for a while, until the alarm is looked at again.
pub fn set_state(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = text(&call.body, "AlarmName", 255)?;
    let state = optional(&call.body, "StateValue")?.ok_or_else(|| missing("StateValue"))?;
    let reason = optional(&call.body, "StateReason")?.ok_or_else(|| missing("StateReason"))?;
    let data = optional(&call.body, "StateReasonData")?;
    Checks::new()
        .one_of("stateValue", state, &State::NAMES)
        .length("stateReason", reason, 0, 1023)
        .length("stateReasonData", data.unwrap_or_default(), 0, 4000)
        .finish()?;
    if data.is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
        return Err(Failure::new(400, "InvalidFormat", "StateReasonData is not valid JSON."));
    }
    if !call.read::<CloudWatch, _>(|known| known.alarms.contains_key(name)) {
        return Err(unknown());
    }
    let state = State::parse(state).unwrap_or(State::Ok);
    let said = (reason.to_owned(), data.map(str::to_owned));
    let generation = evaluate::enter(call.app, (call.account(), &call.region), name, state, said, true);
    call.generation.store(generation, Ordering::Relaxed);
    Ok(Reply::Json(json!({})))
}

fn switch(call: &Call<'_>, enabled: bool) -> Result<Reply, Failure> {
    let names = texts(&call.body, "AlarmNames")?;
    call.change::<CloudWatch, _>(|known| {
        for name in names {
            if let Some(alarm) = known.alarms.get_mut(name) {
                alarm.request["ActionsEnabled"] = enabled.into();
            }
        }
        Ok(Reply::Json(json!({})))
    })
}

/// EnableAlarmActions.
pub fn enable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, true)
}

/// DisableAlarmActions.
pub fn disable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, false)
}
