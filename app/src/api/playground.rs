//! Server functions: invoking endpoints.
//!
//! A plain HTML form is answered with a redirect, so what came back is kept for the page that follows.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::invoke::{InvokeOutcome, InvokeParams, TargetView};
use domain::names::{EndpointName, ShareId};
use domain::share::intent::InvokeAction;
use leptos::prelude::*;
use leptos::server_fn::codec::{StreamingText, TextStream};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod kept;

#[cfg(feature = "ssr")]
use crate::api::{answer, is_form_post, session};

/// What a form sent, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptResult {
    /// As typed.
    pub params: InvokeParams,
    /// How the answer was asked for.
    pub way: InvokeAction,
    /// The outcome, or why there is none.
    pub result: Result<InvokeOutcome, AppError>,
}

/// The playground with one endpoint chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaygroundView {
    /// All there is to choose from, without status and sample.
    pub targets: Vec<TargetView>,
    /// The chosen one, with status and sample where they could be read.
    pub chosen: Option<TargetView>,
    /// Why the chosen one's status and sample could not be read.
    pub problem: Option<AppError>,
    /// What the last form sent.
    pub kept: Option<KeptResult>,
}

/// What can be invoked. An unknown or missing choice falls back to the first endpoint of the share, or of all; where a
/// share is of all endpoints any name will do.
#[server(prefix = "/api", endpoint = "get_playground", output = Json)]
pub async fn get_playground(
    #[server(default)] share: String,
    #[server(default)] endpoint: String,
    #[server(default)] result: String,
) -> Result<PlaygroundView, AppError> {
    let (services, operator) = session()?;
    let targets = answer(services.targets(&operator).await)?;
    let chosen = choose(&targets, &share, &endpoint).cloned();
    let (chosen, problem) = match chosen.map(|target| (named(&target, &share, &endpoint), target)) {
        None => (None, None),
        Some((None, target)) => (Some(target), None),
        Some((Some(name), target)) => match answer(services.target(&operator, &target.share, &name).await) {
            Ok(full) => (Some(full), None),
            // What was typed is no name of an endpoint: there is none to call, and no other takes its place.
            Err(error) if target.any_endpoint => (Some(TargetView { endpoint: None, ..target }), Some(error)),
            Err(error) => (Some(target), Some(error)),
        },
    };
    Ok(PlaygroundView { targets, chosen, problem, kept: kept::take_back(operator.key(), &result) })
}

/// Invokes an endpoint through a share, for an answer piece by piece: a line of JSON for each [`StreamEvent`](domain::invoke::StreamEvent).
///
/// In ASCII, as the parts in which a browser gets the lines may cut a character in two.
#[server(prefix = "/api", endpoint = "stream_endpoint", output = StreamingText)]
pub async fn stream_endpoint(
    share: ShareId,
    endpoint: EndpointName,
    #[server(default)] content_type: String,
    #[server(default)] accept: String,
    #[server(default)] custom_attributes: String,
    #[server(default)] body: String,
) -> Result<TextStream<AppError>, AppError> {
    let (services, operator) = session()?;
    let params = InvokeParams { share, endpoint, content_type, accept, custom_attributes, body };
    let events = answer(services.invoke_stream(&operator, params).await)?;
    Ok(TextStream::new(futures::StreamExt::map(events, |event| Ok(line(&event)))))
}

#[cfg(feature = "ssr")]
fn line(event: &domain::invoke::StreamEvent) -> String {
    use std::fmt::Write as _;
    let json = serde_json::to_string(event).unwrap_or_default();
    let mut line = String::with_capacity(json.len() + 1);
    for unit in json.encode_utf16() {
        match u8::try_from(unit).ok().filter(u8::is_ascii) {
            Some(ascii) => line.push(char::from(ascii)),
            None => _ = write!(line, "\\u{unit:04x}"),
        }
    }
    line.push('\n');
    line
}

/// Invokes an endpoint through a share. A plain form may ask for a stream, too: what comes is collected to its end.
#[server(prefix = "/api", endpoint = "invoke_endpoint", output = Json)]
pub async fn invoke_endpoint(
    share: ShareId,
    endpoint: EndpointName,
    #[server(default)] content_type: String,
    #[server(default)] accept: String,
    #[server(default)] custom_attributes: String,
    #[server(default)] body: String,
    #[server(default)] way: String,
) -> Result<InvokeOutcome, AppError> {
    let (services, operator) = session()?;
    let params = InvokeParams { share, endpoint, content_type, accept, custom_attributes, body };
    if !is_form_post() {
        return answer(services.invoke(&operator, params).await);
    }
    let way = InvokeAction::parse(&way).unwrap_or(InvokeAction::Invoke);
    let result = match way {
        InvokeAction::Stream => answer(services.invoke_stream_collected(&operator, params.clone()).await),
        _ => answer(services.invoke(&operator, params.clone()).await),
    };
    let (share, endpoint) = (params.share.clone(), params.endpoint.clone());
    let id = kept::keep(operator.key(), KeptResult { params, way, result: result.clone() });
    leptos_axum::redirect(&format!("/playground?share={share}&endpoint={endpoint}&result={id}#response"));
    // The page shows a failure from what was kept; in the address it would only be shown twice.
    result.or_else(|_| Ok(nothing_yet()))
}

/// The name that was asked for, where the share is of any endpoint; the target's own otherwise.
#[cfg(feature = "ssr")]
fn named(target: &TargetView, share: &str, endpoint: &str) -> Option<String> {
    let typed = target.any_endpoint && target.share.as_str() == share && !endpoint.trim().is_empty();
    if typed { Some(endpoint.to_owned()) } else { target.endpoint.as_ref().map(ToString::to_string) }
}

#[cfg(feature = "ssr")]
fn choose<'a>(targets: &'a [TargetView], share: &str, endpoint: &str) -> Option<&'a TargetView> {
    let of_share = |target: &&TargetView| target.share.as_str() == share;
    targets
        .iter()
        .find(|target| of_share(target) && target.endpoint.as_ref().is_some_and(|name| name.as_str() == endpoint))
        .or_else(|| targets.iter().find(of_share))
        .or_else(|| targets.iter().find(|target| target.blocked.is_none()))
        .or_else(|| targets.first())
}

/// Stands in the body of a redirect, which nobody reads.
#[cfg(feature = "ssr")]
fn nothing_yet() -> InvokeOutcome {
    let failure = domain::invoke::InvokeFailure {
        operation: String::new(),
        status: None,
        code: String::new(),
        message: String::new(),
        model: None,
        hint: String::new(),
        explanation: None,
    };
    InvokeOutcome { result: Err(failure), role_us: 0, role_cached: false, call_us: 0, request_id: None }
}
