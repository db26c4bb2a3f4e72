//! The kinds of body, and the content types that go with them.

/// What a body is made of, and so how it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum BodyKind {
    Json,
    /// A value of JSON a line.
    JsonLines,
    Csv,
    Text,
    /// A file as it is: an image, an array of NumPy …
    File,
    /// Bytes, typed as hex or base64.
    Bytes,
}

impl BodyKind {
    /// All of them, as they are offered.
    pub const ALL: [Self; 6] = [Self::Json, Self::JsonLines, Self::Csv, Self::Text, Self::File, Self::Bytes];

    /// Its name in pages.
    pub fn key(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonlines",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::File => "file",
            Self::Bytes => "bytes",
        }
    }

    /// The kind of this key.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::JsonLines => "JSON Lines",
            Self::Csv => "CSV",
            Self::Text => "Text",
            Self::File => "File or image",
            Self::Bytes => "Bytes",
        }
    }

    /// The content type to begin with.
    pub fn usual_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonlines",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
            Self::File | Self::Bytes => "application/octet-stream",
        }
    }

    /// Whether it is typed as text and sent as it is typed.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::File | Self::Bytes)
    }

    /// The kind that a content type asks for; `None` where it does not say.
    pub fn of_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (family, name) = essence.split_once('/').filter(|(_, name)| !name.is_empty())?;
        match (family, name) {
            (_, "jsonlines" | "x-jsonlines" | "jsonl" | "x-ndjson" | "ndjson") => Some(Self::JsonLines),
            (_, "json") => Some(Self::Json),
            (_, name) if name.ends_with("+json") => Some(Self::Json),
            (_, "csv") => Some(Self::Csv),
            ("text", _) => Some(Self::Text),
            ("image" | "audio" | "video", _)
            | (_, "octet-stream" | "x-image" | "x-npy" | "x-recordio-protobuf" | "pdf" | "zip") => Some(Self::File),
            _ => None,
        }
    }

    /// Whether a body of this kind may be sent as a content type: a file and bytes may be anything.
    pub fn fits(self, content_type: &str) -> bool {
        !self.is_text() || Self::of_type(content_type).is_none_or(|kind| kind == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_asks_for_a_kind_whatever_its_parameters_and_case() {
        for (kind, types) in [
            (
                Some(BodyKind::Json),
                &["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"][..],
            ),
            (Some(BodyKind::JsonLines), &["application/jsonlines", "application/x-ndjson"][..]),
            (Some(BodyKind::Csv), &["text/csv", "text/csv; header=present"][..]),
            (Some(BodyKind::Text), &["text/plain", "text/libsvm", "text/x-libsvm"][..]),
            (Some(BodyKind::File), &["image/png", "application/x-image", "application/x-npy"][..]),
            (None, &["", "text", "text/", "application/js", "application/x-thing"][..]),
        ] {
            for text in types {
                assert_eq!(BodyKind::of_type(text), kind, "{text}");
            }
        }
    }

    #[test]
    fn every_kind_fits_its_usual_type_and_is_found_by_its_key() {
        for kind in BodyKind::ALL {
            assert!(kind.fits(kind.usual_type()), "{kind:?}");
            assert_eq!(BodyKind::parse(kind.key()), Some(kind));
        }
        assert!(!BodyKind::Json.fits("text/csv"));
        assert!(BodyKind::File.fits("text/csv"));
    }
}
