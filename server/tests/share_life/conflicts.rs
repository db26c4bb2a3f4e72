//! Resources of the same names that the console did not make.

use crate::world::{World, canonical};
use domain::names::{PolicyName, RoleName};
use domain::share::view::ConflictChoice;
use services::ServiceError;
use services::ports::gateway::NewRole;
use std::collections::BTreeMap;

const DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}]}"#;

/// The names are taken, by things with tags of their own.
async fn taken() -> World {
    let world = World::new().await;
    let iam = &world.gateways.iam;
    let (parent, child) = ("parent".parse().unwrap(), "child".parse().unwrap());
    let tags = BTreeMap::from([("team".to_owned(), "x".to_owned())]);
    let policy: PolicyName = "SageMakerExternalInvokeEndpoint".parse().unwrap();
    let grant: PolicyName = "AllowAssumeSagemakerExternalRole".parse().unwrap();
    let arn = iam.create_policy(&parent, &policy, DOCUMENT, "theirs", &tags).await.unwrap().value;
    iam.create_policy_version(&parent, &arn, DOCUMENT).await.unwrap();
    iam.create_policy(&child, &grant, DOCUMENT, "theirs", &tags).await.unwrap();
    let name: RoleName = "SageMakerExternal".parse().unwrap();
    let role = NewRole { name, trust: TRUST.into(), description: "theirs".into(), max_session_seconds: 7200, tags };
    iam.create_role(&parent, &role).await.unwrap();
    world
}

#[tokio::test]
async fn what_others_made_is_never_overwritten_silently() {
    let world = taken().await;
    let before = world.seen().await;
    let draft = world.draft(|_| {}).await;
    let review = world.services.review(&world.operator, &draft).await.unwrap();
    let what: Vec<_> = review.conflicts.iter().map(|c| (c.what.as_str(), c.other_name.as_str())).collect();
    assert_eq!(
        what,
        [
            ("policy", "SageMakerExternalInvokeEndpoint-2"),
            ("role", "SageMakerExternal-2"),
            ("grant", "AllowAssumeSagemakerExternalRole-2")
        ]
    );
    let refused = world.services.apply(&world.operator, &draft, &review.fingerprint).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
    assert_eq!(world.seen().await, before);
}

#[tokio::test]
async fn what_is_adopted_is_given_back_as_it_was() {
    let world = taken().await;
    let before = world.seen().await;
    let draft = world.draft(|_| {}).await;
    for what in ["policy", "role", "grant"] {
        world.services.resolve_conflict(&world.operator, &draft, what, ConflictChoice::Adopt).await.unwrap();
    }
    let share = world.applied(&draft).await;
    let again = world.services.review(&world.operator, &draft).await.unwrap();
    assert_eq!((again.to_create, again.to_change), (0, 0));
    assert!(!world.seen().await.contains(&canonical(DOCUMENT)));
    world.undone(&share).await;
    assert_eq!(world.seen().await, before);
}

#[tokio::test]
async fn other_names_leave_everything_alone() {
    let world = taken().await;
    let before = world.seen().await;
    let draft = world.draft(|_| {}).await;
    for what in ["policy", "role", "grant"] {
        world.services.resolve_conflict(&world.operator, &draft, what, ConflictChoice::OtherName).await.unwrap();
    }
    let share = world.applied(&draft).await;
    let view = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!(view.summary.role_name, "SageMakerExternal-2");
    world.undone(&share).await;
    assert_eq!(world.seen().await, before);
}

#[tokio::test]
async fn another_shares_resources_can_not_be_adopted() {
    let world = World::new().await;
    world.applied(&world.draft(|_| {}).await).await;
    let second = world.draft(|_| {}).await;
    let review = world.services.review(&world.operator, &second).await.unwrap();
    assert!(review.conflicts.iter().all(|c| !c.can_adopt) && review.conflicts.len() == 3);
    let refused = world.services.resolve_conflict(&world.operator, &second, "role", ConflictChoice::Adopt).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
}
