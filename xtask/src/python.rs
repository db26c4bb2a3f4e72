//! A Python with boto3, the AWS CLI and linters, in a virtual environment in the target folder: clients of the sandbox
//! that we did not write, and judges of the programs that we generate.

use crate::layout::Layout;
use crate::process::{on_path, quiet, stamp, stamped};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// Names the Python that the sandbox runs functions in.
pub const VARIABLE: &str = "SAGEBRIDGE_PYTHON";

const REQUIREMENTS: [&str; 2] =
    ["server/sandbox/tests/boto3/requirements.txt", "app/domain/tests/generated/requirements.txt"];

/// The interpreter, or a line saying what is missing.
pub fn ensure(layout: &Layout) -> Result<PathBuf> {
    let mut wanted = String::new();
    for file in REQUIREMENTS {
        let text = std::fs::read_to_string(layout.root.join(file));
        wanted += &text.with_context(|| format!("could not read `{file}`"))?;
    }
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
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    for file in REQUIREMENTS {
        pip.arg("--requirement").arg(layout.root.join(file));
    }
    quiet(layout, "installing boto3, the AWS CLI and linters", &mut pip)?;
    stamp(&mark, &wanted)?;
    Ok(python)
}
