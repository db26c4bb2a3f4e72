//! A Python with boto3, in a virtual environment in the target folder: a client of the sandbox that we did not write.

use crate::layout::Layout;
use crate::process::{on_path, quiet, stamp, stamped};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

const REQUIREMENTS: &str = "server/sandbox/tests/boto3/requirements.txt";

/// The interpreter, or a line saying what is missing.
pub fn ensure(layout: &Layout) -> Result<PathBuf> {
    let file = layout.root.join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&file).with_context(|| format!("could not read `{REQUIREMENTS}`"))?;
    let home = layout.target.join("python");
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let mark = home.join("requirements.stamp");
    if python.is_file() && stamped(&mark, &wanted) {
        return Ok(python);
    }
    let system =
        ["python3", "python"].into_iter().find_map(on_path).context("python3 is not on PATH; install Python 3")?;
    let mut venv = Command::new(system);
    quiet(layout, "making a Python environment", venv.args(["-m", "venv", "--clear"]).arg(&home))
        .context("if Python lacks the module `venv`, install it (Debian: apt-get install python3-venv)")?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&file);
    quiet(layout, "installing boto3", &mut pip)?;
    stamp(&mark, &wanted)?;
    Ok(python)
}
