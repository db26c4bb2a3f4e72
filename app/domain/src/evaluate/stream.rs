//! Takes scenarios apart that come one after the other: one a line, or printed over several lines, or both. Only as
//! much as one scenario is held.
//!
//! What is between the braces is not looked at here, only where an object ends. When one does not end where it should,
//! the next line that starts with `{` is taken for the next scenario, so that a fault in one does not cost another.

use super::bounds::MAX_SCENARIO_BYTES;
use super::scenario::{FaultKind, ScenarioError};
use crate::policy::json;
use serde_json::Value;

/// A part of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The text of an object, and where it starts.
    Object {
        /// The object, as written.
        text: String,
        /// The line of the stream it starts on, from 1.
        line: usize,
        /// The column it starts at in characters, from 1.
        column: usize,
    },
    /// Something else, which can't be a scenario.
    Broken {
        /// Why.
        error: ScenarioError,
        /// The `id` as far as it can be read, for whoever looks for the answer; else null.
        id: Value,
    },
}

/// Deeper objects are given up; the parser refuses them anyway.
const MAX_OPEN: usize = 64;

/// Takes a stream apart, line by line.
#[derive(Debug, Default)]
pub struct Splitter {
    lines: usize,
    held: Option<Held>,
    /// After an object that was given up: its further lines belong to the same fault.
    skipping: bool,
    /// How many lines were read, those read again included.
    #[cfg(test)]
    fed: usize,
}

/// An object that has begun.
#[derive(Debug)]
struct Held {
    text: String,
    line: usize,
    column: usize,
    /// The brackets that are open.
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// The last character that is neither white space nor in a string.
    last: u8,
    /// Later lines that start with `{`: where in the text, and which line.
    restarts: Vec<(usize, usize)>,
}

/// How an object goes on.
enum Step {
    Goes,
    Ends,
    Breaks,
}

impl Splitter {
    /// The start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, without its line break.
    pub fn line(&mut self, line: &str, each: &mut impl FnMut(Piece)) {
        self.lines += 1;
        let line = if self.lines == 1 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        self.feed(line, self.lines, each);
    }

    /// Takes note of a line that can't be a text, or is too long to be read.
    /// `text` is what could be read of it.
    pub fn unreadable_line(&mut self, kind: FaultKind, message: &str, text: &str, each: &mut impl FnMut(Piece)) {
        self.lines += 1;
        self.give_up(each);
        self.skipping = false;
        each(Piece::Broken { error: broken(kind, message.to_owned(), self.lines, 1), id: told_id(text) });
    }

    /// The stream has ended.
    pub fn finish(&mut self, each: &mut impl FnMut(Piece)) {
        while self.held.is_some() {
            self.give_up(each);
        }
    }

    fn feed(&mut self, line: &str, number: usize, each: &mut impl FnMut(Piece)) {
        #[cfg(test)]
        {
            self.fed += 1;
        }
        if line.starts_with('{') {
            while self.held.as_ref().is_some_and(|held| !held.may_open()) {
                self.give_up(each);
            }
            self.skipping = false;
            if let Some(held) = &mut self.held {
                held.restarts.push((held.text.len(), number));
            }
        }
        let mut rest = line;
        while !rest.is_empty() {
            let column = 1 + line[..line.len() - rest.len()].chars().count();
            let after = match &mut self.held {
                None => self.begin(rest, number, column, each),
                Some(_) => self.go_on(rest, each),
            };
            let Some(after) = after else { return };
            rest = after;
        }
        let Some(held) = &mut self.held else { return };
        if held.in_string {
            self.give_up(each);
        } else if held.text.len() > MAX_SCENARIO_BYTES {
            let piece = Piece::Broken { error: too_large(held.line, held.column), id: told_id(&held.text) };
            self.held = None;
            self.skipping = true;
            each(piece);
        } else {
            held.text.push('\n');
        }
    }

    /// Between objects: gives what follows what was read, or nothing where the rest of the line does not count.
    fn begin<'a>(
        &mut self,
        rest: &'a str,
        line: usize,
        column: usize,
        each: &mut impl FnMut(Piece),
    ) -> Option<&'a str> {
        let text = rest.trim_start();
        if text.is_empty() || self.skipping {
            return None;
        }
        let column = column + rest[..rest.len() - text.len()].chars().count();
        if !text.starts_with('{') {
            let message = "expected a scenario, which is a JSON object: one a line, or one after the other".to_owned();
            each(Piece::Broken { error: broken(FaultKind::InvalidJson, message, line, column), id: Value::Null });
            return None;
        }
        self.held = Some(Held {
            text: String::new(),
            line,
            column,
            open: Vec::new(),
            in_string: false,
            escaped: false,
            last: 0,
            restarts: Vec::new(),
        });
        Some(text)
    }

    /// Within an object: gives what follows its end, or nothing where it is given up.
    fn go_on<'a>(&mut self, rest: &'a str, each: &mut impl FnMut(Piece)) -> Option<&'a str> {
        let held = self.held.as_mut()?;
        for (at, byte) in rest.bytes().enumerate() {
            match held.step(byte) {
                Step::Goes => {}
                Step::Ends => {
                    held.text.push_str(&rest[..=at]);
                    if let Some(Held { text, line, column, .. }) = self.held.take() {
                        each(if text.len() > MAX_SCENARIO_BYTES {
                            Piece::Broken { error: too_large(line, column), id: told_id(&text) }
                        } else {
                            Piece::Object { text, line, column }
                        });
                    }
                    return Some(&rest[at + 1..]);
                }
                Step::Breaks => {
                    held.text.push_str(rest);
                    self.give_up(each);
                    return None;
                }
            }
        }
        held.text.push_str(rest);
        Some("")
    }

    /// Reports the held object as broken, and reads again what may have been swallowed by it.
    fn give_up(&mut self, each: &mut impl FnMut(Piece)) {
        let Some(held) = self.held.take() else { return };
        self.skipping = true;
        let error = match json::parse(held.text.trim_end()) {
            Err(error) => ScenarioError::json(error).moved(held.line, held.column),
            Ok(_) => broken(FaultKind::InvalidJson, "this is not JSON".to_owned(), held.line, held.column),
        };
        each(Piece::Broken { error, id: told_id(&held.text) });
        if let Some((start, first)) = held.restarts.first() {
            let swallowed: Vec<&str> = held.text[*start..].split('\n').collect();
            let last = swallowed.len() - 1;
            for (index, line) in swallowed.into_iter().enumerate() {
                // The text of a line that is still being read may be empty here.
                if index < last || !line.is_empty() {
                    self.feed(line, first + index, each);
                }
            }
        }
    }
}

impl Held {
    /// Whether an object may start here: as an element of a list, or as the value of a key.
    fn may_open(&self) -> bool {
        match self.last {
            b'[' | b':' => true,
            b',' => self.open.last() == Some(&b'['),
            _ => false,
        }
    }

    fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return Step::Goes;
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
        let opener = match byte {
            b'"' => {
                self.in_string = true;
                return Step::Goes;
            }
            b'{' | b'[' => {
                self.open.push(byte);
                return if self.open.len() > MAX_OPEN { Step::Breaks } else { Step::Goes };
            }
            b'}' => b'{',
            b']' => b'[',
            _ => return Step::Goes,
        };
        if self.open.pop() != Some(opener) {
            return Step::Breaks;
        }
        if self.open.is_empty() { Step::Ends } else { Step::Goes }
    }
}

fn broken(kind: FaultKind, message: String, line: usize, column: usize) -> ScenarioError {
    ScenarioError { kind, message, path: String::new(), line, column }
}

fn too_large(line: usize, column: usize) -> ScenarioError {
    broken(FaultKind::TooLarge, format!("a scenario has at most {MAX_SCENARIO_BYTES} bytes"), line, column)
}

/// The `id` of an object that is no JSON, where one can be read all the same: a key of the outermost object with a
/// string or a number.
pub(super) fn told_id(text: &str) -> Value {
    let mut depth = 0_i64;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '}', ']', '"']) {
        let (token, after) = (rest.as_bytes()[at], &rest[at + 1..]);
        rest = match token {
            b'{' | b'[' => {
                depth += 1;
                after
            }
            b'"' => {
                let Some(end) = end_of_string(after) else { return Value::Null };
                let (key, value) = (&after[..end], after[end + 1..].trim_start().strip_prefix(':'));
                match value {
                    Some(value) if depth == 1 && key == "id" => return scalar(value.trim_start()),
                    _ => &after[end + 1..],
                }
            }
            _ => {
                depth -= 1;
                after
            }
        };
    }
    Value::Null
}

/// Where the closing quote of a string is.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// A string or a number at the start of a text.
fn scalar(text: &str) -> Value {
    let end = match text.strip_prefix('"') {
        Some(inner) => end_of_string(inner).map_or(0, |end| end + 2),
        None => text.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(text.len()),
    };
    let value = serde_json::from_str(&text[..end]).unwrap_or_default();
    if matches!(value, Value::String(_) | Value::Number(_)) { value } else { Value::Null }
}

impl ScenarioError {
    /// The same fault of a text that starts at a place within another.
    pub(super) fn moved(mut self, line: usize, column: usize) -> Self {
        if self.line == 1 {
            self.column += column - 1;
        }
        if self.line > 0 {
            self.line += line - 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pieces(lines: &[&str]) -> Vec<String> {
        let mut told = Vec::new();
        let mut each = |piece: Piece| {
            told.push(match piece {
                Piece::Object { text, line, column } => format!("{line}:{column} {text}"),
                Piece::Broken { error, .. } => format!("{}:{} broken", error.line, error.column),
            });
        };
        let mut splitter = Splitter::new();
        for line in lines {
            splitter.line(line, &mut each);
        }
        splitter.finish(&mut each);
        told
    }

    #[test]
    fn objects_are_told_apart_however_they_are_printed() {
        assert_eq!(
            pieces(&["\u{feff}{\"a\":1}", "", "  {", "  \"b\": \"}\\\"{\"", "  }", "{\"c\":[]} {\"d\":{}}\r"]),
            ["1:1 {\"a\":1}", "3:3 {\n  \"b\": \"}\\\"{\"\n  }", "6:1 {\"c\":[]}", "6:10 {\"d\":{}}"]
        );
        assert_eq!(pieces(&["{\"a\":[", "{\"b\":1},", "{\"c\":", "{}}]}"]).len(), 1);
        assert!(pieces(&["", " \t"]).is_empty());
    }

    #[test]
    fn a_broken_object_does_not_cost_the_next() {
        let good = "{\"id\":\"b\"}";
        for broken in
            ["{\"id\":\"a\"", "{\"id\":\"a\",", "{\"id\":\"a", "{\"id\":[\"a\"}", "nonsense", "[", "]", "\"", "{{"]
        {
            let told = pieces(&[broken, good]);
            assert_eq!(told.len(), 2, "{broken}: {told:?}");
            assert!(told[0].ends_with("broken") && told[1] == format!("2:1 {good}"), "{broken}: {told:?}");
        }
        // Here the next one could go on the list, and is given back when the list does not end.
        let told = pieces(&["{\"id\":\"a\",\"list\":[", good, good]);
        assert_eq!(told, ["2:11 broken".to_owned(), format!("2:1 {good}"), format!("3:1 {good}")]);
    }

    #[test]
    fn the_id_of_what_is_broken_is_told_where_it_can_be_read() {
        for (text, id) in [
            (r#"{"id":"a","#, json!("a")),
            (r#"{"x":{"id":1},"y":["id:\"",{}], "id" : "b\"c" ,,"#, json!("b\"c")),
            (r#"{"id": 7.5, x}"#, json!(7.5)),
            (r#"{"id":{"id":1}}"#, Value::Null),
            (r#"{"id":true}"#, Value::Null),
            (r#"{"id":"a"#, Value::Null),
            (r#"{"id"#, Value::Null),
            (r#"{"a":"id"}"#, Value::Null),
            ("}}{\"id\":1", Value::Null),
        ] {
            assert_eq!(told_id(text), id, "{text}");
        }
    }

    #[test]
    fn the_lines_of_one_broken_object_are_one_fault() {
        let told = pieces(&["{", "  \"a\": [1, 2},", "  \"b\": 3", "}", "{}"]);
        assert_eq!(told, ["2:13 broken", "5:1 {}"]);
    }

    #[test]
    fn what_is_too_large_or_no_text_is_refused_and_passed_over() {
        let mut told = Vec::new();
        let mut each = |piece| told.push(piece);
        let mut splitter = Splitter::new();
        let long = " ".repeat(MAX_SCENARIO_BYTES / 4);
        splitter.line("{", &mut each);
        for _ in 0..5 {
            splitter.line(&long, &mut each);
        }
        splitter.line("}", &mut each);
        splitter.unreadable_line(FaultKind::InvalidJson, "this line is not UTF-8", "{\"id\":8", &mut each);
        splitter.line("{}", &mut each);
        let [Piece::Broken { error: large, .. }, Piece::Broken { error: line, id }, Piece::Object { line: 9, .. }] =
            told.as_slice()
        else {
            panic!("{told:?}")
        };
        assert_eq!((large.kind, large.line, line.line, id), (FaultKind::TooLarge, 1, 8, &json!(8)));
    }

    #[test]
    fn many_openings_that_never_end_are_read_a_bounded_number_of_times() {
        let mut told = 0;
        let mut each = |_| told += 1;
        let mut splitter = Splitter::new();
        for _ in 0..MAX_OPEN {
            splitter.line("{\"a\":[", &mut each);
        }
        for _ in 0..5_000 {
            splitter.line("{\"a\":[],", &mut each);
        }
        splitter.finish(&mut each);
        assert!(splitter.fed <= (MAX_OPEN + 2) * 5_100, "{} lines were read", splitter.fed);
        assert!(told <= 5_000 + 2 * MAX_OPEN, "{told} pieces");
    }
}
