//! The documents, whole.

use crate::{caller, endpoint, intent};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::render;

#[test]
fn the_role_may_invoke_exactly_the_chosen_endpoints() {
    let arns = [endpoint("churn-classifier"), endpoint("fraud-detector-eu")];
    let two = ShareIntent { endpoints: EndpointScope::Named(arns.into()), ..intent() };
    insta::assert_snapshot!(render::invoke_policy(&two));
}

#[test]
fn streaming_brings_invoke_endpoint_along() {
    let stream = ShareIntent { actions: [InvokeAction::Stream].into(), endpoints: EndpointScope::All, ..intent() };
    insta::assert_snapshot!(render::invoke_policy(&stream));
}

#[test]
fn the_trust_policy_asks_for_the_external_id() {
    let callers = [caller("role/service-role/scoring-lambda"), caller("user/analyst")];
    insta::assert_snapshot!(render::trust_policy(&ShareIntent {
        callers: CallerScope::Named(callers.into()),
        ..intent()
    }));
}

#[test]
fn a_whole_account_is_its_root_and_other_partitions_keep_theirs() {
    let whole = ShareIntent {
        callers: CallerScope::WholeAccount,
        external_id: None,
        region: "cn-north-1".parse().unwrap(),
        endpoints: EndpointScope::All,
        ..intent()
    };
    insta::assert_snapshot!(format!("{}\n{}", render::trust_policy(&whole), render::invoke_policy(&whole)));
}

#[test]
fn the_grant_is_for_exactly_one_role() {
    insta::assert_snapshot!(render::grant_policy(&intent().role_arn()));
}

#[test]
fn answers_of_asynchronous_endpoints_are_opened_by_prefix_and_bucket() {
    let at = |text: &str| domain::s3::Location::parse(text).unwrap();
    let later = ShareIntent {
        actions: [InvokeAction::Async].into(),
        results: [at("s3://results/out"), at("s3://results/failed"), at("s3://whole-bucket")].into(),
        ..intent()
    };
    insta::assert_snapshot!(render::invoke_policy(&later));
}
