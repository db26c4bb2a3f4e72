//! `cargo xtask build`: one file that holds everything.

use crate::layout::Layout;
use crate::process::{cargo, quiet};
use crate::site::{self, Flavour};
use crate::{report, tools};
use anyhow::Result;
use std::path::PathBuf;
use std::time::Instant;

/// Builds `sagebridge` in release with the site inside, and says where it is.
pub fn build(layout: &Layout) -> Result<PathBuf> {
    let start = Instant::now();
    let tools = tools::ensure(layout)?;
    site::ensure(layout, &tools, Flavour::Release)?;
    let mut cargo = cargo(layout);
    cargo.args(["build", "--release", "--package", "server", "--features", "embed"]);
    quiet(layout, "building sagebridge", &mut cargo)?;
    let binary = layout.binary("release", "sagebridge");
    report::line(&format!("  {} is up to date ({})", binary.display(), report::took(start.elapsed())));
    Ok(binary)
}
