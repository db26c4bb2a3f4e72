//! Two answers to the same request side by side: what differs in their bodies.
//!
//! JSON is compared by its structure and tables of numbers cell by cell, where both sides are that; anything else line by
//! line. Numbers count as they are written, and how far apart two of them are is told beside it.

mod form;

pub use form::{CompareForm, CompareSide};

use super::InvokeAnswer;
use crate::policy::json::{self, Kind, Node};
use crate::share::diff::{DiffLine, LineMark, diff_lines};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The most differences that are told one by one; the rest is counted.
pub const MOST_CHANGES: usize = 500;
/// The most lines of one side that are compared as lines: the table behind it grows with their square.
pub const MOST_LINES: usize = 2_000;
/// The most of a text that is told, in characters.
const BRIEF: usize = 200;

/// How two bodies differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Difference {
    /// Not by a byte.
    Same,
    /// Both are JSON. Without a change only white space or the order of members differs.
    Json(Changes),
    /// Both are rows of numbers.
    Table(Changes),
    /// Both are text.
    Lines {
        /// The lines of both.
        lines: Vec<DiffLine>,
    },
    /// They differ, and not in a way that could be told: one is no text, or has more than [`MOST_LINES`] lines.
    Untold,
}

/// What differs, in the order in which it is found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// At most [`MOST_CHANGES`].
    pub changes: Vec<Change>,
    /// How many more there are.
    pub more: usize,
}

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where: `$.predictions[0].score`, or `row 2, column 3`.
    pub at: String,
    /// What is there on the left, in brief; `None` where nothing is.
    pub left: Option<String>,
    /// What is there on the right.
    pub right: Option<String>,
    /// For two numbers: their difference, as a part of the larger one by size; 0 where only the way they are written
    /// differs.
    pub relative: Option<f64>,
}

/// Compares the bodies of two answers.
pub fn compare(left: &InvokeAnswer, right: &InvokeAnswer) -> Difference {
    match (&left.text, &right.text) {
        (Some(left), Some(right)) => compare_texts(left, right),
        // A body that is too large to be handed on is in neither.
        (None, None) if left.base64.is_some() && left.base64 == right.base64 => Difference::Same,
        _ => Difference::Untold,
    }
}

fn compare_texts(left: &str, right: &str) -> Difference {
    if left == right {
        return Difference::Same;
    }
    let mut changes = Changes::default();
    if let (Some(left), Some(right)) = (table(left), table(right)) {
        changes.rows(&left, &right);
        return Difference::Table(changes);
    }
    if let (Ok(left), Ok(right)) = (json::parse(left), json::parse(right)) {
        changes.nodes("$", &left, &right);
        return Difference::Json(changes);
    }
    if left.lines().count().max(right.lines().count()) > MOST_LINES {
        return Difference::Untold;
    }
    let lines = diff_lines(left, right);
    // What is left then is the kind of line ends.
    if lines.iter().all(|line| line.mark == LineMark::Same) { Difference::Untold } else { Difference::Lines { lines } }
}

/// Rows of cells, where all of them are numbers; `None` where one is not, or there is none.
fn table(text: &str) -> Option<Vec<Vec<&str>>> {
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').map(str::trim).collect()).collect();
    (!rows.is_empty() && rows.iter().flatten().all(|cell| number(cell).is_some())).then_some(rows)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// How far two numbers are apart, as a part of the larger one by size.
fn relative(left: &str, right: &str) -> Option<f64> {
    let (left, right) = (number(left)?, number(right)?);
    let largest = left.abs().max(right.abs());
    if left == right { Some(0.0) } else { Some((left / largest - right / largest).abs()) }
}

impl Changes {
    fn push(&mut self, at: impl FnOnce() -> String, left: Option<String>, right: Option<String>, apart: Option<f64>) {
        if self.changes.len() < MOST_CHANGES {
            self.changes.push(Change { at: at(), left, right, relative: apart });
        } else {
            self.more += 1;
        }
    }

    fn rows(&mut self, left: &[Vec<&str>], right: &[Vec<&str>]) {
        for row in 0..left.len().max(right.len()) {
            let (left, right) = (left.get(row), right.get(row));
            let width = left.map_or(0, Vec::len).max(right.map_or(0, Vec::len));
            for column in 0..width {
                let cell =
                    |row: Option<&Vec<&str>>| row.and_then(|cells| cells.get(column)).map(|cell| (*cell).to_owned());
                let (left, right) = (cell(left), cell(right));
                if left != right {
                    let apart = left.as_deref().zip(right.as_deref()).and_then(|(left, right)| relative(left, right));
                    self.push(|| format!("row {}, column {}", row + 1, column + 1), left, right, apart);
                }
            }
        }
    }

    fn nodes(&mut self, at: &str, left: &Node, right: &Node) {
        match (&left.kind, &right.kind) {
            (Kind::Object(members), Kind::Object(others)) => {
                // By name in a map: a model may answer with as many members as it likes.
                let mut on_the_right: HashMap<&str, &Node> =
                    others.iter().map(|other| (other.key.as_str(), &other.value)).collect();
                for member in members {
                    let at = format!("{at}{}", step(&member.key));
                    match on_the_right.remove(member.key.as_str()) {
                        Some(other) => self.nodes(&at, &member.value, other),
                        None => self.push(|| at, Some(brief(&member.value)), None, None),
                    }
                }
                for other in others.iter().filter(|other| on_the_right.contains_key(other.key.as_str())) {
                    self.push(|| format!("{at}{}", step(&other.key)), None, Some(brief(&other.value)), None);
                }
            }
            (Kind::List(values), Kind::List(others)) => {
                for index in 0..values.len().max(others.len()) {
                    let at = format!("{at}[{index}]");
                    match (values.get(index), others.get(index)) {
                        (Some(value), Some(other)) => self.nodes(&at, value, other),
                        (value, other) => self.push(|| at, value.map(brief), other.map(brief), None),
                    }
                }
            }
            (Kind::Number(left), Kind::Number(right)) if left != right => {
                self.push(|| at.to_owned(), Some(left.clone()), Some(right.clone()), relative(left, right));
            }
            (left_kind, right_kind) if left_kind != right_kind => {
                self.push(|| at.to_owned(), Some(brief(left)), Some(brief(right)), None);
            }
            _ => {}
        }
    }
}

/// A member's step in a path: `.score`, or `["a b"]`.
fn step(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !key.is_empty() && key.chars().all(plain) { format!(".{key}") } else { format!("[{}]", text(key)) }
}

/// A value in a few words.
fn brief(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.clone(),
        Kind::Text(value) => text(value),
        Kind::List(values) => format!("a list of {}", values.len()),
        Kind::Object(members) => format!("an object of {}", members.len()),
    }
}

/// A text in quotes, cut where it is long.
fn text(value: &str) -> String {
    let cut = value.char_indices().nth(BRIEF).map_or(value.len(), |(at, _)| at);
    let more = if cut < value.len() { "…" } else { "" };
    serde_json::Value::from(format!("{}{more}", &value[..cut])).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(at: &str, left: Option<&str>, right: Option<&str>, relative: Option<f64>) -> Change {
        Change { at: at.into(), left: left.map(Into::into), right: right.map(Into::into), relative }
    }

    #[test]
    fn json_is_compared_by_its_structure() {
        let left = r#"{"score": 0.5, "label": "yes", "all": [1, 2, 3], "old": {"a": 1}, "x y": null, "n": 1.0}"#;
        let right = r#"{"label": "no", "score": 0.25, "all": [1, 3], "x y": [true], "new": "é", "n": 1.00}"#;
        let Difference::Json(found) = compare_texts(left, right) else { panic!("both are JSON") };
        let expected = [
            change("$.score", Some("0.5"), Some("0.25"), Some(0.5)),
            change("$.label", Some("\"yes\""), Some("\"no\""), None),
            change("$.all[1]", Some("2"), Some("3"), Some(1.0 - 2.0 / 3.0)),
            change("$.all[2]", Some("3"), None, None),
            change("$.old", Some("an object of 1"), None, None),
            change("$[\"x y\"]", Some("null"), Some("a list of 1"), None),
            change("$.n", Some("1.0"), Some("1.00"), Some(0.0)),
            change("$.new", None, Some("\"é\""), None),
        ];
        assert_eq!(found.changes.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.changes.iter().zip(&expected) {
            let near = found.relative.zip(expected.relative).is_none_or(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near && Change { relative: expected.relative, ..found.clone() } == *expected, "{found:?}");
        }
        assert_eq!(found.more, 0);
    }

    #[test]
    fn white_space_and_the_order_of_members_are_no_change_of_json() {
        let reordered = compare_texts(r#"{"a": 1, "b": []}"#, "{\"b\":[],\n\"a\":1}");
        assert_eq!(reordered, Difference::Json(Changes::default()));
    }

    #[test]
    fn rows_of_numbers_are_compared_cell_by_cell() {
        let Difference::Table(found) = compare_texts("1,2.5\n3,4\n", "1,5\n3\n7") else { panic!("both are tables") };
        let expected = [
            change("row 1, column 2", Some("2.5"), Some("5"), Some(0.5)),
            change("row 2, column 2", Some("4"), None, None),
            change("row 3, column 1", None, Some("7"), None),
        ];
        assert_eq!(found.changes, expected);
    }

    #[test]
    fn text_is_compared_line_by_line_and_what_can_not_be_told_is_said_to_differ() {
        let Difference::Lines { lines } = compare_texts("a\nb", "a\nc") else { panic!("text") };
        assert_eq!(lines.len(), 3);
        assert_eq!(compare_texts("a\n", "a\r\n"), Difference::Untold);
        assert_eq!(compare_texts(&"a\n".repeat(MOST_LINES + 1), "b"), Difference::Untold);
        assert_eq!(compare_texts("a", "a"), Difference::Same);
        // Not numbers that can be told apart by size.
        assert!(matches!(compare_texts("NaN,1", "inf,1"), Difference::Lines { .. }));
    }

    #[test]
    fn more_changes_than_can_be_read_are_counted() {
        let row = |value: &str| vec![value; MOST_CHANGES + 7].join(",");
        let Difference::Table(found) = compare_texts(&row("1"), &row("2")) else { panic!("both are tables") };
        assert_eq!((found.changes.len(), found.more), (MOST_CHANGES, 7));
        let long = compare_texts(&format!("{{\"a\": \"{}\"}}", "é".repeat(500)), "{}");
        let Difference::Json(found) = long else { panic!("both are JSON") };
        assert_eq!(found.changes[0].left.as_ref().map(|left| left.chars().count()), Some(BRIEF + 3));
    }

    proptest! {
        #[test]
        fn numbers_are_at_most_twice_the_larger_one_apart(left in any::<f64>(), right in any::<f64>()) {
            let (left, right) = (left.to_string(), right.to_string());
            if let Some(apart) = relative(&left, &right) {
                prop_assert!((0.0..=2.0).contains(&apart), "{}", apart);
                prop_assert_eq!(Some(apart), relative(&right, &left));
            }
        }
    }
}
