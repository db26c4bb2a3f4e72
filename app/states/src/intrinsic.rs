//! Intrinsic functions: `States.Format('{}-{}', $.name, States.UUID())`, read once and worked out at each use.
//!
//! Source: Step Functions developer guide, "Intrinsic functions for JSONPath states"; specification, "Intrinsic
//! Functions" and appendix B.

mod arrays;
mod functions;

use crate::failure::Failure;
use crate::limits::INTRINSIC_NESTING;
use crate::path::Path;
use crate::template::Evaluation;
use functions::Function;
use serde_json::{Number, Value};

/// A call of a function.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// As it is written, for the messages.
    text: String,
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone)]
enum Argument {
    Literal(Value),
    /// A text in single quotes: its value, and the pieces between the `{}` that were not escaped.
    Text {
        value: String,
        pieces: Vec<String>,
    },
    Path(Path),
    Call(Call),
}

impl Call {
    /// `None` for a text that is no call, calls no function of the language, or nests them too deeply.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let call = reader.call(1)?;
        reader.rest.trim().is_empty().then_some(call)
    }

    /// What the function gives.
    pub(crate) fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> Result<Value, Failure> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(match argument {
                Argument::Literal(value) => value.clone(),
                Argument::Text { value, .. } => Value::String(value.clone()),
                Argument::Call(call) => call.evaluate(evaluation)?,
                Argument::Path(path) => evaluation.read(path)?.ok_or_else(|| self.missing(path, evaluation))?,
            });
        }
        let pieces = match self.arguments.first() {
            Some(Argument::Text { pieces, .. }) => Some(pieces.as_slice()),
            _ => None,
        };
        let result = self.function.apply(&values, pieces, evaluation.random).map_err(|reason| self.fails(&reason))?;
        if let Value::String(text) = &result {
            evaluation.spend(text.len())?;
        }
        Ok(result)
    }

    fn fails(&self, reason: &str) -> Failure {
        Failure::intrinsic(format!("The function '{}' had the following error: {reason}", self.text))
    }

    fn missing(&self, path: &Path, evaluation: &Evaluation<'_>) -> Failure {
        let (path, input) = (path.text(), evaluation.scope.input);
        let reason = format!("The JsonPath argument for the field '{path}' could not be found in the input '{input}'");
        Failure::runtime(format!("The function '{}' had the following error: {reason}", self.text))
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn call(&mut self, depth: usize) -> Option<Call> {
        if depth > INTRINSIC_NESTING {
            return None;
        }
        let whole = self.rest.trim_start();
        let open = whole.find('(')?;
        let function = Function::parse(whole[..open].trim_end())?;
        self.rest = &whole[open + 1..];
        let mut arguments = Vec::new();
        if !self.skip(')') {
            loop {
                arguments.push(self.argument(depth)?);
                if self.skip(')') {
                    break;
                }
                if !self.skip(',') {
                    return None;
                }
            }
        }
        let text = whole[..whole.len() - self.rest.len()].to_owned();
        function.takes(arguments.len()).then_some(Call { text, function, arguments })
    }

    fn skip(&mut self, c: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn argument(&mut self, depth: usize) -> Option<Argument> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '\'' => self.text(),
            '$' => self.path(),
            'S' => self.call(depth + 1).map(Argument::Call),
            _ => {
                let end = self.rest.find([',', ')']).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                literal(word.trim()).map(Argument::Literal)
            }
        }
    }

    fn text(&mut self) -> Option<Argument> {
        let (mut value, mut pieces) = (String::new(), vec![String::new()]);
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            let (c, piece) = match c {
                '\'' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(Argument::Text { value, pieces });
                }
                '\\' => {
                    let (_, escaped) = chars.next().filter(|(_, c)| matches!(c, '\'' | '{' | '}' | '\\'))?;
                    (escaped, pieces.last_mut()?)
                }
                '{' if chars.next_if(|(_, next)| *next == '}').is_some() => {
                    value.push_str("{}");
                    pieces.push(String::new());
                    continue;
                }
                c => (c, pieces.last_mut()?),
            };
            value.push(c);
            piece.push(c);
        }
        None
    }

    /// A path ends at the comma or parenthesis that is in no bracket and no quotes.
    fn path(&mut self) -> Option<Argument> {
        let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
        let ends = |(_, c): &(usize, char)| {
            match (quote, *c) {
                _ if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), c) => quote = (open != c).then_some(open),
                (None, '\'' | '"') if depth > 0 => quote = Some(*c),
                (None, '[' | '(') => depth += 1,
                (None, ',' | ')') if depth == 0 => return true,
                (None, ']' | ')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            false
        };
        let end = self.rest.char_indices().find(ends).map_or(self.rest.len(), |(at, _)| at);
        let (path, rest) = self.rest.split_at(end);
        self.rest = rest;
        Path::parse(path.trim_end()).map(Argument::Path)
    }
}

fn literal(word: &str) -> Option<Value> {
    match word {
        "null" => Some(Value::Null),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        number => serde_json::from_str::<Number>(number).ok().map(Value::Number),
    }
}

#[cfg(test)]
mod tests;
