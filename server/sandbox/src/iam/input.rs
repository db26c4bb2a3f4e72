//! Names, paths, tags and pages: what the inputs of many operations share.
//!
//! Rules and messages: IAM API reference and "IAM and AWS STS quotas".

use super::model::{Kind, Tags};
use crate::call::Call;
use crate::check::{Checks, word};
use crate::error::Failure;
use crate::protocol::query::{Params, Xml, member};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeSet;

/// The most tags a resource has.
const TAGS: usize = 50;

/// A name of `[\w+=,.@-]`.
pub fn name<'a>(params: &'a Params, parameter: &str, longest: usize) -> Result<&'a str, Failure> {
    let value = params.required(parameter)?;
    let member = member(parameter);
    Checks::new().length(&member, value, 1, longest).finish()?;
    if word(value, "+=,.@-") {
        return Ok(value);
    }
    Err(Failure::validation(format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the \
         following: +=,.@_-"
    )))
}

/// `RoleName`, `UserName` or `GroupName`.
pub fn named<'a>(call: &'a Call<'_>, kind: Kind) -> Result<&'a str, Failure> {
    name(&call.params, &format!("{}Name", kind.title()), kind.longest())
}

/// `Path`, by default `/`.
pub fn path(params: &Params) -> Result<&str, Failure> {
    let path = params.optional("Path").unwrap_or("/");
    Checks::new().length("path", path, 1, 512).finish()?;
    let fits = path.starts_with('/') && path.ends_with('/') && path.chars().all(|c| ('!'..='\u{7e}').contains(&c));
    if fits && !path.contains("//") {
        return Ok(path);
    }
    Err(Failure::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// `Description`, at most 1000 characters.
pub fn description(params: &Params) -> Result<Option<String>, Failure> {
    let text = params.optional("Description");
    Checks::new().length("description", text.unwrap_or_default(), 0, 1000).finish()?;
    Ok(text.map(str::to_owned))
}

/// `Tags.member.N`, checked.
pub fn tags(params: &Params) -> Result<Tags, Failure> {
    let mut tags = Tags::new();
    let mut seen = BTreeSet::new();
    for [key, value] in params.rows("Tags", ["Key", "Value"]) {
        Checks::new().length("tags.1.member.key", key, 1, 128).length("tags.1.member.value", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Failure::new(400, "InvalidInput", "Tag keys beginning with aws: are reserved for system use"));
        }
        // Keys are unique without regard to case.
        if !seen.insert(key.to_ascii_lowercase()) {
            return Err(Failure::new(
                400,
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    count(&tags)?;
    Ok(tags)
}

/// Refuses more tags than a resource may have.
pub fn count(tags: &Tags) -> Result<(), Failure> {
    if tags.len() > TAGS {
        return Err(Failure::new(409, "LimitExceeded", format!("Cannot exceed quota for TagsPerResource: {TAGS}")));
    }
    Ok(())
}

/// Tags as results carry them.
pub fn tags_xml(xml: Xml, tags: &Tags) -> Xml {
    xml.list("Tags", tags, |xml, (key, value)| xml.text("Key", key).text("Value", value))
}

/// One page of a list.
pub struct Page<T> {
    /// Its entries.
    pub items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    /// `IsTruncated` and `Marker`.
    pub fn end(&self, xml: Xml) -> Xml {
        xml.text("IsTruncated", self.next.is_some()).maybe("Marker", self.next.as_ref())
    }
}

/// The page that `Marker` and `MaxItems` ask for. `items` come in the order of their keys; the marker is the last key
/// shown, so that what is added or removed meanwhile shifts nothing.
pub fn page<'k, T>(params: &Params, items: impl IntoIterator<Item = (&'k str, T)>) -> Result<Page<T>, Failure> {
    let most = params.number("MaxItems")?.unwrap_or(100);
    Checks::new().range("maxItems", most, 1, 1000).finish()?;
    let most = usize::try_from(most).unwrap_or(100);
    let after = match params.optional("Marker") {
        Some(marker) => Some(open_marker(marker).ok_or_else(|| Failure::validation("Invalid Marker."))?),
        None => None,
    };
    let mut rest = items.into_iter().filter(|(key, _)| after.as_deref().is_none_or(|after| *key > after)).peekable();
    let mut shown = Vec::new();
    let mut last = "";
    while shown.len() < most
        && let Some((key, item)) = rest.next()
    {
        last = key;
        shown.push(item);
    }
    let next = rest.peek().is_some().then(|| URL_SAFE_NO_PAD.encode(last));
    Ok(Page { items: shown, next })
}

fn open_marker(marker: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()
}

/// `PathPrefix`, by default `/`.
pub fn path_prefix(params: &Params) -> &str {
    params.optional("PathPrefix").unwrap_or("/")
}

/// The refusal of a name that is not there.
pub fn missing(kind: Kind, name: &str) -> Failure {
    no_such_entity(format!("The {} with name {name} cannot be found.", kind.word()))
}

/// The refusal of a name that is taken.
pub fn exists(kind: Kind, name: &str) -> Failure {
    Failure::new(409, "EntityAlreadyExists", format!("{} with name {name} already exists.", kind.title()))
}

/// The refusal of what is not there.
pub fn no_such_entity(message: impl Into<String>) -> Failure {
    Failure::new(404, "NoSuchEntity", message)
}

/// The refusal to delete what is in use.
pub fn delete_conflict(message: &str) -> Failure {
    Failure::new(409, "DeleteConflict", message)
}

/// The refusal of what is over a quota.
pub fn limit(message: impl Into<String>) -> Failure {
    Failure::new(409, "LimitExceeded", message)
}
