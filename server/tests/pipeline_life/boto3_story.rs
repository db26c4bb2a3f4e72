//! From the wizard's first answer to the last stack's deletion, in one go: each part stands on what came before it.

use crate::client::{Client, denying};
use crate::world::{BUCKET, CUSTOMER, ENDPOINT, SAMPLE, World, eventually, signed_in};
use domain::invoke::{InvokeParams, Through};
use domain::names::PipelineId;
use domain::pipeline::approval::{ApprovalRules, Verdict};
use domain::pipeline::execution::{ExecutionStatus, Waiting};
use domain::pipeline::view::{PipelineStatus, Standpoint, TeardownForm};
use serde_json::json;
use services::ServiceError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::task::JoinHandle;

/// Somebody who calls the endpoint without a pause.
struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    task: JoinHandle<Vec<String>>,
}

impl Load {
    fn on(client: Client) -> Self {
        let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counted) = (stop.clone(), answers.clone());
        let task = tokio::spawn(async move {
            let mut failures = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let answer = client.invoke(ENDPOINT, &[("content-type", "text/csv")], CUSTOMER).await;
                counted.fetch_add(1, Ordering::Relaxed);
                if answer.status != 200 {
                    failures.push(format!("{}: {}", answer.status, answer.text()));
                }
            }
            failures
        });
        Self { stop, answers, task }
    }

    /// Ends it; gives how many answers there were. All of them were good.
    async fn ends(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        assert_eq!(self.task.await.unwrap(), Vec::<String>::new());
        self.answers.load(Ordering::Relaxed)
    }
}

/// Models and endpoint configurations of others, whose names begin as the pipeline's do.
async fn strangers(world: &World) {
    let production = world.client("production");
    let role = production.new_role(
        "stranger",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
        &[],
    );
    let role = role.await;
    for name in ["churn-classifier", "churn-2-0f8fad5b-d9cb-469f-a165-70867728950e"] {
        let image = "555555555555.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-echo:1";
        let model = json!({ "ModelName": name, "ExecutionRoleArn": role, "PrimaryContainer": { "Image": image } });
        production.json_ok("sagemaker", "CreateModel", model).await;
        let variant = json!({
            "VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        });
        let config = json!({ "EndpointConfigName": name, "ProductionVariants": [variant] });
        production.json_ok("sagemaker", "CreateEndpointConfig", config).await;
    }
}

async fn reviewed_and_made(world: &World) -> PipelineId {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let draft = world.draft(|_| {}).await;
    let preflight = pipelines.preflight(operator, &draft).await.unwrap();
    assert_eq!(preflight.wrong().next(), None);
    let fine = preflight.items.iter().all(|item| item.standpoint == Standpoint::Fine);
    assert!(fine, "{:#?}", preflight.items);
    let review = pipelines.review(operator, &draft).await.unwrap();
    assert_eq!(review.faults, Vec::<String>::new());
    let fine = review.matrix.rows.iter().all(|row| row.cells.iter().all(|cell| cell.is_fine()));
    assert!(fine, "{:#?}", review.matrix);
    assert_eq!(review.tally.train + review.tally.validation, 3000);
    let run = pipelines.apply(operator, &draft, &review.fingerprint).await.unwrap();
    let run = world.succeeds(&run).await;
    assert!(run.steps.iter().all(|step| !step.id.contains("shared-") || !step.events.is_empty()), "{run:#?}");
    run.pipeline
}

/// The first execution comes by itself. Its model is judged and rejected, and the same approval can't be given twice.
async fn first_is_rejected(world: &World, pipeline: &PipelineId) -> Waiting {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let waiting = world.waiting(pipeline, &[]).await;
    let executions = world.executions(pipeline).await;
    assert_eq!(executions.len(), 1, "{executions:#?}");
    assert_eq!(executions[0].trigger.as_ref().unwrap().kind, "CreatePipeline");

    let evidence = pipelines.evidence(operator, pipeline, &waiting.execution).await.unwrap().unwrap();
    assert_eq!((evidence.live, evidence.candidate.job.status.as_str()), (None, "Completed"));
    let auc = evidence.metrics.iter().find(|metric| metric.name == "validation:auc").unwrap();
    assert!(auc.candidate.unwrap() > 0.6, "{auc:?}");
    let artifact = evidence.artifact.unwrap();
    assert!(artifact.bytes > 100 && artifact.sha256.is_some_and(|sha| sha.len() == 64));
    assert_eq!(evidence.candidate.data.keys().collect::<Vec<_>>(), ["train", "validation"]);
    let log = pipelines.action_log(operator, pipeline, &waiting.execution, "Train", None).await.unwrap();
    assert_eq!(log.execution.unwrap().status, "SUCCEEDED");
    let last = log.lines.iter().filter(|line| line.text.contains("validation-auc")).count();
    assert_eq!(last, 20, "a line a round: {:#?}", log.lines);
    let log = pipelines.action_log(operator, pipeline, &waiting.execution, "DeployTraining", None).await.unwrap();
    assert!(log.events.iter().any(|event| event.status == "CREATE_COMPLETE"), "{:#?}", log.events);

    let rules = ApprovalRules { someone_else: false, comment: true };
    pipelines.set_approval_rules(operator, pipeline, rules).await.unwrap();
    let silent = pipelines.approve(operator, pipeline, &waiting.token, Verdict::Rejected, " ").await.unwrap_err();
    assert_eq!(silent.to_string(), "a comment is required");
    world.decide(pipeline, &waiting, Verdict::Rejected, "too few customers").await;
    assert_eq!(world.execution_ends(pipeline, &waiting.execution).await, ExecutionStatus::Failed);
    let state = world.view(pipeline).await.state.unwrap();
    let approve = state.stages.iter().find(|stage| stage.name == "Approve").unwrap();
    assert_eq!(approve.actions[0].summary.as_deref(), Some("too few customers"));
    let again = pipelines.approve(operator, pipeline, &waiting.token, Verdict::Approved, "after all").await;
    assert!(again.unwrap_err().to_string().starts_with("this approval is no longer asked for"));
    assert_eq!(world.versions(pipeline).await.endpoint, None);
    waiting
}

/// The second is started by hand, approved and deployed. Gives its version.
async fn second_serves(world: &World, pipeline: &PipelineId, rejected: &str) -> String {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let started = pipelines.start(operator, pipeline, "once").await.unwrap();
    assert_eq!(pipelines.start(operator, pipeline, "once").await.unwrap(), started, "the same page, sent twice");
    let waiting = world.waiting(pipeline, &[rejected]).await;
    assert_eq!(waiting.execution, started);
    let other = ApprovalRules { someone_else: true, comment: true };
    pipelines.set_approval_rules(operator, pipeline, other).await.unwrap();
    let own = pipelines.approve(operator, pipeline, &waiting.token, Verdict::Approved, "good").await.unwrap_err();
    assert!(own.to_string().contains("somebody else has to approve it"), "{own}");
    let lifted = pipelines.set_approval_rules(operator, pipeline, ApprovalRules::default()).await.unwrap_err();
    assert!(lifted.to_string().contains("somebody else has to lift this rule"), "{lifted}");
    let another = signed_in(&world.services).await;
    pipelines.set_approval_rules(&another, pipeline, ApprovalRules::default()).await.unwrap();
    let production = world.client("production");
    let role = [("RoleName", "churn-model"), ("PolicyName", "break")];
    let denied = denying("s3:GetObject", "*");
    production.iam_ok("PutRolePolicy", &[role[0], role[1], ("PolicyDocument", &denied)]).await;
    world.decide(pipeline, &waiting, Verdict::Approved, "good enough").await;
    assert_eq!(world.execution_ends(pipeline, &started).await, ExecutionStatus::Failed);
    let told = failed_deployment(world, pipeline, &started).await;
    assert!(told.starts_with("the endpoint could not be made: Failed to download model data"), "{told}");
    production.iam_ok("DeleteRolePolicy", &role).await;
    pipelines.retry_stage(operator, pipeline, &started, "Deploy").await.unwrap();
    assert_eq!(world.execution_ends(pipeline, &started).await, ExecutionStatus::Succeeded);

    let version = world.serves(pipeline).await;
    let known = world.versions(pipeline).await.versions;
    assert_eq!(known.iter().map(|one| (one.name.as_str(), one.live)).collect::<Vec<_>>(), [(version.as_str(), true)]);
    let through = Through::parse("direct/eu-west-1/production").unwrap();
    let call = InvokeParams::text(through, ENDPOINT.parse().unwrap(), "text/csv", CUSTOMER);
    let answer = world.services.invoke(operator, call).await.unwrap().result.unwrap().text.unwrap();
    assert!(answer.trim().parse::<f64>().is_ok_and(|likely| (0.0..1.0).contains(&likely)), "{answer}");
    version
}

/// Why a deployment failed, as the action and its log tell.
async fn failed_deployment(world: &World, pipeline: &PipelineId, execution: &str) -> String {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let actions = pipelines.actions(operator, pipeline, execution).await.unwrap();
    let told = actions.iter().find(|action| action.stage == "Deploy").unwrap().error.clone().unwrap().message;
    // The function's log is written when it has ended, a moment after it has told the pipeline.
    eventually("the line of the log", async || {
        let log = pipelines.action_log(operator, pipeline, execution, "Deploy", None).await.unwrap();
        log.lines.iter().any(|line| line.text.ends_with(&told)).then_some(())
    })
    .await;
    let state = world.view(pipeline).await.state.unwrap();
    assert_eq!(state.stages.last().unwrap().actions[0].error.as_ref().unwrap().message, told);
    told
}

async fn alarm(world: &World, state: &str) {
    let asked = json!({ "AlarmName": "churn-errors", "StateValue": state, "StateReason": "a test" });
    world.client("production").json_ok("monitoring", "SetAlarmState", asked).await;
}

/// New data starts a run. Its deployment is taken back by the alarm, then goes through, and the first version serves again.
async fn third_takes_over(world: &World, pipeline: &PipelineId, known: &[&str], first: &str) {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let draft = pipelines.edit(operator, pipeline).await.unwrap();
    let most: String = SAMPLE.lines().take(2000).map(|line| format!("{line}\n")).collect();
    world.upload(&draft, &most).await;
    let run = world.succeeds(&world.apply(&draft).await).await;
    assert!(run.steps.iter().all(|step| !step.id.contains("shared-first")), "it is not taken apart: {run:#?}");
    let waiting = world.waiting(pipeline, known).await;
    let execution = waiting.execution.as_str();
    let executions = world.executions(pipeline).await;
    assert_eq!(executions.len(), known.len() + 1, "one for both files: {executions:#?}");
    assert_eq!(executions[0].trigger.as_ref().unwrap().kind, "CloudWatchEvent");
    let evidence = pipelines.evidence(operator, pipeline, execution).await.unwrap().unwrap();
    assert_eq!(evidence.live.unwrap().job.name, first);
    let changed: Vec<&str> = evidence.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!((changed, evidence.hyperparameters.len()), (vec!["train data", "validation data"], 0));

    alarm(world, "ALARM").await;
    world.decide(pipeline, &waiting, Verdict::Approved, "newer").await;
    assert_eq!(world.execution_ends(pipeline, execution).await, ExecutionStatus::Failed);
    let told = "The deployment was rolled back, because the CloudWatch alarm churn-errors is in the ALARM state.";
    let said = failed_deployment(world, pipeline, execution).await;
    assert_eq!(said, format!("the endpoint was rolled back to `{first}`: {told}"));
    assert_eq!(world.serves(pipeline).await, first);

    alarm(world, "OK").await;
    pipelines.retry_stage(operator, pipeline, execution, "Deploy").await.unwrap();
    assert_eq!(world.execution_ends(pipeline, execution).await, ExecutionStatus::Succeeded);
    let second = world.serves(pipeline).await;
    assert_ne!(second, first);
    let names = |all: Vec<domain::pipeline::view::VersionView>| all.into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(world.versions(pipeline).await.versions), [second.as_str(), first]);

    pipelines.serve_version(operator, pipeline, first).await.unwrap();
    assert_eq!(world.serves(pipeline).await, first);
    let twice = pipelines.serve_version(operator, pipeline, first).await.unwrap_err();
    assert_eq!(twice.to_string(), format!("`{ENDPOINT}` serves `{first}` already"));
}

async fn taken_away(world: &World, pipeline: &PipelineId) {
    let (pipelines, operator) = (&world.pipelines, &world.operator);
    let dry_run = pipelines.teardown(operator, pipeline).await.unwrap();
    let standing = &dry_run.standing;
    assert_eq!((standing.stacks.len(), standing.configurations.len(), standing.models.len()), (4, 2, 2));
    assert_eq!(
        (dry_run.type_bucket.as_deref(), dry_run.type_endpoint.as_deref()),
        (Some(BUCKET), Some(ENDPOINT)),
        "{dry_run:#?}"
    );
    let wrong = TeardownForm { bucket: BUCKET.into(), endpoint: "churn".into() };
    let refused = pipelines.tear_down(operator, pipeline, &dry_run.fingerprint, &wrong).await.unwrap_err();
    let ServiceError::Invalid { problems } = refused else { panic!("{refused}") };
    assert_eq!(problems[0].message, "`churn` is not the endpoint's name");
    world.torn_down(pipeline).await;
    let left = pipelines.teardown(operator, pipeline).await.unwrap();
    assert!(left.standing.is_empty() && left.plan.steps.is_empty(), "{left:#?}");
    assert_eq!(pipelines.pipelines(operator).await.unwrap()[0].status, PipelineStatus::Removed);
    pipelines.forget(operator, pipeline).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_made_judged_deployed_renewed_under_load_gone_back_with_and_taken_away() {
    let world = World::new().await;
    strangers(&world).await;
    let before = world.inventory();
    let pipeline = reviewed_and_made(&world).await;
    let rejected = first_is_rejected(&world, &pipeline).await.execution;
    let first = second_serves(&world, &pipeline, &rejected).await;
    let started = world.executions(&pipeline).await[0].id.clone();
    let load = Load::on(world.client("production"));
    third_takes_over(&world, &pipeline, &[&rejected, &started], &first).await;
    let answers = load.ends().await;
    assert!(answers > 50, "{answers}");
    taken_away(&world, &pipeline).await;
    // What SageMaker keeps for good, as the dry run says.
    let jobs = [
        "training > logs > eu-west-1 > groups > /aws/sagemaker/TrainingJobs",
        "training > sagemaker > eu-west-1 > jobs > churn-",
        "training > sagemaker > eu-west-1 > tags > arn:aws:sagemaker:eu-west-1:444444444444:training-job/churn-",
    ];
    world.inventory().is_as(&before, &jobs);
}
