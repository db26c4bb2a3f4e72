//! The AWS SDK for JavaScript, beside the tests that run generated modules.

use crate::layout::Layout;
use crate::process::{quiet, stamp, stamped};
use crate::tools::npm;
use anyhow::{Context, Result};

/// `npm ci`, where the lock file changed.
pub fn ensure(layout: &Layout) -> Result<()> {
    let folder = layout.root.join("server/tests/javascript");
    let lock = folder.join("package-lock.json");
    let lock = std::fs::read_to_string(&lock).with_context(|| format!("could not read `{}`", lock.display()))?;
    let mark = folder.join("node_modules/.stamp");
    if stamped(&mark, &lock) {
        return Ok(());
    }
    let mut npm = npm()?;
    npm.current_dir(&folder).args(["ci", "--ignore-scripts"]);
    quiet(layout, "installing the AWS SDK for JavaScript", &mut npm)?;
    stamp(&mark, &lock)
}
