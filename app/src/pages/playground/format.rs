//! What a model answered, in shapes to show: CSV as rows, JSON indented, scores. Pure text in, plain values out.

use serde::de::IgnoredAny;

const MOST_ROWS: usize = 200;
const MOST_COLUMNS: usize = 50;
const MOST_SCORES: usize = 50;

/// CSV as a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Its rows.
    pub(super) rows: Vec<Vec<String>>,
    /// Whether some were left out.
    pub(super) cut: bool,
}

/// Parses CSV after RFC 4180: quoted fields, doubled quotes, line ends within quotes. `None` for an open quote.
pub(super) fn csv(text: &str) -> Option<Grid> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let (mut quoted, mut cut) = (false, false);
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            (true, '"') => quoted = false,
            (true, c) => field.push(c),
            (false, '"') if field.is_empty() => quoted = true,
            (false, ',') => row.push(std::mem::take(&mut field)),
            (false, '\r') if chars.peek() == Some(&'\n') => {}
            (false, '\n') => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
                if rows.len() == MOST_ROWS {
                    cut = chars.peek().is_some();
                    break;
                }
            }
            (false, c) => field.push(c),
        }
    }
    if quoted {
        return None;
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    for row in &mut rows {
        cut |= row.len() > MOST_COLUMNS;
        row.truncate(MOST_COLUMNS);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    (!rows.is_empty()).then_some(Grid { rows, cut })
}

/// One number between 0 and 1 a line, or a single line of them: each as it was written, with its value.
pub(super) fn scores(text: &str) -> Option<Vec<(String, f64)>> {
    let words: Vec<&str> = text.trim().split(['\n', ',']).map(str::trim).collect();
    // Several numbers on several lines are a table.
    if words.len() > MOST_SCORES || (text.contains(',') && text.trim().contains('\n')) {
        return None;
    }
    words
        .into_iter()
        .map(|word| word.parse::<f64>().ok().filter(|n| (0.0..=1.0).contains(n)).map(|n| (word.to_owned(), n)))
        .collect()
}

/// JSON indented by two, with its numbers, its order and its escapes as the model wrote them. `None` when it is not
/// JSON, or no more than a number or a word.
pub(super) fn pretty_json(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return None;
    }
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                out.push(c);
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    Some(out)
}

/// A content type that a model's refusal names and that was not the one sent.
pub(super) fn offered_type(message: &str, sent: &str) -> Option<String> {
    message
        .split(|c: char| !(c.is_ascii_alphanumeric() || "/-+.".contains(c)))
        .map(|word| word.trim_matches(['.', '-', '/']))
        .find(|word| {
            ["text/", "application/", "image/"].iter().any(|kind| word.starts_with(kind) && word.len() > kind.len())
                && !word.eq_ignore_ascii_case(sent)
        })
        .map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn csv_keeps_quoted_commas_and_line_ends() {
        let grid = csv("a,\"b,\"\"c\"\"\nd\"\r\n1,2\n").unwrap();
        assert_eq!(
            grid,
            Grid { rows: vec![vec!["a".into(), "b,\"c\"\nd".into()], vec!["1".into(), "2".into()]], cut: false }
        );
        assert_eq!(csv("\"open"), None);
        assert_eq!(csv("\n\n"), None);
    }

    #[test]
    fn long_csv_is_cut_and_says_so() {
        let grid = csv(&"1,2\n".repeat(MOST_ROWS + 1)).unwrap();
        assert_eq!((grid.rows.len(), grid.cut), (MOST_ROWS, true));
        assert!(!csv(&"1,2\n".repeat(MOST_ROWS)).unwrap().cut);
    }

    #[test]
    fn scores_are_numbers_from_zero_to_one() {
        assert_eq!(scores("0.081\n0.9\n").unwrap(), [("0.081".into(), 0.081), ("0.9".into(), 0.9)]);
        assert_eq!(scores("0.1,0.9").unwrap().len(), 2);
        for other in ["1.5", "a", "", "0.1,0.2\n0.3,0.4"] {
            assert_eq!(scores(other), None, "{other}");
        }
    }

    #[test]
    fn json_is_indented_and_otherwise_left_as_it_is() {
        let text = r#"{"b":1.50,"a":[],"c":[1,{"x":"a,{\"}"}],"d":{ }}"#;
        let pretty = pretty_json(text).unwrap();
        assert_eq!(
            pretty,
            "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    1,\n    {\n      \"x\": \"a,{\\\"}\"\n    }\n  ],\n  \"d\": {}\n}"
        );
        assert_eq!(pretty_json(&pretty).as_deref(), Some(pretty.as_str()));
        assert_eq!(pretty_json("{\"a\":"), None);
        assert_eq!(pretty_json("0.5"), None);
    }

    #[test]
    fn a_refusal_that_names_a_type_offers_it() {
        let said = "content type `application/xml` is not supported; send text/csv or application/json.";
        assert_eq!(offered_type(said, "application/xml").as_deref(), Some("text/csv"));
        assert_eq!(offered_type("no such row", "text/csv"), None);
    }
}
