//! Errors that a link plants. When a plain form fails, leptos sends the browser back to the form's page with the failure
//! in the address (`__path`, `__err`), and any page whose address has them shows them as the console's own words. Only
//! our own pages may lead to such an address; from elsewhere it loses them.

use axum::extract::Request;
use http::{HeaderName, Method, Uri};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a visit to a page goes that comes from elsewhere and brings errors along. Browsers that don't say where they
/// come from are taken at no word at all: they can't be told from our own.
pub fn detour(request: &Request) -> Option<String> {
    let visit = matches!(*request.method(), Method::GET | Method::HEAD);
    let from_elsewhere = request.headers().get(SITE).is_some_and(|site| site != "same-origin");
    if !visit || !from_elsewhere || super::is_machine(request.uri().path()) {
        return None;
    }
    without(request.uri())
}

/// The address without planted errors; `None` if it has none.
pub fn without(uri: &Uri) -> Option<String> {
    let pairs = || uri.query().unwrap_or_default().split('&');
    if !pairs().any(is_planted) {
        return None;
    }
    let rest: Vec<&str> = pairs().filter(|pair| !is_planted(pair)).collect();
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    Some(format!("{}{query}", uri.path()))
}

/// The name as the page will read it, whatever of it is escaped.
fn is_planted(pair: &str) -> bool {
    form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| matches!(&*name, "__err" | "__path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_errors_are_taken_out_and_the_rest_stays() {
        let without = |uri: &'static str| without(&Uri::from_static(uri));
        for (uri, expected) in [
            ("/shares?__err=eyJ9&__path=%2Fapi%2Fapply", "/shares"),
            ("/shares?a=1&__err=x&b=%22&__path=y", "/shares?a=1&b=%22"),
            ("/shares?%5f%5Ferr=x&a=1", "/shares?a=1"),
            ("/shares?__path", "/shares"),
        ] {
            assert_eq!(without(uri).as_deref(), Some(expected), "{uri}");
        }
        for uri in ["/", "/shares", "/shares?", "/shares?a=__err&b=__path=1", "/shares?x__err=1"] {
            assert_eq!(without(uri), None, "{uri}");
        }
    }
}
