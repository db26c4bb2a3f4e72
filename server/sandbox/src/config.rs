//! What a sandbox needs to start, and why it may not.

use domain::names::Region;
use std::net::SocketAddr;
use std::path::PathBuf;

/// How to start a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The address to listen on; port 0 picks a free port. Loopback only: the control path has no login.
    pub listen: SocketAddr,
    /// The folder of the sandbox: its state and the shared files (`credentials`, `config`).
    pub dir: PathBuf,
    /// Forget the state that is in the folder.
    pub fresh: bool,
    /// Seed so many endpoints and roles more, for paging.
    pub seed_many: usize,
    /// The region of the profiles and of the seeded endpoints.
    pub region: Region,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address can't be bound: taken, or not of this machine.
    #[error("the sandbox can't listen on `{addr}`")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The address is not loopback.
    #[error("the sandbox listens on loopback only, `{0}` is not; use 127.0.0.1")]
    NotLoopback(SocketAddr),
    /// The folder or a file in it can't be used.
    #[error("the sandbox can't {action} `{}`", path.display())]
    File {
        /// What was tried: `create`, `read`, `write`.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Another process has the folder.
    #[error("another sandbox is using `{}`; stop it, or choose another data folder", .0.display())]
    InUse(PathBuf),
    /// The state file is damaged, or of a newer version.
    #[error("the sandbox's state in `{}` can't be read ({reason}); start once with --fresh to begin anew", path.display())]
    State {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl SandboxError {
    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}
