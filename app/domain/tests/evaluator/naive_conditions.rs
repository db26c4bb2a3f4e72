//! The second evaluator's conditions. Times have no fractions of seconds; bytes are padded.

use crate::naive::{Caller, ESCAPE, arn_glob, as_list, glob};
use serde_json::Value;

/// The request's values for a key.
fn values(scenario: &Value, caller: &Caller, key: &str) -> Vec<String> {
    let key = key.to_lowercase();
    let empty = serde_json::Map::new();
    let context = scenario["context"].as_object().unwrap_or(&empty);
    match context.iter().find(|(known, _)| known.to_lowercase() == key) {
        Some((_, value)) => as_list(value).iter().map(text).collect(),
        None => caller.key(&key, scenario).into_iter().collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Replaces variables; what they stand for is literal. `None`: one has no value.
pub fn fill(scenario: &Value, caller: &Caller, pattern: &str) -> Option<String> {
    let Some((before, rest)) = pattern.split_once("${") else { return Some(pattern.to_owned()) };
    let Some((inner, after)) = rest.split_once('}') else { return Some(pattern.to_owned()) };
    let after = fill(scenario, caller, after)?;
    let literal = |text: &str| text.chars().flat_map(|c| [ESCAPE, c]).collect::<String>();
    if ["*", "?", "$"].contains(&inner) {
        return Some(format!("{before}{}{after}", literal(inner)));
    }
    let (key, default) = match inner.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\'').to_owned())),
        None => (inner.trim(), None),
    };
    let value = match values(scenario, caller, key).as_slice() {
        [one] => one.clone(),
        _ => default?,
    };
    Some(format!("{before}{}{after}", literal(&value)))
}

pub fn hold(scenario: &Value, caller: &Caller, conditions: &Value, variables: bool) -> bool {
    let Value::Object(blocks) = conditions else { return true };
    blocks.iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, expected)| {
            let expected: Vec<String> = as_list(expected).iter().map(text).collect();
            let found = values(scenario, caller, key);
            let filled = |one: &String| match variables {
                true => fill(scenario, caller, one),
                false => Some(one.clone()),
            };
            one(operator, &found, &expected, filled)
        })
    })
}

fn one(operator: &str, found: &[String], expected: &[String], fill: impl Fn(&String) -> Option<String>) -> bool {
    let nothing = found.iter().all(|value| value.is_empty());
    if operator == "Null" {
        return expected.contains(&nothing.to_string());
    }
    let (quantifier, rest) = operator.split_once(':').unwrap_or(("", operator));
    if !found.is_empty() && nothing && !quantifier.is_empty() {
        return quantifier == "ForAllValues";
    }
    let plain = rest.trim_end_matches("IfExists");
    if found.is_empty() {
        return rest != plain || quantifier == "ForAllValues" || (quantifier.is_empty() && plain.contains("Not"));
    }
    let positive = plain.replace("Not", "");
    let satisfied = |value: &String| {
        let outcomes: Vec<Option<bool>> =
            expected.iter().map(|expected| compare(&positive, value, expected, &fill)).collect();
        if plain.contains("Not") {
            outcomes.iter().all(|outcome| *outcome == Some(false))
        } else {
            outcomes.contains(&Some(true))
        }
    };
    match quantifier {
        "ForAnyValue" => found.iter().any(satisfied),
        "ForAllValues" => found.iter().all(satisfied),
        _ if plain.contains("Not") => found.iter().all(satisfied),
        _ => found.iter().any(satisfied),
    }
}

fn literal_only(text: &str) -> String {
    // Outside of patterns, stars are plain; what a variable stood for is escaped already.
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == ESCAPE { chars.next().unwrap() } else { c });
    }
    out
}

fn compare(operator: &str, value: &str, expected: &str, fill: impl Fn(&String) -> Option<String>) -> Option<bool> {
    let filled = fill(&expected.to_owned());
    let number = |text: &str| text.parse::<f64>().ok();
    let ordering = if operator.starts_with("Numeric") {
        number(value)?.partial_cmp(&number(expected)?)
    } else if operator.starts_with("Date") {
        Some(seconds(value)?.cmp(&seconds(expected)?))
    } else {
        None
    };
    if let Some(ordering) = ordering {
        let word = operator.trim_start_matches("Numeric").trim_start_matches("Date");
        return Some(match word {
            "Equals" => ordering.is_eq(),
            "LessThan" => ordering.is_lt(),
            "LessThanEquals" => ordering.is_le(),
            "GreaterThan" => ordering.is_gt(),
            _ => ordering.is_ge(),
        });
    }
    Some(match operator {
        "StringEquals" => filled.is_some_and(|filled| literal_only(&filled) == value),
        "StringEqualsIgnoreCase" => {
            filled.is_some_and(|filled| literal_only(&filled).to_lowercase() == value.to_lowercase())
        }
        "StringLike" => filled.is_some_and(|filled| glob(&filled, value)),
        "ArnEquals" | "ArnLike" => {
            value.splitn(6, ':').count() == 6
                && value.starts_with("arn:")
                && filled
                    .is_some_and(|filled| (filled == "*" || filled.starts_with("arn:")) && arn_glob(&filled, value))
        }
        "Bool" => {
            let boolean = |text: &str| ["true", "false"].contains(&text).then(|| text.to_owned());
            boolean(&value.to_lowercase())? == boolean(&expected.to_lowercase())?
        }
        "BinaryEquals" => value == expected,
        "IpAddress" => in_range(value, expected)?,
        other => panic!("the naive evaluator does not know {other}"),
    })
}

/// Seconds since 1970, by counting days.
fn seconds(text: &str) -> Option<i64> {
    if text.len() != 4 && text.chars().all(|c| c.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let numbers =
        |text: &str, mark: char| -> Option<Vec<i64>> { text.split(mark).map(|part| part.parse().ok()).collect() };
    let mut date = numbers(date, '-')?;
    date.resize(3, 1);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut days: i64 = (1970..date[0]).map(|year| if leap(year) { 366 } else { 365 }).sum();
    for month in 1..date[1] {
        days += [31, if leap(date[0]) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
    }
    let cut = time.find(['Z', '+', '-'])?;
    let clock = numbers(&time[..cut], ':')?;
    let sign = if time[cut..].starts_with('-') { -1 } else { 1 };
    let zone = if time[cut..] == *"Z" { vec![0, 0] } else { numbers(&time[cut + 1..], ':')? };
    Some(
        (days + date[2] - 1) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
            - sign * (zone[0] * 3600 + zone[1] * 60),
    )
}

fn in_range(address: &str, range: &str) -> Option<bool> {
    let bits = |text: &str| {
        let octets = match text.parse::<std::net::IpAddr>().ok()? {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        };
        Some(octets.iter().map(|part| format!("{part:08b}")).collect::<String>())
    };
    let (base, length) = range.split_once('/').unwrap_or((range, ""));
    let (address, base) = (bits(address)?, bits(base)?);
    let length: usize = if length.is_empty() { base.len() } else { length.parse().ok()? };
    if length > base.len() {
        return None;
    }
    Some(address.len() == base.len() && address[..length] == base[..length])
}
