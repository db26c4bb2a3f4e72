//! Shares found in the accounts themselves: after the store was lost, and made by other hands.

use crate::world::{Answers, GRANT, LAMBDA, POLICY, ROLE, World, endpoint_arn, open};
use domain::names::{RoleName, ShareId};
use domain::share::drift::FindingKind;
use domain::share::function::FunctionForm;
use domain::share::import::FoundView;
use domain::share::view::ShareState;
use domain::wizard::{EndpointsForm, WizardStep};
use serde_json::{Value, json};
use services::Mended;
use services::ports::gateway::{NewRole, Tags};
use services::{Operator, ServiceError, Services};

/// A console whose store is new: the database was deleted.
async fn forgetful(world: &World) -> (Services, Operator) {
    open(&world.gateways, &world.folder.path().join("another.db")).await
}

async fn found(services: &Services, operator: &Operator) -> FoundView {
    services.find_shares(operator).await.unwrap()
}

/// A share that was edited once, so that its history is more than one run.
async fn edited(world: &World) -> ShareId {
    let share = world.applied(&world.draft(|_| {}).await).await;
    let draft = world.services.edit_share(&world.operator, &share).await.unwrap();
    let arns = vec![endpoint_arn("churn-classifier"), endpoint_arn("Fraud-Detector-EU")];
    let endpoints = EndpointsForm { scope: "named".into(), arns };
    world.fill(&draft, Answers { endpoints, ..Answers::default() }).await;
    world.applied(&draft).await
}

#[tokio::test]
async fn a_share_is_imported_after_the_store_was_lost_and_goes_on_as_if_it_never_had_been() {
    let world = World::new().await;
    let before = world.seen().await;
    let share = edited(&world).await;
    let known = found(&world.services, &world.operator).await;
    assert_eq!((known.tagged.len(), known.candidates.len()), (0, 0), "a known share is not offered: {known:#?}");

    let (services, operator) = forgetful(&world).await;
    assert_eq!(services.shares(&operator).await.unwrap(), []);
    let seen = found(&services, &operator).await;
    let [one] = &seen.tagged[..] else { unreachable!("{seen:#?}") };
    assert_eq!((&one.share, &one.refused), (&share, &None));
    assert_eq!(one.guesses, Vec::<String>::new());
    assert_eq!(seen.accounts.iter().filter(|a| a.failed.is_none() && a.roles + a.policies > 0).count(), 2);

    assert_eq!(services.import_shares(&operator, vec![share.clone()]).await.unwrap(), std::slice::from_ref(&share));
    let view = services.share(&operator, &share).await.unwrap();
    assert_eq!(view.summary.state, ShareState::Applied);
    assert_eq!(view.summary.endpoints, ["churn-classifier", "Fraud-Detector-EU"]);
    let original = world.services.share(&world.operator, &share).await.unwrap();
    assert_eq!((view.sentence, view.external_id), (original.sentence, original.external_id));
    let drift = services.drift(&operator, &share, Vec::new()).await.unwrap().drift;
    assert!(drift.is_clean(), "{drift:#?}");
    assert_eq!(found(&services, &operator).await.tagged, []);

    // Drift is told by what was there when it was imported.
    let iam = &world.gateways.iam;
    iam.detach_role_policy(&"parent".parse().unwrap(), &ROLE.parse().unwrap(), &POLICY.parse().unwrap()).await.unwrap();
    let drift = services.drift(&operator, &share, Vec::new()).await.unwrap().drift;
    assert_eq!(drift.findings.iter().map(|f| f.kind).collect::<Vec<_>>(), [FindingKind::PolicyDetached]);
    let shown = services.drift(&operator, &share, Vec::new()).await.unwrap().fingerprint;
    let mended = services.repair_share(&operator, &share, Vec::new(), &shown).await.unwrap();
    let Mended::Started(run) = mended else { panic!("no run: {mended:?}") };
    ended_well(&services, &operator, &run).await;

    services.verify(&operator, &share).await.unwrap();
    let undone = services.undo(&operator, &share, &domain::share::view::UndoConsent::default()).await.unwrap();
    ended_well(&services, &operator, &undone.run.unwrap()).await;
    assert_eq!(world.seen().await, before);
}

async fn ended_well(services: &Services, operator: &Operator, run: &domain::names::RunId) {
    let view = crate::world::ended(services, operator, run).await;
    assert_eq!(view.state, domain::run::RunState::Succeeded, "{view:#?}");
}

#[tokio::test]
async fn the_test_function_of_an_imported_share_is_known_and_goes_with_it() {
    for alone in [false, true] {
        let (world, share, before) = crate::functions::shared().await;
        world.succeeds(&crate::functions::make(&world, &share).await).await;
        world.succeeds(&crate::functions::allow(&world, &share).await).await;
        let original = crate::functions::made(&world, &share).await;

        let (services, operator) = forgetful(&world).await;
        services.import_shares(&operator, vec![share.clone()]).await.unwrap();
        let page = services.test_function(&operator, &share, FunctionForm::default()).await.unwrap();
        let made = page.made.unwrap();
        assert_eq!((&made.name, &made.role, &made.arn), (&original.name, &original.role, &original.arn));
        assert!(made.allowed && made.update.is_none() && page.planned.is_none(), "{made:#?}");
        if alone {
            let removal = made.removal.unwrap();
            let run = services.delete_function(&operator, &share, &removal.fingerprint).await.unwrap();
            ended_well(&services, &operator, &run).await;
            assert_eq!(crate::functions::everything(&world, &share).await, before);
            let page = services.test_function(&operator, &share, FunctionForm::default()).await.unwrap();
            assert!(page.made.is_none() && page.planned.is_some());
        } else {
            let undone = services.undo(&operator, &share, &domain::share::view::UndoConsent::default()).await.unwrap();
            ended_well(&services, &operator, &undone.run.unwrap()).await;
            let left = crate::functions::everything(&world, &share).await;
            assert!(left.ends_with("None\nNone") && left.contains("no role"), "{left}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_imported_and_nothing_is_imported_twice() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let (services, operator) = forgetful(&world).await;
    let nothing = services.import_shares(&operator, Vec::new()).await.unwrap_err();
    assert!(matches!(&nothing, ServiceError::Invalid { problems } if problems[0].field == "shares"), "{nothing}");
    let stranger = vec![ShareId::parse("no-such-share").unwrap()];
    let unknown = services.import_shares(&operator, stranger).await.unwrap_err();
    assert!(unknown.to_string().contains("`no-such-share`"), "{unknown}");
    services.import_shares(&operator, vec![share.clone()]).await.unwrap();
    let twice = services.import_shares(&operator, vec![share.clone()]).await.unwrap_err();
    assert!(matches!(twice, ServiceError::Conflict { .. }), "{twice}");
    assert_eq!(services.shares(&operator).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_share_whose_child_cant_be_searched_is_imported_with_what_is_not_known_said() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let (services, operator) = forgetful(&world).await;
    world
        .fault(json!({
            "service": "iam", "account": "222222222222",
            "effect": { "kind": "error", "status": 403, "code": "AccessDenied", "message": "injected" }
        }))
        .await;
    let seen = found(&services, &operator).await;
    let failed = seen.accounts.iter().find(|a| a.connection.as_str() == "child").unwrap();
    assert!(failed.failed.as_ref().is_some_and(|(_, hint)| hint.contains("connection `child`")), "{failed:?}");
    let [one] = &seen.tagged[..] else { unreachable!("{seen:#?}") };
    assert!(one.guesses.iter().any(|guess| guess.contains("222222222222")), "{:?}", one.guesses);
    services.import_shares(&operator, vec![share]).await.unwrap();
}

#[tokio::test]
async fn a_tag_without_its_role_is_told_and_cant_be_imported() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    let (iam, parent) = (&world.gateways.iam, "parent".parse().unwrap());
    iam.untag_role(&parent, &ROLE.parse().unwrap(), &["sagebridge:share".into()]).await.unwrap();
    let (services, operator) = forgetful(&world).await;
    let seen = found(&services, &operator).await;
    let (why, hint) = seen.tagged[0].refused.clone().unwrap();
    assert!(why.contains("no role carries the tag") && !hint.is_empty(), "{why}");
    let refused = services.import_shares(&operator, vec![share]).await.unwrap_err();
    assert!(refused.to_string().contains("no role carries the tag"), "{refused}");
}

/// A role of a share's shape, made by hand: trusts the child's Lambda role, and may call one endpoint.
async fn by_hand(world: &World, name: &str, external_id: Option<&str>) -> RoleName {
    let (iam, parent) = (&world.gateways.iam, "parent".parse().unwrap());
    let mut statement = json!({ "Effect": "Allow", "Principal": { "AWS": LAMBDA }, "Action": "sts:AssumeRole" });
    if let Some(id) = external_id {
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": id } });
    }
    let document = |statement: Value| json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let role = NewRole {
        name: name.parse().unwrap(),
        trust: document(statement),
        description: "Made by hand".into(),
        max_session_seconds: 3600,
        tags: Tags::new(),
    };
    iam.create_role(&parent, &role).await.unwrap();
    let invoke = json!({ "Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": endpoint_arn("echo") });
    let policy_name = format!("{name}Policy").parse().unwrap();
    let policy = iam.create_policy(&parent, &policy_name, &document(invoke), "", &Tags::new()).await.unwrap().value;
    iam.attach_role_policy(&parent, &role.name, &policy).await.unwrap();
    role.name
}

#[tokio::test]
async fn a_role_made_by_hand_is_adopted_through_the_review_and_given_back_by_undoing() {
    let world = World::new().await;
    let (services, operator) = (&world.services, &world.operator);
    let role = by_hand(&world, "Scoring", Some("shared-by-mail")).await;
    let before = role_seen(&world, &role).await;
    let seen = found(services, operator).await;
    let [candidate] = &seen.candidates[..] else { unreachable!("{seen:#?}") };
    assert_eq!((candidate.role_name.as_str(), candidate.asks_for_id), ("Scoring", true));
    assert!(candidate.changes[0].contains("are tagged as a share's"), "{:?}", candidate.changes);
    assert_eq!(role_seen(&world, &role).await, before, "searching changes nothing");

    let draft = services.adopt_role(operator, &candidate.connection, &role).await.unwrap();
    let view = services.draft(operator, &draft).await.unwrap();
    assert_eq!((view.draft.reached, view.problems), (WizardStep::Review, vec![]));
    assert_eq!(view.draft.child.grantees, [LAMBDA], "it has no policy of its own that lets it assume the role");
    let review = services.review(operator, &draft).await.unwrap();
    assert_eq!(review.conflicts, [], "adopting was agreed to");
    let share = world.applied(&draft).await;
    assert!(services.drift(operator, &share, Vec::new()).await.unwrap().drift.is_clean());
    let shown = services.share(operator, &share).await.unwrap();
    assert_eq!(shown.external_id.as_deref(), Some("shared-by-mail"));
    assert_eq!(found(services, operator).await.candidates, []);

    world.undone(&share).await;
    assert_eq!(role_seen(&world, &role).await, before);
    let grant = world.gateways.iam.policy(&"child".parse().unwrap(), &GRANT.parse().unwrap()).await.unwrap();
    assert_eq!(grant, None);
}

/// The role as it was made, without the versions of its policy.
async fn role_seen(world: &World, name: &RoleName) -> String {
    let (iam, parent) = (&world.gateways.iam, "parent".parse().unwrap());
    let role = iam.role(&parent, name).await.unwrap().unwrap();
    let mut documents = Vec::new();
    for policy in &role.attached {
        let policy = iam.policy(&parent, policy).await.unwrap().unwrap();
        documents.push((crate::world::canonical(&policy.document), policy.tags));
    }
    format!("{} {:?} {:?} {documents:?}", crate::world::canonical(&role.trust), role.tags, role.unique_id)
}

#[tokio::test]
async fn a_role_of_another_shape_is_listed_with_the_reason_and_not_adopted() {
    let world = World::new().await;
    let (iam, parent) = (&world.gateways.iam, "parent".parse().unwrap());
    let role = by_hand(&world, "Open", None).await;
    let wide = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    iam.update_trust(&parent, &role, wide).await.unwrap();
    let seen = found(&world.services, &world.operator).await;
    assert_eq!(seen.candidates, []);
    let [other] = &seen.others[..] else { unreachable!("{seen:#?}") };
    assert_eq!(other.why, "everyone may assume the role");
    let refused = world.services.adopt_role(&world.operator, &parent, &role).await.unwrap_err();
    assert_eq!(refused.to_string(), "role `Open` can't be adopted: everyone may assume the role");
    let missing = world.services.adopt_role(&world.operator, &parent, &"Nobody".parse().unwrap()).await.unwrap_err();
    assert!(matches!(missing, ServiceError::NotFound { .. }), "{missing}");
}
