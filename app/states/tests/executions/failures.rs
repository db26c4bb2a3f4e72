//! Failures: retried, caught, timed out, and what ends with them.

use crate::host::{Host, START, alone, run};
use serde_json::{Value, json};
use states::{Effect, ExecutionStatus, Signal, SignalError};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

fn task(more: &Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": INVOKE, "End": true});
    state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    state
}

#[test]
fn retries_wait_longer_each_time() {
    for (retrier, delays) in [
        (json!({}), vec![1_000, 2_000, 4_000]),
        (json!({"IntervalSeconds": 3, "BackoffRate": 1.5, "MaxAttempts": 4}), vec![3_000, 4_500, 6_750, 10_125]),
        (json!({"MaxDelaySeconds": 3, "MaxAttempts": 4}), vec![1_000, 2_000, 3_000, 3_000]),
        (json!({"MaxAttempts": 0}), vec![]),
        (
            json!({"IntervalSeconds": 99_999_999, "BackoffRate": 1e300, "MaxAttempts": 2}),
            vec![99_999_999_000, 99_999_999_000],
        ),
    ] {
        let mut retrier = retrier;
        retrier["ErrorEquals"] = json!(["E"]);
        let mut host = Host::start(&alone(task(&json!({"Retry": [retrier]}))), &json!({}));
        for delay in &delays {
            host.fail("E", "again");
            assert_eq!(host.effects, [Effect::Wake { at: host.now + delay }], "{retrier}");
            host.wake();
            assert_eq!(host.open.len(), 1);
        }
        host.fail("E", "enough");
        assert_eq!(host.failure(), ("E", "enough"), "{retrier}");
    }
}

#[test]
fn full_jitter_stays_below_the_delay_and_repeats_with_the_seed() {
    let definition = alone(task(&json!({"Retry": [
        {"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL", "IntervalSeconds": 100, "BackoffRate": 1.0, "MaxAttempts": 20}
    ]})));
    let delays = || {
        let mut host = Host::start(&definition, &json!({}));
        (0..20)
            .map(|_| {
                host.fail("E", "");
                let delay = host.execution.wakes_at().unwrap() - host.now;
                host.wake();
                delay
            })
            .collect::<Vec<_>>()
    };
    let drawn = delays();
    assert!(drawn.iter().all(|delay| (0..=100_000).contains(delay)) && drawn.iter().any(|delay| *delay < 50_000));
    assert_eq!(drawn, delays());
}

#[test]
fn each_retrier_counts_for_itself_and_the_context_counts_all() {
    let mut host = Host::start(
        &alone(task(&json!({
            "Parameters": {"n.$": "$$.State.RetryCount"},
            "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
        }))),
        &json!({}),
    );
    let mut counts = Vec::new();
    for error in ["A", "B", "B", "A"] {
        counts.push(host.open[0].parameters["n"].clone());
        host.fail(error, "");
        if host.status() == ExecutionStatus::Running {
            host.wake();
        }
    }
    assert_eq!(counts, [json!(0), json!(1), json!(2), json!(3)]);
    assert_eq!(host.failure().0, "A", "the first retrier that matches decides, though another has attempts left");
}

#[test]
fn catchers_put_the_error_where_they_say() {
    let after = json!({"Type": "Pass", "End": true});
    for (catcher, output) in [
        (json!({}), json!({"Error": "E", "Cause": "why"})),
        (json!({"ResultPath": "$.error"}), json!({"a": 1, "error": {"Error": "E", "Cause": "why"}})),
        (json!({"ResultPath": null}), json!({"a": 1})),
    ] {
        let mut catcher = catcher;
        catcher["ErrorEquals"] = json!(["States.TaskFailed"]);
        catcher["Next"] = json!("After");
        let never = json!({"ErrorEquals": ["Other"], "Next": "After"});
        let first = task(&json!({"Catch": [never, catcher], "OutputPath": "$.none"}));
        let mut host = Host::start(&json!({"StartAt": "T", "States": {"T": first, "After": after}}), &json!({"a": 1}));
        host.fail("E", "why");
        assert_eq!(host.output(), output, "{catcher}");
    }
}

#[test]
fn what_the_interpreter_cannot_do_ends_the_execution() {
    let catch =
        json!([{"ErrorEquals": ["States.Runtime"], "Next": "After"}, {"ErrorEquals": ["States.ALL"], "Next": "After"}]);
    let definition = json!({"StartAt": "T", "States": {
        "T": task(&json!({"Parameters": {"address.$": "$.application.address"}, "Catch": catch})),
        "After": {"Type": "Pass", "End": true}
    }});
    let host = run(&definition, &json!({"flagged": false}));
    assert_eq!(
        host.failure(),
        (
            "States.Runtime",
            "An error occurred while executing the state 'T' (entered at the event id #2). The JSONPath \
             '$.application.address' specified for the field 'address.$' could not be found in the input '{\"flagged\":false}'"
        )
    );
    let unmatched = json!({"StartAt": "C", "States": {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": "b", "Next": "E"}]}, "E": {"Type": "Succeed"}
    }});
    let host = run(&unmatched, &json!({"x": "a"}));
    assert_eq!(
        host.failure(),
        (
            "States.Runtime",
            "An error occurred while executing the state 'C' (entered at the event id #2). \
             Failed to transition out of the state. The state does not point to a next state."
        )
    );
    assert_eq!(host.types(), ["ExecutionStarted", "ChoiceStateEntered", "ExecutionFailed"]);
}

#[test]
fn failures_of_functions_and_result_paths_can_be_caught() {
    for (more, input, error) in [
        (json!({"Parameters": {"x.$": "States.ArrayGetItem($.l, 9)"}}), json!({"l": []}), "States.IntrinsicFailure"),
        (json!({"ResultPath": "$.l.x"}), json!({"l": []}), "States.ResultPathMatchFailure"),
    ] {
        let mut first = task(&more);
        first["Catch"] = json!([{"ErrorEquals": [error], "Next": "After", "ResultPath": "$.e"}]);
        let definition = json!({"StartAt": "T", "States": {"T": first, "After": {"Type": "Pass", "InputPath": "$.e.Error", "End": true}}});
        let mut host = Host::start(&definition, &input);
        if !host.open.is_empty() {
            host.succeed(json!({}));
        }
        assert_eq!(host.output(), json!(error));
    }
}

#[test]
fn too_much_data_is_an_error_of_the_task_or_the_end() {
    let large = json!("x".repeat(262_144));
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "After"}]);
    let after = json!({"Type": "Pass", "End": true});
    let definition = json!({"StartAt": "T", "States": {"T": task(&json!({"Catch": catch})), "After": after}});
    let mut host = Host::start(&definition, &json!({}));
    host.succeed(large);
    assert_eq!(
        host.output(),
        json!({
            "Error": "States.DataLimitExceeded",
            "Cause": "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit."
        })
    );
    let double = alone(json!({"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}));
    let host = run(&double, &json!("x".repeat(200_000)));
    assert_eq!(host.failure().0, "States.DataLimitExceeded");
}

#[test]
fn tasks_time_out_and_so_do_their_heartbeats() {
    let definition = json!({"StartAt": "T", "States": {
        "T": task(&json!({"TimeoutSeconds": 10, "HeartbeatSecondsPath": "$.beat", "Catch": [
            {"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Beat"}, {"ErrorEquals": ["States.Timeout"], "Next": "Late"}
        ]})),
        "Beat": {"Type": "Pass", "Result": "beat", "End": true}, "Late": {"Type": "Pass", "Result": "late", "End": true}
    }});
    let start = || Host::start(&definition, &json!({"beat": 4}));
    let mut silent = start();
    assert_eq!(silent.open[0].times_out_at, Some(START + 10_000));
    assert_eq!(silent.execution.wakes_at(), Some(START + 4_000));
    silent.wake();
    assert_eq!(silent.output(), json!("beat"));

    let mut beating = start();
    let token = beating.open[0].token.clone();
    for _ in 0..3 {
        beating.pass(3);
        beating.signal(Signal::TaskHeartbeat { token: token.clone() });
    }
    assert_eq!(beating.execution.wakes_at(), Some(START + 10_000));
    beating.now = START + 10_000;
    let late = beating.execution.apply(Signal::TaskSucceeded { token: token.clone(), output: json!({}) }, beating.now);
    assert_eq!(late, Err(SignalError::NoSuchTask), "an answer at the last moment is too late");
    beating.wake();
    assert!(beating.effects.contains(&Effect::CancelTask { token }));
    assert_eq!(beating.output(), json!("late"));
    assert_eq!(beating.types()[4..6], ["TaskTimedOut", "TaskStateExited"]);
}

#[test]
fn an_execution_times_out_as_a_whole() {
    let mut definition = alone(json!({"Type": "Parallel", "Branches": [
        {"StartAt": "T", "States": {"T": task(&json!({}))}}, {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 90, "End": true}}}
    ]}));
    definition["TimeoutSeconds"] = json!(60);
    let mut host = Host::start(&definition, &json!({}));
    let token = host.open[0].token.clone();
    assert_eq!(host.execution.wakes_at(), Some(START + 60_000));
    host.wake();
    assert_eq!(host.status(), ExecutionStatus::TimedOut);
    assert_eq!(host.effects[0], Effect::CancelTask { token });
    assert_eq!(host.effects.len(), 2, "{:?}", host.effects);
    assert_eq!(host.types().last().unwrap(), "ExecutionTimedOut");
}

#[test]
fn an_execution_is_stopped_once() {
    let mut host = Host::start(&alone(json!({"Type": "Wait", "Seconds": 30})), &json!({}));
    host.signal(Signal::Stop { error: Some("Manual".into()), cause: Some("probe".into()) });
    let outcome = host.outcome();
    assert_eq!(outcome.status, ExecutionStatus::Aborted);
    assert_eq!((outcome.error.as_deref(), outcome.cause.as_deref()), (Some("Manual"), Some("probe")));
    assert_eq!(host.events().last().unwrap(), "3 after 0 ExecutionAborted");
    assert_eq!(host.execution.apply(Signal::Tick, START), Err(SignalError::Finished));
    assert_eq!(host.execution.wakes_at(), None);
}

#[test]
fn a_branch_that_fails_takes_the_others_with_it() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: task(&json!({}))}});
    let state = json!({"Type": "Parallel", "Branches": [branch("A"), branch("B"), branch("C")], "Next": "E",
        "Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 1}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]});
    let definition = json!({"StartAt": "P", "States": {
        "P": state, "E": {"Type": "Succeed"}, "Caught": {"Type": "Pass", "End": true}
    }});
    let mut host = Host::start(&definition, &json!({}));
    host.succeed(json!(1));
    host.fail("Again", "");
    assert!(host.open.is_empty(), "the third was cancelled");
    host.wake();
    assert_eq!(host.open.len(), 3, "all of them begin anew");
    let forgotten = host.open[0].token.clone();
    host.open.rotate_left(1);
    host.fail("Again", "no more");
    assert_eq!(host.output(), json!({"Error": "Again", "Cause": "no more"}));
    assert!(host.open.is_empty());
    assert_eq!(host.execution.apply(Signal::TaskHeartbeat { token: forgotten }, host.now), Err(SignalError::Finished));
}

#[test]
fn an_input_that_is_none_begins_nothing() {
    use crate::host::{identity, machine};
    let definition = alone(json!({"Type": "Pass"}));
    let machine = machine(&definition);
    for input in ["", "not json", &"[".repeat(101), &format!("\"{}\"", "x".repeat(262_144))] {
        let error = states::Execution::start(machine.clone(), identity(), input, 0).unwrap_err().to_string();
        assert!(error.starts_with("Invalid State Machine Execution Input: '"), "{error}");
    }
}
