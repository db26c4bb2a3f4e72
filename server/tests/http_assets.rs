//! The browser's files over HTTP.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::body::Body;
use axum::http::StatusCode;
use console::{HOST, Under};

#[tokio::test]
async fn files_are_revalidated_and_not_sent_twice() {
    let under = Under::test().await;
    let first = under.send("GET", "/pkg/sagebridge.js", &[("host", HOST)], Body::empty()).await;
    assert_eq!(first.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(first.header("content-length"), first.body.len().to_string());
    let tag = first.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    let again = under.send("GET", "/pkg/sagebridge.js", &[("host", HOST), ("if-none-match", tag)], Body::empty()).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let stale =
        under.send("GET", "/pkg/sagebridge.js", &[("host", HOST), ("if-none-match", "\"x\"")], Body::empty()).await;
    assert_eq!(stale.status, StatusCode::OK);
    let head = under.send("HEAD", "/pkg/sagebridge.js", &[("host", HOST)], Body::empty()).await;
    assert_eq!((head.body.as_str(), head.header("content-length")), ("", first.header("content-length")));
}

#[tokio::test]
async fn what_is_not_a_file_of_the_site_is_not_served() {
    let under = Under::test().await;
    for path in
        ["/pkg/../data/console-sandbox.db", "/..%2fdata%2fsandbox%2fcredentials", "/pkg/", "/pkg", "/%2e%2e/data"]
    {
        let answer = under.send("GET", path, &[("host", HOST)], Body::empty()).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in"), "{path}");
    }
}

#[tokio::test]
async fn pages_are_compressed_and_files_are_sent_as_they_were_built() {
    let under = Under::test().await;
    let accept = ("accept-encoding", "gzip, br");
    let page = under.send("GET", "/sign-in", &[("host", HOST), accept], Body::empty()).await;
    assert_eq!(page.header("content-encoding"), "br");
    let file = under.send("GET", "/pkg/sagebridge.js", &[("host", HOST), accept], Body::empty()).await;
    assert_eq!(file.header("content-encoding"), "");
    let small = under.send("GET", "/healthz", &[("host", HOST), accept], Body::empty()).await;
    assert_eq!(small.header("content-encoding"), "");
}
