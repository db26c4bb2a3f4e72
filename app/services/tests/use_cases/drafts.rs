//! The wizard's drafts.

use crate::Bench;
use domain::names::DraftId;
use domain::wizard::{CallersForm, EndpointsForm, ParentForm, StepForm, WizardStep};
use services::{Operator, ServiceError};
use std::sync::atomic::Ordering;

fn parent(connection: &str) -> StepForm {
    StepForm::Parent(ParentForm { connection: connection.into(), region: "eu-west-1".into() })
}

fn callers(connection: &str, arns: &[&str]) -> StepForm {
    StepForm::Callers(CallersForm {
        source: "connected".into(),
        connection: connection.into(),
        scope: "named".into(),
        arns: arns.iter().map(|a| (*a).into()).collect(),
        console: "on".into(),
        ..CallersForm::default()
    })
}

async fn started() -> (Bench, Operator, DraftId) {
    let bench = Bench::new();
    let operator = bench.operator().await;
    let draft = bench.services.start_draft(&operator).await.unwrap();
    (bench, operator, draft)
}

#[tokio::test]
async fn answers_are_kept_as_typed_even_when_they_are_wrong() {
    let (bench, operator, draft) = started().await;
    let form = StepForm::Parent(ParentForm { connection: "nowhere".into(), region: "Europe".into() });
    let problems = bench.services.save_step(&operator, &draft, form).await.unwrap();
    let fields: Vec<_> = problems.iter().map(|p| (p.field.as_str(), p.message.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("connection", "connection `nowhere` was not found"),
            ("region", "`Europe` is not a region code such as `eu-west-1`")
        ]
    );
    let view = bench.services.draft(&operator, &draft).await.unwrap();
    assert_eq!((view.draft.parent.connection.as_str(), view.draft.parent.region.as_str()), ("nowhere", "Europe"));
    assert_eq!(view.draft.reached, WizardStep::Parent);
}

#[tokio::test]
async fn a_connection_that_does_not_work_says_why_at_its_field() {
    let (bench, operator, draft) = started().await;
    let problems = bench.services.save_step(&operator, &draft, parent("broken")).await.unwrap();
    assert_eq!(problems[0].message, "as told");
    assert!(problems[0].hint.as_ref().is_some_and(|hint| hint.contains("profile")));
    assert_eq!(problems.len(), 1);
}

#[tokio::test]
async fn saving_steps_finds_the_accounts_and_offers_the_callers_the_grant() {
    let (bench, operator, draft) = started().await;
    assert_eq!(bench.services.save_step(&operator, &draft, parent("parent")).await.unwrap(), []);
    let lambda = "arn:aws:iam::222222222222:role/scoring-lambda";
    assert_eq!(bench.services.save_step(&operator, &draft, callers("child", &[lambda])).await.unwrap(), []);
    let view = bench.services.draft(&operator, &draft).await.unwrap().draft;
    assert_eq!(view.parent_account.unwrap().as_str(), "111111111111");
    assert_eq!(view.child_account.unwrap().as_str(), "222222222222");
    assert_eq!(view.console_caller.unwrap().name(), "admin");
    assert_eq!(view.child.grantees, [lambda]);
    assert_eq!(view.reached, WizardStep::Role);
}

#[tokio::test]
async fn the_parent_can_not_be_its_own_child() {
    let (bench, operator, draft) = started().await;
    bench.services.save_step(&operator, &draft, parent("parent")).await.unwrap();
    let problems = bench.services.save_step(&operator, &draft, callers("parent", &[])).await.unwrap();
    assert_eq!(problems[0].message, "`111111111111` is the parent account itself");
}

#[tokio::test]
async fn another_region_forgets_the_endpoints_of_the_first() {
    let (bench, operator, draft) = started().await;
    bench.services.save_step(&operator, &draft, parent("parent")).await.unwrap();
    let arns = vec!["arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo".into()];
    let form = StepForm::Endpoints(EndpointsForm { scope: "named".into(), arns });
    assert_eq!(bench.services.save_step(&operator, &draft, form).await.unwrap(), []);
    let form = StepForm::Parent(ParentForm { connection: "parent".into(), region: "us-east-1".into() });
    bench.services.save_step(&operator, &draft, form).await.unwrap();
    let view = bench.services.draft(&operator, &draft).await.unwrap().draft;
    assert_eq!(view.endpoints.arns, Vec::<String>::new());
}

#[tokio::test]
async fn two_tabs_saving_different_steps_lose_nothing() {
    let (bench, operator, draft) = started().await;
    bench.services.save_step(&operator, &draft, parent("parent")).await.unwrap();
    let role = bench.services.draft(&operator, &draft).await.unwrap().draft.role;
    let saves = tokio::join!(
        bench.services.save_step(&operator, &draft, callers("child", &[])),
        bench.services.save_step(&operator, &draft, StepForm::Role(role)),
    );
    assert_eq!((saves.0.unwrap(), saves.1.unwrap()), (vec![], vec![]));
    let view = bench.services.draft(&operator, &draft).await.unwrap().draft;
    assert_eq!(view.callers.connection, "child");
}

#[tokio::test]
async fn an_external_id_left_empty_asks_for_another_one() {
    let (bench, operator, draft) = started().await;
    let first = bench.services.draft(&operator, &draft).await.unwrap().draft.role;
    let empty = domain::wizard::RoleForm { external_id: String::new(), ..first.clone() };
    assert_eq!(bench.services.save_step(&operator, &draft, StepForm::Role(empty)).await.unwrap(), []);
    let second = bench.services.draft(&operator, &draft).await.unwrap().draft.role;
    assert!(second.external_id.starts_with("sagebridge-") && second.external_id != first.external_id);
}

#[tokio::test]
async fn a_review_of_unfinished_answers_is_refused_with_what_is_missing() {
    let (bench, operator, draft) = started().await;
    let refused = bench.services.review(&operator, &draft).await.unwrap_err();
    let ServiceError::Invalid { problems } = refused else { panic!("{refused:?}") };
    assert_eq!(problems[0].message, "no account is chosen");
}

#[tokio::test]
async fn drafts_are_listed_until_they_are_deleted() {
    let (bench, operator, draft) = started().await;
    bench.services.save_step(&operator, &draft, parent("parent")).await.unwrap();
    let listed = bench.services.drafts(&operator).await.unwrap();
    assert_eq!(listed[0].title, "New share from 111111111111");
    bench.services.delete_draft(&operator, &draft).await.unwrap();
    assert_eq!(bench.services.drafts(&operator).await.unwrap(), []);
    let gone = bench.services.draft(&operator, &draft).await;
    assert!(matches!(gone, Err(ServiceError::NotFound { what: "draft", .. })));
}

#[tokio::test]
async fn a_wizard_without_an_answer_is_not_listed() {
    let (bench, operator, draft) = started().await;
    assert!(!bench.services.save_step(&operator, &draft, parent("")).await.unwrap().is_empty());
    assert_eq!(bench.services.drafts(&operator).await.unwrap(), []);
    bench.services.save_step(&operator, &draft, parent("parent")).await.unwrap();
    let listed = bench.services.drafts(&operator).await.unwrap();
    assert_eq!(listed.into_iter().map(|draft| draft.id).collect::<Vec<_>>(), [draft]);
}

#[tokio::test]
async fn identities_are_asked_once_until_they_are_refreshed() {
    let bench = Bench::new();
    let operator = bench.operator().await;
    let all = futures::future::join_all((0..10).map(|_| bench.services.connections(&operator, false))).await;
    assert!(all.into_iter().all(|views| views.unwrap().len() == 3));
    assert_eq!(bench.cloud.identities.load(Ordering::SeqCst), 3);
    bench.services.connections(&operator, true).await.unwrap();
    assert_eq!(bench.cloud.identities.load(Ordering::SeqCst), 6);
}
