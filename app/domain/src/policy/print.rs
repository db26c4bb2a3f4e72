//! Documents as text: AWS's order of keys, a list of one as a bare string.

use super::statement::Statement;
use super::{PolicyDocument, PrincipalPattern};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt::Write;

/// JSON that keeps the order of its keys.
enum Out<'a> {
    Text(&'a str),
    List(Vec<&'a str>),
    Object(Vec<(String, Out<'a>)>),
    Objects(Vec<Out<'a>>),
}

impl Serialize for Out<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(texts) => texts.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Objects(objects) => {
                let mut list = serializer.serialize_seq(Some(objects.len()))?;
                objects.iter().try_for_each(|object| list.serialize_element(object))?;
                list.end()
            }
        }
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        document(self).serialize(serializer)
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        statement(self).serialize(serializer)
    }
}

pub(super) fn pretty(policy: &PolicyDocument) -> String {
    let mut text = String::new();
    write(&mut text, &document(policy), 0);
    text
}

fn document(document: &PolicyDocument) -> Out<'_> {
    let mut members = vec![("Version".to_owned(), Out::Text(document.version.as_str()))];
    if let Some(id) = &document.id {
        members.push(("Id".to_owned(), Out::Text(id)));
    }
    members.push(("Statement".to_owned(), Out::Objects(document.statements.iter().map(statement).collect())));
    Out::Object(members)
}

/// A statement alone, as JSON.
pub(super) fn statement_text(one: &Statement) -> String {
    let mut text = String::new();
    write(&mut text, &statement(one), 0);
    text
}

fn statement(statement: &Statement) -> Out<'_> {
    let mut members = Vec::new();
    if let Some(sid) = &statement.sid {
        members.push(("Sid".to_owned(), Out::Text(sid)));
    }
    members.push(("Effect".to_owned(), Out::Text(statement.effect.as_str())));
    if let Some(clause) = &statement.principal {
        let key = if clause.negated { "NotPrincipal" } else { "Principal" };
        members.push((key.to_owned(), principals(&clause.principals)));
    }
    let key = if statement.action.negated { "NotAction" } else { "Action" };
    members.push((key.to_owned(), list(statement.action.patterns.iter().map(|p| p.as_str()))));
    if let Some(clause) = &statement.resource {
        let key = if clause.negated { "NotResource" } else { "Resource" };
        members.push((key.to_owned(), list(clause.patterns.iter().map(|p| p.as_str()))));
    }
    if !statement.conditions.is_empty() {
        members.push(("Condition".to_owned(), conditions(statement)));
    }
    Out::Object(members)
}

fn principals(principals: &[PrincipalPattern]) -> Out<'_> {
    let mut members: Vec<(String, Vec<&str>)> = Vec::new();
    let mut principals: Vec<&PrincipalPattern> = principals.iter().collect();
    principals.sort_by_key(|principal| principal.rank());
    for principal in principals {
        match principal.parts() {
            // Everyone stands alone: `parse` never mixes it with others, and it includes them.
            (None, _) => return Out::Text("*"),
            (Some(kind), text) => match members.iter_mut().find(|(known, _)| known == kind) {
                Some((_, texts)) => texts.push(text),
                None => members.push((kind.to_owned(), vec![text])),
            },
        }
    }
    Out::Object(members.into_iter().map(|(kind, texts)| (kind, list(texts))).collect())
}

fn conditions(statement: &Statement) -> Out<'_> {
    let mut blocks: Vec<(String, Vec<(String, Out<'_>)>)> = Vec::new();
    for condition in &statement.conditions {
        let operator = condition.operator.to_string();
        let member = (condition.key.to_string(), list(condition.values.iter().map(|value| value.as_str())));
        match blocks.iter_mut().find(|(known, _)| *known == operator) {
            Some((_, members)) => members.push(member),
            None => blocks.push((operator, vec![member])),
        }
    }
    Out::Object(blocks.into_iter().map(|(operator, members)| (operator, Out::Object(members))).collect())
}

fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Out<'a> {
    let texts: Vec<&str> = texts.into_iter().collect();
    match texts.as_slice() {
        [one] => Out::Text(one),
        _ => Out::List(texts),
    }
}

fn write(out: &mut String, value: &Out<'_>, indent: usize) {
    match value {
        Out::Text(text) => quote(out, text),
        Out::List(texts) => items(out, indent, ('[', ']'), texts, |out, text| quote(out, text)),
        Out::Objects(objects) => {
            items(out, indent, ('[', ']'), objects, |out, object| write(out, object, indent + 1));
        }
        Out::Object(members) => items(out, indent, ('{', '}'), members, |out, (key, value)| {
            quote(out, key);
            out.push_str(": ");
            write(out, value, indent + 1);
        }),
    }
}

fn items<T>(
    out: &mut String,
    indent: usize,
    brackets: (char, char),
    items: &[T],
    mut each: impl FnMut(&mut String, &T),
) {
    out.push(brackets.0);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n("  ", indent + 1));
        each(out, item);
    }
    if !items.is_empty() {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", indent));
    }
    out.push(brackets.1);
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A text that is the same for documents that say the same.
pub(super) fn normal_form(document: &PolicyDocument) -> String {
    let mut statements: Vec<String> = document.statements.iter().map(normal_statement).collect();
    statements.sort();
    format!("{} {:?}\n{}", document.version.as_str(), document.id, statements.join("\n"))
}

fn normal_statement(statement: &Statement) -> String {
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        texts
    };
    let principal = statement
        .principal
        .as_ref()
        .map(|clause| (clause.negated, sorted(clause.principals.iter().map(normal_principal).collect())));
    let action: Vec<String> = statement.action.patterns.iter().map(|p| p.as_str().to_ascii_lowercase()).collect();
    let resource = statement
        .resource
        .as_ref()
        .map(|clause| (clause.negated, sorted(clause.patterns.iter().map(|p| p.as_str().to_owned()).collect())));
    let conditions = statement.conditions.iter().map(|condition| {
        let values = sorted(condition.values.iter().map(|value| value.as_str().to_owned()).collect());
        format!("{} {} {values:?}", condition.operator, condition.key.to_ascii_lowercase())
    });
    format!(
        "{:?} {:?} {principal:?} {} {:?} {resource:?} {:?}",
        statement.sid.as_deref().filter(|sid| !sid.is_empty()),
        statement.effect,
        statement.action.negated,
        sorted(action),
        sorted(conditions.collect()),
    )
}

fn normal_principal(principal: &PrincipalPattern) -> String {
    use super::AwsPrincipal;
    match principal {
        PrincipalPattern::Everyone | PrincipalPattern::Aws(AwsPrincipal::Any) => "*".to_owned(),
        PrincipalPattern::Aws(AwsPrincipal::Account { account, .. }) => format!("AWS {account}"),
        other => {
            let (kind, text) = other.parts();
            format!("{} {text}", kind.unwrap_or_default())
        }
    }
}
