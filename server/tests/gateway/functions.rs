//! Functions made, described, changed, listed and deleted, without running them.

use crate::control::control;
use crate::{World, arn, child, ireland, role_name, world};
use domain::function::{FunctionState, FunctionUpdate};
use domain::names::FunctionName;
use serde_json::json;
use services::archive;
use services::ports::gateway::{GatewayErrorKind, NewFunction, NewRole, Piece, Tags, Variables};

pub const TRUST_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

pub fn name(text: &str) -> FunctionName {
    text.parse().unwrap()
}

pub fn function(called: &str, code: &str) -> NewFunction {
    NewFunction {
        name: name(called),
        description: "Tries a share".into(),
        role: arn("arn:aws:iam::222222222222:role/scoring-lambda"),
        runtime: "python3.13".into(),
        handler: "handler.lambda_handler".into(),
        package: archive::of_one_file("handler.py", code),
        environment: Variables([("MODE".to_owned(), "quiet".to_owned())].into()),
        timeout_seconds: 5,
        memory_mb: 256,
        tags: [("sagebridge:share".to_owned(), "s1".to_owned())].into(),
    }
}

/// How long functions are `Pending` here.
pub async fn activation(world: &World, ms: u64) {
    control(&world.sandbox, "PUT", "/settings", json!({ "function_activation_ms": ms })).await;
}

#[tokio::test]
async fn a_function_is_made_described_changed_listed_and_deleted() {
    let world = world(0).await;
    activation(&world, 0).await;
    let lambda = &world.gateways.lambda;
    let code = "def lambda_handler(event, context): return 1";
    let new = function("tester", code);
    assert_eq!(lambda.function(&child(), &ireland(), &new.name).await.unwrap(), None);
    let made = lambda.create_function(&child(), &ireland(), &new).await.unwrap();
    assert_eq!(made.value.as_str(), "arn:aws:lambda:eu-west-1:222222222222:function:tester");
    assert!(made.request_id.is_some());

    let seen = lambda.function(&child(), &ireland(), &new.name).await.unwrap().unwrap();
    assert_eq!((seen.state, seen.update), (FunctionState::Active, Some(FunctionUpdate::Successful)));
    assert_eq!((&seen.view.arn, &seen.view.role), (&made.value, &new.role));
    assert_eq!((seen.timeout_seconds, seen.memory_mb), (5, 256));
    assert_eq!(seen.code_sha256, archive::sha256(&new.package));
    assert_eq!((seen.environment, seen.tags), (Piece::Read(new.environment.clone()), Piece::Read(new.tags.clone())));
    assert!(seen.view.modified.is_some());

    let other = archive::of_one_file("handler.py", "def lambda_handler(event, context): return 2");
    lambda.update_code(&child(), &ireland(), &new.name, other.clone()).await.unwrap();
    let variables = Variables([("LEVEL".to_owned(), "2".to_owned())].into());
    lambda.update_environment(&child(), &ireland(), &new.name, &variables).await.unwrap();
    let seen = lambda.function(&child(), &ireland(), &new.name).await.unwrap().unwrap();
    assert_eq!((seen.code_sha256, seen.environment), (archive::sha256(&other), Piece::Read(variables)));

    let again = lambda.create_function(&child(), &ireland(), &new).await.unwrap_err();
    assert_eq!((again.kind, again.retryable), (GatewayErrorKind::Conflict, false));
    let page = lambda.functions(&child(), &ireland(), None).await.unwrap();
    assert_eq!((page.items, page.next), (vec![seen.view], None));
    assert!(lambda.functions(&child(), &"us-east-1".parse().unwrap(), None).await.unwrap().items.is_empty());
    lambda.delete_function(&child(), &ireland(), &new.name).await.unwrap();
    assert_eq!(lambda.function(&child(), &ireland(), &new.name).await.unwrap(), None);
}

#[tokio::test]
async fn functions_come_in_pages_without_gaps_or_repeats() {
    let world = world(0).await;
    let lambda = &world.gateways.lambda;
    for number in 0..55 {
        let new = function(&format!("f-{number:02}"), "x = 1");
        lambda.create_function(&child(), &ireland(), &new).await.unwrap();
    }
    let first = lambda.functions(&child(), &ireland(), None).await.unwrap();
    let second = lambda.functions(&child(), &ireland(), first.next.as_deref()).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (50, 5, None));
    let names: Vec<_> = first.items.iter().chain(&second.items).map(|view| view.name.to_string()).collect();
    assert_eq!(names, (0..55).map(|number| format!("f-{number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_settles_by_itself_says_so() {
    let world = world(0).await;
    let lambda = &world.gateways.lambda;
    let trust = crate::TRUST_ACCOUNT;
    let role = NewRole {
        name: role_name("young"),
        trust: trust.into(),
        description: String::new(),
        max_session_seconds: 3600,
        tags: Tags::new(),
    };
    let young = world.gateways.iam.create_role(&child(), &role).await.unwrap().value;
    let new = NewFunction { role: young, ..function("tester", "x = 1") };
    let early = lambda.create_function(&child(), &ireland(), &new).await.unwrap_err();
    assert_eq!((early.kind, early.retryable), (GatewayErrorKind::Invalid, true), "{early}");
    world.gateways.iam.update_trust(&child(), &role.name, TRUST_LAMBDA).await.unwrap();

    activation(&world, 3_600_000).await;
    lambda.create_function(&child(), &ireland(), &new).await.unwrap();
    let seen = lambda.function(&child(), &ireland(), &new.name).await.unwrap().unwrap();
    assert_eq!((seen.state, seen.update), (FunctionState::Pending, None));
    assert!(seen.state_reason.is_some());
    let busy = lambda.update_code(&child(), &ireland(), &new.name, new.package.clone()).await.unwrap_err();
    assert_eq!((busy.kind, busy.retryable), (GatewayErrorKind::Conflict, true), "{busy}");
}
