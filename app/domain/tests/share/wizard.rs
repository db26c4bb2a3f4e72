//! The wizard: what can be wrong, and what comes out when nothing is.

use crate::{CHILD, PARENT, caller, endpoint, intent};
use domain::names::ExternalId;
use domain::share::intent::{CallerScope, Resource, ShareIntent};
use domain::wizard::{ShareDraft, WizardStep};

fn draft() -> ShareDraft {
    let external = ExternalId::parse("sagebridge-external-id").unwrap();
    let region = "eu-west-1".parse().unwrap();
    let mut draft = ShareDraft::new("draft-1".parse().unwrap(), "share-1".parse().unwrap(), &external, &region);
    draft.parent.connection = "parent".into();
    draft.parent_account = Some(PARENT.parse().unwrap());
    draft.endpoints.arns = vec![endpoint("churn-classifier").to_string()];
    draft.callers.connection = "child".into();
    draft.callers.arns = vec![caller("role/scoring-lambda").to_string()];
    draft.callers.console = String::new();
    draft.child_account = Some(CHILD.parse().unwrap());
    draft.child.grantees = vec![caller("role/scoring-lambda").to_string()];
    draft
}

fn wrong(change: impl Fn(&mut ShareDraft)) -> Vec<String> {
    let mut draft = draft();
    change(&mut draft);
    draft.all_problems().into_iter().map(|(s, p)| format!("{} {}: {}", s.slug(), p.field, p.message)).collect()
}

#[test]
fn complete_answers_become_the_intent() {
    assert_eq!(draft().intent().unwrap(), intent());
}

#[test]
fn a_fresh_wizard_says_what_is_missing_step_by_step() {
    let external = ExternalId::parse("xx").unwrap();
    let fresh = ShareDraft::new("d".parse().unwrap(), "s".parse().unwrap(), &external, &"eu-west-1".parse().unwrap());
    let steps: Vec<_> = fresh.all_problems().into_iter().map(|(step, problem)| (step, problem.field)).collect();
    assert_eq!(
        steps,
        [
            (WizardStep::Parent, "connection".to_owned()),
            (WizardStep::Endpoints, "arns".to_owned()),
            (WizardStep::Callers, "connection".to_owned())
        ]
    );
}

#[test]
fn every_wrong_answer_is_told_at_its_field() {
    let elsewhere = "arn:aws:sagemaker:us-east-1:111111111111:endpoint/x";
    let foreign = "arn:aws:sagemaker:eu-west-1:333333333333:endpoint/x";
    let upper = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/Upper";
    let mut all = Vec::new();
    all.extend(wrong(|d| d.parent.region = "Europe".into()));
    all.extend(wrong(|d| d.parent_account = None));
    all.extend(wrong(|d| d.endpoints.arns.clear()));
    all.extend(wrong(|d| d.endpoints.arns = vec![elsewhere.into(), foreign.into(), upper.into()]));
    all.extend(wrong(|d| d.endpoints.scope = "some".into()));
    all.extend(wrong(|d| d.child_account = Some(PARENT.parse().unwrap())));
    all.extend(wrong(|d| {
        d.callers.source = "typed".into();
        d.callers.account = "22222222222".into();
    }));
    all.extend(wrong(|d| d.callers.typed = "scoring-lambda\narn:aws:iam::333333333333:role/x".into()));
    all.extend(wrong(|d| d.callers.typed = "arn:aws-cn:iam::222222222222:role/x".into()));
    all.extend(wrong(|d| d.callers.arns.clear()));
    all.extend(wrong(|d| d.callers.console = "on".into()));
    all.extend(wrong(|d| d.role.policy_name = "a b".into()));
    all.extend(wrong(|d| d.role.role_name = String::new()));
    all.extend(wrong(|d| d.role.actions.clear()));
    all.extend(wrong(|d| d.role.actions = vec!["train".into()]));
    all.extend(wrong(|d| d.role.session_seconds = "900".into()));
    all.extend(wrong(|d| d.role.external_id = "x".into()));
    all.extend(wrong(|d| d.child.grant_name = "ä".into()));
    all.extend(wrong(|d| d.child.grantees = vec!["arn:aws:iam::111111111111:role/x".into()]));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_external_id_that_is_not_required_may_be_anything() {
    assert_eq!(
        wrong(|d| {
            d.role.require_external_id = String::new();
            d.role.external_id = "?".into();
        }),
        Vec::<String>::new()
    );
}

#[test]
fn the_console_is_trusted_but_not_granted() {
    let mut draft = draft();
    draft.callers.console = "on".into();
    draft.console_caller = Some(caller("user/admin"));
    let intent = draft.intent().unwrap();
    assert_eq!(intent.console, Some(caller("user/admin")));
    assert_eq!(intent.callers, CallerScope::Named([caller("role/scoring-lambda"), caller("user/admin")].into()));
    assert!(!intent.grantees.contains(&caller("user/admin")));
}

#[test]
fn picks_from_a_list_do_not_count_for_a_typed_account() {
    let mut draft = draft();
    draft.callers.source = "typed".into();
    draft.callers.account = CHILD.into();
    draft.callers.typed = caller("user/analyst").to_string();
    assert_eq!(draft.intent().unwrap().callers, CallerScope::Named([caller("user/analyst")].into()));
    assert_eq!(draft.intent().unwrap().child_connection, None);
}

#[test]
fn a_comma_in_a_name_divides_nothing() {
    let arn = |name: &str| caller(name).to_string();
    let (etl, lambda, user) = (arn("role/etl,prod"), arn("role/scoring-lambda"), arn("user/analyst"));
    for (typed, expected) in [
        (etl.clone(), vec![&etl]),
        (format!("{etl}\r\n{lambda}\n"), vec![&etl, &lambda]),
        (format!("{lambda},{etl};{user}"), vec![&lambda, &etl, &user]),
        (format!("{lambda}, {etl} ;\n {user}\t"), vec![&lambda, &etl, &user]),
        (format!("{lambda}\u{a0}{user}"), vec![&lambda, &user]),
    ] {
        let mut draft = draft();
        draft.callers.source = "typed".into();
        draft.callers.typed = typed.clone();
        assert_eq!(draft.caller_texts().collect::<Vec<_>>(), expected, "{typed:?}");
    }
    let problems = wrong(|d| d.callers.typed = format!("{etl},prod;{lambda},dev"));
    assert_eq!(problems, Vec::<String>::new(), "both are names that IAM takes");
}

#[test]
fn a_share_becomes_the_draft_it_came_from() {
    let external = ExternalId::parse("new-one").unwrap();
    for changed in [
        intent(),
        ShareIntent {
            console: Some(caller("user/admin")),
            callers: CallerScope::Named([caller("user/admin")].into()),
            adopting: [Resource::Role].into(),
            ..intent()
        },
        ShareIntent { child_connection: None, external_id: None, ..intent() },
        ShareIntent { callers: CallerScope::WholeAccount, adopt: true, ..intent() },
        ShareIntent {
            child_connection: None,
            callers: CallerScope::Named(
                ["role/etl", "role/etl,", "role/etl,,", "role/etl,prod", "user/a,b"].map(caller).into(),
            ),
            ..intent()
        },
    ] {
        let draft = ShareDraft::of_share("draft-2".parse().unwrap(), &changed, &external);
        assert_eq!(draft.intent().unwrap(), changed);
    }
}

#[test]
fn a_conflict_can_be_settled_in_the_draft() {
    let mut draft = draft();
    draft.adopt(Resource::Role);
    draft.rename(Resource::Grant, "Another");
    let intent = draft.intent().unwrap();
    assert!(intent.may_adopt(Resource::Role) && !intent.may_adopt(Resource::Policy));
    assert_eq!(intent.grant_name.as_str(), "Another");
}

#[test]
fn a_title_says_what_the_draft_is_about_so_far() {
    assert_eq!(draft().title(), "1 endpoint of 111111111111 with 222222222222");
}
