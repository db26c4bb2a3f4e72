//! `cargo xtask demo`: from a clean clone to a running console on the sandbox.

use crate::layout::Layout;
use crate::{binary, python, report};
use anyhow::Result;
use std::process::Command;

/// Builds what is missing, then becomes the console. It prints the address to open itself.
pub fn run(layout: &Layout, further: &[String]) -> Result<()> {
    let program = binary::build(layout)?;
    let mut serve = Command::new(program);
    serve.args(["serve", "--sandbox"]);
    if !further.iter().any(|argument| argument == "--data-dir" || argument.starts_with("--data-dir=")) {
        // The demo's state stays out of the place where a console for real accounts keeps its own.
        serve.arg("--data-dir").arg(layout.target.join("demo"));
    }
    serve.args(further);
    match std::env::var_os(python::VARIABLE) {
        Some(_) => {}
        None => match python::ensure(layout) {
            Ok(python) => {
                serve.env(python::VARIABLE, python);
            }
            // All but that works.
            Err(error) => report::line(&format!("  the sandbox can't run functions: {error:#}")),
        },
    }
    report::line("  starting; open the address after `console:`, end it with Ctrl-C");
    replace(&mut serve)
}

/// Signals go straight to the console when this program is gone.
#[cfg(unix)]
fn replace(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::from(command.exec()).context("could not start sagebridge"))
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> Result<()> {
    crate::process::loud(command)
}
