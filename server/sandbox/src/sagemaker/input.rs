//! Names, pages, filters and tags: what the inputs of many operations share.
//!
//! Rules: SageMaker's service model and API reference.

use crate::call::{Call, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::query::member;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::names::EndpointName;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a name has to match, as messages show it.
const NAME_PATTERN: &str = "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}";

/// A member that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    optional(body, name)?.ok_or_else(|| {
        Failure::validation(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
            member(name)
        ))
    })
}

/// A member that may be missing.
pub fn optional<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::new(400, "SerializationException", format!("`{name}` is not a string"))),
    }
}

/// A resource's name: at most 63 letters, digits and hyphens.
pub fn name<'a>(body: &'a Value, parameter: &str) -> Result<&'a str, Failure> {
    let value = required(body, parameter)?;
    check_name(&member(parameter), value)?;
    Ok(value)
}

/// Checks a name that came another way.
pub fn check_name(member: &str, value: &str) -> Result<(), Failure> {
    let long = Checks::new().length(member, value, 1, 63);
    let fits = value.len() > 63 || EndpointName::parse(value).is_ok_and(|name| name.as_str() == value);
    long.pattern(member, value, NAME_PATTERN, fits).finish()
}

/// The members of `body` that describing it gives back.
pub fn keep(body: &Value, names: &[&str]) -> Value {
    let kept = names.iter().filter_map(|&name| Some((name.to_owned(), body.get(name)?.clone())));
    Value::Object(kept.collect::<Map<_, _>>())
}

/// The refusal of a name that is taken.
pub fn exists(what: &str, arn: &str) -> Failure {
    Failure::validation(format!("Cannot create already existing {what} \"{arn}\"."))
}

/// The refusal of a name that is not there.
pub fn missing(what: &str, arn: &str) -> Failure {
    Failure::validation(format!("Could not find {what} \"{arn}\"."))
}

/// `Tags`, checked.
pub fn tags(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for tag in body.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (required(tag, "Key")?, required(tag, "Value")?);
        Checks::new().length("tags.1.member.key", key, 1, 128).length("tags.1.member.value", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Failure::validation("Tag keys cannot start with 'aws:'"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::validation(format!("Duplicate tag key '{key}'")));
        }
    }
    if tags.len() > 50 {
        return Err(Failure::validation("The number of tags exceeds the limit of 50"));
    }
    Ok(tags)
}

/// The resource to make, with the tags it shall have.
pub fn target_with_tags(arn: &str, body: &Value) -> Result<Target, Failure> {
    let tags = tags(body)?;
    Ok(Target::new(arn).requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))))
}

/// An entry of a list, with what it can be filtered and sorted by.
pub struct Entry<'a> {
    /// Its name, in its own case.
    pub name: &'a str,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
    /// Its status, where it has one.
    pub status: &'a str,
    /// What the list shows.
    pub summary: Value,
}

/// The page that the request asks for, as the output: `{list: […], NextToken}`.
pub fn page(call: &Call<'_>, list: &str, entries: Vec<Entry<'_>>) -> Result<Value, Failure> {
    let body = &call.body;
    let most = match body.get("MaxResults") {
        None | Some(Value::Null) => 10,
        Some(number) => number.as_i64().unwrap_or_default(),
    };
    let sort_by = optional(body, "SortBy")?.unwrap_or("CreationTime");
    let order = optional(body, "SortOrder")?.unwrap_or("Descending");
    Checks::new()
        .range("maxResults", most, 1, 100)
        .one_of("sortBy", sort_by, &["Name", "CreationTime", "Status"])
        .one_of("sortOrder", order, &["Ascending", "Descending"])
        .finish()?;
    let mut rows: Vec<((String, String), Value)> = Vec::new();
    for entry in entries {
        if matches(body, &entry)? {
            let key = match sort_by {
                "Name" => entry.name.to_ascii_lowercase(),
                "Status" => entry.status.to_owned(),
                _ => format!("{:020}", entry.created.0),
            };
            rows.push(((key, entry.name.to_owned()), entry.summary));
        }
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    if order == "Descending" {
        rows.reverse();
    }
    let after = optional(body, "NextToken")?.map(open_token).transpose()?;
    let is_after = |key: &(String, String)| match &after {
        None => true,
        Some(last) if order == "Descending" => key < last,
        Some(last) => key > last,
    };
    rows.retain(|(key, _)| is_after(key));
    let most = usize::try_from(most).unwrap_or(10);
    let next = (rows.len() > most).then(|| token(&rows[most - 1].0));
    rows.truncate(most);
    let shown: Vec<Value> = rows.into_iter().map(|(_, summary)| summary).collect();
    let mut output = json!({ list: shown });
    if let Some(next) = next {
        output["NextToken"] = next.into();
    }
    Ok(output)
}

/// A token is the last key shown, so that what is added or removed meanwhile shifts nothing.
fn token(key: &(String, String)) -> String {
    URL_SAFE_NO_PAD.encode(json!([key.0, key.1]).to_string())
}

fn open_token(token: &str) -> Result<(String, String), Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Failure::validation("The NextToken is not valid."))
}

fn matches(body: &Value, entry: &Entry<'_>) -> Result<bool, Failure> {
    let contains = optional(body, "NameContains")?.unwrap_or_default().to_ascii_lowercase();
    let status = optional(body, "StatusEquals")?;
    let bound = |name: &str| body.get(name).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0) as i64);
    Ok(entry.name.to_ascii_lowercase().contains(&contains)
        && status.is_none_or(|status| status == entry.status)
        && bound("CreationTimeAfter").is_none_or(|after| entry.created.0 >= after)
        && bound("CreationTimeBefore").is_none_or(|before| entry.created.0 <= before)
        && bound("LastModifiedTimeAfter").is_none_or(|after| entry.modified.0 >= after)
        && bound("LastModifiedTimeBefore").is_none_or(|before| entry.modified.0 <= before))
}
