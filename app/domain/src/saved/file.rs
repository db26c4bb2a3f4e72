//! Saved requests as a file: JSON that people can read, of a kind and a version of its own, with a checksum against
//! accidents. No credential is in it and nothing of an account: through what a request goes is chosen where it is opened.

use super::read::{Object, list_of, short};
use super::{Saved, limits};
use crate::checksum::crc32;
use crate::invoke::{BodyEncoding, HeaderRule};
use crate::policy::json::{self, Place};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// The version of the files this Sagebridge writes, and the newest it reads.
pub const VERSION: u64 = 1;
/// Larger files are refused unread.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

const KIND: &str = "saved-requests";
const CHOOSE: &str = "choose a file that Sagebridge made: its name begins with `saved-requests-`";
pub(super) const AGAIN: &str = "export it again, and send it as a file rather than as text";

/// Why a file is refused. Display says the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFileError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The member: `requests[0].name`; empty for the file as a whole.
    pub path: String,
    /// The line, from 1; 0 when it is in no one place.
    pub line: usize,
    /// The column in characters, from 1; 0 when it is in no one place.
    pub column: usize,
}

impl SavedFileError {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), path: String::new(), line: 0, column: 0 }
    }
    pub(super) fn at(self, path: impl Into<String>, place: Place) -> Self {
        Self { path: path.into(), line: place.line, column: place.column, ..self }
    }
}

impl fmt::Display for SavedFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.path.is_empty(), self.line) {
            (true, 0) => Ok(()),
            (true, line) => write!(f, " (line {line}, column {})", self.column),
            (false, 0) => write!(f, " (at `{}`)", self.path),
            (false, line) => write!(f, " (at `{}`, line {line}, column {})", self.path, self.column),
        }
    }
}

impl std::error::Error for SavedFileError {}

/// What to do with a request whose name there is already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// The places in the file of those that take the place of what is there; all others are added under a name that is
    /// free.
    pub replace: BTreeSet<usize>,
}

#[derive(Serialize)]
struct File<'a> {
    sagebridge: Head,
    requests: Vec<Body<'a>>,
    checksum: String,
}

#[derive(Serialize)]
struct Head {
    kind: &'static str,
    version: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    description: &'a str,
    endpoint: &'a str,
    way: &'static str,
    headers: serde_json::Map<String, serde_json::Value>,
    body: &'a str,
    encoding: BodyEncoding,
    variables: Vec<VariableBody<'a>>,
}

#[derive(Serialize)]
struct VariableBody<'a> {
    name: &'a str,
    kind: &'static str,
    label: &'a str,
    help: &'a str,
    default: &'a str,
    choices: &'a [String],
}

/// The file of these requests. [`parse_file`] gives them again, without what they go through.
pub fn print_file(requests: &[Saved]) -> String {
    let bodies: Vec<_> = requests.iter().map(body).collect();
    let checksum = checksum(&bodies);
    let file = File { sagebridge: Head { kind: KIND, version: VERSION }, requests: bodies, checksum };
    serde_json::to_string_pretty(&file).unwrap_or_else(|_| unreachable!("texts always serialise")) + "\n"
}

/// What to call the file: of one request by its name, of several by their number.
pub fn file_name(requests: &[Saved]) -> String {
    let what = match requests {
        [only] => {
            let kept = only.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
            let kept: String = kept.take(60).collect();
            kept.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
        }
        many => many.len().to_string(),
    };
    format!("{KIND}-{}.json", if what.is_empty() { "1" } else { &what })
}

/// Reads a file, strictly: what is missing, unknown or badly formed is refused with its place. The requests are as the
/// console would save them.
pub fn parse_file(text: &str) -> Result<Vec<Saved>, SavedFileError> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(SavedFileError::new(message, "export fewer requests at a time"));
    }
    // Editors on Windows put a byte order mark in front, which is no part of the JSON.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = json::parse(text).map_err(|error| {
        let place = Place { line: error.line, column: error.column };
        let started = text.trim_start().starts_with('{');
        let cut = SavedFileError::new("the file is cut off: it ends before it is complete", AGAIN);
        let fault = if started && place == Place::end(text) {
            cut
        } else {
            SavedFileError::new(error.message, if started { AGAIN } else { CHOOSE })
        };
        fault.at("", place)
    })?;
    let file = Object::of(&node, "")?;
    head(&file)?;
    file.only(&["sagebridge", "requests", "checksum"])?;
    let requests = list_of(&file, "requests", limits::REQUESTS, super::read::request)?;
    let mut names = BTreeSet::new();
    for (at, saved) in requests.iter().enumerate() {
        if !names.insert((saved.endpoint.as_str(), saved.name.as_str())) {
            let message = format!("the endpoint `{}` has `{}` twice", saved.endpoint, short(&saved.name));
            return Err(SavedFileError::new(message, "give each its own name")
                .at(format!("requests[{at}].name"), Place::default()));
        }
    }
    let expected = checksum(&requests.iter().map(body).collect::<Vec<_>>());
    let found = file.text("checksum")?;
    if found != expected {
        let message = format!("the file was changed since it was made: its checksum is `{}`", short(found));
        return Err(file.fault("checksum", message, AGAIN));
    }
    Ok(requests)
}

/// The version comes first: of a newer file nothing else is known.
fn head(file: &Object<'_>) -> Result<(), SavedFileError> {
    let Some(node) = file.get("sagebridge") else {
        let message = "these are no saved requests of Sagebridge: the member `sagebridge` is missing";
        return Err(SavedFileError::new(message, CHOOSE).at("", file.place()));
    };
    let head = Object::of(node, "sagebridge")?;
    let version = head.number("version")?;
    if version > VERSION {
        let message =
            format!("the file was made by a newer Sagebridge: it is of version {version}, this one reads {VERSION}");
        return Err(head.fault("version", message, "update this Sagebridge"));
    }
    let kind = head.text("kind")?;
    if kind != KIND || version == 0 {
        let message = format!("this is a file of another kind: `{}`", short(kind));
        return Err(head.fault("kind", message, CHOOSE));
    }
    head.only(&["kind", "version"])
}

fn body(saved: &Saved) -> Body<'_> {
    let there = HeaderRule::ALL.iter().map(|rule| (rule.field, rule.value(&saved.headers)));
    let headers = there.filter(|(_, value)| !value.is_empty()).map(|(field, value)| (field.to_owned(), value.into()));
    Body {
        name: &saved.name,
        description: &saved.description,
        endpoint: saved.endpoint.as_str(),
        way: saved.way.key(),
        headers: headers.collect(),
        body: &saved.body,
        encoding: saved.encoding,
        variables: saved
            .variables
            .iter()
            .map(|variable| VariableBody {
                name: variable.name.as_str(),
                kind: variable.kind.key(),
                label: &variable.label,
                help: &variable.help,
                default: &variable.default,
                choices: &variable.choices,
            })
            .collect(),
    }
}

fn checksum(bodies: &[Body<'_>]) -> String {
    let text = serde_json::to_string(bodies).unwrap_or_else(|_| unreachable!("texts always serialise"));
    format!("crc32:{:08x}", crc32(format!("{KIND} {VERSION} {text}").as_bytes()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "file_tests.rs"]
mod tests;
