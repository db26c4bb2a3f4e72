//! What happens on a real socket: peers that say nothing, peers that leave, TLS.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::Router;
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use console::{HOST, OWN, Under};
use server::connections::Limits;
use server::process::listen;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for anything on a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);
const GREETING: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Serves `router` on a free port, as the process does, until the handle is dropped.
async fn serve(router: Router, tls: Option<RustlsConfig>, limits: Limits) -> (SocketAddr, Handle<SocketAddr>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (addr, handle) = (listener.local_addr().unwrap(), Handle::new());
    tokio::spawn(listen(listener, tls, handle.clone(), router, limits));
    handle.listening().await.unwrap();
    (addr, handle)
}

fn greets() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

fn impatient() -> Limits {
    Limits { silence: Duration::from_millis(50), ..Limits::default() }
}

/// Says `beginning` and nothing more; gives what came back until the connection ended.
async fn silent(addr: SocketAddr, beginning: &[u8]) -> Vec<u8> {
    let mut peer = TcpStream::connect(addr).await.unwrap();
    peer.write_all(beginning).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, peer.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "a peer that said {:?} was waited for", String::from_utf8_lossy(beginning));
    answer
}

/// One request on a connection that stays open; gives the answer's body.
async fn ask(peer: &mut TcpStream) -> String {
    peer.write_all(GREETING.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let read = tokio::time::timeout(PATIENCE, peer.read_buf(&mut answer)).await.unwrap().unwrap();
        assert!(read > 0, "the connection was closed after {:?}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).unwrap().split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_peer_that_does_not_say_what_it_speaks_is_hung_up_on() {
    let (addr, _handle) = serve(greets(), None, impatient()).await;
    for beginning in ["", "P", "PRI * HTTP/2.0\r\n"] {
        assert_eq!(silent(addr, beginning.as_bytes()).await, b"");
    }
    let cert = rcgen::generate_simple_self_signed(["console.test".to_owned()]).unwrap();
    let key = cert.signing_key.serialize_pem().into_bytes();
    let tls = RustlsConfig::from_pem(cert.cert.pem().into_bytes(), key).await.unwrap();
    let (addr, _handle) = serve(greets(), Some(tls), impatient()).await;
    assert_eq!(silent(addr, b"").await, b"");
    // The beginning of a handshake record that does not go on.
    assert_eq!(silent(addr, &[0x16, 0x03, 0x01]).await, b"");
}

#[tokio::test]
async fn a_peer_that_has_spoken_may_rest() {
    let (addr, _handle) = serve(greets(), None, impatient()).await;
    let mut peer = TcpStream::connect(addr).await.unwrap();
    assert_eq!(ask(&mut peer).await, "hello");
    // Another one's deadline passes meanwhile.
    silent(addr, b"").await;
    assert_eq!(ask(&mut peer).await, "hello");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_takes_no_place() {
    let (addr, _handle) = serve(greets(), None, Limits { at_once: 2, ..Limits::default() }).await;
    let (mut first, mut second) = (TcpStream::connect(addr).await.unwrap(), TcpStream::connect(addr).await.unwrap());
    assert_eq!((ask(&mut first).await.as_str(), ask(&mut second).await.as_str()), ("hello", "hello"));
    assert_eq!(silent(addr, b"").await, b"", "the third is closed at once, not after its silence");
    assert_eq!(ask(&mut first).await, "hello", "and the others are not disturbed");
    drop(second);
    // Its place is free as soon as the server has seen it leave.
    let next = async {
        loop {
            let mut peer = TcpStream::connect(addr).await.unwrap();
            if peer.write_all(GREETING.as_bytes()).await.is_ok() && peer.read_u8().await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, next).await.unwrap();
}

/// Answers the wizard by its defaults, and gives the form that applies it.
async fn apply_form(under: &Under) -> String {
    let (services, operator) = (&under.console.state().services, &under.operator);
    let draft = under.answered_for_lambda().await;
    let fingerprint = services.review(operator, &draft).await.unwrap().fingerprint;
    format!("draft={draft}&fingerprint={fingerprint}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_disconnects_in_the_midst_of_apply_does_not_stop_it() {
    let under = Under::test().await;
    let form = apply_form(&under).await;
    let sandbox = under.console.sandbox().unwrap().addr();
    // Reading the accounts takes long enough to leave in its midst.
    under.fault(r#"{"operation":"GetRole","effect":{"kind":"latency","ms":1000},"times":1}"#).await;
    let (addr, _handle) = serve(under.router.clone(), None, Limits::default()).await;
    let mut browser = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST /api/apply_share HTTP/1.1\r\nHost: {HOST}\r\nOrigin: {OWN}\r\nCookie: {}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        under.cookie,
        form.len()
    );
    let before = signed_calls(sandbox).await;
    browser.write_all(format!("{head}{form}").as_bytes()).await.unwrap();
    tokio::time::timeout(PATIENCE, async { while signed_calls(sandbox).await == before {} }).await.unwrap();
    drop(browser);
    let services = &under.console.state().services;
    let applied = async {
        loop {
            let shares = services.shares(&under.operator).await.unwrap();
            if shares.iter().any(|share| share.state == domain::share::view::ShareState::Applied) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, applied).await.expect("the share is applied, whoever stays to see it");
}

/// What the sandbox counted, as it says it.
async fn signed_calls(sandbox: SocketAddr) -> String {
    let mut peer = TcpStream::connect(sandbox).await.unwrap();
    let head = format!("GET /_sandbox/counters HTTP/1.1\r\nHost: {sandbox}\r\nConnection: close\r\n\r\n");
    peer.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
