//! The SDK's failures as [`GatewayError`]s: classified, and put into words, in this one place.
//!
//! AWS's own messages are kept. Where AWS was not reached the message says which endpoint, and why; where there were
//! no credentials it says what to do. No message holds a credential.

mod classify;
mod credentials;

use crate::profiles::Login;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use domain::names::{AccountId, ConnectionId};
use services::ports::gateway::{Answered, GatewayError, GatewayErrorKind, GatewayResult};
use std::error::Error;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The longest message passed on.
const LONGEST: usize = 2000;

/// Whose calls these are.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The connection; `None` for a role's session.
    pub(crate) connection: Option<ConnectionId>,
    /// How it gets credentials, and from which profile in the end.
    login: (Login, Option<ConnectionId>),
    /// Where it calls, when that is not AWS.
    endpoint: Option<String>,
    /// Its account, once STS has told it.
    account: OnceLock<AccountId>,
    /// Its credentials could not be had or were refused: they should be fetched anew.
    stale: AtomicBool,
}

impl Origin {
    /// A role's session, or nobody yet.
    pub(crate) fn nobody(endpoint: Option<&str>) -> Self {
        Self {
            connection: None,
            login: (Login::Other, None),
            endpoint: endpoint.map(without_user),
            account: OnceLock::new(),
            stale: AtomicBool::new(false),
        }
    }

    /// A connection, with how and from which profile it gets its credentials in the end.
    pub(crate) fn connection(id: &ConnectionId, login: (Login, ConnectionId), endpoint: Option<&str>) -> Self {
        let (login, source) = login;
        Self { connection: Some(id.clone()), login: (login, Some(source)), ..Self::nobody(endpoint) }
    }

    /// Remembers the account, for messages.
    pub(crate) fn learn(&self, account: &AccountId) {
        let _ = self.account.set(account.clone());
    }

    /// The account, if it is known by now.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        self.account.get()
    }

    /// Whether credentials should be fetched anew.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// A call that is about to be made.
    pub(crate) fn call<'a>(&'a self, service: &'static str, region: &'a str, operation: &'static str) -> Call<'a> {
        Call { origin: self, service, region, operation }
    }
}

/// `http://user:password@host` without the user.
fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
        }
        None => url.to_owned(),
    }
}

/// One call, for what is said when it fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    origin: &'a Origin,
    service: &'static str,
    region: &'a str,
    operation: &'static str,
}

/// What AWS answered.
struct Answer<'a> {
    code: &'a str,
    message: Option<&'a str>,
    status: u16,
    request_id: Option<&'a str>,
}

impl Call<'_> {
    /// The failure of an SDK call.
    pub(crate) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> GatewayError
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let header_id = error.request_id();
        match &error {
            SdkError::ServiceError(context) => {
                let meta = context.err().meta();
                self.answered(&Answer {
                    code: meta.code().unwrap_or_default(),
                    message: meta.message(),
                    status: context.raw().status().as_u16(),
                    request_id: header_id.or_else(|| meta.request_id()),
                })
            }
            SdkError::ResponseError(context) => {
                let status = context.raw().status().as_u16();
                self.answered(&Answer { code: "", message: None, status, request_id: header_id })
            }
            SdkError::TimeoutError(_) => self.unavailable("did not answer in time"),
            other => self.not_sent(other),
        }
    }

    /// The failure of a call whose answers have no body, and so no code: S3's HeadBucket and HeadObject. The status is all
    /// that AWS says.
    pub(crate) fn failed_head<E>(&self, error: SdkError<E, HttpResponse>) -> GatewayError
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let error = self.failed(error);
        let code = match error.status {
            Some(301) => "PermanentRedirect",
            Some(400) => "BadRequest",
            Some(403) => "Forbidden",
            _ => return error,
        };
        let kind = classify::kind(code, error.status.unwrap_or_default(), "").0;
        GatewayError { code: code.into(), kind, retryable: false, ..error }
    }

    /// What AWS refused inside an answer that is none.
    pub(crate) fn refused(&self, code: &str, message: &str, request_id: Option<&str>) -> GatewayError {
        let (kind, retryable) = classify::kind(code, 200, message);
        let request_id = request_id.map(str::to_owned);
        GatewayError { code: code.to_owned(), retryable, request_id, ..self.error(kind, message.to_owned()) }
    }

    /// A stream that had begun, and broke: with AWS's own code and words where it said so.
    pub(crate) fn broken<E: Error + ProvideErrorMetadata + 'static>(
        &self,
        code: Option<&str>,
        error: &E,
    ) -> GatewayError {
        let Some(code) = code.or(error.code()) else {
            return self.unavailable(&format!("broke the stream off: {}", innermost(error)));
        };
        let message = classify::presentable(code, error.message().unwrap_or("the stream broke off"));
        GatewayError { code: code.to_owned(), ..self.error(GatewayErrorKind::Unavailable, message) }
    }

    /// AWS did answer, with something this crate can't use.
    pub(crate) fn unexpected(&self, what: &str) -> GatewayError {
        self.unavailable(&format!("gave an answer that can't be used: {what}"))
    }

    /// The SDK would not take the input.
    pub(crate) fn invalid(&self, error: impl Error) -> GatewayError {
        self.error(GatewayErrorKind::Invalid, innermost(&error))
    }

    fn answered(&self, answer: &Answer<'_>) -> GatewayError {
        let message = match answer.message.map(str::trim).filter(|message| !message.is_empty()) {
            Some(message) => classify::presentable(answer.code, message),
            None => format!("{} answered with status {} and no explanation", self.place(), answer.status),
        };
        let (kind, retryable) = classify::kind(answer.code, answer.status, &message);
        if kind == GatewayErrorKind::Expired {
            self.origin.stale.store(true, Ordering::Relaxed);
        }
        GatewayError {
            code: answer.code.to_owned(),
            status: Some(answer.status),
            retryable,
            request_id: answer.request_id.map(str::to_owned),
            ..self.error(kind, message)
        }
    }

    /// The request never left, or never arrived.
    fn not_sent(&self, error: &(dyn Error + 'static)) -> GatewayError {
        if let Some(message) = credentials::missing(self.origin, error) {
            self.origin.stale.store(true, Ordering::Relaxed);
            return self.error(GatewayErrorKind::NoCredentials, message);
        }
        match find::<ConnectorError>(error) {
            Some(connector) if connector.is_timeout() => self.unavailable("did not answer in time"),
            Some(_) => self.unavailable(&format!("could not be reached: {}", reason(error))),
            None => self.error(GatewayErrorKind::Invalid, innermost(error)),
        }
    }

    fn unavailable(&self, what: &str) -> GatewayError {
        let message = format!("{} {what}", self.place());
        GatewayError { retryable: true, ..self.error(GatewayErrorKind::Unavailable, message) }
    }

    /// The other end, in words.
    fn place(&self) -> String {
        match &self.origin.endpoint {
            Some(url) => format!("{} at `{url}`", self.service),
            None => format!("{} in {}", self.service, self.region),
        }
    }

    fn error(&self, kind: GatewayErrorKind, message: String) -> GatewayError {
        GatewayError {
            operation: self.operation,
            account: self.origin.account.get().cloned(),
            connection: self.origin.connection.clone(),
            kind,
            code: String::new(),
            message: cut(message),
            status: None,
            retryable: false,
            request_id: None,
            model: None,
        }
    }
}

/// A connection that can't be used at all.
pub(crate) fn no_connection(connection: Option<&ConnectionId>, message: String) -> GatewayError {
    let origin = Origin { connection: connection.cloned(), ..Origin::nobody(None) };
    origin.call("", "", "").error(GatewayErrorKind::NoCredentials, message)
}

/// A thing that is not there, as an answer.
pub(crate) fn found<T>(result: GatewayResult<T>) -> GatewayResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == GatewayErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was to be taken away is not there: that is as good. Gives AWS's request id.
pub(crate) fn gone(result: GatewayResult<Option<String>>) -> GatewayResult<Answered<()>> {
    let request_id = match result {
        Ok(request_id) => request_id,
        Err(error) if error.kind == GatewayErrorKind::NotFound => error.request_id,
        Err(error) => return Err(error),
    };
    Ok(Answered { value: (), request_id })
}

fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// The first error of type `T` behind `error`, itself included.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What the error at the very bottom says, in a line.
fn innermost(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = error.to_string();
        next = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a host could not be reached, without the system's error numbers.
pub(crate) fn reason(error: &(dyn Error + 'static)) -> String {
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "nothing listens there".into(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof) => {
            "the connection was closed".into()
        }
        Some(io::ErrorKind::TimedOut) => "no answer in time".into(),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "there is no way to it".into(),
        _ => innermost(error),
    }
}
