//! One HTTP client, and so one pool of connections, for every SDK client in the process.

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

/// The client that all share.
pub(crate) fn shared() -> SharedHttpClient {
    SharedHttpClient::new(PooledClient::default())
}

/// A connect and a read timeout.
type Timeouts = (Option<Duration>, Option<Duration>);

/// A pool for each pair of connect and read timeouts; all clients of this crate use the same pair.
#[derive(Debug, Default)]
struct PooledClient {
    pools: RwLock<HashMap<Timeouts, SharedHttpConnector>>,
}

impl HttpClient for PooledClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let key = (settings.connect_timeout(), settings.read_timeout());
        if let Some(pool) = self.pools.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return pool.clone();
        }
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        pools.entry(key).or_insert_with(|| SharedHttpConnector::new(Pool::new(settings.clone()))).clone()
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some(Cow::Borrowed("1.x"))))
    }
}

/// Connections without TLS to this machine never go through a proxy, whatever the environment says, and don't need
/// the system's certificates; those are read when the first call goes further.
#[derive(Debug)]
struct Pool {
    settings: HttpConnectorSettings,
    near: Connector,
    far: OnceLock<Connector>,
}

impl Pool {
    fn new(settings: HttpConnectorSettings) -> Self {
        let near = connector(&settings, TrustStore::empty(), ProxyConfig::disabled());
        Self { settings, near, far: OnceLock::new() }
    }

    fn far(&self) -> &Connector {
        self.far.get_or_init(|| connector(&self.settings, TrustStore::default(), ProxyConfig::from_env()))
    }
}

fn connector(settings: &HttpConnectorSettings, trust: TrustStore, proxy: ProxyConfig) -> Connector {
    Connector::builder()
        .connector_settings(settings.clone())
        .proxy_config(proxy)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(TlsContext::builder().with_trust_store(trust).build().unwrap_or_default())
        .build()
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if is_near(request.uri()) { self.near.call(request) } else { self.far().call(request) }
    }
}

/// Whether `uri` is plain HTTP to this machine.
fn is_near(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn only_plain_http_to_this_machine_is_near() {
        for near in ["http://127.0.0.1:4566/", "http://localhost/x", "http://[::1]:1/?a", "http://127.9.9.9"] {
            assert!(is_near(near), "{near}");
        }
        for far in [
            "https://127.0.0.1/",
            "https://sts.eu-west-1.amazonaws.com/",
            "http://localhost.example/",
            "http://user@127.0.0.1.example/",
            "http://10.0.0.1/",
        ] {
            assert!(!is_near(far), "{far}");
        }
    }
}
