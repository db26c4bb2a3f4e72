//! One object of a definition: its fields are asked for by name and type, and what is wrong with them is noted.

use crate::diagnostic::{Code, Diagnostic};
use crate::flow::{Placement, Selection};
use crate::limits::SECONDS;
use crate::path::Path;
use crate::template::Template;
use serde_json::{Map, Value};

/// An object, its place, and where problems go.
pub(super) struct Fields<'a> {
    pub(super) object: &'a Map<String, Value>,
    /// `/States/Train`; empty for the definition itself.
    pub(super) at: String,
    pub(super) problems: &'a mut Vec<Diagnostic>,
}

const SCHEMA: Code = Code::SchemaValidationFailed;

impl<'a> Fields<'a> {
    /// Notes a problem of the object.
    pub(super) fn wrong(&mut self, message: impl Into<String>) {
        self.problems.push(Diagnostic::error(SCHEMA, message, Some(&self.at)));
    }

    /// Notes a problem of a field.
    pub(super) fn wrong_at(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(Diagnostic::error(SCHEMA, message, Some(&format!("{}/{field}", self.at))));
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field)
    }

    /// Notes the fields that are not there.
    pub(super) fn require(&mut self, fields: &[&str]) {
        let missing: Vec<&str> = fields.iter().filter(|field| !self.has(field)).copied().collect();
        if !missing.is_empty() {
            self.wrong(format!("These fields are required: [{}]", missing.join(", ")));
        }
    }

    /// Notes more than one of the fields; whether one is there.
    pub(super) fn at_most_one(&mut self, fields: &[&str]) -> bool {
        let count = fields.iter().filter(|field| self.has(field)).count();
        if count > 1 {
            self.wrong(format!("There should only be one of the following fields: [{}]", fields.join(", ")));
        }
        count > 0
    }

    /// Notes none, or more than one, of the fields.
    pub(super) fn exactly_one(&mut self, fields: &[&str]) {
        if !self.at_most_one(fields) {
            self.wrong(format!("This object should have only one of the following fields: [{}]", fields.join(", ")));
        }
    }

    /// Notes fields that none of the lists has.
    pub(super) fn only(&mut self, known: &[&[&str]]) {
        for field in self.object.keys() {
            if !known.iter().any(|known| known.contains(&field.as_str())) {
                self.wrong(format!("Field '{field}' is not supported"));
            }
        }
    }

    fn typed<T>(&mut self, field: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.get(field)?;
        let typed = read(value);
        if typed.is_none() {
            self.wrong_at(field, format!("Expected value of type {kind}"));
        }
        typed
    }

    pub(super) fn string(&mut self, field: &str) -> Option<&'a str> {
        self.typed(field, "String", Value::as_str)
    }

    pub(super) fn boolean(&mut self, field: &str) -> Option<bool> {
        self.typed(field, "Boolean", Value::as_bool)
    }

    pub(super) fn object(&mut self, field: &str) -> Option<&'a Map<String, Value>> {
        self.typed(field, "Object", Value::as_object)
    }

    pub(super) fn list(&mut self, field: &str) -> Option<&'a Vec<Value>> {
        self.typed(field, "Array", Value::as_array)
    }

    /// A list with something in it.
    pub(super) fn filled_list(&mut self, field: &str) -> Option<&'a Vec<Value>> {
        let list = self.list(field)?;
        if list.is_empty() {
            self.wrong_at(field, "Value cannot be empty");
        }
        Some(list)
    }

    /// An integer within bounds.
    pub(super) fn integer(&mut self, field: &str, least: u64, most: u64) -> Option<u64> {
        let number =
            self.typed(field, "Integer", |value| value.as_i64().map(i128::from).or(value.as_u64().map(i128::from)))?;
        if number < i128::from(least) {
            self.wrong_at(field, format!("Minimum value is {least}"));
        } else if number > i128::from(most) {
            self.wrong_at(field, format!("Maximum value is {most}"));
        }
        u64::try_from(number).ok()
    }

    pub(super) fn seconds(&mut self, field: &str, least: u64) -> Option<u64> {
        self.integer(field, least, SECONDS)
    }

    /// A number of at least `least`.
    pub(super) fn number(&mut self, field: &str, least: f64) -> Option<f64> {
        let number = self.typed(field, "Number", Value::as_f64)?;
        if number < least {
            self.wrong_at(field, format!("Minimum value is {least:.1}"));
        }
        Some(number)
    }

    /// A path to one node of the state's data.
    pub(super) fn reference(&mut self, field: &str) -> Option<Path> {
        let text = self.string(field)?;
        let path = Path::parse(text).filter(|path| path.reference().is_some());
        if path.is_none() {
            self.wrong_at(field, not_a_reference(text));
        }
        path
    }

    /// A path to one node of the state's data or of the context object.
    pub(super) fn definite(&mut self, field: &str) -> Option<Path> {
        let text = self.string(field)?;
        let path = Path::parse(text).filter(Path::is_definite);
        if path.is_none() {
            self.wrong_at(field, not_a_reference(text));
        }
        path
    }

    /// `InputPath` or `OutputPath`.
    pub(super) fn selection(&mut self, field: &str) -> Selection {
        match self.get(field) {
            None => Selection::All,
            Some(Value::Null) => Selection::Nothing,
            Some(Value::String(text)) if text == "$" => Selection::All,
            Some(Value::String(text)) => match Path::parse(text) {
                Some(path) => Selection::At(path),
                None => {
                    self.wrong_at(field, "Value must be a valid JSONPath.");
                    Selection::All
                }
            },
            Some(_) => {
                self.wrong_at(field, "Expected value of type String");
                Selection::All
            }
        }
    }

    /// `ResultPath`.
    pub(super) fn placement(&mut self, field: &str) -> Placement {
        match self.get(field) {
            None => Placement::Replace,
            Some(Value::Null) => Placement::Discard,
            Some(Value::String(text)) if text == "$" => Placement::Replace,
            Some(_) => self.reference(field).map_or(Placement::Replace, Placement::At),
        }
    }

    /// A payload template. `Parameters` may be any JSON, the others are objects.
    pub(super) fn template(&mut self, field: &str, any: bool) -> Option<Template> {
        let value = self.get(field)?;
        if !any && !value.is_object() {
            self.wrong_at(field, "Expected value of type Object");
            return None;
        }
        let mut bad = Vec::new();
        let template = Template::parse(value, &mut bad);
        for bad in bad {
            let (name, at) = (bad.field, format!("{}/{field}", self.at));
            self.problems.push(if bad.forgotten {
                let message = format!("The value of the field '{name}' looks like a JSONPath or an intrinsic function, but the name of the field does not end with '.$'");
                Diagnostic::warning(Code::NoDollar, message, &at)
            } else {
                let message = format!("The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call");
                Diagnostic::error(SCHEMA, message, Some(&at))
            });
        }
        Some(template)
    }
}

/// The service's words for what should be a reference path.
pub(super) fn not_a_reference(text: &str) -> &'static str {
    if text.starts_with('$') {
        "Value is not a Reference Path"
    } else {
        "Value is not a Reference Path: Reference path didn't start with '$'"
    }
}
