//! The history: what is recorded of each call, what is not, and that nobody waits for it.

use crate::Bench;
use crate::invocations::{invoke, shared};
use domain::history::{CallClass, HistoryForm, HistorySettings, KeptBody};
use domain::invoke::{InvokeHeaders, InvokeParams};
use domain::names::ShareId;
use domain::share::intent::InvokeAction;
use services::ports::gateway::GatewayErrorKind;
use services::ports::store::RecordedCall;
use services::{Operator, ServiceError};

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn recorded(bench: &Bench) -> Vec<RecordedCall> {
    bench.services.shutdown().await;
    bench.memory.history.lock().unwrap().1.clone()
}

/// A request with something of the caller's own beside the body.
async fn send(bench: &Bench, operator: &Operator, share: &ShareId, body: &str) {
    let params = InvokeParams::text(share.clone(), "Echo".parse().unwrap(), "text/plain", body);
    let headers = InvokeHeaders { custom_attributes: "customer=7".into(), ..params.headers };
    bench.services.invoke(operator, InvokeParams { headers, ..params }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answered_call_is_recorded_with_its_facts_and_without_its_bodies() {
    let (bench, operator, share) = shared().await;
    send(&bench, &operator, &share, "secret").await;
    let all = recorded(&bench).await;
    let RecordedCall { call, bodies } = &all[0];
    assert_eq!((all.len(), bodies), (1, &None), "bodies are off by default");
    assert_eq!((call.at, call.who.as_str()), (bench.services.now(), operator.label()));
    assert_eq!(
        (call.through.share(), call.label.as_str()),
        (Some(&share), "222222222222 → 111111111111 · SageMakerExternal")
    );
    assert_eq!((call.endpoint.as_str(), call.way, call.class), ("Echo", InvokeAction::Invoke, CallClass::Answered));
    assert_eq!((call.sent, call.status, call.code.as_str()), (6, Some(200), ""));
    assert_eq!(call.headers, InvokeHeaders::of_type("text/plain"), "custom attributes are the caller's own");
    assert!(call.first_us.is_some_and(|first| first <= call.call_us));
    assert!(!format!("{all:?}").contains("secret") && !format!("{all:?}").contains("customer=7"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_recorded_with_its_code() {
    let (bench, operator, share) = shared().await;
    *bench.cloud.invoke_fails.lock().unwrap() = Some(GatewayErrorKind::Unavailable);
    invoke(&bench, &operator, &share).await;
    let call = recorded(&bench).await.remove(0).call;
    assert!(call.class != CallClass::Answered && !call.code.is_empty(), "{call:?}");
    assert_eq!((call.received, call.first_us), (None, None));
}

#[tokio::test(start_paused = true)]
async fn bodies_are_kept_when_that_is_said_up_to_a_size_and_for_some_days() {
    let (bench, operator, share) = shared().await;
    let settings = HistorySettings { keep_bodies: true, body_kb: 1, body_days: 2, call_days: 30 };
    bench.services.set_history(&operator, settings).await.unwrap();
    send(&bench, &operator, &share, "small").await;
    send(&bench, &operator, &share, &"x".repeat(1025)).await;
    let all = recorded(&bench).await;
    let kept = all[0].bodies.clone().unwrap();
    assert_eq!((kept.request, kept.headers.custom_attributes.as_str()), (KeptBody::Text("small".into()), "customer=7"));
    assert!(matches!(kept.answer, KeptBody::Text(_)));
    assert_eq!(all[1].bodies.clone().unwrap().request, KeptBody::TooLarge);

    let again = bench.services.recorded_request(&operator, 1).await.unwrap();
    assert_eq!((again.params.body.as_str(), again.params.headers.custom_attributes.as_str()), ("small", "customer=7"));
    bench.clock.pass(2 * DAY);
    let detail = bench.services.recorded_call(&operator, 1).await.unwrap();
    assert_eq!((detail.bodies, detail.bodies_until), (None, None), "over their time, though nobody has pruned yet");
    let again = bench.services.recorded_request(&operator, 1).await.unwrap();
    assert_eq!((again.params.body.as_str(), again.params.headers.content_type.as_str()), ("", "text/plain"));
    bench.services.prune_history(bench.services.now()).await.unwrap();
    assert!(recorded(&bench).await.iter().all(|recorded| recorded.bodies.is_none()));
    bench.clock.pass(28 * DAY);
    bench.services.prune_history(bench.services.now()).await.unwrap();
    assert_eq!(recorded(&bench).await, []);
}

#[tokio::test(start_paused = true)]
async fn settings_out_of_range_are_refused_and_a_change_holds_at_once() {
    let (bench, operator, share) = shared().await;
    let bad = HistorySettings { body_kb: 100_000, ..HistorySettings::default() };
    let refused = bench.services.set_history(&operator, bad).await;
    assert!(matches!(refused, Err(ServiceError::Invalid { problems }) if problems[0].field == "body_kb"));
    for keep_bodies in [true, false] {
        let settings = HistorySettings { keep_bodies, ..HistorySettings::default() };
        bench.services.set_history(&operator, settings).await.unwrap();
        send(&bench, &operator, &share, "x").await;
    }
    let kept: Vec<_> = recorded(&bench).await.iter().map(|recorded| recorded.bodies.is_some()).collect();
    assert_eq!(kept, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_waits_for_is_recorded_as_stopped() {
    let (bench, operator, share) = shared().await;
    let impatient = tokio::time::timeout(std::time::Duration::from_millis(10), invoke(&bench, &operator, &share)).await;
    assert!(impatient.is_err());
    let call = recorded(&bench).await.remove(0).call;
    assert_eq!((call.class, call.status), (CallClass::Stopped, None));
}

#[tokio::test(start_paused = true)]
async fn calls_go_on_while_the_history_is_not_written_and_what_is_too_much_is_counted() {
    const CALLS: usize = 40_000;
    let (bench, operator, share) = shared().await;
    let late = bench.memory.late.lock().await;
    for _ in 0..CALLS {
        invoke(&bench, &operator, &share).await;
    }
    drop(late);
    let view = bench.services.history(&operator, HistoryForm::default()).await.unwrap();
    let written = recorded(&bench).await.len();
    assert!(view.lost > 0 && written >= 16_384, "{} lost, {written} written", view.lost);
    assert_eq!(usize::try_from(view.lost).unwrap() + written, CALLS);
    let batches = bench.memory.history.lock().unwrap().0.len();
    assert!(batches < 40, "{batches} batches");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_moment_loses_nothing() {
    let (bench, operator, share) = shared().await;
    bench.memory.breaks.lock().unwrap().insert("history", 2);
    invoke(&bench, &operator, &share).await;
    assert_eq!(recorded(&bench).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_are_deleted_one_or_all() {
    let (bench, operator, share) = shared().await;
    for _ in 0..3 {
        invoke(&bench, &operator, &share).await;
    }
    bench.services.delete_call(&operator, 2).await.unwrap();
    assert!(matches!(bench.services.delete_call(&operator, 9).await, Err(ServiceError::NotFound { .. })));
    assert_eq!(recorded(&bench).await.len(), 2);
    assert_eq!(bench.services.delete_calls(&operator, 1, false).await.unwrap(), 0);
    assert_eq!(bench.services.delete_calls(&operator, 0, false).await.unwrap(), 2);
}
