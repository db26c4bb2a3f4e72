//! The data folder: private to its owner, and held by one process at a time.

use crate::config::DataConfig;
use crate::failure::StartError;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Which part of the folder a process holds. The console on AWS and the sandbox don't share files, so one of each may
/// run in the same folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The console's state about real AWS.
    Console,
    /// The sandbox's state, and the console's state about the sandbox.
    Sandbox,
}

/// Holds a part of the data folder until it is dropped; the system lets go of it too if the process is killed.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// Makes the folder if need be, and takes it.
pub fn take(data: &DataConfig, part: Part) -> Result<DataDirLock, StartError> {
    let unusable = |source| StartError::DataDir { path: data.dir.clone(), source };
    make_private(&data.dir)?;
    let name = match part {
        Part::Console => "console.lock",
        Part::Sandbox => "sandbox.lock",
    };
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(data.dir.join(name))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {
            // For the one who finds it locked; the lock itself is the system's.
            note_holder(&mut file).map_err(unusable)?;
            Ok(DataDirLock { _file: file })
        }
        Err(TryLockError::WouldBlock) => Err(StartError::Locked { path: data.dir.clone(), holder: holder(&mut file) }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Forgets what the console remembers about the sandbox: with new accounts it would only be wrong.
pub fn forget_sandbox_console(data: &DataConfig) -> Result<(), StartError> {
    let database = data.database(true);
    for suffix in ["", "-wal", "-shm"] {
        let mut name = database.clone().into_os_string();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StartError::DataDir { path: data.dir.clone(), source: error });
            }
            _ => {}
        }
    }
    for folder in [data.batches(true), data.pipelines(true)] {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StartError::DataDir { path: data.dir.clone(), source: error });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes a folder of our own, or takes one that is.
fn make_private(dir: &Path) -> Result<(), StartError> {
    let unusable = |source| StartError::DataDir { path: dir.to_owned(), source };
    if !dir.is_dir() {
        return make(dir).map_err(unusable);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(dir).map_err(unusable)?;
        if let Some((problem, remedy)) = open_to_others(found.mode(), found.uid(), rustix::process::geteuid().as_raw())
        {
            return Err(StartError::DataDirOpen { path: dir.to_owned(), problem, remedy });
        }
    }
    Ok(())
}

/// Who else could put files into a folder with this mode and owner: sessions and plans are believed as they are found
/// there. Gives what is wrong and the command that mends it.
#[cfg(unix)]
fn open_to_others(mode: u32, owner: u32, me: u32) -> Option<(String, &'static str)> {
    if owner != me {
        return Some((format!("belongs to another user ({owner})"), "chown"));
    }
    (mode & 0o022 != 0).then(|| (format!("can be written by others (mode {:o})", mode & 0o7777), "chmod go-w"))
}

fn make(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn note_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!(" (process {})", text.trim()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn folder() -> (tempfile::TempDir, DataConfig) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataConfig { dir: dir.path().join("deep/er") };
        (dir, data)
    }

    #[test]
    fn a_folder_is_held_by_one_at_a_time_and_says_by_whom() {
        let (_keep, data) = folder();
        let first = take(&data, Part::Sandbox).unwrap();
        let refusal = take(&data, Part::Sandbox).unwrap_err().to_string();
        assert!(refusal.contains(&format!("(process {})", std::process::id())), "{refusal}");
        take(&data, Part::Console).unwrap();
        drop(first);
        take(&data, Part::Sandbox).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let (_keep, data) = folder();
        take(&data, Part::Console).unwrap();
        assert_eq!(std::fs::metadata(&data.dir).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_is_refused_and_left_as_it_is() {
        use std::os::unix::fs::PermissionsExt;
        let (_keep, data) = folder();
        std::fs::create_dir_all(&data.dir).unwrap();
        for (mode, private) in [(0o700, true), (0o755, true), (0o775, false), (0o707, false), (0o1777, false)] {
            std::fs::set_permissions(&data.dir, std::fs::Permissions::from_mode(mode)).unwrap();
            let taken = take(&data, Part::Console);
            assert_eq!(taken.is_ok(), private, "{mode:o}");
            if let Err(refusal) = taken {
                assert!(matches!(refusal, StartError::DataDirOpen { .. }), "{refusal}");
                assert!(refusal.to_string().contains(&format!("(mode {mode:o})")), "{refusal}");
                assert!(refusal.to_string().contains("chmod go-w"), "{refusal}");
            }
            assert_eq!(std::fs::metadata(&data.dir).unwrap().permissions().mode() & 0o7777, mode);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_of_another_user_is_refused_whoever_we_are() {
        assert!(open_to_others(0o700, 1000, 1000).is_none());
        for me in [0, 1001] {
            let (problem, remedy) = open_to_others(0o700, 1000, me).unwrap();
            assert_eq!((problem.as_str(), remedy), ("belongs to another user (1000)", "chown"));
        }
    }

    #[test]
    fn starting_anew_forgets_the_sandbox_and_keeps_aws() {
        let (_keep, data) = folder();
        let _lock = take(&data, Part::Sandbox).unwrap();
        for name in ["console.db", "console-sandbox.db", "console-sandbox.db-wal"] {
            std::fs::write(data.dir.join(name), "x").unwrap();
        }
        for folder in [true, false].into_iter().flat_map(|sandbox| [data.batches(sandbox), data.pipelines(sandbox)]) {
            std::fs::create_dir_all(folder.join("b1")).unwrap();
        }
        forget_sandbox_console(&data).unwrap();
        assert!(!data.batches(true).exists() && data.batches(false).exists());
        assert!(!data.pipelines(true).exists() && data.pipelines(false).exists());
        forget_sandbox_console(&data).unwrap();
        let left: Vec<_> = std::fs::read_dir(&data.dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(
            left.contains(&"console.db".into()) && !left.iter().any(|n| n.to_string_lossy().contains("-sandbox.db"))
        );
    }
}
