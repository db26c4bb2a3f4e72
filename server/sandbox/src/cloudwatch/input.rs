//! What the inputs of several operations share.

use super::model::Metric;
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::query::member;
use crate::sagemaker::input::optional;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;

/// The units that values have.
pub const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
/// The statistics that are computed.
pub const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// A member that is missing.
pub fn missing(name: &str) -> Failure {
    Failure::new(400, "MissingParameter", format!("The parameter {name} is required."))
}

/// A value that can't be.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidParameterValue", message)
}

/// Something that the sandbox has not.
pub fn absent(what: &str) -> Failure {
    invalid(format!("The sandbox's CloudWatch does not support {what}."))
}

/// Refuses members that the sandbox can't do.
pub fn refuse(body: &Value, names: &[&str]) -> Result<(), Failure> {
    let asks = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    match names.iter().find(|name| body.get(**name).is_some_and(asks)) {
        Some(name) => Err(absent(name)),
        None => Ok(()),
    }
}

/// A text that must be there and be so long.
pub fn text<'a>(body: &'a Value, name: &str, most: usize) -> Result<&'a str, Failure> {
    let text = optional(body, name)?.ok_or_else(|| missing(name))?;
    Checks::new().length(&member(name), text, 1, most).finish()?;
    Ok(text)
}

/// A whole number.
pub fn number(body: &Value, name: &str) -> Result<Option<i64>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        // Some clients write every number with a point.
        Some(value) => match value.as_i64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64)) {
            Some(number) => Ok(Some(number)),
            None => Err(Failure::new(400, "SerializationException", format!("`{name}` is not an integer"))),
        },
    }
}

/// A moment, in seconds.
pub fn moment(body: &Value, name: &str) -> Result<Option<f64>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_f64()
            .map(Some)
            .ok_or_else(|| Failure::new(400, "SerializationException", format!("`{name}` is not a timestamp"))),
    }
}

/// A list of objects or of texts.
pub fn list<'a>(body: &'a Value, name: &str) -> Result<&'a [Value], Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Failure::new(400, "SerializationException", format!("`{name}` is not a list"))),
    }
}

/// A list of texts.
pub fn texts<'a>(body: &'a Value, name: &str) -> Result<Vec<&'a str>, Failure> {
    list(body, name)?
        .iter()
        .map(|value| {
            value
                .as_str()
                .ok_or_else(|| Failure::new(400, "SerializationException", format!("`{name}` has what is no string")))
        })
        .collect()
}

/// `Dimensions`, checked.
pub fn dimensions(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let given = list(body, "Dimensions")?;
    if given.len() > 30 {
        return Err(invalid("The collection Dimensions must not have a size greater than 30."));
    }
    for one in given {
        text(one, "Name", 255)?;
        text(one, "Value", 1024)?;
    }
    Ok(Metric::dimensions(body))
}

/// The name of a namespace.
pub fn namespace(body: &Value) -> Result<&str, Failure> {
    let namespace = text(body, "Namespace", 255)?;
    if namespace.starts_with(':') {
        return Err(invalid("The value for parameter Namespace must not begin with a colon."));
    }
    Ok(namespace)
}

/// The metric that a request names.
pub fn metric(body: &Value) -> Result<Metric, Failure> {
    Ok(Metric {
        namespace: namespace(body)?.to_owned(),
        name: text(body, "MetricName", 255)?.to_owned(),
        dimensions: dimensions(body)?,
    })
}

/// A period of a metric that is asked for.
pub fn period(body: &Value) -> Result<i64, Failure> {
    let period = number(body, "Period")?.ok_or_else(|| missing("Period"))?;
    if [1, 5, 10, 20, 30].contains(&period) || (period > 0 && period % 60 == 0) {
        return Ok(period);
    }
    Err(invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."))
}

/// A token that says what a page ended with.
pub fn token(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

/// What the page before ended with.
pub fn after(body: &Value) -> Result<Option<String>, Failure> {
    let Some(token) = optional(body, "NextToken")? else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Some).ok_or_else(|| Failure::new(400, "InvalidNextToken", "The next token specified is invalid."))
}
