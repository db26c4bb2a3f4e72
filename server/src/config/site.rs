//! Where the browser's files come from when they are not inside the binary.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The name of the browser half's files, as in `[[workspace.metadata.leptos]]`.
pub const OUTPUT_NAME: &str = "sagebridge";
/// Their folder, as in `[[workspace.metadata.leptos]]`.
pub const PKG_DIR: &str = "pkg";

/// Where the browser's files come from. A binary with the feature `embed` carries them and ignores `root`.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// The site's folder: `LEPTOS_SITE_ROOT`, which cargo-leptos sets, or `target/site`.
    pub root: PathBuf,
    /// The port of cargo-leptos' reload socket, while it watches.
    pub reload_port: Option<u16>,
}

impl SiteConfig {
    /// As cargo-leptos says, or as it would.
    pub fn from_env() -> Self {
        let root = std::env::var_os("LEPTOS_SITE_ROOT").filter(|r| !r.is_empty());
        let watching = std::env::var_os("LEPTOS_WATCH").is_some();
        let port = std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|p| p.parse().ok());
        Self { root: root.map_or_else(|| "target/site".into(), PathBuf::from), reload_port: port.filter(|_| watching) }
    }

    /// Leptos' own options, independent of its environment: the binary runs from any folder.
    pub fn leptos_options(&self, addr: SocketAddr) -> leptos::prelude::LeptosOptions {
        let options = leptos::prelude::LeptosOptions::builder()
            .output_name(OUTPUT_NAME)
            .site_root(self.root.to_string_lossy().into_owned())
            .site_pkg_dir(PKG_DIR)
            .site_addr(addr);
        match self.reload_port {
            Some(port) => options.reload_port(u32::from(port)).build(),
            None => options.build(),
        }
    }
}
