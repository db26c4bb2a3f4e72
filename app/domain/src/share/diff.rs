//! A plan against an inventory, for people: resources with a mark, documents with changed lines.

use serde::{Deserialize, Serialize};

mod lanes;
mod lines;

pub(crate) use lanes::canonical;
pub use lanes::{Lanes, lanes, made_lanes};
pub use lines::diff_lines;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// `+`
    Create,
    /// `~`
    Update,
    /// `=`
    Keep,
    /// `−`
    Remove,
    /// `!`
    Conflict,
    /// `→`: for the other account's own administrator to make; nobody looked whether it is there.
    Theirs,
}

/// How a line of a document fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineMark {
    /// In both.
    Same,
    /// Only in the new one.
    Added,
    /// Only in the old one.
    Removed,
}

/// A line of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Its number in the document it is in (the new one for lines in both), from 1.
    pub number: usize,
    /// Whether it is new, gone or the same.
    pub mark: LineMark,
    /// The text, without its line end.
    pub text: String,
}

/// A document shown whole, with its changed lines marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentDiff {
    /// What it is: `SageMakerExternal · trust policy`.
    pub title: String,
    /// Which versions: `new`, `version 2 → 3`, `unchanged`.
    pub note: String,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// A resource in a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneItem {
    /// Stable within the page, for anchors: `parent-role`.
    pub key: String,
    /// The resource's name.
    pub name: String,
    /// What it is and what happens, in a few words: `role · trusts scoring-lambda, 1 h sessions`.
    pub detail: String,
    /// What happens to it.
    pub change: Change,
    /// Its ARN, for copying.
    pub arn: Option<String>,
    /// Its documents.
    pub documents: Vec<DocumentDiff>,
}
