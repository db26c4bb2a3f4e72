//! Files inside the binary.

use super::Asset;
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;
use std::fmt::Write;

#[derive(RustEmbed)]
#[folder = "../target/site"]
struct Site;

#[derive(Debug, Clone)]
pub(super) struct Source;

impl Source {
    pub(super) fn new(_: &crate::config::SiteConfig) -> Self {
        Self
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        Site::get(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<Asset> {
        let plain = Site::get(name)?;
        let mut version = String::with_capacity(16);
        for byte in plain.metadata.sha256_hash().iter().take(8) {
            write!(version, "{byte:02x}").ok()?;
        }
        let sibling = |suffix: &str| Site::get(&format!("{name}.{suffix}")).map(bytes);
        Some(Asset { brotli: sibling("br"), gzip: sibling("gz"), plain: bytes(plain), version })
    }
}

/// A release build's files are part of the program: nothing is copied.
fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}
