//! The session cookie. Its value is a secret that only the browser keeps; the store has its digest.

use axum::http::HeaderValue;
use http::header::{COOKIE, HeaderMap};
use secrecy::{ExposeSecret, SecretString};

/// How the cookie is named and marked.
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
    secure: bool,
}

impl SessionCookie {
    /// Cookies are not kept apart by port, so the name carries it: two consoles on one host would sign each other out.
    /// Over TLS the `__Host-` prefix keeps other hosts of the domain from planting one (RFC 6265bis, cookie prefixes).
    pub fn new(port: u16, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}sagebridge-{port}"), secure }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `Set-Cookie` for a new session. Lasts as long as the browser; the server ends it earlier.
    pub fn set(&self, value: &SecretString) -> Option<HeaderValue> {
        self.header(value.expose_secret(), "")
    }

    /// `Set-Cookie` that removes it.
    pub fn clear(&self) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0")
    }

    fn header(&self, value: &str, age: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", self.name);
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// The value of the cookie `name`.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "theme=dark; sagebridge-4601=other".parse().unwrap());
        headers.append(COOKIE, "xsagebridge-4600=no; sagebridge-4600=abc=; sagebridge-46000=no".parse().unwrap());
        assert_eq!(cookie(&headers, "sagebridge-4600"), Some("abc="));
        assert_eq!(cookie(&headers, "sagebridge-1"), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let plain = SessionCookie::new(4600, false).set(&"abc".into()).unwrap();
        assert_eq!(plain.to_str().unwrap(), "sagebridge-4600=abc; Path=/; HttpOnly; SameSite=Strict");
        assert!(plain.is_sensitive());
        let tls = SessionCookie::new(4600, true).set(&"abc".into()).unwrap();
        assert_eq!(tls.to_str().unwrap(), "__Host-sagebridge-4600=abc; Path=/; HttpOnly; SameSite=Strict; Secure");
        let gone = SessionCookie::new(4600, false).clear().unwrap();
        assert_eq!(gone.to_str().unwrap(), "sagebridge-4600=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }
}
