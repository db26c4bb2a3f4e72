//! Places in S3: `s3://bucket/key`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A bucket, and a key or the beginning of keys in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The bucket's name.
    pub bucket: String,
    /// An object's key, or what keys begin with; empty for the bucket itself.
    pub key: String,
}

impl Location {
    /// Parses `s3://bucket/key`. `None` if it is not of that form, or the bucket's name can't be one.
    ///
    /// Source: S3 user guide, "General purpose bucket naming rules", of which only the characters and the length are
    /// checked: S3 knows what it has.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("s3://")?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let fits = (3..=63).contains(&bucket.len()) && bucket.chars().all(plain) && key.len() <= 1024;
        fits.then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// A place below this one: with a `/` between, where there is none yet.
    pub fn join(&self, below: &str) -> Self {
        let parent = self.key.trim_end_matches('/');
        let key = if parent.is_empty() { below.to_owned() } else { format!("{parent}/{below}") };
        Self { bucket: self.bucket.clone(), key }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_place_prints_as_it_was_read() {
        for text in ["s3://abc/", "s3://a.b-c/x", "s3://abc/x/y z/ü"] {
            assert_eq!(Location::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Location::parse("s3://abc").unwrap().to_string(), "s3://abc/");
        for bad in ["", "abc/x", "https://abc/x", "s3://", "s3://ab/x", "s3://A_B/x"] {
            assert_eq!(Location::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_place_below_another_has_one_slash_between() {
        let at = |text: &str| Location::parse(text).unwrap();
        for place in ["s3://abc/out", "s3://abc/out/"] {
            assert_eq!(at(place).join("f").to_string(), "s3://abc/out/f");
        }
        assert_eq!(at("s3://abc").join("f").to_string(), "s3://abc/f");
    }
}
