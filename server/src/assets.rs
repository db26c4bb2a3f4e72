//! The browser's files: scripts, styles, fonts, icons. With the feature `embed` they are inside the binary, compressed
//! when it was built; without it they are read from the site's folder as they are asked for, so that a rebuild shows.

#[cfg(feature = "embed")]
mod embedded;
#[cfg(not(feature = "embed"))]
mod folder;

#[cfg(feature = "embed")]
use embedded as source;
#[cfg(not(feature = "embed"))]
use folder as source;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::Method;

/// The browser's files.
#[derive(Debug, Clone)]
pub struct Assets(source::Source);

/// A file and how to tell its versions apart.
pub(crate) struct Asset {
    /// As it is.
    pub(crate) plain: Bytes,
    /// Compressed with brotli, if someone did.
    pub(crate) brotli: Option<Bytes>,
    /// Compressed with gzip, if someone did.
    pub(crate) gzip: Option<Bytes>,
    /// Changes when the file does.
    pub(crate) version: String,
}

/// On answers that are as small as they get, or too large to compress while someone waits.
#[derive(Debug, Clone, Copy)]
pub struct AsIs;

impl Assets {
    /// Those in the binary, or those under the site's folder.
    pub fn new(site: &crate::config::SiteConfig) -> Self {
        Self(source::Source::new(site))
    }

    /// Whether there is a file at this path.
    pub fn contains(&self, path: &str) -> bool {
        name(path).is_some_and(|name| self.0.contains(name))
    }

    /// The file at this path, in the encoding the browser likes best; `None` if there is none.
    pub fn serve(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = name(path)?;
        let asset = self.0.get(name)?;
        let (encoding, body) = match (&asset.brotli, &asset.gzip) {
            (Some(brotli), _) if accepts(headers, "br") => (Some("br"), brotli.clone()),
            (_, Some(gzip)) if accepts(headers, "gzip") => (Some("gzip"), gzip.clone()),
            _ => (None, asset.plain.clone()),
        };
        let tag = format!("\"{}{}\"", asset.version, encoding.map(|e| format!("-{e}")).unwrap_or_default());
        let unchanged = known(headers, &tag);
        let length = body.len();
        let body = if unchanged || method == Method::HEAD { Body::empty() } else { Body::from(body) };
        let mut response = body.into_response();
        response.extensions_mut().insert(AsIs);
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            answer.insert(header::ETAG, tag);
        }
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        answer.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(encoding) = encoding {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Some(response)
    }
}

/// The path inside the site's folder. Our files have plain names; all else (`..`, escapes, hidden files, the compressed
/// siblings) is not there.
fn name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    (name.split('/').all(plain) && !name.ends_with(".br") && !name.ends_with(".gz")).then_some(name)
}

/// RFC 9110, `Accept-Encoding`, as far as browsers use it: a coding that is named and not at zero.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
            let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)));
            named && !refused
        })
}

/// Whether the browser says it has this version.
fn known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|entry| entry.trim().trim_start_matches("W/") == tag)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_plain_names_lead_to_files() {
        assert_eq!(name("/pkg/sagebridge.js"), Some("pkg/sagebridge.js"));
        for path in [
            "/",
            "",
            "pkg/x.js",
            "/../x",
            "/pkg/../x",
            "/pkg//x",
            "/%2e%2e/x",
            "/.hidden",
            "/pkg/.git",
            "/pkg/x.wasm.br",
            "/pkg/x.wasm.gz",
            "/pkg/a\\b",
            "/pkg/",
        ] {
            assert_eq!(name(path), None, "`{path}` leads to a file");
        }
    }

    #[test]
    fn a_coding_at_zero_is_not_accepted() {
        let headers = |value: &str| HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
        assert!(accepts(&headers("gzip, deflate, br, zstd"), "br"));
        assert!(accepts(&headers("br;q=0.5"), "br"));
        assert!(!accepts(&headers("gzip, br;q=0"), "br"));
        assert!(!accepts(&headers("brotli"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
