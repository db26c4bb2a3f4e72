//! Role sessions: one AssumeRole however many calls, renewed in time, failures not remembered.

use crate::Bench;
use domain::invoke::{InvokeOutcome, InvokeParams};
use domain::names::ShareId;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, ShareIntent};
use domain::share::view::ShareState;
use services::Operator;
use services::ports::gateway::GatewayErrorKind;
use services::ports::store::{ShareRecord, ShareStore as _};
use std::sync::atomic::Ordering;

const HOUR: i64 = 3_600_000;

pub async fn shared() -> (Bench, Operator, ShareId) {
    let bench = Bench::new();
    let operator = bench.operator().await;
    let intent = ShareIntent {
        id: "share-1".parse().unwrap(),
        parent_side: ParentSide::Connected("parent".parse().unwrap()),
        parent: "111111111111".parse().unwrap(),
        region: crate::region(),
        endpoints: EndpointScope::All,
        child_connection: Some("child".parse().unwrap()),
        child: "222222222222".parse().unwrap(),
        callers: CallerScope::WholeAccount,
        actions: [InvokeAction::Invoke].into(),
        policy_name: "P".parse().unwrap(),
        role_name: "SageMakerExternal".parse().unwrap(),
        session_seconds: 3600,
        external_id: None,
        grant_name: "G".parse().unwrap(),
        grantees: Default::default(),
        adopt: false,
        adopting: Default::default(),
        accepted: false,
        console: None,
        rotation: None,
        results: [].into(),
    };
    let record = ShareRecord {
        intent,
        state: ShareState::Applied,
        created: bench.services.now(),
        imported: false,
        endpoint_names: vec!["Echo".into()],
        last_run: None,
        verification: None,
        recorded: Default::default(),
        checked: None,
    };
    bench.memory.put(&record, 0, bench.services.now()).await.unwrap();
    (bench, operator, record.intent.id)
}

pub async fn invoke(bench: &Bench, operator: &Operator, share: &ShareId) -> InvokeOutcome {
    let params = InvokeParams::text(share.clone(), "Echo".parse().unwrap(), "text/plain", "x");
    bench.services.invoke(operator, params).await.unwrap()
}

fn assumed(bench: &Bench) -> usize {
    bench.cloud.assumed.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_at_once_assume_the_role_once() {
    let (bench, operator, share) = shared().await;
    let calls = (0..1000).map(|_| invoke(&bench, &operator, &share));
    let outcomes = futures::future::join_all(calls).await;
    assert!(outcomes.iter().all(|o| o.result.is_ok()));
    assert_eq!(assumed(&bench), 1);
    assert!(invoke(&bench, &operator, &share).await.role_cached);
}

#[tokio::test(start_paused = true)]
async fn every_session_has_credentials_of_its_own() {
    let (bench, operator, share) = shared().await;
    invoke(&bench, &operator, &share).await;
    let other = bench.operator().await;
    invoke(&bench, &other, &share).await;
    assert_eq!(assumed(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_look_alike_share_nothing() {
    let (bench, operator, share) = shared().await;
    let cookie = bench.cookie().await;
    for (label, _) in bench.memory.sessions.lock().unwrap().values_mut() {
        *label = operator.label().to_owned();
    }
    let other = bench.services.operator(secrecy::ExposeSecret::expose_secret(&cookie)).await.unwrap().unwrap();
    assert_eq!(other.label(), operator.label());
    assert_ne!(other, operator);
    invoke(&bench, &operator, &share).await;
    assert!(!invoke(&bench, &other, &share).await.role_cached);
    assert_eq!(assumed(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_renewed_before_they_end_and_nobody_waits() {
    let (bench, operator, share) = shared().await;
    invoke(&bench, &operator, &share).await;
    bench.clock.pass(HOUR - 4 * 60_000);
    bench.cloud.expires.fetch_add(HOUR, Ordering::SeqCst);
    let during = futures::future::join_all((0..50).map(|_| invoke(&bench, &operator, &share))).await;
    assert!(during.iter().all(|o| o.role_cached && o.result.is_ok()));
    // The renewal itself ends by tokio's clock, which stands still until everyone waits.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(assumed(&bench), 2);
    bench.clock.pass(30 * 60_000);
    assert!(invoke(&bench, &operator, &share).await.role_cached);
    assert_eq!(assumed(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_ended_are_not_used() {
    let (bench, operator, share) = shared().await;
    invoke(&bench, &operator, &share).await;
    bench.clock.pass(HOUR);
    bench.cloud.expires.fetch_add(HOUR, Ordering::SeqCst);
    assert!(!invoke(&bench, &operator, &share).await.role_cached);
    assert_eq!(assumed(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_reaches_those_who_wait_and_is_not_remembered() {
    let (bench, operator, share) = shared().await;
    *bench.cloud.assume_fails.lock().unwrap() = Some(GatewayErrorKind::Throttled);
    let waiting = futures::future::join_all((0..100).map(|_| invoke(&bench, &operator, &share))).await;
    assert!(waiting.iter().all(|o| o.result.as_ref().is_err_and(|f| f.operation == "AssumeRole")));
    assert_eq!(assumed(&bench), 1);
    *bench.cloud.assume_fails.lock().unwrap() = None;
    assert!(invoke(&bench, &operator, &share).await.result.is_ok());
    assert_eq!(assumed(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_takes_nothing_from_the_others() {
    let (bench, operator, share) = shared().await;
    let impatient = tokio::time::timeout(std::time::Duration::from_millis(10), invoke(&bench, &operator, &share)).await;
    assert!(impatient.is_err());
    assert!(invoke(&bench, &operator, &share).await.result.is_ok());
    assert_eq!(assumed(&bench), 1);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_replaced_once() {
    let (bench, operator, share) = shared().await;
    invoke(&bench, &operator, &share).await;
    *bench.cloud.invoke_fails.lock().unwrap() = Some(GatewayErrorKind::Expired);
    let outcome = invoke(&bench, &operator, &share).await;
    assert!(outcome.result.is_ok() && !outcome.role_cached);
    assert_eq!((assumed(&bench), bench.cloud.invoked.load(Ordering::SeqCst)), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn other_failures_of_an_invocation_are_not_repeated() {
    let (bench, operator, share) = shared().await;
    *bench.cloud.invoke_fails.lock().unwrap() = Some(GatewayErrorKind::Unavailable);
    let outcome = invoke(&bench, &operator, &share).await;
    assert_eq!(outcome.result.unwrap_err().operation, "InvokeEndpoint");
    assert_eq!(bench.cloud.invoked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn signing_out_drops_the_credentials() {
    let (bench, _, share) = shared().await;
    let cookie = bench.cookie().await;
    let cookie = secrecy::ExposeSecret::expose_secret(&cookie);
    let operator = bench.services.operator(cookie).await.unwrap().unwrap();
    invoke(&bench, &operator, &share).await;
    bench.services.sign_out(cookie).await.unwrap();
    assert!(!invoke(&bench, &operator, &share).await.role_cached);
}
