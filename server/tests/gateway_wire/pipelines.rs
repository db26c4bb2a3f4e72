//! What is sent to CodePipeline, and made of its answers.

use crate::canned::{Canned, Received, Reply, ireland, json, json_error, parent};
use domain::pipeline::approval::Verdict;
use domain::time::Timestamp;
use serde_json::json;
use services::ports::gateway::{ActionStatus, ExecutionStatus, GatewayErrorKind, Waiting};

const STATE: &str = r#"{
  "pipelineName": "churn", "pipelineVersion": 2, "created": 1.5, "updated": 2.5,
  "stageStates": [
    { "stageName": "Source", "inboundTransitionState": { "enabled": true },
      "actionStates": [{
        "actionName": "Template",
        "currentRevision": { "revisionId": "c0ffee", "revisionChangeId": "x", "created": 1.5 },
        "latestExecution": { "actionExecutionId": "a-1", "status": "Succeeded", "summary": "The training",
                             "lastStatusChange": 1.5, "externalExecutionId": "c0ffee" } }],
      "latestExecution": { "pipelineExecutionId": "e-1", "status": "Succeeded" } },
    { "stageName": "Train", "inboundTransitionState": { "enabled": true },
      "actionStates": [{
        "actionName": "Train",
        "latestExecution": { "actionExecutionId": "a-2", "status": "Failed", "percentComplete": 40,
                             "errorDetails": { "code": "JobFailed", "message": "the state machine failed" },
                             "externalExecutionId": "arn:aws:states:eu-west-1:222222222222:execution:churn:1" } }],
      "latestExecution": { "pipelineExecutionId": "e-1", "status": "Failed" } },
    { "stageName": "Approve", "inboundTransitionState": { "enabled": true },
      "actionStates": [{ "actionName": "Approve",
        "latestExecution": { "status": "InProgress", "token": "t-1", "lastStatusChange": 3 } }],
      "latestExecution": { "pipelineExecutionId": "e-0", "status": "InProgress" } },
    { "stageName": "Deploy", "inboundTransitionState": { "enabled": true },
      "actionStates": [{ "actionName": "Deploy" }] }
  ] }"#;

fn waiting() -> Waiting {
    Waiting { stage: "Approve".into(), action: "Approve".into(), token: "t-1".into(), execution: "e-0".into() }
}

fn missing() -> Reply {
    json_error(400, "PipelineNotFoundException", "Account '111111111111' does not have a pipeline with name 'churn'")
}

#[tokio::test]
async fn a_pipeline_is_read_stage_by_stage() {
    let canned = Canned::start(|_| json(200, STATE)).await;
    let state =
        canned.pipeline().await.pipelines.pipeline_state(&parent(), &ireland(), "churn").await.unwrap().unwrap();
    let names: Vec<_> = state.stages.iter().map(|stage| (stage.name.as_str(), stage.status)).collect();
    let expected = [
        ("Source", Some(ExecutionStatus::Succeeded)),
        ("Train", Some(ExecutionStatus::Failed)),
        ("Approve", Some(ExecutionStatus::InProgress)),
        ("Deploy", None),
    ];
    assert_eq!(names, expected);
    let source = &state.stages[0].actions[0];
    assert_eq!((source.revision.as_deref(), source.summary.as_deref()), (Some("c0ffee"), Some("The training")));
    assert_eq!((source.status, source.at), (Some(ActionStatus::Succeeded), Some(Timestamp(1500))));
    let train = &state.stages[1].actions[0];
    assert_eq!(train.error.as_ref().map(|error| error.code.as_str()), Some("JobFailed"));
    assert_eq!(train.percent, Some(40));
    assert!(train.external_id.as_deref().unwrap().contains(":execution:churn:1"));
    assert_eq!(state.stages[3].actions[0].status, None);
    assert_eq!(state.waiting(), Some(waiting()));
    assert_eq!(canned.requests()[0].json(), json!({ "name": "churn" }));
}

#[tokio::test]
async fn a_pipeline_that_is_missing_is_no_error_to_look_at_and_one_to_change() {
    let canned = Canned::start(|_| missing()).await;
    let pipelines = canned.pipeline().await.pipelines;
    let (parent, ireland) = (&parent(), &ireland());
    assert_eq!(pipelines.pipeline_state(parent, ireland, "churn").await.unwrap(), None);
    assert_eq!(pipelines.executions(parent, ireland, "churn", None).await.unwrap(), None);
    assert_eq!(pipelines.action_executions(parent, ireland, "churn", "e-1").await.unwrap(), []);
    let started = pipelines.start(parent, ireland, "churn", "token").await.unwrap_err();
    let stopped = pipelines.stop(parent, ireland, "churn", "e-1", false, "enough").await.unwrap_err();
    assert_eq!((started.kind, stopped.kind), (GatewayErrorKind::NotFound, GatewayErrorKind::NotFound));
    assert_eq!(started.action(), "codepipeline:StartPipelineExecution");
}

#[tokio::test]
async fn executions_come_in_pages_with_trigger_revision_and_why_they_stopped() {
    let canned = Canned::start(|_| {
        let stopped = r#"{ "pipelineExecutionId": "e-2", "status": "Stopped", "startTime": 2.5, "lastUpdateTime": 3.5,
            "sourceRevisions": [{ "actionName": "Template", "revisionId": "c0ffee" }],
            "trigger": { "triggerType": "StartPipelineExecution", "triggerDetail": "arn:aws:iam::1:user/ann" },
            "stopTrigger": { "reason": "enough" }, "executionMode": "SUPERSEDED" }"#;
        let first =
            r#"{ "pipelineExecutionId": "e-1", "status": "Superseded", "startTime": 1.5, "lastUpdateTime": 2.5 }"#;
        json(200, &format!(r#"{{ "pipelineExecutionSummaries": [{stopped}, {first}], "nextToken": "more" }}"#))
    })
    .await;
    let pipelines = canned.pipeline().await.pipelines;
    let page = pipelines.executions(&parent(), &ireland(), "churn", Some("here")).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("more")));
    let stopped = &page.items[0];
    assert_eq!((stopped.status, stopped.stopped_because.as_deref()), (ExecutionStatus::Stopped, Some("enough")));
    assert_eq!((stopped.started, stopped.updated), (Timestamp(2500), Timestamp(3500)));
    assert_eq!(stopped.trigger.as_ref().map(|trigger| trigger.kind.as_str()), Some("StartPipelineExecution"));
    assert_eq!((stopped.revision.as_deref(), &page.items[1].trigger), (Some("c0ffee"), &None));
    let sent = json!({ "pipelineName": "churn", "maxResults": 50, "nextToken": "here" });
    assert_eq!(canned.requests()[0].json(), sent);
}

fn actions(request: &Received) -> Reply {
    let detail = |id: &str, more: &str| {
        format!(
            r#"{{ "pipelineExecutionId": "e-1", "actionExecutionId": "{id}", "stageName": "Train", "actionName": "Train",
                "startTime": 1.5, "lastUpdateTime": 2.5, "status": "Failed"{more} }}"#
        )
    };
    let failed = r#", "output": { "outputVariables": { "CommitId": "c0ffee" }, "executionResult": {
        "externalExecutionId": "arn:aws:states:…", "externalExecutionSummary": "it failed",
        "errorDetails": { "code": "JobFailed", "message": "why" } } }"#;
    match request.json().get("nextToken") {
        None => {
            json(200, &format!(r#"{{ "actionExecutionDetails": [{}], "nextToken": "more" }}"#, detail("a-2", failed)))
        }
        Some(_) => json(200, &format!(r#"{{ "actionExecutionDetails": [{}] }}"#, detail("a-1", ""))),
    }
}

#[tokio::test]
async fn all_pages_of_an_executions_actions_are_read() {
    let canned = Canned::start(actions).await;
    let all = canned.pipeline().await.pipelines.action_executions(&parent(), &ireland(), "churn", "e-1").await.unwrap();
    assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a-2", "a-1"]);
    let (failed, first) = (&all[0], &all[1]);
    assert_eq!(
        (failed.external_id.as_deref(), failed.summary.as_deref()),
        (Some("arn:aws:states:…"), Some("it failed"))
    );
    assert_eq!(failed.error.as_ref().map(|error| error.message.as_str()), Some("why"));
    assert_eq!(failed.variables["CommitId"], "c0ffee");
    assert_eq!((&first.error, first.status), (&None, ActionStatus::Failed));
    assert_eq!(canned.requests()[1].json()["filter"], json!({ "pipelineExecutionId": "e-1" }));
}

#[tokio::test]
async fn an_execution_is_started_stopped_and_tried_again() {
    let canned = Canned::start(|_| json(200, r#"{ "pipelineExecutionId": "e-3" }"#)).await;
    let pipelines = canned.pipeline().await.pipelines;
    let started = pipelines.start(&parent(), &ireland(), "churn", "token").await.unwrap();
    assert_eq!((started.value.as_str(), started.request_id.as_deref()), ("e-3", Some("req-3")));
    pipelines.stop(&parent(), &ireland(), "churn", "e-3", true, "enough").await.unwrap();
    pipelines.retry_stage(&parent(), &ireland(), "churn", "Train", "e-3").await.unwrap();
    let sent: Vec<_> = canned.requests().iter().map(|one| (one.operation(), one.json())).collect();
    let expected = [
        ("StartPipelineExecution", json!({ "name": "churn", "clientRequestToken": "token" })),
        (
            "StopPipelineExecution",
            json!({ "pipelineName": "churn", "pipelineExecutionId": "e-3", "abandon": true, "reason": "enough" }),
        ),
        (
            "RetryStageExecution",
            json!({ "pipelineName": "churn", "stageName": "Train", "pipelineExecutionId": "e-3",
                    "retryMode": "FAILED_ACTIONS" }),
        ),
    ];
    assert_eq!(sent, expected.map(|(operation, body)| (operation.to_owned(), body)));
}

#[tokio::test]
async fn a_verdict_answers_the_very_asking_that_was_seen() {
    let canned = Canned::start(|_| json(200, r#"{ "approvedAt": 1.5 }"#)).await;
    let pipelines = canned.pipeline().await.pipelines;
    for (verdict, status) in [(Verdict::Approved, "Approved"), (Verdict::Rejected, "Rejected")] {
        pipelines.approve(&parent(), &ireland(), "churn", &waiting(), verdict, "fits").await.unwrap();
        let expected = json!({
            "pipelineName": "churn", "stageName": "Approve", "actionName": "Approve", "token": "t-1",
            "result": { "status": status, "summary": "fits" },
        });
        assert_eq!(canned.requests().last().unwrap().json(), expected);
    }
}

#[tokio::test]
async fn what_comes_too_late_is_a_conflict() {
    for code in ["InvalidApprovalTokenException", "ApprovalAlreadyCompletedException"] {
        let canned = Canned::start(move |_| json_error(400, code, "too late")).await;
        let pipelines = canned.pipeline().await.pipelines;
        let late =
            pipelines.approve(&parent(), &ireland(), "churn", &waiting(), Verdict::Approved, "").await.unwrap_err();
        assert_eq!((late.kind, late.code.as_str(), late.retryable), (GatewayErrorKind::Conflict, code, false));
        assert_eq!(canned.requests().len(), 1);
    }
    for code in ["PipelineExecutionNotStoppableException", "DuplicatedStopRequestException"] {
        let canned = Canned::start(move |_| json_error(400, code, "too late")).await;
        let pipelines = canned.pipeline().await.pipelines;
        let late = pipelines.stop(&parent(), &ireland(), "churn", "e-1", false, "enough").await.unwrap_err();
        assert_eq!((late.kind, late.code.as_str()), (GatewayErrorKind::Conflict, code));
    }
}
