//! Refusals in S3's words.
//!
//! Source: S3 API reference, "Error responses".

use crate::error::Failure;
use http::{Response, StatusCode, header};
use s3s::{Body, S3Error, S3ErrorCode};
use std::io;

/// A refusal by one of S3's codes.
pub fn refuse(code: S3ErrorCode, message: impl Into<String>) -> S3Error {
    S3Error::with_message(code, message.into())
}

/// A fault of the sandbox itself.
pub fn internal() -> S3Error {
    refuse(S3ErrorCode::InternalError, "We encountered an internal error. Please try again.")
}

/// A file that can't be read or written.
pub fn disk(error: io::Error) -> S3Error {
    tracing::error!(%error, "an object's file can't be read or written");
    internal()
}

/// There is no such bucket.
pub fn no_bucket() -> S3Error {
    refuse(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist")
}

/// There is no such object.
pub fn no_key() -> S3Error {
    refuse(S3ErrorCode::NoSuchKey, "The specified key does not exist.")
}

/// A failure of what all services share, with the code that S3 has for it.
pub fn from_failure(failure: &Failure) -> S3Error {
    let own = |status: u16, code: S3ErrorCode, message: &str| {
        let mut error = refuse(code, message);
        error.set_status_code(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        error
    };
    match failure.code.as_ref() {
        "AccessDenied" => refuse(S3ErrorCode::AccessDenied, failure.message.as_str()),
        "ExpiredToken" => own(400, S3ErrorCode::ExpiredToken, "The provided token has expired."),
        "InvalidClientTokenId" => {
            own(400, S3ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid.")
        }
        "Throttling" => own(503, S3ErrorCode::SlowDown, "Please reduce your request rate."),
        "InternalFailure" => internal(),
        other => {
            let code = S3ErrorCode::from_bytes(other.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
            own(failure.status, code, &failure.message)
        }
    }
}

/// What S3 says to what `s3s` refuses by its code alone.
const WORDS: [(&str, &str); 6] = [
    (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing \
         method.",
    ),
    ("InvalidBucketName", "The specified bucket is not valid."),
    ("InvalidURI", "Couldn't parse the specified URI."),
    ("KeyTooLongError", "Your key is too long"),
    ("MethodNotAllowed", "The specified method is not allowed against this resource."),
    ("MissingContentLength", "You must provide the Content-Length HTTP header."),
];

/// Gives an error without a message S3's words for its code.
pub fn with_words(mut response: Response<Body>) -> Response<Body> {
    if !response.status().is_client_error() {
        return response;
    }
    let Some(text) = response.body().bytes().and_then(|bytes| String::from_utf8(bytes.into()).ok()) else {
        return response;
    };
    let words = WORDS.iter().find(|(code, _)| text.contains(&format!("<Code>{code}</Code></Error>")));
    if let Some((_, words)) = words {
        let told = text.replacen("</Code>", &format!("</Code><Message>{words}</Message>"), 1);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(told);
    }
    response
}
