//! A line of JSON cut into the few kinds of text that get a colour. Not a parser: it never fails, and what it does not
//! know is plain.

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string in front of a colon.
    Key,
    /// Any other string.
    Text,
    /// A number, `true`, `false` or `null`.
    Literal,
    /// Brackets, commas, white space.
    Plain,
}

impl Kind {
    /// The piece's class; none for plain text, which needs no element of its own.
    pub(super) fn class(self) -> Option<&'static str> {
        match self {
            Self::Key => Some("tok-key"),
            Self::Text => Some("tok-text"),
            Self::Literal => Some("tok-literal"),
            Self::Plain => None,
        }
    }
}

/// Cuts `line` into pieces; together they are the line again.
pub(super) fn tokens(line: &str) -> Vec<(Kind, &str)> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = if first == '"' {
            let length = string_length(rest);
            let is_key = rest[length..].trim_start().starts_with(':');
            (if is_key { Kind::Key } else { Kind::Text }, length)
        } else if is_word(first) {
            (Kind::Literal, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
        } else {
            (Kind::Plain, rest.find(|c| c == '"' || is_word(c)).unwrap_or(rest.len()))
        };
        let (piece, after) = rest.split_at(length);
        pieces.push((kind, piece));
        rest = after;
    }
    pieces
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')
}

/// The length of the string that `text` starts with, quotes included; an open string goes to the end of the line.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_told_apart() {
        assert_eq!(
            tokens(r#"  "Effect": "Allow","#),
            [
                (Kind::Plain, "  "),
                (Kind::Key, r#""Effect""#),
                (Kind::Plain, ": "),
                (Kind::Text, r#""Allow""#),
                (Kind::Plain, ","),
            ]
        );
    }

    #[test]
    fn colons_and_escaped_quotes_inside_strings_do_not_end_them() {
        let line = r#""say \"a: b\"""#;
        assert_eq!(tokens(line), [(Kind::Text, line)]);
    }

    #[test]
    fn numbers_and_words_are_literals() {
        assert_eq!(tokens("-1.5e3"), [(Kind::Literal, "-1.5e3")]);
        assert_eq!(tokens("true"), [(Kind::Literal, "true")]);
    }

    #[test]
    fn the_pieces_are_the_line_again() {
        for line in ["", "{", r#""open"#, r#"{"ä": [1, null], "b": "\\"}"#, "plain ümlaut"] {
            assert_eq!(tokens(line).into_iter().map(|(_, text)| text).collect::<String>(), line);
        }
    }
}
