//! Pages as the server renders them: what the browser takes over must be exactly what it would have asked for.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::http::StatusCode;
use console::{HOST, OWN, Under};
use domain::invoke::{InvokeParams, Through};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_is_a_file_that_no_browser_opens() {
    let under = Under::test().await;
    let through = Through::parse("direct/eu-west-1/parent").unwrap();
    let mut call = InvokeParams::text(through, "echo".parse().unwrap(), "text/plain", "x");
    call.headers.custom_attributes = "bytes=9000000;type=text/html".into();
    let outcome = under.console.state().services.invoke(&under.operator, call).await.unwrap();
    let path = format!("/playground/answers/{}", outcome.result.unwrap().kept.unwrap());
    let file = under.visit(&path).await;
    assert_eq!((file.status, file.body.len()), (StatusCode::OK, 9_000_000));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"echo-answer.txt\""),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ] {
        assert_eq!(file.header(name), value, "{name}");
    }
    let without = under.send("GET", &path, &[("host", HOST), ("accept", "text/html")], "").await;
    assert!(!without.status.is_success() && without.body.len() < 100_000, "{}", without.status);
    assert_eq!(under.visit("/playground/answers/another").await.status, StatusCode::NOT_FOUND);
}

/// Without a script everything of an answer can be read, and nothing of it is markup.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_readable_in_the_first_render() {
    let under = Under::test().await;
    for (kind, body, shown) in [
        ("application/json", r#"{"a":[1,{"b":"<i>"}]}"#, r#""b": "&lt;i&gt;""#),
        ("text/csv", "id,score\n1,0.5\n2,<b>\n", "&lt;b&gt;</td>"),
        ("text/html", "<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("application/json", "nope", "line 1, column 1"),
        ("application/json", r#"{"choices":[{"message":{"role":"assistant","content":"Hi <b>"}}]}"#, "Hi &lt;b&gt;"),
    ] {
        let form: String = [
            ("through", "direct/eu-west-1/parent"),
            ("endpoint", "echo"),
            ("content_type", kind),
            ("accept", ""),
            ("body", body),
            ("way", "invoke"),
        ]
        .map(|(name, value)| format!("{name}={}", app::api::encoded(value)))
        .join("&");
        let headers = [
            ("host", HOST),
            ("origin", OWN),
            ("cookie", under.cookie.as_str()),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let sent = under.send("POST", "/api/invoke_endpoint", &headers, form).await;
        let page = under.visit(sent.header("location").split('#').next().unwrap()).await;
        // Leptos marks where texts meet; in between they are as they are.
        let html = page.body.replace("<!>", "");
        assert!(html.contains(shown), "{kind} {body}: {}", html.split("id=\"response\"").nth(1).unwrap_or(&html));
    }
}
