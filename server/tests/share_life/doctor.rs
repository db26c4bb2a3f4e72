//! Broken handshakes: diagnosed to the right link, repaired, and proven by the very calls that were denied.

use crate::world::{POLICY, ROLE, World, ended, endpoint_arn};
use domain::doctor::{LinkKind, Live, Outcome, Question, QuestionForm, Verdict};
use domain::names::{RoleName, ShareId};
use domain::run::RunState;
use domain::share::drift::FindingKind;
use domain::share::plan::Holder;
use serde_json::{Value, json};

const ADMIN: &str = "arn:aws:iam::222222222222:user/admin";

/// Changes behind the share's back.
async fn break_it(world: &World, how: &str) {
    let (iam, parent, child) = (&world.gateways.iam, "parent".parse().unwrap(), "child".parse().unwrap());
    let role: RoleName = ROLE.parse().unwrap();
    let policy = POLICY.parse().unwrap();
    let deny = |action: &str| {
        let statement = json!({ "Sid": "Never", "Effect": "Deny", "Action": action, "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    let trust = async |change: &dyn Fn(&mut Value)| {
        let text = iam.role(&parent, &role).await.unwrap().unwrap().trust;
        let mut trust: Value = serde_json::from_str(&text).unwrap();
        let statement =
            if trust["Statement"].is_array() { &mut trust["Statement"][0] } else { &mut trust["Statement"] };
        change(statement);
        iam.update_trust(&parent, &role, &trust.to_string()).await.unwrap();
    };
    match how {
        "the policy is detached" => drop(iam.detach_role_policy(&parent, &role, &policy).await.unwrap()),
        "the policy names another region" => {
            let other = endpoint_arn("churn-classifier").replace("eu-west-1", "us-east-1");
            let statement = json!({ "Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": other });
            let document = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
            iam.create_policy_version(&parent, &policy, &document).await.unwrap();
        }
        "the role is denied" => {
            let holder = Holder::Role(role);
            let document = deny("sagemaker:InvokeEndpoint");
            iam.put_inline_policy(&parent, &holder, &"Closed".parse().unwrap(), &document).await.unwrap();
        }
        "the caller is denied" => {
            let holder = Holder::User("admin".parse().unwrap());
            iam.put_inline_policy(&child, &holder, &"Closed".parse().unwrap(), &deny("sts:AssumeRole")).await.unwrap();
        }
        "the trust policy names another" => {
            trust(&|statement| statement["Principal"] = json!({ "AWS": "arn:aws:iam::222222222222:user/analyst" }))
                .await;
        }
        "the trust policy asks for another external ID" => {
            trust(&|statement| statement["Condition"]["StringEquals"]["sts:ExternalId"] = json!("another-one")).await;
        }
        other => unreachable!("{other}"),
    }
}

async fn question(world: &World, share: &ShareId) -> Question {
    let form = world.services.question_of_share(&world.operator, share).await.unwrap();
    QuestionForm { caller: ADMIN.into(), ..form }.parse().unwrap()
}

fn denied(live: &Live) -> bool {
    [&live.assume_role, &live.invoke].into_iter().any(|outcome| matches!(outcome, Outcome::Denied { .. }))
}

#[tokio::test]
async fn each_broken_handshake_is_told_by_its_link_and_works_once_repaired() {
    for (how, link) in [
        ("the policy is detached", LinkKind::RolePermission),
        ("the policy names another region", LinkKind::RolePermission),
        ("the role is denied", LinkKind::RolePermission),
        ("the caller is denied", LinkKind::Permission),
        ("the trust policy names another", LinkKind::Trust),
    ] {
        let world = World::new().await;
        let (services, operator) = (&world.services, &world.operator);
        let share = world.applied(&world.draft(|_| {}).await).await;
        let question = question(&world, &share).await;
        let healthy = services.diagnose(operator, &question, Live::default()).await.unwrap();
        assert_eq!(healthy.diagnosis.verdict, Verdict::Allowed, "{how}: {}", healthy.diagnosis.sentence);

        break_it(&world, how).await;
        let live = services.try_handshake(operator, &question).await.unwrap();
        assert!(denied(&live), "{how}: {live:?}");
        let found = services.diagnose(operator, &question, live.clone()).await.unwrap();
        assert_eq!(found.diagnosis.first_broken, Some(link), "{how}: {}", found.diagnosis.sentence);
        assert_eq!(found.share.as_ref(), Some(&share));
        let run = services.repair(operator, &question, &live, &found.fingerprint).await.unwrap();
        assert_eq!(ended(services, operator, &run).await.state, RunState::Succeeded, "{how}");

        let live = services.try_handshake(operator, &question).await.unwrap();
        let works = services.diagnose(operator, &question, live).await.unwrap();
        assert_eq!(works.diagnosis.verdict, Verdict::Works, "{how}: {}", works.diagnosis.sentence);
    }
}

#[tokio::test]
async fn a_wrong_external_id_is_told_and_repaired_on_either_side() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let question = question(&world, &share).await;
    break_it(&world, "the trust policy asks for another external ID").await;
    let found = world.services.diagnose(&world.operator, &question, Live::default()).await.unwrap();
    assert_eq!(found.diagnosis.first_broken, Some(LinkKind::Trust), "{}", found.diagnosis.sentence);
    let trust = found.diagnosis.link(LinkKind::Trust);
    assert!(!trust.repairs.is_empty(), "{trust:#?}");
}

#[tokio::test]
async fn a_repair_of_something_else_than_was_shown_is_refused() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let question = question(&world, &share).await;
    break_it(&world, "the policy is detached").await;
    let live = Live::default();
    let refused = world.services.repair(&world.operator, &question, &live, "another plan").await.unwrap_err();
    assert_eq!(refused.to_string(), "the accounts have changed since this diagnosis");
}

#[tokio::test]
async fn drift_is_told_and_mended() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let share = world.applied(&world.draft(|_| {}).await).await;
    let before = world.seen().await;
    assert!(services.drift(operator, &share, Vec::new()).await.unwrap().drift.is_clean());

    break_it(&world, "the trust policy names another").await;
    break_it(&world, "the role is denied").await;
    let found = services.drift(operator, &share, Vec::new()).await.unwrap().drift;
    let mut kinds: Vec<FindingKind> = found.findings.iter().map(|finding| finding.kind).collect();
    kinds.sort();
    assert_eq!(kinds, [FindingKind::TrustChanged, FindingKind::ExtraInline]);
    // An inline policy of somebody else goes only when someone says so.
    let keys = found.findings.iter().map(|finding| finding.key()).collect();
    world.mended(&share, keys).await;
    assert!(services.drift(operator, &share, Vec::new()).await.unwrap().drift.is_clean());
    assert_eq!(world.seen().await, before);
}
