//! JSON as text: where it is wrong, indented, without spaces, cut into its elements. Numbers, order and escapes stay as
//! they were written.

use super::BodyProblem;
use serde::de::IgnoredAny;

/// What is wrong with a text that should be one value of JSON.
pub fn problem(text: &str) -> Option<BodyProblem> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    let words = error.to_string();
    let message = words.rsplit_once(" at line ").map_or(words.as_str(), |(message, _)| message);
    // Deeper than this console's parser goes: the model's may go deeper.
    if message.starts_with("recursion limit") {
        return None;
    }
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    // The parser counts bytes; people count characters.
    let before = line.len().min(error.column().saturating_sub(1));
    let column = line.get(..line.floor_char_boundary(before)).unwrap_or_default().chars().count() + 1;
    Some(BodyProblem { line: error.line().max(1), column, message: in_words(message, line.as_bytes().get(before)) })
}

/// The parser's words, without its own terms; `found` is what stands at the place.
fn in_words(message: &str, found: Option<&u8>) -> String {
    match message {
        // Where a value or a key is expected, a bracket can close only after a comma.
        "expected value" if found == Some(&b']') => "there is a comma with nothing after it".into(),
        "key must be a string" if found == Some(&b'}') => "there is a comma with nothing after it".into(),
        "EOF while parsing an object" => "the object is not closed: `}` is missing".into(),
        "EOF while parsing a list" => "the list is not closed: `]` is missing".into(),
        "EOF while parsing a string" => "the text is not closed: `\"` is missing".into(),
        "EOF while parsing a value" => "a value is missing at the end".into(),
        "trailing comma" => "there is a comma with nothing after it".into(),
        "trailing characters" => "there is something after the end of the value".into(),
        "key must be a string" => "a key must stand in double quotes".into(),
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a text has a line break or another control character in it; write it as `\\n`".into()
        }
        other => other.into(),
    }
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

/// Brackets, commas, colons, strings and words, with where they begin; the space between them left out.
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
            b'{' | b'}' | b'[' | b']' | b',' | b':' => at += 1,
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
        assert!(problem("{\"a\": 1").unwrap().message.contains("not closed"));
        assert!(problem("[1, 2,]").unwrap().message.contains("comma"));
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
    }

    #[test]
    fn a_list_is_cut_into_its_elements() {
        assert_eq!(elements("[1, [2, 3], {\"a\": \",]\"}]").unwrap(), ["1", "[2, 3]", "{\"a\": \",]\"}"]);
        assert_eq!(elements("[ ]").unwrap(), Vec::<&str>::new());
        assert_eq!(elements("{}"), None);
    }
}
