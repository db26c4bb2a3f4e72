//! Plans as they read.

use crate::model::{Model, Policy, owned};
use crate::{caller, endpoint, intent};
use domain::share::intent::{EndpointScope, Resource, ShareIntent};
use domain::share::plan::{Plan, numbered, plan, undo};

fn told(plan: &Plan) -> String {
    let line = |s: &domain::share::plan::Step| format!("{} · {} · {} ← {:?}", s.id, s.account, s.title, s.after);
    plan.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_first_apply_makes_three_resources_and_attaches_them() {
    let planned = plan(&intent(), &Model::default().inventory(&intent()));
    insta::assert_snapshot!(told(&planned.plan));
}

#[test]
fn the_childs_side_waits_for_nothing_of_the_parents() {
    let planned = plan(&intent(), &Model::default().inventory(&intent()));
    let parent: Vec<_> = planned.plan.steps.iter().filter(|s| s.side == domain::share::Side::Parent).collect();
    let child = planned.plan.steps.iter().filter(|s| s.side == domain::share::Side::Child);
    for step in child {
        assert!(step.after.iter().all(|id| parent.iter().all(|p| p.id != *id)), "{}", step.id);
    }
}

#[test]
fn a_change_of_endpoints_is_a_new_version_only() {
    let mut model = Model::default();
    model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    let wider = ShareIntent { endpoints: EndpointScope::All, ..intent() };
    insta::assert_snapshot!(told(&plan(&wider, &model.inventory(&wider)).plan));
}

#[test]
fn a_sixth_version_makes_room_by_deleting_the_oldest() {
    let mut model = Model::default();
    for names in [vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"]] {
        let intent =
            ShareIntent { endpoints: EndpointScope::Named(names.into_iter().map(endpoint).collect()), ..intent() };
        model.execute(&plan(&intent, &model.inventory(&intent)).plan);
    }
    insta::assert_snapshot!(told(&plan(&intent(), &model.inventory(&intent())).plan));
}

#[test]
fn a_grantee_taken_off_is_detached_and_others_hands_are_left_alone() {
    let mut model = Model::default();
    model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    model.attached.insert((caller("role/by-hand"), intent().grant_arn().to_string()));
    let fewer = ShareIntent { grantees: [caller("user/analyst")].into(), ..intent() };
    insta::assert_snapshot!(told(&plan(&fewer, &model.inventory(&fewer)).plan));
}

#[test]
fn consent_is_given_resource_by_resource() {
    let mut model = Model::default();
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    for arn in [intent().policy_arn(), intent().grant_arn()] {
        model.policies.insert(arn.to_string(), Policy::of(&[document], &[]));
    }
    let some = ShareIntent { adopting: [Resource::Policy].into(), ..intent() };
    let planned = plan(&some, &model.inventory(&some));
    assert_eq!(planned.conflicts.iter().map(|c| c.what.as_str()).collect::<Vec<_>>(), ["grant"]);
    assert!(planned.plan.steps.iter().any(|s| s.id == "parent-policy-tag"));
}

#[test]
fn another_shares_resource_is_never_taken_over() {
    let mut model = Model::default();
    let document = domain::share::render::invoke_policy(&intent());
    model
        .policies
        .insert(intent().policy_arn().to_string(), Policy::of(&[&document], &[("sagebridge:share", "share-2")]));
    let all = ShareIntent { adopt: true, ..intent() };
    let mut inventory = model.inventory(&all);
    inventory.other_shares = ["share-2".parse().unwrap()].into();
    let planned = plan(&all, &inventory);
    assert!(!planned.conflicts[0].can_adopt);
    assert_eq!(
        planned.conflicts[0].message,
        "account 111111111111 has a policy `SageMakerExternalInvokeEndpoint` that belongs to another share of this console, \
         `share-2`"
    );
    assert_eq!(planned.conflicts[0].other_share.as_ref().map(|share| share.as_str()), Some("share-2"));
}

#[test]
fn undo_takes_apart_in_the_right_order() {
    let mut model = Model::default();
    let run = model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    insta::assert_snapshot!(told(&undo(&intent(), &[run], &model.inventory(&intent()))));
}

#[test]
fn undo_detaches_what_others_attached_because_the_policy_goes() {
    let mut model = Model::default();
    let run = model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    model.attached.insert((caller("role/by-hand"), intent().grant_arn().to_string()));
    let back = undo(&intent(), &[run], &model.inventory(&intent()));
    assert!(told(&back).contains("Detach AllowAssumeSagemakerExternalRole from by-hand"));
    model.execute(&back);
    assert_eq!(model.policies.len() + model.roles.len() + model.attached.len(), 0);
}

#[test]
fn undo_leaves_alone_what_is_not_the_shares_any_more() {
    let mut model = Model::default();
    let run = model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    for policy in model.policies.values_mut() {
        policy.tags = owned(&[("sagebridge:share", "share-2")]);
    }
    model.roles.clear();
    assert_eq!(undo(&intent(), &[run], &model.inventory(&intent())).steps, []);
}

#[test]
fn a_numbered_name_stays_within_its_length() {
    assert_eq!(numbered("SageMakerExternal", 2, 64), "SageMakerExternal-2");
    assert_eq!(numbered(&"r".repeat(64), 12, 64), format!("{}-12", "r".repeat(61)));
}
