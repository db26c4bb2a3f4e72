//! The one error that crosses the wire. Built here, and logged once here; pages show it in exactly one place.

use crate::api::codec::JsonText;
use domain::invoke::DenialExplanation;
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What kind of failure, for choosing how to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// There is no session, or it ended.
    SignedOut,
    /// A policy in AWS said no.
    Denied,
    /// The thing asked for is not there.
    NotFound,
    /// The input can't be used.
    Invalid,
    /// Someone else is at it, or the world has moved on.
    Conflict,
    /// AWS asks to slow down.
    Throttled,
    /// The credentials are expired, unknown or missing.
    Credentials,
    /// AWS, the model or the network did not answer.
    Unavailable,
    /// The console's own fault.
    Internal,
}

/// A failure in words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    /// What kind.
    pub kind: ErrorKind,
    /// What happened, to what: lower case, no final stop, input in backticks.
    pub message: String,
    /// What to do next, as a sentence.
    #[serde(default)]
    pub hint: Option<String>,
    /// The form field it is about.
    #[serde(default)]
    pub field: Option<String>,
    /// AWS's request id.
    #[serde(default)]
    pub request_id: Option<String>,
    /// For a denial: which document stands in the way.
    #[serde(default)]
    pub explanation: Option<Box<DenialExplanation>>,
}

impl AppError {
    /// An error of `kind` with its message, and nothing else yet.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, field: None, request_id: None, explanation: None }
    }
    /// With what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// There is no session.
    pub fn signed_out() -> Self {
        Self::new(ErrorKind::SignedOut, "you are signed out")
            .hint("Open the address the console printed when it started, or sign in with its token.")
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::new(ErrorKind::Unavailable, "the console could not be reached")
                .hint("Check that it is still running, then try again."),
            ServerFnErrorErr::Args(detail) | ServerFnErrorErr::MissingArg(detail) => {
                Self::new(ErrorKind::Invalid, format!("the request could not be read: {detail}"))
                    .hint("Reload the page and try again.")
            }
            // What a refusal by the layers before the server function looks like from here: a body that is not ours.
            ServerFnErrorErr::Deserialization(_) => {
                Self::new(ErrorKind::Unavailable, "the console gave an answer this page does not understand")
                    .hint("Reload the page: the console may have been updated or your session may have ended.")
            }
            other => Self::new(ErrorKind::Internal, other.to_string()).hint("Reload the page and try again."),
        }
    }
}

/// What is wrong with the form field `field`, for the kit's fields.
pub fn problem_at(problems: &[FieldProblem], field: &str) -> Option<crate::ui::FieldError> {
    problems
        .iter()
        .find(|p| p.field == field)
        .map(|p| crate::ui::FieldError { message: p.message.clone(), hint: p.hint.clone() })
}

/// An action's last failure, for [`crate::ui::ActionProblem`].
pub fn failure_of<S>(action: ServerAction<S>) -> Signal<Option<AppError>>
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let value = action.value();
    Signal::derive(move || value.with(|value| value.as_ref().and_then(|result| result.as_ref().err().cloned())))
}

#[cfg(feature = "ssr")]
mod server {
    use super::{AppError, ErrorKind};
    use http::StatusCode;
    use services::error::ServiceError;
    use services::ports::gateway::{GatewayError, GatewayErrorKind};

    impl ErrorKind {
        /// The HTTP status that says the same.
        pub fn status(self) -> StatusCode {
            match self {
                Self::SignedOut => StatusCode::UNAUTHORIZED,
                Self::Denied => StatusCode::FORBIDDEN,
                Self::NotFound => StatusCode::NOT_FOUND,
                Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
                Self::Conflict => StatusCode::CONFLICT,
                Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
                Self::Credentials | Self::Unavailable => StatusCode::BAD_GATEWAY,
                Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            }
        }
    }

    impl From<ServiceError> for AppError {
        fn from(error: ServiceError) -> Self {
            let wire = translate(&error);
            match wire.kind {
                ErrorKind::Internal => tracing::error!(error = ?error, "{wire}"),
                ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict => tracing::info!("{wire}"),
                _ => tracing::warn!(request_id = wire.request_id.as_deref(), kind = ?wire.kind, "{wire}"),
            }
            wire
        }
    }

    fn translate(error: &ServiceError) -> AppError {
        match error {
            ServiceError::Gateway { source, explanation } => {
                AppError { explanation: explanation.clone(), ..gateway(source) }
            }
            ServiceError::Store(_) | ServiceError::Files(_) => AppError::new(ErrorKind::Internal, error.to_string())
                .hint("Check that the data folder is writable and has room; the log says more."),
            ServiceError::NotFound { what, .. } => AppError::new(ErrorKind::NotFound, error.to_string())
                .hint(format!("It may have been removed. Go back to the list and pick another {what}.")),
            ServiceError::Invalid { problems } => {
                let first = problems.first();
                AppError {
                    field: first.map(|p| p.field.clone()),
                    hint: first.and_then(|p| p.hint.clone()),
                    ..AppError::new(ErrorKind::Invalid, error.to_string())
                }
            }
            ServiceError::Conflict { message, hint } => {
                AppError::new(ErrorKind::Conflict, message.clone()).hint(hint.clone())
            }
        }
    }

    fn gateway(error: &GatewayError) -> AppError {
        let permission =
            format!("Ask an administrator of that account for `{}`, or use another connection.", error.action());
        let (kind, hint) = match error.kind {
            GatewayErrorKind::AccessDenied => (ErrorKind::Denied, permission.as_str()),
            GatewayErrorKind::NotFound => (ErrorKind::NotFound, "Check the name, the account and the region."),
            GatewayErrorKind::Conflict => (ErrorKind::Conflict, "Reload to see what is there now, then try again."),
            GatewayErrorKind::Throttled => {
                (ErrorKind::Throttled, "AWS limits how often it is asked. Wait a moment, then try again.")
            }
            GatewayErrorKind::Invalid => (ErrorKind::Invalid, "Change the input as AWS asks, then try again."),
            GatewayErrorKind::Expired => {
                (ErrorKind::Credentials, "Renew the profile's credentials (`aws sso login`, for one), then try again.")
            }
            GatewayErrorKind::NoCredentials => {
                (ErrorKind::Credentials, "Check the profile in your AWS configuration files.")
            }
            GatewayErrorKind::Unavailable => (ErrorKind::Unavailable, "Check the network, then try again."),
            GatewayErrorKind::Model => (ErrorKind::Unavailable, "The model's own log says more."),
        };
        let place = match (&error.account, &error.connection) {
            (Some(account), _) => format!("{} in account {account}: ", error.operation),
            (None, Some(connection)) => format!("{} through `{connection}`: ", error.operation),
            (None, None) => String::new(),
        };
        AppError {
            request_id: error.request_id.clone(),
            ..AppError::new(kind, format!("{place}{}", error.message)).hint(hint)
        }
    }
}
