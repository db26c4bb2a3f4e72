//! What programs say. That they are right is shown by running them: see `server/tests/share_life`.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::invoke::{BodyEncoding, Through};

fn params() -> InvokeParams {
    let share = Through::parse("s1").unwrap();
    InvokeParams::text(share, "churn-classifier".parse().unwrap(), "text/csv", "5,0,0,268.4,121,74.9,201.3,4,13.2")
}

fn role() -> CodeCredentials {
    CodeCredentials::Role {
        arn: "arn:aws:iam::111111111111:role/SageMakerExternal".parse().unwrap(),
        external_id: Some(ExternalId::parse("sagebridge-fixed").unwrap()),
        session: "sagebridge-code".parse().unwrap(),
    }
}

fn profile() -> CodeCredentials {
    CodeCredentials::Profile(ConnectionId::parse("it's \"$(prod)\"\u{2028}").unwrap())
}

fn rendered(
    params: &InvokeParams,
    way: InvokeAction,
    credentials: &CodeCredentials,
    language: CodeLanguage,
) -> Result<CodeView, CodeRefusal> {
    render(params, way, &"eu-west-1".parse().unwrap(), credentials, language)
}

/// A program with what is said beside it.
fn shown(view: &CodeView) -> String {
    format!("{}\nneeds: {}\nrun: {}\n\n{}", view.file_name, view.needs, view.run, view.text)
}

#[test]
fn a_request_through_a_share_is_a_program_in_each_language() {
    for language in CodeLanguage::ALL {
        let view = rendered(&params(), InvokeAction::Invoke, &role(), language).unwrap();
        insta::assert_snapshot!(format!("share_{}", language.key()), shown(&view));
    }
}

#[test]
fn a_direct_request_names_its_profile_and_no_role() {
    for language in CodeLanguage::ALL {
        let view = rendered(&params(), InvokeAction::Invoke, &profile(), language).unwrap();
        insta::assert_snapshot!(format!("direct_{}", language.key()), shown(&view));
    }
}

#[test]
fn an_answer_is_asked_for_in_the_way_that_was_chosen() {
    for way in [InvokeAction::Stream, InvokeAction::Async] {
        for language in CodeLanguage::ALL {
            match rendered(&params(), way, &role(), language) {
                Ok(view) => {
                    insta::assert_snapshot!(format!("{}_{}", way.key(), language.key()), shown(&view));
                }
                Err(refused) => {
                    assert_eq!((refused, way), (CodeRefusal::NoStreams(language), InvokeAction::Stream));
                    assert!(!language.streams());
                }
            }
        }
    }
}

#[test]
fn every_header_is_in_every_program() {
    let mut params = params();
    params.headers.accept = "application/json".into();
    params.headers.custom_attributes = "trace=a b;it's \"$x\"".into();
    params.headers.target_model = "-m.tar.gz".into();
    params.headers.target_variant = "Champion".into();
    params.headers.target_container = "scorer".into();
    params.headers.inference_component = "component-1".into();
    params.headers.inference_id = "id 1".into();
    params.headers.explanations = "`true`".into();
    params.headers.session = "NEW_SESSION".into();
    for language in CodeLanguage::ALL {
        let view = rendered(&params, InvokeAction::Invoke, &role(), language).unwrap();
        insta::assert_snapshot!(format!("headers_{}", language.key()), view.text);
    }
}

#[test]
fn what_the_aws_cli_would_fetch_is_given_to_it_as_json() {
    let mut params = params();
    params.headers.custom_attributes = "file:///etc/passwd".into();
    let text = rendered(&params, InvokeAction::Invoke, &role(), CodeLanguage::Cli).unwrap().text;
    assert!(text.contains(r#"--cli-input-json '{"CustomAttributes":"file:///etc/passwd"}'"#), "{text}");
    assert!(!text.contains("--custom-attributes"));
    let CodeCredentials::Role { arn, session, .. } = role() else { unreachable!() };
    let id = ExternalId::parse("https://example.com/x").ok();
    let asked = CodeCredentials::Role { arn, session, external_id: id };
    let text = rendered(&params, InvokeAction::Invoke, &asked, CodeLanguage::Curl).unwrap().text;
    assert!(text.contains(r#"--cli-input-json '{"ExternalId":"https://example.com/x"}'"#), "{text}");
}

#[test]
fn a_body_that_a_program_can_not_hold_comes_from_a_file() {
    let bytes =
        |count: usize| InvokeParams { body: "AAAA".repeat(count / 3), encoding: BodyEncoding::Base64, ..params() };
    let long = InvokeParams { body: "1,2\n".repeat(100_000), ..params() };
    for language in CodeLanguage::ALL {
        let program = |params: &InvokeParams| rendered(params, InvokeAction::Invoke, &role(), language).unwrap();
        let small = program(&bytes(3000));
        assert_eq!(small.body_file, None);
        assert!(small.text.contains(&"AAAA".repeat(1000)));
        for (params, file) in [(bytes(6000), "request-body.csv"), (long.clone(), "request-body.csv")] {
            let view = program(&params);
            assert_eq!(view.body_file.as_deref(), Some(file));
            assert!(view.text.contains(file) && view.run.contains(file) && view.text.len() < 8000);
        }
    }
}

#[test]
fn a_request_that_can_only_be_refused_has_no_program() {
    let no_type = InvokeParams { headers: Default::default(), ..params() };
    let broken = InvokeParams { body: "'); evil(".into(), encoding: BodyEncoding::Base64, ..params() };
    let large = InvokeParams { body: "x".repeat(limits::ASYNC_INLINE_BYTES + 1), ..params() };
    for (params, way, field) in [
        (&no_type, InvokeAction::Invoke, "content_type"),
        (&broken, InvokeAction::Invoke, "body"),
        (&large, InvokeAction::Async, "body"),
    ] {
        for language in CodeLanguage::ALL {
            assert_eq!(rendered(params, way, &role(), language).unwrap_err().field(), field);
        }
    }
}

#[test]
fn a_program_is_printable_ascii_whatever_is_in_the_request() {
    let mut params = params();
    params.body = "é\u{202e}\u{2028}\u{feff}\0\u{7f}\u{1b}[2J\r\n🌉".into();
    for credentials in [role(), profile()] {
        for language in CodeLanguage::ALL {
            let text = rendered(&params, InvokeAction::Invoke, &credentials, language).unwrap().text;
            assert!(text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')), "{text}");
        }
    }
}

/// Two programs that are compiled as examples of aws-gateway and run by the tests of the server: their text is kept as it
/// is.
#[test]
fn programs_in_rust_are_kept_as_they_are_compiled() {
    let share = Through::parse("s1").unwrap();
    let body = "{\"it's\": \"so\",\n\"quotes\": \"\\\"'''\\\"\", \"shell\": \"$(id) `id` ${HOME}\",\r\n\t\"more\": \"\0é語🌉\u{202e}\u{2028} {} {{x}}\"}\n";
    let mut whole = InvokeParams::text(share.clone(), "echo".parse().unwrap(), "application/json", body);
    whole.headers.custom_attributes = "trace=\"a\\b\"".into();
    whole.headers.inference_id = "id-1".into();
    let mut pieces = InvokeParams::text(share, "echo".parse().unwrap(), "application/octet-stream", "AAH/iVBORw0KGgo=");
    pieces.encoding = BodyEncoding::Base64;
    pieces.headers.custom_attributes = "parts=3".into();
    let text = |params, way| rendered(params, way, &role(), CodeLanguage::Rust).unwrap().text.into_bytes();
    insta::assert_binary_snapshot!("copied_invoke.rs", text(&whole, InvokeAction::Invoke));
    insta::assert_binary_snapshot!("copied_stream.rs", text(&pieces, InvokeAction::Stream));
}
