//! What is looked at while the wizard is filled in.

use super::Factory;
use domain::pipeline::draft::AccountsForm;
use domain::pipeline::view::{PreflightView, Standpoint};
use services::pipeline::Typed;

#[tokio::test(start_paused = true)]
async fn preflight_goes_along_with_what_is_typed_before_it_is_saved() {
    let factory = Factory::new().await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let draft = pipelines.start_draft(operator).await.unwrap();
    assert!(pipelines.preflight_of(operator, &draft, Typed::default()).await.is_err(), "no account is chosen");
    let accounts = AccountsForm {
        shared_services: "shared".into(),
        training: "training".into(),
        production: "production".into(),
        region: "eu-west-1".into(),
    };
    let mut typed = Typed { accounts: Some(accounts), model: None };
    let keys = |view: &PreflightView| view.items.iter().map(|item| item.key.clone()).collect::<Vec<_>>();
    let unnamed = pipelines.preflight_of(operator, &draft, typed.clone()).await.unwrap();
    assert_eq!(keys(&unnamed), ["account", "account", "account", "source", "training_quota", "endpoint_quota"]);
    factory.aws.world().no_repositories = true;
    let refused = pipelines.preflight_of(operator, &draft, typed.clone()).await.unwrap();
    assert_eq!(refused.wrong().next(), None, "the bucket does as well");
    assert_eq!(refused.items[3].standpoint, Standpoint::Unclear);

    let mut model = pipelines.draft(operator, &draft).await.unwrap().draft.model;
    (model.prefix, model.source, model.endpoint) = ("churn".into(), "bucket".into(), "churn".into());
    typed.model = Some(model.into());
    factory.aws.world().taken.insert("churn-111111111111-eu-west-1".into());
    let named = pipelines.preflight_of(operator, &draft, typed).await.unwrap();
    assert_eq!(named.wrong().next().unwrap().key, "bucket");
    assert_eq!(pipelines.draft(operator, &draft).await.unwrap().draft.accounts.training, "", "nothing is saved");
}

#[tokio::test(start_paused = true)]
async fn what_another_has_stands_in_the_way_of_review_and_apply() {
    let factory = Factory::new().await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let draft = factory.draft().await;
    assert_eq!(pipelines.review(operator, &draft).await.unwrap().blockers, []);

    factory.aws.world().repositories.insert("churn".into());
    let review = pipelines.review(operator, &draft).await.unwrap();
    let [blocker] = &review.blockers[..] else { panic!("{:?}", review.blockers) };
    assert_eq!(blocker.message, "account 111111111111 has a repository `churn` already");
    let refused = pipelines.apply(operator, &draft, &review.fingerprint).await.unwrap_err();
    assert_eq!(refused.to_string(), blocker.message);

    factory.aws.world().repositories.clear();
    // The endpoint of a pipeline of the same name that this console did not make.
    factory.aws.world().endpoint = Some(("InService".into(), super::FIRST.into()));
    let review = pipelines.review(operator, &draft).await.unwrap();
    assert_eq!(review.blockers.iter().map(|item| item.key.as_str()).collect::<Vec<_>>(), ["endpoint"]);

    factory.aws.world().endpoint = None;
    let pipeline = factory.made().await;
    factory.aws.world().endpoint = Some(("InService".into(), super::FIRST.into()));
    let again = pipelines.edit(operator, &pipeline).await.unwrap();
    assert_eq!(pipelines.review(operator, &again).await.unwrap().blockers, [], "its own is in nobody's way");
}
