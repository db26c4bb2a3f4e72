//! The security layer, from outside: nothing is reached by a stranger, by another site or under another name.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::body::Body;
use axum::http::StatusCode;
use console::{HOST, OWN, Under, server_functions};

const STREAMS: [&str; 6] = [
    "/events/runs/01890a5d-ac96-774b-bcce-b302099a8057",
    "/events/verifications/01890a5d-ac96-774b-bcce-b302099a8057",
    "/events/batches/01890a5d-ac96-774b-bcce-b302099a8057",
    "/events/loads/01890a5d-ac96-774b-bcce-b302099a8057",
    "/events/pipeline-runs/01890a5d-ac96-774b-bcce-b302099a8057",
    "/events/pipeline-data/01890a5d-ac96-774b-bcce-b302099a8057",
];
const PAGES: [&str; 35] = [
    "/",
    "/shares",
    "/shares/import",
    "/shares/new/x/parent",
    "/shares/accept/x/callers",
    "/shares/edit/x/review",
    "/shares/x",
    "/shares/x/hand-off",
    "/shares/x/hand-off/offer",
    "/playground/answers/x",
    "/accept",
    "/map",
    "/playground",
    "/history",
    "/history/settings",
    "/history/1",
    "/saved",
    "/saved/import",
    "/saved/export",
    "/saved/x",
    "/saved/x/form",
    "/playground/batch",
    "/playground/batch/x",
    "/playground/batch/x/result",
    "/playground/load",
    "/playground/load/x",
    "/pipelines",
    "/pipelines/new/x/accounts",
    "/pipelines/x",
    "/pipelines/x/approve/y",
    "/pipelines/x/run/y",
    "/pipelines/x/tear-down",
    "/accounts",
    "/activity",
    "/no/such/page",
];
/// Forms that are no server functions, so that a file can be sent or received without a script.
const FORMS: [&str; 6] = [
    "/api/open_offer",
    "/api/take_acceptance",
    "/api/download_code",
    "/api/read_saved_file",
    "/api/upload_batch",
    "/api/upload_pipeline_data",
];

/// What is wrong with a call that must be refused, the status it gets, and the headers it sends.
type Forgery = (&'static str, u16, Vec<(&'static str, String)>);

fn forgeries(cookie: &str) -> Vec<Forgery> {
    let cookie = || ("cookie", cookie.to_owned());
    let host = || ("host", HOST.to_owned());
    let own = || ("origin", OWN.to_owned());
    let from = |site: &str| ("sec-fetch-site", site.to_owned());
    vec![
        ("anonymous", 401, vec![host(), own()]),
        ("a made-up session", 401, vec![host(), own(), ("cookie", "sagebridge-4600=made-up".to_owned())]),
        ("a cookie of another port", 401, vec![host(), own(), ("cookie", cookie().1.replace("4600", "4601"))]),
        ("another origin", 403, vec![host(), cookie(), ("origin", "https://evil.example".to_owned())]),
        ("another port's origin", 403, vec![host(), cookie(), ("origin", "http://127.0.0.1:4601".to_owned())]),
        ("another name's origin", 403, vec![host(), cookie(), ("origin", "http://localhost:4600".to_owned())]),
        ("another scheme's origin", 403, vec![host(), cookie(), ("origin", "https://127.0.0.1:4600".to_owned())]),
        ("the origin null", 403, vec![host(), cookie(), ("origin", "null".to_owned())]),
        ("null but same-origin", 403, vec![host(), cookie(), ("origin", "null".to_owned()), from("same-origin")]),
        ("no origin", 403, vec![host(), cookie()]),
        ("cross-site", 403, vec![host(), cookie(), own(), from("cross-site")]),
        ("same-site", 403, vec![host(), cookie(), own(), from("same-site")]),
        ("typed", 403, vec![host(), cookie(), from("none")]),
        ("no host", 403, vec![cookie(), own()]),
        ("another host", 403, vec![("host", "evil.example:4600".to_owned()), cookie(), own()]),
        (
            "another host of that origin",
            403,
            vec![("host", "evil.example:4600".to_owned()), cookie(), ("origin", "http://evil.example:4600".to_owned())],
        ),
    ]
}

#[test]
fn the_list_of_server_functions_is_known() {
    let list: Vec<String> = server_functions().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    // Adding one? Accept the snapshot (`cargo insta accept`): the sweep below covers it from then on.
    insta::assert_snapshot!("server_functions", list.join("\n"));
    assert!(list.iter().all(|entry| entry.starts_with("POST /api/")), "no server function answers a GET");
}

#[tokio::test]
async fn no_server_function_answers_a_stranger_or_another_site() {
    let under = Under::test().await;
    let before = under.remembered().await;
    let functions = server_functions();
    assert!(!functions.is_empty());
    for (method, path) in &functions {
        for (who, status, headers) in forgeries(&under.cookie) {
            for (kind, body) in
                [("application/json", "{}"), ("application/x-www-form-urlencoded", "a=b"), ("text/plain", "")]
            {
                let mut headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
                headers.push(("content-type", kind));
                let answer = under.send(method, path, &headers, body).await;
                assert_eq!(answer.status.as_u16(), status, "{who}: {method} {path}: {}", answer.body);
                let error: app::error::AppError = serde_json::from_str(&answer.body).unwrap();
                assert!(error.hint.is_some() && answer.headers.get("set-cookie").is_none());
            }
            // Neither does any other method.
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            for other in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
                assert_eq!(
                    under.send(other, path, &headers, "").await.status.as_u16(),
                    status,
                    "{who}: {other} {path}"
                );
            }
        }
    }
    assert_eq!(under.remembered().await, before, "a refused call changed something");
}

#[tokio::test]
async fn no_form_answers_a_stranger_or_another_site() {
    let under = Under::test().await;
    let before = under.remembered().await;
    for path in FORMS {
        for (who, status, headers) in forgeries(&under.cookie) {
            let mut headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            headers.push(("content-type", "multipart/form-data; boundary=x"));
            let body = "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{}\r\n--x--\r\n";
            let answer = under.send("POST", path, &headers, body).await;
            assert_eq!(answer.status.as_u16(), status, "{who}: {path}: {}", answer.body);
            assert!(answer.headers.get("set-cookie").is_none());
        }
        assert_eq!(under.visit(path).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(under.remembered().await, before, "a refused form changed something");
}

#[tokio::test]
async fn every_server_function_is_reached_with_a_session_from_our_own_pages() {
    let under = Under::test().await;
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("sec-fetch-site", "same-origin"),
        ("cookie", &under.cookie),
        ("content-type", "text/plain"),
    ];
    for (method, path) in server_functions() {
        // Not what the function takes, so that it does nothing; but it is the function that says so.
        let answer = under.send(&method, &path, &headers, "\u{0}").await;
        assert!(
            !matches!(answer.status.as_u16(), 401 | 403 | 404 | 405),
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
    }
}

#[tokio::test]
async fn a_get_of_a_server_function_does_nothing() {
    let under = Under::test().await;
    let before = under.remembered().await;
    for (_, path) in server_functions() {
        let answer = under.visit(&path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(under.remembered().await, before);
}

#[tokio::test]
async fn no_stream_answers_a_stranger_or_another_site() {
    let under = Under::test().await;
    for path in STREAMS {
        for (who, status, headers) in forgeries(&under.cookie) {
            // A GET of our own may come without an origin, and may be typed.
            if matches!(who, "no origin" | "typed") {
                continue;
            }
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let answer = under.send("GET", path, &headers, Body::empty()).await;
            assert_eq!(answer.status.as_u16(), status, "{who}: {path}");
            assert_eq!(answer.header("content-type"), "application/json");
        }
        for site in ["cross-site", "same-site"] {
            let link = [
                ("host", HOST),
                ("cookie", under.cookie.as_str()),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ];
            assert_eq!(under.send("GET", path, &link, Body::empty()).await.status, StatusCode::FORBIDDEN);
        }
        let own = [("host", HOST), ("cookie", under.cookie.as_str()), ("sec-fetch-site", "same-origin")];
        assert_eq!(
            under.send("GET", path, &own, Body::empty()).await.status,
            StatusCode::NOT_FOUND,
            "there is no such run"
        );
    }
}

#[tokio::test]
async fn pages_send_strangers_to_sign_in() {
    let under = Under::test().await;
    for path in PAGES {
        for cookie in ["", "sagebridge-4600=made-up", "other=1"] {
            let answer = under.send("GET", path, &[("host", HOST), ("cookie", cookie)], Body::empty()).await;
            assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in"), "{path}");
            assert_eq!(answer.body, "");
        }
    }
    for path in ["/sign-in", "/healthz", "/favicon.svg", "/pkg/sagebridge.js"] {
        let answer = under.send("GET", path, &[("host", HOST)], Body::empty()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_link_from_another_site_opens_a_page_by_way_of_our_own() {
    let under = Under::test().await;
    let link = [
        ("host", HOST),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let answer = under.send("GET", "/shares?x='1'&y=%22", &link, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("0;url=/shares?x=&#39;1&#39;&amp;y=%22\""), "{}", answer.body);
    let elsewhere = under.send("GET", "//evil.example/", &link, Body::empty()).await;
    assert!(!elsewhere.body.contains("evil.example"), "{}", elsewhere.body);
    for dest in ["iframe", "embed", "object", "frame"] {
        let framed = [link[0], link[1], link[2], ("sec-fetch-dest", dest)];
        assert_eq!(under.send("GET", "/shares", &framed, Body::empty()).await.status, StatusCode::FORBIDDEN);
    }
    for path in ["/pkg/sagebridge.js", "/favicon.svg", "/"] {
        let embedded = [
            ("host", HOST),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "script"),
        ];
        assert_eq!(under.send("GET", path, &embedded, Body::empty()).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_link_from_elsewhere_can_not_put_errors_into_the_consoles_mouth() {
    let under = Under::test().await;
    let planted = "/accounts?a=1&__path=%2Fapi%2Frefresh_connections&__err=eyJtZXNzYWdlIjoiY2FsbCB1cyJ9";
    let visit = |site: &'static str, cookie: bool| {
        let mut headers = vec![("host", HOST), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        headers.push(("sec-fetch-site", site));
        if cookie {
            headers.push(("cookie", under.cookie.as_str()));
        }
        headers
    };
    for site in ["cross-site", "same-site", "none"] {
        for cookie in [true, false] {
            let answer = under.send("GET", planted, &visit(site, cookie), Body::empty()).await;
            assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/accounts?a=1"), "{site}");
        }
    }
    let elsewhere = under.send("GET", "//evil.example/?__err=x", &visit("cross-site", true), Body::empty()).await;
    assert_eq!(elsewhere.header("location"), "/");
    // Our own form without a script leads to such an address, and its failure is shown.
    let own = under.send("GET", planted, &visit("same-origin", true), Body::empty()).await;
    assert_eq!(own.status, StatusCode::OK);
}

#[tokio::test]
async fn only_public_names_behind_tls_tell_browsers_to_stay_there() {
    let mut proxied = console::network();
    proxied.behind_proxy = true;
    proxied.public_hosts = vec!["console.example.org".to_owned()];
    let proxied = Under::with(proxied).await;
    let plain = Under::test().await;
    let heard = async |under: &Under, host: &str, path: &str| {
        let answer = under.send("GET", path, &[("host", host)], Body::empty()).await;
        answer.header("strict-transport-security").to_owned()
    };
    for path in ["/", "/sign-in", "/healthz", "/no/such/page"] {
        assert_eq!(heard(&proxied, "console.example.org", path).await, "max-age=31536000", "{path}");
        assert_eq!(heard(&proxied, HOST, path).await, "", "{path}");
        assert_eq!(heard(&proxied, "evil.example", path).await, "", "{path}");
        assert_eq!(heard(&plain, HOST, path).await, "", "{path}");
    }
}

#[tokio::test]
async fn other_names_of_this_machine_are_not_answered() {
    let under = Under::test().await;
    for host in [
        "evil.example",
        "evil.example:4600",
        "127.0.0.1",
        "127.0.0.1:4601",
        "localhost.:4600",
        "LOCALHOST:4600",
        "user@127.0.0.1:4600",
        "127.0.0.1:4600.evil.example",
        "0.0.0.0:4600",
        "127.1:4600",
        "[::ffff:127.0.0.1]:4600",
        "",
    ] {
        for path in ["/", "/sign-in", "/healthz", "/favicon.svg", "/launch?token=x", STREAMS[0]] {
            let answer = under.send("GET", path, &[("host", host), ("cookie", &under.cookie)], Body::empty()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "`{host}` {path}");
        }
    }
    for host in ["127.0.0.1:4600", "localhost:4600", "[::1]:4600"] {
        assert_eq!(under.send("GET", "/healthz", &[("host", host)], Body::empty()).await.status, StatusCode::OK);
    }
    let two = [("host", HOST), ("host", "evil.example")];
    assert_eq!(under.send("GET", "/healthz", &two, Body::empty()).await.status, StatusCode::FORBIDDEN);
    let torn = under.send("GET", "http://evil.example/healthz", &[("host", HOST)], Body::empty()).await;
    assert_eq!(torn.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_class_of_answer_carries_the_headers() {
    let under = Under::test().await;
    let cookie = under.cookie.as_str();
    let own = [("host", HOST), ("origin", OWN), ("cookie", cookie)];
    let answers = [
        ("page", under.visit("/accounts").await),
        ("missing page", under.visit("/no/such/page").await),
        ("sign-in", under.send("GET", "/sign-in", &[("host", HOST)], Body::empty()).await),
        ("redirect", under.send("GET", "/", &[("host", HOST)], Body::empty()).await),
        ("launch", under.send("GET", "/launch?token=x", &[("host", HOST)], Body::empty()).await),
        ("asset", under.send("GET", "/pkg/sagebridge.js", &[("host", HOST)], Body::empty()).await),
        ("missing asset", under.send("GET", "/pkg/x.js", &own, Body::empty()).await),
        ("health", under.send("GET", "/healthz", &[("host", HOST)], Body::empty()).await),
        ("refused host", under.send("GET", "/", &[("host", "evil.example")], Body::empty()).await),
        ("refused call", under.send("POST", "/api/x", &[("host", HOST)], "").await),
        ("missing call", under.send("POST", "/api/x", &own, "").await),
        ("wrong method", under.send("PUT", "/sign-in", &own, "").await),
        ("stream", under.send("GET", STREAMS[0], &own, Body::empty()).await),
        ("too much", under.send("POST", "/sign-in", &own, "x".repeat(5000)).await),
    ];
    for (class, answer) in &answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{class}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{class}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{class}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{class}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{class}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{class}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{class}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{class}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{class}: {policy}");
        let caching = if *class == "asset" { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), caching, "{class}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{class}");
    }
}

#[tokio::test]
async fn a_page_runs_its_own_scripts_and_has_no_inline_styles() {
    let under = Under::test().await;
    for path in ["/", "/shares", "/shares/import", "/map", "/playground", "/accounts", "/activity", "/no/such/page"] {
        let page = under.visit(path).await;
        let policy = page.header("content-security-policy").to_owned();
        let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split('\'').next()).unwrap();
        assert!(nonce.len() >= 22, "128 bits: {nonce}");
        for script in page.body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        for inline in [" style=", "<style", " onclick=", " onload=", " onsubmit=", "javascript:"] {
            assert!(!page.body.contains(inline), "{path} has `{inline}`");
        }
        let again = under.visit(path).await;
        assert_ne!(again.header("content-security-policy"), policy, "{path}: a nonce is used once");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_words() {
    let under = Under::test().await;
    let own =
        [("host", HOST), ("origin", OWN), ("cookie", under.cookie.as_str()), ("content-type", "application/json")];
    let over = 3 * domain::invoke::limits::BODY_BYTES + 64 * 1024 + 1;
    let (_, path) = server_functions().into_iter().next().unwrap();
    let length = over.to_string();
    let said = [own[0], own[1], own[2], own[3], ("content-length", length.as_str())];
    let answer = under.send("POST", &path, &said, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("over the limit"), "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    // A form without a script: what comes back is read by a person.
    let form = [own[0], own[1], own[2], said[4], ("accept", "text/html,application/xhtml+xml")];
    let answer = under.send("POST", FORMS[0], &form, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert!(answer.body.starts_with("the request is over the limit"), "{}", answer.body);
    // And one that does not say how long it is.
    let chunks =
        futures::stream::iter((0..over.div_ceil(1 << 20)).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 20])));
    let answer = under.send("POST", &path, &own, Body::from_stream(chunks)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.body);
    let nonsense = [own[0], own[1], own[2], own[3], ("content-length", "-1")];
    assert_eq!(under.send("POST", &path, &nonsense, Body::empty()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let stranger = [("host", HOST), ("origin", OWN), ("content-length", "5000")];
    assert_eq!(under.send("POST", "/sign-in", &stranger, Body::empty()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_largest_body_of_invoke_endpoint_gets_through_however_it_is_encoded() {
    let under = Under::test().await;
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let body = "%2C".repeat(domain::invoke::limits::BODY_BYTES);
    let share = "01890a5d-ac96-774b-bcce-b302099a8057";
    let form = format!("through={share}&endpoint=echo&content_type=text%2Fcsv&body={body}");
    let answer = under.send("POST", "/api/invoke_endpoint", &headers, form).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    assert!(answer.body.contains(share), "the use case was asked: {}", answer.body);
}
