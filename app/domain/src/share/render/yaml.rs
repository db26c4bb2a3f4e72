//! YAML as CloudFormation reads it: block style, two spaces, texts quoted wherever they could be read as anything else.
//!
//! Intrinsic functions are written in their long form (`Ref:`, `Fn::GetAtt:`), so that any YAML reader takes the
//! template. No `Fn::Sub` is used: `${…}` stays what it is, a variable of a policy.

use crate::policy::json::{Kind, Member, Node, Place};
use std::fmt::Write;

/// A text.
pub(super) fn text(text: impl Into<String>) -> Node {
    node(Kind::Text(text.into()))
}

/// A number.
pub(super) fn number(number: u32) -> Node {
    node(Kind::Number(number.to_string()))
}

/// A list.
pub(super) fn list(items: impl IntoIterator<Item = Node>) -> Node {
    node(Kind::List(items.into_iter().collect()))
}

/// A mapping, in this order.
pub(super) fn map<const N: usize>(members: [(&str, Node); N]) -> Node {
    let member = |(key, value): (&str, Node)| Member { key: key.to_owned(), place: Place::default(), value };
    node(Kind::Object(members.into_iter().map(member).collect()))
}

fn node(kind: Kind) -> Node {
    Node { place: Place::default(), kind }
}

/// A mapping as a document, its members set apart by an empty line.
pub(super) fn document(members: &Node) -> String {
    let mut out = String::new();
    let Kind::Object(members) = &members.kind else { unreachable!("a template is a mapping") };
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        entry(&mut out, member, 0);
    }
    out
}

fn entry(out: &mut String, member: &Member, indent: usize) {
    scalar(out, &member.key);
    out.push(':');
    match &member.value.kind {
        Kind::Object(members) if !members.is_empty() => {
            out.push('\n');
            mapping(out, members, indent + 1, true);
        }
        Kind::List(items) if !items.is_empty() => {
            out.push('\n');
            sequence(out, items, indent + 1);
        }
        kind => {
            out.push(' ');
            leaf(out, kind);
            out.push('\n');
        }
    }
}

/// `first`: whether the first member has to be indented too; within a sequence it follows the dash.
fn mapping(out: &mut String, members: &[Member], indent: usize, first: bool) {
    for (index, member) in members.iter().enumerate() {
        if index > 0 || first {
            pad(out, indent);
        }
        entry(out, member, indent);
    }
}

fn sequence(out: &mut String, items: &[Node], indent: usize) {
    for item in items {
        pad(out, indent);
        out.push_str("- ");
        match &item.kind {
            Kind::Object(members) if !members.is_empty() => mapping(out, members, indent + 1, false),
            kind => {
                leaf(out, kind);
                out.push('\n');
            }
        }
    }
}

fn leaf(out: &mut String, kind: &Kind) {
    match kind {
        Kind::Text(text) => scalar(out, text),
        Kind::Number(number) => out.push_str(number),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Null => out.push_str("null"),
        Kind::Object(_) => out.push_str("{}"),
        // A list within a list in one line: templates have none, and this stays right if they ever do.
        Kind::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                leaf(out, &item.kind);
            }
            out.push(']');
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n("  ", indent));
}

/// A text, plain where every reader of YAML 1.1 and 1.2 takes it for the same text.
pub(super) fn scalar(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            // Writing to a String can't fail.
            c if (c as u32) <= 0xffff => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => {
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
        }
    }
    out.push('"');
}

/// Words, ARNs and sentences; never what could be a number, a date, a boolean or syntax.
fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" _./+@*()-:".contains(&b))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !words.contains(&text.to_ascii_lowercase().as_str())
}
