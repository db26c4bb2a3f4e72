//! Lambda: functions in Python that are really run, each invocation in a process of its own.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it. Invoke is not in the
//! table: it is asynchronous and has a binary body, see [`invoke`].

mod input;
pub mod invoke;
mod manage;
pub mod model;
mod outcome;
mod package;
mod process;
mod python;

pub use python::Python;

use crate::call::{Operation, op};
use crate::service::Routed;
use crate::state::State;
use http::{Method, Uri};
use package::Packages;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Invocations at once: what a new account on AWS has.
const CONCURRENT: usize = 10;

/// Where functions are kept and run.
pub struct Lambda {
    /// Their packages.
    pub packages: Arc<Packages>,
    /// The interpreter.
    python: Python,
    /// What a function reaches the sandbox by.
    url: String,
    /// The folder that running functions have their own folders in.
    run_dir: PathBuf,
    /// One for each invocation that may run at once.
    slots: Arc<Semaphore>,
    /// Set when the sandbox stops: functions under way are ended.
    stop: watch::Receiver<bool>,
}

impl Lambda {
    /// Opens the folder of a sandbox that answers at `url`. What a killed sandbox left of running functions is removed.
    pub fn open(
        dir: &Path,
        url: String,
        python: Python,
        state: &State,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let run_dir = dir.join("running");
        match std::fs::remove_dir_all(&run_dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => std::fs::create_dir_all(&run_dir)?,
        }
        let packages = Arc::new(Packages::open(dir, state)?);
        Ok(Self { packages, python, url, run_dir, slots: Arc::new(Semaphore::new(CONCURRENT)), stop })
    }
}

/// What Lambda can do here, beside Invoke.
pub const OPERATIONS: &[Operation] = &[
    op("CreateFunction", manage::new_target, manage::create),
    op("GetFunction", |c| manage::target(c, "GetFunction"), manage::get),
    op("GetFunctionConfiguration", |c| manage::target(c, "GetFunctionConfiguration"), manage::get_configuration),
    op("UpdateFunctionCode", |c| manage::target(c, "UpdateFunctionCode"), manage::update_code),
    op(
        "UpdateFunctionConfiguration",
        |c| manage::target(c, "UpdateFunctionConfiguration"),
        manage::update_configuration,
    ),
    op("DeleteFunction", |c| manage::target(c, "DeleteFunction"), manage::delete),
    op("ListFunctions", manage::everything, manage::list),
    op("ListTags", manage::tagged_target, manage::list_tags),
    op("TagResource", manage::tagged_target, manage::tag),
    op("UntagResource", manage::tagged_target, manage::untag),
];

const FUNCTIONS: &str = "/2015-03-31/functions";
const TAGS: &str = "/2017-03-31/tags/";

/// Whether a path is one of Lambda's.
pub fn is_path(path: &str) -> bool {
    path.starts_with(FUNCTIONS) || path.starts_with(TAGS)
}

/// The operation that a method and path mean, with what they say of its input.
pub fn route(method: &Method, uri: &Uri) -> Option<Routed> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().map(|text| Value::from(text.into_owned()));
    let mut members = Map::new();
    let path = uri.path();
    let operation = if let Some(resource) = path.strip_prefix(TAGS) {
        members.insert("Resource".into(), decode(resource).ok()?);
        match *method {
            Method::GET => "ListTags",
            Method::POST => "TagResource",
            Method::DELETE => "UntagResource",
            _ => return None,
        }
    } else {
        let rest = path.strip_prefix(FUNCTIONS)?.trim_matches('/');
        let (name, part) = rest.split_once('/').unwrap_or((rest, ""));
        if !name.is_empty() {
            members.insert("FunctionName".into(), decode(name).ok()?);
        }
        match (method.as_str(), name.is_empty(), part) {
            ("GET", true, "") => "ListFunctions",
            ("POST", true, "") => "CreateFunction",
            ("GET", false, "") => "GetFunction",
            ("DELETE", false, "") => "DeleteFunction",
            ("PUT", false, "code") => "UpdateFunctionCode",
            ("GET", false, "configuration") => "GetFunctionConfiguration",
            ("PUT", false, "configuration") => "UpdateFunctionConfiguration",
            ("POST", false, "invocations") => "Invoke",
            _ => return None,
        }
    };
    for (key, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if key == "tagKeys" {
            let keys = members.entry("tagKeys").or_insert_with(|| Value::Array(Vec::new()));
            keys.as_array_mut()?.push(value.into_owned().into());
        } else {
            members.insert(key.into_owned(), value.into_owned().into());
        }
    }
    Some((operation, members))
}
