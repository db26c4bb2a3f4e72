//! Histories, event by event, as the service was seen to write them.

use crate::host::{Host, alone, run};
use serde_json::{Value, json};
use states::{ExecutionStatus, Signal};

fn invoke() -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "End": true})
}

#[test]
fn states_follow_from_each_other_and_the_first_from_nothing() {
    let host = run(&alone(json!({"Type": "Pass"})), &json!({}));
    assert_eq!(
        host.events(),
        [
            "1 after 0 ExecutionStarted",
            "2 after 0 PassStateEntered S",
            "3 after 2 PassStateExited S",
            "4 after 3 ExecutionSucceeded"
        ]
    );
}

#[test]
fn a_task_is_scheduled_started_submitted_and_done() {
    let training = json!({"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": {"TrainingJobName": "a"}, "TimeoutSeconds": 600, "HeartbeatSeconds": 60});
    let mut host = Host::start(&alone(training), &json!({}));
    let token = host.open[0].token.clone();
    host.signal(Signal::TaskStarted { token });
    host.submit(json!({"TrainingJobArn": "arn"}));
    host.succeed(json!({"TrainingJobStatus": "Completed"}));
    assert_eq!(
        host.events()[1..],
        [
            "2 after 0 TaskStateEntered S",
            "3 after 2 TaskScheduled",
            "4 after 3 TaskStarted",
            "5 after 4 TaskSubmitted",
            "6 after 5 TaskSucceeded",
            "7 after 6 TaskStateExited S",
            "8 after 7 ExecutionSucceeded"
        ]
    );
    let value = |at: usize| host.execution.history()[at].to_value(true);
    assert_eq!(
        value(2)["taskScheduledEventDetails"],
        json!({
            "resourceType": "sagemaker", "resource": "createTrainingJob.sync", "region": "us-east-1",
            "parameters": "{\"TrainingJobName\":\"a\"}", "timeoutInSeconds": 600, "heartbeatInSeconds": 60
        })
    );
    assert_eq!(
        value(3)["taskStartedEventDetails"],
        json!({"resourceType": "sagemaker", "resource": "createTrainingJob.sync"})
    );
    assert_eq!(
        value(4)["taskSubmittedEventDetails"],
        json!({
            "resourceType": "sagemaker", "resource": "createTrainingJob.sync",
            "output": "{\"TrainingJobArn\":\"arn\"}", "outputDetails": {"truncated": false}
        })
    );
    assert_eq!(value(0)["executionStartedEventDetails"]["roleArn"], json!("arn:aws:iam::111122223333:role/train"));
}

#[test]
fn a_job_that_cannot_be_submitted_says_so() {
    let mut host = Host::start(
        &alone(json!({"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync"})),
        &json!({}),
    );
    host.fail("SageMaker.AmazonSageMakerException", "AccessDeniedException");
    assert_eq!(host.types()[3..], ["TaskStarted", "TaskSubmitFailed", "ExecutionFailed"]);
}

#[test]
fn functions_and_activities_have_events_of_their_own() {
    let lambda = "arn:aws:lambda:us-east-1:111122223333:function:f";
    let mut host = Host::start(
        &alone(json!({"Type": "Task", "Resource": lambda, "TimeoutSeconds": 5})),
        &json!({"Payload": null}),
    );
    let scheduled = host.execution.history()[2].to_value(true);
    assert_eq!(
        scheduled["lambdaFunctionScheduledEventDetails"],
        json!({"resource": lambda, "input": "{\"Payload\":null}", "inputDetails": {"truncated": false}, "timeoutInSeconds": 5})
    );
    let token = host.open[0].token.clone();
    host.signal(Signal::TaskStarted { token });
    host.wake();
    assert_eq!(
        host.events()[2..],
        [
            "3 after 2 LambdaFunctionScheduled",
            "4 after 3 LambdaFunctionStarted",
            "5 after 4 LambdaFunctionTimedOut",
            "6 after 5 ExecutionFailed"
        ]
    );
    let timed_out = host.execution.history()[4].to_value(true);
    assert_eq!(timed_out["lambdaFunctionTimedOutEventDetails"], json!({"error": "States.Timeout"}));
    let activity = "arn:aws:states:us-east-1:111122223333:activity:a";
    let mut host = Host::start(&alone(json!({"Type": "Task", "Resource": activity})), &json!({}));
    host.fail("E", "c");
    assert_eq!(host.types()[2..], ["ActivityScheduled", "ActivityStarted", "ActivityFailed", "ExecutionFailed"]);
}

#[test]
fn a_retry_goes_on_from_the_failure() {
    let mut state = invoke();
    state["Retry"] = json!([{"ErrorEquals": ["E"], "MaxAttempts": 1}]);
    let mut host = Host::start(&alone(state), &json!({}));
    host.fail("E", "1");
    host.wake();
    host.fail("E", "2");
    assert_eq!(
        host.events()[2..],
        [
            "3 after 2 TaskScheduled",
            "4 after 3 TaskStarted",
            "5 after 4 TaskFailed",
            "6 after 5 TaskScheduled",
            "7 after 6 TaskStarted",
            "8 after 7 TaskFailed",
            "9 after 8 ExecutionFailed"
        ]
    );
}

#[test]
fn branches_have_chains_of_their_own() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}});
    let host = run(&alone(json!({"Type": "Parallel", "Branches": [branch("A"), branch("B")]})), &json!({}));
    assert_eq!(
        host.events()[1..],
        [
            "2 after 0 ParallelStateEntered S",
            "3 after 2 ParallelStateStarted",
            "4 after 3 PassStateEntered A",
            "5 after 4 PassStateExited A",
            "6 after 3 PassStateEntered B",
            "7 after 6 PassStateExited B",
            "8 after 7 ParallelStateSucceeded",
            "9 after 7 ParallelStateExited S",
            "10 after 9 ExecutionSucceeded"
        ]
    );
}

#[test]
fn an_iteration_follows_from_the_one_that_made_room_for_it() {
    let map = json!({"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}});
    let host = run(&alone(map), &json!([1, 2]));
    assert_eq!(
        host.events()[1..],
        [
            "2 after 0 MapStateEntered S",
            "3 after 2 MapStateStarted",
            "4 after 3 MapIterationStarted S[0]",
            "5 after 4 PassStateEntered I",
            "6 after 5 PassStateExited I",
            "7 after 6 MapIterationSucceeded S[0]",
            "8 after 6 MapIterationStarted S[1]",
            "9 after 8 PassStateEntered I",
            "10 after 9 PassStateExited I",
            "11 after 10 MapIterationSucceeded S[1]",
            "12 after 10 MapStateSucceeded",
            "13 after 10 MapStateExited S",
            "14 after 13 ExecutionSucceeded"
        ]
    );
    assert_eq!(host.execution.history()[2].to_value(true)["mapStateStartedEventDetails"], json!({"length": 2}));
}

#[test]
fn a_failed_iteration_ends_the_map_as_it_was_recorded() {
    let map =
        json!({"Type": "Map", "ItemsPath": "$.Inputs", "ItemProcessor": {"StartAt": "I", "States": {"I": invoke()}}});
    let mut host = Host::start(&alone(map), &json!({"Inputs": [1, 2, 3, 4]}));
    for token in host.open.iter().map(|task| task.token.clone()).collect::<Vec<_>>() {
        host.signal(Signal::TaskStarted { token });
    }
    host.fail("E", "c");
    // After four times MapIterationStarted, TaskStateEntered, TaskScheduled and TaskStarted.
    assert_eq!(
        host.events()[19..],
        [
            "20 after 16 TaskFailed",
            "21 after 20 MapIterationFailed S[0]",
            "22 after 20 TaskStateAborted",
            "23 after 20 MapIterationAborted S[1]",
            "24 after 20 TaskStateAborted",
            "25 after 20 MapIterationAborted S[2]",
            "26 after 20 TaskStateAborted",
            "27 after 20 MapIterationAborted S[3]",
            "28 after 20 TaskStateAborted",
            "29 after 20 MapStateFailed",
            "30 after 29 ExecutionFailed"
        ]
    );
}

#[test]
fn what_fails_in_a_branch_by_itself_ends_the_execution_there() {
    let fast =
        json!({"StartAt": "Fast", "States": {"Fast": {"Type": "Pass", "Parameters": {"m.$": "$.nope"}, "End": true}}});
    let slow = json!({"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 9, "End": true}}});
    let host = run(&alone(json!({"Type": "Parallel", "Branches": [fast, slow]})), &json!({"x": "a"}));
    assert_eq!(
        host.types()[1..],
        ["ParallelStateEntered", "ParallelStateStarted", "PassStateEntered", "ExecutionFailed"]
    );
    assert!(
        host.failure()
            .1
            .starts_with("An error occurred while executing the state 'Fast' (entered at the event id #4).")
    );
    assert_eq!(host.status(), ExecutionStatus::Failed);
}
