//! The proofs, and what makes each of them fail.

use crate::world::{POLICY, ROLE, World};
use domain::share::view::ShareState;
use domain::verification::{ProofState, VerificationView};
use futures::StreamExt as _;
use serde_json::json;

fn states(view: &VerificationView) -> Vec<(&str, ProofState)> {
    view.proofs.iter().map(|p| (p.id.as_str(), p.state)).collect()
}

#[tokio::test]
async fn a_share_of_defaults_passes_every_proof() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let view = world.verified(&share).await;
    assert!(view.passed(), "{view:#?}");
    use ProofState::Passed;
    let all = ["assume-role", "invoke", "no-external-id", "stranger", "other-endpoint"].map(|id| (id, Passed));
    assert_eq!(states(&view), all);
    let shown = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!(shown.summary.state, ShareState::Verified);
    assert_eq!(shown.verification.unwrap(), view);
}

#[tokio::test]
async fn a_role_that_has_not_propagated_is_waited_for() {
    let world = World::new().await;
    let settings = json!({ "iam_propagation_ms": 1500, "endpoint_creation_ms": 10, "endpoint_update_ms": 10 });
    world.control("PUT", "/settings", settings).await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    world.services.verify(&world.operator, &share).await.unwrap();
    let seen = world.services.watch_verification(&world.operator, &share).await.unwrap();
    let all: Vec<VerificationView> = seen.collect().await;
    let waited = all.iter().flat_map(|v| &v.proofs).find(|p| p.state == ProofState::Propagating).unwrap();
    assert!(waited.detail.contains("IAM has not caught up yet") && waited.next_try.is_some(), "{waited:?}");
    assert!(all.last().unwrap().passed(), "{:#?}", all.last());
}

#[tokio::test]
async fn a_trust_policy_that_forgot_the_external_id_is_found_out() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let (parent, role) = ("parent".parse().unwrap(), ROLE.parse().unwrap());
    let trust = world.gateways.iam.role(&parent, &role).await.unwrap().unwrap().trust;
    let mut loose: serde_json::Value = serde_json::from_str(&trust).unwrap();
    let statement = match &mut loose["Statement"] {
        serde_json::Value::Array(all) => &mut all[0],
        one => one,
    };
    statement.as_object_mut().unwrap().remove("Condition");
    world.gateways.iam.update_trust(&parent, &role, &loose.to_string()).await.unwrap();
    let view = world.verified(&share).await;
    let found = view.proofs.iter().find(|p| p.id == "no-external-id").unwrap();
    assert_eq!(
        (found.state, found.detail.as_str()),
        (ProofState::Failed, "the role was assumed without the external ID")
    );
    let shown = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!(shown.summary.state, ShareState::NotWorking);
}

#[tokio::test]
async fn a_trust_policy_that_lets_strangers_in_is_found_out() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let (parent, role) = ("parent".parse().unwrap(), ROLE.parse().unwrap());
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    world.gateways.iam.update_trust(&parent, &role, trust).await.unwrap();
    let view = world.verified(&share).await;
    assert_eq!(view.proofs[3].state, ProofState::Failed, "{view:#?}");
}

#[tokio::test]
async fn a_policy_that_allows_more_endpoints_is_found_out() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let wide = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"*"}]}"#;
    let (parent, policy) = ("parent".parse().unwrap(), POLICY.parse().unwrap());
    world.gateways.iam.create_policy_version(&parent, &policy, wide).await.unwrap();
    let view = world.verified(&share).await;
    let found = view.proofs.iter().find(|p| p.id == "other-endpoint").unwrap();
    assert_eq!(found.state, ProofState::Failed, "{found:?}");
    assert!(found.detail.contains("can be invoked, though it is not shared"), "{found:?}");
}

#[tokio::test]
async fn a_role_that_is_gone_proves_nothing_by_denying() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let iam = &world.gateways.iam;
    let (parent, role) = ("parent".parse().unwrap(), ROLE.parse().unwrap());
    iam.detach_role_policy(&parent, &role, &POLICY.parse().unwrap()).await.unwrap();
    iam.delete_role(&parent, &role).await.unwrap();
    let view = world.verified(&share).await;
    assert_eq!(view.proofs[0].state, ProofState::Failed);
    assert!(view.proofs[1..].iter().all(|p| p.state == ProofState::Skipped), "{view:#?}");
    assert!(view.proofs[0].detail.contains("does not exist"), "{:?}", view.proofs[0]);
}

#[tokio::test]
async fn without_the_console_as_a_caller_the_live_proofs_are_skipped_with_the_reason() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|answers| answers.callers.console = String::new()).await).await;
    let view = world.verified(&share).await;
    use ProofState::{Passed, Skipped};
    let expected = [
        ("assume-role", Skipped),
        ("invoke", Skipped),
        ("no-external-id", Skipped),
        ("stranger", Passed),
        ("other-endpoint", Skipped),
    ];
    assert_eq!(states(&view), expected);
    assert!(view.proofs[0].detail.contains("not among the share's callers"), "{view:#?}");
    let shown = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!(shown.summary.state, ShareState::Applied);
}
