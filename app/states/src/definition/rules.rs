//! Choice rules, retriers and catchers, as they are written.

use super::fields::Fields;
use super::{Catcher, Retrier};
use crate::choice::{Operand, Operator, Rule};
use crate::failure::names;
use crate::limits::SECONDS;
use crate::time;
use serde_json::Value;

/// Fields that any rule may have beside its test.
const BESIDE: &[&str] = &["Comment", "Next", "Variable", "And", "Or", "Not"];
/// The longest `MaxDelaySeconds`: a year of 366 days, less a second.
const DELAY_SECONDS: u64 = 31_622_399;

/// The rules of a Choice state with the states that they lead to.
pub(super) fn choices(state: &mut Fields<'_>) -> Vec<(Rule, String)> {
    let mut rules = Vec::new();
    for (index, value) in state.filled_list("Choices").into_iter().flatten().enumerate() {
        let at = format!("{}/Choices[{index}]", state.at);
        let Some(object) = value.as_object() else {
            state.wrong_at(&format!("Choices[{index}]"), "Expected value of type Object");
            continue;
        };
        let mut fields = Fields { object, at, problems: state.problems };
        fields.require(&["Next"]);
        let next = fields.string("Next").map(str::to_owned);
        if let (Some(rule), Some(next)) = (rule(&mut fields, true), next) {
            rules.push((rule, next));
        }
    }
    rules
}

fn rule(fields: &mut Fields<'_>, top: bool) -> Option<Rule> {
    if fields.has("Condition") {
        let message = "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage";
        fields.wrong(message);
        return None;
    }
    let tests: Vec<&String> = fields.object.keys().filter(|field| Operator::parse(field).is_some()).collect();
    let mut known = tests.iter().map(|field| field.as_str()).collect::<Vec<_>>();
    known.extend(BESIDE.iter().filter(|field| top || **field != "Next"));
    fields.only(&[&known]);
    let chosen: Vec<&str> = ["And", "Or", "Not", "Variable"].into_iter().filter(|field| fields.has(field)).collect();
    let [chosen] = chosen.as_slice() else {
        fields.wrong("The object must have only one of the following fields, [And, Or, Not, Variable]");
        return None;
    };
    match *chosen {
        "And" => nested_list(fields, "And").map(Rule::And),
        "Or" => nested_list(fields, "Or").map(Rule::Or),
        "Not" => {
            let (object, at) = (fields.object("Not")?, format!("{}/Not", fields.at));
            let inner = rule(&mut Fields { object, at, problems: fields.problems }, false)?;
            Some(Rule::Not(Box::new(inner)))
        }
        _ => test(fields, &tests),
    }
}

fn nested_list(fields: &mut Fields<'_>, field: &str) -> Option<Vec<Rule>> {
    let mut rules = Some(Vec::new());
    for (index, value) in fields.filled_list(field)?.iter().enumerate() {
        let at = format!("{}/{field}[{index}]", fields.at);
        let inner = match value.as_object() {
            Some(object) => rule(&mut Fields { object, at, problems: fields.problems }, false),
            None => {
                fields.wrong_at(&format!("{field}[{index}]"), "Expected value of type Object");
                None
            }
        };
        match (&mut rules, inner) {
            (Some(rules), Some(inner)) => rules.push(inner),
            _ => rules = None,
        }
    }
    rules
}

fn test(fields: &mut Fields<'_>, tests: &[&String]) -> Option<Rule> {
    let variable = fields.definite("Variable");
    let [field] = tests else {
        let names: Vec<&str> = tests.iter().map(|field| field.as_str()).collect();
        fields.wrong(match tests {
            [] => "This object should have one of the comparison operators".to_owned(),
            _ => format!("There should only be one of the following fields: [{}]", names.join(", ")),
        });
        return None;
    };
    let (operator, path) = Operator::parse(field)?;
    let operand = if path {
        fields.definite(field).map(Operand::Path)
    } else {
        let value = fields.get(field)?;
        if let Some(expected) = operator.expects(value) {
            fields.wrong_at(field, format!("Expected value of type {expected}"));
        } else if field.starts_with("Timestamp") && value.as_str().is_some_and(|text| time::parse(text).is_none()) {
            fields.wrong_at(field, "String does not match RFC3339 timestamp");
        }
        Some(Operand::Value(value.clone()))
    };
    Some(Rule::Test { variable: variable?, operator, operand: operand? })
}

/// The elements of `Retry` or `Catch`, each with what all of them have.
fn elements<T>(
    state: &mut Fields<'_>,
    field: &str,
    mut read: impl FnMut(&mut Fields<'_>, Vec<String>) -> Option<T>,
) -> Vec<T> {
    let mut elements = Vec::new();
    let list = state.list(field).map(Vec::as_slice).unwrap_or_default();
    for (index, value) in list.iter().enumerate() {
        let at = format!("{}/{field}[{index}]", state.at);
        let Some(object) = value.as_object() else {
            state.wrong_at(&format!("{field}[{index}]"), "Expected value of type Object");
            continue;
        };
        let mut fields = Fields { object, at, problems: state.problems };
        let errors = errors(&mut fields, index + 1 == list.len());
        elements.extend(read(&mut fields, errors));
    }
    elements
}

fn errors(fields: &mut Fields<'_>, last: bool) -> Vec<String> {
    let list = fields.filled_list("ErrorEquals").map(Vec::as_slice).unwrap_or_default();
    let errors: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if errors.len() < list.len() {
        fields.wrong_at("ErrorEquals", "Expected value of type String");
    }
    if errors.iter().any(|error| error == names::ALL) && (list.len() > 1 || !last) {
        fields.wrong_at("ErrorEquals", "States.ALL must appear alone and at end of list");
    }
    errors
}

/// `Retry`.
pub(super) fn retry(state: &mut Fields<'_>) -> Vec<Retrier> {
    elements(state, "Retry", |fields, errors| {
        fields.only(&[&[
            "Comment",
            "ErrorEquals",
            "IntervalSeconds",
            "MaxAttempts",
            "BackoffRate",
            "MaxDelaySeconds",
            "JitterStrategy",
        ]]);
        fields.require(&["ErrorEquals"]);
        let jitter = fields.string("JitterStrategy");
        if jitter.is_some_and(|jitter| !matches!(jitter, "NONE" | "FULL")) {
            fields.wrong_at("JitterStrategy", "Value should be one of the following: [NONE, FULL]");
        }
        Some(Retrier {
            errors,
            interval_seconds: fields.seconds("IntervalSeconds", 1).unwrap_or(1),
            max_attempts: fields.integer("MaxAttempts", 0, SECONDS).unwrap_or(3),
            backoff_rate: fields.number("BackoffRate", 1.0).unwrap_or(2.0),
            max_delay_seconds: fields.integer("MaxDelaySeconds", 1, DELAY_SECONDS),
            jitter: jitter == Some("FULL"),
        })
    })
}

/// `Catch`.
pub(super) fn catch(state: &mut Fields<'_>) -> Vec<Catcher> {
    elements(state, "Catch", |fields, errors| {
        fields.only(&[&["Comment", "ErrorEquals", "ResultPath", "Next"]]);
        fields.require(&["ErrorEquals", "Next"]);
        let result_path = fields.placement("ResultPath");
        let next = fields.string("Next")?.to_owned();
        Some(Catcher { errors, result_path, next })
    })
}
