//! Saved requests as pages show them.

use super::{Saved, SavedForm, SavedRequest};
use crate::invoke::{TargetView, Through};
use crate::names::{EndpointName, SavedId};
use crate::time::Timestamp;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// A saved request in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSummary {
    /// Its id.
    pub id: SavedId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its endpoint.
    pub endpoint: EndpointName,
    /// How many values there are to fill in.
    pub variables: usize,
    /// When it was last changed.
    pub changed: Timestamp,
}

/// The saved requests of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFolder {
    /// The endpoint.
    pub endpoint: EndpointName,
    /// By name.
    pub requests: Vec<SavedSummary>,
}

/// All saved requests that were looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedListView {
    /// What was looked for.
    pub search: String,
    /// What was found, by endpoint.
    pub folders: Vec<SavedFolder>,
    /// The server's time.
    pub now: Timestamp,
}

/// A saved request, to change or to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// The request.
    pub request: SavedRequest,
    /// The version it was read at.
    pub version: i64,
    /// Through what its endpoint can be called, or could be; the chosen one first.
    pub ways_there: Vec<TargetView>,
    /// What was typed, where it was not taken; else as it is.
    pub form: SavedForm,
    /// What is wrong with what was typed.
    pub problems: Vec<FieldProblem>,
}

impl SavedView {
    /// Through what it goes: what was chosen where that is still there, else the only way there is.
    pub fn through(&self) -> Option<&Through> {
        let chosen = self.request.what.through.as_ref();
        let there = |through: &&Through| self.ways_there.iter().any(|target| target.through == **through);
        chosen.filter(there).or(match self.ways_there.as_slice() {
            [only] => Some(&only.through),
            _ => None,
        })
    }
}

/// A request of a file that is about to be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// What it says.
    pub saved: Saved,
    /// Whether there is one of that name for that endpoint already.
    pub clashes: bool,
}

/// A file of saved requests, before anything of it is added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportView {
    /// What it would add, in its order; empty when it was refused.
    pub lines: Vec<ImportLine>,
    /// Why it was refused.
    pub problem: Option<FieldProblem>,
}
