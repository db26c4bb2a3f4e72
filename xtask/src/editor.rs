//! The playground's text editor: CodeMirror from npm, bundled into one file of the site.
//!
//! The bundle lies among the assets, where git ignores it: cargo-leptos copies those into every site it makes, `watch`'s
//! too.

use crate::layout::Layout;
use crate::process::{on_path, quiet, stamp, stamped};
use crate::tools::npm;
use anyhow::{Context, Result};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

/// Where the page looks for it, within the assets.
const BUNDLE: &str = "public/editor/editor.js";
/// What it is made from, within `editor`.
const INPUTS: [&str; 5] = ["package.json", "package-lock.json", "build.mjs", "src/editor.ts", "src/look.ts"];

/// Bundles the editor where its inputs changed.
pub fn ensure(layout: &Layout) -> Result<()> {
    let folder = layout.root.join("editor");
    let (bundle, mark) = (layout.root.join(BUNDLE), layout.site("editor.stamp"));
    let inputs = fingerprint(&folder)?;
    if bundle.is_file() && stamped(&mark, &inputs) {
        return Ok(());
    }
    packages(layout)?;
    let node = on_path("node").context("node is not on PATH; install Node.js 20 or later with npm")?;
    let mut build = Command::new(node);
    build.current_dir(&folder).arg("build.mjs").arg(&bundle);
    quiet(layout, "bundling the editor", &mut build)?;
    let target = layout.root.join("target");
    std::fs::create_dir_all(&target).with_context(|| format!("could not create `{}`", target.display()))?;
    stamp(&mark, &inputs)
}

/// `npm ci`, where the lock file changed.
pub fn packages(layout: &Layout) -> Result<()> {
    let folder = layout.root.join("editor");
    let lock = read(&folder.join("package-lock.json"))?;
    let mark = folder.join("node_modules/.stamp");
    if stamped(&mark, &lock) {
        return Ok(());
    }
    let mut npm = npm()?;
    // esbuild is a program for each system, as an optional package; nothing needs a script to be installed.
    npm.current_dir(&folder).args(["ci", "--ignore-scripts"]);
    quiet(layout, "installing the editor's packages", &mut npm)?;
    stamp(&mark, &lock)
}

fn fingerprint(folder: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for input in INPUTS {
        read(&folder.join(input))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))
}
