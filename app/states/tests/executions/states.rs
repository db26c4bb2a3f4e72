//! A table for each type of state.

use crate::host::{Host, START, alone, run};
use serde_json::{Value, json};
use states::Effect;

fn check(cases: &[(Value, Value, Value)]) {
    for (state, input, output) in cases {
        assert_eq!(run(&alone(state.clone()), input).output(), *output, "{state} {input}");
    }
}

#[test]
fn pass_states_move_data() {
    check(&[
        (json!({"Type": "Pass"}), json!({"a": 1}), json!({"a": 1})),
        (json!({"Type": "Pass"}), json!("text"), json!("text")),
        (json!({"Type": "Pass", "Result": {"b": 2}}), json!({"a": 1}), json!({"b": 2})),
        (json!({"Type": "Pass", "Result": [1], "ResultPath": "$.r"}), json!({"a": 1}), json!({"a": 1, "r": [1]})),
        (json!({"Type": "Pass", "Result": 1, "ResultPath": null}), json!({"a": 1}), json!({"a": 1})),
        (json!({"Type": "Pass", "InputPath": "$.a"}), json!({"a": {"b": 1}}), json!({"b": 1})),
        (json!({"Type": "Pass", "InputPath": null}), json!({"a": 1}), json!({})),
        (json!({"Type": "Pass", "OutputPath": "$.a[1:]"}), json!({"a": [1, 2, 3]}), json!([2, 3])),
        (json!({"Type": "Pass", "OutputPath": null}), json!({"a": 1}), json!({})),
        (json!({"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.r"}), json!({"a": 1}), json!({"a": 1, "r": 1})),
        (
            json!({"Type": "Pass", "Parameters": {
                "fixed": true, "parts": {"first.$": "$.vals[0]", "last3.$": "$.vals[3:]"}, "list": [{"x.$": "$.flagged"}],
                "name.$": "$$.Execution.Name", "call.$": "States.MathAdd($.flagged, 1)", "beyond.$": "$.vals[9]"
            }}),
            json!({"flagged": 7, "vals": [0, 10, 20, 30, 40, 50]}),
            json!({
                "fixed": true, "parts": {"first": 0, "last3": [30, 40, 50]}, "list": [{"x": 7}],
                "name": "run-1", "call": 8, "beyond": null
            }),
        ),
        (json!({"Type": "Pass", "Result": {"x.$": "$.a"}}), json!({"a": 1}), json!({"x.$": "$.a"})),
        (json!({"Type": "Pass", "InputPath": "$$.Execution.Input.a"}), json!({"a": 5}), json!(5)),
        (json!({"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}), json!({"a": {"b": 2}}), json!(2)),
    ]);
}

#[test]
fn the_context_object_shows_the_execution() {
    let state = json!({"Type": "Pass", "InputPath": "$$"});
    assert_eq!(
        run(&alone(state), &json!({"a": 1})).output(),
        json!({
            "Execution": {
                "Id": "arn:aws:states:us-east-1:111122223333:execution:train:run-1", "Input": {"a": 1}, "Name": "run-1",
                "RoleArn": "arn:aws:iam::111122223333:role/train", "StartTime": "2026-01-31T12:00:00.000Z", "RedriveCount": 0
            },
            "State": {"EnteredTime": "2026-01-31T12:00:00.000Z", "Name": "S", "RetryCount": 0},
            "StateMachine": {"Id": "arn:aws:states:us-east-1:111122223333:stateMachine:train", "Name": "train"}
        })
    );
}

#[test]
fn choice_states_take_the_first_rule_that_matches() {
    let pass = |result: &str| json!({"Type": "Pass", "Result": result, "End": true});
    let definition = json!({"StartAt": "C", "States": {
        "C": {"Type": "Choice", "InputPath": "$.job", "OutputPath": "$.x", "Default": "Other", "Choices": [
            {"And": [{"Variable": "$.n", "IsPresent": true}, {"Variable": "$.n", "NumericGreaterThan": 5}], "Next": "Large"},
            {"Or": [{"Variable": "$.s", "StringEquals": "a"}, {"Not": {"Variable": "$.s", "StringMatches": "b*"}}], "Next": "Text"}
        ]},
        "Large": pass("large"), "Text": pass("text"), "Other": pass("other")
    }});
    for (job, output) in [
        (json!({"n": 6, "x": 1}), "large"),
        (json!({"n": 5, "s": "a", "x": 1}), "text"),
        (json!({"s": "c", "x": 1}), "text"),
        (json!({"s": "bc", "x": 1}), "other"),
    ] {
        assert_eq!(run(&definition, &json!({ "job": job })).output(), json!(output), "{job}");
    }
    let entered = run(&definition, &json!({"job": {"n": 6, "x": "only"}}));
    assert_eq!(entered.execution.history()[3].details.input.as_deref(), Some("\"only\""));
}

#[test]
fn wait_states_wait() {
    for (wait, input, until) in [
        (json!({"Seconds": 30}), json!({}), START + 30_000),
        (json!({"SecondsPath": "$.s"}), json!({"s": 5}), START + 5_000),
        (json!({"Timestamp": "2026-01-31T12:01:00Z"}), json!({}), START + 60_000),
        (json!({"TimestampPath": "$.t"}), json!({"t": "2026-01-31T13:01:00+01:00"}), START + 60_000),
    ] {
        let mut state = json!({"Type": "Wait"});
        state.as_object_mut().unwrap().extend(wait.as_object().unwrap().clone());
        let mut host = Host::start(&alone(state), &input);
        assert_eq!(host.effects, [Effect::Wake { at: until }], "{wait}");
        host.now = until - 1;
        host.signal(states::Signal::Tick);
        assert_eq!(host.effects, [Effect::Wake { at: until }], "{wait}");
        host.wake();
        assert_eq!(host.output(), input, "{wait}");
    }
    for wait in [json!({"Type": "Wait", "Seconds": 0}), json!({"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z"})] {
        assert_eq!(Host::start(&alone(wait), &json!(1)).output(), json!(1), "what is past is not waited for");
    }
}

#[test]
fn wait_states_say_what_is_no_time() {
    for (wait, input, cause) in [
        (
            json!({"Type": "Wait", "TimestampPath": "$.t"}),
            json!({"t": "soon"}),
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.t == soon",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "$.s"}),
            json!({"s": "5"}),
            "The SecondsPath parameter does not reference an integer value: $.s == \"5\"",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "$.s"}),
            json!({"s": -1}),
            "The SecondsPath parameter does not reference an integer value: $.s == -1",
        ),
    ] {
        let host = run(&alone(wait), &input);
        let place = "An error occurred while executing the state 'S' (entered at the event id #2).";
        assert_eq!(host.failure(), ("States.Runtime", format!("{place} {cause}").as_str()));
    }
}

#[test]
fn fail_states_fail() {
    for (fail, input, error, cause) in [
        (json!({"Error": "E", "Cause": "why"}), json!({}), "E", "why"),
        (json!({}), json!({}), "", ""),
        (json!({"ErrorPath": "$.e", "CausePath": "States.Format('no {}', $.e)"}), json!({"e": "X"}), "X", "no X"),
        (
            json!({"ErrorPath": "$.ErrorX"}),
            json!({"Error": 1}),
            "States.Runtime",
            "An error occurred while executing the state 'S' (entered at the event id #2). The JSONPath '$.ErrorX' \
             specified for the field 'ErrorPath' could not be found in the input '{\"Error\":1}'",
        ),
    ] {
        let mut state = json!({"Type": "Fail"});
        state.as_object_mut().unwrap().extend(fail.as_object().unwrap().clone());
        assert_eq!(run(&alone(state), &input).failure(), (error, cause), "{fail}");
    }
}

#[test]
fn parallel_states_bring_their_branches_together() {
    let branch = |name: &str, path: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "InputPath": path, "End": true}}});
    let definition = alone(json!({
        "Type": "Parallel", "Parameters": {"a.$": "$.x", "b": 2}, "Branches": [branch("A", "$.a"), branch("B", "$.b")],
        "ResultSelector": {"sum.$": "States.MathAdd($[0], $[1])"}, "ResultPath": "$.r"
    }));
    assert_eq!(run(&definition, &json!({"x": 1})).output(), json!({"x": 1, "r": {"sum": 3}}));
}

#[test]
fn map_states_go_over_their_items() {
    let processor = |state: Value| json!({"StartAt": "I", "States": {"I": state}});
    let pass = processor(json!({"Type": "Pass", "End": true}));
    for (map, input, output) in [
        (json!({"ItemProcessor": pass}), json!([1, 2]), json!([1, 2])),
        (json!({"ItemProcessor": pass}), json!([]), json!([])),
        (
            json!({"Iterator": pass, "ItemsPath": "$.l", "ResultPath": "$.r"}),
            json!({"l": [1]}),
            json!({"l": [1], "r": [1]}),
        ),
        (
            json!({"ItemProcessor": pass, "ItemsPath": "$.l", "ItemSelector": {
                "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.name"
            }}),
            json!({"l": ["x", "y"], "name": "n"}),
            json!([{"i": 0, "v": "x", "all": "n"}, {"i": 1, "v": "y", "all": "n"}]),
        ),
        (
            json!({"ItemProcessor": processor(json!({"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item.Index"}, "End": true})), "MaxConcurrency": 1}),
            json!([5, 6, 7]),
            json!([{"i": 0}, {"i": 1}, {"i": 2}]),
        ),
        (
            json!({"ItemProcessor": pass, "ItemsPath": "$$.Execution.Input.l", "InputPath": null}),
            json!({"l": [3]}),
            json!([3]),
        ),
    ] {
        let mut state = json!({"Type": "Map"});
        state.as_object_mut().unwrap().extend(map.as_object().unwrap().clone());
        assert_eq!(run(&alone(state.clone()), &input).output(), output, "{state}");
    }
    let none = run(&alone(json!({"Type": "Map", "ItemProcessor": pass, "ItemsPath": "$.l"})), &json!({"l": {}}));
    assert!(none.failure().1.ends_with("Reference path \"$.l\" must point to array."), "{:?}", none.failure());
}

#[test]
fn maps_run_no_more_iterations_at_once_than_they_may() {
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true});
    let map = |limit: Value| {
        let mut state =
            json!({"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": task}}, "ItemsPath": "$.l"});
        state.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
        alone(state)
    };
    for (limit, at_once) in [
        (json!({}), 40),
        (json!({"MaxConcurrency": 3}), 3),
        (json!({"MaxConcurrencyPath": "$.n"}), 2),
        (json!({"MaxConcurrency": 90}), 40),
    ] {
        let mut host = Host::start(&map(limit.clone()), &json!({"l": (0..50).collect::<Vec<_>>(), "n": 2}));
        let mut answered = 0;
        while !host.open.is_empty() {
            assert_eq!(host.open.len(), at_once.min(50 - answered), "{limit}");
            let task = host.open[0].clone();
            host.succeed(task.parameters);
            answered += 1;
        }
        assert_eq!(host.output(), json!((0..50).collect::<Vec<_>>()), "in the order of the items");
    }
}

#[test]
fn a_task_may_act_as_another_role() {
    let state =
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Credentials": {"RoleArn.$": "$.role"}});
    let role = "arn:aws:iam::444455556666:role/there";
    let host = Host::start(&alone(state.clone()), &json!({ "role": role }));
    assert_eq!(host.open[0].role_arn.as_deref(), Some(role));
    let scheduled = host.execution.history()[2].to_value(true);
    assert_eq!(scheduled["taskScheduledEventDetails"]["taskCredentials"], json!({ "roleArn": role }));
    assert_eq!(run(&alone(state), &json!({"role": 1})).failure().0, "States.Runtime");
}

#[test]
fn task_states_call_with_parameters_and_place_results() {
    let definition = alone(json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "InputPath": "$.in",
        "Parameters": {"FunctionName": "f", "Payload": {"x.$": "$.x", "token.$": "$$.Task.Token"}},
        "ResultSelector": {"code.$": "$.StatusCode"}, "ResultPath": "$.out", "OutputPath": "$.out"
    }));
    let mut host = Host::start(&definition, &json!({"in": {"x": 1}}));
    let task = host.open[0].clone();
    assert_eq!(task.parameters, json!({"FunctionName": "f", "Payload": {"x": 1, "token": task.token}}));
    assert_eq!((task.state.as_str(), task.times_out_at, task.heartbeat_seconds), ("S", None, None));
    assert_eq!(host.execution.open_tasks(), [task.token.as_str()]);
    host.succeed(json!({"StatusCode": 200, "More": true}));
    assert_eq!(host.output(), json!({"code": 200}));
}
