//! Launch tokens, cookies, sessions.

use crate::{Bench, region};
use secrecy::ExposeSecret as _;
use services::Settings;
use std::time::Duration;

#[tokio::test]
async fn a_launch_token_works_once() {
    let bench = Bench::new();
    let token = bench.services.issue_launch_token();
    assert!(bench.services.sign_in("wrong").await.unwrap().is_none());
    assert!(bench.services.sign_in(token.expose_secret()).await.unwrap().is_some());
    assert!(bench.services.sign_in(token.expose_secret()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_fresh_token_replaces_the_one_before() {
    let bench = Bench::new();
    let (first, second) = (bench.services.issue_launch_token(), bench.services.issue_launch_token());
    assert!(bench.services.sign_in(first.expose_secret()).await.unwrap().is_none());
    assert!(bench.services.sign_in(second.expose_secret()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_launch_token_is_good_for_a_quarter_of_an_hour() {
    let bench = Bench::new();
    let token = bench.services.issue_launch_token();
    bench.clock.pass(15 * 60_000 - 1);
    assert!(!bench.services.launch_token_expired(token.expose_secret()));
    bench.clock.pass(1);
    assert!(bench.services.sign_in(token.expose_secret()).await.unwrap().is_none());
    assert!(bench.services.launch_token_expired(token.expose_secret()));
    assert!(!bench.services.launch_token_expired("wrong"));
    let next = bench.services.issue_launch_token();
    assert!(!bench.services.launch_token_expired(token.expose_secret()));
    assert!(bench.services.sign_in(next.expose_secret()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_that_the_store_would_not_exchange_stays_good() {
    let bench = Bench::new();
    let token = bench.services.issue_launch_token();
    bench.memory.breaks.lock().unwrap().insert("sessions", 1);
    assert!(bench.services.sign_in(token.expose_secret()).await.is_err());
    assert!(bench.services.sign_in(token.expose_secret()).await.unwrap().is_some());
    assert!(bench.services.sign_in(token.expose_secret()).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_leaves_while_it_is_signed_in_does_not_stop_it() {
    let bench = Bench::new();
    *bench.memory.slow.lock().unwrap() = Duration::from_millis(100);
    let token = bench.services.issue_launch_token();
    let signing_in = bench.services.sign_in(token.expose_secret());
    assert!(tokio::time::timeout(Duration::from_millis(50), signing_in).await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(bench.memory.sessions.lock().unwrap().len(), 1, "the token was exchanged, not lost");
}

#[tokio::test]
async fn a_configured_token_is_given_out_first_and_works_once_too() {
    let launch_token = Some("for-automation".to_owned().into());
    let bench = Bench::with(Settings { launch_token, ..Settings::new(false, region()) });
    assert_eq!(bench.services.issue_launch_token().expose_secret(), "for-automation");
    bench.clock.pass(24 * 3600 * 1000);
    assert!(bench.services.sign_in("for-automation").await.unwrap().is_some());
    assert!(bench.services.sign_in("for-automation").await.unwrap().is_none());
    assert_ne!(bench.services.issue_launch_token().expose_secret(), "for-automation");
}

#[tokio::test]
async fn without_any_token_nothing_signs_in() {
    let bench = Bench::new();
    assert!(bench.services.sign_in("").await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_or_when_signed_out() {
    let bench = Bench::new();
    let cookie = bench.cookie().await;
    let operator = |cookie: secrecy::SecretString| {
        let services = bench.services.clone();
        async move { services.operator(cookie.expose_secret()).await.unwrap() }
    };
    let label = operator(cookie.clone()).await.unwrap().label().to_owned();
    assert_eq!(label.strip_prefix("session ").map(str::len), Some(8), "{label}");
    bench.clock.pass(12 * 3600 * 1000 - 1);
    assert!(operator(cookie.clone()).await.is_some());
    bench.clock.pass(10_000);
    assert!(operator(cookie).await.is_none());

    let other = bench.cookie().await;
    assert!(operator(other.clone()).await.is_some());
    bench.services.sign_out(other.expose_secret()).await.unwrap();
    assert!(operator(other).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_a_session_is_told_when_it_is_over() {
    let bench = Bench::new();
    let moment = Duration::from_secs(16);
    let cookie = bench.cookie().await;
    let operator = bench.services.operator(cookie.expose_secret()).await.unwrap().unwrap();
    let mut over = std::pin::pin!(bench.services.session_ended(&operator));
    assert!(tokio::time::timeout(moment, &mut over).await.is_err());
    bench.services.sign_out(cookie.expose_secret()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(1), over).await.is_ok(), "at once when signed out");

    let operator = bench.operator().await;
    let mut over = std::pin::pin!(bench.services.session_ended(&operator));
    assert!(tokio::time::timeout(moment, &mut over).await.is_err());
    bench.clock.pass(12 * 3600 * 1000);
    assert!(tokio::time::timeout(moment, over).await.is_ok(), "before long when it ran out");
}

#[tokio::test]
async fn the_store_sees_neither_cookie_nor_token() {
    let bench = Bench::new();
    let cookie = bench.cookie().await;
    let sessions = format!("{:?}", bench.memory.sessions.lock().unwrap());
    assert!(!sessions.contains(cookie.expose_secret()));
    assert_eq!(cookie.expose_secret().len(), 43);
}
