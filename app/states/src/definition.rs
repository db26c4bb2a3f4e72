//! Definitions: read into types when nothing is wrong with them.

mod fields;
mod graph;
mod read;
mod rules;
mod states;
#[cfg(test)]
mod tests;

use crate::choice::Rule;
use crate::diagnostic::{Diagnostic, InvalidDefinition};
use crate::flow::{Placement, Selection};
use crate::path::Path;
use crate::resource::{Pattern, Resource};
use crate::template::{Expression, Template};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A workflow's type, which decides what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StateMachineType {
    /// Runs up to a year, waits for jobs and tokens.
    #[default]
    Standard,
    /// Runs up to five minutes; no `.sync`, no `.waitForTaskToken`, no activities.
    Express,
}

/// A definition that is valid. It serialises as its text.
#[derive(Debug, Clone)]
pub struct StateMachine {
    text: Arc<str>,
    warnings: Vec<Diagnostic>,
    pub(crate) timeout_seconds: Option<u64>,
    /// The workflow itself first, then each branch and item processor: states name them by number.
    pub(crate) workflows: Vec<Workflow>,
}

impl StateMachine {
    /// Reads a definition for a standard workflow. The error has everything that is wrong with it.
    pub fn parse(definition: &str) -> Result<Self, InvalidDefinition> {
        Self::parse_as(definition, StateMachineType::Standard)
    }

    /// Reads a definition for a workflow of a type.
    pub fn parse_as(definition: &str, kind: StateMachineType) -> Result<Self, InvalidDefinition> {
        read::machine(definition, kind)
    }

    /// Everything that `ValidateStateMachineDefinition` says of a definition: empty, or warnings only, where it may be
    /// created.
    pub fn validate(definition: &str, kind: StateMachineType) -> Vec<Diagnostic> {
        match Self::parse_as(definition, kind) {
            Ok(machine) => machine.warnings,
            Err(invalid) => invalid.diagnostics,
        }
    }

    /// The definition, as it was written.
    pub fn definition(&self) -> &str {
        &self.text
    }

    /// What is odd about it, though valid.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The resources of all its tasks, each once: what it needs permissions for.
    pub fn resources(&self) -> Vec<&Resource> {
        let mut resources: Vec<&Resource> = Vec::new();
        for state in self.workflows.iter().flat_map(|workflow| workflow.states.values()) {
            match &state.kind {
                Kind::Task(task) if !resources.contains(&&task.resource) => resources.push(&task.resource),
                _ => {}
            }
        }
        resources
    }
}

impl Serialize for StateMachine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for StateMachine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// States that lead to each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workflow {
    pub(crate) start_at: String,
    pub(crate) states: BTreeMap<String, State>,
}

/// A state.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) input_path: Selection,
    pub(crate) output_path: Selection,
    /// `None`: it ends its workflow.
    pub(crate) next: Option<String>,
    pub(crate) kind: Kind,
}

/// What a state does.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Choice { rules: Vec<(Rule, String)>, default: Option<String> },
    Fail { error: Option<Words>, cause: Option<Words> },
    Map(Box<MapOver>),
    Parallel(Box<Parallel>),
    Pass { result: Option<Value>, parameters: Option<Template>, result_path: Placement },
    Succeed,
    Task(Box<Task>),
    Wait(WaitFor),
}

/// A Fail state's error or cause.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    Fixed(String),
    Found(Expression),
}

/// How long a Wait state waits.
#[derive(Debug, Clone)]
pub(crate) enum WaitFor {
    Seconds(u64),
    SecondsPath(Path),
    /// Milliseconds since 1970.
    Timestamp(i64),
    TimestampPath(Path),
}

/// A number, or where it is found in the state's input.
#[derive(Debug, Clone)]
pub(crate) enum Number {
    Fixed(u64),
    At(Path),
}

/// A Task state.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    pub(crate) parameters: Option<Template>,
    /// An object whose `RoleArn` is the role that the task acts as.
    pub(crate) credentials: Option<Template>,
    pub(crate) timeout: Option<Number>,
    pub(crate) heartbeat: Option<Number>,
    pub(crate) then: Then,
}

/// A Parallel state.
#[derive(Debug, Clone)]
pub(crate) struct Parallel {
    pub(crate) parameters: Option<Template>,
    /// Numbers of workflows.
    pub(crate) branches: Vec<usize>,
    pub(crate) then: Then,
}

/// A Map state.
#[derive(Debug, Clone)]
pub(crate) struct MapOver {
    pub(crate) items_path: Option<Path>,
    pub(crate) item_selector: Option<Template>,
    pub(crate) max_concurrency: Option<Number>,
    /// The number of a workflow.
    pub(crate) processor: usize,
    pub(crate) then: Then,
}

/// What happens to a result, or to a failure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Then {
    pub(crate) result_selector: Option<Template>,
    pub(crate) result_path: Placement,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
}

/// An element of `Retry`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Retrier {
    pub(crate) errors: Vec<String>,
    pub(crate) interval_seconds: u64,
    pub(crate) max_attempts: u64,
    pub(crate) backoff_rate: f64,
    pub(crate) max_delay_seconds: Option<u64>,
    /// `JitterStrategy` is `FULL`.
    pub(crate) jitter: bool,
}

/// An element of `Catch`.
#[derive(Debug, Clone)]
pub(crate) struct Catcher {
    pub(crate) errors: Vec<String>,
    pub(crate) result_path: Placement,
    pub(crate) next: String,
}

impl Kind {
    /// What it does with a result or a failure, where it can have either.
    pub(crate) fn then(&self) -> Option<&Then> {
        match self {
            Self::Map(map) => Some(&map.then),
            Self::Parallel(parallel) => Some(&parallel.then),
            Self::Task(task) => Some(&task.then),
            _ => None,
        }
    }
}
