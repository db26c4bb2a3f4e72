//! Payload templates: `Parameters`, `ItemSelector`, `ResultSelector`. Fields whose name ends in `.$` are replaced by
//! what their path selects or their intrinsic function gives; everything else stays as it is written.
//!
//! Source: specification, "Payload Template".

use crate::data::size;
use crate::failure::{Failure, Origin};
use crate::intrinsic::Call;
use crate::limits::EVALUATION_BYTES;
use crate::path::{Found, Path, Scope};
use crate::random::Randomness;
use serde_json::{Map, Value};

/// A template, read once.
#[derive(Debug, Clone)]
pub(crate) enum Template {
    Literal(Value),
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
    /// The field's whole name, for the messages, and the expression.
    Dynamic(String, Expression),
}

/// A path or a call of an intrinsic function.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Path(Path),
    Call(Call),
}

impl Expression {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.starts_with('$') { Path::parse(text).map(Self::Path) } else { Call::parse(text).map(Self::Call) }
    }
}

/// A field of a template that is wrong.
pub(crate) struct BadField {
    /// Its name, as it is written.
    pub(crate) field: String,
    /// Whether it merely looks as if `.$` were forgotten.
    pub(crate) forgotten: bool,
}

impl Template {
    pub(crate) fn parse(value: &Value, bad: &mut Vec<BadField>) -> Self {
        match value {
            Value::Object(fields) => {
                Self::Object(fields.iter().map(|(name, value)| Self::field(name, value, bad)).collect())
            }
            Value::Array(items) => Self::Array(items.iter().map(|item| Self::parse(item, bad)).collect()),
            other => Self::Literal(other.clone()),
        }
    }

    fn field(name: &str, value: &Value, bad: &mut Vec<BadField>) -> (String, Self) {
        let Some(short) = name.strip_suffix(".$") else {
            if value.as_str().is_some_and(|text| Expression::parse(text).is_some()) {
                bad.push(BadField { field: name.to_owned(), forgotten: true });
            }
            return (name.to_owned(), Self::parse(value, bad));
        };
        match value.as_str().and_then(Expression::parse) {
            Some(expression) => (short.to_owned(), Self::Dynamic(name.to_owned(), expression)),
            None => {
                bad.push(BadField { field: name.to_owned(), forgotten: false });
                (short.to_owned(), Self::Literal(Value::Null))
            }
        }
    }

    /// The template with everything filled in.
    pub(crate) fn fill(&self, evaluation: &mut Evaluation<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Object(fields) => {
                let filled = fields.iter().map(|(name, inner)| Ok((name.clone(), inner.fill(evaluation)?)));
                Value::Object(filled.collect::<Result<Map<_, _>, Failure>>()?)
            }
            Self::Array(items) => {
                Value::Array(items.iter().map(|inner| inner.fill(evaluation)).collect::<Result<_, _>>()?)
            }
            Self::Dynamic(field, expression) => evaluation.expression(field, expression)?,
        })
    }
}

/// What one state's expressions are worked out with, and what they may still touch.
pub(crate) struct Evaluation<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) random: &'a mut Randomness,
    /// The state's name, for the messages.
    pub(crate) state: &'a str,
    left: usize,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(scope: Scope<'a>, random: &'a mut Randomness, state: &'a str) -> Self {
        Self { scope, random, state, left: EVALUATION_BYTES }
    }

    /// What a field's expression gives.
    pub(crate) fn expression(&mut self, field: &str, expression: &Expression) -> Result<Value, Failure> {
        match expression {
            Expression::Call(call) => call.evaluate(self),
            // An index beyond the end of a list gives a null here, as the service has it.
            Expression::Path(path) if matches!(path.find(&self.scope), Found::Beyond) => Ok(Value::Null),
            Expression::Path(path) => {
                let found = self.read(path)?;
                found.ok_or_else(|| self.missing(path, field))
            }
        }
    }

    /// What a path selects; `None` where that is nothing.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Option<Value>, Failure> {
        if let Some(root) = path.queried(&self.scope) {
            self.spend(size(root, self.left))?;
        }
        match path.find(&self.scope) {
            Found::One(value) => {
                self.spend(size(value, self.left))?;
                Ok(Some(value.clone()))
            }
            Found::Many(values) => {
                for value in &values {
                    self.spend(size(value, self.left))?;
                }
                Ok(Some(Value::Array(values.into_iter().cloned().collect())))
            }
            Found::Beyond | Found::Nothing => Ok(None),
        }
    }

    /// How many bytes were touched so far.
    pub(crate) fn spent(&self) -> usize {
        EVALUATION_BYTES - self.left
    }

    /// Notes that so many bytes more are touched.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Failure> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Failure::too_large(Origin::Interpreter, self.state)),
        }
    }

    /// The service's words for a path that selects nothing.
    pub(crate) fn missing(&self, path: &Path, field: &str) -> Failure {
        let (path_text, input) = (path.text(), self.scope.input);
        if path.is_of_context() {
            let place = "could not be found in the Context Object";
            return Failure::runtime(format!("The JSONPath '{path_text}' specified for the field '{field}' {place}"));
        }
        let place = format!("could not be found in the input '{input}'");
        Failure::runtime(format!("The JSONPath '{path_text}' specified for the field '{field}' {place}"))
    }
}
