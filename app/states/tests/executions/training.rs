//! A workflow as the pipeline has one: train, ask for the status, wait, and tell failures apart.

use crate::host::Host;
use serde_json::{Value, json};
use states::{ExecutionStatus, StateMachine, substitute};
use std::collections::BTreeMap;

fn definition() -> Value {
    let template = json!({
        "Comment": "Train a model and wait until it is registered.", "StartAt": "Train", "TimeoutSeconds": 86_400,
        "States": {
            "Train": {
                "Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                "Parameters": {
                    "TrainingJobName.$": "States.Format('{}-{}', $.prefix, $$.Execution.Name)", "RoleArn": "${TrainingRoleArn}",
                    "HyperParameters": {"objective": "binary:logistic", "num_round.$": "States.JsonToString($.rounds)"},
                    "OutputDataConfig": {"S3OutputPath.$": "$.output", "KmsKeyId": "${KeyArn}"}
                },
                "ResultSelector": {"Name.$": "$.TrainingJobName", "Model.$": "$.ModelArtifacts.S3ModelArtifacts"},
                "ResultPath": "$.training", "TimeoutSeconds": 3_600, "Next": "Describe",
                "Retry": [
                    {"ErrorEquals": ["SageMaker.ResourceLimitExceededException"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2.0},
                    {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0}
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}]
            },
            "Describe": {
                "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeModelPackage",
                "Parameters": {"ModelPackageName.$": "$.training.Name"}, "ResultPath": "$.package", "Next": "Which"
            },
            "Which": {
                "Type": "Choice", "Default": "Wait", "Choices": [
                    {"Variable": "$.package.Status", "StringEquals": "Completed", "Next": "Done"},
                    {"Or": [
                        {"Variable": "$.package.Status", "StringEquals": "Failed"},
                        {"Variable": "$.package.Status", "StringMatches": "Stop*"}
                    ], "Next": "Failed"}
                ]
            },
            "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Describe"},
            "Done": {"Type": "Pass", "Parameters": {"model.$": "$.training.Model"}, "End": true},
            "Failed": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
        }
    });
    let values = [("TrainingRoleArn", "arn:aws:iam::1:role/training"), ("KeyArn", "arn:aws:kms:us-east-1:1:key/k")];
    let values: BTreeMap<String, String> = values.map(|(name, value)| (name.into(), value.into())).into();
    serde_json::from_str(&substitute(&template.to_string(), &values).unwrap()).unwrap()
}

fn input() -> Value {
    json!({"prefix": "churn", "rounds": 100, "output": "s3://models/churn"})
}

fn completed() -> Value {
    json!({"TrainingJobName": "churn-run-1", "ModelArtifacts": {"S3ModelArtifacts": "s3://models/churn/model.tar.gz"}, "TrainingJobStatus": "Completed"})
}

#[test]
fn a_model_is_trained_and_waited_for() {
    let definition = definition();
    assert_eq!(StateMachine::parse(&definition.to_string()).unwrap().warnings(), []);
    let mut host = Host::start(&definition, &input());
    assert_eq!(
        host.open[0].parameters,
        json!({
            "TrainingJobName": "churn-run-1", "RoleArn": "arn:aws:iam::1:role/training",
            "HyperParameters": {"objective": "binary:logistic", "num_round": "100"},
            "OutputDataConfig": {"S3OutputPath": "s3://models/churn", "KmsKeyId": "arn:aws:kms:us-east-1:1:key/k"}
        })
    );
    host.fail("SageMaker.ResourceLimitExceededException", "no instances");
    host.wake();
    host.submit(json!({"TrainingJobArn": "arn"}));
    host.pass(600);
    host.succeed(completed());
    for _ in 0..3 {
        assert_eq!(host.open[0].parameters, json!({"ModelPackageName": "churn-run-1"}));
        host.succeed(json!({"Status": "InProgress"}));
        assert!(host.open.is_empty());
        host.wake();
    }
    host.succeed(json!({"Status": "Completed"}));
    assert_eq!(host.output(), json!({"model": "s3://models/churn/model.tar.gz"}));
    let waits = host.types().iter().filter(|event| *event == "WaitStateEntered").count();
    assert_eq!((waits, host.now), (3, crate::host::START + (60 + 600 + 90) * 1_000));
    for (at, event) in host.execution.history().iter().enumerate() {
        assert_eq!(event.id, at as u64 + 1);
        assert!(event.previous_event_id < event.id);
    }
}

#[test]
fn a_job_that_fails_says_why() {
    let mut host = Host::start(&definition(), &input());
    host.submit(json!({"TrainingJobArn": "arn"}));
    let cause = "{\"FailureReason\":\"ClientError: label is not numeric\"}";
    host.fail("States.TaskFailed", cause);
    assert_eq!(host.failure(), ("States.TaskFailed", cause));
    assert_eq!(
        host.types()[4..],
        ["TaskSubmitted", "TaskFailed", "TaskStateExited", "FailStateEntered", "ExecutionFailed"]
    );
}

#[test]
fn a_job_that_takes_too_long_is_cancelled() {
    let mut host = Host::start(&definition(), &input());
    host.submit(json!({}));
    host.wake();
    assert_eq!(host.now, crate::host::START + 3_600_000);
    assert!(host.open.is_empty());
    assert_eq!(host.failure(), ("States.Timeout", ""));
    assert_eq!(host.status(), ExecutionStatus::Failed);
}
