//! The machine's AWS profiles: which files they are in, what is wrong with those, which connections they make.

use crate::AwsSettings;
use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use domain::names::{ConnectionId, Region};
use services::ports::gateway::ConnectionProfile;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The connection that stands for credentials from around the process.
pub(crate) const DEFAULT: &str = "default";

/// Why the profiles could not be read. Display names the file and, where there is one, the line.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AwsSettingsError {
    /// A file that was asked for, by an option or in the environment, is not there.
    #[error("the AWS profile file `{}` does not exist; create it, or correct {named_by}", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
        /// Who asked for it: `AWS_CONFIG_FILE`, say.
        named_by: &'static str,
    },
    /// A file is there but can't be read.
    #[error("the AWS profile file `{}` can't be read: {reason}; check its permissions and encoding", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file is not in the shared-file format.
    #[error("the AWS profile files are malformed: {reason}; correct that line")]
    Malformed {
        /// The file, the line and what was expected there.
        reason: String,
    },
}

/// One of the two files.
#[derive(Debug, Clone)]
struct ProfileFile {
    kind: EnvConfigFileKind,
    path: PathBuf,
    /// Who named it; `None` for the usual place, where it may be missing.
    named_by: Option<&'static str>,
}

/// Where profiles are, resolved once.
#[derive(Debug, Clone)]
pub(crate) struct ProfileFiles {
    files: Vec<ProfileFile>,
    /// Whether credentials from around the process may be used too.
    environment: bool,
}

/// When and how big each file was; differs after an edit.
pub(crate) type Stamp = Vec<Option<(SystemTime, u64)>>;

impl ProfileFiles {
    pub(crate) fn locate(settings: &AwsSettings) -> Self {
        use EnvConfigFileKind::{Config, Credentials};
        let files = [
            (Config, &settings.config_file, "AWS_CONFIG_FILE", "config"),
            (Credentials, &settings.credentials_file, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ];
        let files = files
            .into_iter()
            .filter_map(|(kind, given, variable, name)| locate(kind, given.as_deref(), variable, name));
        Self {
            files: files.collect(),
            environment: settings.credentials_file.is_none() || settings.config_file.is_none(),
        }
    }

    /// What the files look like from outside, to notice an edit without reading them.
    pub(crate) fn stamp(&self) -> Stamp {
        let look = |path: &Path| std::fs::metadata(path).ok().and_then(|m| Some((m.modified().ok()?, m.len())));
        self.files.iter().map(|file| look(&file.path)).collect()
    }

    /// The files as the SDK takes them. Those that are missing where they may be are left out, since the SDK would
    /// refuse a file that is named and missing.
    pub(crate) fn for_sdk(&self) -> EnvConfigFiles {
        let present: Vec<_> = self.files.iter().filter(|file| file.path.exists()).collect();
        if present.is_empty() {
            return EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "").build();
        }
        present
            .into_iter()
            .fold(EnvConfigFiles::builder(), |files, file| files.with_file(file.kind, file.path.clone()))
            .build()
    }

    /// Reads and parses them.
    pub(crate) async fn read(&self) -> Result<Profiles, AwsSettingsError> {
        for file in &self.files {
            file.check()?;
        }
        let set = aws_config::profile::load(&Fs::real(), &Env::real(), &self.for_sdk(), None).await;
        let set = set.map_err(|error| {
            // The file and the line are in the cause.
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            AwsSettingsError::Malformed { reason: in_one_line(&cause) }
        })?;
        Ok(Profiles { set, environment: self.environment && environment_has_credentials() })
    }
}

fn locate(kind: EnvConfigFileKind, given: Option<&Path>, variable: &'static str, name: &str) -> Option<ProfileFile> {
    if let Some(path) = given {
        return Some(ProfileFile { kind, path: path.to_owned(), named_by: Some("the option that names it") });
    }
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return Some(ProfileFile { kind, path: expand(Path::new(&path)), named_by: Some(variable) });
    }
    Some(ProfileFile { kind, path: home()?.join(".aws").join(name), named_by: None })
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// `~/x` as shells, and the SDK, read it.
fn expand(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

impl ProfileFile {
    /// The SDK goes on without a file that it can't read or that is not UTF-8; a person wants to know.
    fn check(&self) -> Result<(), AwsSettingsError> {
        let unreadable = |reason: String| AwsSettingsError::Unreadable { path: self.path.clone(), reason };
        match std::fs::read(&self.path) {
            Ok(bytes) if std::str::from_utf8(&bytes).is_err() => Err(unreadable("it is not UTF-8 text".into())),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match self.named_by {
                Some(named_by) => Err(AwsSettingsError::Missing { path: self.path.clone(), named_by }),
                None => Ok(()),
            },
            Err(error) => Err(unreadable(in_one_line(&error.to_string()))),
        }
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether something around the process hints at credentials: variables, a web identity, a container or an EC2
/// instance. See <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>.
fn environment_has_credentials() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let named = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    if named.into_iter().any(set) {
        return true;
    }
    let disabled = std::env::var("AWS_EC2_METADATA_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    let vendor = std::fs::read_to_string("/sys/devices/virtual/dmi/id/sys_vendor").unwrap_or_default();
    !disabled && vendor.starts_with("Amazon EC2")
}

/// How a profile gets its credentials, as far as messages and loading need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// IAM Identity Center: `aws sso login` renews it.
    Sso,
    /// A program prints them; its output is never shown.
    Process,
    /// A session of `aws login`.
    Console,
    /// Written there, or by assuming a role from another source.
    Other,
    /// Not from a profile: the environment, a web identity, a container or the instance.
    Around,
    /// The profile itself has none.
    None,
}

/// The profiles as read.
pub(crate) struct Profiles {
    set: ProfileSet,
    environment: bool,
}

/// Their names only: the values of a credentials file are secret keys.
impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.set.profiles().collect();
        names.sort_unstable();
        f.debug_struct("Profiles").field("names", &names).field("environment", &self.environment).finish()
    }
}

impl Profiles {
    /// All connections by name. Profiles whose name no connection can have are left out.
    pub(crate) fn connections(&self) -> Vec<ConnectionProfile> {
        let mut all: Vec<_> = self
            .set
            .profiles()
            .filter_map(|name| ConnectionId::parse(name).ok().filter(|id| id.as_str() == name))
            .map(|id| ConnectionProfile { region: self.region(&id), id })
            .collect();
        let named = all.iter().any(|profile| profile.id.as_str() == DEFAULT);
        if !named && self.environment {
            all.extend(ConnectionId::parse(DEFAULT).ok().map(|id| ConnectionProfile { id, region: None }));
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Whether there is such a connection.
    pub(crate) fn has(&self, id: &ConnectionId) -> bool {
        self.set.get_profile(id.as_str()).is_some() || self.is_around(id)
    }

    /// Whether the connection's credentials come from around the process rather than from a profile: `default`, when
    /// no profile of that name has any of its own.
    pub(crate) fn is_around(&self, id: &ConnectionId) -> bool {
        self.login(id) == Login::Around
    }

    /// The region a profile names.
    pub(crate) fn region(&self, id: &ConnectionId) -> Option<Region> {
        self.property(id, "region").and_then(|region| Region::parse(region).ok())
    }

    /// How it gets credentials.
    pub(crate) fn login(&self, id: &ConnectionId) -> Login {
        let has = |key: &str| self.property(id, key).is_some();
        if has("sso_session") || has("sso_start_url") || has("sso_account_id") {
            Login::Sso
        } else if has("credential_process") {
            Login::Process
        } else if has("login_session") {
            Login::Console
        } else if has("aws_access_key_id") || has("role_arn") || has("web_identity_token_file") {
            Login::Other
        } else if self.environment && id.as_str() == DEFAULT {
            Login::Around
        } else {
            Login::None
        }
    }

    /// Where the credentials behind a profile come from in the end, when that is something a person logs in to: a role
    /// assumed from an SSO profile needs that profile's session.
    pub(crate) fn source(&self, id: &ConnectionId) -> (Login, ConnectionId) {
        let mut current = id.clone();
        // Longer chains than this are loops, which the SDK reports.
        for _ in 0..8 {
            let chained = self.property(&current, "role_arn").and(self.property(&current, "source_profile"));
            match chained.and_then(|name| ConnectionId::parse(name).ok()).filter(|name| *name != current) {
                Some(next) => current = next,
                None => break,
            }
        }
        match self.login(&current) {
            login @ (Login::Sso | Login::Process | Login::Console) => (login, current),
            _ => (self.login(id), id.clone()),
        }
    }

    fn property(&self, id: &ConnectionId, key: &str) -> Option<&str> {
        self.set.get_profile(id.as_str())?.get(key).map(str::trim).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn profiles_print_their_names_and_no_keys() {
        let dir = tempfile::tempdir().unwrap();
        let [credentials, config] = ["credentials", "config"].map(|name| dir.path().join(name));
        let text =
            "[parent]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = TOPSECRET\naws_session_token = TOKEN\n";
        std::fs::write(&credentials, text).unwrap();
        std::fs::write(&config, "").unwrap();
        let settings = AwsSettings { credentials_file: Some(credentials), config_file: Some(config) };
        let connections = crate::connections::Connections::open(&settings).await.unwrap();
        connections.get(&ConnectionId::parse("parent").unwrap()).await.unwrap();
        let printed = format!("{connections:?}");
        assert!(printed.contains("parent"), "{printed}");
        for secret in ["AKIAEXAMPLE", "TOPSECRET", "TOKEN"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
