#![allow(clippy::unwrap_used)]

use super::*;
use domain::pipeline::execution::{ActionError, PipelineState};
use serde_json::json;
use std::collections::BTreeMap;

fn view(stages: Vec<StageState>) -> PipelineView {
    let place = |connection: &str, account: &str| json!({ "connection": connection, "account": account });
    let intent = json!({
        "prefix": "churn", "region": "eu-west-1", "shared_services": place("a", "111111111111"),
        "training_account": place("b", "222222222222"), "production": place("c", "333333333333"),
        "administrator": "arn:aws:iam::111111111111:role/admin", "bucket": "churn",
        "source": { "source": "repository", "name": "churn", "branch": "main" },
        "training": { "version": "1.7-1", "instance_type": "ml.m5.large", "instance_count": 1, "volume_gigabytes": 10,
            "max_seconds": 3600, "hyperparameters": { "objective": "binary:logistic", "num_round": "10" } },
        "deployment": { "endpoint": "churn-live", "instance_type": "ml.m5.large", "instance_count": 2, "update": "canary",
            "wait_seconds": 120, "alarms": true },
    });
    let state = PipelineState { stages };
    PipelineView {
        id: "p1".parse().unwrap(),
        intent: serde_json::from_value(intent).unwrap(),
        status: PipelineStatus::Ready,
        last_run: None,
        outputs: BTreeMap::new(),
        rules: Default::default(),
        waiting: state.waiting(),
        state: Some(state),
        started: BTreeMap::new(),
        applied_by: "ann".into(),
        you: "ann".into(),
        start_token: "t".into(),
    }
}

fn stage(name: &str, status: ExecutionStatus, action: ActionState) -> StageState {
    let action = ActionState { at: Some(Timestamp(5)), ..action };
    StageState { name: name.into(), execution: Some("e-1".into()), status: Some(status), actions: vec![action] }
}

fn execution(status: ExecutionStatus) -> Execution {
    Execution {
        id: "e-1".into(),
        status,
        started: Timestamp(1),
        updated: Timestamp(9),
        trigger: None,
        revision: None,
        stopped_because: None,
    }
}

fn told(stages: Vec<StageState>, status: ExecutionStatus) -> (String, Next) {
    let (said, next) = now(&view(stages), Some(&execution(status)), None);
    (said.text, next)
}

fn failure(code: &str, message: &str) -> ActionState {
    let error = ActionError { code: code.into(), message: message.into() };
    ActionState { status: Some(ActionStatus::Failed), error: Some(error), ..ActionState::default() }
}

#[test]
fn what_goes_on_is_told_and_waited_for() {
    let going = ActionState { status: Some(ActionStatus::InProgress), ..ActionState::default() };
    for (name, text) in [
        ("Source", "Reading the training template from main of churn"),
        ("Train", "Training a model"),
        ("Deploy", "Deploying the model to churn-live"),
    ] {
        let stages = vec![stage(name, ExecutionStatus::InProgress, going.clone())];
        assert_eq!(told(stages, ExecutionStatus::InProgress), (text.into(), Next::Wait));
    }
    assert_eq!(told(Vec::new(), ExecutionStatus::InProgress).1, Next::Wait, "between two stages");
}

#[test]
fn a_model_that_waits_comes_before_all_else() {
    let waits =
        ActionState { status: Some(ActionStatus::InProgress), token: Some("t".into()), ..ActionState::default() };
    let going = ActionState { status: Some(ActionStatus::InProgress), ..ActionState::default() };
    let stages =
        vec![stage("Train", ExecutionStatus::InProgress, going), stage("Approve", ExecutionStatus::InProgress, waits)];
    let (text, next) = told(stages, ExecutionStatus::InProgress);
    assert_eq!(text, "A model is trained and waits for approval");
    assert_eq!(next, Next::Approve { execution: "e-1".into() });
}

#[test]
fn a_failure_is_told_with_its_cause_and_retried() {
    let stages = vec![stage("Train", ExecutionStatus::Failed, failure("JobFailed", "label is no number"))];
    let (text, next) = told(stages, ExecutionStatus::Failed);
    assert_eq!(text, "Failed at Train: label is no number");
    assert_eq!(next, Next::Retry { execution: "e-1".into(), stage: "Train".into() });
    let long = vec![stage("Deploy", ExecutionStatus::Failed, failure("JobFailed", &"long ".repeat(200)))];
    assert!(told(long, ExecutionStatus::Failed).0.chars().count() < 300);
}

#[test]
fn a_verdict_is_no_failure() {
    let rejected = ActionState {
        status: Some(ActionStatus::Failed),
        summary: Some("too many mistakes".into()),
        ..ActionState::default()
    };
    let stages = vec![stage("Approve", ExecutionStatus::Failed, rejected)];
    let expected = ("The last model was rejected: too many mistakes".to_owned(), Next::Start);
    assert_eq!(told(stages, ExecutionStatus::Failed), expected);
    let late = vec![stage("Approve", ExecutionStatus::Failed, failure("TimeoutError", "late"))];
    assert_eq!(told(late, ExecutionStatus::Failed).0, "Nobody approved or rejected the model in time.");
}

#[test]
fn at_rest_it_is_told_what_serves() {
    let endpoint = |status: &str| EndpointState {
        status: status.into(),
        configuration: "churn-1".into(),
        failure: None,
        changed: Some(Timestamp(3)),
    };
    let ended = execution(ExecutionStatus::Succeeded);
    let (said, next) = now(&view(Vec::new()), Some(&ended), Some(&endpoint("InService")));
    assert_eq!(
        (said.text.as_str(), said.when),
        ("The endpoint churn-live serves version churn-1", Some(When::At(Timestamp(3))))
    );
    assert_eq!(next, Next::Start);
    let (said, _) = now(&view(Vec::new()), Some(&ended), Some(&endpoint("Failed")));
    assert_eq!(said.mood, Mood::Bad);
    assert_eq!(now(&view(Vec::new()), None, None).0.text, "The pipeline churn has not run yet.");
}

#[test]
fn nothing_is_offered_where_there_is_no_pipeline() {
    let gone = PipelineView { state: None, ..view(Vec::new()) };
    let (said, next) = now(&gone, None, None);
    assert!(said.text.contains("deleted past this console"), "{}", said.text);
    assert_eq!(next, Next::Nothing);
    for status in [PipelineStatus::Removing, PipelineStatus::Removed] {
        assert_eq!(now(&PipelineView { status, ..view(Vec::new()) }, None, None).1, Next::Nothing);
    }
}

#[test]
fn a_stop_waits_for_the_verdict_that_is_asked_for() {
    let asked =
        ActionState { status: Some(ActionStatus::InProgress), token: Some("t".into()), ..ActionState::default() };
    let stages = vec![stage("Approve", ExecutionStatus::Stopping, asked)];
    let (said, next) = told(stages, ExecutionStatus::Stopping);
    assert_eq!(said, "The execution stops as soon as its model is approved or rejected");
    assert_eq!(next, Next::Approve { execution: "e-1".into() });
}

#[test]
fn of_a_training_that_failed_the_reason_is_told() {
    let job = r#"{"TrainingJobName":"churn-1","FailureReason":"AlgorithmError: Label must be 0 or 1"}"#;
    let message =
        format!("The state machine execution ended with status FAILED. Error: States.TaskFailed. Cause: {job}");
    let stages = vec![stage("Train", ExecutionStatus::Failed, failure("JobFailed", &message))];
    let (said, _) = told(stages, ExecutionStatus::Failed);
    assert_eq!(said, "Failed at Train: AlgorithmError: Label must be 0 or 1");
}

#[test]
fn a_stop_is_told_with_its_reason() {
    let stopped = Execution { stopped_because: Some("wrong data".into()), ..execution(ExecutionStatus::Stopped) };
    let stages = vec![stage("Train", ExecutionStatus::Stopped, ActionState::default())];
    let (said, next) = now(&view(stages), Some(&stopped), None);
    assert_eq!((said.text.as_str(), next), ("The last execution was stopped at Train: wrong data", Next::Start));
}
