//! Where things are: the workspace, cargo's target folder and the tools in it.

use crate::process;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders every command works with, all absolute.
pub struct Layout {
    /// The workspace's root.
    pub root: PathBuf,
    /// Cargo's target folder, which may lie outside the workspace.
    pub target: PathBuf,
    /// `TARGET/tools`: build tools at pinned versions.
    pub tools: PathBuf,
}

/// Cargo knows best: environment, configuration files or the default. Where this program lies says nothing, as folders
/// in the target folder may be links.
fn target_folder(root: &Path) -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata = process::capture(&mut cargo).context("`cargo metadata` failed")?;
    let value = metadata.split_once("\"target_directory\":\"").and_then(|(_, rest)| rest.split('"').next());
    value.map(|path| PathBuf::from(path.replace("\\\\", "\\"))).context("`cargo metadata` names no target folder")
}

impl Layout {
    /// Finds them from how cargo started this program. They are not compiled in: one target folder may serve several
    /// clones in turn.
    pub fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask …`")?;
        let root = Path::new(&manifest).parent().context("xtask has no folder above it")?.to_path_buf();
        let target = target_folder(&root)?;
        let tools = target.join("tools");
        Ok(Self { root, target, tools })
    }

    /// A binary that cargo built: `TARGET/release/NAME`.
    pub fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Where a finished site goes. It stays inside the clone, as the server embeds it from there.
    pub fn site(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// The log of a quiet step.
    pub fn log(&self, step: &str) -> PathBuf {
        self.target.join("xtask").join(format!("{}.log", step.replace([' ', '/'], "-")))
    }
}
