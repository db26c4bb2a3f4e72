//! The handler's text: the code is a file of its own, of which only the share's values are written here.

use super::variables;
use crate::endpoint::Sample;
use crate::handoff::ShareOffer;
use crate::names::EndpointName;
use std::fmt::Write;

const CODE: &str = include_str!("handler.py");

/// In [`CODE`], what comes before and after the share's values.
const BEGIN: &str = "# <values>\n";
const END: &str = "# </values>\n";

pub(super) fn handler(offer: &ShareOffer, endpoint: &EndpointName, sample: Option<&Sample>) -> String {
    let (before, rest) = CODE.split_once(BEGIN).unwrap_or_else(|| unreachable!("the file marks the values"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| unreachable!("the file marks the values"));
    let external_id = offer.external_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    let mut values = String::from("SHARE = {\n");
    for (name, value) in [
        (variables::REGION, offer.region.as_str()),
        (variables::ROLE_ARN, offer.role.as_str()),
        (variables::EXTERNAL_ID, external_id),
        (variables::ENDPOINT, endpoint.as_str()),
    ] {
        // Writing to a String can't fail.
        let _ = writeln!(values, "    {}: {},", literal(name), literal(value));
    }
    values.push_str("}\n");
    let (content_type, body) = sample.map_or(("application/json", "{}"), |s| (&s.content_type, &s.body));
    let _ = writeln!(values, "CONTENT_TYPE = {}", literal(content_type));
    let _ = writeln!(values, "BODY = {}", literal(body));
    format!("{before}{values}{after}")
}

/// A text as a Python string, in the quotes that need fewer escapes, as formatters of Python have it; ASCII only, so
/// that no character depends on how the file is read.
fn literal(text: &str) -> String {
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
            c if (c as u32) <= 0xff => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if (c as u32) <= 0xffff => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => {
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_text_becomes_one_python_string() {
        assert_eq!(literal("a\"b\\c\nd\te"), r#"'a"b\\c\nd\te'"#);
        assert_eq!(literal("it's \"so\""), r#"'it\'s "so"'"#);
        assert_eq!(literal("it's"), r#""it's""#);
        assert_eq!(literal("é 語 🌉\0"), r#""\xe9 \u8a9e \U0001f309\x00""#);
    }
}
