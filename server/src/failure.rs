//! Why the process does not start: one line each, that names the thing and says what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the process does not start. Display is the whole line; nothing more is shown.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Something else listens there.
    #[error("the address {addr} is in use; stop the program that uses it, or choose another with --listen")]
    AddressInUse {
        /// Where.
        addr: SocketAddr,
    },
    /// The system does not let us listen there.
    #[error("can't listen on {addr}: {}; choose another address with --listen", words(source))]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Reachable from other machines, but neither TLS nor a proxy protects it.
    #[error(
        "{addr} can be reached from other machines; give --tls-cert and --tls-key, or --behind-proxy if a proxy in front \
         speaks TLS, or listen on 127.0.0.1"
    )]
    Exposed {
        /// Where.
        addr: SocketAddr,
    },
    /// Reachable from other machines through a proxy whose name is not known.
    #[error(
        "behind a proxy on {addr} the console needs the name that people reach it by; give it with --public-host, such as --public-host console.example.org"
    )]
    Nameless {
        /// Where.
        addr: SocketAddr,
    },
    /// The sandbox is for this machine only.
    #[error("the sandbox only listens on loopback, and {addr} is not; use 127.0.0.1 or [::1]")]
    SandboxExposed {
        /// Where.
        addr: SocketAddr,
    },
    /// The data folder.
    #[error("the data folder `{}` can't be used: {}; choose another with --data-dir", path.display(), words(source))]
    DataDir {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others could put files into the data folder.
    #[error("the data folder `{}` {problem}; run `{remedy}` on it, or choose another with --data-dir", path.display())]
    DataDirOpen {
        /// Which folder.
        path: PathBuf,
        /// Who could, and why.
        problem: String,
        /// The command that mends it.
        remedy: &'static str,
    },
    /// No home to put a data folder in.
    #[error("there is no home folder to keep the data in; name a folder with --data-dir")]
    NoDataDir,
    /// Another process works with the same state.
    #[error("the data folder `{}` is used by another sagebridge process{holder}; stop that one, or choose another with --data-dir", path.display())]
    Locked {
        /// Which folder.
        path: PathBuf,
        /// ` (process 123)`, when it said so.
        holder: String,
    },
    /// The console's own database.
    #[error("{0}")]
    Store(String),
    /// The embedded AWS.
    #[error("{0}")]
    Sandbox(String),
    /// AWS's shared files.
    #[error("{0}")]
    Profiles(String),
    /// Certificate or key.
    #[error("the TLS certificate `{}` and its key `{}` can't be used: {message}; give a PEM chain and its PEM key", cert.display(), key.display())]
    Tls {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The launch token of the environment.
    #[error("SAGEBRIDGE_LAUNCH_TOKEN is {0}; use at least 16 letters, digits, `-` or `_`")]
    LaunchToken(&'static str),
    /// The log filter.
    #[error("SAGEBRIDGE_LOG can't be understood: {0}; write a level such as `info`, or `target=level,…`")]
    LogFilter(String),
    /// The async runtime.
    #[error("the process can't start its threads: {}", words(.0))]
    Runtime(io::Error),
    /// The scenarios can't be read.
    #[error(
        "can't read scenarios from {from}: {}; name a file that can be read, or - for standard input",
        words(source)
    )]
    Scenarios {
        /// `` `FILE` `` or `standard input`.
        from: String,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output is closed.
    #[error("can't write to standard output: {}", words(.0))]
    Output(io::Error),
}

/// What the system said, without its number, in the style of the rest of the line.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// All of an error and its sources, in one line.
pub fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_lose_their_capital_and_number() {
        let error = io::Error::from_raw_os_error(13);
        assert_eq!(words(&error), "permission denied");
    }
}
