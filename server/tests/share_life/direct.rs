//! Invocations with a connection's own credentials: no share, no role.

use crate::world::{World, name};
use domain::invoke::{InvokeAnswer, InvokeOutcome, InvokeParams, Through, limits};

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

async fn told(world: &World, told: &str, body: &str) -> InvokeOutcome {
    let mut call = InvokeParams::text(parent(), name("echo"), "text/plain", body);
    call.headers.custom_attributes = told.into();
    world.services.invoke(&world.operator, call).await.unwrap()
}

#[tokio::test]
async fn the_beginning_of_a_large_answer_goes_to_the_page_and_all_of_it_is_kept() {
    let world = World::new().await;
    let large = 30 * 1024 * 1024;
    let outcome = told(&world, &format!("bytes={large}"), "").await;
    let InvokeAnswer { text, bytes, kept, .. } = outcome.result.unwrap();
    assert_eq!((text.unwrap().len(), bytes), (limits::BEGINNING_BYTES, large));
    let whole = world.services.whole_answer(&world.operator, &kept.unwrap()).unwrap();
    assert_eq!((whole.bytes.len(), whole.file_name.as_str()), (large, "echo-answer.txt"));

    // What fits is not kept twice, unless somebody has no script to save it with.
    let mut outcome = told(&world, "", "hello").await;
    let answer = outcome.result.as_ref().unwrap();
    assert_eq!((answer.text.as_deref(), answer.kept.as_deref()), (Some("hello"), None));
    world.services.keep_whole(&world.operator, &name("echo"), &mut outcome);
    let whole = world.services.whole_answer(&world.operator, &outcome.result.unwrap().kept.unwrap()).unwrap();
    assert_eq!(&whole.bytes[..], b"hello");
    let mut binary = told(&world, "decode=base64", "/wA=").await;
    assert_eq!(binary.result.as_ref().unwrap().base64.as_deref(), Some("/wA="));
    world.services.keep_whole(&world.operator, &name("echo"), &mut binary);
    let whole = world.services.whole_answer(&world.operator, &binary.result.unwrap().kept.unwrap()).unwrap();
    assert_eq!((&whole.bytes[..], whole.file_name.as_str()), (&[0xff, 0][..], "echo-answer.bin"));
    assert!(world.services.whole_answer(&world.operator, "another").is_err());
}

#[tokio::test]
async fn every_failure_says_what_to_do() {
    let world = World::new().await;
    let hint = async |attributes: &str| told(&world, attributes, "no").await.result.unwrap_err().hint;
    for (attributes, word) in [
        ("error=ModelNotReadyException", "in a minute"),
        ("error=InternalFailure", "SageMaker itself failed"),
        ("error=ServiceUnavailable", "no instance"),
        ("error=InternalDependencyException", "KMS"),
        ("status=400", "could not read this input"),
        ("status=413", "fewer rows"),
        ("status=422", "don't fit"),
        ("status=429", "busy"),
        ("status=500", "code failed"),
        ("status=503", "does not answer"),
    ] {
        let hint = hint(attributes).await;
        assert!(hint.contains(word), "{attributes}: {hint}");
    }
    let call = InvokeParams::text(parent(), name("missing"), "text/plain", "x");
    let failure = world.services.invoke(&world.operator, call).await.unwrap().result.unwrap_err();
    assert!(
        failure.hint.contains("account 111111111111 has no endpoint of this name in eu-west-1"),
        "{}",
        failure.hint
    );
    for (endpoint, target_model, inference_component, words) in [
        ("demand-forecast", "", "", "or it is not in service"),
        ("tenant-models", "", "", "name the one that is to answer as target model"),
        ("tenant-models", "nobody.tar.gz", "", "there is no archive of that name"),
        ("echo", "a.tar.gz", "", "leave the target model empty"),
        ("shared-gpu", "", "", "name the one that is to answer"),
        ("shared-gpu", "", "nobody", "no inference component of this name"),
        ("echo", "", "echo-component", "leave the inference component empty"),
    ] {
        let mut call = InvokeParams::text(parent(), name(endpoint), "text/csv", "x");
        call.headers.target_model = target_model.into();
        call.headers.inference_component = inference_component.into();
        let failure = world.services.invoke(&world.operator, call).await.unwrap().result.unwrap_err();
        assert!(failure.hint.contains(words), "{endpoint}: {}", failure.hint);
    }
}
