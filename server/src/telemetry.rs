//! Logs, and the outermost layer: a request id, a span, a line when the answer is ready, headers, and no panic that
//! reaches a browser as a torn connection. Logged are method, path, status and time. Never: queries (the launch token is
//! one), bodies, cookies.

use crate::cli::LogFormat;
use crate::config::LoggingConfig;
use crate::security::headers;
use crate::security::is_machine;
use crate::security::refusal::Refusal;
use crate::state::ConsoleState;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::{Instrument, Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// On requests (ours replaces any other) and answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Libraries that tell what a credential program printed, key ids, or requests that AWS repeats, in warnings too. They say
/// nothing: `aws-gateway` puts their failures into words.
const SILENT: [&str; 3] = ["aws_config", "aws_credential_types", "aws_runtime"];
/// Libraries whose finer levels tell headers, bodies, addresses with queries or SQL. However much is asked for, they say
/// nothing below `info`.
const DISCREET: [&str; 9] = ["aws_", "axum", "h2", "hyper", "leptos", "reqwest", "rustls", "sqlx", "tower"];

/// Starts logging to standard error.
pub fn init(config: LoggingConfig) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Text => {
            let colours =
                std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none();
            lines.with_ansi(colours).with_target(false).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    let lines = lines.with_filter(filter_fn(discreet));
    // A second start in one process (tests) keeps the first's.
    let _ = tracing_subscriber::registry().with(config.filter).with(lines).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic: {}", panic.payload_as_str().unwrap_or("no message"));
    }));
}

fn discreet(line: &Metadata<'_>) -> bool {
    let from = |libraries: &[&str]| libraries.iter().any(|library| line.target().starts_with(library));
    if from(&SILENT) {
        return false;
    }
    *line.level() <= Level::INFO || LevelFilter::current() <= LevelFilter::INFO || !from(&DISCREET)
}

/// The outermost layer.
pub async fn observe(State(state): State<ConsoleState>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = new_request_id();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let tls_only = state.hosts.is_public_tls(&request);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    // At the highest level, so that even a log of errors only says which request failed.
    let span = tracing::error_span!("request", id = %request_id, %method, path);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = answer.unwrap_or_else(|_| Refusal::internal(&request_id).respond_as(is_machine(&path)));
    headers::apply(response.headers_mut(), tls_only);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let _entered = span.enter();
    let status = response.status().as_u16();
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    match status {
        500.. => tracing::error!(status, took_us, "answered"),
        401 | 403 | 413 => tracing::warn!(status, took_us, "answered"),
        _ if is_routine(&path) => tracing::debug!(status, took_us, "answered"),
        _ => tracing::info!(status, took_us, "answered"),
    }
    response
}

/// What would drown the rest.
fn is_routine(path: &str) -> bool {
    path == crate::security::HEALTH || path.starts_with("/pkg/") || path.starts_with("/fonts/") || path.contains('.')
}

/// Ascends with time, so that log lines of different tools sort alike.
fn new_request_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_new_and_ascend() {
        let (a, b) = (new_request_id(), new_request_id());
        assert!(a < b && a.len() == 32);
    }
}
