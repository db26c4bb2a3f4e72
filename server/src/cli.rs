//! The command line: its words, its defaults, and what each value has to look like. What the values mean together is
//! decided in [`crate::config`].

pub mod explain;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How to get in again.
#[cfg(unix)]
const NEW_ADDRESS: &str = "The printed address signs one browser in, within 15 minutes. Send the process SIGHUP to have \
                           another one printed.";
#[cfg(not(unix))]
const NEW_ADDRESS: &str = "The printed address signs one browser in, within 15 minutes. Where it is not printed to a \
                           terminal, which gets the next one after each sign-in, start the console again for another.";

/// `sagebridge`
#[derive(Debug, Parser)]
#[command(
    name = "sagebridge",
    version,
    about = "Share SageMaker endpoints between AWS accounts, prove it works, and invoke them from the browser.",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to run.
    #[command(subcommand)]
    pub command: Command,
}

/// What to run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the console, against AWS or with --sandbox against an embedded AWS
    Serve(ServeArgs),
    /// Run only the sandbox, for boto3, the AWS CLI and tests
    Sandbox(SandboxArgs),
    /// Say for each scenario whether AWS would allow it, why, and what would have to change
    Explain(explain::ExplainArgs),
}

/// `sagebridge serve`
#[derive(Debug, Args)]
#[command(after_help = NEW_ADDRESS)]
pub struct ServeArgs {
    /// Start the sandbox inside and use its accounts instead of the machine's AWS profiles
    #[arg(long)]
    pub sandbox: bool,
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:4600", env = "SAGEBRIDGE_LISTEN", value_parser = address)]
    pub listen: SocketAddr,
    /// Folder for the console's state [default: sagebridge in the user's data folder]
    #[arg(long, value_name = "DIR", env = "SAGEBRIDGE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Forget the sandbox's accounts and what the console made in them, and start anew
    #[arg(long, requires = "sandbox")]
    pub fresh: bool,
    /// Add this many endpoints and roles to the sandbox's seed, to try long lists
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sandbox")]
    pub seed_many: usize,
    /// A reverse proxy that terminates TLS stands in front; allows listening beyond loopback
    #[arg(long, env = "SAGEBRIDGE_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// A host name people reach the console by, with its port if it is not the usual one; may be repeated
    #[arg(long, value_name = "HOST", env = "SAGEBRIDGE_PUBLIC_HOST", value_delimiter = ',', value_parser = public_host)]
    pub public_host: Vec<String>,
    /// Certificate chain in PEM, to serve TLS
    #[arg(long, value_name = "FILE", env = "SAGEBRIDGE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM
    #[arg(long, value_name = "FILE", env = "SAGEBRIDGE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Compare each applied share with its accounts every so many hours, to find what others changed; 0 for never
    #[arg(long, value_name = "HOURS", default_value_t = 6, env = "SAGEBRIDGE_CHECK_SHARES", value_parser = clap::value_parser!(u16).range(0..=720))]
    pub check_shares: u16,
    /// Largest file that a batch takes, in MB of 1024 kB
    #[arg(long, value_name = "MB", default_value_t = 1024, env = "SAGEBRIDGE_BATCH_MEGABYTES", value_parser = clap::value_parser!(u32).range(1..=102_400))]
    pub batch_megabytes: u32,
    /// Most requests that one batch may have under way at once
    #[arg(long, value_name = "N", default_value_t = 64, env = "SAGEBRIDGE_BATCH_AT_ONCE", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub batch_at_once: u16,
    /// Delete a batch with its files so many days after it was uploaded
    #[arg(long, value_name = "DAYS", default_value_t = 30, env = "SAGEBRIDGE_BATCH_KEEP_DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub batch_keep_days: u16,
    /// Longest that a load check may go on
    #[arg(long, value_name = "SECONDS", default_value_t = 60, env = "SAGEBRIDGE_LOAD_SECONDS", value_parser = clap::value_parser!(u32).range(1..=600))]
    pub load_seconds: u32,
    /// Most calls that a load check may have under way at once
    #[arg(long, value_name = "N", default_value_t = 32, env = "SAGEBRIDGE_LOAD_AT_ONCE", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub load_at_once: u16,
    /// Most calls that a load check may begin in a second
    #[arg(long, value_name = "N", default_value_t = 200, env = "SAGEBRIDGE_LOAD_RATE", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub load_rate: u32,
    /// Most calls that a load check may make in all
    #[arg(long, value_name = "N", default_value_t = 10_000, env = "SAGEBRIDGE_LOAD_CALLS", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub load_calls: u64,
    /// Largest table that a pipeline is made with, in MB of 1024 kB; an object of S3 may have 5 TB
    #[arg(long, value_name = "MB", default_value_t = 20_480, env = "SAGEBRIDGE_TABLE_MEGABYTES", value_parser = clap::value_parser!(u32).range(1..=5_242_880))]
    pub table_megabytes: u32,
    /// How logs are written to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "SAGEBRIDGE_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// `sagebridge sandbox`
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Address to listen on, loopback only; port 0 picks a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:4566", env = "SAGEBRIDGE_SANDBOX_LISTEN", value_parser = address)]
    pub listen: SocketAddr,
    /// Folder for the sandbox's state [default: sagebridge in the user's data folder]
    #[arg(long, value_name = "DIR", env = "SAGEBRIDGE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Forget the sandbox's accounts and start anew
    #[arg(long)]
    pub fresh: bool,
    /// Add this many endpoints and roles to the seed, to try long lists
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed_many: usize,
    /// How logs are written to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "SAGEBRIDGE_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object a line, for collectors
    Json,
}

/// `IP:PORT`, or `localhost:PORT` for people who write it so.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|p| p.parse().ok()) {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| "write an IP address and a port, such as 127.0.0.1:4600 or [::1]:0".to_owned())
}

/// A host as browsers send it: lower-case name or address, and a port where it is not the usual one.
fn public_host(text: &str) -> Result<String, String> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (text, None),
    };
    let bracketed = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let name_ok = match bracketed {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty()
                && !name.starts_with(['.', '-'])
                && !name.ends_with(['.', '-'])
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        }
    };
    if name_ok && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p != 0)) {
        Ok(text.to_owned())
    } else {
        Err("write a host name in lower case without scheme or path, such as console.example.org".to_owned())
    }
}

/// What clap said, as one line that names the thing and where to read on.
pub fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let said = said.join("; ").replace(":; ", ": ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    if said.is_empty() || error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "say what to run: `sagebridge serve --sandbox`, `sagebridge serve`, `sagebridge sandbox` or `sagebridge \
                explain`; `sagebridge --help` explains"
            .to_owned();
    }
    format!("{said}; `sagebridge --help` lists what there is")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(line: &str) -> Result<Cli, String> {
        Cli::try_parse_from(line.split_whitespace()).map_err(|e| in_one_line(&e))
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for (line, names) in [
            ("sagebridge", "say what to run"),
            ("sagebridge serve --colour", "--colour"),
            ("sagebridge serve --listen here", "127.0.0.1:4600"),
            ("sagebridge serve --listen 127.0.0.1:70000", "127.0.0.1:70000"),
            ("sagebridge serve --fresh", "--sandbox"),
            ("sagebridge serve --tls-cert cert.pem", "--tls-key"),
            ("sagebridge serve --public-host https://x", "https://x"),
            ("sagebridge serve --log-format xml", "text, json"),
            ("sagebridge serve --check-shares hourly", "hourly"),
            ("sagebridge serve --check-shares 721", "720"),
            ("sagebridge sandbox --behind-proxy", "--behind-proxy"),
            ("sagebridge explain --format xml", "json, text"),
            ("sagebridge explain one two", "two"),
        ] {
            let said = parse(line).unwrap_err();
            assert!(!said.contains('\n'), "{said}");
            assert!(said.contains(names), "`{line}` is answered by: {said}");
        }
    }

    #[test]
    fn localhost_and_port_zero_are_addresses() {
        let Command::Serve(args) = parse("sagebridge serve --listen localhost:0").unwrap().command else {
            panic!("serve was asked for")
        };
        assert_eq!(args.listen, "127.0.0.1:0".parse().unwrap());
    }

    #[test]
    fn public_hosts_are_plain_hosts() {
        for good in ["console.example.org", "console.example.org:8443", "10.0.0.7", "[2001:db8::1]:8443", "[::1]"] {
            assert_eq!(public_host(good).as_deref(), Ok(good));
        }
        for bad in
            ["", "Console.example.org", "example.org.", "a b", "user@host", "host/path", "host:0", "host:x", "[zz]"]
        {
            assert!(public_host(bad).is_err(), "`{bad}` was taken");
        }
    }
}
