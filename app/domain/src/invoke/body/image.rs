//! Raster images by their first bytes, whatever they are said to be. SVG is markup and never an image here.
//!
//! Sources: the PNG specification (section 5), ITU T.81 annex B, the GIF89a specification, the WebP container
//! specification.

/// An image that browsers show and that holds no markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageType {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/gif`
    Gif,
    /// `image/webp`
    Webp,
}

impl ImageType {
    /// By the first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
        }
    }

    /// How its files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }

    /// Width and height in pixels, where its head says so.
    pub fn pixels(self, bytes: &[u8]) -> Option<(u32, u32)> {
        let size = match self {
            Self::Png => (big(bytes.get(16..20)?), big(bytes.get(20..24)?)),
            Self::Gif => (little(bytes.get(6..8)?), little(bytes.get(8..10)?)),
            Self::Jpeg => jpeg(bytes)?,
            Self::Webp => webp(bytes)?,
        };
        (size.0 > 0 && size.1 > 0).then_some(size)
    }
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// The frame header, behind the segments before it.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let (0xff, marker) = (*bytes.get(at)?, *bytes.get(at + 1)?) else { return None };
        match marker {
            // Fill bytes, and markers without a length.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // Every start of frame; 0xc4, 0xc8 and 0xcc are tables and extensions.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((big(bytes.get(at + 7..at + 9)?), big(bytes.get(at + 5..at + 7)?)));
            }
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::try_from(big(bytes.get(at + 2..at + 4)?)).ok()?.max(2),
        }
    }
}

fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes.get(12..16)? {
        b"VP8 " => Some((little(bytes.get(26..28)?) & 0x3fff, little(bytes.get(28..30)?) & 0x3fff)),
        b"VP8L" => {
            let bits = little(bytes.get(21..25)?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => Some((little(bytes.get(24..27)?) + 1, little(bytes.get(27..30)?) + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn images_are_known_by_their_bytes_with_their_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x02\0\0\0\x03\x08\x06";
        // A segment of four bytes before the frame.
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\0\x09\0\x0a\x03";
        let gif = b"GIF89a\x05\0\x06\0\xf0\0\0";
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x40\0\x30\0";
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x07\xc0\x01\0";
        let extended = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x07\0\0\x08\0\0";
        for (bytes, kind, size) in [
            (&png[..], ImageType::Png, (258, 3)),
            (jpeg, ImageType::Jpeg, (10, 9)),
            (gif, ImageType::Gif, (5, 6)),
            (lossy, ImageType::Webp, (64, 48)),
            (lossless, ImageType::Webp, (8, 8)),
            (extended, ImageType::Webp, (8, 9)),
        ] {
            assert_eq!(ImageType::of(bytes), Some(kind));
            assert_eq!(kind.pixels(bytes), Some(size), "{kind:?}");
        }
        for other in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'>"[..], b"", b"\x89PNG", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7"]
        {
            assert_eq!(ImageType::of(other), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            for kind in [ImageType::Png, ImageType::Jpeg, ImageType::Gif, ImageType::Webp] {
                kind.pixels(&bytes);
            }
        }
    }
}
