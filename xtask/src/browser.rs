//! The browser tests: their packages, a Chromium, and the console they start.

use crate::editor;
use crate::layout::Layout;
use crate::process::{capture, cargo, loud, on_path, quiet, stamp, stamped};
use crate::python;
use crate::site::{self, Flavour};
use crate::tools::{self, npm};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The console that the tests start.
#[derive(Clone, Copy)]
pub struct Console<'a> {
    /// Its binary.
    pub binary: &'a Path,
    /// The browser's files.
    pub site: &'a Path,
    /// What its sandbox runs functions in.
    pub python: &'a Path,
}

/// Runs the browser tests against the development build.
pub fn test(layout: &Layout, console: Console<'_>, further: &[String]) -> Result<()> {
    let chromium = ready(layout)?;
    let mut playwright = node_tool(layout, "@playwright/test/cli.js")?;
    playwright.arg("test").args(further);
    with_console(&mut playwright, &chromium, console);
    loud(&mut playwright)
}

/// Checks the types of the tests and of the editor; a test that asks for a field that is not there would otherwise fail late.
pub fn types(layout: &Layout) -> Result<()> {
    packages(layout)?;
    loud(npx(layout, "tsc")?.arg("--noEmit"))?;
    editor::packages(layout)?;
    loud(npx(layout, "tsc")?.args(["--project", "../editor"]))
}

/// Takes a picture of every page into `folder`.
pub fn screenshots(layout: &Layout, folder: &Path) -> Result<()> {
    let chromium = ready(layout)?;
    let tools = tools::ensure(layout)?;
    let site = site::ensure(layout, &tools, Flavour::Dev)?;
    let mut build = cargo(layout);
    quiet(layout, "building sagebridge for tests", build.args(["build", "--package", "server"]))?;
    let mut playwright = node_tool(layout, "@playwright/test/cli.js")?;
    playwright.args(["test", "--config", "screenshots.config.ts"]);
    playwright.env("SCREENSHOTS", layout.root.join(folder));
    let python = python::ensure(layout)?;
    let console = Console { binary: &layout.binary("debug", "sagebridge"), site: &site, python: &python };
    with_console(&mut playwright, &chromium, console);
    loud(&mut playwright)
}

fn with_console(command: &mut Command, chromium: &Path, console: Console<'_>) {
    command.env("CHROME", chromium).env("SAGEBRIDGE_BIN", console.binary).env("LEPTOS_SITE_ROOT", console.site);
    command.env(python::VARIABLE, console.python);
}

fn ready(layout: &Layout) -> Result<PathBuf> {
    packages(layout)?;
    chromium(layout)
}

fn node_tool(layout: &Layout, script: &str) -> Result<Command> {
    let mut node = Command::new(on_path("node").context("node is not on PATH; install Node.js 20 or later with npm")?);
    let folder = layout.root.join("end2end");
    node.arg(folder.join("node_modules").join(script)).current_dir(folder);
    Ok(node)
}

fn npx(layout: &Layout, program: &str) -> Result<Command> {
    let folder = layout.root.join("end2end");
    let mut command = Command::new(folder.join("node_modules/.bin").join(program));
    command.current_dir(folder);
    Ok(command)
}

/// `npm ci`, where the lock file changed.
fn packages(layout: &Layout) -> Result<()> {
    let folder = layout.root.join("end2end");
    let lock =
        std::fs::read_to_string(folder.join("package-lock.json")).context("could not read end2end's lock file")?;
    let mark = folder.join("node_modules/.stamp");
    if stamped(&mark, &lock) {
        return Ok(());
    }
    let mut npm = npm()?;
    // Playwright would fetch browsers of its own; the system's Chromium is used instead.
    npm.current_dir(&folder).args(["ci", "--ignore-scripts"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    quiet(layout, "installing the browser tests' packages", &mut npm)?;
    stamp(&mark, &lock)
}

/// A Chromium: named by CHROME, found on the system, or installed from Debian's packages when that is allowed.
fn chromium(layout: &Layout) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROME").filter(|name| !name.is_empty()) {
        let path = PathBuf::from(&named);
        return if path.is_file() { Ok(path) } else { bail!("CHROME names `{}`, which is not a file", path.display()) };
    }
    let app = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let found = || CHROMIUMS.into_iter().find_map(on_path).or_else(|| app.is_file().then(|| app.clone()));
    if let Some(path) = found() {
        return Ok(path);
    }
    let root = capture(Command::new("id").arg("-u")).is_some_and(|user| user == "0");
    if root && on_path("apt-get").is_some() {
        let mut update = Command::new("apt-get");
        quiet(layout, "reading Debian's package lists", update.args(["update"]))?;
        let mut install = Command::new("apt-get");
        install
            .args(["install", "--yes", "--no-install-recommends", "chromium"])
            .env("DEBIAN_FRONTEND", "noninteractive");
        quiet(layout, "installing Chromium", &mut install)?;
    }
    found().context(
        "no Chromium found; install it (Debian and Ubuntu: `sudo apt-get install chromium`) or name one with CHROME=/path/to/chrome",
    )
}
