//! The history of real calls: answered, refused, streamed, stopped, broken off.

use crate::world::{World, name};
use domain::history::{Call, CallClass, CallDetail, HistoryForm, HistorySettings, KeptBody};
use domain::invoke::{InvokeParams, StreamEvent, Through};
use domain::share::intent::InvokeAction;
use futures::StreamExt as _;

fn request(connection: &str, told: &str, body: &str) -> InvokeParams {
    let through = Through::parse(&format!("direct/eu-west-1/{connection}")).unwrap();
    let mut params = InvokeParams::text(through, name("echo"), "text/plain", body);
    params.headers.custom_attributes = told.into();
    params
}

async fn newest(world: &World) -> CallDetail {
    let page = world.services.history(&world.operator, HistoryForm::default()).await.unwrap().page;
    world.services.recorded_call(&world.operator, page.items[0].id).await.unwrap()
}

async fn streamed(world: &World, told: &str, body: &str) -> Vec<StreamEvent> {
    let events = world.services.invoke_stream(&world.operator, request("parent", told, body)).await.unwrap();
    events.collect().await
}

#[tokio::test]
async fn every_call_is_in_the_history_as_it_ended() {
    let world = World::new().await;
    world.services.invoke(&world.operator, request("parent", "", "hello")).await.unwrap();
    let CallDetail { view, bodies, .. } = newest(&world).await;
    let Call { class, status, received, first_us, request_id, label, .. } = view.call;
    assert_eq!((class, status, received, bodies), (CallClass::Answered, Some(200), Some(5), None));
    assert!(first_us.is_some() && request_id.is_some());
    assert_eq!(label, "parent · eu-west-1, directly");

    world.services.invoke(&world.operator, request("child", "", "hello")).await.unwrap();
    let call = newest(&world).await.view.call;
    assert_eq!((call.class, call.status, call.code.as_str()), (CallClass::Refused, Some(400), "ValidationError"));
    assert!(call.message.contains("not found"), "{}", call.message);

    streamed(&world, "parts=5", "añ€𝄞b").await;
    let call = newest(&world).await.view.call;
    assert_eq!((call.way, call.class, call.received), (InvokeAction::Stream, CallClass::Answered, Some(11)));
    streamed(&world, "parts=4;break-after=2;break=InternalStreamFailure", "abcd").await;
    let call = newest(&world).await.view.call;
    assert_eq!((call.class, call.code.as_str(), call.received), (CallClass::Broken, "InternalStreamFailure", Some(2)));

    let problems = HistoryForm { result: "problems".into(), text: "ECH".into(), ..HistoryForm::default() };
    let found = world.services.history(&world.operator, problems).await.unwrap();
    let classes: Vec<_> = found.page.items.iter().map(|view| view.call.class).collect();
    assert_eq!(classes, [CallClass::Broken, CallClass::Refused]);
    assert_eq!((found.known.endpoints, found.known.throughs.len()), (vec!["echo".to_owned()], 2));
}

#[tokio::test]
async fn a_stream_that_is_stopped_is_recorded_with_what_came() {
    let world = World::new().await;
    // The second piece would take an hour.
    let call = request("parent", "parts=2;part-ms=3600000", "abcd");
    let mut events = world.services.invoke_stream(&world.operator, call).await.unwrap();
    assert!(matches!(events.next().await, Some(StreamEvent::Began { .. })));
    drop(events);
    // It is there as soon as the reading task has noticed.
    loop {
        let page = world.services.history(&world.operator, HistoryForm::default()).await.unwrap().page;
        if let Some(view) = page.items.first() {
            assert_eq!((view.call.class, view.call.status), (CallClass::Stopped, Some(200)));
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_said_is_kept_only_when_that_is_wanted_and_can_be_sent_again() {
    let world = World::new().await;
    let settings = HistorySettings { keep_bodies: true, ..HistorySettings::default() };
    world.services.set_history(&world.operator, settings).await.unwrap();
    streamed(&world, "parts=2", "añ€").await;
    let CallDetail { view, bodies, bodies_until, .. } = newest(&world).await;
    let bodies = bodies.unwrap();
    assert_eq!((bodies.request, bodies.answer), (KeptBody::Text("añ€".into()), KeptBody::Text("añ€".into())));
    assert!(bodies_until.is_some());
    let offered = world.services.earlier_requests(&world.operator, &name("echo"), 5).await.unwrap();
    assert_eq!(offered.iter().map(|request| (request.id, request.sent)).collect::<Vec<_>>(), [(view.id, 6)]);
    assert_eq!(world.services.earlier_requests(&world.operator, &name("other"), 5).await.unwrap(), []);
    let again = world.services.recorded_request(&world.operator, view.id).await.unwrap();
    assert_eq!((again.params, again.way), (request("parent", "parts=2", "añ€"), InvokeAction::Stream));

    // Another console over the same store knows them, until they are deleted.
    let (services, operator) = world.restarted().await;
    services.delete_calls(&operator, 0, true).await.unwrap();
    let detail = newest(&world).await;
    assert_eq!((detail.view.id, detail.bodies), (view.id, None));
}
