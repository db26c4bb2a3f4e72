//! JSON as text: where it is wrong, indented, without spaces, cut into its elements. Numbers, order and escapes stay as
//! they were written, and so do the variables of a saved request, which stand for values.

use super::BodyProblem;
use crate::invoke::body::json::{Fault, check};
use crate::names::VariableName;
use std::collections::BTreeSet;

/// More than a variable's longest name with its braces and some spaces.
const VARIABLE_BYTES: usize = 96;

/// What is wrong with a text that should be one value of JSON; that a variable stands in the place of a value is not.
pub fn problem(text: &str) -> Option<BodyProblem> {
    // Answers may begin with it; what reads a request as a rule refuses it.
    if text.starts_with('\u{feff}') {
        let message = "a byte order mark stands before the value, which most models refuse".into();
        return Some(BodyProblem { line: 1, column: 1, message });
    }
    let fault = check(text).err()?;
    let Fault { line, column, what } = match with_values(text) {
        Some(text) => check(&text).err()?,
        None => fault,
    };
    Some(BodyProblem { line, column, message: what.into() })
}

/// The variables that stand in the place of values, as they are written, each once: `{{months}}`.
pub fn variables(text: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    bare_variables(text).map(|(_, variable)| variable).filter(|variable| seen.insert(*variable)).collect()
}

/// The text with a string of the same length in each variable's place; `None` where it has none.
fn with_values(text: &str) -> Option<String> {
    let (mut out, mut from) = (String::new(), 0);
    for (at, variable) in bare_variables(text) {
        out.push_str(&text[from..at]);
        out.push('"');
        // Names are ASCII: places after it stay what they are.
        out.extend(std::iter::repeat_n('_', variable.len() - 2));
        out.push('"');
        from = at + variable.len();
    }
    (from > 0).then(|| out + &text[from..])
}

/// The variables outside of strings, with where they begin.
fn bare_variables(text: &str) -> impl Iterator<Item = (usize, &str)> {
    // Most bodies have none: they are not cut into pieces.
    let text = if text.contains("{{") { text } else { "" };
    pieces(text).filter(|(_, piece)| piece.starts_with("{{"))
}

/// The length of the variable that a text begins with.
fn variable(text: &str) -> Option<usize> {
    let near = &text[..text.floor_char_boundary(VARIABLE_BYTES)];
    let (inner, _) = near.strip_prefix("{{")?.split_once("}}")?;
    let name = inner.trim_matches(' ');
    (name.trim() == name && VariableName::parse(name).is_ok()).then_some(inner.len() + 4)
}

/// The first line that is no JSON, of a text that should be a value a line.
pub fn problem_in_lines(text: &str) -> Option<BodyProblem> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.find_map(|(at, line)| problem(line).map(|problem| BodyProblem { line: at + 1, ..problem }))
}

/// Indented by two. What is no JSON comes out as something that is none either.
pub fn format(text: &str) -> String {
    written(text, true)
}

/// Without any space between its parts.
pub fn compact(text: &str) -> String {
    written(text, false)
}

/// The elements of a list, each as it was written; `None` for anything else.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, piece) in pieces(inner) {
        match piece {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                parts.push(inner[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    let last = inner[from..].trim();
    parts.extend((!last.is_empty()).then_some(last));
    Some(parts)
}

fn written(text: &str, indented: bool) -> String {
    let mut out = String::with_capacity(if indented { text.len() * 2 } else { text.len() });
    let mut depth = 0_usize;
    let line = |out: &mut String, depth: usize| {
        if indented {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    let mut empty = false;
    for (_, piece) in pieces(text) {
        if matches!(piece, "}" | "]") {
            depth = depth.saturating_sub(1);
            if !empty {
                line(&mut out, depth);
            }
        } else if empty {
            line(&mut out, depth);
        }
        empty = false;
        out.push_str(piece);
        match piece {
            "{" | "[" => {
                depth += 1;
                empty = true;
            }
            "," => line(&mut out, depth),
            ":" if indented => out.push(' '),
            _ => {}
        }
    }
    out
}

/// Brackets, commas, colons, strings, words and variables, with where they begin; the space between them left out.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let from = at;
        match *bytes.get(at)? {
            b'"' => at = string_end(bytes, at),
            b'{' => at += variable(&text[at..]).unwrap_or(1),
            b'}' | b'[' | b']' | b',' | b':' => at += 1,
            _ => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b"{}[],:\"".contains(b);
                at += bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at);
            }
        }
        Some((from, &text[from..at]))
    })
}

/// Where the string that begins at `from` has ended.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_where_a_person_would_look_for_it() {
        let at = |text: &str| problem(text).map(|p| (p.line, p.column));
        assert_eq!(at("{\"a\": 1}"), None);
        assert_eq!(at("{\n  \"a\": 1,\n  \"b\" 2\n}"), Some((3, 7)));
        assert_eq!(at("[\"é\", x]"), Some((1, 7)));
        assert_eq!(at("{\"a\": [1, 2}"), Some((1, 12)));
        assert_eq!(at(&"[".repeat(200_000)), Some((1, 200_001)), "however deep it is");
    }

    #[test]
    fn an_error_is_told_in_words() {
        for (text, words) in [
            ("{\n  \"a\": 1,\n  \"b\" 2\n}", "a colon is expected"),
            ("{\"a\": 1 \"b\": 2}", "a comma or `}` is expected"),
            ("[1 2]", "a comma or `]` is expected"),
            ("{\"a\": 1", "it ends before the object is closed: `}` is missing"),
            ("[1, 2,]", "there is a comma with nothing after it"),
            ("{'a': 1}", "a name in double quotes is expected"),
            ("[nulls]", "a comma or `]` is expected"),
            ("[None]", "a value is expected"),
            ("{} {}", "something follows the end of the value"),
            ("\u{feff}{}", "a byte order mark stands before the value, which most models refuse"),
        ] {
            assert_eq!(problem(text).unwrap().message, words, "{text}");
        }
    }

    #[test]
    fn a_variable_in_a_values_place_is_no_error_and_hides_none() {
        let text = "{\"months\": {{months}}, \"of\": [{{ a_1 }}, {{months}}], \"in\": \"{{text}}\"}";
        assert_eq!(problem(text), None);
        assert_eq!(variables(text), ["{{months}}", "{{ a_1 }}"]);
        assert_eq!(problem_in_lines("{{one}}\n{\"a\":{{two}}}"), None);
        let place = |text: &str| problem(text).map(|p| (p.line, p.column, p.message));
        let comma = "a comma or `}` is expected".to_owned();
        assert_eq!(place("{\"é\": {{months}}\n \"b\": 2}"), Some((2, 2, comma.clone())));
        assert_eq!(place("{\"a\": {{b}} x}"), Some((1, 13, comma.clone())));
        assert_eq!(place("{\"a\": 1{{b}}}"), Some((1, 8, comma)), "within another value it is none");
        for none in ["{\"a\": {{1b}}}", "{\"a\": {{}}}", "{\"a\": {{b\n}}}", "{\"a\": {{b}", "{{{{{{{{"] {
            assert!(problem(none).is_some_and(|p| p.message.contains("double quotes")), "{none}");
            assert_eq!(variables(none), Vec::<&str>::new(), "{none}");
        }
        assert_eq!(variables("{\"a\": \"{{b}}\"}"), Vec::<&str>::new());
        assert!(problem(&"{{".repeat(1_000_000)).is_some());
    }

    #[test]
    fn the_first_wrong_line_is_named() {
        let found = problem_in_lines("{\"a\":1}\n\n{\"a\":}\nx").unwrap();
        assert_eq!((found.line, found.column), (3, 6));
        assert_eq!(problem_in_lines("1\n\"x\"\n{}"), None);
    }

    #[test]
    fn formatting_and_compacting_leave_values_as_they_were_written() {
        let text = r#"{"b": 1.50,"a":[ ],"c":[1,{"x":"a, {\"}\\"}],"d":{ }, "e": 12345678901234567890}"#;
        let formatted = format(text);
        assert_eq!(
            formatted,
            "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    1,\n    {\n      \"x\": \"a, {\\\"}\\\\\"\n    }\n  ],\n  \"d\": {},\n  \"e\": 12345678901234567890\n}"
        );
        assert_eq!(format(&formatted), formatted);
        assert_eq!(
            compact(&formatted),
            r#"{"b":1.50,"a":[],"c":[1,{"x":"a, {\"}\\"}],"d":{},"e":12345678901234567890}"#
        );
        assert_eq!(format("{\"a\":{{ b }},\"c\":[{{d}}]}"), "{\n  \"a\": {{ b }},\n  \"c\": [\n    {{d}}\n  ]\n}");
        assert_eq!(compact("[ {{a}}, {} ]"), "[{{a}},{}]");
    }

    #[test]
    fn a_list_is_cut_into_its_elements() {
        assert_eq!(elements("[1, [2, 3], {\"a\": \",]\"}]").unwrap(), ["1", "[2, 3]", "{\"a\": \",]\"}"]);
        assert_eq!(elements("[ ]").unwrap(), Vec::<&str>::new());
        assert_eq!(elements("{}"), None);
    }
}
