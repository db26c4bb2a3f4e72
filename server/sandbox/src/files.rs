//! The shared files that AWS's SDKs and CLI read: `credentials` and `config`, one profile an account.
//!
//! Their format is described in the AWS SDKs and Tools reference guide, "Shared config and credentials files".

use crate::config::SandboxError;
use crate::persist;
use crate::seed;
use crate::state::State;
use domain::names::Region;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Writes both files into `dir`, with the address the sandbox really has, and gives their paths.
pub fn write(dir: &Path, state: &State, url: &str, region: &Region) -> Result<(PathBuf, PathBuf), SandboxError> {
    let (mut credentials, mut config) = (String::new(), String::new());
    for (profile, account) in seed::PROFILES {
        let mut keys = state.keys.iter().filter(|(_, key)| {
            key.active && key.account.as_str() == account && key.user.as_deref() == Some(seed::ADMIN)
        });
        // An administrator whose keys were deleted by hand has no profile any more.
        let Some((id, key)) = keys.next() else { continue };
        let _ =
            writeln!(credentials, "[{profile}]\naws_access_key_id = {id}\naws_secret_access_key = {}\n", key.secret);
        let _ = writeln!(config, "[profile {profile}]\nregion = {region}\nendpoint_url = {url}\noutput = json\n");
    }
    let paths = (dir.join("credentials"), dir.join("config"));
    for (path, text) in [(&paths.0, credentials), (&paths.1, config)] {
        persist::replace(path, text.as_bytes()).map_err(SandboxError::file("write", path))?;
    }
    Ok(paths)
}
