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

/// A form with a field that may be megabytes long: the body of a request to an endpoint. The server reads it in one pass
/// and from where it lies; what reads other forms copies such a field five times, which takes as long as the call itself.
/// For the server functions that [`large_form`] is told of.
pub struct LargeForm;

impl ContentType for LargeForm {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl Encoding for LargeForm {
    const METHOD: http::Method = http::Method::POST;
}

/// Lets server functions be called with a [`LargeForm`].
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
                $crate::api::codec::read_form(request.try_into_bytes().await?)
            }
        }
    )*};
}
pub(crate) use large_form;

/// The arguments that a form says.
pub(crate) fn read_form<T: DeserializeOwned, E: FromServerFnError>(form: Bytes) -> Result<T, E> {
    #[cfg(feature = "ssr")]
    return serde_urlencoded::from_bytes(&form)
        .map_err(|error| ServerFnErrorErr::Args(error.to_string()).into_app_error());
    #[cfg(not(feature = "ssr"))]
    unreachable!("forms are read by the server: {} bytes", form.len());
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

    fn read(form: &str) -> Result<InvokeEndpoint, AppError> {
        read_form(Bytes::copy_from_slice(form.as_bytes()))
    }

    #[test]
    fn a_large_form_is_read_as_browsers_write_it() {
        let form =
            "through=s-1&endpoint=churn&content_type=text%2Fcsv&body=1%2C2+%C3%A9%0D%0A%26%3D%2B&way=stream&more=x";
        let read = read(form).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.params.body, "1,2 é\r\n&=+");
        assert_eq!(read.params.headers.content_type, "text/csv");
        assert_eq!((read.params.endpoint.as_str(), read.way.as_str()), ("churn", "stream"));
        assert_eq!(read.params.encoding, domain::invoke::BodyEncoding::Text);
    }

    #[test]
    fn what_is_missing_in_a_large_form_is_named() {
        let error = read("through=s-1&body=1").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("endpoint"), "{error}");
    }
}
