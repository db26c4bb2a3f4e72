//! JSON with the place of every value, so that a fault in a policy or a hand-off file is shown where it is.
//!
//! Strict RFC 8259, and stricter in one point: a key twice in an object is refused, as IAM does.

use super::error::PolicyError;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// Deeper texts are refused: policies need five levels, hand-off files four, scenarios nine.
const MAX_DEPTH: usize = 32;

/// Where something is in a text: line and column from 1, or 0 for "not in a text".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// Where a text ends.
    pub(crate) fn end(text: &str) -> Self {
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self { line: text.matches('\n').count() + 1, column: last.chars().count() + 1 }
    }
}

/// A value and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

/// A key, where it is, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// The number as written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

impl Node {
    /// A member's value, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Object(members) => members.iter().find(|member| member.key == key).map(|member| &member.value),
            _ => None,
        }
    }
}

impl Kind {
    /// What it is, for messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// A parsed JSON value as a tree without places.
pub(crate) fn from_value(value: &serde_json::Value) -> Node {
    use serde_json::Value;
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(value) => Kind::Bool(*value),
        Value::Number(number) => Kind::Number(number.to_string()),
        Value::String(text) => Kind::Text(text.clone()),
        Value::Array(list) => Kind::List(list.iter().map(from_value).collect()),
        Value::Object(map) => Kind::Object(
            map.iter()
                .map(|(key, value)| Member { key: key.clone(), place: Place::default(), value: from_value(value) })
                .collect(),
        ),
    };
    Node { place: Place::default(), kind }
}

/// From any serde format, in the order of the keys, without places.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kind = deserializer.deserialize_any(KindVisitor)?;
        Ok(Self { place: Place::default(), kind })
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Number(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Number(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Number(value.to_string()))
    }
    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut members: Vec<Member> = Vec::new();
        let mut seen = HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, Node>()? {
            if !seen.insert(key.clone()) {
                return Err(serde::de::Error::custom(format!("the key `{key}` is there twice")));
            }
            members.push(Member { key, place: Place::default(), value });
        }
        Ok(Kind::Object(members))
    }
}

/// Parses a text.
pub(crate) fn parse(text: &str) -> Result<Node, PolicyError> {
    let mut reader = Reader { rest: text, place: Place { line: 1, column: 1 } };
    reader.space();
    if reader.rest.is_empty() {
        return Err(reader.fail("the document is empty"));
    }
    let node = reader.value(0)?;
    reader.space();
    if reader.rest.is_empty() { Ok(node) } else { Err(reader.unexpected("the end of the document")) }
}

struct Reader<'a> {
    rest: &'a str,
    place: Place,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
        Some(c)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.next();
        }
    }

    fn fail(&self, message: impl Into<String>) -> PolicyError {
        fail_at(self.place, message)
    }

    fn unexpected(&self, expected: &str) -> PolicyError {
        match self.peek() {
            Some(c) => {
                // Quotes need no backslash here; what can't be seen does.
                let found = if c.is_ascii_graphic() { c.to_string() } else { c.escape_debug().to_string() };
                self.fail(format!("this is not JSON: found `{found}`, expected {expected}"))
            }
            None => self.fail(format!("this is not JSON: the document ends, expected {expected}")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, PolicyError> {
        if depth > MAX_DEPTH {
            return Err(self.fail(format!("this is nested too deeply: more than {MAX_DEPTH} levels")));
        }
        let place = self.place;
        let kind = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Kind::Text(self.text()?),
            Some('-' | '0'..='9') => Kind::Number(self.number()?),
            Some('t') => self.word("true", Kind::Bool(true))?,
            Some('f') => self.word("false", Kind::Bool(false))?,
            Some('n') => self.word("null", Kind::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node { place, kind })
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, PolicyError> {
        for expected in word.chars() {
            if self.peek() != Some(expected) {
                return Err(self.unexpected(&format!("`{word}`")));
            }
            self.next();
        }
        Ok(kind)
    }

    fn object(&mut self, depth: usize) -> Result<Kind, PolicyError> {
        self.next();
        let mut members: Vec<Member> = Vec::new();
        self.space();
        if self.peek() == Some('}') {
            self.next();
            return Ok(Kind::Object(members));
        }
        let mut seen = HashSet::new();
        loop {
            self.space();
            let place = self.place;
            if self.peek() != Some('"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.text()?;
            if !seen.insert(key.clone()) {
                return Err(fail_at(place, format!("the key `{key}` is there twice")));
            }
            self.space();
            if self.peek() != Some(':') {
                return Err(self.unexpected("`:`"));
            }
            self.next();
            self.space();
            let value = self.value(depth + 1)?;
            members.push(Member { key, place, value });
            self.space();
            match self.peek() {
                Some(',') => self.next(),
                Some('}') => {
                    self.next();
                    return Ok(Kind::Object(members));
                }
                _ => return Err(self.unexpected("`,` or `}`")),
            };
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, PolicyError> {
        self.next();
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(']') {
            self.next();
            return Ok(Kind::List(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(',') => self.next(),
                Some(']') => {
                    self.next();
                    return Ok(Kind::List(items));
                }
                _ => return Err(self.unexpected("`,` or `]`")),
            };
        }
    }

    fn text(&mut self) -> Result<String, PolicyError> {
        self.next();
        let mut text = String::new();
        loop {
            let place = self.place;
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape(place)?),
                Some(c) if (c as u32) < 0x20 => {
                    return Err(fail_at(
                        place,
                        "this is not JSON: a string can't hold a line break or control character",
                    ));
                }
                Some(c) => text.push(c),
                None => return Err(self.fail("this is not JSON: the document ends within a string")),
            }
        }
    }

    fn escape(&mut self, place: Place) -> Result<char, PolicyError> {
        let bad = || fail_at(place, "this is not JSON: an unknown escape in a string");
        Ok(match self.next().ok_or_else(bad)? {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hex().ok_or_else(bad)?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    let pair = self.next() == Some('\\') && self.next() == Some('u');
                    let second = pair.then(|| self.hex()).flatten().ok_or_else(bad)?;
                    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or_else(bad)?;
                    0x10000 + ((first - 0xd800) << 10) + low
                } else {
                    first
                };
                char::from_u32(code).ok_or_else(bad)?
            }
            _ => return Err(bad()),
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.next()?.to_digit(16)?;
        }
        Some(code)
    }

    fn number(&mut self) -> Result<String, PolicyError> {
        let start = self.rest;
        if self.peek() == Some('-') {
            self.next();
        }
        if self.peek() == Some('0') {
            self.next();
        } else {
            self.digits()?;
        }
        if self.peek() == Some('.') {
            self.next();
            self.digits()?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.next();
            if matches!(self.peek(), Some('+' | '-')) {
                self.next();
            }
            self.digits()?;
        }
        Ok(start[..start.len() - self.rest.len()].to_owned())
    }

    fn digits(&mut self) -> Result<(), PolicyError> {
        if !matches!(self.peek(), Some('0'..='9')) {
            return Err(self.unexpected("a digit"));
        }
        while matches!(self.peek(), Some('0'..='9')) {
            self.next();
        }
        Ok(())
    }
}

pub(crate) fn fail_at(place: Place, message: impl Into<String>) -> PolicyError {
    PolicyError { message: message.into(), line: place.line, column: place.column, path: String::new() }
}
