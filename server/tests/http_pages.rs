//! Pages as the server renders them: what the browser takes over must be exactly what it would have asked for.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::http::StatusCode;
use console::Under;
use std::collections::HashSet;

/// A wizard answered up to its review; gives the addresses of its steps.
async fn answered(under: &Under) -> Vec<String> {
    let draft = under.answered_for_lambda().await;
    ["parent", "endpoints", "callers", "role", "child", "review"]
        .map(|step| format!("/shares/new/{draft}/{step}"))
        .into()
}

/// The values that a page hands to the browser, as JSON in a script's string.
fn handed_over(html: &str) -> Vec<&str> {
    let scripts = html.split("__RESOLVED_RESOURCES[").skip(1);
    scripts.filter_map(|text| text.split_once("] = \"")?.1.split_once("\";").map(|(value, _)| value)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_is_not_there_is_not_there_on_any_of_its_pages() {
    let under = Under::test().await;
    for page in ["", "/undo", "/drift", "/hand-off", "/function", "/external-id"] {
        for share in ["01890a5d-ac96-774b-bcce-b302099a8057", "no%20share"] {
            let answer = under.visit(&format!("/shares/{share}{page}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{share}{page}");
            assert!(answer.body.contains("This console knows no share at this address"), "{share}{page}");
        }
    }
}

/// A resource that is made more than once while a page is rendered asks AWS more than once, and its values come under
/// other numbers than the browser counts to: then the page can't be taken over.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_asks_for_each_thing_once_and_hands_it_over() {
    let under = Under::test().await;
    let mut pages = answered(&under).await;
    pages.extend(
        ["/", "/shares", "/shares/import", "/accept", "/map", "/playground", "/accounts", "/activity"]
            .map(str::to_owned),
    );
    for path in pages {
        // How the parts of a page overtake each other differs from one time to the next.
        for _ in 0..5 {
            let answer = under.visit(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            let values = handed_over(&answer.body);
            assert!(values.len() >= 2, "{path}: the frame's and the page's own");
            assert!(values.iter().all(|value| value.starts_with(r#"{\"Ok\""#)), "{path}: {values:#?}");
            let distinct: HashSet<&&str> = values.iter().collect();
            assert_eq!(distinct.len(), values.len(), "{path}: a value came twice");
        }
    }
}
