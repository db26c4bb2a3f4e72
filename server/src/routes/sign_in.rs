//! From the launch token to a session and back.

use crate::security::refusal::{Refusal, forward};
use crate::security::{SIGN_IN, session};
use crate::state::ConsoleState;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use services::{ServiceResult, uncancelled};

/// The token, as a query or as a form's field. A whole launch address is fine too: that is what people paste.
#[derive(Deserialize)]
pub struct TokenParams {
    #[serde(default)]
    token: String,
}

impl TokenParams {
    fn token(&self) -> &str {
        let text = self.token.trim();
        text.rsplit_once("token=").map_or(text, |(_, token)| token)
    }
}

/// `GET /launch?token=…`: the printed address. A good token becomes a cookie and a clean address.
pub async fn launch(
    State(state): State<ConsoleState>,
    method: Method,
    headers: HeaderMap,
    params: Result<Query<TokenParams>, QueryRejection>,
) -> Response {
    // A token works once: only a person's visit may use it up, no probe and no browser's guess at where they will go.
    let prefetch = ["sec-purpose", "purpose"].iter().any(|h| {
        headers.get(*h).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("prefetch") || v.contains("prerender"))
    });
    if method != Method::GET || prefetch {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let token = params.as_ref().map_or("", |Query(params)| params.token());
    let from_elsewhere = headers.get("sec-fetch-site").is_some_and(|s| s == "cross-site" || s == "same-site");
    let home = || if from_elsewhere { forward(&Uri::from_static("/")) } else { Redirect::to("/").into_response() };
    match exchange(&state, token).await {
        Ok(Some(cookie)) => signed_in(&state, &cookie, home()),
        // The same address again, in the browser that it already let in.
        Ok(None) if has_session(&state, &headers).await => home(),
        Ok(None) => rejected(&state, token),
        Err(error) => Refusal::service(error).respond_as(false),
    }
}

/// `POST /sign-in`: the same by hand.
pub async fn sign_in(State(state): State<ConsoleState>, form: Result<Form<TokenParams>, FormRejection>) -> Response {
    let params = form.map_or_else(|_| TokenParams { token: String::new() }, |Form(params)| params);
    match exchange(&state, params.token()).await {
        Ok(Some(cookie)) => signed_in(&state, &cookie, Redirect::to("/").into_response()),
        Ok(None) => rejected(&state, params.token()),
        Err(error) => Refusal::service(error).respond_as(false),
    }
}

/// `POST /sign-out`: ends the session here and in the browser.
pub async fn sign_out(State(state): State<ConsoleState>, headers: HeaderMap) -> Response {
    if let Some(cookie) = session::cookie(&headers, state.session.name())
        && let Err(error) = state.services.sign_out(cookie).await
    {
        return Refusal::service(error).respond_as(false);
    }
    let mut response = Redirect::to(SIGN_IN).into_response();
    if let Some(cookie) = state.session.clear() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `GET /healthz`: the process answers.
pub async fn health() -> &'static str {
    "ok\n"
}

/// A token becomes a session's cookie. To its end, also for a browser that has left: it may have been the last token.
async fn exchange(state: &ConsoleState, token: &str) -> ServiceResult<Option<SecretString>> {
    let (state, token) = (state.clone(), SecretString::from(token));
    uncancelled(async move {
        let cookie = state.services.sign_in(token.expose_secret()).await?;
        if cookie.is_some() {
            tracing::info!("signed in");
            state.announce_next();
        }
        Ok(cookie)
    })
    .await
}

fn signed_in(state: &ConsoleState, cookie: &SecretString, mut response: Response) -> Response {
    if let Some(cookie) = state.session.set(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The page says what is wrong with the token. Only whoever has the right one learns that it came too late.
fn rejected(state: &ConsoleState, token: &str) -> Response {
    if state.services.launch_token_expired(token) {
        tracing::warn!("a launch token came too late");
        state.announce_next();
        return Redirect::to("/sign-in?refused=expired").into_response();
    }
    tracing::warn!("a launch token was refused");
    Redirect::to("/sign-in?refused=1").into_response()
}

async fn has_session(state: &ConsoleState, headers: &HeaderMap) -> bool {
    match session::cookie(headers, state.session.name()) {
        Some(cookie) => matches!(state.services.operator(cookie).await, Ok(Some(_))),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_address_is_as_good_as_its_token() {
        for pasted in ["abc-123", "  abc-123\n", "http://127.0.0.1:4600/launch?token=abc-123"] {
            assert_eq!(TokenParams { token: pasted.to_owned() }.token(), "abc-123");
        }
    }
}
