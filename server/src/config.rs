//! What the process is told: command line and environment, turned into one documented struct a concern. Everything that
//! can be refused without touching the network is refused here.

mod batch;
mod data;
mod logging;
mod network;
mod site;

pub use batch::BatchConfig;
pub use data::DataConfig;
pub use logging::LoggingConfig;
pub use network::{NetworkConfig, TlsFiles};
pub use site::SiteConfig;

use crate::cli::{SandboxArgs, ServeArgs};
use crate::failure::StartError;
use domain::names::Region;
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The region of the sandbox's profiles, and the one offered first where nothing names another.
const DEFAULT_REGION: &str = "eu-west-1";
/// The first launch token, for automation. In the environment only: command lines are seen by every user of a machine.
const LAUNCH_TOKEN: &str = "SAGEBRIDGE_LAUNCH_TOKEN";
/// Long enough to walk over to the browser.
const LAUNCH: Duration = Duration::from_secs(15 * 60);

/// All of `sagebridge serve`.
#[derive(Debug)]
pub struct ServeConfig {
    /// Where it listens and who may reach it.
    pub network: NetworkConfig,
    /// Where its state is.
    pub data: DataConfig,
    /// Where the browser's files come from.
    pub site: SiteConfig,
    /// The embedded AWS, if it is wanted.
    pub sandbox: Option<SandboxConfig>,
    /// The first launch token, if it is given.
    pub launch_token: Option<SecretString>,
    /// How long a launch address that the console made up is good.
    pub launch: Duration,
    /// The region offered first.
    pub default_region: Region,
    /// How often applied shares are compared with their accounts; `None`: never.
    pub check_shares: Option<Duration>,
    /// How large batches may be, and how hard load checks.
    pub batch: BatchConfig,
    /// The largest table that a pipeline is made with, in bytes.
    pub table_bytes: u64,
}

/// All of `sagebridge sandbox`, or the sandbox's part of `sagebridge serve --sandbox`.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Loopback; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Forget what was there.
    pub fresh: bool,
    /// How much more to seed.
    pub seed_many: usize,
}

impl ServeConfig {
    /// Reads the arguments and the environment.
    pub fn new(args: ServeArgs) -> Result<Self, StartError> {
        let network = NetworkConfig::new(&args)?;
        let check_shares = hours(args.check_shares);
        let batch = BatchConfig::new(&args);
        let table_bytes = u64::from(args.table_megabytes) << 20;
        let sandbox = args.sandbox.then(|| SandboxConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            fresh: args.fresh,
            seed_many: args.seed_many,
        });
        Ok(Self {
            network,
            data: DataConfig::new(args.data_dir)?,
            site: SiteConfig::from_env(),
            sandbox,
            launch_token: launch_token(std::env::var_os(LAUNCH_TOKEN))?,
            launch: LAUNCH,
            // The sandbox's accounts live in one region, whatever the machine's own profiles name.
            default_region: region_of_environment().filter(|_| !args.sandbox).unwrap_or_else(default_region),
            check_shares,
            batch,
            table_bytes,
        })
    }
}

impl SandboxConfig {
    /// Reads the arguments.
    pub fn new(args: &SandboxArgs) -> Result<Self, StartError> {
        if !args.listen.ip().is_loopback() {
            return Err(StartError::SandboxExposed { addr: args.listen });
        }
        Ok(Self { listen: args.listen, fresh: args.fresh, seed_many: args.seed_many })
    }
}

/// None for zero.
fn hours(count: u16) -> Option<Duration> {
    (count > 0).then(|| Duration::from_secs(u64::from(count) * 60 * 60))
}

/// What AWS's own tools take for the default, if it is a region.
fn region_of_environment() -> Option<Region> {
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| Region::parse(&std::env::var(name).ok()?).ok())
}

/// The region of the sandbox's profiles.
pub fn default_region() -> Region {
    #[expect(clippy::expect_used, reason = "a constant; the test below parses it")]
    Region::parse(DEFAULT_REGION).expect("the default region is a region")
}

/// An empty variable counts as none. A short or odd one is refused: it is all that keeps others out.
fn launch_token(value: Option<std::ffi::OsString>) -> Result<Option<SecretString>, StartError> {
    let Some(value) = value.filter(|v| !v.is_empty()) else { return Ok(None) };
    let Ok(text) = value.into_string() else { return Err(StartError::LaunchToken("not text")) };
    if text.len() < 16 {
        return Err(StartError::LaunchToken("too short"));
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(StartError::LaunchToken("not fit for an address"));
    }
    Ok(Some(SecretString::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_region_is_a_region() {
        assert_eq!(default_region().as_str(), DEFAULT_REGION);
    }

    #[test]
    fn zero_hours_are_never() {
        assert_eq!(hours(0), None);
        assert_eq!(hours(6), Some(Duration::from_secs(21_600)));
    }

    #[test]
    fn a_weak_launch_token_is_refused() {
        assert!(matches!(launch_token(None), Ok(None)));
        assert!(matches!(launch_token(Some("".into())), Ok(None)));
        assert!(matches!(launch_token(Some("0123456789abcdef".into())), Ok(Some(_))));
        for weak in ["short", "has spaces in its midst", "with/slashes/and&ampersands"] {
            assert!(matches!(launch_token(Some(weak.into())), Err(StartError::LaunchToken(_))), "`{weak}` was taken");
        }
    }
}
