//! What custom attributes tell a model to do: `name=value`, separated by `;` or `,`. A value may be percent-encoded,
//! for what would separate.

use super::ModelFailure;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::time::Duration;

/// The custom attributes of a request.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a>(pub &'a str);

impl<'a> Attributes<'a> {
    /// The value of an attribute; empty for one that has none.
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        let mut parts = self.0.split([';', ',']).map(str::trim);
        parts.find_map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (key.trim() == name).then(|| percent_decode_str(value.trim()).decode_utf8_lossy())
        })
    }
    /// Whether an attribute is there.
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }
    /// The value of an attribute that is a whole number.
    pub fn number(self, name: &str) -> Result<Option<u64>, ModelFailure> {
        let parse = |text: Cow<'_, str>| {
            text.parse().map_err(|_| ModelFailure::model(400, format!("`{name}={text}` is not a whole number")))
        };
        self.get(name).map(parse).transpose()
    }
    /// The value of an attribute that is a time in milliseconds.
    pub fn time(self, name: &str) -> Result<Option<Duration>, ModelFailure> {
        Ok(self.number(name)?.map(Duration::from_millis))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_name_and_decoded() {
        let told = Attributes("parts=3; flag ,type=text/html%3B%20charset=utf-8");
        assert_eq!(told.number("parts").unwrap(), Some(3));
        assert_eq!(told.get("type").unwrap(), "text/html; charset=utf-8");
        assert!(told.has("flag") && !told.has("part"));
        assert!(told.number("type").is_err());
    }
}
