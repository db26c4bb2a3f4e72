//! Load checks over the real gateways and the sandbox: what is called and counted, never how long it took.

use crate::world::World;
use domain::load::{LoadEnd, LoadForm, LoadState, LoadView};
use domain::names::LoadId;
use futures::StreamExt as _;
use serde_json::json;
use services::ServiceError;

fn form(change: impl FnOnce(&mut LoadForm)) -> LoadForm {
    let mut form = LoadForm {
        through: "direct/eu-west-1/parent".into(),
        endpoint: "echo".into(),
        content_type: "text/plain".into(),
        body: "0123456789".into(),
        pace: "at_once".into(),
        at_once: "4".into(),
        rate: "100".into(),
        seconds: "30".into(),
        calls: "40".into(),
        ..LoadForm::default()
    };
    change(&mut form);
    form
}

async fn prepared(world: &World, form: LoadForm) -> LoadId {
    world.services.prepare_load(&world.operator, form).await.unwrap().id
}

async fn over(world: &World, id: &LoadId) -> LoadView {
    let seen = world.services.watch_load(&world.operator, id).await.unwrap();
    let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await.unwrap();
    assert_eq!(last.state, LoadState::Done);
    last
}

/// Starts a check once the one before it has said its last word.
async fn start(world: &World, id: &LoadId) {
    while world.services.start_load(&world.operator, id).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_makes_as_many_calls_as_it_said_and_counts_all_of_them() {
    let world = World::new().await;
    let id = prepared(&world, form(|_| {})).await;
    let ready = world.services.load(&world.operator, &id).await.unwrap();
    assert_eq!((ready.state, ready.setup.unwrap().most_calls()), (LoadState::Ready, 40));
    assert_eq!(world.calls("InvokeEndpoint").await, 0, "nothing is called before it is confirmed");
    start(&world, &id).await;
    let done = over(&world, &id).await;
    assert_eq!(world.calls("InvokeEndpoint").await, 40);
    assert_eq!((done.calls, done.failed, done.sent_bytes, done.got_bytes), (40, 0, 400, 400));
    assert_eq!(done.seconds.iter().map(|second| second.answered).sum::<u64>(), 40);
    assert_eq!(done.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 40);
    assert!(done.took.p50 > 0 && done.took.p50 <= done.took.p95 && done.took.p95 <= done.took.max);
    assert_eq!(done.bars().iter().map(|bar| bar.count).sum::<u64>(), 40);
    assert_eq!((done.why.clone(), done.end()), (None, Some(LoadEnd::Whole)));
    // Another one of the same endpoint stands beside it.
    let second = prepared(&world, form(|form| (form.pace, form.calls) = ("rate".into(), "5".into()))).await;
    start(&world, &second).await;
    let second = over(&world, &second).await;
    assert_eq!(second.calls + second.left_out, 5);
    let others = world.services.loads(&world.operator, Some(&second)).await.unwrap();
    assert_eq!(others.iter().map(|other| &other.id).collect::<Vec<_>>(), [&id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_apart_and_what_all_would_meet_ends_it() {
    let world = World::new().await;
    let throttle = json!({ "kind": "throttle" });
    world.fault(json!({ "service": "runtime", "operation": "InvokeEndpoint", "effect": throttle, "times": 7 })).await;
    let id = prepared(&world, form(|form| form.custom_attributes = "status=503".into())).await;
    start(&world, &id).await;
    let done = over(&world, &id).await;
    assert_eq!((done.calls, done.failed, done.why.clone()), (40, 40, None));
    let kinds: Vec<_> = done.errors.iter().map(|errors| errors.count).collect();
    assert_eq!((kinds, done.errors[0].kind.as_str()), (vec![33, 7], "ModelError 503"));
    let nowhere = prepared(&world, form(|form| (form.endpoint, form.at_once) = ("none-such".into(), "1".into()))).await;
    start(&world, &nowhere).await;
    let ended = over(&world, &nowhere).await;
    assert!(ended.why.is_some() && ended.calls < 40, "{ended:?}");
    assert_eq!((ended.end(), ended.answered()), (Some(LoadEnd::Early), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_can_be_stopped_and_two_at_once_are_refused() {
    let world = World::new().await;
    let effect = json!({ "kind": "latency", "ms": 20 });
    world.fault(json!({ "service": "runtime", "operation": "InvokeEndpoint", "effect": effect })).await;
    let id = prepared(&world, form(|form| form.calls = "10000".into())).await;
    start(&world, &id).await;
    let other = prepared(&world, form(|_| {})).await;
    let refused = world.services.start_load(&world.operator, &other).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
    assert!(world.services.delete_load(&world.operator, &id).await.is_err());
    world.services.stop_load(&world.operator, &id).await.unwrap();
    let stopped = over(&world, &id).await;
    assert!(stopped.calls < 10_000 && stopped.why.is_some());
    assert_eq!(stopped.end(), Some(LoadEnd::Stopped));
    assert_eq!(world.calls("InvokeEndpoint").await, stopped.calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_not_right_can_not_begin() {
    let world = World::new().await;
    let id = prepared(&world, form(|form| form.seconds = "100000".into())).await;
    let kept = world.services.load(&world.operator, &id).await.unwrap();
    assert_eq!((kept.setup, kept.form.seconds.as_str()), (None, "100000"));
    let refused = world.services.start_load(&world.operator, &id).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
    assert_eq!(world.services.loads(&world.operator, None).await.unwrap().len(), 0, "it was never begun");
    world.services.delete_load(&world.operator, &id).await.unwrap();
    assert!(world.services.load(&world.operator, &id).await.is_err());
}
