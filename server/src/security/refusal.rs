//! What a refused request is answered: JSON for pages' own calls, a line of text or the way to sign in for people.

use super::{SIGN_IN, is_machine, planted};
use app::error::{AppError, ErrorKind};
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode, Uri};
use services::ServiceError;

/// Why a request goes no further.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    error: Box<AppError>,
}

impl Refusal {
    fn new(status: StatusCode, error: AppError) -> Self {
        Self { status, error: Box::new(error) }
    }

    /// The name the console was reached by is not one of its own.
    pub fn host(host: &str) -> Self {
        let error =
            AppError::new(ErrorKind::Denied, format!("the host `{}` is not one of this console's", brief(host)))
                .hint("Open the address the console printed, or start it with --public-host and this name.");
        Self::new(StatusCode::FORBIDDEN, error)
    }

    /// Another page's request.
    pub fn origin(origin: &str) -> Self {
        let error =
            AppError::new(ErrorKind::Denied, format!("a request from the origin `{}` is refused", brief(origin)))
                .hint("Only the console's own pages may do this.");
        Self::new(StatusCode::FORBIDDEN, error)
    }

    /// Another site's request.
    pub fn cross_site(site: &str) -> Self {
        let error =
            AppError::new(ErrorKind::Denied, format!("a request from elsewhere (`{}`) is refused", brief(site)))
                .hint("Only the console's own pages may do this.");
        Self::new(StatusCode::FORBIDDEN, error)
    }

    /// A change by someone who does not say where they come from.
    pub fn no_origin() -> Self {
        let error = AppError::new(ErrorKind::Denied, "the request says neither `Origin` nor `Sec-Fetch-Site`")
            .hint("Send the console's own address as `Origin`.");
        Self::new(StatusCode::FORBIDDEN, error)
    }

    /// No session, or it ended.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, AppError::signed_out())
    }

    /// More than may be sent.
    pub fn too_large(limit: usize) -> Self {
        let error = AppError::new(ErrorKind::Invalid, format!("the request is over the limit of {limit} bytes"))
            .hint("Send less: InvokeEndpoint takes at most 6,291,456 bytes, a hand-off file has at most 65,536.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    /// A body that stopped coming.
    pub fn too_slow() -> Self {
        let error = AppError::new(ErrorKind::Invalid, "the rest of the request did not come")
            .hint("Send it again; the connection may have been lost.");
        Self::new(StatusCode::REQUEST_TIMEOUT, error)
    }

    /// There is nothing at this address.
    pub fn not_found(path: &str) -> Self {
        let error = AppError::new(ErrorKind::NotFound, format!("there is nothing at `{}`", brief(path)))
            .hint("Reload the page: the console may have been updated.");
        Self::new(StatusCode::NOT_FOUND, error)
    }

    /// There is something, but not for this method.
    pub fn method(method: &Method) -> Self {
        let error = AppError::new(ErrorKind::Invalid, format!("this address does not take {}", brief(method.as_str())))
            .hint("Reload the page: the console may have been updated.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, error)
    }

    /// A use case failed.
    pub fn service(error: ServiceError) -> Self {
        let error = AppError::from(error);
        Self::new(error.kind.status(), error)
    }

    /// The console's own fault.
    pub fn internal(request_id: &str) -> Self {
        let mut error = AppError::new(ErrorKind::Internal, "something went wrong inside the console")
            .hint("Try again; the log says more under this request id.");
        error.request_id = Some(request_id.to_owned());
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }

    /// The answer, in the form that fits whoever asked.
    pub fn respond(self, request: &Request) -> Response {
        let path = request.uri().path();
        tracing::debug!(status = self.status.as_u16(), "refused: {}", self.error.message);
        let wants_page = accepts_html(request) || !is_machine(path);
        if self.status == StatusCode::UNAUTHORIZED && wants_page {
            return Redirect::to(SIGN_IN).into_response();
        }
        self.respond_as(!wants_page)
    }

    /// The answer, as JSON or as text.
    pub fn respond_as(self, json: bool) -> Response {
        let (kind, body) = if json {
            ("application/json", serde_json::to_string(&self.error).unwrap_or_default())
        } else {
            let hint = self.error.hint.as_deref().unwrap_or_default();
            ("text/plain; charset=utf-8", format!("{}\n{hint}\n", self.error.message))
        };
        (self.status, [(CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
    }
}

/// A form sent without scripts, or a visit: what comes back is shown to a person.
fn accepts_html(request: &Request) -> bool {
    request.headers().get(ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"))
}

/// A page that goes on to `uri` by itself. The step from our own page makes the browser send the strict cookie, which a
/// redirect of a cross-site visit would not.
pub fn forward(uri: &Uri) -> Response {
    let target = planted::without(uri).or_else(|| uri.path_and_query().map(ToString::to_string)).unwrap_or_default();
    let target = escape(local(&target));
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sagebridge</title>\
         <meta name=\"referrer\" content=\"no-referrer\"><meta http-equiv=\"refresh\" content=\"0;url={target}\">\
         </head><body><p><a href=\"{target}\">Continue to Sagebridge</a></p></body></html>"
    );
    ([(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], page).into_response()
}

/// A path of ours as it is, and the first page for anything else: `//host` and `/\host` would lead elsewhere.
pub fn local(target: &str) -> &str {
    let stays = target.starts_with('/') && !target.starts_with("//") && !target.contains('\\');
    if stays { target } else { "/" }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Enough of a stranger's text to recognise it by, on one line.
fn brief(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_is_quoted_briefly_and_on_one_line() {
        assert_eq!(brief("evil\r\n`name`"), "evil   name ");
        assert_eq!(brief(&"x".repeat(500)).len(), 80);
    }

    #[test]
    fn what_is_forwarded_to_stays_here_and_is_escaped() {
        let body = |uri: &'static str| escape(Uri::from_static(uri).path_and_query().map_or("", |p| p.as_str()));
        assert_eq!(body("/shares?a=1&b='x'"), "/shares?a=1&amp;b=&#39;x&#39;");
        for elsewhere in ["//evil.example/", "/\\evil.example/", "https://evil.example/", ""] {
            assert_eq!(local(elsewhere), "/", "`{elsewhere}` leads elsewhere");
        }
    }
}
