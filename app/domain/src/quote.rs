//! Texts as literals of the languages that programs are generated in. Whatever a text holds, what is written is one
//! literal that stands for exactly it.
//!
//! All of them are printable ASCII and line feeds, so that nothing depends on how a file is read or copied, and so that
//! no character that can't be seen, or that turns the direction of writing around, hides in a program.

use std::fmt::Write as _;

/// A text as a Python string, in the quotes that need fewer escapes, as formatters of Python have it.
pub(crate) fn python(text: &str) -> String {
    let quote = if text.matches('"').count() > text.matches('\'').count() { '\'' } else { '"' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            c if c == quote => out.extend(['\\', c]),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            // Writing to a String can't fail.
            c if (c as u32) <= 0xff => _ = write!(out, "\\x{:02x}", c as u32),
            c if (c as u32) <= 0xffff => _ = write!(out, "\\u{:04x}", c as u32),
            c => _ = write!(out, "\\U{:08x}", c as u32),
        }
    }
    out.push(quote);
    out
}

/// A text as a JavaScript string.
pub(crate) fn javascript(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            c => _ = write!(out, "\\u{{{:x}}}", c as u32),
        }
    }
    out.push('"');
    out
}

/// A text as a Rust string.
pub(crate) fn rust(text: &str) -> String {
    format!("\"{}\"", text.escape_default().to_string().replace("\\'", "'"))
}

/// A text as one word for bash, in quotes where the shell could make something of it. No word of a shell can hold a NUL:
/// what comes after one would be lost, so it is left out.
pub(crate) fn bash(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for b in text.bytes().filter(|b| *b != 0) {
        match b {
            b'\'' => out.push_str("\\'"),
            b'\\' => out.push_str("\\\\"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' | b'\n' => out.push(char::from(b)),
            b => _ = write!(out, "\\x{b:02x}"),
        }
    }
    out.push('\'');
    out
}

/// An option of the AWS CLI with its value. One that begins with a hyphen, as names in IAM may, would be taken for an
/// option itself.
pub(crate) fn option(name: &str, value: &str) -> String {
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!("--{name}{between}{}", bash(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_python_string() {
        assert_eq!(python("a\"b\\c\nd\te"), r#"'a"b\\c\nd\te'"#);
        assert_eq!(python("it's \"so\""), r#"'it\'s "so"'"#);
        assert_eq!(python("it's"), r#""it's""#);
        assert_eq!(python("é 語 🌉\0"), r#""\xe9 \u8a9e \U0001f309\x00""#);
    }

    #[test]
    fn what_the_shell_could_read_is_quoted() {
        assert_eq!(bash("scoring-lambda"), "scoring-lambda");
        for (text, word) in [("", "''"), ("a b", "'a b'"), ("$(x)", "'$(x)'"), ("it's", r"'it'\''s'"), ("~", "'~'")] {
            assert_eq!(bash(text), word);
        }
        assert_eq!(option("role-name", "-x"), "--role-name=-x");
        assert_eq!(bash("it's\r\né"), "$'it\\'s\\r\n\\xc3\\xa9'");
    }

    #[test]
    fn a_text_becomes_one_string_of_javascript_and_of_rust() {
        assert_eq!(javascript("a\"\\\n\u{2028}🌉'"), r#""a\"\\\n\u{2028}\u{1f309}'""#);
        assert_eq!(rust("a\"\\\n\u{2028}🌉'\0"), r#""a\"\\\n\u{2028}\u{1f309}'\u{0}""#);
    }
}
