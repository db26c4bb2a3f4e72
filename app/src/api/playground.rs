//! Server functions: invoking endpoints.
//!
//! A plain HTML form is answered with a redirect, so what came back is kept for the page that follows.

use crate::api::codec::{Json, LargeForm, large_form};
use crate::error::AppError;
use domain::history::EarlierRequest;
#[cfg(feature = "ssr")]
use domain::invoke::Through;
#[cfg(feature = "ssr")]
use domain::invoke::code::CodeLanguage;
use domain::invoke::code::CodeView;
use domain::invoke::{AsyncStart, AsyncState, AsyncTicket, InvokeOutcome, InvokeParams, TargetView};
#[cfg(feature = "ssr")]
use domain::names::Region;
use domain::share::intent::InvokeAction;
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos::server_fn::codec::{StreamingText, TextStream};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod kept;

#[cfg(feature = "ssr")]
use crate::api::{answer, encoded, is_form_post, session};

large_form!(InvokeEndpoint, StreamEndpoint, StartAsync);

/// So many earlier requests are offered.
#[cfg(feature = "ssr")]
const EARLIER: usize = 5;

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
    /// An earlier or a saved request, to begin with.
    pub filled: Option<FilledRequest>,
    /// A call that is answered later.
    pub later: Option<LaterView>,
    /// The newest requests to the chosen endpoint whose bodies were kept.
    pub earlier: Vec<EarlierRequest>,
    /// What they are as old as of.
    pub now: Timestamp,
}

/// A request to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledRequest {
    /// The request.
    pub params: InvokeParams,
    /// How its answer was asked for.
    pub way: InvokeAction,
}

/// A call that is answered later, and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaterView {
    /// The call.
    pub ticket: AsyncTicket,
    /// As it was when it was last looked for.
    pub state: AsyncState,
}

/// What can be invoked. An unknown or missing choice falls back to the first endpoint of the share or connection, or of
/// all; where any endpoint may be named any name will do. `from` fills the request in: `history/17` with what was sent
/// then, `saved/ID` with what was saved.
#[server(prefix = "/api", endpoint = "get_playground", output = Json)]
pub async fn get_playground(
    #[server(default)] through: String,
    #[server(default)] endpoint: String,
    #[server(default)] result: String,
    #[server(default)] region: String,
    #[server(default)] from: String,
    #[server(default)] later: String,
) -> Result<PlaygroundView, AppError> {
    let (services, operator) = session()?;
    let through = in_region(through, &region);
    let filled = answer(filled_from(&services, &operator, &from).await)?;
    let of_filled = filled.as_ref().filter(|_| through.is_empty()).map(|filled| &filled.params);
    let (through, endpoint) =
        of_filled.map_or((through, endpoint), |params| (params.through.to_string(), params.endpoint.to_string()));
    let mut targets = answer(services.targets(&operator).await)?;
    let mut through = through;
    if through.is_empty() && targets.iter().all(|target| target.endpoint.is_none()) {
        // Nobody has said which, and there is no share: the first connection that sees an endpoint.
        let listed = answer(services.listed_targets(&operator).await)?;
        let seen = listed.iter().find(|target| target.endpoint.is_some());
        through = seen.map(|target| target.through.to_string()).unwrap_or_default();
    }
    let mut problem = None;
    if let Some(Through::Direct { connection, region }) = asked_for(&targets, &through) {
        targets
            .retain(|target| !matches!(&target.through, Through::Direct { connection: of, .. } if *of == connection));
        match answer(services.direct_targets(&operator, &connection, &region).await) {
            Ok(seen) => targets.extend(seen),
            Err(error) => problem = Some(error),
        }
    }
    let chosen = choose(&targets, &through, &endpoint).cloned();
    let chosen = match chosen.map(|target| (named(&target, &through, &endpoint), target)) {
        None => None,
        Some((None, target)) => Some(target),
        Some((Some(name), target)) => match answer(services.target(&operator, &target.through, &name).await) {
            Ok(full) => Some(with_own_sample(&operator, full).await),
            Err(error) => {
                problem = Some(error);
                // What was typed is no name of an endpoint: there is none to call, and no other takes its place.
                Some(if target.any_endpoint { without_endpoint(target) } else { target })
            }
        },
    };
    let later = match services.started_async(&operator, &later) {
        Some(ticket) => Some(LaterView { state: answer(services.poll_async(&operator, &ticket.id).await)?, ticket }),
        None => None,
    };
    let earlier = match chosen.as_ref().and_then(|target| target.endpoint.as_ref()) {
        Some(endpoint) => answer(services.earlier_requests(&operator, endpoint, EARLIER).await)?,
        None => Vec::new(),
    };
    let (kept, now) = (kept::take_back(operator.key(), &result), services.now());
    Ok(PlaygroundView { targets, chosen, problem, kept, filled, later, earlier, now })
}

/// What a pipeline's endpoint takes is known better than what containers of its kind do.
#[cfg(feature = "ssr")]
async fn with_own_sample(operator: &services::Operator, target: TargetView) -> TargetView {
    let own = match use_context::<services::Pipelines>() {
        Some(pipelines) => pipelines.sample(operator, &target).await,
        None => None,
    };
    TargetView { sample: own.or(target.sample.clone()), ..target }
}

#[cfg(feature = "ssr")]
pub(super) async fn filled_from(
    services: &services::Services,
    operator: &services::Operator,
    from: &str,
) -> services::ServiceResult<Option<FilledRequest>> {
    let again = match from.split_once('/') {
        Some(("history", id)) => match id.parse() {
            Ok(id) => services.recorded_request(operator, id).await?,
            Err(_) => return Ok(None),
        },
        Some(("saved", id)) => match domain::names::SavedId::parse(id) {
            Ok(id) => services.saved_as_request(operator, &id).await?,
            Err(_) => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(FilledRequest { params: again.params, way: again.way }))
}

/// Keeps what a plain form wanted to do with a request that was refused, and leads back to it: to the field it is about,
/// or to where the answer would stand.
#[cfg(feature = "ssr")]
pub(super) fn keep_refused(owner: &str, params: InvokeParams, way: InvokeAction, error: AppError) {
    let at = error.field.as_ref().map_or_else(|| "response".to_owned(), |field| format!("field-{field}"));
    let (through, endpoint) = (encoded(&params.through.to_string()), params.endpoint.clone());
    let id = kept::keep(owner, KeptResult { params, way, result: Err(error) });
    leptos_axum::redirect(&format!("/playground?through={through}&endpoint={endpoint}&result={id}#{at}"));
}

/// Invokes an endpoint, for an answer piece by piece: a line of JSON for each [`StreamEvent`](domain::invoke::StreamEvent).
///
/// In ASCII, as the parts in which a browser gets the lines may cut a character in two.
#[server(prefix = "/api", endpoint = "stream_endpoint", input = LargeForm, output = StreamingText)]
pub async fn stream_endpoint(#[server(flatten)] params: InvokeParams) -> Result<TextStream<AppError>, AppError> {
    let (services, operator) = session()?;
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

/// Invokes an endpoint. A plain form may ask for a stream, too: what comes is collected to its end; and for an answer
/// later, which it is led to.
#[server(prefix = "/api", endpoint = "invoke_endpoint", input = LargeForm, output = Json)]
pub async fn invoke_endpoint(
    #[server(flatten)] params: InvokeParams,
    #[server(default)] way: String,
) -> Result<InvokeOutcome, AppError> {
    let (services, operator) = session()?;
    if !is_form_post() {
        return answer(services.invoke(&operator, params).await);
    }
    let way = InvokeAction::parse(&way).unwrap_or(InvokeAction::Invoke);
    let mut later = String::new();
    let mut result = match way {
        InvokeAction::Async => {
            answer(services.start_async(&operator, params.clone()).await).map(|start| taken(start, &mut later))
        }
        InvokeAction::Stream => answer(services.invoke_stream_collected(&operator, params.clone()).await),
        _ => answer(services.invoke(&operator, params.clone()).await),
    };
    if let Ok(outcome) = &mut result {
        services.keep_whole(&operator, &params.endpoint, outcome);
    }
    let (through, endpoint) = (encoded(&params.through.to_string()), params.endpoint.clone());
    let id = kept::keep(operator.key(), KeptResult { params, way, result: result.clone() });
    leptos_axum::redirect(&format!("/playground?through={through}&endpoint={endpoint}&result={id}{later}#response"));
    // The page shows a failure from what was kept; in the address it would only be shown twice.
    result.or_else(|_| Ok(nothing_yet()))
}

/// The start of an asynchronous call as a plain form is told of it: a failure, or the part of the address that asks for the
/// answer.
#[cfg(feature = "ssr")]
fn taken(start: AsyncStart, later: &mut String) -> InvokeOutcome {
    let AsyncStart { result, role_us, role_cached, call_us, request_id } = start;
    match result {
        Err(failure) => InvokeOutcome { result: Err(failure), role_us, role_cached, call_us, request_id },
        Ok(ticket) => {
            *later = format!("&later={}", ticket.id);
            nothing_yet()
        }
    }
}

/// Starts an invocation that is answered later.
#[server(prefix = "/api", endpoint = "start_async", input = LargeForm, output = Json)]
pub async fn start_async(#[server(flatten)] params: InvokeParams) -> Result<AsyncStart, AppError> {
    let (services, operator) = session()?;
    answer(services.start_async(&operator, params).await)
}

/// What has become of an invocation that [`start_async`] started in this session, by its ticket.
#[server(prefix = "/api", endpoint = "poll_async", output = Json)]
pub async fn poll_async(ticket: String) -> Result<AsyncState, AppError> {
    let (services, operator) = session()?;
    answer(services.poll_async(&operator, &ticket).await)
}

/// Where a form without a script gets its request as a file of code.
pub const DOWNLOAD_CODE: &str = "/api/download_code";

/// The request as a program. Nothing is called.
#[server(prefix = "/api", endpoint = "render_code", output = Json)]
pub async fn render_code(
    #[server(flatten)] params: InvokeParams,
    #[server(default)] way: String,
    #[server(default)] language: String,
) -> Result<CodeView, AppError> {
    let (services, operator) = session()?;
    let way = InvokeAction::parse(&way).unwrap_or(InvokeAction::Invoke);
    let language = CodeLanguage::parse(&language).unwrap_or(CodeLanguage::Python);
    answer(services.code(&operator, &params, way, language).await)
}

/// A connection in the region that was typed beside it: without a script they are fields of their own.
#[cfg(feature = "ssr")]
fn in_region(through: String, region: &str) -> String {
    match (Through::parse(&through), Region::parse(region)) {
        (Ok(Through::Direct { connection, .. }), Ok(region)) => Through::Direct { connection, region }.to_string(),
        _ => through,
    }
}

/// What the address asks for, or what there is when it asks for nothing.
#[cfg(feature = "ssr")]
fn asked_for(targets: &[TargetView], through: &str) -> Option<Through> {
    Through::parse(through).ok().or_else(|| targets.first().map(|target| target.through.clone()))
}

/// The name that was asked for, where any may be named; the target's own otherwise.
#[cfg(feature = "ssr")]
fn named(target: &TargetView, through: &str, endpoint: &str) -> Option<String> {
    let typed = target.any_endpoint && target.through.to_string() == through && !endpoint.trim().is_empty();
    if typed { Some(endpoint.to_owned()) } else { target.endpoint.as_ref().map(ToString::to_string) }
}

#[cfg(feature = "ssr")]
fn choose<'a>(targets: &'a [TargetView], through: &str, endpoint: &str) -> Option<&'a TargetView> {
    let asked = Through::parse(through).ok();
    let of_it = |target: &&TargetView| Some(&target.through) == asked.as_ref();
    let answers = |target: &&TargetView| target.status.is_some_and(|status| status.answers());
    targets
        .iter()
        .find(|target| of_it(target) && target.endpoint.as_ref().is_some_and(|name| name.as_str() == endpoint))
        .or_else(|| targets.iter().find(|target| of_it(target) && answers(target)))
        .or_else(|| targets.iter().find(of_it))
        .or_else(|| targets.iter().find(|target| target.blocked.is_none()))
        .or_else(|| targets.first())
}

/// Through what, and no endpoint: what is known of another one is no answer.
#[cfg(feature = "ssr")]
fn without_endpoint(target: TargetView) -> TargetView {
    TargetView { endpoint: None, status: None, sample: None, shape: None, ..target }
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
