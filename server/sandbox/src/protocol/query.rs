//! awsQuery: parameters as a form, results as XML.

use crate::error::{Failure, Family};
use axum::body::Body;
use http::Response;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The parameters of a call, flattened: `Tags.member.1.Key`.
#[derive(Debug, Default, Clone)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a form.
    pub fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }
    /// The form of an input in JSON: `{"Tags": [{"Key": "a"}]}` is `Tags.member.1.Key=a`.
    pub fn flatten(input: &Value) -> Self {
        let mut flat = BTreeMap::new();
        flatten(String::new(), input, &mut flat);
        Self(flat)
    }
    /// A parameter that may be missing.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
    /// A parameter that must be there.
    pub fn required(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name).ok_or_else(|| {
            Failure::validation(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                member(name)
            ))
        })
    }
    /// A whole number that may be missing.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Failure::new(400, "MalformedInput", format!("`{text}` at '{name}' is not a number.")))
        };
        self.optional(name).map(parse).transpose()
    }
    /// `name.member.1`, `name.member.2`, …
    pub fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|n| self.optional(&format!("{name}.member.{n}"))).collect()
    }
    /// `name.member.1.key`, … as one row an element; a missing key is an empty text.
    pub fn rows<const N: usize>(&self, name: &str, keys: [&str; N]) -> Vec<[&str; N]> {
        (1..)
            .map_while(|n| {
                let row = keys.map(|key| self.optional(&format!("{name}.member.{n}.{key}")));
                row.iter().any(Option::is_some).then(|| row.map(Option::unwrap_or_default))
            })
            .collect()
    }
}

fn flatten(name: String, value: &Value, flat: &mut BTreeMap<String, String>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Null => {}
        Value::Object(members) => members.iter().for_each(|(key, value)| flatten(below(key), value, flat)),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                flatten(below(&format!("member.{}", n + 1)), item, flat);
            }
        }
        Value::String(text) => drop(flat.insert(name, text.clone())),
        other => drop(flat.insert(name, other.to_string())),
    }
}

/// `RoleName` as validation messages name it: `roleName`.
pub fn member(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// XML being written.
#[derive(Debug, Default, Clone)]
pub struct Xml(String);

impl Xml {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// What is written so far.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// `<name>text</name>`.
    pub fn text(mut self, name: &str, text: impl std::fmt::Display) -> Self {
        self.open(name);
        self.0.push_str(&escape(&text.to_string()));
        self.close(name);
        self
    }
    /// The same, if there is a text.
    pub fn maybe(self, name: &str, text: Option<impl std::fmt::Display>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }
    /// `<name>…</name>`; what is inside starts empty.
    pub fn node(mut self, name: &str, inner: impl FnOnce(Xml) -> Xml) -> Self {
        self.open(name);
        let Xml(inner) = inner(Xml::new());
        self.0.push_str(&inner);
        self.close(name);
        self
    }
    /// `<name><member>…</member>…</name>`.
    pub fn list<T>(self, name: &str, items: impl IntoIterator<Item = T>, mut each: impl FnMut(Xml, T) -> Xml) -> Self {
        self.node(name, |xml| items.into_iter().fold(xml, |xml, item| xml.node("member", |xml| each(xml, item))))
    }
    /// The text of the first `<name>` in it.
    pub fn find(&self, name: &str) -> Option<String> {
        let (_, rest) = self.0.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once(&format!("</{name}>"))?;
        // The ampersand last, or what was escaped twice would be read twice.
        Some(inner.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
    }
    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }
    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"))
}

/// A result.
pub fn success(operation: &str, result: Option<Xml>, namespace: &str, request_id: &str) -> Response<Body> {
    let result =
        result.map_or_else(String::new, |Xml(inner)| format!("<{operation}Result>{inner}</{operation}Result>"));
    let body = format!(
        "<{operation}Response xmlns=\"{namespace}\">{result}<ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></{operation}Response>"
    );
    super::response(200, "text/xml", body)
}

/// An error.
pub fn failure(failure: &Failure, namespace: &str, request_id: &str) -> Response<Body> {
    let status = failure.status_for(Family::Query);
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let Xml(inner) = Xml::new()
        .node("Error", |xml| {
            xml.text("Type", fault).text("Code", failure.code_for(Family::Query)).text("Message", &failure.message)
        })
        .text("RequestId", request_id);
    super::response(status, "text/xml", format!("<ErrorResponse xmlns=\"{namespace}\">{inner}</ErrorResponse>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_rows_are_read_in_order() {
        let params = Params::parse(b"A.member.1=x&A.member.2=y&T.member.1.Key=k&T.member.1.Value=v+1&T.member.2.Key=l");
        assert_eq!(params.list("A"), ["x", "y"]);
        assert_eq!(params.rows("T", ["Key", "Value"]), [["k", "v 1"], ["l", ""]]);
    }

    #[test]
    fn what_was_written_is_found_again() {
        let xml = Xml::new().node("Role", |xml| xml.text("Arn", "a&b<c>").text("Arn", "second"));
        assert_eq!(xml.find("Arn").as_deref(), Some("a&b<c>"));
        assert_eq!(xml.find("Path"), None);
    }

    #[test]
    fn what_xml_would_read_as_markup_is_escaped() {
        let Xml(text) = Xml::new().list("L", ["a<b", "c&\"d"], |xml, item| xml.text("N", item));
        assert_eq!(text, "<L><member><N>a&lt;b</N></member><member><N>c&amp;&quot;d</N></member></L>");
    }
}
