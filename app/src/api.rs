//! Server functions and nothing else: each extracts, calls one use case and maps the error. JSON out, at a stable
//! path `/api/verb_noun`, never a mutating GET.

#![allow(
    missing_docs,
    reason = "the macro turns parameters into fields of public structs; the functions' documentation is theirs"
)]

pub mod accounts;
pub mod activity;
pub mod batch;
pub mod codec;
pub mod compare;
pub mod doctor;
pub mod drift;
pub mod function;
pub mod handoff;
pub mod history;
pub mod import;
pub mod load;
pub mod map;
pub mod pipeline;
pub mod playground;
pub mod rotation;
pub mod runs;
pub mod saved;
pub mod shares;
#[cfg(feature = "ssr")]
pub mod shelf;
pub mod shell;
pub mod verification;
pub mod wizard;

#[cfg(feature = "ssr")]
pub use server::{answer, given, is_form_post, request_parts, session};

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(feature = "ssr")]
mod server {
    use crate::error::AppError;
    use http::request::Parts;
    use leptos::prelude::*;
    use leptos_axum::ResponseOptions;
    use services::error::ServiceError;
    use services::{Operator, Services};

    /// The use cases and who is asking. Without a session: [`AppError::signed_out`].
    pub fn session() -> Result<(Services, Operator), AppError> {
        let services = use_context::<Services>().ok_or_else(|| {
            AppError::new(crate::error::ErrorKind::Internal, "the console is not ready").hint("Try again in a moment.")
        })?;
        let operator = use_context::<Operator>().ok_or_else(|| failed(AppError::signed_out()))?;
        Ok((services, operator))
    }

    /// Maps a use case's answer for the wire, and gives the response the status that fits.
    pub fn answer<T>(result: Result<T, ServiceError>) -> Result<T, AppError> {
        result.map_err(|error| failed(error.into()))
    }

    /// A text that was given, without what surrounds it.
    pub fn given(text: &str) -> Option<&str> {
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// The request that is being answered.
    pub fn request_parts() -> Option<Parts> {
        use_context::<Parts>()
    }

    /// Whether a plain HTML form asked, so that the answer has to be a redirect and not JSON.
    pub fn is_form_post() -> bool {
        request_parts().is_some_and(|parts| {
            parts.method == http::Method::POST
                && parts
                    .headers
                    .get(http::header::ACCEPT)
                    .and_then(|accept| accept.to_str().ok())
                    .is_some_and(|accept| accept.contains("text/html"))
        })
    }

    /// Only a call to `/api/…` gets the error's status: while a page is rendered the page decides, and a form post is
    /// answered with a redirect whose status must stay.
    fn failed(error: AppError) -> AppError {
        let is_call = request_parts().is_some_and(|parts| parts.uri.path().starts_with("/api/")) && !is_form_post();
        if let (true, Some(response)) = (is_call, use_context::<ResponseOptions>()) {
            response.set_status(error.kind.status());
        }
        error
    }
}
