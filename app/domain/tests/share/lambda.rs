//! The function that tries a share: its handler, its execution role's documents, its names.

use crate::intent;
use domain::endpoint::Sample;
use domain::handoff::ShareOffer;
use domain::names::{EndpointName, ShareId};
use domain::policy::{PolicyDocument, validate_identity, validate_trust};
use domain::share::intent::ShareIntent;
use domain::share::render::lambda;

fn endpoint() -> EndpointName {
    "Churn-Classifier".parse().unwrap()
}

#[test]
fn the_handler_is_written_for_its_share() {
    let sample = Sample { content_type: "text/csv".into(), body: "5,0,0,268.4,121".into(), target_model: None };
    insta::assert_snapshot!(lambda::handler(&ShareOffer::of(&intent(), &[]), &endpoint(), Some(&sample)));
}

#[test]
fn without_an_external_id_and_a_sample_the_handler_sends_neither() {
    let offer = ShareOffer::of(&ShareIntent { external_id: None, ..intent() }, &[]);
    let text = lambda::handler(&offer, &endpoint(), None);
    for line in ["    \"SAGEBRIDGE_EXTERNAL_ID\": \"\",", "CONTENT_TYPE = \"application/json\"", "BODY = \"{}\""] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("values>"), "the marks are gone");
}

#[test]
fn the_environment_holds_what_the_handler_was_made_with() {
    let environment = lambda::environment(&ShareOffer::of(&intent(), &[]), &endpoint());
    let text = lambda::handler(&ShareOffer::of(&intent(), &[]), &endpoint(), None);
    assert_eq!(environment.len(), 4);
    for (name, value) in environment {
        assert!(text.contains(&format!("    \"{name}\": \"{value}\",\n")), "{name}");
    }
}

#[test]
fn the_handlers_file_and_function_are_what_lambda_is_told() {
    let (file, function) = lambda::HANDLER.split_once('.').unwrap();
    assert_eq!(lambda::FILE_NAME, format!("{file}.py"));
    let text = lambda::handler(&ShareOffer::of(&intent(), &[]), &endpoint(), None);
    assert!(text.contains(&format!("\ndef {function}(event, context):\n")));
}

#[test]
fn the_execution_role_may_write_its_own_log_and_nothing_else() {
    let function = lambda::function_name(&intent().id);
    let logs = lambda::logs_policy(&"cn-north-1".parse().unwrap(), &intent().child, &function);
    validate_identity(&PolicyDocument::parse(&logs).unwrap()).unwrap();
    validate_trust(&PolicyDocument::parse(&lambda::execution_trust()).unwrap()).unwrap();
    insta::assert_snapshot!(format!("{}\n{logs}", lambda::execution_trust()));
}

#[test]
fn names_are_the_same_for_the_same_share_and_fit_for_every_share() {
    let names = |id: &str| {
        let id: ShareId = id.parse().unwrap();
        (lambda::function_name(&id).to_string(), lambda::execution_role_name(&id).to_string())
    };
    let uuid = "3f2b8a1e-6f0d-4a55-9d1c-0b7e5d2c9a11";
    assert_eq!(names(uuid), (format!("sagebridge-test-{uuid}"), format!("sagebridge-test-role-{uuid}")));
    let (a, b) = ("x".repeat(63) + "a", "x".repeat(63) + "b");
    assert_eq!(names(&a), names(&a));
    assert_ne!(names(&a).0, names(&b).0);
    assert_ne!(names(&a).1, names(&b).1);
    assert_eq!((names(&a).0.len(), names(&a).1.len()), (64, 64));
    assert_eq!(lambda::logs_policy_name().as_str(), lambda::LOGS_POLICY);
    assert_eq!(lambda::log_group(&"f".parse().unwrap()), "/aws/lambda/f");
}
