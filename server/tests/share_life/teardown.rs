//! Undo with a dry run: what others built on a share is in the way, cleared with consent and left alone without.

use crate::functions::{allow, child, everything, made, make, planned, shared};
use crate::world::{CHILD, GRANT, LAMBDA, PARENT, POLICY, ROLE, World, canonical};
use domain::names::{ConnectionId, RoleName, ShareId};
use domain::share::Side;
use domain::share::function::FunctionForm;
use domain::share::plan::{Holder, Outcome};
use domain::share::view::{ShareState, UndoConsent, UndoView};
use serde_json::{Value, json};
use services::ServiceError;

const READ: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

fn parent() -> ConnectionId {
    "parent".parse().unwrap()
}

fn role() -> RoleName {
    ROLE.parse().unwrap()
}

async fn shown(world: &World, share: &ShareId, keys: &[String]) -> UndoView {
    let consent = UndoConsent { keys: keys.iter().cloned().collect(), shown: None };
    world.services.undo_plan(&world.operator, share, &consent).await.unwrap()
}

fn keys(view: &UndoView) -> Vec<String> {
    view.blockers.iter().map(|blocker| blocker.key.clone()).collect()
}

async fn tear_down(world: &World, share: &ShareId, keys: &[String]) -> Result<(), ServiceError> {
    let view = shown(world, share, keys).await;
    let consent = UndoConsent { keys: keys.iter().cloned().collect(), shown: Some(view.fingerprint) };
    let undone = world.services.undo(&world.operator, share, &consent).await?;
    world.succeeds(&undone.run.unwrap()).await;
    Ok(())
}

/// Builds on the share behind its back; gives how to take away what is not gone with it.
async fn build(world: &World, how: &str) {
    let iam = &world.gateways.iam;
    let (policy, grant) = (POLICY.parse().unwrap(), GRANT.parse().unwrap());
    match how {
        "a policy on the role" => {
            let other = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole".parse().unwrap();
            drop(iam.attach_role_policy(&parent(), &role(), &other).await.unwrap());
        }
        "an inline policy on the role" => {
            let holder = Holder::Role(role());
            drop(iam.put_inline_policy(&parent(), &holder, &"Extra".parse().unwrap(), READ).await.unwrap());
        }
        "another version of the policy" => drop(iam.create_policy_version(&parent(), &policy, READ).await.unwrap()),
        "another holder of the child's policy" => {
            drop(iam.attach_user_policy(&child(), &"analyst".parse().unwrap(), &grant).await.unwrap());
        }
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn what_others_built_is_refused_without_consent_and_cleared_with_it() {
    for (how, key) in [
        ("a policy on the role", "policy:"),
        ("an inline policy on the role", "inline:"),
        ("another holder of the child's policy", "holder:"),
        ("another version of the policy", "version:"),
    ] {
        let world = World::new().await;
        let before = world.seen().await;
        let share = world.applied(&world.draft(|_| {}).await).await;
        build(&world, how).await;
        if how == "another version of the policy" {
            // The share's own version in force again: the stranger's is left over.
            let policy = POLICY.parse().unwrap();
            world.gateways.iam.set_default_policy_version(&parent(), &policy, "v1").await.unwrap();
        }
        let view = shown(&world, &share, &[]).await;
        assert!(keys(&view)[0].starts_with(key), "{how}: {:?}", view.blockers);
        assert!(view.steps.iter().any(|step| matches!(step.outcome, Outcome::Blocked { .. })), "{how}");
        let standing = world.seen().await;
        let refused = tear_down(&world, &share, &[]).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Conflict { .. }), "{how}: {refused}");
        assert_eq!(world.seen().await, standing, "{how}: nothing was touched");

        let agreed = keys(&view);
        let cleared = shown(&world, &share, &agreed).await;
        assert!(cleared.refused.is_none() && cleared.blockers.iter().all(|blocker| blocker.cleared), "{how}");
        tear_down(&world, &share, &agreed).await.unwrap();
        assert_eq!(world.seen().await, before, "{how}");
    }
}

#[tokio::test]
async fn consent_to_one_thing_is_no_consent_to_another() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    build(&world, "a policy on the role").await;
    build(&world, "an inline policy on the role").await;
    let view = shown(&world, &share, &[]).await;
    let one: Vec<String> = keys(&view).into_iter().filter(|key| key.starts_with("inline:")).collect();
    let half = shown(&world, &share, &one).await;
    assert_eq!(half.blockers.iter().filter(|blocker| blocker.cleared).count(), 1);
    assert!(tear_down(&world, &share, &one).await.is_err());
}

#[tokio::test]
async fn a_plan_that_has_become_another_is_shown_again() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let view = shown(&world, &share, &[]).await;
    assert!(view.refused.is_none());
    let lambda: domain::arn::CallerArn = domain::arn::CallerArn::parse(LAMBDA).unwrap();
    let name: RoleName = lambda.name().parse().unwrap();
    world.gateways.iam.detach_role_policy(&child(), &name, &GRANT.parse().unwrap()).await.unwrap();
    let consent = UndoConsent { shown: Some(view.fingerprint), ..UndoConsent::default() };
    let refused = world.services.undo(&world.operator, &share, &consent).await.unwrap_err();
    assert!(refused.to_string().contains("has changed since it was shown"), "{refused}");
    tear_down(&world, &share, &[]).await.unwrap();
}

#[tokio::test]
async fn an_account_that_cant_be_read_is_told_and_nothing_is_half_forgotten() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let denied = json!({ "kind": "error", "status": 403, "code": "AccessDenied", "message": "no" });
    world.fault(json!({ "service": "iam", "operation": "GetPolicy", "account": CHILD, "effect": denied })).await;
    let view = shown(&world, &share, &[]).await;
    assert_eq!(view.unknown.iter().map(|unknown| unknown.side).collect::<Vec<_>>(), [Side::Child]);
    assert!(view.steps.iter().all(|step| step.account.as_str() == PARENT), "the other side is shown all the same");
    assert!(tear_down(&world, &share, &[]).await.is_err());
    world.control("DELETE", "/faults", Value::Null).await;
    tear_down(&world, &share, &[]).await.unwrap();
}

#[tokio::test]
async fn what_a_repair_did_goes_with_the_share() {
    let world = World::new().await;
    let before = world.seen().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let iam = &world.gateways.iam;
    iam.detach_role_policy(&parent(), &role(), &POLICY.parse().unwrap()).await.unwrap();
    let form = world.services.question_of_share(&world.operator, &share).await.unwrap();
    let question = form.parse().unwrap();
    let live = domain::doctor::Live::default();
    let found = world.services.diagnose(&world.operator, &question, live.clone()).await.unwrap();
    let run = world.services.repair(&world.operator, &question, &live, &found.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    assert_eq!(shown(&world, &share, &[]).await.blockers, []);
    tear_down(&world, &share, &[]).await.unwrap();
    assert_eq!(world.seen().await, before);
}

const GUARD: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}"#;

fn caller() -> RoleName {
    domain::arn::CallerArn::parse(LAMBDA).unwrap().name().parse().unwrap()
}

async fn guard(world: &World) -> Option<String> {
    let (holder, name) = (Holder::Role(caller()), "Guard".parse().unwrap());
    let text = world.gateways.iam.inline_policy(&child(), &holder, &name).await.unwrap();
    text.map(|text| canonical(&text))
}

/// A share whose caller had a policy that denied it, which a repair rewrote.
async fn repaired_guard(world: &World) -> ShareId {
    let (holder, name) = (Holder::Role(caller()), "Guard".parse().unwrap());
    world.gateways.iam.put_inline_policy(&child(), &holder, &name, GUARD).await.unwrap();
    let share = world.applied(&world.draft(|_| {}).await).await;
    let form = world.services.question_of_share(&world.operator, &share).await.unwrap();
    let question = domain::doctor::QuestionForm { caller: LAMBDA.into(), ..form }.parse().unwrap();
    let live = domain::doctor::Live::default();
    let found = world.services.diagnose(&world.operator, &question, live.clone()).await.unwrap();
    let run = world.services.repair(&world.operator, &question, &live, &found.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    assert_ne!(guard(world).await, Some(canonical(GUARD)));
    share
}

#[tokio::test]
async fn what_others_added_to_a_repaired_policy_is_lost_only_with_consent() {
    for agreed in [false, true] {
        let world = World::new().await;
        let before = world.seen().await;
        let share = repaired_guard(&world).await;
        assert_eq!(shown(&world, &share, &[]).await.blockers, []);
        let (holder, name) = (Holder::Role(caller()), "Guard".parse().unwrap());
        world.gateways.iam.put_inline_policy(&child(), &holder, &name, READ).await.unwrap();

        let view = shown(&world, &share, &[]).await;
        assert!(keys(&view)[0].starts_with("changed:"), "{:?}", view.blockers);
        assert!(view.stays.iter().any(|text| text.contains("`Guard`")), "{:?}", view.stays);
        assert!(!view.steps.iter().any(|step| step.title.contains("Guard")), "{:?}", view.steps);
        let consent = if agreed { keys(&view) } else { Vec::new() };
        tear_down(&world, &share, &consent).await.unwrap();
        assert_eq!(world.seen().await, before, "{agreed}");
        assert_eq!(guard(&world).await, Some(canonical(if agreed { GUARD } else { READ })));
    }
}

#[tokio::test]
async fn a_repaired_role_that_was_deleted_since_keeps_no_share_from_being_undone() {
    let world = World::new().await;
    let share = repaired_guard(&world).await;
    let (holder, name) = (Holder::Role(caller()), "Guard".parse().unwrap());
    world.gateways.iam.delete_inline_policy(&child(), &holder, &name).await.unwrap();
    crate::drift::drop_caller(&*world.gateways.iam).await;
    let view = shown(&world, &share, &[]).await;
    assert_eq!((view.blockers.len(), view.refused), (0, None));
    tear_down(&world, &share, &[]).await.unwrap();
    let state = world.services.share(&world.operator, &share).await.unwrap().summary.state;
    assert_eq!(state, ShareState::Undone);
}

#[tokio::test]
async fn what_a_repair_changed_and_cant_be_read_now_is_not_forgotten() {
    let world = World::new().await;
    let share = repaired_guard(&world).await;
    let denied = json!({ "kind": "error", "status": 403, "code": "AccessDenied", "message": "no" });
    world.fault(json!({ "service": "iam", "operation": "GetRolePolicy", "account": CHILD, "effect": denied })).await;
    let view = shown(&world, &share, &[]).await;
    assert!(view.refused.is_some_and(|why| why.contains("can't be read")), "{:?}", view.unknown);
    world.no_faults().await;
    tear_down(&world, &share, &[]).await.unwrap();
    assert_eq!(guard(&world).await, Some(canonical(GUARD)));
}

#[tokio::test]
async fn a_share_that_lost_its_tags_is_not_said_to_be_gone() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let (iam, tag) = (&world.gateways.iam, ["sagebridge:share".to_owned()]);
    iam.untag_role(&parent(), &role(), &tag).await.unwrap();
    iam.untag_policy(&parent(), &POLICY.parse().unwrap(), &tag).await.unwrap();
    iam.untag_policy(&child(), &GRANT.parse().unwrap(), &tag).await.unwrap();
    let view = shown(&world, &share, &[]).await;
    assert_eq!((view.steps.len(), view.stays.len(), view.untagged.len()), (0, 3, 3));
    let said: String = view.sentence.iter().map(|span| span.text.as_str()).collect();
    assert!(said.contains("still has") && said.contains(ROLE) && !said.contains("Nothing"), "{said}");
    let refused = world.services.undo(&world.operator, &share, &UndoConsent::default()).await.unwrap_err();
    assert!(refused.to_string().contains("no tag says"), "{refused}");

    // The tags back, and everything can be taken back.
    let found = world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift;
    let keys = found.findings.iter().map(|finding| finding.key()).collect();
    world.mended(&share, keys).await;
    tear_down(&world, &share, &[]).await.unwrap();
}

#[tokio::test]
async fn a_functions_role_that_was_there_before_is_not_said_to_stay_a_caller_of_an_undone_share() {
    let (world, share, _) = shared().await;
    let form = FunctionForm { role: "existing".into(), role_arn: LAMBDA.into(), ..FunctionForm::default() };
    let planned = planned(&world, &share, form).await;
    let run = world.services.make_function(&world.operator, &share, planned.form, &planned.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    let alone = made(&world, &share).await.removal.unwrap().stays;
    assert!(alone[0].contains("stays a caller of the share"), "{alone:?}");
    let stays = shown(&world, &share, &[]).await.stays;
    assert_eq!(stays[0], "Role `scoring-lambda` was there before the function and stays.");
}

#[tokio::test]
async fn a_console_that_may_not_look_for_functions_says_so_and_undoes_the_rest() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let denied = json!({ "kind": "error", "status": 403, "code": "AccessDeniedException", "message": "no" });
    world.fault(json!({ "service": "lambda", "operation": "GetFunction", "account": CHILD, "effect": denied })).await;
    let view = shown(&world, &share, &[]).await;
    assert!(view.unknown[0].reason.contains("test function"), "{:?}", view.unknown);
    tear_down(&world, &share, &[]).await.unwrap();
}

#[tokio::test]
async fn a_test_function_goes_with_its_share() {
    for allowed in [false, true] {
        let (world, share, _) = shared().await;
        let nothing = {
            tear_down(&world, &share, &[]).await.unwrap();
            everything(&world, &share).await
        };
        let share = world.applied(&world.draft(|_| {}).await).await;
        world.succeeds(&make(&world, &share).await).await;
        if allowed {
            world.succeeds(&allow(&world, &share).await).await;
        }
        let view = shown(&world, &share, &[]).await;
        assert_eq!((view.refused.as_deref(), view.blockers.len()), (None, 0), "{allowed}");
        assert!(view.steps.iter().any(|step| step.title.starts_with("Delete function")));
        assert!(view.stays.iter().any(|text| text.contains("CloudWatch Logs")), "{:?}", view.stays);
        tear_down(&world, &share, &[]).await.unwrap();
        assert_eq!(everything(&world, &share).await, nothing, "{allowed}");
        let state = world.services.share(&world.operator, &share).await.unwrap().summary.state;
        assert_eq!(state, ShareState::Undone);
    }
}

#[tokio::test]
async fn a_test_functions_role_goes_with_what_a_repair_put_into_it() {
    let (world, share, _) = shared().await;
    world.succeeds(&make(&world, &share).await).await;
    let role = made(&world, &share).await.role;
    let form = world.services.question_of_share(&world.operator, &share).await.unwrap();
    let question = domain::doctor::QuestionForm { caller: role, ..form }.parse().unwrap();
    let live = domain::doctor::Live::default();
    let found = world.services.diagnose(&world.operator, &question, live.clone()).await.unwrap();
    let run = world.services.repair(&world.operator, &question, &live, &found.fingerprint).await.unwrap();
    world.succeeds(&run).await;
    tear_down(&world, &share, &[]).await.unwrap();
    let left = everything(&world, &share).await;
    assert!(left.ends_with("None\nNone"), "{left}");
}
