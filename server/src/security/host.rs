//! The exact Host allowlist. A page that has its own name resolve to 127.0.0.1 (DNS rebinding) still sends that name:
//! comparing byte by byte refuses it, and with it every variant (trailing dot, capitals, another port, user info).

use super::refusal::Refusal;
use crate::config::NetworkConfig;
use http::Request;
use http::header::HOST;
use std::net::SocketAddr;

/// The names the console answers to, each with the origin its pages have.
#[derive(Debug, Clone)]
pub struct AllowedHosts {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    host: String,
    origin: String,
    /// One of `--public-host`, and browsers reach it over TLS.
    public_tls: bool,
}

impl AllowedHosts {
    /// For a console that listens on `addr` (with its real port).
    pub fn new(addr: SocketAddr, network: &NetworkConfig) -> Self {
        let port = addr.port();
        // The way from the proxy to here is plain; only the public names are behind its TLS.
        let (local, public) = match (&network.tls, network.behind_proxy) {
            (Some(_), _) => ("https", "https"),
            (None, true) => ("http", "https"),
            (None, false) => ("http", "http"),
        };
        let mut entries = Vec::new();
        let mut add = |scheme: &str, host: String, is_public: bool| {
            let origin = format!("{scheme}://{host}");
            if !entries.iter().any(|entry: &Entry| entry.origin == origin) {
                entries.push(Entry { host, origin, public_tls: is_public && scheme == "https" });
            }
        };
        for host in &network.public_hosts {
            let bare = network.behind_proxy || has_port(host);
            add(public, if bare { host.clone() } else { at(host, port, public) }, true);
        }
        let mut names = Vec::new();
        // Where others reach it the plain way to the proxy is no name to sign in by: what is typed there is readable.
        let readable = local == "http" && !addr.ip().is_loopback();
        if !addr.ip().is_unspecified() && !readable {
            names.push(literal(addr));
        }
        if addr.ip().is_loopback() || addr.ip().is_unspecified() {
            names.extend(["127.0.0.1", "localhost", "[::1]"].map(str::to_owned));
        }
        for name in names {
            add(local, at(&name, port, local), false);
        }
        Self { entries }
    }

    /// The address to print: the first public name, or the address it listens on.
    pub fn url(&self) -> &str {
        self.entries.first().map_or("", |entry| &entry.origin)
    }

    /// Whether the host that was asked for is a public name behind TLS. Not so the machine's own names: what is said of
    /// `localhost` would hold for every program on it.
    pub fn is_public_tls<B>(&self, request: &Request<B>) -> bool {
        self.entry(request).is_ok_and(|entry| entry.public_tls)
    }

    /// The origin of our own pages under the host that was asked for, or a refusal.
    pub fn check<B>(&self, request: &Request<B>) -> Result<&str, Refusal> {
        self.entry(request).map(|entry| entry.origin.as_str())
    }

    fn entry<B>(&self, request: &Request<B>) -> Result<&Entry, Refusal> {
        let host = asked_for(request).ok_or_else(|| Refusal::host("none, or more than one"))?;
        let entry = self.entries.iter().find(|entry| entry.host.as_bytes() == host);
        entry.ok_or_else(|| Refusal::host(&String::from_utf8_lossy(host)))
    }
}

/// HTTP/1 has it in a header, HTTP/2 in the address; when both are there they must agree.
fn asked_for<B>(request: &Request<B>) -> Option<&[u8]> {
    let mut headers = request.headers().get_all(HOST).iter().map(|value| value.as_bytes());
    let header = headers.next();
    if headers.next().is_some() {
        return None;
    }
    match (header, request.uri().authority().map(|authority| authority.as_str().as_bytes())) {
        (Some(header), Some(authority)) => (header == authority).then_some(header),
        (header, authority) => header.or(authority),
    }
}

fn literal(addr: SocketAddr) -> String {
    if addr.is_ipv6() { format!("[{}]", addr.ip()) } else { addr.ip().to_string() }
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'))
}

/// Browsers leave the usual port out.
fn at(name: &str, port: u16, scheme: &str) -> String {
    match (scheme, port) {
        ("http", 80) | ("https", 443) => name.to_owned(),
        _ => format!("{name}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn network(public_hosts: &[&str], behind_proxy: bool, tls: bool) -> NetworkConfig {
        let files = crate::config::TlsFiles { cert: "c".into(), key: "k".into() };
        NetworkConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            behind_proxy,
            public_hosts: public_hosts.iter().map(|h| (*h).to_owned()).collect(),
            tls: tls.then_some(files),
        }
    }
    fn hosts(addr: &str, network: &NetworkConfig) -> AllowedHosts {
        AllowedHosts::new(addr.parse().unwrap(), network)
    }
    fn asked(hosts: &AllowedHosts, host: &str) -> Option<String> {
        hosts.check(&Request::builder().header(HOST, host).body(()).unwrap()).ok().map(str::to_owned)
    }

    #[test]
    fn loopback_answers_to_its_three_names_and_nothing_else() {
        let hosts = hosts("127.0.0.1:4600", &network(&[], false, false));
        for name in ["127.0.0.1:4600", "localhost:4600", "[::1]:4600"] {
            assert_eq!(asked(&hosts, name), Some(format!("http://{name}")));
        }
        for name in [
            "localhost",
            "localhost:4601",
            "LOCALHOST:4600",
            "localhost.:4600",
            "user@localhost:4600",
            "127.0.0.1",
            "127.0.0.1:04600",
            "127.1:4600",
            "2130706433:4600",
            "0.0.0.0:4600",
            "[::ffff:127.0.0.1]:4600",
            "evil.example",
            "evil.example:4600",
            "localhost:4600.evil.example",
            "",
            " localhost:4600",
        ] {
            assert_eq!(asked(&hosts, name), None, "`{name}` was answered");
        }
        assert_eq!(hosts.url(), "http://127.0.0.1:4600");
    }

    #[test]
    fn a_request_without_a_host_or_with_two_is_refused() {
        let hosts = hosts("127.0.0.1:4600", &network(&[], false, false));
        assert!(hosts.check(&Request::builder().body(()).unwrap()).is_err());
        let two = Request::builder().header(HOST, "localhost:4600").header(HOST, "evil.example").body(()).unwrap();
        assert!(hosts.check(&two).is_err());
        let torn = Request::builder().uri("http://evil.example/").header(HOST, "localhost:4600").body(()).unwrap();
        assert!(hosts.check(&torn).is_err());
        let h2 = Request::builder().uri("http://localhost:4600/").body(()).unwrap();
        assert!(hosts.check(&h2).is_ok());
    }

    #[test]
    fn behind_a_proxy_public_names_are_https_and_local_ones_are_not() {
        let hosts = hosts("0.0.0.0:4600", &network(&["console.example.org"], true, false));
        assert_eq!(asked(&hosts, "console.example.org").as_deref(), Some("https://console.example.org"));
        assert_eq!(asked(&hosts, "localhost:4600").as_deref(), Some("http://localhost:4600"));
        assert_eq!(asked(&hosts, "0.0.0.0:4600"), None);
        assert_eq!(hosts.url(), "https://console.example.org");
    }

    #[test]
    fn behind_a_proxy_an_address_that_others_reach_is_no_name() {
        let hosts = hosts("10.0.0.7:4600", &network(&["console.example.org"], true, false));
        assert_eq!(hosts.url(), "https://console.example.org");
        for plain in ["10.0.0.7:4600", "10.0.0.7", "localhost:4600", "127.0.0.1:4600"] {
            assert_eq!(asked(&hosts, plain), None, "`{plain}` was answered");
        }
    }

    #[test]
    fn only_public_names_behind_tls_are_so_for_good() {
        let strict = |hosts: &AllowedHosts, host: &str| {
            hosts.is_public_tls(&Request::builder().header(HOST, host).body(()).unwrap())
        };
        let tls = hosts("127.0.0.1:443", &network(&["console.example.org"], false, true));
        assert!(strict(&tls, "console.example.org"));
        assert!(!strict(&tls, "localhost") && !strict(&tls, "127.0.0.1") && !strict(&tls, "evil.example"));
        let proxied = hosts("127.0.0.1:4600", &network(&["console.example.org"], true, false));
        assert!(strict(&proxied, "console.example.org") && !strict(&proxied, "localhost:4600"));
        let plain = hosts("127.0.0.1:4600", &network(&["console.example.org"], false, false));
        assert!(!strict(&plain, "console.example.org:4600"));
    }

    #[test]
    fn with_tls_names_carry_the_port_unless_it_is_the_usual_one() {
        let net = network(&["console.example.org"], false, true);
        assert_eq!(hosts("10.0.0.7:443", &net).url(), "https://console.example.org");
        let odd = hosts("10.0.0.7:8443", &net);
        assert_eq!(odd.url(), "https://console.example.org:8443");
        assert_eq!(asked(&odd, "10.0.0.7:8443").as_deref(), Some("https://10.0.0.7:8443"));
        assert_eq!(asked(&odd, "localhost:8443"), None);
    }
}
