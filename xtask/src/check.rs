//! `cargo xtask test`: everything that must hold, cheapest first, stopping at the first thing that does not.

use crate::layout::Layout;
use crate::process::{capture, cargo, loud, on_path, quiet};
use crate::report::{line, step, took};
use crate::site::{self, Flavour};
use crate::{browser, javascript, python, tools};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// What to leave out or add.
#[derive(clap::Args)]
pub struct Options {
    /// Leave out what needs a browser, Python or Node.js.
    #[arg(long)]
    quick: bool,
    /// Also get cargo-deny and cargo-machete where they are missing, and look for known vulnerabilities.
    #[arg(long)]
    full: bool,
    /// Arguments for the browser tests, after `--`: a file's name, `--headed` …
    #[arg(last = true)]
    playwright: Vec<String>,
}

/// Runs the steps in order.
pub fn run(layout: &Layout, options: &Options) -> Result<()> {
    let start = Instant::now();
    step("formatting", || loud(cargo(layout).args(["fmt", "--all", "--check"])))?;
    let tools = step("tools", || tools::ensure(layout))?;
    dependencies(layout, options.full)?;
    step("lints", || loud(cargo(layout).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))?;
    step("lints for the browser", || {
        let mut clippy = cargo(layout);
        clippy.args(["clippy", "--package", "app", "--lib", "--no-default-features", "--features", "split"]);
        // As cargo-leptos builds it, so that procedural macros and build scripts are built once.
        clippy.args(["--target", "wasm32-unknown-unknown", "--profile", "wasm-dev", "--target-dir"]);
        loud(clippy.arg(layout.target.join("front")).args(["--", "-D", "warnings"]))
    })?;
    // All targets at once, so that the console is there for the browser.
    step("build", || loud(cargo(layout).arg("build").args(REST).arg("--all-targets")))?;
    let python = if options.quick { None } else { Some(step("python", || python::ensure(layout))?) };
    if !options.quick {
        step("javascript", || javascript::ensure(layout))?;
    }
    step("tests", || loud(&mut tests(layout, &REST, python)))?;
    step("tests of the use cases", || loud(&mut tests(layout, &APART, None)))?;
    step("documentation tests", || {
        loud(cargo(layout).args(["test", "--quiet", "--doc"]).args(REST))?;
        loud(cargo(layout).args(["test", "--quiet", "--doc"]).args(APART))
    })?;
    if !options.quick {
        let site = step("site", || site::ensure(layout, &tools, Flavour::Dev))?;
        step("browser tests' types", || browser::types(layout))?;
        step("browser tests", || {
            let python = python::ensure(layout)?;
            let console =
                browser::Console { binary: &layout.binary("debug", "sagebridge"), site: &site, python: &python };
            browser::test(layout, console, &options.playwright)
        })?;
    }
    line(&format!("all passed ({})", took(start.elapsed())));
    Ok(())
}

/// The use cases' tests stop tokio's clock. That is a feature of tokio, and in one build with the rest it would give the
/// whole AWS SDK a second set of features, and so a second build.
const APART: [&str; 2] = ["--package", "services"];
/// Everything else.
const REST: [&str; 3] = ["--workspace", "--exclude", "services"];

/// cargo-nextest where it is there, else cargo's own runner. Without a Python the tests that need one are left out, and
/// with them those that need Node.js.
fn tests(layout: &Layout, packages: &[&str], python: Option<PathBuf>) -> Command {
    let mut command = cargo(layout);
    let nextest = capture(cargo(layout).args(["nextest", "--version"])).is_some();
    if nextest {
        command.args(["nextest", "run"]).args(packages);
    } else {
        command.arg("test").args(packages).args(["--lib", "--bins", "--tests", "--examples"]);
    }
    if packages == APART {
        return command;
    }
    match (python, nextest) {
        (Some(python), _) => command.env(python::VARIABLE, python),
        (None, true) => {
            command.args(["--filterset", "not (binary(boto3) | binary(generated) | test(boto3_) | test(node_))"])
        }
        (None, false) => {
            command.arg("--").args(["boto3_", "with_python::", "node_"].iter().flat_map(|name| ["--skip", name]))
        }
    };
    command
}

/// Licences, bans, sources and unused dependencies, with the tools that are there.
fn dependencies(layout: &Layout, full: bool) -> Result<()> {
    for (program, version) in [("cargo-deny", "0.20.2"), ("cargo-machete", "0.9.2")] {
        let own = layout.tools.join("bin").join(program);
        let mut found = on_path(program).or_else(|| own.is_file().then(|| own.clone()));
        if found.is_none() && full {
            let mut install = cargo(layout);
            install
                .args(["install", program, "--version", &format!("={version}"), "--locked", "--root"])
                .arg(&layout.tools);
            install.arg("--target-dir").arg(layout.tools.join("build"));
            quiet(layout, &format!("installing {program} {version}"), &mut install)?;
            found = Some(own);
        }
        let Some(found) = found else {
            line(&format!("== {program} is not installed: left out (`--full` gets it)"));
            continue;
        };
        let mut command = Command::new(found);
        command.current_dir(&layout.root);
        match program {
            // The advisories need a download of their own.
            "cargo-deny" if full => command.args(["check"]),
            "cargo-deny" => command.args(["check", "licenses", "bans", "sources"]),
            _ => command.args(["--skip-target-dir"]),
        };
        step(program, || loud(&mut command))?;
    }
    Ok(())
}
