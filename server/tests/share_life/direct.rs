//! Invocations with a connection's own credentials: no share, no role.

use crate::world::{World, name};
use domain::invoke::{InvokeParams, Through};

fn parent() -> Through {
    Through::parse("direct/eu-west-1/parent").unwrap()
}

#[tokio::test]
async fn a_connection_calls_the_endpoints_of_its_own_account_without_a_role() {
    let world = World::new().await;
    let Through::Direct { connection, region } = parent() else { unreachable!() };
    let seen = world.services.direct_targets(&world.operator, &connection, &region).await.unwrap();
    let echo = seen.iter().find(|target| target.endpoint == Some(name("echo"))).unwrap();
    assert!(echo.status.is_some_and(|status| status.answers()));
    let call = InvokeParams::text(parent(), name("echo"), "text/plain", "hello");
    let outcome = world.services.invoke(&world.operator, call).await.unwrap();
    assert_eq!(outcome.result.unwrap().text.as_deref(), Some("hello"));
    assert_eq!((outcome.role_us, world.calls("AssumeRole").await), (0, 0));
}

#[tokio::test]
async fn an_endpoint_of_another_account_is_not_found_directly() {
    let world = World::new().await;
    let through = Through::parse("direct/eu-west-1/child").unwrap();
    let call = InvokeParams::text(through, name("echo"), "text/plain", "hello");
    let outcome = world.services.invoke(&world.operator, call).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!((failure.status, failure.code.as_str()), (Some(400), "ValidationError"));
    let nobody = Through::parse("direct/eu-west-1/nobody").unwrap();
    let call = InvokeParams::text(nobody, name("echo"), "text/plain", "hello");
    assert!(world.services.invoke(&world.operator, call).await.is_err());
}
