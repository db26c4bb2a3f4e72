//! JSON as it was written: whether it is any, and its parts, found when they are asked for. Nothing is built from it and
//! nothing recurses, so that neither eight megabytes nor a hundred thousand brackets cost more than one pass; numbers keep
//! their digits, objects their order and their doubled keys.
//!
//! Source: RFC 8259.

use std::ops::Range;

/// Deeper than this a line is not indented any further: a hundred thousand brackets would make gigabytes of spaces.
const DEEPEST_INDENT: usize = 40;

/// What stands before a bracket that closes something.
const COMMA: &str = "there is a comma with nothing after it";

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong there: `a value is expected`.
    pub what: &'static str,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An object, and how many members it has.
    Object(usize),
    /// An array, and how many items it has.
    Array(usize),
    /// A string.
    Text,
    /// A number, `true`, `false` or `null`.
    Literal,
}

/// A value, where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// From its first byte to behind its last.
    pub at: Range<usize>,
    /// What it is.
    pub shape: Shape,
}

/// A member of an object or an item of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's name, read; `None` in an array.
    pub key: Option<String>,
    /// Its value.
    pub value: Node,
}

/// Some members, in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// They.
    pub list: Vec<Member>,
    /// Where to go on from; `None` after the last.
    pub next: Option<usize>,
}

/// Whether `text` is one JSON value, whatever it is.
pub fn check(text: &str) -> Result<(), Fault> {
    let mut reader = Reader::new(text);
    // What closes the containers that are open.
    let mut open: Vec<u8> = Vec::new();
    loop {
        reader.space();
        match reader.peek() {
            Some(b'{') => {
                reader.at += 1;
                reader.space();
                if !reader.eat(b'}') {
                    open.push(b'}');
                    reader.key()?;
                    continue;
                }
            }
            Some(b'[') => {
                reader.at += 1;
                reader.space();
                if !reader.eat(b']') {
                    open.push(b']');
                    continue;
                }
            }
            Some(b'"') => reader.string()?,
            Some(b'-' | b'0'..=b'9') => reader.number()?,
            Some(b't') => reader.word("true")?,
            Some(b'f') => reader.word("false")?,
            Some(b'n') => reader.word("null")?,
            // One that closes an empty array is passed over above.
            Some(b']') if open.last() == Some(&b']') => return Err(reader.fault(COMMA)),
            Some(_) => return Err(reader.fault("a value is expected")),
            None => return Err(reader.fault("it ends where a value is expected")),
        }
        if reader.closed(&mut open)? {
            return Ok(());
        }
    }
}

/// The whole value of a text that is JSON.
pub fn root(text: &str) -> Node {
    let mut reader = Reader::new(text);
    reader.space();
    reader.skip()
}

/// The same of a part of a text that is JSON by itself, such as a line.
pub fn part(text: &str, at: Range<usize>) -> Node {
    let mut reader = Reader { bytes: &text.as_bytes()[..at.end], at: at.start };
    reader.space();
    reader.skip()
}

/// Up to `most` members of a container of a text that is JSON: the first ones, or those from where the last answer said
/// that more are.
pub fn members(text: &str, container: &Node, from: Option<usize>, most: usize) -> Members {
    let mut reader = Reader { bytes: text.as_bytes(), at: from.unwrap_or(container.at.start + 1) };
    let is_object = matches!(container.shape, Shape::Object(_));
    let mut found = Members::default();
    loop {
        reader.space();
        if reader.at + 1 >= container.at.end {
            return found;
        }
        if found.list.len() == most {
            found.next = Some(reader.at);
            return found;
        }
        let key = is_object.then(|| {
            let key = reader.skip().at;
            reader.space();
            reader.at += 1;
            reader.space();
            unquoted(&text[key])
        });
        found.list.push(Member { key, value: reader.skip() });
        reader.space();
        reader.eat(b',');
    }
}

/// A string of JSON, read. Half a character of UTF-16 is left as it is written.
pub fn unquoted(quoted: &str) -> String {
    serde_json::from_str(quoted).unwrap_or_else(|_| {
        let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.unwrap_or(quoted).to_owned()
    })
}

/// The text indented by two, with its numbers, its order and its escapes as they were written, up to `most` bytes or a
/// little more; and whether that was not all. For text that is JSON.
pub fn pretty(text: &str, most: usize) -> (String, bool) {
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut out = String::with_capacity((text.len() * 2).min(most + 64));
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST_INDENT)));
    };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() >= most {
            return (out, true);
        }
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
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
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
    (out, false)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A byte order mark, which some containers write, is passed over.
    fn new(text: &'a str) -> Self {
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { bytes: text.as_bytes(), at: mark }
    }
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fault(&self, what: &'static str) -> Fault {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let begins = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // Bytes that go on with a character don't count.
        let column = before[begins..].iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
        Fault { line, column, what }
    }

    /// After a value: closes what ends here and goes on to the next value; `true` at the end of all.
    fn closed(&mut self, open: &mut Vec<u8>) -> Result<bool, Fault> {
        loop {
            self.space();
            match (open.last().copied(), self.peek()) {
                (None, None) => return Ok(true),
                (None, Some(_)) => return Err(self.fault("something follows the end of the value")),
                (Some(b'}'), None) => return Err(self.fault("it ends before the object is closed: `}` is missing")),
                (Some(_), None) => return Err(self.fault("it ends before the list is closed: `]` is missing")),
                (Some(close), Some(b',')) => {
                    self.at += 1;
                    if close == b'}' {
                        self.space();
                        self.key()?;
                    }
                    return Ok(false);
                }
                (Some(close), Some(byte)) if close == byte => {
                    self.at += 1;
                    open.pop();
                }
                (Some(b'}'), Some(_)) => return Err(self.fault("a comma or `}` is expected")),
                (Some(_), Some(_)) => return Err(self.fault("a comma or `]` is expected")),
            }
        }
    }

    fn key(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string()?,
            // One that closes an empty object is passed over before.
            Some(b'}') => return Err(self.fault(COMMA)),
            Some(_) => return Err(self.fault("a name in double quotes is expected")),
            None => return Err(self.fault("it ends where a name in double quotes is expected")),
        }
        self.space();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.fault("a colon is expected")),
            None => return Err(self.fault("it ends where a colon is expected")),
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.fault("it ends within a string: `\"` is missing")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(..0x20) => {
                    let what = "a control character stands in a string: a line break is written `\\n` there";
                    return Err(self.fault(what));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let length = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.fault("`\\u` takes four hexadecimal digits"));
                }
                6
            }
            _ => return Err(self.fault("JSON does not know this escape")),
        };
        self.at += length;
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.fault("a digit is expected"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("a value is expected"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over a value of text that is known to be JSON.
    fn skip(&mut self) -> Node {
        let start = self.at;
        let is_object = match self.peek() {
            Some(b'{') => true,
            Some(b'[') => false,
            Some(b'"') => {
                self.skip_string();
                return Node { at: start..self.at, shape: Shape::Text };
            }
            _ => {
                while self.peek().is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
                {
                    self.at += 1;
                }
                return Node { at: start..self.at, shape: Shape::Literal };
            }
        };
        self.at += 1;
        self.space();
        let (mut depth, mut count) = (1usize, usize::from(!matches!(self.peek(), Some(b'}' | b']'))));
        while let (true, Some(byte)) = (depth > 0, self.peek()) {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b',' => count += usize::from(depth == 1),
                _ => {}
            }
            self.at += 1;
        }
        let shape = if is_object { Shape::Object(count) } else { Shape::Array(count) };
        Node { at: start..self.at, shape }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> (usize, usize, &'static str) {
        check(text).map_err(|fault| (fault.line, fault.column, fault.what)).unwrap_err()
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (text, line, column, what) in [
            ("", 1, 1, "it ends where a value is expected"),
            ("<html>", 1, 1, "a value is expected"),
            ("{\"a\":", 1, 6, "it ends where a value is expected"),
            ("{\"a\" 1}", 1, 6, "a colon is expected"),
            ("{\"a\"", 1, 5, "it ends where a colon is expected"),
            ("{\"a\":1,", 1, 8, "it ends where a name in double quotes is expected"),
            ("{a:1}", 1, 2, "a name in double quotes is expected"),
            ("[1,\n 2,\n ñé x]", 3, 2, "a value is expected"),
            ("[\"ñé\" x]", 1, 7, "a comma or `]` is expected"),
            ("{\"a\":1 x}", 1, 8, "a comma or `}` is expected"),
            ("{\"a\":1,}", 1, 8, "there is a comma with nothing after it"),
            ("[1,]", 1, 4, "there is a comma with nothing after it"),
            ("{\"a\":]}", 1, 6, "a value is expected"),
            ("[1}", 1, 3, "a comma or `]` is expected"),
            ("[1", 1, 3, "it ends before the list is closed: `]` is missing"),
            ("{\"a\":1", 1, 7, "it ends before the object is closed: `}` is missing"),
            ("[] []", 1, 4, "something follows the end of the value"),
            ("[NaN]", 1, 2, "a value is expected"),
            ("[nul]", 1, 2, "a value is expected"),
            ("[01]", 1, 3, "a comma or `]` is expected"),
            ("[1.]", 1, 4, "a digit is expected"),
            ("[1e+]", 1, 5, "a digit is expected"),
            ("\"\\x\"", 1, 2, "JSON does not know this escape"),
            ("\"\\u12g4\"", 1, 2, "`\\u` takes four hexadecimal digits"),
            ("\"a\nb\"", 1, 3, "a control character stands in a string: a line break is written `\\n` there"),
            ("\"a", 1, 3, "it ends within a string: `\"` is missing"),
            ("\"\\", 1, 2, "JSON does not know this escape"),
        ] {
            assert_eq!(fault(text), (line, column, what), "{text}");
        }
    }

    #[test]
    fn members_are_found_page_by_page_with_their_names_and_sizes() {
        let text = "\u{feff} {\"a\\n\": [1, [2,\"]\"]] , \"b\":{}, \"b\":\"x,y\", \"\\ud800\":-1e999 } ";
        assert_eq!(check(text), Ok(()));
        let root = root(text);
        assert_eq!(root.shape, Shape::Object(4));
        let first = members(text, &root, None, 3);
        let told = |members: &Members| -> Vec<_> {
            let told =
                |m: &Member| (m.key.clone().unwrap_or_default(), text[m.value.at.clone()].to_owned(), m.value.shape);
            members.list.iter().map(told).collect()
        };
        assert_eq!(
            told(&first),
            [
                ("a\n".into(), "[1, [2,\"]\"]]".into(), Shape::Array(2)),
                ("b".into(), "{}".into(), Shape::Object(0)),
                ("b".into(), "\"x,y\"".into(), Shape::Text),
            ]
        );
        let rest = members(text, &root, first.next, 3);
        assert_eq!(told(&rest), [("\\ud800".into(), "-1e999".into(), Shape::Literal)]);
        assert_eq!(rest.next, None);
        let inner = members(text, &first.list[0].value, None, 9);
        assert_eq!(inner.list.len(), 2);
        assert_eq!(members(text, &first.list[1].value, None, 9), Members::default());
    }

    #[test]
    fn a_hundred_thousand_brackets_are_one_pass() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(check(&deep), Ok(()));
        let outer = root(&deep);
        assert_eq!((outer.shape, outer.at.len()), (Shape::Array(1), 200_000));
        assert_eq!(members(&deep, &outer, None, 5).list[0].value.at, 1..199_999);
        let (text, cut) = pretty(&deep, 200_000);
        assert!(cut && text.len() < 201_000);
        assert!(check(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn a_long_array_is_paged_to_its_end() {
        let text = format!("[{}]", vec!["10"; 12_345].join(", "));
        let root = root(&text);
        let (mut from, mut count) = (None, 0);
        loop {
            let page = members(&text, &root, from, 100);
            count += page.list.len();
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!((root.shape, count), (Shape::Array(12_345), 12_345));
    }

    #[test]
    fn it_is_indented_and_otherwise_left_as_it_is() {
        let text = r#"{"b":1.50,"a":[],"c":[1,{"x":"a,{\"}"}],"d":{ }}"#;
        let (indented, cut) = pretty(text, 1000);
        assert_eq!(
            indented,
            "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    1,\n    {\n      \"x\": \"a,{\\\"}\"\n    }\n  ],\n  \"d\": {}\n}"
        );
        assert!(!cut);
        assert_eq!(pretty(&indented, 1000).0, indented);
        assert_eq!(pretty(text, 10), ("{\n  \"b\": 1".into(), true));
    }

    proptest! {
        #[test]
        fn it_takes_what_another_parser_takes(text in "[\\[\\]{}\",:0-9a-z.\\\\ -]{0,24}") {
            let other = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(check(&text).is_ok(), other);
        }

        #[test]
        fn the_members_of_what_was_written_are_found_again(values in prop::collection::vec(("\\PC{0,6}", -9i64..9), 0..20)) {
            let pairs: Vec<String> =
                values.iter().map(|(k, v)| format!("{}:[{v}]", serde_json::to_string(k).unwrap())).collect();
            let text = format!("{{{}}}", pairs.join(","));
            let found = members(&text, &root(&text), None, 100);
            let found: Vec<_> = found.list.into_iter().map(|m| (m.key.unwrap(), text[m.value.at].to_owned())).collect();
            let meant: Vec<_> = values.into_iter().map(|(k, v)| (k, format!("[{v}]"))).collect();
            prop_assert_eq!(found, meant);
        }
    }
}
