//! The one layer over all routes. In this order, and nothing reaches a handler that fails one of them:
//!
//! 1. [`host`]: the exact names the console is reached by (DNS rebinding);
//! 2. [`origin`]: where the browser says the request comes from (CSRF, cross-site reads);
//! 3. [`planted`]: what a link from elsewhere may not say in our name;
//! 4. [`session`]: who it is; everything is closed but what [`is_open`] lists;
//! 5. [`body`]: how much may be sent, and how slowly.
//!
//! [`headers`] go on every answer, refusals too.

pub mod body;
pub mod headers;
pub mod host;
pub mod origin;
pub mod planted;
pub mod refusal;
pub mod session;

use crate::state::ConsoleState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use body::Files;
use http::Method;
use origin::Arrival;
use refusal::{Refusal, forward, local};

/// Where signing in happens.
pub const SIGN_IN: &str = "/sign-in";
/// The address that is printed.
pub const LAUNCH: &str = "/launch";
/// For process supervisors and proxies.
pub const HEALTH: &str = "/healthz";

/// What is answered without a session. All else is closed, also what does not exist.
fn is_open(state: &ConsoleState, method: &Method, path: &str) -> bool {
    matches!(path, LAUNCH | SIGN_IN | HEALTH)
        || ((method == Method::GET || method == Method::HEAD) && !is_machine(path) && state.assets.contains(path))
}

/// Paths that pages call and people don't visit: they answer in JSON.
pub fn is_machine(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/events/") || path == "/api" || path == "/events"
}

/// The layer.
pub async fn guard(State(state): State<ConsoleState>, mut request: Request, next: Next) -> Response {
    let arrival = match arrival(&state, &request) {
        Ok(arrival) => arrival,
        Err(refusal) => return refusal.respond(&request),
    };
    if let Some(clean) = planted::detour(&request) {
        return Redirect::to(local(&clean)).into_response();
    }
    if !is_open(&state, request.method(), request.uri().path()) {
        let operator = match session::cookie(request.headers(), state.session.name()) {
            Some(cookie) => state.services.operator(cookie).await,
            None => Ok(None),
        };
        match operator {
            Ok(Some(operator)) => request.extensions_mut().insert(operator),
            // A link from elsewhere comes without the cookie (SameSite=Strict); one step from our own page brings it.
            Ok(None) if arrival == Arrival::CrossSiteNavigation => return forward(request.uri()),
            Ok(None) => return Refusal::signed_out().respond(&request),
            Err(error) => return Refusal::service(error).respond(&request),
        };
    }
    let files = Files { batch: state.services.batch_limits().file_bytes, table: state.pipelines.most_bytes() };
    match body::limited(request, files) {
        Ok((request, reading)) => reading.or(next.run(request).await),
        Err((refusal, request)) => refusal.respond(&request),
    }
}

fn arrival(state: &ConsoleState, request: &Request) -> Result<Arrival, Refusal> {
    let own_origin = state.hosts.check(request)?;
    origin::check(request, own_origin)
}
