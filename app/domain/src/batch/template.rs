//! A row's values in a text with `{{column}}` in it. A value never changes what surrounds it: in a JSON string it is
//! escaped, outside of one a number stands as it is and everything else becomes a string; a field of CSV is quoted where it
//! has to be; anywhere else it stands as it is. `\{{` stands for two braces that begin no column.

use serde_json::{Number, Value};

/// What a text is, as far as values have to be put into it with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, or a line of it each.
    Json,
    /// Comma-separated values.
    Csv,
    /// Anything else.
    Plain,
}

impl Syntax {
    /// By a content type, whose parameters don't count.
    pub fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/csv" | "application/csv" => Self::Csv,
            other if other.contains("json") || other.contains("ndjson") => Self::Json,
            _ => Self::Plain,
        }
    }
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// Braces that are not closed.
    #[error("`{{{{` on line {line} begins a column's name, and `}}}}` is missing")]
    Open {
        /// The line, from 1.
        line: usize,
    },
    /// A column that the file has not.
    #[error("the file has no column `{name}`")]
    Unknown {
        /// Its name.
        name: String,
    },
}

/// One value of a row.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'r> {
    /// A field of CSV.
    Text(&'r str),
    /// A member of a JSON object.
    Json(&'r Value),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Which column, and whether it stands outside of JSON's strings.
    Column {
        index: usize,
        bare: bool,
    },
}

/// A text with columns in it, taken apart once for all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    syntax: Syntax,
    pieces: Vec<Piece>,
}

impl Template {
    /// Takes a text apart.
    ///
    /// # Errors
    /// Braces without an end, or a name that is none of `columns`.
    pub fn parse(text: &str, syntax: Syntax, columns: &[String]) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let (mut rest, mut plain) = (text, String::new());
        let mut within = Within::default();
        while let Some(at) = rest.find("{{") {
            let (before, braces) = rest.split_at(at);
            let after = &braces[2..];
            if let Some(before) = before.strip_suffix('\\') {
                within.read(before);
                plain.push_str(before);
                plain.push_str("{{");
                rest = after;
                continue;
            }
            within.read(before);
            plain.push_str(before);
            let line = text[..text.len() - braces.len()].matches('\n').count() + 1;
            let (name, after) = after.split_once("}}").ok_or(TemplateProblem::Open { line })?;
            let name = name.trim();
            let index = columns.iter().position(|column| column == name);
            let index = index.ok_or_else(|| TemplateProblem::Unknown { name: name.to_owned() })?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Column { index, bare: !within.string });
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { syntax, pieces })
    }

    /// The text of a row; a column that the row has not is left empty, and outside of a string in JSON it is `null`.
    pub fn fill<'r>(&self, cell: impl Fn(usize) -> Option<Cell<'r>>) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Column { index, bare } => {
                    let cell = cell(*index);
                    match self.syntax {
                        Syntax::Json if *bare => out.push_str(&as_json(cell)),
                        Syntax::Json => {
                            let string = json_string(&as_text(cell));
                            out.push_str(&string[1..string.len() - 1]);
                        }
                        Syntax::Csv => out.push_str(&quoted(&as_text(cell))),
                        Syntax::Plain => out.push_str(&as_text(cell)),
                    }
                }
            }
        }
        out
    }
}

/// Whether a place is in one of JSON's strings.
#[derive(Default)]
struct Within {
    string: bool,
    escaped: bool,
}

impl Within {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' if self.string => self.escaped = true,
                '"' => self.string = !self.string,
                _ => {}
            }
        }
    }
}

fn as_text(cell: Option<Cell<'_>>) -> String {
    match cell {
        None | Some(Cell::Json(Value::Null)) => String::new(),
        Some(Cell::Text(text)) => text.to_owned(),
        Some(Cell::Json(Value::String(text))) => text.clone(),
        Some(Cell::Json(other)) => other.to_string(),
    }
}

fn as_json(cell: Option<Cell<'_>>) -> String {
    match cell {
        None => "null".into(),
        Some(Cell::Json(value)) => value.to_string(),
        Some(Cell::Text(text)) if serde_json::from_str::<Number>(text.trim()).is_ok() => text.trim().to_owned(),
        Some(Cell::Text(text)) => json_string(text),
    }
}

fn json_string(text: &str) -> String {
    Value::from(text).to_string()
}

/// A field of CSV after RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn columns() -> Vec<String> {
        ["id", "text", "full name"].map(str::to_owned).into()
    }

    fn filled(template: &str, syntax: Syntax, row: &[&str]) -> String {
        Template::parse(template, syntax, &columns()).unwrap().fill(|at| row.get(at).copied().map(Cell::Text))
    }

    #[test]
    fn a_value_changes_nothing_around_it() {
        let row = ["7", "say \"hi\",\n\\", "Ada"];
        let json =
            filled(r#"{"n": {{id}}, "t": "<{{ text }}>", "q": {{text}}, "x": {{full name}}}"#, Syntax::Json, &row);
        let parsed: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed, json!({"n": 7, "t": "<say \"hi\",\n\\>", "q": "say \"hi\",\n\\", "x": "Ada"}));
        assert_eq!(filled("{{id}},{{text}},1", Syntax::Csv, &row), "7,\"say \"\"hi\"\",\n\\\",1");
        assert_eq!(filled("{{id}}: {{text}}", Syntax::Plain, &row), "7: say \"hi\",\n\\");
    }

    #[test]
    fn what_a_row_has_not_is_nothing() {
        assert_eq!(filled(r#"[{{id}}, {{text}}, "{{text}}"]"#, Syntax::Json, &["007"]), r#"["007", null, ""]"#);
    }

    #[test]
    fn members_of_objects_stand_as_json_outside_of_strings() {
        let value = json!([1, {"a": true}]);
        let template = Template::parse(r#"{"x": {{text}}, "y": "{{text}}"}"#, Syntax::Json, &columns()).unwrap();
        let json = template.fill(|_| Some(Cell::Json(&value)));
        assert_eq!(json, r#"{"x": [1,{"a":true}], "y": "[1,{\"a\":true}]"}"#);
    }

    #[test]
    fn braces_can_be_meant_as_they_are_and_others_are_refused_with_their_place() {
        assert_eq!(filled(r"\{{id}} {{id}}", Syntax::Plain, &["1"]), "{{id}} 1");
        let problem = |text: &str| Template::parse(text, Syntax::Plain, &columns()).unwrap_err().to_string();
        assert_eq!(problem("a\n{{id"), "`{{` on line 2 begins a column's name, and `}}` is missing");
        assert_eq!(problem("{{idd}}"), "the file has no column `idd`");
    }

    #[test]
    fn a_content_type_says_what_a_text_is() {
        for (kind, syntax) in [
            ("text/csv; charset=utf-8", Syntax::Csv),
            ("application/jsonlines", Syntax::Json),
            ("application/x-image", Syntax::Plain),
        ] {
            assert_eq!(Syntax::of(kind), syntax, "{kind}");
        }
    }
}
