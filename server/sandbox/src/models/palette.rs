//! `palette`: the dominant colours of a picture, found by median cut.
//!
//! Takes PNG, JPEG, GIF (its first picture) and WebP, as their own types or as `application/x-image`; what it is, is
//! told by the bytes. Gives `application/json` or, where `image/png` is accepted, a picture of the colours. The custom
//! attribute `colors=N` says how many at most, 1 to 16.

mod quantise;

use super::attributes::Attributes;
use super::{Answer, Inference, ModelFailure, json};
use bytes::Bytes;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use quantise::Color;
use serde_json::json;
use std::io::Cursor;
use tokio::sync::Semaphore;

/// The types it takes.
const TAKES: [&str; 5] = ["application/x-image", "image/png", "image/jpeg", "image/gif", "image/webp"];
/// The types it gives.
const GIVES: [&str; 2] = [json::CONTENT_TYPE, "image/png"];
/// The most pixels a picture may have: a file of some kilobytes can claim to have billions.
const MOST_PIXELS: u64 = 16_000_000;
/// The most bytes the decoder may take for itself.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// How many pictures are looked at at once, whatever the number of requests: each takes that much memory.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How many colours it tells where it is not told.
const COLORS: u64 = 6;
const MOST_COLORS: u64 = 16;
/// The picture of the colours.
const SWATCH: (u32, u32) = (480, 80);

/// What was found out about a picture.
struct Palette {
    width: u32,
    height: u32,
    format: &'static str,
    colors: Vec<Color>,
}

/// Answers a request.
pub async fn run(inference: Inference) -> Result<Answer, ModelFailure> {
    let kind = json::base(inference.content_type.as_deref().unwrap_or_default());
    if !TAKES.contains(&kind.as_str()) {
        let given = if kind.is_empty() { "no content type".into() } else { format!("content type `{kind}`") };
        let takes = TAKES.join(", ");
        return Err(ModelFailure::model(415, format!("{given} is not supported; the model takes {takes}")));
    }
    let swatch = json::accepts(&inference, &GIVES)? == 1;
    let attributes = inference.custom_attributes;
    let most = Attributes(attributes.as_deref().unwrap_or_default()).number("colors")?.unwrap_or(COLORS);
    if !(1..=MOST_COLORS).contains(&most) {
        return Err(ModelFailure::model(400, format!("`colors` is not between 1 and {MOST_COLORS}")));
    }
    let failed = |_| ModelFailure::model(500, "the picture could not be looked at");
    let _turn = AT_ONCE.acquire().await.map_err(|_| ModelFailure::model(503, "the model is shutting down"))?;
    let look = move || look(inference.body, usize::try_from(most).unwrap_or(1));
    let palette = tokio::task::spawn_blocking(look).await.map_err(failed)??;
    if swatch {
        let body = palette.swatch().map_err(|e| ModelFailure::model(500, e.to_string()))?;
        return Ok(Answer { content_type: GIVES[1].into(), custom_attributes: attributes, closed_session: None, body });
    }
    Ok(json::answer(&palette.json(), attributes))
}

fn look(body: Bytes, most: usize) -> Result<Palette, ModelFailure> {
    let bad = |e: &dyn std::fmt::Display| ModelFailure::model(400, format!("the picture can't be read: {e}"));
    let mut reader = ImageReader::new(Cursor::new(body)).with_guessed_format().map_err(|e| bad(&e))?;
    let format = match reader.format() {
        Some(ImageFormat::Png) => "png",
        Some(ImageFormat::Jpeg) => "jpeg",
        Some(ImageFormat::Gif) => "gif",
        Some(ImageFormat::WebP) => "webp",
        _ => return Err(bad(&"it is no PNG, JPEG, GIF or WebP")),
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|e| bad(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ModelFailure::model(
            413,
            format!("the picture has {width} × {height} pixels; the model takes {MOST_PIXELS} at most"),
        ));
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|e| bad(&e))?.into_rgba8();
    // What is seen through has no colour of its own.
    let opaque = picture.pixels().filter(|pixel| pixel.0[3] >= 128).map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]);
    Ok(Palette { width, height, format, colors: quantise::dominant(opaque, most) })
}

impl Palette {
    fn json(&self) -> serde_json::Value {
        let colors = self.colors.iter().map(|color| {
            let [r, g, b] = color.rgb;
            // Four digits: more would pretend to know more.
            json!({ "hex": format!("#{r:02x}{g:02x}{b:02x}"), "share": (color.share * 10_000.0).round() / 10_000.0 })
        });
        let colors: Vec<_> = colors.collect();
        json!({ "width": self.width, "height": self.height, "format": self.format, "colors": colors })
    }

    /// Stripes, each as wide as its colour's share.
    fn swatch(&self) -> image::ImageResult<Bytes> {
        let mut ends = Vec::new();
        let mut sum = 0.0;
        for color in &self.colors {
            sum += color.share;
            ends.push((sum * f64::from(SWATCH.0), Rgb(color.rgb)));
        }
        let last = ends.last().map_or(Rgb([255, 255, 255]), |(_, rgb)| *rgb);
        let at = |x: u32| ends.iter().find(|(end, _)| f64::from(x) + 0.5 < *end).map_or(last, |(_, rgb)| *rgb);
        let mut png = Cursor::new(Vec::new());
        RgbImage::from_fn(SWATCH.0, SWATCH.1, |x, _| at(x)).write_to(&mut png, ImageFormat::Png)?;
        Ok(png.into_inner().into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};
    use serde_json::Value;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Bytes {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner().into()
    }

    /// Three quarters blue, one quarter orange.
    fn two_colors() -> DynamicImage {
        RgbImage::from_fn(40, 20, |x, _| if x < 30 { Rgb([0, 64, 200]) } else { Rgb([240, 140, 0]) }).into()
    }

    fn asked(kind: &str, body: Bytes) -> Inference {
        Inference { content_type: Some(kind.into()), accept: None, custom_attributes: None, headers: Vec::new(), body }
    }

    async fn seen(inference: Inference) -> Value {
        serde_json::from_slice(&run(inference).await.unwrap().body).unwrap()
    }

    async fn refused(inference: Inference) -> (u16, String) {
        match run(inference).await {
            Err(ModelFailure::Model { status, message }) => (status, message),
            _ => panic!("was not refused"),
        }
    }

    #[tokio::test]
    async fn the_colors_of_a_picture_are_found_with_their_shares() {
        for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let found = seen(asked("application/x-image", encoded(&two_colors(), format))).await;
            assert_eq!((&found["width"], &found["height"]), (&json!(40), &json!(20)));
            let expected = json!([{ "hex": "#0040c8", "share": 0.75 }, { "hex": "#f08c00", "share": 0.25 }]);
            assert_eq!(found["colors"], expected, "{format:?}");
        }
        // JPEG keeps colours only nearly.
        let found = seen(asked("image/jpeg", encoded(&two_colors(), ImageFormat::Jpeg))).await;
        assert_eq!(found["format"], "jpeg");
        assert!(found["colors"][0]["share"].as_f64().unwrap() > 0.5);
    }

    #[tokio::test]
    async fn what_is_seen_through_does_not_count() {
        let picture = RgbaImage::from_fn(10, 10, |x, _| Rgba([9, 9, 9, if x < 5 { 0 } else { 255 }]));
        let found = seen(asked("image/png", encoded(&picture.into(), ImageFormat::Png))).await;
        assert_eq!(found["colors"], json!([{ "hex": "#090909", "share": 1.0 }]));
        let nothing = RgbaImage::from_pixel(4, 4, Rgba([1, 2, 3, 0]));
        let found = seen(asked("image/png", encoded(&nothing.into(), ImageFormat::Png))).await;
        assert_eq!(found["colors"], json!([]));
    }

    #[tokio::test]
    async fn a_swatch_is_a_picture_of_the_colors() {
        let body = encoded(&two_colors(), ImageFormat::Png);
        let accepting = Inference { accept: Some("image/png".into()), ..asked("image/png", body) };
        let answer = run(accepting).await.unwrap();
        assert_eq!(answer.content_type, "image/png");
        let swatch = image::load_from_memory(&answer.body).unwrap().into_rgb8();
        assert_eq!((swatch.width(), swatch.height()), SWATCH);
        assert_eq!((swatch.get_pixel(359, 0).0, swatch.get_pixel(361, 79).0), ([0, 64, 200], [240, 140, 0]));
    }

    #[tokio::test]
    async fn the_number_of_colors_can_be_asked_for() {
        let picture = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 4) as u8, (y * 4) as u8, 128]));
        let body = encoded(&picture.into(), ImageFormat::Png);
        let told = |colors: &str| Inference {
            custom_attributes: Some(format!("colors={colors}")),
            ..asked("image/png", body.clone())
        };
        for count in [1, 5, 16] {
            assert_eq!(seen(told(&count.to_string())).await["colors"].as_array().unwrap().len(), count);
        }
        assert_eq!(refused(told("17")).await.0, 400);
        assert_eq!(refused(told("many")).await.0, 400);
    }

    #[tokio::test]
    async fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_unpacked() {
        // A PNG of one pixel whose header is made to claim 40 000 × 40 000, with the header's checksum mended.
        let mut png = encoded(&RgbImage::new(1, 1).into(), ImageFormat::Png).to_vec();
        png[16..20].copy_from_slice(&40_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&40_000_u32.to_be_bytes());
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        let (status, message) = refused(asked("image/png", png.into())).await;
        assert!(status == 413 && message.contains("40000 × 40000"), "{status} {message}");
    }

    /// The checksum of PNG's chunks.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }

    #[tokio::test]
    async fn what_is_no_picture_is_refused() {
        assert_eq!(refused(asked("text/csv", Bytes::new())).await.0, 415);
        assert_eq!(refused(asked("image/png", Bytes::from_static(b"<svg/>"))).await.0, 400);
        let whole = encoded(&two_colors(), ImageFormat::Png);
        assert_eq!(refused(asked("image/png", whole.slice(..40))).await.0, 400);
        let accepting = Inference { accept: Some("text/csv".into()), ..asked("image/png", whole) };
        let (status, message) = refused(accepting).await;
        assert!(status == 406 && message.contains("application/json and image/png"), "{message}");
    }
}
