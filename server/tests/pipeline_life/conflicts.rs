//! What others have done meanwhile, and what was mixed up.

use crate::world::{BUCKET, PRODUCTION, SHARED, World};
use domain::pipeline::apply::Part;
use domain::pipeline::approval::Verdict;
use domain::pipeline::draft::{AccountsForm, PipelineForm};
use domain::pipeline::view::PipelineStatus;
use http::Method;
use serde_json::json;

const IRELAND: &str =
    "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";

/// Somebody with this profile has the bucket, with something in it.
async fn a_bucket_that_is_taken(profile: &str, said: &str) {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let owner = world.client(profile);
    for (path, body) in [(format!("/{BUCKET}"), IRELAND), (format!("/{BUCKET}/precious"), "gold")] {
        let made = owner.send(owner.signed("s3", Method::PUT, &path, &[], body.into())).await;
        assert_eq!(made.status, 200, "{}", made.text());
    }
    let before = world.inventory();
    let draft = world.draft(|_| {}).await;
    let wrong = pipelines.preflight(operator, &draft).await.unwrap().wrong().next().cloned().unwrap();
    assert_eq!((wrong.key.as_str(), wrong.message.as_str()), ("bucket", said));
    let fingerprint = pipelines.review(operator, &draft).await.unwrap().fingerprint;
    let refused = pipelines.apply(operator, &draft, &fingerprint).await.unwrap_err();
    assert_eq!(refused.to_string(), said);
    world.inventory().is_as(&before, &[]);

    // The preflight can't look: CloudFormation finds out, and what it made before is listed and goes again.
    let effect = json!({ "kind": "error", "status": 500 });
    let blind = json!({ "service": "s3", "operation": "HeadBucket", "account": SHARED, "effect": effect });
    world.control("POST", "/faults", blind).await;
    let run = world.apply(&draft).await;
    let (step, error) = world.fails(&run).await;
    assert_eq!(step, "shared-first");
    assert!(error.message.starts_with("`Bucket` of the stack `churn-shared-services`: "), "{}", error.message);
    assert!(error.hint.starts_with("bucket names are unique in all of AWS"), "{error:?}");
    let pipeline = world.ended(&run).await.pipeline;
    let standing = pipelines.teardown(operator, &pipeline).await.unwrap().standing;
    assert_eq!(standing.stacks.keys().collect::<Vec<_>>(), [&Part::SharedServices]);
    assert_eq!(standing.bucket, None, "it is not the pipeline's");
    world.succeeds(&pipelines.roll_back(operator, &pipeline).await.unwrap()).await;
    world.inventory().is_as(&before, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_another_account_has_is_told_before_and_when_it_could_not_be_before() {
    a_bucket_that_is_taken("parent", &format!("another account has a bucket `{BUCKET}`")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_the_same_account_is_not_the_pipelines_and_stays_as_it_is() {
    a_bucket_that_is_taken("shared", &format!("account {SHARED} has a bucket `{BUCKET}` already")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_others_is_not_deployed_to() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let before = world.inventory();
    let draft = world.draft_in(["shared", "training", "parent"], |model| model.endpoint = "echo".into()).await;
    let wrong = pipelines.preflight(operator, &draft).await.unwrap().wrong().next().cloned().unwrap();
    assert_eq!(wrong.key, "endpoint");
    let said = "account 111111111111 has an endpoint `echo` that this pipeline did not make: it serves `";
    assert!(wrong.message.starts_with(said), "{}", wrong.message);
    let fingerprint = pipelines.review(operator, &draft).await.unwrap().fingerprint;
    let refused = pipelines.apply(operator, &draft, &fingerprint).await.unwrap_err();
    assert_eq!(refused.to_string(), wrong.message);
    world.inventory().is_as(&before, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_that_were_swapped_are_told_before_anything_is_touched() {
    let mut world = World::new().await;
    let draft = world.draft(|_| {}).await;
    let fingerprint = world.pipelines.review(&world.operator, &draft).await.unwrap().fingerprint;
    world.swap("training", "production").await;
    let before = world.inventory();
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let refused = pipelines.apply(operator, &draft, &fingerprint).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "connection `training` now leads to account {PRODUCTION}, and the pipeline's training account is 444444444444"
        )
    );
    world.inventory().is_as(&before, &[]);
    assert!(pipelines.pipelines(operator).await.unwrap().is_empty());

    // Saved again it is a pipeline of the accounts as they are now; once made, it stays with them.
    let accounts = AccountsForm {
        shared_services: "shared".into(),
        training: "production".into(),
        production: "training".into(),
        region: "eu-west-1".into(),
    };
    let form = || PipelineForm::Accounts(accounts.clone());
    assert_eq!(pipelines.save_step(operator, &draft, form()).await.unwrap(), []);
    let pipeline = world.succeeds(&world.apply(&draft).await).await.pipeline;
    assert_eq!(world.view(&pipeline).await.intent.production.account.as_str(), PRODUCTION);
    world.swap("training", "production").await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let refused = pipelines.start(operator, &pipeline, "1").await.unwrap_err().to_string();
    assert!(refused.starts_with("connection `production` now leads to account"), "{refused}");
    let problems = pipelines.save_step(operator, &draft, form()).await.unwrap();
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["training", "production"], "{problems:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_was_deleted_past_the_console_is_missed_and_made_anew() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let pipeline = world.made(|_| {}).await;
    let waiting = world.waiting(&pipeline, &[]).await;
    world.client("shared").json_ok("codepipeline", "DeletePipeline", json!({ "name": "churn" })).await;
    let said = format!("account {SHARED} has no pipeline `churn` any more");
    let execution = &waiting.execution;
    assert_eq!(world.view(&pipeline).await.state, None);
    assert_eq!(pipelines.start(operator, &pipeline, "1").await.unwrap_err().to_string(), said);
    assert_eq!(pipelines.executions(operator, &pipeline, None).await.unwrap_err().to_string(), said);
    assert_eq!(pipelines.stop(operator, &pipeline, execution, false, "").await.unwrap_err().to_string(), said);
    assert_eq!(pipelines.retry_stage(operator, &pipeline, execution, "Train").await.unwrap_err().to_string(), said);
    assert_eq!(pipelines.evidence(operator, &pipeline, execution).await.unwrap_err().to_string(), said);
    assert_eq!(pipelines.actions(operator, &pipeline, execution).await.unwrap_err().to_string(), said);
    let log = pipelines.action_log(operator, &pipeline, execution, "Train", None).await.unwrap_err();
    assert_eq!(log.to_string(), said);
    let approval = pipelines.approve(operator, &pipeline, &waiting.token, Verdict::Approved, "").await.unwrap_err();
    assert_eq!(approval.to_string(), said);

    // As the hint says: applying makes what is missing.
    let draft = pipelines.edit(operator, &pipeline).await.unwrap();
    world.succeeds(&world.apply(&draft).await).await;
    world.waiting(&pipeline, &[execution]).await;
    world.client("shared").json_ok("codepipeline", "DeletePipeline", json!({ "name": "churn" })).await;
    world.torn_down(&pipeline).await;
    assert_eq!(pipelines.pipelines(operator).await.unwrap()[0].status, PipelineStatus::Removed);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_an_account_may_not_have_stand_in_the_way() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let draft = world.draft(|model| model.training_instance = "ml.p3.2xlarge".into()).await;
    let wrong = pipelines.preflight(operator, &draft).await.unwrap().wrong().next().cloned().unwrap();
    let said = "the quota `ml.p3.2xlarge for training job usage` is 0, and 1 are needed";
    assert_eq!((wrong.key.as_str(), wrong.message.as_str()), ("training_quota", said));
    let fingerprint = pipelines.review(operator, &draft).await.unwrap().fingerprint;
    let refused = pipelines.apply(operator, &draft, &fingerprint).await.unwrap_err();
    assert_eq!(refused.to_string(), said);
}
