//! Whatever someone changes by hand is found, and what the repair says it mends is mended.

use crate::model::Model;
use crate::{PARENT, caller, endpoint, intent};
use domain::arn::CallerArn;
use domain::endpoint::EndpointStatus;
use domain::names::ExternalId;
use domain::policy::same_meaning;
use domain::share::drift::{Choices, FindingKind, Mend, Recorded, drift, repair};
use domain::share::intent::{CallerScope, EndpointScope, ShareIntent};
use domain::share::plan::plan;
use domain::share::rotate;
use domain::time::Timestamp;
use proptest::prelude::*;

const ANYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

/// Something a hand outside of the console does.
#[derive(Debug, Clone)]
enum Mutation {
    DropPolicy,
    ChangePolicy,
    RollBackPolicy,
    RecreatePolicy,
    DetachPolicy,
    AttachPolicyElsewhere,
    GroupPolicy,
    DropRole,
    RecreateRole,
    RewriteTrust(&'static str, &'static str),
    BuryCaller(bool),
    Session(u32),
    ExtraPolicy,
    ExtraInline,
    Boundary,
    DropTags(u8, bool),
    DropGrant,
    ChangeGrant,
    DetachGrant,
    AttachGrantElsewhere,
    Endpoint(Option<EndpointStatus>, i64),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    prop_oneof![
        Just(DropPolicy),
        Just(ChangePolicy),
        Just(RollBackPolicy),
        Just(RecreatePolicy),
        Just(DetachPolicy),
        Just(AttachPolicyElsewhere),
        Just(GroupPolicy),
        Just(DropRole),
        Just(RecreateRole),
        prop::sample::select(vec![
            ("role/a\"", "role/z\""),
            ("x-new", "y"),
            ("StringEquals", "StringLike"),
            ("ChildMayAssume", "Mine"),
            ("222222222222", "333333333333"),
            ("\"Allow\"", "\"Deny\""),
        ])
        .prop_map(|(from, to)| RewriteTrust(from, to)),
        any::<bool>().prop_map(BuryCaller),
        (1u32..=12).prop_map(|h| Session(h * 3600)),
        Just(ExtraPolicy),
        Just(ExtraInline),
        Just(Boundary),
        (0u8..3, any::<bool>()).prop_map(|(which, other)| DropTags(which, other)),
        Just(DropGrant),
        Just(ChangeGrant),
        Just(DetachGrant),
        Just(AttachGrantElsewhere),
        (prop::option::of(prop::sample::select(vec![EndpointStatus::InService, EndpointStatus::Failed])), 0i64..3)
            .prop_map(|(status, born)| Endpoint(status, born)),
    ]
}

impl Mutation {
    fn apply(&self, model: &mut Model, intent: &ShareIntent) {
        let (policy, grant) = (intent.policy_arn().to_string(), intent.grant_arn().to_string());
        let own = CallerArn::parse(intent.role_arn().as_str()).unwrap();
        match self {
            Self::DropPolicy => drop_policy(model, &policy),
            Self::DropGrant => drop_policy(model, &grant),
            Self::ChangePolicy => change(model, &policy),
            Self::ChangeGrant => change(model, &grant),
            Self::RollBackPolicy => {
                if let Some(policy) = model.policies.get_mut(&policy) {
                    policy.default = *policy.versions.keys().next().unwrap();
                }
            }
            Self::RecreatePolicy => {
                if let Some(policy) = model.policies.get_mut(&policy) {
                    policy.born += 1000;
                }
            }
            Self::DetachPolicy => model.attached.retain(|held| *held != (own.clone(), policy.clone())),
            Self::DetachGrant => model.attached.retain(|(_, what)| *what != grant),
            Self::AttachPolicyElsewhere if model.policies.contains_key(&policy) => {
                let other = CallerArn::parse(&format!("arn:aws:iam::{PARENT}:role/other")).unwrap();
                model.attached.insert((other, policy));
            }
            Self::AttachGrantElsewhere if model.policies.contains_key(&grant) => {
                model.attached.insert((caller("role/other"), grant));
            }
            Self::GroupPolicy => {
                if let Some(policy) = model.policies.get_mut(&policy) {
                    policy.groups = vec!["data".into()];
                }
            }
            Self::DropRole => {
                model.attached.retain(|(who, _)| *who != own);
                model.roles.clear();
            }
            Self::BuryCaller(again) => {
                model.bury(&caller("role/a"));
                if *again {
                    model.gone.clear();
                }
            }
            Self::DropTags(which, other) => {
                let tags = match which {
                    0 => model.policies.get_mut(&policy).map(|p| &mut p.tags),
                    1 => model.policies.get_mut(&grant).map(|p| &mut p.tags),
                    _ => model.roles.values_mut().next().map(|r| &mut r.tags),
                };
                if let Some(tags) = tags {
                    tags.clear();
                    tags.extend(other.then(|| ("sagebridge:share".to_owned(), "lost".to_owned())));
                }
            }
            Self::ExtraPolicy if !model.roles.is_empty() => {
                model.attached.insert((own, "arn:aws:iam::aws:policy/AdministratorAccess".into()));
            }
            Self::Endpoint(status, born) => {
                model.endpoints.insert(endpoint("b").to_string(), status.map(|status| (status, *born)));
            }
            _ => self.apply_to_role(model),
        }
    }

    fn apply_to_role(&self, model: &mut Model) {
        let Some(role) = model.roles.values_mut().next() else { return };
        match self {
            Self::RecreateRole => role.id = "AROAEXAMPLEEXAMPLE02".into(),
            Self::RewriteTrust(from, to) => role.trust = role.trust.replace(from, to),
            Self::Session(seconds) => role.seconds = *seconds,
            Self::ExtraInline => {
                role.inline.insert("more".parse().unwrap(), ANYTHING.into());
            }
            Self::Boundary => role.boundary = Some(format!("arn:aws:iam::{PARENT}:policy/limit").parse().unwrap()),
            _ => {}
        }
    }
}

fn drop_policy(model: &mut Model, arn: &str) {
    model.attached.retain(|(_, what)| what != arn);
    model.policies.remove(arn);
}

fn change(model: &mut Model, arn: &str) {
    if let Some(policy) = model.policies.get_mut(arn) {
        policy.change(ANYTHING);
    }
}

fn shares() -> impl Strategy<Value = ShareIntent> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(whole, external, rotating)| {
        let share = ShareIntent {
            callers: if whole {
                CallerScope::WholeAccount
            } else {
                CallerScope::Named([caller("role/a"), caller("user/b")].into())
            },
            grantees: [caller("role/a"), caller("user/b")].into(),
            endpoints: EndpointScope::Named([endpoint("a"), endpoint("b")].into()),
            external_id: external.then(|| ExternalId::parse("x-old").unwrap()),
            ..intent()
        };
        let new = ExternalId::parse("x-new").unwrap();
        if rotating && external { rotate::widen(&share, &new, Timestamp(1)).unwrap() } else { share }
    })
}

/// The share after an earlier, narrower life, so that its policy has two versions.
fn applied(share: &ShareIntent) -> (Model, Recorded) {
    let mut model = Model::default();
    let before = ShareIntent { endpoints: EndpointScope::Named([endpoint("a")].into()), ..share.clone() };
    for intent in [&before, share] {
        model.execute(&plan(intent, &model.inventory(intent)).plan);
    }
    let recorded = Recorded::of(share, &model.inventory(share));
    (model, recorded)
}

/// What counts as a change: trust policies of one meaning are one.
fn same(before: &Model, now: &Model) -> bool {
    let mut now = now.clone();
    for (name, role) in &mut now.roles {
        if let Some(old) = before.roles.get(name).filter(|old| same_meaning(&old.trust, &role.trust)) {
            role.trust = old.trust.clone();
        }
    }
    now.endpoints.retain(|_, there| *there != Some((EndpointStatus::InService, 0)));
    now == *before
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_by_hand_is_found(share in shares(), hands in prop::collection::vec(mutations(), 0..4)) {
        let (before, recorded) = applied(&share);
        let mut model = before.clone();
        for hand in &hands {
            hand.apply(&mut model, &share);
        }
        let inventory = model.inventory(&share);
        let drifted = drift(&share, &inventory, &recorded);
        prop_assert_eq!(drifted.findings.is_empty(), same(&before, &model), "{:?}: {:#?}", hands, drifted.findings);
        let planned = plan(&share, &inventory);
        let plans = !planned.plan.steps.is_empty() || !planned.conflicts.is_empty();
        prop_assert!(!plans || !drifted.findings.is_empty());
        let keys: std::collections::BTreeSet<String> = drifted.findings.iter().map(|f| f.key()).collect();
        prop_assert_eq!(keys.len(), drifted.findings.len());
    }

    #[test]
    fn a_repair_mends_what_it_says_it_mends(share in shares(), hands in prop::collection::vec(mutations(), 0..4)) {
        let (mut model, recorded) = applied(&share);
        for hand in &hands {
            hand.apply(&mut model, &share);
        }
        let drifted = drift(&share, &model.inventory(&share), &recorded);
        let choices = Choices::of(&drifted.findings);
        let before = model.inventory(&share);
        let repaired = repair(&share, &before, &recorded, &choices).unwrap();
        prop_assert_eq!(&repaired.planned.conflicts, &vec![]);
        model.execute(&repaired.planned.plan);
        let intent = repaired.intent;
        let again = drift(&intent, &model.inventory(&intent), &recorded);
        let left: Vec<_> = again.findings.iter().filter(|f| matches!(f.mend, Mend::Plan | Mend::Asked)).collect();
        prop_assert!(left.is_empty(), "{:?}: {:#?}", hands, left);
        let noted = drifted.findings.iter().filter(|f| f.mend == Mend::Noted);
        let recorded = recorded.noting(noted, &before).after(&repaired.planned.plan, &intent, &model.inventory(&intent));
        let noted = drift(&intent, &model.inventory(&intent), &recorded);
        prop_assert!(noted.findings.iter().all(|f| f.mend == Mend::Person), "{:?}: {:#?}", hands, noted.findings);
    }

    #[test]
    fn what_nobody_asked_to_mend_is_still_found_after_a_repair(share in shares(), hands in prop::collection::vec(mutations(), 0..4)) {
        let (mut model, recorded) = applied(&share);
        for hand in &hands {
            hand.apply(&mut model, &share);
        }
        let inventory = model.inventory(&share);
        let before = drift(&share, &inventory, &recorded);
        let extras = |drift: &domain::share::drift::Drift| -> Vec<String> {
            let kinds = [FindingKind::ExtraPolicy, FindingKind::ExtraInline, FindingKind::BoundaryAdded];
            drift.findings.iter().filter(|f| kinds.contains(&f.kind)).map(|f| f.key()).collect()
        };
        let Ok(repaired) = repair(&share, &inventory, &recorded, &Choices::default()) else { return Ok(()) };
        prop_assume!(repaired.planned.conflicts.is_empty() && model.gone.is_empty());
        model.execute(&repaired.planned.plan);
        let recorded = recorded.after(&repaired.planned.plan, &share, &model.inventory(&share));
        prop_assert_eq!(extras(&drift(&share, &model.inventory(&share), &recorded)), extras(&before));
    }
}
