//! From the printed address to a session and back, over HTTP.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::body::Body;
use axum::http::StatusCode;
use console::{HOST, OWN, Under, launch_path, network};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_launch_address_becomes_a_session_once() {
    let under = Under::test().await;
    let address = under.console.launch_address();
    let typed =
        [("host", HOST), ("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let first = under.send("GET", launch_path(&address), &typed, Body::empty()).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/"));
    let set = first.header("set-cookie");
    assert!(set.starts_with("sagebridge-4600=") && set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    let value = set.split(['=', ';']).nth(1).unwrap();
    assert!(value.len() >= 32 && !address.contains(value), "the cookie is a secret of its own");

    let second = under.send("GET", launch_path(&address), &typed, Body::empty()).await;
    assert_eq!((second.status, second.header("location")), (StatusCode::SEE_OTHER, "/sign-in?refused=1"));
    assert_eq!(second.header("set-cookie"), "");
}

#[tokio::test]
async fn after_each_use_a_new_address_is_announced_and_works() {
    let under = Under::test().await;
    let announced = under.announced.lock().unwrap().last().unwrap().clone();
    assert!(announced.starts_with("http://127.0.0.1:4600/launch?token="));
    let answer = under.send("GET", launch_path(&announced), &[("host", HOST)], Body::empty()).await;
    assert!(answer.headers.contains_key("set-cookie"));
    assert_ne!(under.announced.lock().unwrap().last().unwrap(), &announced);
}

#[tokio::test]
async fn an_address_that_came_too_late_says_so_and_the_next_one_is_announced() {
    let late = |config: &mut server::config::ServeConfig| {
        config.launch_token = Some("what-these-tests-sign-in-by".to_owned().into());
        config.launch = std::time::Duration::ZERO;
    };
    let under = Under::configured(network(), late).await;
    let address = under.console.launch_address();
    let before = under.announced.lock().unwrap().len();
    let answer = under.send("GET", launch_path(&address), &[("host", HOST)], Body::empty()).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in?refused=expired"));
    assert_eq!(answer.header("set-cookie"), "");
    assert_eq!(under.announced.lock().unwrap().len(), before + 1);
    // Now it is one that was replaced: nothing is made for it.
    let answer = under.send("GET", launch_path(&address), &[("host", HOST)], Body::empty()).await;
    assert_eq!(answer.header("location"), "/sign-in?refused=1");
    assert_eq!(under.announced.lock().unwrap().len(), before + 1);
    for (why, says) in [("expired", "came too late"), ("1", "used before")] {
        let page = under.send("GET", &format!("/sign-in?refused={why}"), &[("host", HOST)], Body::empty()).await;
        assert!(page.body.contains(says) && page.body.contains("SIGHUP"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_launch_address_followed_from_another_site_goes_on_by_way_of_our_own_page() {
    let under = Under::test().await;
    let address = under.console.launch_address();
    let link = [
        ("host", HOST),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let answer = under.send("GET", launch_path(&address), &link, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.headers.contains_key("set-cookie") && answer.body.contains("0;url=/\""), "{}", answer.body);
    assert!(!answer.body.contains("token"), "{}", answer.body);
}

#[tokio::test]
async fn wrong_tokens_open_nothing() {
    let under = Under::test().await;
    for path in
        ["/launch", "/launch?", "/launch?token=", "/launch?token=x", "/launch?token=x&token=y", "/launch?token=%00"]
    {
        let answer = under.send("GET", path, &[("host", HOST)], Body::empty()).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in?refused=1"), "{path}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    let own = [("host", HOST), ("origin", OWN), FORM];
    for body in ["", "token=", "token=x", "other=x", "%ff%fe"] {
        let answer = under.send("POST", "/sign-in", &own, body).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in?refused=1"), "{body}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn the_form_takes_a_token_or_the_whole_address() {
    let under = Under::test().await;
    let own = [("host", HOST), ("origin", OWN), FORM];
    let address = under.console.launch_address();
    let token = address.split_once("token=").unwrap().1;
    let answer = under.send("POST", "/sign-in", &own, format!("token={token}")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(answer.headers.contains_key("set-cookie"));
    let pasted =
        under.console.launch_address().replace(':', "%3A").replace('/', "%2F").replace('?', "%3F").replace('=', "%3D");
    let answer = under.send("POST", "/sign-in", &own, format!("token={pasted}")).await;
    assert!(answer.headers.contains_key("set-cookie"));

    let address = under.console.launch_address();
    let token = format!("token={}", address.split_once("token=").unwrap().1);
    let elsewhere = [("host", HOST), ("origin", "http://evil.example"), FORM];
    assert_eq!(under.send("POST", "/sign-in", &elsewhere, token).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let under = Under::test().await;
    let cookie = under.cookie.as_str();
    assert_eq!(under.visit("/accounts").await.status, StatusCode::OK);
    let from_elsewhere = [("host", HOST), ("origin", "http://evil.example"), ("cookie", cookie)];
    assert_eq!(under.send("POST", "/sign-out", &from_elsewhere, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(under.visit("/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(under.visit("/accounts").await.status, StatusCode::OK);

    let out = under.send("POST", "/sign-out", &[("host", HOST), ("origin", OWN), ("cookie", cookie)], "").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(under.visit("/accounts").await.status, StatusCode::SEE_OTHER, "the old cookie is worth nothing");
}

#[tokio::test]
async fn a_form_without_a_session_is_sent_to_sign_in_and_a_call_is_told() {
    let under = Under::test().await;
    let (_, path) = console::server_functions().into_iter().next().unwrap();
    let call =
        under.send("POST", &path, &[("host", HOST), ("origin", OWN), ("accept", "application/json")], "{}").await;
    assert_eq!(call.status, StatusCode::UNAUTHORIZED);
    insta::assert_snapshot!("signed_out_call", call.body);
    let form =
        under.send("POST", &path, &[("host", HOST), ("origin", OWN), ("accept", "text/html"), FORM], "a=b").await;
    assert_eq!((form.status, form.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
}

#[tokio::test]
async fn behind_a_proxy_the_cookie_is_secure_and_only_the_public_origin_counts() {
    let mut network = network();
    network.behind_proxy = true;
    network.public_hosts = vec!["console.example.org".to_owned()];
    let under = Under::with(network).await;
    assert!(under.cookie.starts_with("__Host-sagebridge-4600="));
    let address = under.console.launch_address();
    assert!(address.starts_with("https://console.example.org/launch?token="));
    let answer = under.send("GET", launch_path(&address), &[("host", "console.example.org")], Body::empty()).await;
    assert!(answer.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"));
    for (origin, status) in [
        ("https://console.example.org", StatusCode::SEE_OTHER),
        ("http://console.example.org", StatusCode::FORBIDDEN),
        ("https://console.example.org:4600", StatusCode::FORBIDDEN),
    ] {
        let headers = [("host", "console.example.org"), ("origin", origin), FORM];
        assert_eq!(under.send("POST", "/sign-in", &headers, "token=x").await.status, status, "{origin}");
    }
}
