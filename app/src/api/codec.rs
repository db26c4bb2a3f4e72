//! How arguments and answers travel: forms and JSON.

use leptos::server_fn::Bytes;
use leptos::server_fn::codec::{Encoding, Post};
use leptos::server_fn::error::FromServerFnError;
#[cfg(feature = "ssr")]
use leptos::server_fn::error::{IntoAppError, ServerFnErrorErr};
use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// JSON that is read as text, as leptos reads what a page hands over. Read as bytes, each type's reader would be in the
/// wasm file twice.
pub struct JsonText;

/// A server function's answer.
pub type Json = Post<JsonText>;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

/// A form whose field `body` may be megabytes long: a request to an endpoint. That field is decoded by itself; what reads
/// other forms looks at each of its bytes several times, which takes as long as the call itself. For the server functions
/// that [`large_form`] is told of.
pub struct LargeForm;

impl ContentType for LargeForm {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl Encoding for LargeForm {
    const METHOD: http::Method = http::Method::POST;
}

/// Lets server functions be called with a [`LargeForm`]; they have `params` with a `body`.
macro_rules! large_form {
    ($($function:ty),* $(,)?) => {$(
        impl<R, E> leptos::server_fn::codec::IntoReq<$crate::api::codec::LargeForm, R, E> for $function
        where
            R: leptos::server_fn::request::ClientReq<E>,
            E: leptos::server_fn::error::FromServerFnError,
        {
            fn into_req(self, path: &str, accepts: &str) -> Result<R, E> {
                leptos::server_fn::codec::IntoReq::<leptos::server_fn::codec::PostUrl, R, E>::into_req(self, path, accepts)
            }
        }

        impl<R, E> leptos::server_fn::codec::FromReq<$crate::api::codec::LargeForm, R, E> for $function
        where
            R: leptos::server_fn::request::Req<E> + Send + 'static,
            E: leptos::server_fn::error::FromServerFnError + Send,
        {
            async fn from_req(request: R) -> Result<Self, E> {
                let (mut arguments, body) = $crate::api::codec::read_form::<Self, E>(request.try_into_bytes().await?)?;
                if let Some(body) = body {
                    arguments.params.body = body;
                }
                Ok(arguments)
            }
        }
    )*};
}
pub(crate) use large_form;

/// The arguments that a form says, but for the first field `body`: that is the second half.
pub(crate) fn read_form<T: DeserializeOwned, E: FromServerFnError>(form: Bytes) -> Result<(T, Option<String>), E> {
    #[cfg(feature = "ssr")]
    return form::read(&form).map_err(|error| ServerFnErrorErr::Args(error).into_app_error());
    #[cfg(not(feature = "ssr"))]
    unreachable!("forms are read by the server: {} bytes", form.len());
}

#[cfg(feature = "ssr")]
mod form {
    use serde::de::DeserializeOwned;
    use std::borrow::Cow;

    const BODY: &[u8] = b"body=";

    pub(super) fn read<T: DeserializeOwned>(form: &[u8]) -> Result<(T, Option<String>), String> {
        let begins = std::iter::once(0).chain(memchr::memchr_iter(b'&', form).map(|at| at + 1));
        let Some(begin) = begins.into_iter().find(|at| form[*at..].starts_with(BODY)) else {
            return rest(form).map(|arguments| (arguments, None));
        };
        let end = memchr::memchr(b'&', &form[begin..]).map_or(form.len(), |length| begin + length);
        let body = text(&form[begin + BODY.len()..end])?;
        let others = [&form[..begin], form.get(end + 1..).unwrap_or_default()].concat();
        Ok((rest(&others)?, Some(body)))
    }

    fn rest<T: DeserializeOwned>(form: &[u8]) -> Result<T, String> {
        serde_urlencoded::from_bytes(form).map_err(|error| error.to_string())
    }

    /// Source: the URL standard, "application/x-www-form-urlencoded parsing".
    fn text(encoded: &[u8]) -> Result<String, String> {
        let spaced = match memchr::memchr(b'+', encoded) {
            None => Cow::Borrowed(encoded),
            Some(_) => encoded.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect(),
        };
        String::from_utf8(urlencoding::decode_binary(&spaced).into_owned()).map_err(|_| "`body` is not text".to_owned())
    }
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Into::into)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(|_| Unreadable::NotText)?;
        serde_json::from_str(text).map_err(Unreadable::NotJson)
    }
}

/// Why an answer can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not UTF-8.
    #[error("the answer is not text")]
    NotText,
    /// It is not the JSON that was expected.
    #[error("the answer is not what was expected: {0}")]
    NotJson(serde_json::Error),
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::api::playground::InvokeEndpoint;
    use crate::error::AppError;

    fn read(form: &str) -> Result<(InvokeEndpoint, Option<String>), AppError> {
        read_form(Bytes::copy_from_slice(form.as_bytes()))
    }

    #[test]
    fn a_large_form_is_read_as_browsers_write_it() {
        let form =
            "through=s-1&endpoint=churn&content_type=text%2Fcsv&body=1%2C2+%C3%A9%0D%0A%26%3D%2B%&way=stream&more=x";
        let (read, body) = read(form).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(body.as_deref(), Some("1,2 é\r\n&=+%"));
        assert_eq!(read.params.headers.content_type, "text/csv");
        assert_eq!((read.params.endpoint.as_str(), read.way.as_str()), ("churn", "stream"));
        assert_eq!(read.params.encoding, domain::invoke::BodyEncoding::Text);
    }

    #[test]
    fn a_body_is_found_wherever_it_stands_and_need_not_be_there() {
        let target = "through=s-1&endpoint=churn&content_type=text%2Fcsv";
        for form in [format!("body=x&{target}"), format!("{target}&body=x"), format!("{target}&antibody=y&body=x")] {
            assert_eq!(read(&form).map(|(_, body)| body).ok().flatten().as_deref(), Some("x"), "{form}");
        }
        let (read, body) = read(target).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((read.params.body.as_str(), body), ("", None));
    }

    #[test]
    fn a_body_that_is_not_text_is_refused() {
        let error = read("through=s-1&endpoint=churn&content_type=text%2Fcsv&body=%FF").err();
        assert!(error.is_some_and(|error| error.to_string().contains("`body` is not text")));
    }

    #[test]
    fn what_is_missing_in_a_large_form_is_named() {
        let error = read("through=s-1&body=1").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("endpoint"), "{error}");
    }
}
