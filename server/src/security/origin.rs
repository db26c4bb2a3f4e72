//! Where a request comes from, as the browser tells it: `Origin` and the Fetch Metadata headers, both, because each alone
//! has gaps (old browsers send no metadata; plain navigations send no origin).
//!
//! - A request that may change something comes from our own pages, or it is refused; so is one that does not say.
//! - From elsewhere a page can only be opened as a page: no fetch, no image, no frame, and never `/api` or `/events`.
//!
//! Sources: Fetch, "`Origin` header"; W3C Fetch Metadata Request Headers.

use super::refusal::Refusal;
use axum::extract::Request;
use http::header::{HeaderMap, ORIGIN};
use http::{HeaderName, Method};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// How an accepted request got here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// From our own pages, typed, or from a client that is not a browser.
    Direct,
    /// A link on another site. Browsers leave `SameSite=Strict` cookies out.
    CrossSiteNavigation,
}

/// Refuses what comes from elsewhere. `own` is the origin of our pages under the host that was asked for.
pub fn check(request: &Request, own: &str) -> Result<Arrival, Refusal> {
    let changes_nothing = matches!(*request.method(), Method::GET | Method::HEAD);
    let headers = request.headers();
    let origin = only(headers, &ORIGIN)?;
    let site = only(headers, &SITE)?;
    if let Some(origin) = origin
        && origin != own.as_bytes()
    {
        return Err(Refusal::origin(&String::from_utf8_lossy(origin)));
    }
    match site {
        None if changes_nothing || origin.is_some() => Ok(Arrival::Direct),
        None => Err(Refusal::no_origin()),
        Some(b"same-origin") => Ok(Arrival::Direct),
        Some(b"none") if changes_nothing => Ok(Arrival::Direct),
        Some(site) => {
            let navigation = only(headers, &MODE)? == Some(b"navigate") && only(headers, &DEST)? == Some(b"document");
            if changes_nothing && navigation && !super::is_machine(request.uri().path()) {
                Ok(Arrival::CrossSiteNavigation)
            } else {
                Err(Refusal::cross_site(&String::from_utf8_lossy(site)))
            }
        }
    }
}

/// A header that says two things says nothing.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes());
    if values.next().is_some() { Err(Refusal::cross_site("more than one value")) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Body;

    const OWN: &str = "http://localhost:4600";

    fn arrive(method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Arrival> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(Body::empty()).unwrap(), OWN).ok()
    }

    #[test]
    fn changes_come_from_our_own_pages_or_not_at_all() {
        let own = Some(Arrival::Direct);
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let post = |headers: &[(&str, &str)]| arrive(method, "/api/apply", headers);
            assert_eq!(post(&[("origin", OWN)]), own);
            assert_eq!(post(&[("sec-fetch-site", "same-origin")]), own);
            assert_eq!(post(&[("origin", OWN), ("sec-fetch-site", "same-origin")]), own);
            assert_eq!(post(&[]), None);
            assert_eq!(post(&[("origin", "null")]), None);
            assert_eq!(post(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), None);
            assert_eq!(post(&[("origin", "http://localhost:4601")]), None);
            assert_eq!(post(&[("origin", "https://localhost:4600")]), None);
            assert_eq!(post(&[("origin", "http://localhost:4600.evil.example")]), None);
            assert_eq!(post(&[("origin", OWN), ("origin", OWN)]), None);
            for site in ["cross-site", "same-site", "none", "anything"] {
                assert_eq!(post(&[("origin", OWN), ("sec-fetch-site", site)]), None);
                let navigation =
                    [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
                assert_eq!(post(&navigation), None);
            }
        }
    }

    #[test]
    fn from_elsewhere_a_page_is_opened_as_a_page_only() {
        let from = |path: &str, site: &str, mode: &str, dest: &str| {
            arrive("GET", path, &[("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)])
        };
        for site in ["cross-site", "same-site"] {
            assert_eq!(from("/shares", site, "navigate", "document"), Some(Arrival::CrossSiteNavigation));
            assert_eq!(from("/shares", site, "navigate", "iframe"), None);
            assert_eq!(from("/shares", site, "cors", "empty"), None);
            assert_eq!(from("/pkg/sagebridge.js", site, "no-cors", "script"), None);
            assert_eq!(from("/api/overview", site, "navigate", "document"), None);
            assert_eq!(from("/events/runs/1", site, "navigate", "document"), None);
        }
        assert_eq!(from("/events/runs/1", "same-origin", "cors", "empty"), Some(Arrival::Direct));
        assert_eq!(from("/", "none", "navigate", "document"), Some(Arrival::Direct));
        assert_eq!(arrive("GET", "/", &[]), Some(Arrival::Direct));
        assert_eq!(arrive("GET", "/", &[("origin", "http://evil.example")]), None);
    }
}
