//! The forms of inputs and outputs: members in Pascal case, times as Java writes them, and what an answer has beside
//! its output.

use domain::time::Timestamp;
use serde_json::{Map, Value, json};

/// Members whose own members are named by who gives them.
const MAPS: [&str; 6] = ["tags", "configuration", "variables", "environment", "hyperparameters", "context"];

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// In milliseconds: the SDK's first version.
    Milliseconds,
    /// As text: its second.
    Text,
}

/// An output with its members in Pascal case and its times as a number or a text.
pub fn output(value: Value, times: Times) -> Value {
    match value {
        Value::Object(members) => {
            let renamed = members.into_iter().map(|(name, value)| {
                let value = match (is_time(&name), value.as_f64()) {
                    (true, Some(seconds)) => time(seconds, times),
                    _ if is_map(&name) => value,
                    _ => output(value, times),
                };
                (capital(&name, char::to_ascii_uppercase), value)
            });
            Value::Object(renamed.collect())
        }
        Value::Array(items) => items.into_iter().map(|item| output(item, times)).collect(),
        other => other,
    }
}

/// An input with its members in camel case, for services that have theirs so.
pub fn camel(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let renamed = members.into_iter().map(|(name, value)| {
                let value = if is_map(&name) && value.is_object() { value } else { camel(value) };
                (capital(&name, char::to_ascii_lowercase), value)
            });
            Value::Object(renamed.collect())
        }
        Value::Array(items) => items.into_iter().map(camel).collect(),
        other => other,
    }
}

fn is_map(name: &str) -> bool {
    MAPS.contains(&name.to_ascii_lowercase().as_str())
}

fn is_time(name: &str) -> bool {
    ["Time", "Timestamp", "timestamp", "Date", "LastModified"].iter().any(|end| name.ends_with(end))
}

fn capital(name: &str, change: fn(&char) -> char) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| change(&first).to_string() + chars.as_str()).unwrap_or_default()
}

fn time(seconds: f64, times: Times) -> Value {
    // Times are far from where a double would lose a millisecond.
    #[allow(clippy::cast_possible_truncation)]
    let milliseconds = (seconds * 1000.0).round() as i64;
    match times {
        Times::Milliseconds => milliseconds.into(),
        Times::Text => {
            let whole = Timestamp(milliseconds).rfc3339();
            let rest = milliseconds.rem_euclid(1000);
            if rest == 0 { whole.into() } else { format!("{}.{rest:03}Z", whole.trim_end_matches('Z')).into() }
        }
    }
}

/// An answer of an optimised integration: the output and what the SDK knows of the exchange.
pub fn answered(output: Value, request_id: &str, content_type: &str) -> Value {
    let headers = json!({ "Content-Type": content_type, "x-amzn-RequestId": request_id });
    let all: Map<String, Value> =
        headers.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), json!([value]))).collect();
    let mut answer = output;
    if let Value::Object(members) = &mut answer {
        let http = json!({ "AllHttpHeaders": all, "HttpHeaders": headers, "HttpStatusCode": 200 });
        members.insert("SdkHttpMetadata".into(), http);
        members.insert("SdkResponseMetadata".into(), json!({ "RequestId": request_id }));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_times_change_and_names_that_people_give_do_not() {
        let described =
            json!({ "startDate": 1.5, "events": [{ "timestamp": 2 }], "tags": { "aKey": "v" }, "count": 3 });
        assert_eq!(
            output(described.clone(), Times::Milliseconds),
            json!({ "StartDate": 1500, "Events": [{ "Timestamp": 2000 }], "Tags": { "aKey": "v" }, "Count": 3 })
        );
        let text = output(described, Times::Text);
        assert_eq!(
            (&text["StartDate"], &text["Events"][0]["Timestamp"]),
            (&json!("1970-01-01T00:00:01.500Z"), &json!("1970-01-01T00:00:02Z"))
        );
        let input = json!({ "Name": "n", "Tags": [{ "Key": "k" }], "Configuration": { "AKey": "v" } });
        assert_eq!(camel(input), json!({ "name": "n", "tags": [{ "key": "k" }], "configuration": { "AKey": "v" } }));
    }
}
