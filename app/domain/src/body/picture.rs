//! Pictures by their first bytes, never by what someone says they are.

/// A picture made of pixels: the kinds that a browser may be asked to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Picture {
    Png,
    Jpeg,
    Gif,
    WebP,
}

impl Picture {
    /// By the first twelve bytes. Source: WHATWG MIME Sniffing, "matching an image type pattern".
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    #[test]
    fn only_pixels_are_pictures() {
        assert_eq!(Picture::of(b"\x89PNG\r\n\x1a\n..."), Some(Picture::Png));
        assert_eq!(Picture::of(b"\xff\xd8\xff\xe0"), Some(Picture::Jpeg));
        assert_eq!(Picture::of(b"GIF89a"), Some(Picture::Gif));
        assert_eq!(Picture::of(b"RIFF\0\0\0\0WEBPVP8 "), Some(Picture::WebP));
        for other in [&b"<svg xmlns="[..], b"<html>", b"RIFF\0\0\0\0WAVE", b""] {
            assert_eq!(Picture::of(other), None);
        }
    }
}
