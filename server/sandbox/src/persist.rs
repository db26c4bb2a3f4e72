//! The state file: read at start, written before a change is acknowledged.
//!
//! One task writes snapshots; changes that arrive while it writes share the next one (group commit). A snapshot
//! becomes the state by rename, after its bytes are on disk, so a kill at any moment leaves a whole file.

use crate::app::App;
use crate::config::SandboxError;
use crate::state::{FORMAT, State};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// The state file's name.
pub const STATE_FILE: &str = "state.json";

/// Creates the folder, for its owner only.
pub fn create_dir(dir: &Path) -> Result<(), SandboxError> {
    fs::create_dir_all(dir).map_err(SandboxError::file("create", dir))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(SandboxError::file("create", dir))?;
    }
    Ok(())
}

/// Takes the folder for this process; released when the file is dropped, also by a kill.
pub fn lock(dir: &Path) -> Result<File, SandboxError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    let file = file.map_err(SandboxError::file("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SandboxError::InUse(dir.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(SandboxError::file("lock", &path)(source)),
    }
}

/// Reads the state, if there is one.
pub fn load(dir: &Path) -> Result<Option<State>, SandboxError> {
    let path = dir.join(STATE_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(SandboxError::file("read", &path)(e)),
    };
    let fail = |reason: String| SandboxError::State { path: path.clone(), reason };
    // The format first: a newer file should be told from a damaged one.
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))?;
    if head.format != FORMAT {
        return Err(fail(format!("its format is {}, this version reads {FORMAT}", head.format)));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| fail(e.to_string()))
}

/// Replaces the file at `path` by `bytes`, readable by its owner only, surviving a power cut.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary: PathBuf = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&temporary, path)?;
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Writes snapshots of the state until `stop` is set; the task ends when the last one is on disk.
pub fn spawn(
    app: Arc<App>,
    dir: &Path,
    durable: watch::Sender<u64>,
    stop: watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let path = dir.join(STATE_FILE);
    tokio::spawn(async move {
        let (mut changes, mut stop) = (app.store.changes(), stop);
        // What services took up again may have changed something already, and waits for it to last.
        changes.mark_changed();
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                _ = stop.wait_for(|stop| *stop) => return,
            }
            changes.mark_unchanged();
            let (task_app, task_path) = (Arc::clone(&app), path.clone());
            let written = tokio::task::spawn_blocking(move || {
                let (bytes, generation) = task_app.store.snapshot();
                replace(&task_path, &bytes).map(|()| generation)
            });
            match written.await {
                Ok(Ok(generation)) => {
                    durable.send_replace(generation);
                }
                Ok(Err(e)) => {
                    tracing::error!(path = %path.display(), error = %e, "the sandbox's state can't be written");
                    return;
                }
                Err(_) => return,
            }
        }
    })
}
