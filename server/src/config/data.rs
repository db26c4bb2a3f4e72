//! Where state is kept. The sandbox's side of things (its accounts, and what the console made in them) and the side of
//! real AWS are kept apart, so that forgetting the one never touches the other.

use crate::failure::StartError;
use std::path::PathBuf;

/// Where state is kept.
#[derive(Debug, Clone)]
pub struct DataConfig {
    /// The folder; made when it is not there.
    pub dir: PathBuf,
}

impl DataConfig {
    /// The given folder, or `sagebridge` in the user's data folder (XDG Base Directory Specification).
    pub fn new(given: Option<PathBuf>) -> Result<Self, StartError> {
        let dir = given
            .filter(|dir| !dir.as_os_str().is_empty())
            .or_else(|| default_dir(std::env::var_os("XDG_DATA_HOME"), std::env::home_dir()))
            .ok_or(StartError::NoDataDir)?;
        Ok(Self { dir })
    }

    /// The console's database: one for the sandbox, one for AWS.
    pub fn database(&self, sandbox: bool) -> PathBuf {
        self.dir.join(if sandbox { "console-sandbox.db" } else { "console.db" })
    }

    /// The files of batches: those that were sent to the sandbox, and those to AWS.
    pub fn batches(&self, sandbox: bool) -> PathBuf {
        self.dir.join(if sandbox { "batches-sandbox" } else { "batches" })
    }

    /// The tables of pipelines: those of the sandbox's, and those of AWS.
    pub fn pipelines(&self, sandbox: bool) -> PathBuf {
        self.dir.join(if sandbox { "pipelines-sandbox" } else { "pipelines" })
    }

    /// The sandbox's folder: its state, and the shared files for its clients.
    pub fn sandbox_dir(&self) -> PathBuf {
        self.dir.join("sandbox")
    }
}

/// The specification wants relative paths in `XDG_DATA_HOME` ignored.
fn default_dir(xdg: Option<std::ffi::OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let base = xdg
        .map(PathBuf::from)
        .filter(|p| p.is_absolute())
        .or_else(|| home.filter(|h| h.is_absolute()).map(|h| h.join(".local/share")))?;
    Some(base.join("sagebridge"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_follows_the_xdg_specification() {
        let home = || Some(PathBuf::from("/home/ada"));
        let dir = |xdg: &str, home| default_dir(Some(xdg.into()), home);
        assert_eq!(dir("/data", home()), Some("/data/sagebridge".into()));
        assert_eq!(dir("relative", home()), Some("/home/ada/.local/share/sagebridge".into()));
        assert_eq!(default_dir(None, home()), Some("/home/ada/.local/share/sagebridge".into()));
        assert_eq!(default_dir(None, None), None);
    }

    #[test]
    fn the_sandbox_and_aws_have_a_database_each() {
        let data = DataConfig { dir: "/d".into() };
        assert_ne!(data.database(true), data.database(false));
    }
}
