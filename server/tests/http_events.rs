//! The streams of server-sent events: what a browser sees of a run.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use console::{HOST, OWN, Under};
use domain::names::{RunId, ShareId};
use domain::run::{RunState, RunView};
use domain::verification::VerificationView;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

/// Answers the wizard by its defaults and starts the run.
async fn applied(under: &Under) -> (ShareId, RunId) {
    let (services, operator) = (&under.console.state().services, &under.operator);
    let draft = under.answered_for_lambda().await;
    let review = services.review(operator, &draft).await.unwrap();
    let view = services.apply(operator, &draft, &review.fingerprint).await.unwrap();
    (view.share, view.run.unwrap())
}

/// Holds each run up at a step that takes longer than these tests, so that it is under way while it is watched.
const HELD_UP: &str = r#"{"service":"iam","operation":"CreateRole","effect":{"kind":"latency","ms":60000}}"#;

/// Opens a stream as a page does.
async fn open(under: &Under, path: &str) -> BodyDataStream {
    let request = Request::get(path)
        .header("host", HOST)
        .header("cookie", &under.cookie)
        .header("sec-fetch-site", "same-origin")
        .header("accept", "text/event-stream")
        .header("accept-encoding", "gzip, br");
    let response = under.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert!(!headers.contains_key("content-encoding"), "a compressed stream waits until it has enough to compress");
    response.into_body().into_data_stream()
}

async fn rest(stream: BodyDataStream) -> String {
    let chunks: Vec<_> = stream.map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap()).collect().await;
    chunks.concat()
}

/// `(id, data)` of each event but the last, which is `end`.
fn events<T: DeserializeOwned>(text: &str) -> Vec<(u64, T)> {
    let (all, end) = text.trim_end().rsplit_once("\n\n").unwrap();
    assert_eq!(end, "event: end\ndata: {}");
    let field = |event: &str, name: &str| {
        event.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {event}")).to_owned()
    };
    all.split("\n\n")
        .map(|event| (field(event, "id: ").parse().unwrap(), serde_json::from_str(&field(event, "data: ")).unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_its_verification_are_watched_to_the_end() {
    let under = Under::test().await;
    let (share, run) = applied(&under).await;
    let seen: Vec<(u64, RunView)> = events(&rest(open(&under, &format!("/events/runs/{run}")).await).await);
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "revisions rise");
    assert!(seen.iter().all(|(id, view)| *id == view.revision && view.id == run));
    assert_eq!(seen.last().unwrap().1.state, RunState::Succeeded);

    let after: Vec<(u64, RunView)> = events(&rest(open(&under, &format!("/events/runs/{run}")).await).await);
    assert_eq!(after.len(), 1, "a run that has ended is told once");

    under.console.state().services.verify(&under.operator, &share).await.unwrap();
    let path = format!("/events/verifications/{share}");
    let seen: Vec<(u64, VerificationView)> = events(&rest(open(&under, &path).await).await);
    let last = &seen.last().unwrap().1;
    assert!(last.passed(), "{last:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_without_its_end_when_the_process_stops() {
    let under = Under::test().await;
    under.fault(HELD_UP).await;
    let (_, run) = applied(&under).await;
    let mut stream = open(&under, &format!("/events/runs/{run}")).await;
    let first = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("\"state\":\"running\""), "{first}");
    under.console.stop_streams();
    let text = rest(stream).await;
    assert!(!text.contains("event: end"), "the browser must come back: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_session_that_opened_it() {
    let under = Under::test().await;
    under.fault(HELD_UP).await;
    let (_, run) = applied(&under).await;
    let path = format!("/events/runs/{run}");
    let mut stream = open(&under, &path).await;
    let first = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("\"state\":\"running\""), "{first}");
    let signed_in = [("host", HOST), ("origin", OWN), ("cookie", under.cookie.as_str())];
    assert_eq!(under.send("POST", "/sign-out", &signed_in, "").await.status, StatusCode::SEE_OTHER);
    let text = rest(stream).await;
    assert!(!text.contains("event: end"), "the browser comes back, and is refused: {text}");
    assert_eq!(under.send("GET", &path, &signed_in, Body::empty()).await.status, StatusCode::UNAUTHORIZED);
}
