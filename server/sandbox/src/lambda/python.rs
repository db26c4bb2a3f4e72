//! The Python that runs functions: found when it is needed, so that one installed meanwhile is found too.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Names the interpreter.
const VARIABLE: &str = "SAGEBRIDGE_PYTHON";

/// Which Python to run functions with.
#[derive(Debug, Clone, Default)]
pub struct Python {
    named: Option<PathBuf>,
    path: Option<OsString>,
}

impl Python {
    /// The one that `SAGEBRIDGE_PYTHON` names, else the `python3` on `PATH`.
    pub fn from_environment() -> Self {
        let named = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
        Self { named, path: std::env::var_os("PATH") }
    }
    /// This one.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { named: Some(path.into()), path: None }
    }
    /// The interpreter's path, or what is missing and how to get it.
    pub fn find(&self) -> Result<PathBuf, String> {
        if let Some(named) = &self.named {
            let absolute = std::path::absolute(named).unwrap_or_else(|_| named.clone());
            return if absolute.is_file() {
                Ok(absolute)
            } else {
                Err(format!(
                    "the sandbox runs functions with Python: `{}`, which {VARIABLE} names, does not exist; install Python \
                     3, or name another",
                    named.display()
                ))
            };
        }
        let names = if cfg!(windows) { ["python3.exe", "python.exe"] } else { ["python3", "python"] };
        let folders: Vec<PathBuf> = self.path.iter().flat_map(std::env::split_paths).collect();
        let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        found.into_iter().find(|path| path.is_absolute() && path.is_file()).ok_or_else(|| {
            format!(
                "the sandbox runs functions with Python: `python3` is not on PATH; install Python 3 with boto3, or name \
                 one in {VARIABLE}"
            )
        })
    }
}

/// What to do about a module that an interpreter has not.
pub fn without(python: &Path, module: &str) -> String {
    let python = python.display();
    format!(
        "the sandbox runs functions with Python: `{python}` has no module `{module}`; make a virtual environment \
         (`python3 -m venv venv`), install it there (`venv/bin/python -m pip install {module}`), and name its Python in \
         {VARIABLE}"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let dir = tempfile::TempDir::new().unwrap();
        let nowhere = Python { named: None, path: Some(dir.path().into()) };
        assert!(nowhere.find().unwrap_err().contains("`python3` is not on PATH"));
        let gone = Python::at(dir.path().join("python9")).find().unwrap_err();
        assert!(gone.contains("python9") && gone.contains(VARIABLE), "{gone}");
        let text = without(Path::new("/usr/bin/python3"), "boto3");
        assert!(text.contains("no module `boto3`") && text.contains("pip install boto3"), "{text}");
    }

    #[test]
    fn the_first_python3_on_the_path_is_taken() {
        let dir = tempfile::TempDir::new().unwrap();
        let name = if cfg!(windows) { "python3.exe" } else { "python3" };
        let (empty, full) = (dir.path().join("empty"), dir.path().join("full"));
        std::fs::create_dir(&empty).unwrap();
        std::fs::create_dir(&full).unwrap();
        std::fs::write(full.join(name), "").unwrap();
        let path = std::env::join_paths([&empty, &full]).unwrap();
        assert_eq!(Python { named: None, path: Some(path) }.find().unwrap(), full.join(name));
    }
}
