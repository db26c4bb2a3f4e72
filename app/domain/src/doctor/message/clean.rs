//! A message out of its wrappings: JSON and HTML escapes, terminal colours, line breaks.

/// How often a message can be wrapped: JSON within JSON within HTML.
const WRAPPINGS: usize = 4;

/// The text in one line, with escapes undone.
pub(super) fn clean(text: &str) -> String {
    let mut text = without_colours(text);
    for _ in 0..WRAPPINGS {
        let plain = without_entities(&without_escapes(&text));
        if plain == text {
            break;
        }
        text = plain;
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter_map(plain_char));
    }
    line
}

/// Typographers' quotes as plain ones; characters without a width are dropped.
fn plain_char(c: char) -> Option<char> {
    match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => Some('"'),
        '\u{2018}' | '\u{2019}' => Some('\''),
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' => None,
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// Drops `ESC [ … letter`.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        let code = &rest[at + 2..];
        let end = code.find(|c: char| c.is_ascii_alphabetic()).map_or(code.len(), |end| end + 1);
        rest = &code[end..];
    }
    plain.push_str(rest);
    plain
}

/// Undoes one layer of JSON's escapes.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else { break };
        let after = &rest[c.len_utf8()..];
        rest = match c {
            'n' | 'r' | 't' => {
                plain.push(' ');
                after
            }
            '"' | '\'' | '/' | '\\' => {
                plain.push(c);
                after
            }
            'u' => match after.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
                Some(c) => {
                    plain.push(c);
                    &after[4..]
                }
                None => rest,
            },
            // Not JSON's: a line that a shell goes on with, a Windows path.
            _ => rest,
        };
    }
    plain.push_str(rest);
    plain
}

/// Undoes one layer of HTML's entities.
fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let decoded = rest[1..].find(';').filter(|end| *end <= 8).and_then(|end| {
            let c = entity(&rest[1..=end])?;
            Some((c, end + 2))
        });
        let (c, length) = decoded.unwrap_or(('&', 1));
        plain.push(c);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "nbsp" => Some(' '),
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number)
        }
    }
}
