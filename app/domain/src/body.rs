//! Bodies of requests: what kinds there are, how one turns into another, and what is wrong with one. Text in, plain
//! values out; whether a body is sent although something is wrong with it, the person decides.

pub mod bytes;
pub mod csv;
pub mod json;

mod drafts;
mod kind;

pub use drafts::Drafts;
pub use kind::BodyKind;

/// What is wrong with a body, and where. Counted from 1, in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyProblem {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
    /// What: ``a comma or `}` is expected``.
    pub message: String,
}

/// What is wrong with a text of this kind; nothing is with an empty one.
pub fn problem(kind: BodyKind, text: &str) -> Option<BodyProblem> {
    if text.trim().is_empty() {
        return None;
    }
    match kind {
        BodyKind::Json => json::problem(text),
        BodyKind::JsonLines => json::problem_in_lines(text),
        BodyKind::Csv => csv::problem(text),
        BodyKind::Bytes => bytes::problem(text),
        BodyKind::Text | BodyKind::File => None,
    }
}

/// The variables that stand in the place of values in JSON, as they are written, each once. Nothing is wrong with them;
/// but the body is no JSON until a saved request fills them in.
pub fn unfilled(kind: BodyKind, text: &str) -> Vec<&str> {
    match kind {
        BodyKind::Json | BodyKind::JsonLines => json::variables(text),
        BodyKind::Csv | BodyKind::Text | BodyKind::File | BodyKind::Bytes => Vec::new(),
    }
}

/// A body as another kind; `None` where it can't be said in it, or where something is wrong with it.
pub fn convert(text: &str, from: BodyKind, to: BodyKind) -> Option<String> {
    use BodyKind::{Bytes, Csv, Json, JsonLines, Text};
    if text.trim().is_empty() || problem(from, text).is_some() {
        return None;
    }
    match (from, to) {
        (from, to) if from == to => Some(text.to_owned()),
        (Json, JsonLines) => {
            let parts = json::elements(text).unwrap_or_else(|| vec![text]);
            Some(parts.into_iter().map(json::compact).collect::<Vec<_>>().join("\n"))
        }
        (JsonLines, Json) => {
            let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            match lines.as_slice() {
                [one] => Some(json::format(one)),
                many => Some(json::format(&format!("[{}]", many.join(",")))),
            }
        }
        (Json | JsonLines | Csv, Text) => Some(text.to_owned()),
        (Text, Json | JsonLines | Csv) => problem(to, text).is_none().then(|| text.to_owned()),
        (Json | JsonLines | Csv | Text, Bytes) => bytes::as_hex_text(text.as_bytes()),
        (Bytes, Json | JsonLines | Csv | Text) => {
            let text = String::from_utf8(bytes::parse(text).ok()?).ok()?;
            problem(to, &text).is_none().then_some(text)
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::BodyKind::{Bytes, Csv, Json, JsonLines, Text};
    use super::*;

    #[test]
    fn a_list_and_its_lines_turn_into_each_other() {
        let list = "[\n  {\n    \"a\": 1\n  },\n  [\n    2,\n    \"x, ]\"\n  ]\n]";
        let lines = convert(list, Json, JsonLines).unwrap();
        assert_eq!(lines, "{\"a\":1}\n[2,\"x, ]\"]");
        assert_eq!(convert(&lines, JsonLines, Json).unwrap(), list);
        assert_eq!(convert("{\"a\": 1}", Json, JsonLines).unwrap(), "{\"a\":1}");
        assert_eq!(convert("{\"a\":1}\n", JsonLines, Json).unwrap(), "{\n  \"a\": 1\n}");
        assert_eq!(convert("[{\"a\": {{b}}}, {{c}}]", Json, JsonLines).unwrap(), "{\"a\":{{b}}}\n{{c}}");
    }

    #[test]
    fn only_json_has_values_to_fill_in() {
        assert_eq!(unfilled(Json, "[{{a}}]"), ["{{a}}"]);
        assert_eq!(unfilled(JsonLines, "[{{a}}]\n{{b}}"), ["{{a}}", "{{b}}"]);
        assert_eq!(unfilled(Csv, "{{a}},1"), Vec::<&str>::new());
    }

    #[test]
    fn what_another_kind_can_not_say_is_not_forced_into_it() {
        assert_eq!(convert("1,2\n", Csv, Json), None);
        assert_eq!(convert("{\"a\":", Json, JsonLines), None);
        assert_eq!(convert("no json", Text, Json), None);
        assert_eq!(convert("", Text, Json), None);
        assert_eq!(convert("ff", Bytes, Text), None);
        assert_eq!(convert("{}", Json, BodyKind::File), None);
    }

    #[test]
    fn text_becomes_its_bytes_and_comes_back() {
        let bytes = convert("é\n", Text, Bytes).unwrap();
        assert_eq!(bytes, "c3 a9 0a");
        assert_eq!(convert(&bytes, Bytes, Text).unwrap(), "é\n");
    }
}
