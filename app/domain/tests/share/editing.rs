//! Editing a share that stands: only what was edited changes, and only what the share did is taken back.

use crate::model::Model;
use crate::{caller, endpoint, intent};
use domain::names::ExternalId;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::plan::plan;
use domain::wizard::ShareDraft;

fn applied() -> Model {
    let mut model = Model::default();
    model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    model
}

fn edit(model: &Model, edited: &ShareIntent) -> Vec<String> {
    let planned = plan(edited, &model.inventory(edited));
    assert_eq!(planned.conflicts, []);
    planned.plan.steps.into_iter().map(|s| s.id).collect()
}

fn with_callers(callers: &[&str]) -> ShareIntent {
    let callers: std::collections::BTreeSet<_> = callers.iter().map(|c| caller(c)).collect();
    ShareIntent { callers: CallerScope::Named(callers.clone()), grantees: callers, ..intent() }
}

#[test]
fn one_endpoint_more_or_less_is_one_new_version() {
    let mut model = applied();
    let arns = [endpoint("churn-classifier"), endpoint("fraud-detector")];
    let more = ShareIntent { endpoints: EndpointScope::Named(arns.into()), ..intent() };
    assert_eq!(edit(&model, &more), ["parent-policy-version"]);
    model.execute(&plan(&more, &model.inventory(&more)).plan);
    assert_eq!(edit(&model, &intent()), ["parent-policy-version"]);
}

#[test]
fn one_caller_more_is_the_trust_policy_and_one_attachment() {
    let more = with_callers(&["role/scoring-lambda", "user/analyst"]);
    assert_eq!(edit(&applied(), &more), ["parent-role-trust", "child-attach-user-analyst"]);
}

#[test]
fn one_caller_less_is_the_trust_policy_and_one_detachment() {
    let mut model = applied();
    let two = with_callers(&["role/scoring-lambda", "user/analyst"]);
    model.execute(&plan(&two, &model.inventory(&two)).plan);
    assert_eq!(edit(&model, &intent()), ["parent-role-trust", "child-detach-user-analyst"]);
}

#[test]
fn a_caller_that_had_the_grant_before_the_share_gave_it_keeps_it() {
    let mut model = applied();
    model.attached.insert((caller("user/analyst"), intent().grant_arn().to_string()));
    let two = with_callers(&["role/scoring-lambda", "user/analyst"]);
    assert_eq!(edit(&model, &two), ["parent-role-trust"]);
    model.execute(&plan(&two, &model.inventory(&two)).plan);
    assert_eq!(edit(&model, &intent()), ["parent-role-trust"]);
}

#[test]
fn a_caller_given_the_grant_by_hand_after_the_share_took_it_off_keeps_it() {
    let mut model = applied();
    let two = with_callers(&["role/scoring-lambda", "user/analyst"]);
    for intent in [&two, &intent()] {
        model.execute(&plan(intent, &model.inventory(intent)).plan);
    }
    model.attached.insert((caller("user/analyst"), intent().grant_arn().to_string()));
    assert_eq!(edit(&model, &intent()), [] as [&str; 0]);
}

#[test]
fn a_caller_that_is_gone_has_nothing_to_be_detached_from() {
    let mut model = applied();
    let two = with_callers(&["role/scoring-lambda", "user/analyst"]);
    model.execute(&plan(&two, &model.inventory(&two)).plan);
    model.bury(&caller("user/analyst"));
    assert_eq!(edit(&model, &intent()), ["parent-role-trust"]);
}

#[test]
fn further_ways_to_invoke_and_longer_sessions_change_what_they_are_about() {
    let ways = ShareIntent { actions: [InvokeAction::Stream, InvokeAction::Async].into(), ..intent() };
    assert_eq!(edit(&applied(), &ways), ["parent-policy-version"]);
    let longer = ShareIntent { session_seconds: 7200, ..intent() };
    assert_eq!(edit(&applied(), &longer), ["parent-role-session"]);
}

#[test]
fn the_wizard_over_a_share_gives_the_share_back_unchanged() {
    let model = applied();
    let fresh = ExternalId::parse("fresh").unwrap();
    let mut draft = ShareDraft::of_share("d-1".parse().unwrap(), &intent(), &fresh);
    assert_eq!(edit(&model, &draft.intent().unwrap()), [] as [&str; 0]);
    draft.endpoints.arns.push(endpoint("fraud-detector").to_string());
    assert_eq!(edit(&model, &draft.intent().unwrap()), ["parent-policy-version"]);
}
