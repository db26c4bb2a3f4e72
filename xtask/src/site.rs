//! The browser's half: wasm, script, styles and assets, made by cargo-leptos.
//!
//! cargo-leptos empties its output folder on every build, so everything that looks at the files' times would start
//! over. A stamp over all inputs decides whether there is anything to do.

use crate::layout::Layout;
use crate::process::{loud, quiet, stamp, stamped};
use crate::tools::{self, Tools};
use crate::{compress, editor, report};
use anyhow::{Context, Result, bail};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How the site is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// For the tests: quick to build, never embedded.
    Dev,
    /// For the product: small, precompressed, embedded.
    Release,
}

impl Flavour {
    /// The folder's name under the clone's `target`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Dev => "site-dev",
            Self::Release => "site",
        }
    }
}

/// Builds the site where its inputs changed, and says where it is.
pub fn ensure(layout: &Layout, tools: &Tools, flavour: Flavour) -> Result<PathBuf> {
    let site = layout.site(flavour.folder());
    let mark = layout.site(&format!("{}.stamp", flavour.folder()));
    // One of the assets, and so of the inputs.
    editor::ensure(layout)?;
    let inputs = fingerprint(layout)?;
    if site.join("pkg/sagebridge.wasm").is_file() && stamped(&mark, &inputs) {
        return Ok(site);
    }
    // A build that is broken off must not look finished.
    if mark.exists() {
        std::fs::remove_file(&mark).with_context(|| format!("could not remove `{}`", mark.display()))?;
    }
    let mut leptos = Command::new(&tools.cargo_leptos);
    leptos.current_dir(&layout.root).args(["leptos", "build", "--frontend-only", "--split", "--lib-features", "split"]);
    leptos.env("PATH", tools.path()?).env("LEPTOS_SITE_ROOT", Path::new("target").join(flavour.folder()));
    // cargo-leptos hands its target folder on; it must be the one this program was built in.
    leptos.env("CARGO_TARGET_DIR", &layout.target);
    if flavour == Flavour::Release {
        leptos.arg("--release");
    }
    quiet(layout, "building the site", &mut leptos)?;
    if !site.join("pkg/sagebridge.wasm").is_file() {
        bail!("cargo-leptos left no `pkg/sagebridge.wasm` in `{}`", site.display());
    }
    if flavour == Flavour::Release {
        let made = compress::folder(&site)?;
        report::line(&format!("  {made}"));
    }
    stamp(&mark, &inputs)?;
    Ok(site)
}

/// Builds and runs, and does it again whenever a file changes.
pub fn watch(layout: &Layout, run: &[String]) -> Result<()> {
    let tools = tools::ensure(layout)?;
    editor::ensure(layout)?;
    let mut leptos = Command::new(&tools.cargo_leptos);
    leptos.current_dir(&layout.root).args(["leptos", "watch", "--"]).env("PATH", tools.path()?);
    if run.is_empty() {
        leptos.args(["serve", "--sandbox", "--data-dir", "target/watch"]);
    } else {
        leptos.args(run);
    }
    loud(&mut leptos)
}

/// A digest of everything that goes into the site.
fn fingerprint(layout: &Layout) -> Result<String> {
    let mut files = Vec::new();
    for part in
        ["app", "style", "public", "Cargo.toml", "Cargo.lock", ".cargo/config.toml", "xtask/tools/package-lock.json"]
    {
        collect(&layout.root.join(part), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        file.strip_prefix(&layout.root).unwrap_or(file).hash(&mut hasher);
        std::fs::read(file).with_context(|| format!("could not read `{}`", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.extend(path.is_file().then(|| path.to_path_buf()));
        return Ok(());
    }
    // The use cases run on the server only; tests, snapshots and examples run nowhere near a browser.
    let name = path.file_name().unwrap_or_default();
    if ["services", "tests", "snapshots", "examples", "proptest-regressions"].iter().any(|skip| name == *skip) {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).with_context(|| format!("could not list `{}`", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
