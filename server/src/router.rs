//! The route table, top to bottom, and the layers over all of it.

use crate::assets::AsIs;
use crate::routes::{answers, batch, code, events, hand_off, pages, pipeline_data, saved, sign_in};
use crate::security::{self, HEALTH, LAUNCH, SIGN_IN};
use crate::state::ConsoleState;
use crate::telemetry;
use app::api::batch::UPLOAD_BATCH;
use app::api::handoff::{OPEN_OFFER, TAKE_ACCEPTANCE};
use app::api::pipeline::wizard::UPLOAD_DATA;
use app::api::playground::DOWNLOAD_CODE;
use app::api::saved::READ_FILE;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};

/// The console, whole.
pub fn router(state: ConsoleState) -> Router {
    let page_routes = generate_route_list(app::routes::App);
    Router::new()
        // Open: the only ones besides the site's files. See `security::is_open`.
        .route(HEALTH, get(sign_in::health))
        .route(LAUNCH, get(sign_in::launch))
        .route(SIGN_IN, post(sign_in::sign_in))
        // With a session.
        .route("/sign-out", post(sign_in::sign_out))
        .route("/events/runs/{id}", get(events::run))
        .route("/events/verifications/{share}", get(events::verification))
        .route("/events/batches/{id}", get(events::batch))
        .route("/events/loads/{id}", get(events::load))
        .route("/events/pipeline-runs/{id}", get(events::pipeline_run))
        .route("/events/pipeline-data/{draft}", get(events::pipeline_data))
        .route("/playground/batch/{id}/result", get(batch::download))
        .route(UPLOAD_BATCH, post(batch::upload))
        .route(UPLOAD_DATA, post(pipeline_data::upload))
        .route("/shares/{id}/hand-off/{file}", get(hand_off::download))
        .route("/playground/answers/{id}", get(answers::download))
        .route(OPEN_OFFER, post(hand_off::open_offer))
        .route(TAKE_ACCEPTANCE, post(hand_off::take_acceptance))
        .route(DOWNLOAD_CODE, post(code::download))
        .route("/saved/export", get(saved::export))
        .route(READ_FILE, post(saved::read))
        // Pages, and server functions under /api.
        .leptos_routes_with_context(
            &state,
            page_routes,
            pages::context(state.clone()),
            pages::document(state.leptos.clone()),
        )
        .fallback(pages::fallback)
        .method_not_allowed_fallback(pages::wrong_method)
        // From the inside out: a request meets the last one first. axum's own limit on bodies (2 MB) is below what
        // InvokeEndpoint takes; `security::body` has ours.
        .layer(DefaultBodyLimit::disable())
        .layer(compression())
        .layer(from_fn_with_state(state.clone(), security::guard))
        .layer(from_fn_with_state(state.clone(), telemetry::observe))
        .with_state(state)
}

/// Pages and long answers shrink on the way; files were compressed when they were built, and streams must not wait.
fn compression() -> CompressionLayer<impl Predicate> {
    let asked_for = |_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions| {
        // What a server function sends as a stream: its pieces are to be seen as they come.
        let streamed = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream");
        extensions.get::<AsIs>().is_none() && !streamed
    };
    let worth_it = DefaultPredicate::new().and(SizeAbove::new(WORTH_COMPRESSING)).and(asked_for);
    CompressionLayer::new().br(true).gzip(true).quality(CompressionLevel::Fastest).compress_when(worth_it)
}

/// Below this an answer fits into a few packets, and compressing it takes longer than sending it.
const WORTH_COMPRESSING: u16 = 4 * 1024;
