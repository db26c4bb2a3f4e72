//! Where states lead: to states that are there, from the start to each of them, and to an end.
//!
//! It looks at the JSON and not at the states that were read, so that it says what it can about a definition that is
//! wrong elsewhere. A branch is a world of its own: its states lead to states of the branch only.

use super::fields::Fields;
use crate::diagnostic::{Code, Diagnostic};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Notes targets that are not there, then either that nothing ends the workflow, or the states that are not reached:
/// with the first, AWS says nothing of the second.
pub(super) fn check(fields: &mut Fields<'_>, start_at: &str, states: &Map<String, Value>) {
    let mut missing = |target: &str, at: String| {
        if !states.contains_key(target) {
            let message = format!("Missing 'Next' target: {target}");
            fields.problems.push(Diagnostic::error(Code::MissingTransitionTarget, message, Some(&at)));
        }
    };
    if fields.object.get("StartAt").is_some_and(Value::is_string) {
        missing(start_at, format!("{}/StartAt", fields.at));
    }
    for (name, state) in states {
        for (target, place) in targets(state) {
            missing(target, format!("{}/States/{name}/{place}", fields.at));
        }
    }
    if states.is_empty() {
        return;
    }
    if !states.values().any(ends) {
        fields.problems.push(Diagnostic::error(Code::MissingEndState, "Workflow has no terminal state", None));
        return;
    }
    for name in unreached(start_at, states) {
        let (message, at) = (format!("State \"{name}\" is not reachable."), format!("{}/States/{name}", fields.at));
        fields.problems.push(Diagnostic::error(Code::MissingTransitionTarget, message, Some(&at)));
    }
}

fn ends(state: &Value) -> bool {
    let kind = state.get("Type").and_then(Value::as_str);
    matches!(kind, Some("Succeed" | "Fail")) || state.get("End") == Some(&Value::Bool(true))
}

/// The states that a state names, and in which field.
fn targets(state: &Value) -> Vec<(&str, String)> {
    let mut targets = Vec::new();
    for field in ["Next", "Default"] {
        targets.extend(state.get(field).and_then(Value::as_str).map(|target| (target, field.to_owned())));
    }
    for field in ["Choices", "Catch"] {
        let list = state.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (index, element) in list.iter().enumerate() {
            let target = element.get("Next").and_then(Value::as_str);
            targets.extend(target.map(|target| (target, format!("{field}[{index}]/Next"))));
        }
    }
    targets
}

/// Of the states that the start doesn't lead to, those that no other state names, and of a circle the whole circle.
fn unreached<'a>(start_at: &str, states: &'a Map<String, Value>) -> Vec<&'a str> {
    let mut reached = BTreeSet::new();
    let walk = |from: &str, reached: &mut BTreeSet<&'a str>| {
        let mut rest: Vec<&str> = vec![from];
        while let Some(name) = rest.pop() {
            if let Some((name, state)) = states.get_key_value(name)
                && reached.insert(name)
            {
                rest.extend(targets(state).into_iter().map(|(target, _)| target));
            }
        }
    };
    walk(start_at, &mut reached);
    let named: BTreeSet<&str> = states
        .iter()
        .flat_map(|(name, state)| targets(state).into_iter().map(move |(target, _)| (name, target)))
        .filter(|(name, target)| *name != target)
        .map(|(_, target)| target)
        .collect();
    let mut unreached: Vec<&str> = Vec::new();
    for name in states.keys() {
        if !reached.contains(name.as_str()) && !named.contains(name.as_str()) {
            unreached.push(name);
            walk(name, &mut reached);
        }
    }
    unreached.extend(states.keys().map(String::as_str).filter(|name| !reached.contains(name)));
    unreached
}
