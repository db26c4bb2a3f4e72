//! What goes wrong while a pipeline is made or trains: shown with its cause, mended, and gone on with.

use crate::client::denying;
use crate::world::{PRODUCTION, SHARED, World};
use domain::names::PipelineId;
use domain::pipeline::apply::Part;
use domain::pipeline::execution::{ActionStatus, ExecutionStatus};
use domain::pipeline::observed::StackState;
use domain::pipeline::view::{ActionLogView, PipelineRunView, PipelineStatus};
use domain::run::{RunState, StepState};
use futures::StreamExt as _;
use serde_json::json;

/// The first execution, once it has failed, with what its training tells.
async fn failed_training(world: &World, pipeline: &PipelineId, before: usize) -> (String, String, ActionLogView) {
    let executions = crate::world::eventually("a failure", async || {
        let all = world.executions(pipeline).await;
        (all.len() > before && all[0].status == ExecutionStatus::Failed).then_some(all)
    })
    .await;
    let execution = executions[0].id.clone();
    let state = world.view(pipeline).await.state.unwrap();
    let train = state.stages.iter().find(|stage| stage.name == "Train").unwrap();
    let action = &train.actions[0];
    assert_eq!((train.status, action.status), (Some(ExecutionStatus::Failed), Some(ActionStatus::Failed)));
    let told = action.error.clone().unwrap().message;
    let log = world.pipelines.action_log(&world.operator, pipeline, &execution, "Train", None).await.unwrap();
    (execution, told, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_training_that_fails_is_told_in_the_containers_words_and_mended_by_an_edit() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let pipeline = world.made(|model| model.hyperparameters.push_str("\ntree_method=nonsense")).await;
    let (first, told, log) = failed_training(&world, &pipeline, 0).await;
    let job = log.job.unwrap();
    assert_eq!(job.status, "Failed");
    let reason = job.failure.unwrap();
    assert!(reason.contains("tree_method") && reason.contains("nonsense"), "{reason}");
    assert!(log.execution.unwrap().cause.unwrap().contains("nonsense"), "the state machine tells of it");
    assert!(told.contains("nonsense"), "and so does the pipeline: {told}");
    let evidence = pipelines.evidence(operator, &pipeline, &first).await.unwrap().unwrap();
    assert_eq!((evidence.artifact, evidence.candidate.job.status.as_str()), (None, "Failed"));

    // A retry trains with the same answers, and fails in the same way.
    pipelines.retry_stage(operator, &pipeline, &first, "Train").await.unwrap();
    assert_eq!(world.execution_ends(&pipeline, &first).await, ExecutionStatus::Failed);
    let draft = pipelines.edit(operator, &pipeline).await.unwrap();
    world.model(&draft, |model| model.hyperparameters = model.hyperparameters.replace("nonsense", "hist")).await;
    world.succeeds(&world.apply(&draft).await).await;
    let waiting = world.waiting(&pipeline, &[&first]).await;
    let late = pipelines.retry_stage(operator, &pipeline, &first, "Train").await.unwrap_err();
    assert_eq!(late.to_string(), "this stage can't be retried: it did not fail, or another execution has come since");
    let evidence = pipelines.evidence(operator, &pipeline, &waiting.execution).await.unwrap().unwrap();
    assert_eq!(evidence.candidate.job.hyperparameters["tree_method"], "hist");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_training_whose_role_is_denied_says_so_and_goes_on_when_it_may() {
    let world = World::new().await;
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let pipeline = world.made(|_| {}).await;
    let first = world.waiting(&pipeline, &[]).await.execution;
    let training = world.client("training");
    let role = [("RoleName", "churn-training"), ("PolicyName", "break")];
    let denied = denying("s3:GetObject", "*");
    training.iam_ok("PutRolePolicy", &[role[0], role[1], ("PolicyDocument", &denied)]).await;
    let second = pipelines.start(operator, &pipeline, "1").await.unwrap();
    pipelines.stop(operator, &pipeline, &first, true, "it is in the way").await.unwrap();
    let (execution, told, log) = failed_training(&world, &pipeline, 1).await;
    assert_eq!(execution, second);
    let reason = log.job.unwrap().failure.unwrap();
    assert!(reason.contains("AccessDenied") && told.contains("AccessDenied"), "{reason}\n{told}");
    training.iam_ok("DeleteRolePolicy", &role).await;
    pipelines.retry_stage(operator, &pipeline, &second, "Train").await.unwrap();
    let waiting = world.waiting(&pipeline, &[&first]).await;
    assert_eq!(waiting.execution, second);
    let evidence = pipelines.evidence(operator, &pipeline, &second).await.unwrap().unwrap();
    assert_eq!(evidence.candidate.job.status, "Completed", "of the retry, not of what failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_fails_half_way_is_retried_until_all_is_there() {
    let world = World::new().await;
    let draft = world.draft(|_| {}).await;
    world.refuse("lambda", "CreateFunction", PRODUCTION, None).await;
    let run = world.apply(&draft).await;
    let (step, error) = world.fails(&run).await;
    assert_eq!((step.as_str(), error.code.as_str()), ("production", "CREATE_FAILED"));
    assert!(error.message.starts_with("`DeployFunction` of the stack `churn-production`: "), "{}", error.message);
    assert!(error.message.contains("injected"), "{}", error.message);
    let pipeline = world.ended(&run).await.pipeline;
    assert_eq!(world.view(&pipeline).await.status, PipelineStatus::Incomplete);
    let standing = world.pipelines.teardown(&world.operator, &pipeline).await.unwrap().standing;
    assert_eq!(standing.stacks[&Part::Production].state, StackState::RollbackComplete, "half-made, and listed");

    world.no_faults().await;
    world.refuse("codepipeline", "CreatePipeline", SHARED, None).await;
    world.pipelines.retry_run(&world.operator, &run).await.unwrap();
    let (step, error) = world.fails(&run).await;
    assert_eq!(step, "shared-pipeline");
    assert!(error.message.starts_with("`Pipeline` of the stack `churn-shared-services`: "), "{}", error.message);
    let view = world.ended(&run).await;
    let production = view.steps.iter().find(|step| step.id == "production").unwrap();
    assert_eq!(production.note.as_deref(), Some("made anew: what an earlier try left was deleted first"));

    world.no_faults().await;
    world.pipelines.retry_run(&world.operator, &run).await.unwrap();
    let view = world.succeeds(&run).await;
    let attempts = |id: &str| view.steps.iter().find(|step| step.id == id).unwrap().attempts;
    assert_eq!((attempts("shared-first"), attempts("production"), attempts("shared-pipeline")), (1, 2, 2));
    world.waiting(&pipeline, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_whose_console_stops_goes_on_at_the_next_start() {
    let mut world = World::new().await;
    let draft = world.draft(|_| {}).await;
    // Longer than a console that stops waits for its calls.
    let slow =
        json!({ "service": "lambda", "operation": "CreateFunction", "effect": { "kind": "latency", "ms": 4000 } });
    world.control("POST", "/faults", slow).await;
    let run = world.apply(&draft).await;
    let committed = |view: &PipelineRunView| view.steps.iter().any(|s| s.id == "source" && s.state == StepState::Done);
    let seen = world.pipelines.watch_run(&world.operator, &run).await.unwrap();
    let seen = std::pin::pin!(seen.skip_while(|view| std::future::ready(!committed(view)))).next().await.unwrap();
    assert_eq!(seen.state, RunState::Running);
    world.restart().await;
    let left = world.pipelines.run(&world.operator, &run).await.unwrap();
    assert_eq!(left.state, RunState::Running, "nobody executes it, and it is not over");
    world.pipelines.resume_runs().await.unwrap();
    let view = world.succeeds(&run).await;
    let attempts = |id: &str| view.steps.iter().find(|step| step.id == id).unwrap().attempts;
    assert_eq!((attempts("shared-first"), attempts("source"), attempts("production")), (1, 1, 2));
    world.waiting(&view.pipeline, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_fails_at_its_end_is_rolled_back_to_nothing_and_can_be_applied_again() {
    let world = World::new().await;
    let before = world.inventory();
    let draft = world.draft(|_| {}).await;
    world.refuse("codepipeline", "CreatePipeline", SHARED, Some(1)).await;
    let run = world.apply(&draft).await;
    assert_eq!(world.fails(&run).await.0, "shared-pipeline");
    let pipeline = world.ended(&run).await.pipeline;
    let rolled_back = world.pipelines.roll_back(&world.operator, &pipeline).await.unwrap();
    world.succeeds(&rolled_back).await;
    assert_eq!(world.view(&pipeline).await.status, PipelineStatus::Removed);
    world.inventory().is_as(&before, &[]);

    let again = world.apply(&draft).await;
    world.succeeds(&again).await;
    world.waiting(&pipeline, &[]).await;
}
