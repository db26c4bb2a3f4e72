//! A variable: what it is called, what it may be, and what is said about it.

use super::limits;
use crate::names::VariableName;
use serde::{Deserialize, Serialize};

/// What a variable's value may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// A line of text.
    #[default]
    Text,
    /// A number, as JSON writes it.
    Number,
    /// One of some values.
    Choice,
    /// Text of several lines.
    LongText,
}

impl VariableKind {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::Text, Self::Number, Self::Choice, Self::LongText];

    /// Its value in forms and files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Choice => "choice",
            Self::LongText => "long_text",
        }
    }

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Choice => "Choice of values",
            Self::LongText => "Long text",
        }
    }

    /// Parses [`VariableKind::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// Something to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// What stands between the braces.
    pub name: VariableName,
    /// What it may be.
    #[serde(default)]
    pub kind: VariableKind,
    /// The label of its input; empty for the name itself.
    #[serde(default)]
    pub label: String,
    /// A line below the label.
    #[serde(default)]
    pub help: String,
    /// What its input has at first.
    #[serde(default)]
    pub default: String,
    /// What there is to choose from; for [`VariableKind::Choice`] only, and then never empty.
    #[serde(default)]
    pub choices: Vec<String>,
}

impl Variable {
    /// A variable that nothing more is known of.
    pub fn new(name: VariableName, kind: VariableKind) -> Self {
        Self { name, kind, label: String::new(), help: String::new(), default: String::new(), choices: Vec::new() }
    }

    /// The label of its input: its name in words where it has no other.
    pub fn label(&self) -> String {
        if !self.label.is_empty() {
            return self.label.clone();
        }
        let words = self.name.as_str().replace('_', " ");
        let mut letters = words.trim().chars();
        match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => self.name.to_string(),
        }
    }

    /// What is wrong with a value, and what to do.
    pub fn problem(&self, value: &str) -> Option<(String, String)> {
        let length = value.chars().count();
        if length > limits::VALUE {
            let message = format!("this has {length} characters; at most {} are taken", limits::VALUE);
            return Some((message, "send less".into()));
        }
        let shown: String = value.chars().take(60).collect();
        match self.kind {
            VariableKind::Number if value.trim().is_empty() => {
                Some(("a number is missing".into(), "type one, such as 42 or -0.5".into()))
            }
            VariableKind::Number if !is_json_number(value.trim()) => {
                let hint = "write digits with a point, such as 42, -0.5 or 1e6; no leading zeros and no commas";
                Some((format!("`{shown}` is not a number"), hint.into()))
            }
            VariableKind::Choice if value.is_empty() && !self.choices.contains(&String::new()) => {
                Some(("a value is missing".into(), "choose one from the list".into()))
            }
            VariableKind::Choice if !self.choices.iter().any(|choice| choice == value) => {
                Some((format!("`{shown}` is none of the values"), "choose one from the list".into()))
            }
            VariableKind::Text if value.contains(['\n', '\r']) => {
                Some(("this has a line break".into(), "write it in one line".into()))
            }
            _ => None,
        }
    }

    /// The value as it is sent: a number without white space around it.
    pub fn sent<'v>(&self, value: &'v str) -> &'v str {
        if self.kind == VariableKind::Number { value.trim() } else { value }
    }
}

/// RFC 8259's numbers. JSON is what they are put into, and everything else takes them, too.
fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
        return false;
    }
    let mut rest = &unsigned[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variable(kind: VariableKind) -> Variable {
        let name = VariableName::parse("customer_id").unwrap_or_else(|error| panic!("{error}"));
        Variable::new(name, kind)
    }

    #[test]
    fn a_label_is_the_name_in_words_unless_there_is_one() {
        assert_eq!(variable(VariableKind::Text).label(), "Customer id");
        assert_eq!(Variable { label: "Which one".into(), ..variable(VariableKind::Text) }.label(), "Which one");
    }

    #[test]
    fn a_value_is_checked_by_its_kind() {
        let number = variable(VariableKind::Number);
        for good in ["0", "-0.5", " 42 ", "1e6", "1.5E-3"] {
            assert_eq!(number.problem(good), None, "{good}");
        }
        for bad in ["", "007", "1,5", "+1", ".5", "1.", "1e", "NaN", "0x1", "1 2"] {
            assert!(number.problem(bad).is_some(), "{bad}");
        }
        let choice = Variable { choices: vec!["a".into(), "b".into()], ..variable(VariableKind::Choice) };
        assert_eq!((choice.problem("b"), choice.problem("c").is_some()), (None, true));
        assert!(variable(VariableKind::Text).problem("a\nb").is_some());
        assert_eq!(variable(VariableKind::LongText).problem("a\nb"), None);
        assert!(variable(VariableKind::LongText).problem(&"x".repeat(limits::VALUE + 1)).is_some());
    }

    proptest! {
        #[test]
        fn a_number_is_one_where_json_has_it(text in "[-+0-9.eE]{0,8}") {
            let json = serde_json::from_str::<serde_json::Value>(&text).is_ok() || text.contains(['e', 'E']);
            prop_assert!(!is_json_number(&text) || json);
            prop_assert!(is_json_number(&text) || serde_json::from_str::<serde_json::Value>(&text).is_err());
        }
    }
}
