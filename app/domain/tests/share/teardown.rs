//! Tear-down: what would happen, what is in the way, and that nothing of others' goes without consent.

use crate::model::{Model, Policy, Role};
use crate::{PARENT, caller, endpoint, intent};
use domain::arn::CallerArn;
use domain::share::Side;
use domain::share::intent::{EndpointScope, ShareIntent};
use domain::share::plan::{Clearing, DryRun, Outcome, PastRun, dry_run, plan};
use proptest::prelude::*;
use std::collections::BTreeSet;

const OTHER: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

fn applied() -> (Model, [PastRun; 1]) {
    let mut model = Model::default();
    let run = model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    (model, [run])
}

fn tried(model: &Model, runs: &[PastRun], consent: &[&str]) -> DryRun {
    let consent = consent.iter().map(|key| (*key).to_owned()).collect();
    dry_run(&intent(), runs, &model.inventory(&intent()), &consent)
}

fn told(dry: &DryRun) -> String {
    let steps = dry.steps.iter().map(|s| format!("{} · {:?}", s.title, s.outcome));
    let blockers = dry
        .blockers
        .iter()
        .map(|b| format!("! {} [{:?}, cleared: {}] {} {}", b.key, b.clearing, b.cleared, b.sentence, b.hint));
    steps.chain(blockers).collect::<Vec<_>>().join("\n")
}

fn all_keys(dry: &DryRun) -> BTreeSet<String> {
    dry.blockers.iter().map(|b| b.key.clone()).collect()
}

fn own_role() -> CallerArn {
    CallerArn::parse(intent().role_arn().as_str()).unwrap()
}

#[test]
fn a_share_nobody_built_on_goes_without_a_question() {
    let (mut model, runs) = applied();
    let dry = tried(&model, &runs, &[]);
    assert!(dry.ready() && dry.blockers.is_empty() && dry.stays.is_empty() && dry.unknown.is_empty());
    model.execute(&dry.plan);
    assert_eq!((model.roles.len(), model.policies.len()), (0, 0));
}

/// A policy and an inline policy on the role, a version, and holders of both policies: all by others.
fn built_upon() -> (Model, [PastRun; 1]) {
    let (mut model, runs) = applied();
    model.attached.insert((own_role(), "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess".into()));
    model.roles.get_mut("SageMakerExternal").unwrap().inline.insert("logs".parse().unwrap(), OTHER.into());
    let policy = model.policies.get_mut(intent().policy_arn().as_str()).unwrap();
    policy.change(OTHER);
    policy.change(OTHER);
    let analytics = CallerArn::parse(&format!("arn:aws:iam::{PARENT}:role/analytics")).unwrap();
    model.attached.insert((analytics, intent().policy_arn().to_string()));
    model.attached.insert((caller("user/by-hand"), intent().grant_arn().to_string()));
    (model, runs)
}

#[test]
fn what_others_built_on_a_share_is_in_the_way_until_the_person_consents() {
    let (mut model, runs) = built_upon();
    let refused = tried(&model, &runs, &[]);
    assert!(!refused.ready());
    insta::assert_snapshot!(told(&refused));
    let inventory = model.inventory(&intent());
    let cleared = dry_run(&intent(), &runs, &inventory, &all_keys(&refused));
    assert!(cleared.ready() && cleared.blockers.iter().all(|b| b.cleared), "{}", told(&cleared));
    model.execute(&cleared.plan);
    assert_eq!((model.roles.len(), model.policies.len(), model.attached.len()), (0, 0, 0));
}

#[test]
fn consent_to_one_thing_clears_that_thing() {
    let (model, runs) = built_upon();
    let dry = tried(&model, &runs, &["inline:SageMakerExternal:logs", "inline:SageMakerExternal:long-gone"]);
    let cleared: Vec<_> = dry.blockers.iter().filter(|b| b.cleared).map(|b| b.key.as_str()).collect();
    assert_eq!(cleared, ["inline:SageMakerExternal:logs"]);
    assert!(dry.plan.steps.iter().any(|s| s.title == "Delete policy logs of role SageMakerExternal"));
    assert!(!dry.plan.steps.iter().any(|s| s.title.contains("CloudWatch") || s.title.contains("by-hand")));
}

#[test]
fn a_group_has_to_be_taken_off_by_hand() {
    let (mut model, runs) = applied();
    model.policies.get_mut(intent().grant_arn().as_str()).unwrap().groups.push("data".into());
    let dry = tried(&model, &runs, &[]);
    let again = dry_run(&intent(), &runs, &model.inventory(&intent()), &all_keys(&dry));
    assert_eq!(again.blockers[0].clearing, Clearing::ByHand);
    assert!(!again.blockers[0].cleared && !again.ready());
    let refused = again.steps.iter().find(|s| s.outcome != Outcome::Works).unwrap();
    let reason =
        "IAM deletes no policy that is attached: `AllowAssumeSagemakerExternalRole` is attached to `group/data`.";
    assert_eq!(refused.outcome, Outcome::Blocked { reason: reason.into() });
}

#[test]
fn a_policy_that_bounds_somebody_waits_until_they_have_another_boundary() {
    let (model, runs) = applied();
    let mut inventory = model.inventory(&intent());
    let grant = inventory.child.as_mut().unwrap().policy.as_mut().unwrap();
    grant.bounding.push("user/analyst".into());
    let dry = dry_run(&intent(), &runs, &inventory, &BTreeSet::new());
    let again = dry_run(&intent(), &runs, &inventory, &all_keys(&dry));
    assert_eq!((again.blockers.len(), again.blockers[0].clearing), (1, Clearing::ByHand));
    assert!(again.blockers[0].sentence.contains("is the permissions boundary of user `analyst`"));
    let refused = again.steps.iter().find(|s| s.outcome != Outcome::Works).unwrap();
    let reason =
        "IAM deletes no policy that is a boundary: `AllowAssumeSagemakerExternalRole` is that of `user/analyst`.";
    assert_eq!(refused.outcome, Outcome::Blocked { reason: reason.into() });
}

#[test]
fn versions_of_the_shares_own_runs_need_no_consent() {
    let (mut model, first) = applied();
    let wider = ShareIntent { endpoints: EndpointScope::All, ..intent() };
    let second = model.execute(&plan(&wider, &model.inventory(&wider)).plan);
    let [first] = first;
    let dry = dry_run(&wider, &[first, second], &model.inventory(&wider), &BTreeSet::new());
    assert!(dry.ready() && dry.blockers.is_empty());
}

#[test]
fn a_trust_policy_of_before_that_names_the_dead_is_put_back_without_them() {
    let trust = |principals: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":{principals}}},"Action":"sts:AssumeRole"}}]}}"#
        )
    };
    let adopted = |before: &str| {
        let mut model = Model::default();
        model.roles.insert("SageMakerExternal".into(), Role::of(before, 3600, &[]));
        let intent = ShareIntent { adopt: true, ..intent() };
        let run = model.execute(&plan(&intent, &model.inventory(&intent)).plan);
        (model, [run])
    };
    let (mut model, runs) = adopted(&trust(r#"["AROADEADDEADDEAD0001","arn:aws:iam::111111111111:role/ci"]"#));
    let dry = tried(&model, &runs, &[]);
    assert_eq!(dry.blockers[0].clearing, Clearing::WithConsent);
    assert!(
        matches!(&dry.steps.iter().find(|s| s.title.contains("trust")).unwrap().outcome, Outcome::Blocked { reason } if reason.contains("AROADEAD"))
    );
    assert!(dry.steps.iter().any(|s| matches!(&s.outcome, Outcome::Waits { .. })), "{}", told(&dry));
    let cleared = tried(&model, &runs, &["trust:SageMakerExternal"]);
    assert!(cleared.ready());
    model.execute(&cleared.plan);
    assert!(model.roles["SageMakerExternal"].trust.contains("role/ci"));

    let (model, runs) = adopted(&trust(r#""AROADEADDEADDEAD0001""#));
    let nobody = tried(&model, &runs, &["trust:SageMakerExternal"]);
    assert_eq!((nobody.blockers[0].clearing, nobody.ready()), (Clearing::ByHand, false));
}

#[test]
fn a_text_that_has_no_room_to_come_back_needs_a_version_to_go() {
    let mut model = Model::default();
    model.policies.insert(intent().policy_arn().to_string(), Policy::of(&[OTHER; 5], &[]));
    let adopting = ShareIntent { adopt: true, ..intent() };
    let run = model.execute(&plan(&adopting, &model.inventory(&adopting)).plan);
    let policy = model.policies.get_mut(intent().policy_arn().as_str()).unwrap();
    for _ in 0..5 {
        policy.change(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#);
    }
    let runs = [run];
    let dry = tried(&model, &runs, &[]);
    assert!(!dry.ready());
    let cleared = dry_run(&intent(), &runs, &model.inventory(&intent()), &all_keys(&dry));
    assert!(cleared.ready(), "{}", told(&cleared));
    model.execute(&cleared.plan);
    let policy = &model.policies[intent().policy_arn().as_str()];
    assert!(policy.versions[&policy.default].contains("s3:GetObject"));
}

#[test]
fn what_is_not_the_shares_any_more_stays_and_what_cant_be_seen_is_unknown() {
    let (mut model, runs) = applied();
    model.roles.get_mut("SageMakerExternal").unwrap().tags.clear();
    let mut inventory = model.inventory(&intent());
    inventory.child = None;
    inventory.unread.insert(Side::Child, "the session has expired; sign in again".into());
    let dry = dry_run(&intent(), &runs, &inventory, &BTreeSet::new());
    assert_eq!(dry.stays, ["Role `SageMakerExternal` stays: no tag says that it belongs to this share."]);
    assert_eq!(
        dry.unknown[0].reason,
        "Account 222222222222 can't be read: the session has expired; sign in again. Policy \
         `AllowAssumeSagemakerExternalRole` stays there until someone deletes it."
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_dry_run_that_is_ready_goes_through_and_others_work_stays_without_consent(
        extras in prop::collection::vec(0usize..6, 0..4), widened in any::<bool>(), consents in prop::collection::vec(any::<bool>(), 12)
    ) {
        let (mut model, runs) = applied();
        let mut runs = runs.to_vec();
        if widened {
            let wider = ShareIntent { endpoints: EndpointScope::Named([endpoint("z")].into()), ..intent() };
            let run = model.execute(&plan(&wider, &model.inventory(&wider)).plan);
            runs.push(run);
        }
        for extra in extras {
            meddle(&mut model, extra);
        }
        let inventory = model.inventory(&intent());
        let asked = dry_run(&intent(), &runs, &inventory, &BTreeSet::new());
        let consent: BTreeSet<String> =
            asked.blockers.iter().zip(consents.iter().cycle()).filter(|(_, yes)| **yes).map(|(b, _)| b.key.clone()).collect();
        let dry = dry_run(&intent(), &runs, &inventory, &consent);
        let open = dry.blockers.iter().filter(|b| !b.cleared).count();
        prop_assert_eq!(dry.ready(), open == 0, "{}", told(&dry));
        for blocker in &dry.blockers {
            prop_assert_eq!(blocker.cleared, consent.contains(&blocker.key) && blocker.clearing == Clearing::WithConsent);
        }
        if dry.ready() {
            model.execute(&dry.plan);
            prop_assert_eq!((model.roles.len(), model.policies.len()), (0, 0));
        }
    }
}

fn meddle(model: &mut Model, how: usize) {
    let (policy, grant) = (intent().policy_arn().to_string(), intent().grant_arn().to_string());
    match how {
        0 => drop(model.attached.insert((own_role(), "arn:aws:iam::aws:policy/ReadOnlyAccess".into()))),
        1 => drop(model.attached.insert((caller("user/by-hand"), grant))),
        2 => model.policies.get_mut(&policy).unwrap().change(OTHER),
        3 => model.policies.get_mut(&grant).unwrap().groups = vec!["data".into()],
        4 => {
            let role = model.roles.get_mut("SageMakerExternal").unwrap();
            role.inline.insert("logs".parse().unwrap(), OTHER.into());
        }
        _ => model.policies.get_mut(&policy).unwrap().default = 1,
    }
}
