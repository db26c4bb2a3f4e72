//! Headers of every answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http::header;

/// What holds for anything that is not a page: nothing may be loaded, run or framed.
const STRICT_CSP: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms (Fetch, "append a request `Origin`
    // header"), and that is what a forged one looks like. Other sites get no referrer either way.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()",
        ),
    ),
];

/// Browsers that have seen this go to that name over TLS only, for a year (RFC 6797).
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Puts them on. Pages bring their own content security policy, assets their own caching. `tls_only`: the name that was
/// asked for is one of ours on the net, and has TLS.
pub fn apply(headers: &mut HeaderMap, tls_only: bool) {
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if tls_only {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(STRICT_CSP);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A page's content security policy. Scripts: our own files, and what the server wrote into this very answer. No inline
/// styles, so that what a model answers can't even look like part of the console. Pictures of `blob:` are those that the page itself made of
/// bytes. `reload_port`: cargo-leptos' socket.
pub fn page_csp(nonce: &str, reload_port: Option<u16>) -> Option<HeaderValue> {
    let reload = reload_port.map(|port| format!(" ws://127.0.0.1:{port} ws://localhost:{port}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self'{reload}; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}
