//! `cargo xtask demo`: from a clean clone to a running console on the sandbox.

use crate::layout::Layout;
use crate::{binary, report};
use anyhow::Result;
use std::process::Command;

/// Builds what is missing, then becomes the console. It prints the address to open itself.
pub fn run(layout: &Layout, further: &[String]) -> Result<()> {
    let program = binary::build(layout)?;
    let mut serve = Command::new(program);
    // The demo's state stays out of the place where a console for real accounts keeps its own.
    serve.args(["serve", "--sandbox"]).arg("--data-dir").arg(layout.target.join("demo")).args(further);
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
