//! Where the training template comes from, and which accounts there are.

use crate::inventory::Inventory;
use crate::world::{BUCKET, CUSTOMER, ENDPOINT, World, eventually};
use domain::names::PipelineId;
use domain::pipeline::approval::Verdict;
use domain::pipeline::draft::{ModelForm, PipelineForm};
use domain::pipeline::execution::{ExecutionStatus, Waiting};
use domain::pipeline::intent::Source;
use http::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_template_in_the_bucket_starts_the_pipeline_again_when_it_changes() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let pipeline = world.made(|model| model.source = "bucket".into()).await;
    let view = world.view(&pipeline).await;
    assert_eq!(view.intent.source, Source::Bucket);
    let repositories = world.client("shared").json_ok("codecommit", "ListRepositories", json!({})).await;
    assert_eq!(repositories["repositories"], json!([]));
    let first = world.waiting(&pipeline, &[]).await;
    world.decide(&pipeline, &first, Verdict::Rejected, "too many rounds").await;
    assert_eq!(world.execution_ends(&pipeline, &first.execution).await, ExecutionStatus::Failed);

    let draft = pipelines.edit(operator, &pipeline).await.unwrap();
    let there = pipelines.draft(operator, &draft).await.unwrap().draft.model;
    assert_eq!((there.source.as_str(), there.bucket.as_str()), ("bucket", BUCKET));
    let other = PipelineForm::Model(ModelForm { endpoint: "other".into(), ..there }.into());
    let refused = pipelines.save_step(operator, &draft, other).await.unwrap();
    let message = "this pipeline was made with `churn-live`, not `other`";
    assert_eq!((refused[0].field.as_str(), refused[0].message.as_str()), ("endpoint", message));
    world
        .model(&draft, |model| {
            model.endpoint = ENDPOINT.into();
            model.hyperparameters = model.hyperparameters.replace("=20", "=10");
        })
        .await;
    let review = pipelines.review(operator, &draft).await.unwrap();
    let notes: Vec<_> = review.documents.iter().map(|one| (one.title.as_str(), one.note.as_str())).collect();
    assert!(notes.contains(&("State machine", "changed")) && notes.contains(&("Pipeline", "unchanged")), "{notes:?}");
    world.succeeds(&world.apply(&draft).await).await;
    let second = world.waiting(&pipeline, &[&first.execution]).await;
    let evidence = pipelines.evidence(operator, &pipeline, &second.execution).await.unwrap().unwrap();
    assert_eq!(evidence.candidate.job.hyperparameters["num_round"], "10");
    assert_eq!(world.executions(&pipeline).await.len(), 2, "the data is as it was");
}

/// Makes a pipeline in these accounts, up to its first approval; gives it with that.
async fn made_in(world: &World, accounts: [&str; 3]) -> (PipelineId, Waiting) {
    let draft = world.draft_in(accounts, |_| {}).await;
    let review = world.pipelines.review(&world.operator, &draft).await.unwrap();
    let fine = review.matrix.rows.iter().all(|row| row.cells.iter().all(|cell| cell.is_fine()));
    assert!(fine && review.faults.is_empty(), "{accounts:?}: {:?} {:#?}", review.faults, review.matrix);
    let pipeline = world.succeeds(&world.apply(&draft).await).await.pipeline;
    let waiting = world.waiting(&pipeline, &[]).await;
    (pipeline, waiting)
}

/// Takes a pipeline away. Only what SageMaker keeps for good of its training is left.
async fn leaves_nothing(world: &World, pipeline: &PipelineId, before: &Inventory) {
    let training = world.view(pipeline).await.intent.training_account;
    world.torn_down(pipeline).await;
    let (profile, account) = (training.connection, training.account);
    let jobs = [
        format!("{profile} > logs > eu-west-1 > groups > /aws/sagemaker/TrainingJobs"),
        format!("{profile} > sagemaker > eu-west-1 > jobs > churn-"),
        format!("{profile} > sagemaker > eu-west-1 > tags > arn:aws:sagemaker:eu-west-1:{account}:training-job/churn-"),
    ];
    world.inventory().is_as(before, &jobs.each_ref().map(String::as_str));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_the_accounts_may_be_the_same() {
    for accounts in [["shared", "shared", "production"], ["shared", "parent", "shared"]] {
        let world = World::new().await;
        let before = world.inventory();
        let (pipeline, _) = made_in(&world, accounts).await;
        leaves_nothing(&world, &pipeline, &before).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_one_account_trains_and_serves() {
    let world = World::new().await;
    let before = world.inventory();
    let (pipeline, waiting) = made_in(&world, ["shared", "training", "training"]).await;
    world.decide(&pipeline, &waiting, Verdict::Approved, "good enough").await;
    assert_eq!(world.execution_ends(&pipeline, &waiting.execution).await, ExecutionStatus::Succeeded);
    let version = world.serves(&pipeline).await;
    let known = world.versions(&pipeline).await.versions;
    assert_eq!(known.iter().map(|one| (one.name.as_str(), one.live)).collect::<Vec<_>>(), [(version.as_str(), true)]);
    let answer = world.client("training").invoke(ENDPOINT, &[("content-type", "text/csv")], CUSTOMER).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().trim().parse::<f64>().is_ok_and(|likely| (0.0..1.0).contains(&likely)), "{}", answer.text());
    leaves_nothing(&world, &pipeline, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_executes_is_stopped_and_a_pipeline_that_waits_is_taken_away() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let pipeline = world.made(|model| model.source = "bucket".into()).await;
    let first = world.waiting(&pipeline, &[]).await.execution;
    pipelines.stop(operator, &pipeline, &first, true, "not today").await.unwrap();
    assert_eq!(world.execution_ends(&pipeline, &first).await, ExecutionStatus::Stopped);
    assert_eq!(world.executions(&pipeline).await[0].stopped_because.as_deref(), Some("not today"));
    let late = pipelines.stop(operator, &pipeline, &first, true, "").await.unwrap_err();
    assert_eq!(late.to_string(), "this execution has ended, or is being stopped already");

    // One that was told to stop when its approval is given goes on till then; a tear-down does not wait for that.
    pipelines.start(operator, &pipeline, "again").await.unwrap();
    let second = world.waiting(&pipeline, &[&first]).await.execution;
    pipelines.stop(operator, &pipeline, &second, false, "when it is over").await.unwrap();
    assert_eq!(world.executions(&pipeline).await[0].status, ExecutionStatus::Stopping);
    let dry_run = pipelines.teardown(operator, &pipeline).await.unwrap();
    assert_eq!((dry_run.standing.executing.len(), dry_run.plan.steps[0].id.as_str()), (1, "stop"));
    assert_eq!(dry_run.type_endpoint, None, "nothing was deployed");
    let run = world.torn_down(&pipeline).await;
    assert!(run.steps.iter().all(|step| step.error.is_none()), "{run:#?}");
    eventually("nothing", async || {
        let left = pipelines.teardown(operator, &pipeline).await.unwrap();
        left.standing.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_takes_nothing_that_another_key_encrypts() {
    const METHOD: &str = "x-amz-server-side-encryption";
    const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
    let world = World::new().await;
    world.made(|_| {}).await;
    let shared = world.client("shared");
    let keys = shared.json_ok("kms", "ListKeys", json!({})).await;
    let key = keys["Keys"][0]["KeyArn"].as_str().unwrap();
    let another = key.replace(":333333333333:", ":222222222222:");
    let put = async |headers: &[(&str, &str)]| {
        let path = format!("/{BUCKET}/data/train/more.csv");
        let answer = shared.send(shared.signed("s3", Method::PUT, &path, headers, "1,2\n".into())).await;
        (answer.status, answer.text().contains("<Code>AccessDenied</Code>"))
    };
    let taken = (200, false);
    assert_eq!(put(&[]).await, taken, "the bucket encrypts by itself");
    assert_eq!(put(&[(METHOD, "aws:kms"), (KEY, key)]).await, taken);
    let denied = (403, true);
    assert_eq!(put(&[(METHOD, "AES256")]).await, denied);
    assert_eq!(put(&[(METHOD, "aws:kms"), (KEY, &another)]).await, denied);
    assert_eq!(put(&[(METHOD, "aws:kms")]).await, denied, "the key that S3 has by itself");
    let of_the_caller = [("x-amz-server-side-encryption-customer-algorithm", "AES256")];
    assert_eq!(put(&of_the_caller).await, denied);
}
