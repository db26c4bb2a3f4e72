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
    assert_eq!(refused.wrong(), None, "the bucket does as well");
    assert_eq!(refused.items[3].standpoint, Standpoint::Unclear);

    let mut model = pipelines.draft(operator, &draft).await.unwrap().draft.model;
    (model.prefix, model.source, model.endpoint) = ("churn".into(), "bucket".into(), "churn".into());
    typed.model = Some(model.into());
    factory.aws.world().taken.insert("churn-111111111111-eu-west-1".into());
    let named = pipelines.preflight_of(operator, &draft, typed).await.unwrap();
    assert_eq!(named.wrong().unwrap().key, "bucket");
    assert_eq!(pipelines.draft(operator, &draft).await.unwrap().draft.accounts.training, "", "nothing is saved");
}
