//! Signature Version 4, verified.
//!
//! After "Create a signed AWS API request" in the IAM user guide. Only the Authorization header form is taken:
//! nothing the sandbox speaks is called by presigned URL.

use crate::clock;
use crate::error::Failure;
use crate::ids::hex;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use http::request::Parts;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;

/// How far a request's clock may be off, in milliseconds.
const SKEW_MS: i64 = 5 * 60 * 1000;
/// How many derived keys are kept.
const CACHED_KEYS: usize = 4096;

/// What the Authorization header says.
#[derive(Debug, Clone)]
pub struct Authorization<'a> {
    /// The access key ID.
    pub key: &'a str,
    /// The scope's date, `YYYYMMDD`.
    pub date: &'a str,
    /// The scope's region.
    pub region: &'a str,
    /// The scope's service.
    pub service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Reads the Authorization header.
pub fn parse(headers: &HeaderMap) -> Result<Authorization<'_>, Failure> {
    let header = headers.get(http::header::AUTHORIZATION).ok_or_else(Failure::missing_token)?;
    let text = header.to_str().map_err(|_| Failure::incomplete_signature("Authorization header is not ASCII."))?;
    let rest = text.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(|| {
        Failure::incomplete_signature("Authorization header requires 'AWS4-HMAC-SHA256' as its algorithm.")
    })?;
    let part = |name: &str| {
        let mut parts = rest.split(',').map(str::trim);
        parts
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
            .ok_or_else(|| Failure::incomplete_signature(format!("Authorization header requires '{name}' parameter.")))
    };
    let (credential, signed_headers, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let mut scope = credential.rsplitn(5, '/');
    let mut next = || scope.next().filter(|part| !part.is_empty());
    let (Some(terminator), Some(service), Some(region), Some(date), Some(key)) =
        (next(), next(), next(), next(), next())
    else {
        return Err(Failure::incomplete_signature(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        ));
    };
    if terminator != "aws4_request" {
        return Err(Failure::signature(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
        )));
    }
    Ok(Authorization { key, date, region, service, signed_headers, signature })
}

/// Derived signing keys, kept because deriving one costs four hashes.
#[derive(Default)]
pub struct KeyCache {
    keys: RwLock<HashMap<String, [u8; 32]>>,
}

impl KeyCache {
    fn signing_key(&self, auth: &Authorization<'_>, secret: &str) -> [u8; 32] {
        // The secret is no part of the name: a key ID's secret never changes.
        let name = format!("{}/{}/{}/{}", auth.key, auth.date, auth.region, auth.service);
        if let Some(key) = self.keys.read().get(&name) {
            return *key;
        }
        let mut key = hmac(format!("AWS4{secret}").as_bytes(), auth.date.as_bytes());
        for part in [auth.region, auth.service, "aws4_request"] {
            key = hmac(&key, part.as_bytes());
        }
        let mut keys = self.keys.write();
        if keys.len() >= CACHED_KEYS {
            keys.clear();
        }
        keys.insert(name, key);
        key
    }
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// Verifies that `parts` and `body` were signed with `secret`, now.
pub fn verify(
    auth: &Authorization<'_>,
    parts: &Parts,
    body: &[u8],
    secret: &str,
    cache: &KeyCache,
    now: Timestamp,
) -> Result<(), Failure> {
    let (date_text, date) = request_date(&parts.headers)?;
    in_time(date_text, date, now)?;
    if !date_text.starts_with(auth.date) {
        return Err(Failure::signature(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', \
             from '{date_text}'.",
            auth.date,
            &date_text[..8]
        )));
    }
    let payload = payload_hash(&parts.headers, body)?;
    let canonical = canonical_request(auth, parts, &payload)?;
    let mut to_sign = format!("AWS4-HMAC-SHA256\n{date_text}\n");
    let _ = writeln!(to_sign, "{}/{}/{}/aws4_request", auth.date, auth.region, auth.service);
    to_sign.push_str(&hex(&Sha256::digest(canonical.as_bytes())));
    let expected = hex(&hmac(&cache.signing_key(auth, secret), to_sign.as_bytes()));
    let fits: bool = subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), auth.signature.as_bytes()).into();
    if fits { Ok(()) } else { Err(mismatch()) }
}

fn mismatch() -> Failure {
    Failure::signature(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details.",
    )
}

fn request_date(headers: &HeaderMap) -> Result<(&str, Timestamp), Failure> {
    let text = headers.get("x-amz-date").and_then(|value| value.to_str().ok()).ok_or_else(|| {
        Failure::incomplete_signature(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    })?;
    let date = clock::parse_amz_date(text).ok_or_else(|| {
        Failure::incomplete_signature(format!("Date must be in ISO-8601 'basic format'. Got '{text}'."))
    })?;
    Ok((text, date))
}

fn in_time(text: &str, date: Timestamp, now: Timestamp) -> Result<(), Failure> {
    let show = clock::amz_date;
    if date.0 < now.0 - SKEW_MS {
        let oldest = show(now.plus_ms(-SKEW_MS));
        return Err(Failure::signature(format!(
            "Signature expired: {text} is now earlier than {oldest} ({} - 5 min.)",
            show(now)
        )));
    }
    if date.0 > now.0 + SKEW_MS {
        let newest = show(now.plus_ms(SKEW_MS));
        return Err(Failure::signature(format!(
            "Signature not yet current: {text} is still later than {newest} ({} + 5 min.)",
            show(now)
        )));
    }
    Ok(())
}

/// The hash of the body. Of the services here none takes `UNSIGNED-PAYLOAD`: only S3 does, over TLS.
fn payload_hash(headers: &HeaderMap, body: &[u8]) -> Result<String, Failure> {
    let hash = hex(&Sha256::digest(body));
    match headers.get("x-amz-content-sha256") {
        Some(claimed) if claimed.as_bytes() != hash.as_bytes() => Err(mismatch()),
        _ => Ok(hash),
    }
}

fn canonical_request(auth: &Authorization<'_>, parts: &Parts, payload: &str) -> Result<String, Failure> {
    let mut text = String::with_capacity(512);
    let _ = writeln!(text, "{}", parts.method);
    let _ = writeln!(text, "{}", canonical_path(parts.uri.path()));
    let _ = writeln!(text, "{}", canonical_query(parts.uri.query().unwrap_or("")));
    let names: Vec<&str> = auth.signed_headers.split(';').collect();
    require_signed(&names, &parts.headers)?;
    for name in &names {
        let mut values = parts.headers.get_all(*name).iter().peekable();
        if values.peek().is_none() {
            return Err(mismatch());
        }
        text.push_str(name);
        for (n, value) in values.enumerate() {
            text.push(if n == 0 { ':' } else { ',' });
            push_trimmed(&mut text, &String::from_utf8_lossy(value.as_bytes()));
        }
        text.push('\n');
    }
    let _ = write!(text, "\n{}\n{payload}", auth.signed_headers);
    Ok(text)
}

/// `host` and every `x-amz-` header must be among the signed ones.
fn require_signed(names: &[&str], headers: &HeaderMap) -> Result<(), Failure> {
    let required =
        headers.keys().map(http::HeaderName::as_str).filter(|name| *name == "host" || name.starts_with("x-amz-"));
    for name in required.chain(std::iter::once("host")) {
        // The checksum header is covered by the body's hash, which is signed in any case.
        if !names.contains(&name) && name != "x-amz-content-sha256" {
            return Err(Failure::signature(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
        }
    }
    Ok(())
}

/// Encodes the path once more, as every service but S3 does; an unreserved character stays as it is.
fn canonical_path(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 8);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn push_trimmed(text: &mut String, value: &str) {
    for (n, word) in value.split([' ', '\t']).filter(|word| !word.is_empty()).enumerate() {
        if n > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The example request of "Create a signed AWS API request", with its published signature.
    #[test]
    fn the_published_example_verifies() {
        let request = http::Request::get("/?Action=ListUsers&Version=2010-05-08")
            .header("host", "iam.amazonaws.com")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-amz-date", "20150830T123600Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            )
            .body(())
            .unwrap();
        let (parts, ()) = request.into_parts();
        let auth = parse(&parts.headers).unwrap();
        let now = clock::parse_amz_date("20150830T123600Z").unwrap();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let cache = KeyCache::default();
        assert!(verify(&auth, &parts, b"", secret, &cache, now).is_ok());
        assert!(verify(&auth, &parts, b"x", secret, &KeyCache::default(), now).is_err());
        assert!(verify(&auth, &parts, b"", "other", &KeyCache::default(), now).is_err());
        assert!(verify(&auth, &parts, b"", secret, &cache, now.plus_ms(SKEW_MS + 1000)).is_err());
        assert!(verify(&auth, &parts, b"", secret, &cache, now.plus_ms(-SKEW_MS - 1000)).is_err());
    }

    #[test]
    fn a_scope_out_of_shape_is_refused() {
        for credential in ["AKID", "AKID/20150830/us-east-1/iam", "AKID/20150830/us-east-1/iam/aws3_request", "////"] {
            let mut headers = HeaderMap::new();
            let text = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
            headers.insert("authorization", text.parse().unwrap());
            assert!(parse(&headers).is_err(), "{credential}");
        }
    }

    #[test]
    fn a_path_is_encoded_once_more_and_a_query_is_sorted() {
        assert_eq!(canonical_path("/endpoints/a%20b/x"), "/endpoints/a%2520b/x");
        assert_eq!(canonical_query("b=2&a=1&a=0&c"), "a=0&a=1&b=2&c=");
    }
}
