//! What a body is, by what is in it, and where that differs from what it is said to be. Nothing here interprets markup:
//! HTML, SVG and scripts are text.

pub mod chat;
pub mod csv;
pub mod hex;
mod image;
pub mod json;
pub mod lines;
mod visible;

pub use crate::body::bytes::{from_base64, to_base64};
pub use image::ImageType;
pub use visible::{has_hidden, visible};

use csv::Sheet;

/// The most pixels of an image that is drawn: a few kilobytes may stand for gigabytes of them.
pub const MOST_PIXELS: u64 = 64 * 1024 * 1024;

/// What a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyKind {
    /// Nothing.
    Empty,
    /// An object or an array of JSON.
    Json,
    /// A line of JSON for each of several.
    JsonLines,
    /// Rows.
    Csv(Sheet),
    /// Server-sent events.
    Events,
    /// An image that can be shown.
    Image(ImageType),
    /// HTML, SVG or XML: shown as text.
    Markup(Markup),
    /// Any other text.
    Text,
    /// Any other bytes.
    Binary,
}

/// Which markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// HTML, scripts included.
    Html,
    /// SVG.
    Svg,
    /// Any other XML.
    Xml,
}

impl Markup {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Svg => "SVG",
            Self::Xml => "XML",
        }
    }

    fn of(start: &str) -> Option<Self> {
        let start: String = start.chars().take(512).collect::<String>().to_ascii_lowercase();
        let after = start.strip_prefix('<')?;
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
            return None;
        }
        let begins = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
        let has = |word: &str| start.contains(word);
        Some(if begins(&["svg", "!doctype svg"]) || (begins(&["?xml", "!--"]) && has("<svg") && !has("<html")) {
            Self::Svg
        } else if begins(&["?xml"]) && !has("<html") {
            Self::Xml
        } else {
            Self::Html
        })
    }
}

/// A body, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it is.
    pub kind: BodyKind,
    /// Where that differs from its content type, or what is to be known of it: a sentence without its full stop, with what
    /// the model said in backticks.
    pub note: Option<String>,
}

/// Looks at a body. `text` is the bytes as text where they are UTF-8; `whole` is false for the beginning of a longer one,
/// of which only what needs no end is said.
pub fn read(content_type: &str, bytes: &[u8], text: Option<&str>, whole: bool) -> Reading {
    let said = essence(content_type);
    let image = ImageType::of(bytes);
    let kind = match (text, image) {
        _ if bytes.is_empty() => BodyKind::Empty,
        (_, Some(_)) if !whole => BodyKind::Binary,
        (_, Some(image)) => BodyKind::Image(image),
        (None, None) => BodyKind::Binary,
        (Some(text), None) => text_kind(&said, text, whole),
    };
    let note = note(&said, &kind, bytes, text, whole);
    Reading { kind, note }
}

fn text_kind(said: &str, text: &str, whole: bool) -> BodyKind {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if let Some(markup) = Markup::of(start) {
        return BodyKind::Markup(markup);
    }
    if !whole {
        return BodyKind::Text;
    }
    if start.starts_with(['{', '[']) {
        if json::check(text).is_ok() {
            return BodyKind::Json;
        }
        if chat::is_json_lines(text) {
            return BodyKind::JsonLines;
        }
    }
    if chat::is_event_stream(text) {
        return BodyKind::Events;
    }
    match Sheet::of(text) {
        Some(sheet) if is_csv(said) => BodyKind::Csv(sheet),
        // Said to be something else, or nothing: rows of equal length are rows.
        Some(sheet) if !is_json(said) && sheet.columns > 1 && sheet.rows > 1 && sheet.even => BodyKind::Csv(sheet),
        _ => BodyKind::Text,
    }
}

fn note(said: &str, kind: &BodyKind, bytes: &[u8], text: Option<&str>, whole: bool) -> Option<String> {
    let says_nothing = said.is_empty() || said.ends_with("octet-stream");
    let (is, fits) = match kind {
        BodyKind::Empty => return None,
        BodyKind::Markup(markup) => return Some(shown_as_text(*markup, said, says_nothing)),
        BodyKind::Binary => return no_text(said, bytes, whole),
        _ if says_nothing => return None,
        BodyKind::Image(image) => {
            (image.name(), said == image.media_type() || matches!(said, "application/x-image" | "image/jpg"))
        }
        // Any text is plain text.
        _ if said == "text/plain" => return None,
        BodyKind::Json => ("JSON", is_json(said) || is_lines(said)),
        // Some containers say only that it is JSON.
        BodyKind::JsonLines => ("JSON Lines", is_json(said) || is_lines(said)),
        BodyKind::Events => ("a stream of events", is_json(said) || is_lines(said) || said == "text/event-stream"),
        BodyKind::Csv(_) => ("CSV", is_csv(said)),
        BodyKind::Text if is_json(said) => return no_json(said, text?, whole),
        BodyKind::Text if is_lines(said) && whole => return no_lines(said, text?),
        BodyKind::Text if is_csv(said) && whole => {
            return Some(format!("the model says `{said}`, but a quote in this is never closed"));
        }
        BodyKind::Text => ("text", !said.starts_with("image/")),
    };
    (!fits).then(|| format!("the model says `{said}`, but this is {is}"))
}

fn shown_as_text(markup: Markup, said: &str, says_nothing: bool) -> String {
    let name = markup.name();
    if says_nothing || said.contains("html") || said.contains("xml") {
        return format!("this is {name}: it is shown as text, and nothing in it is run");
    }
    format!("the model says `{said}`, but this is {name}: it is shown as text, and nothing in it is run")
}

fn no_text(said: &str, bytes: &[u8], whole: bool) -> Option<String> {
    if said.starts_with("image/") && whole {
        return Some(format!(
            "the model says `{said}`; only PNG, JPEG, GIF and WebP are shown, and this is none of them"
        ));
    }
    let is_text = is_json(said) || is_lines(said) || is_csv(said) || said.starts_with("text/");
    is_text.then(|| match std::str::from_utf8(bytes) {
        Err(error) => {
            format!("the model says `{said}`, but this is no text: byte {} is not UTF-8", error.valid_up_to())
        }
        // What is not comes later.
        Ok(_) => format!("the model says `{said}`, but not all of this is text"),
    })
}

fn no_lines(said: &str, text: &str) -> Option<String> {
    json::check(text).is_err().then(|| format!("the model says `{said}`, but not every line of this is JSON"))
}

fn no_json(said: &str, text: &str, whole: bool) -> Option<String> {
    let fault = json::check(text).err()?;
    // The beginning of a longer answer ends somewhere.
    (whole || !fault.what.starts_with("it ends")).then(|| {
        let json::Fault { line, column, what } = fault;
        format!("the model says `{said}`, but this is no JSON: line {line}, column {column}: {what}")
    })
}

/// A content type without its parameters, in lower case.
pub fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(said: &str) -> bool {
    matches!(said, "application/json" | "text/json") || said.ends_with("+json")
}
fn is_lines(said: &str) -> bool {
    said.contains("jsonl") || said.contains("ndjson")
}
fn is_csv(said: &str) -> bool {
    matches!(said, "text/csv" | "application/csv" | "text/tab-separated-values")
}

impl BodyKind {
    /// How a file of it ends. Markup gets the ending of text: opened from a folder of downloads, a page would be run.
    fn extension(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv(_) => "csv",
            Self::Image(image) => image.extension(),
            Self::Empty | Self::Events | Self::Markup(_) | Self::Text => "txt",
            Self::Binary => "bin",
        }
    }
}

/// The file in which an endpoint's answer is kept: `echo-answer.json`. Letters, digits and hyphens of the endpoint's name
/// only, so that it is one everywhere. What is known only as text is what its content type says.
pub fn file_name(endpoint: &str, kind: &BodyKind, content_type: &str) -> String {
    let name: String = endpoint.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    let name = if name.is_empty() { "endpoint".to_owned() } else { name };
    let said = essence(content_type);
    let extension = match kind {
        BodyKind::Text if is_json(&said) => "json",
        BodyKind::Text if is_lines(&said) => "jsonl",
        BodyKind::Text if is_csv(&said) => "csv",
        kind => kind.extension(),
    };
    format!("{name}-answer.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content_type: &str, bytes: &[u8]) -> (&'static str, String) {
        let reading = read(content_type, bytes, std::str::from_utf8(bytes).ok(), true);
        let kind = match reading.kind {
            BodyKind::Empty => "empty",
            BodyKind::Json => "json",
            BodyKind::JsonLines => "lines",
            BodyKind::Csv(_) => "csv",
            BodyKind::Events => "events",
            BodyKind::Image(image) => image.name(),
            BodyKind::Markup(markup) => markup.name(),
            BodyKind::Text => "text",
            BodyKind::Binary => "binary",
        };
        (kind, reading.note.unwrap_or_default())
    }

    #[test]
    fn a_body_is_what_is_in_it() {
        for (content_type, bytes, kind) in [
            ("application/json", &b"{\"a\":1}"[..], "json"),
            ("application/json; charset=utf-8", b" [1]\n", "json"),
            ("application/vnd.x+json", b"{}", "json"),
            ("application/json", b"0.5", "text"),
            ("application/jsonlines", b"{}\n{}\n", "lines"),
            ("application/json", b"{}\n{}\n", "lines"),
            ("text/csv", b"0.1\n0.2", "csv"),
            ("text/csv", b"a", "csv"),
            ("text/csv; header=present", b"a,b\n1,2\n", "csv"),
            ("text/event-stream", b"data: x\n\n", "events"),
            ("application/octet-stream", b"\x89PNG\r\n\x1a\n", "PNG"),
            ("", b"1,2\n3,4\n", "csv"),
            ("text/plain", b"one, two\nthree", "text"),
            ("text/plain", b"hello", "text"),
            ("application/x-npy", b"\x93NUMPY", "binary"),
            ("", b"", "empty"),
        ] {
            assert_eq!(told(content_type, bytes), (kind, String::new()), "{content_type}");
        }
    }

    #[test]
    fn a_content_type_that_is_wrong_is_pointed_out() {
        for (content_type, bytes, kind, note) in [
            (
                "application/json",
                &b"<!DOCTYPE html>x"[..],
                "HTML",
                "the model says `application/json`, but this is HTML: it is shown as text",
            ),
            ("text/html", b"<p>", "HTML", "this is HTML: it is shown as text, and nothing in it is run"),
            ("image/svg+xml", b"<?xml version='1.0'?><svg onload='x'>", "SVG", "this is SVG: it is shown as text"),
            ("image/png", b"<svg onload='x'>", "SVG", "the model says `image/png`, but this is SVG"),
            ("application/json", b"{\"a\":\n nope}", "text", "this is no JSON: line 2, column 2: a value is expected"),
            (
                "application/json",
                b"\xff{}",
                "binary",
                "the model says `application/json`, but this is no text: byte 0 is not UTF-8",
            ),
            ("text/plain", b"ab\xff", "binary", "byte 2 is not UTF-8"),
            ("text/csv", b"{\"a\":1}", "json", "the model says `text/csv`, but this is JSON"),
            ("image/png", b"\xff\xd8\xff", "JPEG", "the model says `image/png`, but this is JPEG"),
            ("image/png", b"no", "text", "the model says `image/png`, but this is text"),
            ("application/jsonlines", b"{}\n{", "text", "not every line of this is JSON"),
            ("application/json", b"\x89PNG\r\n\x1a\n", "PNG", "but this is PNG"),
        ] {
            let (found, said) = told(content_type, bytes);
            assert_eq!(found, kind, "{content_type}");
            assert!(said.contains(note), "{content_type}: {said}");
        }
    }

    #[test]
    fn the_beginning_of_a_long_body_is_text_or_bytes_and_its_end_is_no_fault() {
        let kind = |content_type: &str, bytes: &[u8]| read(content_type, bytes, std::str::from_utf8(bytes).ok(), false);
        assert_eq!(kind("application/json", b"{\"a\":[1,2"), Reading { kind: BodyKind::Text, note: None });
        assert_eq!(kind("image/png", b"\x89PNG\r\n\x1a\n").kind, BodyKind::Binary);
        assert!(kind("application/json", b"{nope").note.is_some_and(|note| note.contains("column 2")));
    }

    #[test]
    fn thirty_megabytes_of_anything_are_looked_at() {
        let long = "a,1\n".repeat(30 * 256 * 1024);
        assert!(
            matches!(read("text/csv", long.as_bytes(), Some(&long), true).kind, BodyKind::Csv(s) if s.rows == 30 * 256 * 1024)
        );
        let deep = "[".repeat(30 * 1024 * 1024);
        assert_eq!(read("application/json", deep.as_bytes(), Some(&deep), true).kind, BodyKind::Text);
        let bytes = vec![0xff; 30 * 1024 * 1024];
        assert_eq!(read("", &bytes, None, true).kind, BodyKind::Binary);
    }

    #[test]
    fn a_file_is_named_after_its_endpoint_and_what_it_is_and_never_opens_as_a_page() {
        assert_eq!(file_name("echo", &BodyKind::Json, ""), "echo-answer.json");
        assert_eq!(file_name("../a\"b\n", &BodyKind::Markup(Markup::Html), "text/html"), "ab-answer.txt");
        assert_eq!(file_name("", &BodyKind::Image(ImageType::Png), ""), "endpoint-answer.png");
        assert_eq!(file_name("x", &BodyKind::Text, "text/csv; header=present"), "x-answer.csv");
        assert_eq!(file_name("x", &BodyKind::Text, "text/html"), "x-answer.txt");
    }
}
