//! Answers piece by piece, through the role a share made.

use crate::invoke::params;
use crate::world::{World, endpoint_arn};
use domain::activity::ActivityOutcome;
use domain::invoke::{StreamEnd, StreamEvent, StreamHead};
use domain::names::ShareId;
use futures::StreamExt as _;
use services::ServiceError;

/// A share of `echo`, with streams or without.
async fn shared(actions: &[&str]) -> (World, ShareId) {
    let world = World::new().await;
    let actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
    let draft = world
        .draft(|answers| {
            answers.endpoints.arns = vec![endpoint_arn("echo")];
            let actions = actions.clone();
            answers.role = Box::new(move |role| domain::wizard::RoleForm { actions: actions.clone(), ..role });
        })
        .await;
    let share = world.applied(&draft).await;
    (world, share)
}

struct Heard {
    head: StreamHead,
    pieces: Vec<String>,
    end: StreamEnd,
}

async fn streamed(world: &World, share: &ShareId, told: &str, body: &str) -> Heard {
    let mut call = params(share, "echo", "text/plain", body);
    call.headers.custom_attributes = told.into();
    let events: Vec<_> = world.services.invoke_stream(&world.operator, call).await.unwrap().collect().await;
    let mut events = events.into_iter();
    let Some(StreamEvent::Began { head }) = events.next() else { panic!("it began") };
    let mut pieces = Vec::new();
    for event in events {
        match event {
            StreamEvent::Part { text, .. } => pieces.push(text),
            StreamEvent::Ended { end } => return Heard { head, pieces, end },
            other => panic!("{other:?}"),
        }
    }
    panic!("the end was not told")
}

async fn last(world: &World) -> (String, ActivityOutcome, String) {
    let entry = world.services.activity(&world.operator, None, 1).await.unwrap().items.remove(0);
    (entry.what, entry.outcome, entry.detail)
}

#[tokio::test]
async fn an_answer_comes_piece_by_piece_and_is_in_the_audit_trail() {
    let (world, share) = shared(&["invoke", "stream"]).await;
    let heard = streamed(&world, &share, "parts=5", "añ€𝄞b").await;
    assert_eq!(heard.pieces.concat(), "añ€𝄞b", "characters were cut in two on the way: {:?}", heard.pieces);
    assert_eq!((heard.end.parts, heard.end.bytes, heard.end.broke), (4, 11, None));
    assert_eq!((heard.head.content_type.as_str(), heard.head.role_cached), ("text/plain", false));
    assert!(!heard.end.not_text && heard.head.request_id.is_some());
    let done = ("streamed from echo".into(), ActivityOutcome::Done, "11 bytes sent, 11 bytes back in 4 pieces".into());
    assert_eq!(last(&world).await, done);
}

#[tokio::test]
async fn a_stream_that_breaks_off_keeps_what_came_and_says_why() {
    let (world, share) = shared(&["invoke", "stream"]).await;
    for (code, hint) in [
        ("StreamBroken", "container"),
        ("ModelInvocationTimeExceeded", "longer than a stream may last"),
        ("InternalStreamFailure", "SageMaker itself"),
    ] {
        let heard = streamed(&world, &share, &format!("parts=4;break-after=2;break={code}"), "abcd").await;
        let broke = heard.end.broke.unwrap();
        assert_eq!((heard.pieces.concat().as_str(), broke.code.as_str()), ("ab", code));
        assert!(broke.hint.contains(hint), "{}", broke.hint);
    }
    assert_eq!(last(&world).await.1, ActivityOutcome::Failed);
    let mut call = params(&share, "echo", "text/plain", "abcd");
    call.headers.custom_attributes = "parts=4;break-after=1".into();
    let outcome = world.services.invoke_stream_collected(&world.operator, call.clone()).await.unwrap();
    assert!(outcome.result.unwrap_err().message.ends_with("(after 1 bytes)"));
    call.headers.custom_attributes = "parts=4".into();
    let outcome = world.services.invoke_stream_collected(&world.operator, call).await.unwrap();
    assert_eq!(outcome.result.unwrap().text.as_deref(), Some("abcd"));
}

#[tokio::test]
async fn who_stops_listening_ends_the_call() {
    let (world, share) = shared(&["invoke", "stream"]).await;
    let mut call = params(&share, "echo", "text/plain", "abcd");
    // The second piece would take an hour.
    call.headers.custom_attributes = "parts=2;part-ms=3600000".into();
    let mut events = world.services.invoke_stream(&world.operator, call).await.unwrap();
    assert!(matches!(events.next().await, Some(StreamEvent::Began { .. })));
    drop(events);
    // The trail has it as soon as the reading task has noticed.
    let stopped = ("streamed from echo".into(), ActivityOutcome::Done, "4 bytes sent, stopped".into());
    while last(&world).await != stopped {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_share_without_streams_says_so_before_anything_is_sent() {
    let (world, share) = shared(&["invoke"]).await;
    let refused = world.services.invoke_stream(&world.operator, params(&share, "echo", "text/plain", "x")).await;
    let Err(ServiceError::Conflict { message, hint }) = refused else { panic!("refused") };
    assert!(message.contains("does not allow streams") && hint.contains("Stream"), "{message}: {hint}");
    assert_eq!(world.calls("InvokeEndpointWithResponseStream").await, 0);
}

#[tokio::test]
async fn a_model_that_refuses_tells_it_before_anything_begins() {
    let (world, share) = shared(&["invoke", "stream"]).await;
    let mut call = params(&share, "echo", "text/plain", "no");
    call.headers.custom_attributes = "status=406".into();
    let events: Vec<_> = world.services.invoke_stream(&world.operator, call).await.unwrap().collect().await;
    let [StreamEvent::NotBegun { outcome }] = &events[..] else { panic!("{events:?}") };
    let failure = outcome.result.as_ref().unwrap_err();
    assert_eq!((failure.operation.as_str(), failure.status), ("InvokeEndpointWithResponseStream", Some(424)));
    assert_eq!(failure.model.as_ref().unwrap().message, "no");
}
