//! What a target gets of an event: all of it, a constant, a part, or a text with parts put in.
//!
//! Source: EventBridge user guide, "Amazon EventBridge input transformation".

use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A step of a path into an event.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
    Every,
}

/// Reads a path: `$`, `$.detail.name`, `$.detail['name'][0]`, `$.list[*]`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = Some(&after[..end]).filter(|name| !name.is_empty())?;
            steps.push(if name == "*" { Step::Every } else { Step::Name(name.to_owned()) });
            rest = &after[end..];
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            let name = inside.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
            steps.push(match (name, inside) {
                (Some(name), _) => Step::Name(name.to_owned()),
                (None, "*") => Step::Every,
                (None, index) => Step::Index(index.parse().ok()?),
            });
            rest = after;
        }
    }
    Some(steps)
}

fn at(value: &Value, steps: &[Step]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match step {
        Step::Name(name) => at(value.get(name)?, rest),
        Step::Index(index) => at(value.get(index)?, rest),
        Step::Every => {
            let all: Vec<&Value> = match value {
                Value::Array(elements) => elements.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => return None,
            };
            Some(all.into_iter().filter_map(|value| at(value, rest)).collect())
        }
    }
}

/// What is wrong with a target's path or transformer, if anything.
pub fn check(target: &Value) -> Result<(), String> {
    let bad = |path: &str| format!("{path} is not a valid JSON path");
    let check_path = |path: &str| steps(path).map(drop).ok_or_else(|| bad(path));
    if let Some(path) = target.get("InputPath").and_then(Value::as_str) {
        check_path(path)?;
    }
    let Some(transformer) = target.get("InputTransformer").filter(|value| !value.is_null()) else { return Ok(()) };
    let template = transformer.get("InputTemplate").and_then(Value::as_str).unwrap_or_default();
    if template.is_empty() || template.len() > 8192 {
        return Err("InputTemplate must have between 1 and 8192 characters".to_owned());
    }
    let paths = transformer.get("InputPathsMap").and_then(Value::as_object).into_iter().flatten();
    for (name, path) in paths {
        if name.to_ascii_lowercase().starts_with("aws.") {
            return Err(format!("{name} is a reserved name"));
        }
        check_path(path.as_str().unwrap_or_default())?;
    }
    Ok(())
}

/// What a target gets, as text.
pub fn input(target: &Value, event: &Value, rule: (&str, &str), now: Timestamp) -> String {
    if let Some(constant) = target.get("Input").and_then(Value::as_str) {
        return constant.to_owned();
    }
    if let Some(path) = target.get("InputPath").and_then(Value::as_str) {
        return find(path, event).unwrap_or(Value::Null).to_string();
    }
    let Some(transformer) = target.get("InputTransformer").filter(|value| value.is_object()) else {
        return event.to_string();
    };
    let (arn, name) = rule;
    let mut known: BTreeMap<String, Value> = BTreeMap::from([
        ("aws.events.rule-arn".to_owned(), arn.into()),
        ("aws.events.rule-name".to_owned(), name.into()),
        ("aws.events.event.ingestion-time".to_owned(), now.rfc3339().into()),
        ("aws.events.event.json".to_owned(), event.clone()),
        ("aws.events.event".to_owned(), without_detail(event)),
    ]);
    for (name, path) in transformer.get("InputPathsMap").and_then(Value::as_object).into_iter().flatten() {
        known.insert(name.clone(), find(path.as_str().unwrap_or_default(), event).unwrap_or(Value::Null));
    }
    fill(transformer.get("InputTemplate").and_then(Value::as_str).unwrap_or_default(), &known)
}

fn find(path: &str, event: &Value) -> Option<Value> {
    at(event, &steps(path)?)
}

fn without_detail(event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(fields) = event.as_object_mut() {
        fields.remove("detail");
    }
    event
}

/// Puts values in: within quotes as text, else as JSON. What nobody gave a name stays as it is.
fn fill(template: &str, known: &BTreeMap<String, Value>) -> String {
    let (mut filled, mut rest, mut quoted) = (String::new(), template, false);
    while let Some(character) = rest.chars().next() {
        let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(name, _)| name);
        if let Some((name, value)) = name.and_then(|name| known.get_key_value(name)) {
            let json = value.to_string();
            filled.push_str(&match (value, quoted) {
                (Value::String(_), true) => json[1..json.len() - 1].to_owned(),
                (Value::Null, true) => String::new(),
                (_, true) => {
                    let escaped = json!(json).to_string();
                    escaped[1..escaped.len() - 1].to_owned()
                }
                (_, false) => json,
            });
            rest = &rest[name.len() + 2..];
            continue;
        }
        let mut length = character.len_utf8();
        match character {
            '"' => quoted = !quoted,
            '\\' => length += rest[length..].chars().next().map_or(0, char::len_utf8),
            _ => {}
        }
        filled.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(target: Value) -> String {
        let event = json!({
            "id": "1", "detail-type": "T", "resources": ["a", "b"],
            "detail": { "name": "x \"y\"", "n": 5, "list": [{ "k": 1 }, { "k": 2 }] },
        });
        input(&target, &event, ("arn:rule", "rule"), Timestamp(0))
    }

    #[test]
    fn a_target_gets_what_it_asks_for() {
        assert_eq!(given(json!({ "Input": "{\"a\":1}" })), "{\"a\":1}");
        assert_eq!(given(json!({ "InputPath": "$.detail.n" })), "5");
        assert_eq!(given(json!({ "InputPath": "$.detail-type" })), "\"T\"");
        assert_eq!(given(json!({ "InputPath": "$.detail.list[1]['k']" })), "2");
        assert_eq!(given(json!({ "InputPath": "$.detail.list[*].k" })), "[1,2]");
        assert_eq!(given(json!({ "InputPath": "$.nothing" })), "null");
        assert!(given(json!({})).contains("\"detail\":{"));
    }

    #[test]
    fn a_template_is_filled() {
        let template = |template: &str| {
            given(json!({ "InputTransformer": {
                "InputPathsMap": { "name": "$.detail.name", "n": "$.detail.n", "r": "$.resources", "no": "$.no" },
                "InputTemplate": template,
            } }))
        };
        assert_eq!(template("{\"a\": <name>, \"b\": <n>}"), "{\"a\": \"x \\\"y\\\"\", \"b\": 5}");
        assert_eq!(template("\"<name> is <n>, <no>, <other>\""), "\"x \\\"y\\\" is 5, , <other>\"");
        assert_eq!(template("{\"r\": <r>, \"no\": <no>}"), "{\"r\": [\"a\",\"b\"], \"no\": null}");
        assert_eq!(template("\"\\\"<n>\\\" of <aws.events.rule-name>\""), "\"\\\"5\\\" of rule\"");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "detail", "$detail", "$.", "$.a[", "$.a[x]"] {
            assert!(check(&json!({ "InputPath": path })).is_err(), "{path}");
        }
        assert!(check(&json!({ "InputTransformer": { "InputTemplate": "" } })).is_err());
    }
}
