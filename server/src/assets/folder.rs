//! Files in the site's folder, read as they are asked for: for development and tests.

use super::Asset;
use bytes::Bytes;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

#[derive(Debug, Clone)]
pub(super) struct Source {
    root: PathBuf,
}

impl Source {
    pub(super) fn new(site: &crate::config::SiteConfig) -> Self {
        if !site.root.join("pkg").is_dir() {
            tracing::warn!(
                folder = %site.root.display(),
                "the site is not there: pages come without styles and script; \
                 build it with `cargo xtask build`, or name its folder with LEPTOS_SITE_ROOT"
            );
        }
        Self { root: site.root.clone() }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.root.join(name).is_file()
    }

    /// Compressed siblings may be left over from another build, so they are left alone.
    pub(super) fn get(&self, name: &str) -> Option<Asset> {
        let path = self.root.join(name);
        let about = path.metadata().ok().filter(|m| m.is_file())?;
        let changed = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let version = format!("{:x}-{:x}", changed.as_nanos(), about.len());
        Some(Asset { plain: Bytes::from(std::fs::read(path).ok()?), brotli: None, gzip: None, version })
    }
}
