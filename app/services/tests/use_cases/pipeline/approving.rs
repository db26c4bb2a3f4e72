//! A pipeline that stands: started, judged, approved, and gone back with.

use super::world::now;
use super::{FIRST, Factory, SECOND};
use domain::names::PipelineId;
use domain::pipeline::approval::{ApprovalRules, Verdict};
use domain::pipeline::evidence::TrainingJob;
use domain::pipeline::execution::{
    ActionExecution, ActionState, ActionStatus, Execution, ExecutionStatus, PipelineState, StageState, Trigger,
};
use domain::time::Timestamp;
use services::ServiceError;
use std::collections::BTreeMap;

const MACHINE: &str = "arn:aws:states:eu-west-1:222222222222:execution:churn-training:";

fn job(name: &str, eta: &str, auc: f64) -> TrainingJob {
    TrainingJob {
        name: name.into(),
        status: "Completed".into(),
        phase: "Completed".into(),
        failure: None,
        image: "xgboost:1.7-1".into(),
        hyperparameters: [("eta".to_owned(), eta.to_owned())].into(),
        metrics: [("validation:auc".to_owned(), auc)].into(),
        channels: BTreeMap::new(),
        artifact: Some(format!("s3://churn-111111111111-eu-west-1/models/{name}/output/model.tar.gz")),
        instance_type: "ml.m5.large".into(),
        instance_count: 1,
        created: now(),
        ended: Some(now()),
        billable_seconds: Some(60),
    }
}

/// An execution whose model waits for approval, while another one serves.
fn waiting(factory: &Factory, execution: &str) {
    let mut world = factory.aws.world();
    world.pipeline = Some(PipelineState {
        stages: vec![StageState {
            name: "Approve".into(),
            execution: Some(execution.into()),
            status: Some(ExecutionStatus::InProgress),
            actions: vec![ActionState {
                name: "Approve".into(),
                status: Some(ActionStatus::InProgress),
                token: Some("t-2".into()),
                ..ActionState::default()
            }],
        }],
    });
    world.executions = vec![Execution {
        id: execution.into(),
        status: ExecutionStatus::InProgress,
        started: now(),
        updated: now(),
        trigger: Some(Trigger { kind: "StartPipelineExecution".into(), detail: "arn".into() }),
        revision: None,
        stopped_because: None,
    }];
    let action = ActionExecution {
        id: "a-1".into(),
        stage: "Train".into(),
        action: "Train".into(),
        status: ActionStatus::Succeeded,
        started: now(),
        updated: now(),
        external_id: Some(SECOND.replace("churn-", MACHINE)),
        summary: None,
        error: None,
        variables: BTreeMap::new(),
    };
    world.actions.insert(execution.into(), vec![action]);
    world.jobs = [(FIRST, "0.1", 0.8), (SECOND, "0.2", 0.9)]
        .map(|(name, eta, auc)| (name.to_owned(), job(name, eta, auc)))
        .into();
    world.endpoint = Some(("InService".into(), FIRST.into()));
    world.configurations = [(FIRST.to_owned(), Timestamp(1)), (SECOND.to_owned(), Timestamp(2))].into();
    world.put(&format!("models/{SECOND}/output/model.tar.gz"), 9, "hash", "k");
    world.calls.clear();
}

pub(super) async fn started(factory: &Factory) -> (PipelineId, String) {
    let pipeline = factory.made().await;
    let execution = factory.pipelines.start(&factory.operator, &pipeline, "1").await.unwrap();
    waiting(factory, &execution);
    (pipeline, execution)
}

#[tokio::test(start_paused = true)]
async fn evidence_sets_the_model_beside_the_one_that_serves() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    let evidence = factory.pipelines.evidence(&factory.operator, &pipeline, &execution).await.unwrap().unwrap();
    assert_eq!((evidence.metrics[0].live, evidence.metrics[0].candidate), (Some(0.8), Some(0.9)));
    let changed = &evidence.hyperparameters[0];
    assert_eq!((changed.live.as_deref(), changed.candidate.as_deref()), (Some("0.1"), Some("0.2")));
    let artifact = evidence.artifact.unwrap();
    assert_eq!((artifact.bytes, artifact.sha256.as_deref()), (9, Some("hash")));
    let again = factory.pipelines.evidence(&factory.operator, &pipeline, &execution).await.unwrap().unwrap();
    assert_eq!(again.artifact.unwrap(), artifact);
    assert_eq!(factory.aws.world().hashed, 1, "a version is read through once");
    assert_eq!(evidence.candidate.data["train"].key, "data/train/train.csv");
    let log = factory.pipelines.action_log(&factory.operator, &pipeline, &execution, "Train", None).await.unwrap();
    assert_eq!(log.lines[0].text, format!("/aws/sagemaker/TrainingJobs {SECOND}/"));
    assert_eq!(log.execution.unwrap().status, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_model_is_approved_by_someone_else_with_a_comment_where_that_is_the_rule() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    let (pipelines, ann) = (&factory.pipelines, &factory.operator);
    let rules = ApprovalRules { someone_else: true, comment: true };
    pipelines.set_approval_rules(ann, &pipeline, rules).await.unwrap();
    let bob = factory.bench.operator().await;
    let refused = pipelines.approve(ann, &pipeline, "t-2", Verdict::Approved, "good").await.unwrap_err();
    let started = format!("`{}` started this execution, and somebody else has to approve it", ann.label());
    assert_eq!(refused.to_string(), started);
    let loose = ApprovalRules { comment: true, ..ApprovalRules::default() };
    let refused = pipelines.set_approval_rules(ann, &pipeline, loose).await.unwrap_err();
    assert!(refused.to_string().contains("somebody else has to lift this rule"), "{refused}");
    let stricter = ApprovalRules { someone_else: true, comment: false };
    pipelines.set_approval_rules(ann, &pipeline, stricter).await.unwrap();
    pipelines.set_approval_rules(&bob, &pipeline, loose).await.unwrap();
    pipelines.set_approval_rules(&bob, &pipeline, rules).await.unwrap();
    let refused = pipelines.approve(&bob, &pipeline, "t-2", Verdict::Approved, " ").await.unwrap_err();
    assert_eq!(refused.to_string(), "a comment is required");
    assert!(factory.aws.world().calls.is_empty());
    pipelines.approve(&bob, &pipeline, "t-2", Verdict::Approved, "better than before").await.unwrap();
    assert_eq!(factory.aws.world().calls, ["Approved t-2: better than before"]);
    pipelines.approve(ann, &pipeline, "t-2", Verdict::Rejected, "after all not").await.unwrap();
    let trail = factory.bench.services.activity(ann, None, 10).await.unwrap();
    let newest = &trail.items[0];
    assert!(newest.detail.contains(&execution), "{newest:?}");
    assert!(newest.what.ends_with(" pipeline churn"), "{newest:?}");
    assert_eq!(newest.pipeline.as_ref(), Some(&pipeline));
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_is_over_is_told_so() {
    let factory = Factory::new().await;
    let (pipeline, _) = started(&factory).await;
    let approve =
        |token: &'static str| factory.pipelines.approve(&factory.operator, &pipeline, token, Verdict::Approved, "");
    let old = approve("t-1").await.unwrap_err();
    assert!(old.to_string().starts_with("this approval is no longer asked for"), "{old}");
    factory.aws.world().approval_fails = Some("ApprovalAlreadyCompletedException");
    let late = approve("t-2").await.unwrap_err();
    assert_eq!(late.to_string(), "somebody has approved or rejected this already");
    factory.aws.world().approval_fails = Some("InvalidApprovalTokenException");
    assert!(matches!(approve("t-2").await.unwrap_err(), ServiceError::Conflict { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_was_deleted_past_the_console_is_missed_in_plain_words() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    factory.aws.world().pipeline = None;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let said = "account 111111111111 has no pipeline `churn` any more";
    assert_eq!(pipelines.start(operator, &pipeline, "2").await.unwrap_err().to_string(), said);
    assert_eq!(pipelines.executions(operator, &pipeline, None).await.unwrap_err().to_string(), said);
    let approval = pipelines.approve(operator, &pipeline, "t-2", Verdict::Approved, "").await.unwrap_err();
    assert_eq!(approval.to_string(), said);
    assert_eq!(pipelines.pipeline(operator, &pipeline).await.unwrap().state, None);
    let _ = execution;
}

#[tokio::test(start_paused = true)]
async fn executions_are_stopped_and_stages_retried_and_both_are_written_down() {
    let factory = Factory::new().await;
    let (pipeline, execution) = started(&factory).await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    pipelines.retry_stage(operator, &pipeline, &execution, "Train").await.unwrap();
    pipelines.stop(operator, &pipeline, &execution, false, "wrong data").await.unwrap();
    assert_eq!(factory.aws.world().calls, ["retry Train".to_owned(), format!("stop {execution}")]);
    factory.aws.world().executions[0].status = ExecutionStatus::Succeeded;
    let over = pipelines.stop(operator, &pipeline, &execution, false, "").await.unwrap_err();
    assert_eq!(over.to_string(), "this execution has ended, or is being stopped already");
    factory.aws.moved.lock().unwrap().insert("production", "999999999999");
    assert!(pipelines.start(operator, &pipeline, "3").await.is_err(), "accounts are mixed up");
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_goes_back_to_an_earlier_version() {
    let factory = Factory::new().await;
    let (pipeline, _) = started(&factory).await;
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    let live = |view: domain::pipeline::view::VersionsView| -> Vec<(String, bool)> {
        view.versions.into_iter().map(|version| (version.name, version.live)).collect()
    };
    let known = live(pipelines.versions(operator, &pipeline).await.unwrap());
    assert_eq!(known, [(SECOND.to_owned(), false), (FIRST.to_owned(), true)]);
    let same = pipelines.serve_version(operator, &pipeline, FIRST).await.unwrap_err();
    assert_eq!(same.to_string(), format!("`churn-live` serves `{FIRST}` already"));
    let none = pipelines.serve_version(operator, &pipeline, "churn-9").await.unwrap_err();
    assert!(matches!(none, ServiceError::NotFound { .. }));
    pipelines.serve_version(operator, &pipeline, SECOND).await.unwrap();
    assert_eq!(factory.aws.world().endpoint, Some(("Updating".into(), SECOND.into())));
    let busy = pipelines.serve_version(operator, &pipeline, FIRST).await.unwrap_err();
    assert_eq!(busy.to_string(), "the endpoint `churn-live` is being changed at this moment");
}
