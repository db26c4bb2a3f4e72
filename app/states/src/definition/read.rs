//! A definition's text: JSON first, then the workflow and, below it, branches and item processors.

use super::fields::Fields;
use super::{StateMachine, StateMachineType, Workflow, graph, states};
use crate::diagnostic::{Code, Diagnostic, InvalidDefinition, Severity};
use crate::limits::{DEFINITION_BYTES, NAME_CHARS};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What is carried through a definition.
pub(super) struct Reading {
    pub(super) kind: StateMachineType,
    pub(super) workflows: Vec<Workflow>,
    /// The names of all states so far.
    names: BTreeSet<String>,
}

/// How much of the text a syntax error shows.
const SOURCE_CHARS: usize = 500;

pub(super) fn machine(text: &str, kind: StateMachineType) -> Result<StateMachine, InvalidDefinition> {
    let mut problems = Vec::new();
    let mut reading = Reading { kind, workflows: Vec::new(), names: BTreeSet::new() };
    let timeout_seconds = match parse(text) {
        Ok(object) => {
            let mut fields = Fields { object: &object, at: String::new(), problems: &mut problems };
            fields.only(&[&["Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"]]);
            fields.string("Comment");
            query_language(&mut fields, false);
            if fields.string("Version").is_some_and(|version| version != "1.0") {
                fields.wrong_at("Version", "Value should be one of the following: [1.0]");
            }
            let timeout = fields.seconds("TimeoutSeconds", 1);
            workflow(&mut fields, &mut reading);
            timeout
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(InvalidDefinition { diagnostics: problems });
    }
    Ok(StateMachine { text: text.into(), warnings: problems, timeout_seconds, workflows: reading.workflows })
}

fn parse(text: &str) -> Result<Map<String, Value>, Diagnostic> {
    let not_an_object =
        || Diagnostic::error(Code::SchemaValidationFailed, "Definition must be a valid JSON object", None);
    if text.trim().is_empty() {
        return Err(not_an_object());
    }
    if text.len() > DEFINITION_BYTES {
        let message = "State Machine definition file cannot exceed 1MB.";
        return Err(Diagnostic::error(Code::SchemaValidationFailed, message, None));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(not_an_object()),
        Err(error) => Err(syntax_error(text, &error)),
    }
}

fn syntax_error(text: &str, error: &serde_json::Error) -> Diagnostic {
    let message = error.to_string();
    if message.starts_with("recursion limit exceeded") {
        return Diagnostic::error(Code::TooDeeplyNested, "The states are too deeply nested.", None);
    }
    let source = match text.char_indices().nth(SOURCE_CHARS) {
        Some((at, _)) => format!("{}\"[truncated {} chars]", &text[..at], text[at..].chars().count()),
        None => format!("{text}\""),
    };
    let place = format!("[Source: (String)\"{source}; line: {}, column: {}]", error.line(), error.column());
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    Diagnostic::error(Code::InvalidJsonDescription, format!("{message}\n at {place}"), Some(&place))
}

/// Notes a query language that isn't JSONPath; whether it is.
pub(super) fn query_language(fields: &mut Fields<'_>, in_state: bool) -> bool {
    match fields.string("QueryLanguage") {
        None => !fields.has("QueryLanguage"),
        Some("JSONPath") => true,
        Some("JSONata") => {
            let where_from = if in_state { "the state asks" } else { "the definition asks" };
            let message = format!("{where_from} for the query language JSONata; only JSONPath is supported here");
            fields.wrong_at("QueryLanguage", message);
            false
        }
        Some(_) => {
            fields.wrong_at("QueryLanguage", "Value should be one of the following: [JSONPath, JSONata]");
            false
        }
    }
}

/// Reads `StartAt` and `States`, and gives the workflow's number.
pub(super) fn workflow(fields: &mut Fields<'_>, reading: &mut Reading) -> usize {
    fields.require(&["States", "StartAt"]);
    let start_at = fields.string("StartAt").unwrap_or_default().to_owned();
    let number = reading.workflows.len();
    reading.workflows.push(Workflow { start_at: start_at.clone(), ..Workflow::default() });
    let Some(objects) = fields.object("States") else { return number };
    let at = format!("{}/States", fields.at);
    if objects.is_empty() {
        fields.wrong_at("States", "Value cannot be empty");
    }
    for (name, value) in objects {
        let at = format!("{at}/{name}");
        check_name(name, &at, reading, fields.problems);
        let Some(object) = value.as_object() else {
            fields.wrong_at(&format!("States/{name}"), "Expected value of type Object");
            continue;
        };
        let state = states::state(&mut Fields { object, at, problems: fields.problems }, reading);
        if let (Some(state), Some(workflow)) = (state, reading.workflows.get_mut(number)) {
            workflow.states.insert(name.clone(), state);
        }
    }
    graph::check(fields, &start_at, objects);
    number
}

fn check_name(name: &str, at: &str, reading: &mut Reading, problems: &mut Vec<Diagnostic>) {
    if name.is_empty() || name.chars().count() > NAME_CHARS {
        let message = format!("The name of a state must have between 1 and {NAME_CHARS} characters");
        problems.push(Diagnostic::error(Code::InvalidStateName, message, Some(at)));
    }
    if !reading.names.insert(name.to_owned()) {
        let message = format!("Duplicate state name: {name}");
        problems.push(Diagnostic::error(Code::DuplicateStateName, message, Some(at)));
    }
}
