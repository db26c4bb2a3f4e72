//! Text with `{{variables}}`.
//!
//! `\{{` stands for two braces that begin no variable. In JSON, where a backslash has a meaning already, an even number
//! of backslashes before the braces is part of the text, and of an odd number the last one escapes. Everywhere else two
//! backslashes right before the braces stand for one.
//!
//! A value never changes what surrounds it: in a JSON string it is escaped, outside of one a number stands as it is and
//! everything else becomes a string; a field of CSV is quoted where it has to be. Where that can't be promised, a
//! variable is refused: in the middle of an escape, or of a JSON number.

use crate::names::VariableName;

/// What a text is, as far as values have to be put into it with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, or a line of it each.
    Json,
    /// Comma-separated values.
    Csv,
    /// Anything else: values stand as they are.
    Plain,
}

impl Syntax {
    /// By a content type, whose parameters don't count.
    pub fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/csv" | "application/csv" => Self::Csv,
            "text/json"
            | "application/jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/x-ndjson"
            | "application/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Plain,
        }
    }
}

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct TemplateProblem {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A value to put in a variable's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'v> {
    /// As text. Of a number: as JSON writes it.
    pub text: &'v str,
    /// Whether it is a number.
    pub number: bool,
}

/// The variables of a text, each once, in the order in which they come first.
pub fn placeholders(template: &str, syntax: Syntax) -> Result<Vec<Placeholder>, TemplateProblem> {
    let mut found: Vec<Placeholder> = Vec::new();
    for piece in pieces(template, syntax)? {
        if let Piece::Variable { name, bare } = piece {
            match found.iter_mut().find(|known| known.name == name) {
                Some(known) => known.bare &= bare,
                None => found.push(Placeholder { name, bare }),
            }
        }
    }
    Ok(found)
}

/// A variable of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Its name.
    pub name: VariableName,
    /// Whether it stands outside of strings everywhere in JSON: what a number does.
    pub bare: bool,
}

/// The text with values in the place of its variables. A variable without a value is left empty.
pub fn fill<'v>(
    template: &str,
    syntax: Syntax,
    value: impl Fn(&VariableName) -> Option<Value<'v>>,
) -> Result<String, TemplateProblem> {
    let pieces = pieces(template, syntax)?;
    let value = |name: &VariableName| value(name).unwrap_or(Value { text: "", number: false });
    if syntax == Syntax::Csv {
        return Ok(fill_csv(&pieces, value));
    }
    let mut out = String::with_capacity(template.len());
    for piece in &pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Variable { name, bare } => {
                let value = value(name);
                match syntax {
                    Syntax::Json if *bare && value.number => out.push_str(value.text),
                    Syntax::Json if *bare => out.push_str(&json_string(value.text)),
                    Syntax::Json => {
                        let string = json_string(value.text);
                        out.push_str(&string[1..string.len() - 1]);
                    }
                    _ => out.push_str(value.text),
                }
            }
        }
    }
    Ok(out)
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| unreachable!("a text is JSON"))
}

enum Piece {
    Text(String),
    Variable {
        name: VariableName,
        /// In JSON: outside of strings.
        bare: bool,
    },
}

/// Cuts a text at its variables.
fn pieces(template: &str, syntax: Syntax) -> Result<Vec<Piece>, TemplateProblem> {
    let mut pieces = Vec::new();
    let mut around = Around::new(syntax);
    let (mut rest, mut text) = (template, String::new());
    while let Some(at) = rest.find("{{") {
        let (before, braces) = rest.split_at(at);
        let slashes = before.len() - before.trim_end_matches('\\').len();
        let kept = if syntax == Syntax::Json { slashes - slashes % 2 } else { slashes / 2 };
        let before = &before[..before.len() - slashes + kept];
        text.push_str(before);
        around.text(before);
        let after = &braces[2..];
        if slashes % 2 == 1 {
            text.push_str("{{");
            around.text("{{");
            rest = after;
            continue;
        }
        let place = |message: String, hint| at_place(template, template.len() - braces.len(), message, hint);
        let Some((name, after)) = variable(after) else {
            return Err(place(
                "two braces begin a variable here, and its name and its end are missing".into(),
                "write `{{name}}` with letters, digits and underscores, or `\\{{` for the braces themselves",
            ));
        };
        let bare =
            around.variable(after).map_err(|(message, hint)| place(format!("`{{{{{name}}}}}` {message}"), hint))?;
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Variable { name, bare });
        rest = after;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// The name and what comes after `}}`.
fn variable(text: &str) -> Option<(VariableName, &str)> {
    let (name, after) = text.split_once("}}")?;
    // `VariableName` takes white space around it; a line break there is an accident.
    let name = name.trim_matches(' ');
    let whole = !name.starts_with(char::is_whitespace) && !name.ends_with(char::is_whitespace);
    Some((VariableName::parse(name).ok().filter(|_| whole)?, after))
}

fn at_place(template: &str, offset: usize, message: String, hint: &'static str) -> TemplateProblem {
    let before = &template[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    TemplateProblem { message, hint, line, column }
}

/// What a place in a text is within.
struct Around {
    syntax: Syntax,
    state: State,
    /// The last character, or that of a variable.
    last: Option<char>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    /// In a string, or in a quoted field.
    Quoted,
    /// In a string after a backslash.
    Escape,
    /// In a string after `\u`, with so many hexadecimal digits to come.
    Hex(u8),
    /// After a quote in a quoted field: its end, unless another one follows.
    Closing,
    /// In a field that is not quoted.
    Field,
}

/// Stands for a variable in [`Around::last`]; no text has it.
const VARIABLE: char = '\u{fdd0}';

impl Around {
    fn new(syntax: Syntax) -> Self {
        Self { syntax, state: State::Outside, last: None }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.state = match self.syntax {
                Syntax::Json => json_after(self.state, c),
                Syntax::Csv => csv_after(self.state, c),
                Syntax::Plain => State::Outside,
            };
            self.last = Some(c);
        }
    }

    /// Takes note of a variable; gives whether it stands outside of strings, or why it can't stand here.
    fn variable(&mut self, after: &str) -> Result<bool, (&'static str, &'static str)> {
        let bare = match (self.syntax, self.state) {
            (Syntax::Plain, _) => false,
            (Syntax::Csv, State::Closing) => {
                return Err((
                    "stands right after a closing quote",
                    "put it within the quotes, or in a field of its own",
                ));
            }
            (Syntax::Csv, State::Quoted) => false,
            (Syntax::Csv, _) => {
                self.state = State::Field;
                false
            }
            (Syntax::Json, State::Quoted) => false,
            (Syntax::Json, State::Outside) => {
                let before = self.last.is_none_or(|c| c.is_ascii_whitespace() || "[{,:".contains(c));
                let next = after.chars().next();
                if !before || next.is_some_and(|c| !c.is_ascii_whitespace() && !",]}:".contains(c)) {
                    let hint = "let it be a value of its own between commas, or put it within quotes";
                    return Err(("stands within another value", hint));
                }
                true
            }
            (Syntax::Json, _) => return Err(("stands in the middle of an escape", "end the escape before it")),
        };
        self.last = Some(VARIABLE);
        Ok(bare)
    }
}

fn json_after(state: State, c: char) -> State {
    match (state, c) {
        (State::Quoted, '"') => State::Outside,
        (State::Quoted, '\\') => State::Escape,
        (State::Escape, 'u') => State::Hex(4),
        (State::Hex(left @ 2..), _) => State::Hex(left - 1),
        (State::Quoted | State::Escape | State::Hex(_), _) | (_, '"') => State::Quoted,
        _ => State::Outside,
    }
}

fn csv_after(state: State, c: char) -> State {
    match (state, c) {
        (State::Outside, '"') | (State::Closing, '"') => State::Quoted,
        (State::Quoted, '"') => State::Closing,
        (State::Quoted, _) => State::Quoted,
        (_, ',' | '\r' | '\n') => State::Outside,
        _ => State::Field,
    }
}

/// A field without quotes is quoted whole where a value in it has what fields are told apart by.
fn fill_csv<'v>(pieces: &[Piece], value: impl Fn(&VariableName) -> Value<'v>) -> String {
    let mut out = String::new();
    let mut state = State::Outside;
    // Where the field without quotes began in `out`, and whether it has to be quoted.
    let (mut began, mut special) = (0, false);
    let end = |out: &mut String, began: usize, special: bool| {
        if special {
            let field = out.split_off(began);
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        }
    };
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                for c in text.chars() {
                    let after = csv_after(state, c);
                    if after == State::Outside {
                        end(&mut out, began, std::mem::take(&mut special));
                    }
                    out.push(c);
                    if after == State::Outside {
                        began = out.len();
                    }
                    state = after;
                }
            }
            Piece::Variable { name, .. } => {
                let text = value(name).text;
                if state == State::Quoted {
                    out.push_str(&text.replace('"', "\"\""));
                } else {
                    special |= text.contains([',', '"', '\r', '\n']);
                    out.push_str(text);
                    state = State::Field;
                }
            }
        }
    }
    end(&mut out, began, special);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "template_tests.rs"]
mod tests;
