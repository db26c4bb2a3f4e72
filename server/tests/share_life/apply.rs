//! Apply, change, undo, and two people at once.

use crate::world::{Answers, GRANT, LAMBDA, World, endpoint_arn, signed_in};
use domain::share::view::ShareState;
use domain::share::view::UndoConsent;
use domain::wizard::{EndpointsForm, StepForm};
use serde_json::json;
use services::ServiceError;

#[tokio::test]
async fn applying_makes_exactly_what_the_review_showed_and_undoing_leads_back() {
    let world = World::new().await;
    let before = world.seen().await;
    let draft = world.draft(|_| {}).await;
    let review = world.services.review(&world.operator, &draft).await.unwrap();
    assert_eq!((review.to_create, review.to_change, review.unchanged), (3, 1, 1));
    assert_eq!(review.conflicts, []);
    let share = world.applied(&draft).await;
    let made = world.seen().await.replace(share.as_str(), "SHARE");
    insta::assert_snapshot!(made);

    let again = world.services.review(&world.operator, &draft).await.unwrap();
    assert_eq!((again.to_create, again.to_change), (0, 0));
    assert_eq!(world.apply(&draft).await.run, None);

    world.undone(&share).await;
    assert_eq!(world.seen().await, before);
    assert_eq!(world.services.share(&world.operator, &share).await.unwrap().summary.state, ShareState::Undone);
    let rest = world.services.undo_plan(&world.operator, &share, &UndoConsent::default()).await.unwrap();
    assert_eq!(rest.steps, []);
}

#[tokio::test]
async fn a_review_lists_what_is_attached_to_anyone_once() {
    let world = World::new().await;
    let draft = world.draft(|_| {}).await;
    world.control("DELETE", "/counters", json!(null)).await;
    world.services.review(&world.operator, &draft).await.unwrap();
    // The console is a user here and the one caller a role; the parent's role does not exist yet.
    assert_eq!(world.calls("ListAttachedUserPolicies").await, 1);
    assert_eq!(world.calls("ListAttachedRolePolicies").await, 2);
}

#[tokio::test]
async fn a_share_changed_twice_is_undone_whole() {
    let world = World::new().await;
    let before = world.seen().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    for (arns, grantees) in [
        (vec![endpoint_arn("churn-classifier"), endpoint_arn("Fraud-Detector-EU")], vec![]),
        (vec![endpoint_arn("echo")], vec!["arn:aws:iam::222222222222:user/analyst".to_owned()]),
    ] {
        let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
        let endpoints = EndpointsForm { scope: "named".into(), arns };
        let mut answers = Answers { endpoints, ..Answers::default() };
        answers.child.grantees = grantees;
        world.fill(&draft, answers).await;
        world.applied(&draft).await;
        let again = world.services.review(&world.operator, &draft).await.unwrap();
        assert_eq!((again.to_create, again.to_change), (0, 0));
    }
    let view = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!(view.summary.endpoints, ["echo"]);
    world.undone(&share).await;
    assert_eq!(world.seen().await, before);
}

#[tokio::test]
async fn an_undone_share_can_be_applied_again() {
    let world = World::new().await;
    let before = world.seen().await;
    let draft = world.draft(|_| {}).await;
    let share = world.applied(&draft).await;
    let made = world.seen().await;
    world.undone(&share).await;
    world.applied(&draft).await;
    assert_eq!(world.seen().await, made);
    world.undone(&share).await;
    assert_eq!(world.seen().await, before);
}

#[tokio::test]
async fn of_two_people_applying_at_once_one_proceeds_and_the_other_is_told() {
    let world = World::new().await;
    let draft = world.draft(|_| {}).await;
    let other = signed_in(&world.services).await;
    let review = world.services.review(&world.operator, &draft).await.unwrap();
    world
        .fault(json!({ "service": "iam", "operation": "CreateRole", "effect": { "kind": "latency", "ms": 300 } }))
        .await;
    let both = tokio::join!(
        world.services.apply(&world.operator, &draft, &review.fingerprint),
        world.services.apply(&other, &draft, &review.fingerprint),
    );
    let (applied, refused, first) = match both {
        (Ok(applied), Err(refused)) => (applied, refused, &world.operator),
        (Err(refused), Ok(applied)) => (applied, refused, &other),
        both => panic!("{both:?}"),
    };
    let ServiceError::Conflict { .. } = refused else { panic!("{refused:?}") };
    let late = world.services.apply(&other, &draft, &review.fingerprint).await.unwrap_err();
    let ServiceError::Conflict { message, .. } = late else { panic!("{late:?}") };
    assert!(
        message.starts_with(&format!("{} has been applying to the same role since 20", first.label())),
        "{message}"
    );
    world.succeeds(&applied.run.unwrap()).await;
}

#[tokio::test]
async fn an_old_review_is_not_applied_to_accounts_that_changed() {
    let world = World::new().await;
    let draft = world.draft(|_| {}).await;
    let review = world.services.review(&world.operator, &draft).await.unwrap();
    let document =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    let (child, name) = ("child".parse().unwrap(), "AllowAssumeSagemakerExternalRole".parse().unwrap());
    world.gateways.iam.create_policy(&child, &name, document, "", &Default::default()).await.unwrap();
    let refused = world.services.apply(&world.operator, &draft, &review.fingerprint).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
    world.gateways.iam.delete_policy(&child, &GRANT.parse().unwrap()).await.unwrap();
    assert!(world.services.apply(&world.operator, &draft, "another fingerprint").await.is_err());
    // A refusal leaves no lease behind.
    world.applied(&draft).await;
}

#[tokio::test]
async fn a_standing_share_keeps_its_names() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let mut role = world.services.draft(&world.operator, &draft).await.unwrap().draft.role;
    role.role_name = "Another".into();
    let form = StepForm::Role(role);
    let problems = world.services.save_step(&world.operator, &draft, form).await.unwrap();
    assert_eq!(problems[0].message, "this share was made with `SageMakerExternal`, not `Another`");
    assert!(matches!(world.services.review(&world.operator, &draft).await, Err(ServiceError::Invalid { .. })));
}

#[tokio::test]
async fn an_edit_is_listed_as_one_once_something_was_answered() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let share = world.applied(&world.draft(|_| {}).await).await;
    let edit = services.edit_share(operator, &share).await.unwrap();
    assert_eq!(services.drafts(operator).await.unwrap(), [], "nothing was answered in it");

    let arns = vec![endpoint_arn("churn-classifier"), endpoint_arn("echo")];
    let form = StepForm::Endpoints(EndpointsForm { scope: "named".into(), arns });
    assert_eq!(services.save_step(operator, &edit, form).await.unwrap(), []);
    let listed = services.drafts(operator).await.unwrap();
    let titles: Vec<_> = listed.iter().map(|draft| draft.title.as_str()).collect();
    assert_eq!(titles, ["Edit of SageMakerExternal: 2 endpoints of 111111111111 with 222222222222"]);
}

#[tokio::test]
async fn a_child_that_is_not_connected_is_left_to_its_administrator() {
    let world = World::new().await;
    let draft = world
        .draft(|answers| {
            answers.callers.source = "typed".into();
            answers.callers.connection = String::new();
            answers.callers.arns.clear();
            answers.callers.account = "222222222222".into();
            answers.callers.typed = LAMBDA.into();
        })
        .await;
    let review = world.services.review(&world.operator, &draft).await.unwrap();
    assert!(review.child_by_hand);
    let share = world.applied(&draft).await;
    let view = world.services.share(&world.operator, &share).await.unwrap();
    assert!(view.run.unwrap().steps.iter().all(|s| s.account.as_str() == "111111111111"));
    world.undone(&share).await;
}

#[tokio::test]
async fn a_mixed_case_endpoint_is_shared_by_its_lower_case_arn() {
    let world = World::new().await;
    let draft = world.draft(|answers| answers.endpoints.arns = vec![endpoint_arn("Fraud-Detector-EU")]).await;
    let share = world.applied(&draft).await;
    let view = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!(view.summary.endpoints, ["Fraud-Detector-EU"]);
}
