//! The external ID is changed under callers that go on calling.

use crate::world::{ROLE, World};
use domain::invoke::InvokeOutcome;
use domain::names::{ExternalId, ShareId};
use domain::share::view::{ReviewView, ShareState};
use domain::wizard::{FieldProblem, RoleForm, StepForm};
use serde_json::json;
use services::ServiceError;
use services::ports::gateway::{AssumeRoleParams, GatewayErrorKind};

const OLD: &str = "sagebridge-fixed";
const NEW: &str = "sagebridge-new";

/// Whether the child's administrator, a caller of the share, gets in with this external ID.
async fn gets_in(world: &World, external_id: Option<&str>) -> bool {
    let params = AssumeRoleParams {
        role: format!("arn:aws:iam::111111111111:role/{ROLE}").parse().unwrap(),
        session_name: "caller".parse().unwrap(),
        external_id: external_id.map(|id| ExternalId::parse(id).unwrap()),
        duration: None,
    };
    let sts = &world.gateways.sts;
    match sts.assume_role(&"child".parse().unwrap(), &"eu-west-1".parse().unwrap(), &params).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind, GatewayErrorKind::AccessDenied, "{error}");
            false
        }
    }
}

async fn all(world: &World) -> [bool; 3] {
    [gets_in(world, Some(OLD)).await, gets_in(world, Some(NEW)).await, gets_in(world, None).await]
}

/// Whether the call came as far as the endpoint: what its model makes of the body does not matter.
fn reached(outcome: &InvokeOutcome) -> bool {
    outcome.result.as_ref().map_or_else(|failure| failure.status == Some(424), |_| true)
}

async fn review(world: &World, share: &ShareId, change: &str, to: &str) -> Result<ReviewView, FieldProblem> {
    world.services.rotation(&world.operator, share, Some((change, to))).await.unwrap().review.unwrap()
}

async fn rotate(world: &World, share: &ShareId, change: &str, to: &str) {
    let review = review(world, share, change, to).await.unwrap();
    assert_eq!((review.to_create, review.to_change), (0, 1), "{review:#?}");
    let applied = world.services.rotate(&world.operator, share, (change, to), &review.fingerprint).await.unwrap();
    world.succeeds(&applied.run.unwrap()).await;
}

async fn presented(world: &World, share: &ShareId) -> String {
    world.services.rotation(&world.operator, share, None).await.unwrap().presented.unwrap()
}

#[tokio::test]
async fn callers_with_either_external_id_get_in_during_the_change_and_only_those_with_the_new_one_after_it() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    assert_eq!(all(&world).await, [true, false, false]);
    let offered = world.services.rotation(&world.operator, &share, None).await.unwrap();
    assert!(offered.offered.starts_with("sagebridge-") && offered.offered != OLD && offered.review.is_none());

    rotate(&world, &share, "begin", NEW).await;
    assert_eq!(all(&world).await, [true, true, false]);
    assert_eq!(presented(&world, &share).await, NEW);
    let shown = world.services.share(&world.operator, &share).await.unwrap();
    let rotation = shown.rotation.unwrap();
    assert_eq!((rotation.current.as_str(), rotation.previous.as_str()), (NEW, OLD));
    assert!(world.services.now().since(rotation.since) < 60_000, "{rotation:?}");
    assert!(world.verified(&share).await.passed());
    assert!(world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift.is_clean());

    rotate(&world, &share, "end", "").await;
    assert_eq!(all(&world).await, [false, true, false]);
    let ended = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!((ended.rotation, ended.external_id.as_deref()), (None, Some(NEW)));
    assert!(world.verified(&share).await.passed());

    let consent = domain::share::view::UndoConsent::default();
    let before_undo = world.services.undo_plan(&world.operator, &share, &consent).await.unwrap();
    assert!(!before_undo.steps.is_empty());
    world.undone(&share).await;
    assert!(world.seen().await.contains("no role SageMakerExternal"));
}

#[tokio::test]
async fn a_change_that_is_called_off_leaves_everything_as_it_was() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let before = world.seen().await;
    rotate(&world, &share, "begin", NEW).await;
    rotate(&world, &share, "call_off", "").await;
    assert_eq!(all(&world).await, [true, false, false]);
    assert_eq!(world.seen().await, before);
    assert!(world.verified(&share).await.passed());
}

#[tokio::test]
async fn what_cant_be_done_is_said_at_its_field_and_changes_nothing() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    for (change, to, field, says) in [
        ("begin", "x", "to", "`x`"),
        ("begin", OLD, "to", "is the external ID already"),
        ("end", "", "change", "no change of the external ID is under way"),
        ("call_off", "", "change", "no change of the external ID is under way"),
        ("forget", "", "change", "`forget`"),
    ] {
        let problem = review(&world, &share, change, to).await.unwrap_err();
        assert_eq!(problem.field, field, "{change} {to}");
        assert!(problem.message.contains(says) && problem.hint.is_some(), "{problem:?}");
        let refused = world.services.rotate(&world.operator, &share, (change, to), "").await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
    rotate(&world, &share, "begin", NEW).await;
    let problem = review(&world, &share, "begin", "a-third-one").await.unwrap_err();
    assert!(problem.message.contains("is under way since"), "{problem:?}");
    assert_eq!(all(&world).await, [true, true, false]);
}

#[tokio::test]
async fn a_change_of_something_else_than_was_reviewed_is_refused() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let reviewed = review(&world, &share, "begin", NEW).await.unwrap();
    let iam = &world.gateways.iam;
    iam.update_max_session(&"parent".parse().unwrap(), &ROLE.parse().unwrap(), 7200).await.unwrap();
    let stale = world.services.rotate(&world.operator, &share, ("begin", NEW), &reviewed.fingerprint).await;
    assert!(matches!(stale, Err(ServiceError::Conflict { .. })), "{stale:?}");
    let other = world.services.rotate(&world.operator, &share, ("begin", "another-one"), &reviewed.fingerprint).await;
    assert!(matches!(other, Err(ServiceError::Conflict { .. })), "{other:?}");
    assert_eq!(all(&world).await, [true, false, false]);
    // What was refused has given its lease back.
    rotate_anyway(&world, &share).await;
}

/// The review now shows the session's duration as well.
async fn rotate_anyway(world: &World, share: &ShareId) {
    let fresh = review(world, share, "begin", NEW).await.unwrap();
    let applied = world.services.rotate(&world.operator, share, ("begin", NEW), &fresh.fingerprint).await.unwrap();
    world.succeeds(&applied.run.unwrap()).await;
    assert_eq!(all(world).await, [true, true, false]);
}

#[tokio::test]
async fn an_edit_that_was_opened_before_neither_ends_nor_repeats_a_change() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let share = world.applied(&world.draft(|_| {}).await).await;
    let early = services.edit_share(operator, &share).await.unwrap();

    rotate(&world, &share, "begin", NEW).await;
    let during = services.edit_share(operator, &share).await.unwrap();
    for draft in [&early, &during] {
        let review = services.review(operator, draft).await.unwrap();
        assert_eq!((review.to_create, review.to_change), (0, 0), "{review:#?}");
        assert_eq!(world.apply(draft).await.run, None);
        assert_eq!(all(&world).await, [true, true, false]);
    }
    assert!(services.share(operator, &share).await.unwrap().rotation.is_some());

    // A third one would lock everybody out, and is refused where it is typed.
    let role = services.draft(operator, &during).await.unwrap().draft.role;
    let third = StepForm::Role(RoleForm { external_id: "a-third-one".into(), ..role });
    let problems = services.save_step(operator, &during, third).await.unwrap();
    assert_eq!(problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(), ["external_id"], "{problems:?}");
    assert!(problems[0].message.contains(&format!("from `{OLD}` to `{NEW}`")), "{problems:?}");
    assert!(services.review(operator, &during).await.is_err());

    rotate(&world, &share, "end", "").await;
    let review = services.review(operator, &early).await.unwrap();
    assert_eq!((review.to_create, review.to_change), (0, 0), "{review:#?}");
    let typed = services.draft(operator, &during).await.unwrap().draft.role.external_id;
    assert_eq!(typed, "a-third-one", "what was typed stays");
    assert_eq!(all(&world).await, [false, true, false]);
}

#[tokio::test]
async fn the_console_sends_whichever_external_id_the_role_accepts() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let share = world.applied(&world.draft(|_| {}).await).await;
    rotate(&world, &share, "begin", NEW).await;
    let (parent, role) = ("parent".parse().unwrap(), ROLE.parse().unwrap());
    let trust = world.gateways.iam.role(&parent, &role).await.unwrap().unwrap().trust;
    let mut narrow: serde_json::Value = serde_json::from_str(&trust).unwrap();
    let statement = if narrow["Statement"].is_array() { &mut narrow["Statement"][0] } else { &mut narrow["Statement"] };
    statement["Condition"]["StringEquals"]["sts:ExternalId"] = json!(OLD);
    world.gateways.iam.update_trust(&parent, &role, &narrow.to_string()).await.unwrap();

    assert_eq!(presented(&world, &share).await, OLD);
    assert_eq!(services.question_of_share(operator, &share).await.unwrap().external_id, OLD);
    assert!(world.verified(&share).await.passed());
    let call = || crate::invoke::params(&share, "churn-classifier", "application/json", "{}");
    let invoked = services.invoke(operator, call()).await.unwrap();
    assert!(reached(&invoked), "{invoked:?}");

    // IAM shows the change before STS knows of it: the one that still works is sent then.
    let settings = json!({ "iam_propagation_ms": 60_000, "endpoint_creation_ms": 10, "endpoint_update_ms": 10 });
    world.control("PUT", "/settings", settings).await;
    world.gateways.iam.update_trust(&parent, &role, &trust).await.unwrap();
    assert_eq!(presented(&world, &share).await, NEW);
    let (again, operator) = world.restarted().await;
    let invoked = again.invoke(&operator, call()).await.unwrap();
    assert!(reached(&invoked), "{invoked:?}");
}

#[tokio::test]
async fn a_change_whose_call_was_refused_can_be_retried_or_called_off() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let shown = review(&world, &share, "begin", NEW).await.unwrap();
    world.fault(crate::world::refuse("UpdateAssumeRolePolicy", "111111111111")).await;
    let applied = world.services.rotate(&world.operator, &share, ("begin", NEW), &shown.fingerprint).await.unwrap();
    assert_eq!(world.fails(&applied.run.clone().unwrap()).await, ["parent-role-trust"]);
    let summary = world.services.share(&world.operator, &share).await.unwrap().summary;
    assert_eq!(summary.state, ShareState::Incomplete);
    assert_eq!(all(&world).await, [true, false, false]);

    let run = applied.run.unwrap();
    world.services.retry_run(&world.operator, &run).await.unwrap();
    world.succeeds(&run).await;
    assert_eq!(all(&world).await, [true, true, false]);
    rotate(&world, &share, "call_off", "").await;
    assert_eq!(all(&world).await, [true, false, false]);
}
