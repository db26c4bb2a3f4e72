//! Build tools at pinned versions, in the target folder.
//!
//! They come from crates.io and npm as source or scripts: no prebuilt program from a code-hosting site. cargo-leptos
//! takes whatever it finds on PATH before it would download anything, so [`Tools::path`] puts them all there.

use crate::layout::Layout;
use crate::process::{self, capture, on_path, quiet, stamp, stamped};
use crate::report;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_LEPTOS: &str = "0.3.5";
const WASM: &str = "wasm32-unknown-unknown";

/// The tools that were found or made.
pub struct Tools {
    /// cargo-leptos.
    pub cargo_leptos: PathBuf,
    folders: Vec<PathBuf>,
}

impl Tools {
    /// PATH with the tools in front.
    pub fn path(&self) -> Result<OsString> {
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let all = self.folders.iter().cloned().chain(std::env::split_paths(&rest));
        std::env::join_paths(all).context("PATH holds a folder with a colon in its name")
    }
}

/// Gets whatever is missing and says where everything is.
pub fn ensure(layout: &Layout) -> Result<Tools> {
    std::fs::create_dir_all(&layout.tools).with_context(|| format!("could not create `{}`", layout.tools.display()))?;
    wasm_target(layout)?;
    let bindgen = locked_version(&layout.root, "wasm-bindgen")?;
    let cargo_leptos = crate_tool(layout, "cargo-leptos", "cargo-leptos", CARGO_LEPTOS)?;
    let wasm_bindgen = crate_tool(layout, "wasm-bindgen-cli", "wasm-bindgen", &bindgen)?;
    let mut folders: Vec<PathBuf> = wasm_bindgen.parent().map(Path::to_path_buf).into_iter().collect();
    folders.extend(npm_tools(layout)?);
    let build = layout.tools.join("build");
    if build.exists() {
        // Two gigabytes that nothing needs again.
        std::fs::remove_dir_all(&build).with_context(|| format!("could not remove `{}`", build.display()))?;
    }
    Ok(Tools { cargo_leptos, folders })
}

/// The version of a package in Cargo.lock.
fn locked_version(root: &Path, package: &str) -> Result<String> {
    version_in(&read(&root.join("Cargo.lock"))?, package)
}

fn version_in(lock: &str, package: &str) -> Result<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).with_context(|| format!("Cargo.lock names no version of `{package}`"))
}

fn wasm_target(layout: &Layout) -> Result<()> {
    let libs =
        capture(Command::new("rustc").current_dir(&layout.root).args(["--print=target-libdir", "--target", WASM]));
    if libs.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        bail!(
            "this Rust has no standard library for {WASM}; install it with your system's package manager, or use rustup"
        );
    }
    let mut rustup = Command::new("rustup");
    quiet(layout, &format!("adding the target {WASM}"), rustup.current_dir(&layout.root).args(["target", "add", WASM]))
}

/// A program that comes as a crate: found on PATH or among the tools at this version, or else built.
fn crate_tool(layout: &Layout, package: &str, program: &str, version: &str) -> Result<PathBuf> {
    let own = layout.tools.join("bin").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    let found = [Some(own.clone()), on_path(program)].into_iter().flatten().find(|file| has_version(file, version));
    if let Some(file) = found {
        return Ok(file);
    }
    let label = format!("installing {package} {version}");
    let locked = quiet(layout, &label, &mut install(layout, package, version, true));
    if let Err(error) = locked {
        report::line(&format!("  {package} does not build with its own lock file; trying without"));
        quiet(layout, &label, &mut install(layout, package, version, false))
            .with_context(|| format!("with its lock file: {error:#}"))?;
    }
    if !has_version(&own, version) {
        bail!("`{}` is not {program} {version} although it was just installed", own.display());
    }
    Ok(own)
}

fn install(layout: &Layout, package: &str, version: &str, locked: bool) -> Command {
    let mut cargo = process::cargo(layout);
    cargo.args(["install", package, "--version", &format!("={version}")]);
    cargo.arg("--root").arg(&layout.tools);
    cargo.arg("--target-dir").arg(layout.tools.join("build"));
    if locked {
        cargo.arg("--locked");
    }
    // They run for seconds at a time: what counts is how long they take to build.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    cargo
}

/// `cargo-leptos 0.3.5`, `wasm-bindgen 0.2.130 (…)`, `wasm-opt version 132`.
fn has_version(program: &Path, version: &str) -> bool {
    capture(Command::new(program).arg("--version"))
        .is_some_and(|said| said.split_whitespace().any(|word| word == version))
}

/// Sass and wasm-opt: the folder to put on PATH, or none when the right versions are there already.
fn npm_tools(layout: &Layout) -> Result<Option<PathBuf>> {
    let source = layout.root.join("xtask/tools");
    let manifest = read(&source.join("package.json"))?;
    let sass = npm_version(&manifest, "sass")?;
    let binaryen = npm_version(&manifest, "binaryen")?;
    // Binaryen's programs name only the first part of their version.
    let wasm_opt = binaryen.split('.').next().unwrap_or_default();
    let there = |name: &str, version: &str| on_path(name).is_some_and(|file| has_version(&file, version));
    if there("sass", sass) && there("wasm-opt", wasm_opt) {
        return Ok(None);
    }
    let folder = layout.tools.join("node_modules").join(".bin");
    let lock = read(&source.join("package-lock.json"))?;
    let mark = layout.tools.join("npm.stamp");
    if !(stamped(&mark, &lock) && folder.join("sass").exists() && folder.join("wasm-opt").exists()) {
        for file in ["package.json", "package-lock.json", ".npmrc"] {
            std::fs::copy(source.join(file), layout.tools.join(file))
                .with_context(|| format!("could not copy `{file}`"))?;
        }
        // Sass's optional part is a file watcher that needs compiling; a build has no use for it.
        let mut npm = npm()?;
        npm.current_dir(&layout.tools).args(["ci", "--ignore-scripts", "--omit=optional"]);
        quiet(layout, &format!("installing sass {sass} and wasm-opt {wasm_opt}"), &mut npm)?;
        stamp(&mark, &lock)?;
    }
    Ok(Some(folder))
}

/// npm, or a line saying that it is missing.
pub fn npm() -> Result<Command> {
    let npm = ["npm", "npm.cmd"].into_iter().find_map(on_path);
    npm.map(Command::new).context("npm is not on PATH; install Node.js 20 or later with npm")
}

fn npm_version<'a>(manifest: &'a str, package: &str) -> Result<&'a str> {
    let key = format!("\"{package}\": \"");
    let rest = manifest.split_once(&key).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('"').next())
        .with_context(|| format!("package.json names no version of `{package}`"))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").unwrap(), "0.2.130");
        assert!(version_in(lock, "wasm").is_err());
    }

    #[test]
    fn npm_versions_are_exact() {
        let manifest = include_str!("../tools/package.json");
        for package in ["sass", "binaryen"] {
            let version = npm_version(manifest, package).unwrap();
            assert!(version.bytes().all(|b| b.is_ascii_digit() || b == b'.'), "`{version}` of {package} is a range");
        }
    }
}
