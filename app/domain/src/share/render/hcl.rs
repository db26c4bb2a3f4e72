//! HCL as Terraform reads it, laid out as `terraform fmt` would: two spaces, the `=` of neighbours in one column.

use crate::policy::json::{Kind, Node};
use std::fmt::Write;

/// An attribute of a block or an object: its key and its value, which may have several lines.
pub(super) type Attribute = (String, String);

/// A block: `resource "aws_iam_role" "shared" { … }`.
pub(super) fn block(head: &str, attributes: &[Attribute]) -> String {
    format!("{head} {{\n{}}}\n", indented(&attributes_of(attributes)))
}

/// An attribute, for [`block`].
pub(super) fn attribute(key: &str, value: impl Into<String>) -> Attribute {
    (key.to_owned(), value.into())
}

/// A text as a quoted template without anything to replace in it (Terraform language, "Strings and Templates").
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `${` and `%{` begin what is replaced; doubled they are plain text.
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Texts as a list in one line.
pub(super) fn texts(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A document as an expression.
pub(super) fn expression(node: &Node) -> String {
    match &node.kind {
        Kind::Text(text) => quoted(text),
        Kind::Number(number) => number.clone(),
        Kind::Bool(value) => value.to_string(),
        Kind::Null => "null".to_owned(),
        Kind::List(items) if items.is_empty() => "[]".to_owned(),
        Kind::List(items) => {
            let items: String = items.iter().map(|item| format!("{},\n", expression(item))).collect();
            format!("[\n{}]", indented(&items))
        }
        Kind::Object(members) if members.is_empty() => "{}".to_owned(),
        Kind::Object(members) => {
            let attributes: Vec<Attribute> =
                members.iter().map(|member| (key(&member.key), expression(&member.value))).collect();
            format!("{{\n{}}}", indented(&attributes_of(&attributes)))
        }
    }
}

/// A key, bare where it is an identifier.
fn key(key: &str) -> String {
    let bare = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if bare { key.to_owned() } else { quoted(key) }
}

/// Attributes, one under the other. Those of one line that follow each other are aligned.
fn attributes_of(attributes: &[Attribute]) -> String {
    let mut out = String::new();
    let one_line = |(_, value): &Attribute| !value.contains('\n');
    for run in attributes.chunk_by(|a, b| one_line(a) && one_line(b)) {
        let width = run.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        for (key, value) in run {
            let _ = writeln!(out, "{key:width$} = {value}");
        }
    }
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_policies_are_not_terraforms() {
        assert_eq!(quoted("${aws:username} %{if} $$ 100%"), r#""$${aws:username} %%{if} $$ 100%""#);
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }

    #[test]
    fn neighbours_of_one_line_are_aligned_and_others_are_not() {
        let attributes = [attribute("a", "1"), attribute("bcd", "2"), attribute("object", "{\n}"), attribute("e", "3")];
        assert_eq!(block("x", &attributes), "x {\n  a   = 1\n  bcd = 2\n  object = {\n  }\n  e = 3\n}\n");
    }
}
