//! Properties in the forms that services take: numbers that came as texts, tags, documents, names in lower case.

use crate::cloudformation::model::{Members, Tags};
use serde_json::{Map, Number, Value, json};

/// A scalar as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Whether two values are the same to CloudFormation.
pub fn same(one: Option<&Value>, two: Option<&Value>) -> bool {
    match (one, two) {
        (Some(Value::Array(one)), Some(Value::Array(two))) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(Some(one), Some(two)))
        }
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            one.len() == two.len() && one.iter().all(|(key, value)| same(Some(value), two.get(key)))
        }
        (Some(one), Some(two)) => match (scalar(one), scalar(two)) {
            (Some(one), Some(two)) => one == two,
            _ => one == two,
        },
        (one, two) => one == two,
    }
}

/// A property as text.
pub fn text(properties: &Members, name: &str) -> Option<String> {
    properties.get(name).and_then(scalar)
}

/// A property as a list of texts; one text is a list of one.
pub fn texts(properties: &Members, name: &str) -> Vec<String> {
    match properties.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(other) => scalar(other).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A property as a boolean.
pub fn flag(properties: &Members, name: &str) -> Option<bool> {
    text(properties, name).map(|text| text.eq_ignore_ascii_case("true"))
}

/// A property as a number.
pub fn number(properties: &Members, name: &str) -> Option<Value> {
    properties.get(name).map(as_number)
}

fn as_number(value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let whole = text.parse::<i64>().ok().map(Value::from);
    let float = || text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number);
    whole.or_else(float).unwrap_or_else(|| value.clone())
}

fn as_flag(value: &Value) -> Value {
    match scalar(value).as_deref() {
        Some("true" | "True" | "TRUE") => Value::Bool(true),
        Some("false" | "False" | "FALSE") => Value::Bool(false),
        _ => value.clone(),
    }
}

/// A value whose members of these names are numbers and booleans, and all other scalars texts.
pub fn typed(value: &Value, numbers: &[&str], flags: &[&str]) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let value = if numbers.contains(&name.as_str()) {
                        as_number(value)
                    } else if flags.contains(&name.as_str()) {
                        as_flag(value)
                    } else {
                        typed(value, numbers, flags)
                    };
                    (name.clone(), value)
                })
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| typed(item, numbers, flags)).collect(),
        other => scalar(other).map_or(Value::Null, Value::String),
    }
}

/// The members of `properties` with these names.
pub fn only(properties: &Members, names: &[&str]) -> Members {
    let kept = names.iter().filter_map(|name| Some(((*name).to_owned(), properties.get(*name)?.clone())));
    kept.collect()
}

/// A policy or another document as text.
pub fn document(properties: &Members, name: &str) -> Option<String> {
    match properties.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Names of members with their first letter in lower case, as some services have them; what is in `kept` stays.
pub fn lower(value: &Value, kept: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let each = |(name, value): (&String, &Value)| {
                let value = if kept.contains(&name.as_str()) { value.clone() } else { lower(value, kept) };
                (crate::protocol::query::member(name), value)
            };
            Value::Object(members.iter().map(each).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| lower(item, kept)).collect(),
        other => other.clone(),
    }
}

/// The tags of a stack and those in `Tags`, which win.
pub fn tags(properties: &Members, of_stack: &Tags) -> Tags {
    let mut tags = of_stack.clone();
    match properties.get("Tags") {
        Some(Value::Array(items)) => {
            let pair = |item: &Value| Some((scalar(item.get("Key")?)?, item.get("Value").and_then(scalar)?));
            tags.extend(items.iter().filter_map(pair));
        }
        Some(Value::Object(members)) => {
            tags.extend(members.iter().filter_map(|(key, value)| Some((key.clone(), scalar(value)?))));
        }
        _ => {}
    }
    tags
}

/// Tags as a list of members with these names.
pub fn tag_list(tags: &Tags, key: &str, value: &str) -> Value {
    tags.iter().map(|(name, text)| json!({ key: name, value: text })).collect()
}

/// Whether a value says nothing.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// A member that is left out when there is nothing in it.
pub fn put(input: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| !is_empty(value)) {
        input[name] = value;
    }
}

/// What handlers call a service in their messages.
pub fn service(name: &str) -> &str {
    match name {
        "iam" => "Iam",
        "s3" => "S3",
        "lambda" => "Lambda",
        "kms" => "Kms",
        "sagemaker" => "SageMaker",
        "states" => "Sfn",
        "codecommit" => "CodeCommit",
        "codepipeline" => "CodePipeline",
        "events" => "EventBridge",
        "logs" => "CloudWatchLogs",
        "cloudwatch" => "CloudWatch",
        other => other,
    }
}
