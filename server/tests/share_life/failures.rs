//! A failure at each step, and what comes after.

use crate::world::{CHILD, PARENT, World, refuse};
use domain::run::StepState;
use domain::share::view::UndoConsent;
use serde_json::json;

/// Every call that applying makes, by account, with the step it belongs to.
const APPLY: [(&str, &str, &str); 5] = [
    ("CreatePolicy", PARENT, "parent-policy"),
    ("CreateRole", PARENT, "parent-role"),
    ("AttachRolePolicy", PARENT, "parent-attach"),
    ("CreatePolicy", CHILD, "child-grant"),
    ("AttachRolePolicy", CHILD, "child-attach-role-scoring-lambda"),
];

/// Every call that undoing makes.
const UNDO: [(&str, &str); 5] = [
    ("DetachRolePolicy", PARENT),
    ("DeleteRole", PARENT),
    ("DeletePolicy", PARENT),
    ("DetachRolePolicy", CHILD),
    ("DeletePolicy", CHILD),
];

/// What a whole apply leaves, in words.
async fn expected(world: &World) -> String {
    let draft = world.draft(|_| {}).await;
    let share = world.applied(&draft).await;
    let made = world.seen().await.replace(share.as_str(), "SHARE");
    world.undone(&share).await;
    made
}

#[tokio::test]
async fn a_failure_at_any_step_is_told_and_a_retry_ends_the_same() {
    let world = World::new().await;
    let before = world.seen().await;
    let expected = expected(&world).await;
    for (operation, account, step) in APPLY {
        world.fault(refuse(operation, account)).await;
        let applied = world.apply(&world.draft(|_| {}).await).await;
        let run = applied.run.unwrap();
        assert_eq!(world.fails(&run).await, [step]);
        let view = world.services.run(&world.operator, &run).await.unwrap();
        let error = view.steps.iter().find_map(|s| s.error.clone()).unwrap();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("LimitExceeded", "injected"));
        assert!(error.request_id.is_some(), "{step}");
        world.services.retry_run(&world.operator, &run).await.unwrap();
        world.succeeds(&run).await;
        assert_eq!(world.seen().await.replace(applied.share.as_str(), "SHARE"), expected, "{step}");
        world.undone(&applied.share).await;
        assert_eq!(world.seen().await, before, "{step}");
    }
}

#[tokio::test]
async fn a_run_that_failed_at_any_step_can_be_undone_as_it_is() {
    let world = World::new().await;
    let before = world.seen().await;
    for (operation, account, step) in APPLY {
        world.fault(refuse(operation, account)).await;
        let applied = world.apply(&world.draft(|_| {}).await).await;
        world.fails(&applied.run.unwrap()).await;
        let undone = world.services.undo(&world.operator, &applied.share, &UndoConsent::default()).await.unwrap();
        world.succeeds(&undone.run.unwrap()).await;
        assert_eq!(world.seen().await, before, "{step}");
    }
}

#[tokio::test]
async fn an_undo_that_failed_at_any_step_is_finished_by_a_retry_or_by_another_undo() {
    let world = World::new().await;
    let before = world.seen().await;
    for (operation, account) in UNDO {
        for retry in [true, false] {
            let share = world.applied(&world.draft(|_| {}).await).await;
            world.fault(refuse(operation, account)).await;
            let run = world.services.undo(&world.operator, &share, &UndoConsent::default()).await.unwrap().run.unwrap();
            world.fails(&run).await;
            if retry {
                world.services.retry_run(&world.operator, &run).await.unwrap();
                world.succeeds(&run).await;
            } else {
                world.undone(&share).await;
            }
            assert_eq!(world.seen().await, before, "{operation} {account} {retry}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_gets_lost_at_any_step_doubles_nothing() {
    let world = World::new().await;
    let before = world.seen().await;
    let expected = expected(&world).await;
    for (operation, account, step) in APPLY {
        // More often than the SDK tries by itself, so that the run has to find out.
        let lost = json!({ "kind": "lose_reply" });
        world
            .fault(json!({ "service": "iam", "operation": operation, "account": account, "times": 3, "effect": lost }))
            .await;
        let applied = world.apply(&world.draft(|_| {}).await).await;
        world.succeeds(&applied.run.unwrap()).await;
        world.no_faults().await;
        assert_eq!(world.seen().await.replace(applied.share.as_str(), "SHARE"), expected, "{step}");
        world.undone(&applied.share).await;
        assert_eq!(world.seen().await, before, "{step}");
    }
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let world = World::new().await;
    world
        .fault(json!({ "service": "iam", "operation": "CreateRole", "times": 5, "effect": { "kind": "throttle" } }))
        .await;
    let applied = world.apply(&world.draft(|_| {}).await).await;
    let run = applied.run.unwrap();
    world.succeeds(&run).await;
    let view = world.services.run(&world.operator, &run).await.unwrap();
    let role = view.steps.iter().find(|s| s.id == "parent-role").unwrap();
    assert!(role.attempts > 1, "{role:?}");
}

#[tokio::test]
async fn steps_that_do_not_wait_for_the_failed_one_are_done() {
    let world = World::new().await;
    world.fault(refuse("CreateRole", PARENT)).await;
    let applied = world.apply(&world.draft(|_| {}).await).await;
    let run = applied.run.unwrap();
    world.fails(&run).await;
    let view = world.services.run(&world.operator, &run).await.unwrap();
    let state = |id: &str| view.steps.iter().find(|s| s.id == id).unwrap().state;
    assert_eq!(state("child-attach-role-scoring-lambda"), StepState::Done);
    assert_eq!(state("parent-attach"), StepState::Pending);
}
