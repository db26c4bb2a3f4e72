//! Sentences, lanes and checks.

use crate::model::{Model, Policy, Role};
use crate::{caller, endpoint, intent};
use domain::arn::CallerArn;
use domain::endpoint::EndpointStatus;
use domain::share::checks::{Severity, checks};
use domain::share::diff::{Lanes, lanes};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::inventory::ShareInventory;
use domain::share::plan::{dry_run, plan};
use domain::share::sentence::{Tense, review_sentence, sentence, undo_sentence};
use domain::share::view::Span;

fn words(spans: &[Span]) -> String {
    spans.iter().map(|s| if s.strong { format!("*{}*", s.text) } else { s.text.clone() }).collect()
}

fn found(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<String> {
    let all = checks(intent, inventory, &plan(intent, inventory));
    all.into_iter().map(|c| format!("{:?} {}: {}", c.severity, c.id, c.reason)).collect()
}

fn severity(intent: &ShareIntent, inventory: &ShareInventory, id: &str) -> Option<Severity> {
    checks(intent, inventory, &plan(intent, inventory)).into_iter().find(|c| c.id == id).map(|c| c.severity)
}

fn told(lanes: &Lanes) -> String {
    let lane = |items: &[domain::share::diff::LaneItem]| {
        let line = |i: &domain::share::diff::LaneItem| {
            let notes: Vec<_> = i.documents.iter().map(|d| d.note.as_str()).collect();
            format!("{:?} {} · {} {notes:?}", i.change, i.name, i.detail)
        };
        items.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    format!("child\n{}\nparent\n{}", lane(&lanes.child), lane(&lanes.parent))
}

#[test]
fn sentences_say_who_may_do_what() {
    let console = ShareIntent {
        callers: CallerScope::Named([caller("role/scoring-lambda"), caller("user/admin")].into()),
        console: Some(caller("user/admin")),
        session_seconds: 5400,
        actions: [InvokeAction::Stream, InvokeAction::Async].into(),
        ..intent()
    };
    let whole = ShareIntent {
        callers: CallerScope::WholeAccount,
        endpoints: EndpointScope::All,
        external_id: None,
        ..intent()
    };
    let mixed = ShareIntent { endpoints: EndpointScope::Named([endpoint("fraud-detector-eu")].into()), ..intent() };
    let all = [
        words(&sentence(&intent(), &[], Tense::Future)),
        words(&sentence(&console, &[], Tense::Future)),
        words(&sentence(&whole, &[], Tense::Present)),
        words(&sentence(&mixed, &["Fraud-Detector-EU".into()], Tense::Past)),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_review_says_who_else_is_reached() {
    let review = |model: &Model, intent: &ShareIntent| {
        let inventory = model.inventory(intent);
        words(&review_sentence(intent, &inventory, &plan(intent, &inventory)))
    };
    let adopting = ShareIntent { adopt: true, ..intent() };
    let mut model = Model::default();
    let fresh = review(&model, &adopting);
    let wide = ShareIntent { endpoints: EndpointScope::All, ..intent() };
    let document = domain::share::render::invoke_policy(&wide);
    model.policies.insert(intent().policy_arn().to_string(), Policy::of(&[&document], &[]));
    model
        .roles
        .insert(intent().role_name.to_string(), Role::of(&domain::share::render::trust_policy(&wide), 3600, &[]));
    for (role, policy) in [("analytics-batch", intent().policy_arn().to_string()), ("SageMakerExternal", ADMIN.into())]
    {
        let holder = domain::arn::CallerArn::parse(&format!("arn:aws:iam::111111111111:role/{role}")).unwrap();
        model.attached.insert((holder, policy));
    }
    let taken = review(&model, &adopting);
    model.execute(&plan(&adopting, &model.inventory(&adopting)).plan);
    insta::assert_snapshot!([fresh, taken, review(&model, &adopting)].join("\n"));
}

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

#[test]
fn an_undo_says_what_goes() {
    let mut model = Model::default();
    let run = model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    let trial = dry_run(&intent(), &[run], &model.inventory(&intent()), &Default::default());
    insta::assert_snapshot!(words(&undo_sentence(&intent(), &trial)));
}

#[test]
fn an_undo_that_aws_would_refuse_says_so_first() {
    let mut model = Model::default();
    let run = model.execute(&plan(&intent(), &model.inventory(&intent())).plan);
    let other = CallerArn::parse("arn:aws:iam::111111111111:role/reporting").unwrap();
    model.attached.insert((other, intent().policy_arn().to_string()));
    let trial = dry_run(&intent(), &[run], &model.inventory(&intent()), &Default::default());
    assert!(!trial.ready());
    insta::assert_snapshot!(words(&undo_sentence(&intent(), &trial)));
}

#[test]
fn a_fresh_share_shows_what_is_made() {
    let inventory = Model::default().inventory(&intent());
    insta::assert_snapshot!(told(&lanes(&intent(), &inventory, &plan(&intent(), &inventory))));
}

#[test]
fn a_policy_in_the_way_is_shown_as_a_conflict() {
    let mut model = Model::default();
    let wide = ShareIntent { endpoints: EndpointScope::All, ..intent() };
    let document = domain::share::render::invoke_policy(&wide);
    model.policies.insert(intent().policy_arn().to_string(), Policy::of(&[&document], &[]));
    let inventory = model.inventory(&intent());
    insta::assert_snapshot!(told(&lanes(&intent(), &inventory, &plan(&intent(), &inventory))));
    assert_eq!(severity(&intent(), &inventory, "names"), Some(Severity::Error));
}

#[test]
fn a_policy_taken_over_shows_its_versions_and_what_narrows() {
    let mut model = Model::default();
    let wide = ShareIntent { endpoints: EndpointScope::All, ..intent() };
    let document = domain::share::render::invoke_policy(&wide);
    model.policies.insert(intent().policy_arn().to_string(), Policy::of(&[&document, &document], &[]));
    model.attached.insert((
        domain::arn::CallerArn::parse("arn:aws:iam::111111111111:role/analytics-batch").unwrap(),
        intent().policy_arn().to_string(),
    ));
    let adopting = ShareIntent { adopt: true, ..intent() };
    let inventory = model.inventory(&adopting);
    insta::assert_snapshot!(told(&lanes(&adopting, &inventory, &plan(&adopting, &inventory))));
    insta::assert_snapshot!("checks_of_a_policy_taken_over", found(&adopting, &inventory).join("\n"));
}

#[test]
fn a_share_of_defaults_passes_every_check() {
    let inventory = Model::default().inventory(&intent());
    insta::assert_snapshot!(found(&intent(), &inventory).join("\n"));
}

#[test]
fn wide_choices_are_warned_about() {
    let wide = ShareIntent {
        callers: CallerScope::WholeAccount,
        endpoints: EndpointScope::All,
        external_id: None,
        session_seconds: 43_200,
        child_connection: None,
        ..intent()
    };
    insta::assert_snapshot!(found(&wide, &Model::default().inventory(&wide)).join("\n"));
}

#[test]
fn an_endpoint_that_is_gone_or_asleep_is_told() {
    let mut inventory = Model::default().inventory(&intent());
    inventory.endpoints[0].status = EndpointStatus::Creating;
    assert_eq!(severity(&intent(), &inventory, "in-service"), Some(Severity::Warning));
    inventory.endpoints.clear();
    assert_eq!(severity(&intent(), &inventory, "endpoints-exist"), Some(Severity::Error));
}

#[test]
fn a_caller_that_does_not_exist_is_an_error() {
    let mut inventory = Model::default().inventory(&intent());
    inventory.child.as_mut().unwrap().missing_callers = vec![caller("role/gone")];
    assert_eq!(severity(&intent(), &inventory, "callers-exist"), Some(Severity::Error));
}

#[test]
fn documents_over_iams_size_are_an_error() {
    let many = (0..80).map(|n| endpoint(&format!("an-endpoint-with-quite-a-long-name-{n:02}"))).collect();
    let large = ShareIntent { endpoints: EndpointScope::Named(many), ..intent() };
    assert_eq!(severity(&large, &Model::default().inventory(&large), "sizes"), Some(Severity::Error));
}
