//! Streams of server-sent events: a run, a verification, a batch, a load check or the
//! reading of a table as it goes. Each event's data is the whole state as JSON and
//! its id the revision, so a browser that lost the connection just asks again. A last event `end` tells it not to.
//!
//! Source: HTML, "Server-sent events".

use crate::security::refusal::Refusal;
use crate::state::ConsoleState;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::names::{BatchId, DraftId, LoadId, RunId, ShareId};
use futures::{Stream, StreamExt, stream};
use serde::Serialize;
use services::{Operator, ServiceError};
use std::convert::Infallible;
use std::time::Duration;

/// Shorter than the minute after which proxies give up on a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `GET /events/runs/{id}`: [`domain::run::RunView`]s.
pub async fn run(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(run) = RunId::parse(&id) else { return Refusal::not_found(&format!("/events/runs/{id}")).respond_as(true) };
    match state.services.watch_run(&operator, &run).await {
        Ok(views) => answer(&state, operator, views.map(|view| event(view.revision, &view))),
        Err(error) => refused(error),
    }
}

/// `GET /events/verifications/{share}`: [`domain::verification::VerificationView`]s.
pub async fn verification(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(share) = ShareId::parse(&id) else {
        return Refusal::not_found(&format!("/events/verifications/{id}")).respond_as(true);
    };
    match state.services.watch_verification(&operator, &share).await {
        Ok(views) => answer(&state, operator, views.map(|view| event(view.revision, &view))),
        Err(error) => refused(error),
    }
}

/// `GET /events/batches/{id}`: [`domain::batch::BatchView`]s.
pub async fn batch(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(batch) = BatchId::parse(&id) else {
        return Refusal::not_found(&format!("/events/batches/{id}")).respond_as(true);
    };
    match state.services.watch_batch(&operator, &batch).await {
        Ok(views) => answer(&state, operator, views.map(|view| event(view.revision, &view))),
        Err(error) => refused(error),
    }
}

/// `GET /events/loads/{id}`: [`domain::load::LoadView`]s.
pub async fn load(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(load) = LoadId::parse(&id) else {
        return Refusal::not_found(&format!("/events/loads/{id}")).respond_as(true);
    };
    match state.services.watch_load(&operator, &load).await {
        Ok(views) => answer(&state, operator, views.map(|view| event(view.revision, &view))),
        Err(error) => refused(error),
    }
}

/// `GET /events/pipeline-runs/{id}`: [`domain::pipeline::view::PipelineRunView`]s.
pub async fn pipeline_run(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(run) = RunId::parse(&id) else {
        return Refusal::not_found(&format!("/events/pipeline-runs/{id}")).respond_as(true);
    };
    match state.pipelines.watch_run(&operator, &run).await {
        Ok(views) => answer(&state, operator, views.map(|view| event(view.revision, &view))),
        Err(error) => refused(error),
    }
}

/// `GET /events/pipeline-data/{draft}`: [`domain::pipeline::view::PreparationView`]s.
pub async fn pipeline_data(
    State(state): State<ConsoleState>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    let Ok(draft) = DraftId::parse(&id) else {
        return Refusal::not_found(&format!("/events/pipeline-data/{id}")).respond_as(true);
    };
    match state.pipelines.watch_preparation(&operator, &draft).await {
        Ok(views) => answer(&state, operator, views.map(|view| event(view.read, &view))),
        Err(error) => refused(error),
    }
}

fn refused(error: ServiceError) -> Response {
    Refusal::service(error).respond_as(true)
}

fn event(revision: u64, view: &impl Serialize) -> Event {
    match Event::default().id(revision.to_string()).json_data(view) {
        Ok(event) => event,
        Err(error) => {
            tracing::error!(%error, "a view can't be written as JSON");
            Event::default().comment("a state was left out")
        }
    }
}

/// Ends with `end` when the thing watched has ended, and without it when the process stops: then the browser comes back
/// by itself, to the next process. Ends so too when the session is over; the browser comes back and is refused.
fn answer(state: &ConsoleState, operator: Operator, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let end = stream::once(async { Event::default().event("end").data("{}") });
    let (services, mut stopping) = (state.services.clone(), state.stopping.clone());
    let stopped = async move {
        tokio::select! {
            // The sender is gone: the process is as good as stopped.
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = services.session_ended(&operator) => {}
        }
    };
    let events = events.chain(end).take_until(Box::pin(stopped)).map(Ok::<_, Infallible>);
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // For proxies that would collect events before they pass them on.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
