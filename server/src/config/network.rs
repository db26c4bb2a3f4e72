//! Where the console listens, and by which names people may reach it.

use crate::cli::ServeArgs;
use crate::failure::StartError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the console listens and who may reach it.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// The address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// A proxy that speaks TLS stands in front.
    pub behind_proxy: bool,
    /// Further host names the console is reached by, each with a port where it is not the usual one.
    pub public_hosts: Vec<String>,
    /// Serve TLS with these.
    pub tls: Option<TlsFiles>,
}

/// A certificate and its key, PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl NetworkConfig {
    /// Refuses an address that others can reach when nothing encrypts the way to it.
    pub fn new(args: &ServeArgs) -> Result<Self, StartError> {
        let tls = match (&args.tls_cert, &args.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert: cert.clone(), key: key.clone() }),
            _ => None,
        };
        if !args.listen.ip().is_loopback() && tls.is_none() {
            if !args.behind_proxy {
                return Err(StartError::Exposed { addr: args.listen });
            }
            // Without one the address to sign in by would be the plain one that everybody can listen to.
            if args.public_host.is_empty() {
                return Err(StartError::Nameless { addr: args.listen });
            }
        }
        Ok(Self { listen: args.listen, behind_proxy: args.behind_proxy, public_hosts: args.public_host.clone(), tls })
    }

    /// Whether browsers see `https`.
    pub fn secure(&self) -> bool {
        self.behind_proxy || self.tls.is_some()
    }
}
