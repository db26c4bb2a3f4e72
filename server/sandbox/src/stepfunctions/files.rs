//! The files of executions: the interpreter's whole state, history included, one file an execution.
//!
//! The state file is written anew at every change of anything; histories are too long for that.

use super::live::Stored;
use crate::persist;
use crate::state::State;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of executions.
pub struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// The folder below a sandbox's; files that belong to no execution are removed.
    pub fn open(dir: &Path, state: &State) -> io::Result<Self> {
        let folder = Self { dir: dir.join("executions") };
        std::fs::create_dir_all(&folder.dir)?;
        let machines = state.accounts.values().flat_map(|account| account.machines.values());
        let runs = machines.flat_map(|part| part.machines.values()).flat_map(|machine| machine.runs.values());
        let known: BTreeSet<PathBuf> = runs.map(|run| folder.path(&run.file)).collect();
        for entry in std::fs::read_dir(&folder.dir)? {
            let path = entry?.path();
            if !known.contains(&path) {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(folder)
    }
    fn path(&self, file: &str) -> PathBuf {
        self.dir.join(format!("{file}.json"))
    }
    /// Keeps an execution as it is.
    pub fn save(&self, file: &str, stored: &Stored) -> io::Result<()> {
        persist::replace(&self.path(file), &serde_json::to_vec(stored)?)
    }
    /// Reads an execution.
    pub fn load(&self, file: &str) -> io::Result<Stored> {
        Ok(serde_json::from_slice(&std::fs::read(self.path(file))?)?)
    }
    /// Forgets an execution.
    pub fn forget(&self, file: &str) {
        match std::fs::remove_file(self.path(file)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(error = %e, "the file of an execution can't be removed");
            }
            _ => {}
        }
    }
}
