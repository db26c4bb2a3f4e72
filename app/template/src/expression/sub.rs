//! The text of an `Fn::Sub`.

use super::Expression;
use std::collections::BTreeMap;

/// An `Fn::Sub`: a text with variables, and the values of some of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Sub {
    /// The text as written.
    pub text: String,
    /// The text in pieces.
    pub pieces: Vec<Piece>,
    /// The variables that the template gives a value next to the text.
    pub variables: BTreeMap<String, Expression>,
}

/// A piece of the text of an `Fn::Sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Taken as it is. `${!Name}` has become `${Name}`.
    Text(String),
    /// `${Name}`: a variable of the map, a parameter, a pseudo parameter or a resource.
    Variable(String),
    /// `${Name.Attribute}`: a resource and its attribute.
    Attribute(String, String),
}

/// Takes a text apart; `None` if a variable's name has characters that it can't have. A `${` without its end is text.
pub(super) fn pieces(text: &str, is_mapped: impl Fn(&str) -> bool) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        let Some(end) = after.find('}') else { break };
        plain.push_str(before);
        let name = &after[..end];
        rest = &after[end + 1..];
        if let Some(literal) = name.strip_prefix('!') {
            plain.push_str("${");
            plain.push_str(literal);
            plain.push('}');
            continue;
        }
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':')) {
            return None;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(match name.split_once('.') {
            Some((resource, attribute)) if !is_mapped(name) => {
                Piece::Attribute(resource.to_owned(), attribute.to_owned())
            }
            _ => Piece::Variable(name.to_owned()),
        });
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Some(pieces)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let variable = |name: &str| Piece::Variable(name.to_owned());
        let attribute = |name: &str, of: &str| Piece::Attribute(name.to_owned(), of.to_owned());
        let cases = [
            ("", vec![]),
            ("plain", vec![text("plain")]),
            ("${A}", vec![variable("A")]),
            ("a${A}b${B.C.D}", vec![text("a"), variable("A"), text("b"), attribute("B", "C.D")]),
            ("${AWS::Region}", vec![variable("AWS::Region")]),
            ("${!Literal}-${A}", vec![text("${Literal}-"), variable("A")]),
            ("$A ${", vec![text("$A ${")]),
            ("${open", vec![text("${open")]),
            ("${m.x}", vec![variable("m.x")]),
            ("${ A }", vec![variable("A")]),
        ];
        for (written, expected) in cases {
            assert_eq!(pieces(written, |name| name == "m.x"), Some(expected), "{written}");
        }
        for refused in ["${}", "${a-b}", "${a b}", "${A:-x}"] {
            assert_eq!(pieces(refused, |_| false), None, "{refused}");
        }
    }
}
