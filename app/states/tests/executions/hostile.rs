//! Definitions and data that try to run for ever or to take everything: each comes to an end.

use crate::host::{Host, alone, run};
use proptest::prelude::*;
use serde_json::{Value, json};
use states::{ExecutionStatus, StateMachine, StateMachineType};

const FULL: &str = "The execution reached the maximum number of history events (25000).";

#[test]
fn a_loop_without_waiting_ends_with_the_history() {
    let choice =
        json!({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "E"}], "Default": "L"});
    for looping in [choice, json!({"Type": "Pass", "Next": "L"}), json!({"Type": "Wait", "Seconds": 0, "Next": "L"})] {
        let definition = json!({"StartAt": "L", "States": {"L": looping, "E": {"Type": "Succeed"}, "X": {"Type": "Pass", "Next": "L"}}});
        let mut definition = definition;
        definition["States"]["L"]["Comment"] = json!("loops");
        definition["StartAt"] = json!("X");
        if definition["States"]["L"]["Type"] != "Choice" {
            definition["States"]["L"]["Next"] = json!("C");
            definition["States"]["C"] = json!({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "E"}], "Default": "L"});
        }
        let host = run(&definition, &json!({}));
        assert_eq!(host.failure().0, "States.Runtime");
        assert!(host.failure().1.ends_with(FULL), "{}", host.failure().1);
        assert_eq!(host.execution.history().len(), 25_000);
        assert_eq!(host.types().last().unwrap(), "ExecutionFailed");
    }
}

#[test]
fn data_that_grow_in_a_loop_reach_a_limit() {
    for (grow, error) in [
        (json!({"a.$": "$"}), "States.Runtime"),
        (json!({"a.$": "$", "b.$": "$"}), "States.DataLimitExceeded"),
        (json!({"a.$": "States.JsonToString($)"}), "States.DataLimitExceeded"),
    ] {
        let definition = json!({"StartAt": "L", "States": {
            "L": {"Type": "Pass", "Parameters": grow, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "E"}], "Default": "L"},
            "E": {"Type": "Succeed"}
        }});
        assert_eq!(run(&definition, &json!({})).failure().0, error, "{grow}");
    }
}

#[test]
fn huge_lists_are_mapped_until_the_history_is_full() {
    let list: Vec<u32> = vec![0; 130_000];
    let inner = json!({"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}});
    let host = run(&alone(json!({"Type": "Map", "ItemProcessor": inner})), &json!(list));
    assert!(host.failure().1.ends_with(FULL));
    assert_eq!(host.execution.history().len(), 25_000);
}

#[test]
fn maps_of_maps_are_bounded_too() {
    let innermost = json!({"StartAt": "C", "States": {"C": {"Type": "Pass", "End": true}}});
    let inner = json!({"StartAt": "B", "States": {"B": {"Type": "Map", "ItemsPath": "$$.Execution.Input", "ItemProcessor": innermost, "End": true}}});
    let list: Vec<u32> = (0..5_000).collect();
    let host = run(&alone(json!({"Type": "Map", "ItemProcessor": inner})), &json!(list));
    assert!(host.failure().1.ends_with(FULL));
}

#[test]
fn a_template_of_many_copies_is_stopped_before_it_is_made() {
    let copies: serde_json::Map<String, Value> = (0..20_000).map(|n| (format!("f{n}.$"), json!("$"))).collect();
    let host = run(&alone(json!({"Type": "Pass", "Parameters": copies})), &json!("x".repeat(200_000)));
    assert_eq!(host.failure().0, "States.DataLimitExceeded");
}

#[test]
fn deep_definitions_are_refused_or_run() {
    let mut deep = json!({"Type": "Pass", "End": true});
    for level in 0..28 {
        let name = format!("S{level}");
        deep = json!({"Type": "Parallel", "End": true, "Branches": [{"StartAt": name, "States": {name: deep}}]});
    }
    let host = run(&json!({"StartAt": "S", "States": {"S": deep}}), &json!(1));
    assert_eq!(host.status(), ExecutionStatus::Succeeded);
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let text = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        assert!(StateMachine::parse(&text).is_err());
    }
    let mut rule = json!({"Variable": "$.a", "IsNull": true});
    for _ in 0..100 {
        rule = json!({ "Not": rule });
    }
    rule["Next"] = json!("E");
    let definition = json!({"StartAt": "C", "States": {"C": {"Type": "Choice", "Choices": [rule], "Default": "E"}, "E": {"Type": "Succeed"}}});
    assert_eq!(run(&definition, &json!({"a": null})).status(), ExecutionStatus::Succeeded);
}

#[test]
fn queries_over_deep_and_wide_data_come_to_an_end() {
    let wide: Vec<Value> = (0..20_000).map(|n| json!({"n": n})).collect();
    let deep = (0..90).fold(json!(wide), |value, _| Value::Array(vec![value]));
    for path in ["$..n", "$..*", "$[*][*]..[?(@.n > 5)]"] {
        let mut host = Host::start(
            &alone(json!({"Type": "Pass", "Parameters": {"r.$": format!("States.ArrayLength({path})")}})),
            &deep,
        );
        if host.status() == ExecutionStatus::Running {
            host.wake();
        }
        assert_ne!(host.status(), ExecutionStatus::Running, "{path}");
    }
}

#[test]
fn many_queries_in_one_state_are_stopped() {
    let queries: serde_json::Map<String, Value> = (0..20_000).map(|n| (format!("f{n}.$"), json!("$..none"))).collect();
    let list: Vec<u32> = (0..40_000).collect();
    let host = run(&alone(json!({"Type": "Pass", "Parameters": queries})), &json!(list));
    assert_eq!(host.failure().0, "States.DataLimitExceeded");
}

#[test]
fn a_loop_over_much_data_hands_control_back_earlier() {
    let definition = json!({"StartAt": "L", "States": {
        "L": {"Type": "Pass", "Parameters": {"n.$": "States.ArrayLength($..*)"}, "ResultPath": "$.n", "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "E"}], "Default": "L"},
        "E": {"Type": "Succeed"}
    }});
    let host = Host::start(&definition, &json!({"list": (0..40_000).collect::<Vec<u32>>()}));
    assert_eq!(host.effects, [states::Effect::Wake { at: host.now }]);
    assert!((10..200).contains(&host.execution.history().len()), "{}", host.execution.history().len());
}

#[test]
fn a_loop_hands_control_back_and_can_be_stopped() {
    let definition = json!({"StartAt": "L", "States": {
        "L": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "E"}], "Default": "L"},
        "E": {"Type": "Succeed"}
    }});
    let mut host = Host::start(&definition, &json!({}));
    assert_eq!(host.effects, [states::Effect::Wake { at: host.now }]);
    let events = host.execution.history().len();
    assert_eq!(events, 1 + 2 * states::limits::STATES_A_TURN);
    host.wake();
    assert_eq!(host.execution.history().len(), events + 2 * states::limits::STATES_A_TURN);
    host.signal(states::Signal::Stop { error: None, cause: None });
    assert_eq!(host.status(), ExecutionStatus::Aborted);
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Type",
        "Next",
        "End",
        "StartAt",
        "States",
        "Pass",
        "Task",
        "Map",
        "Parallel",
        "Choice",
        "Choices",
        "Branches",
        "Retry",
        "Catch",
        "ErrorEquals",
        "Parameters",
        "a.$",
        "$.a",
        "$$",
        "S",
        "Resource",
        "arn:aws:states:::lambda:invoke",
        "ItemProcessor",
        "Variable",
        "IsNull",
        "And",
        "Not",
        "Seconds",
        "Wait",
        "ResultPath",
        "States.Format('{}', $)",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.clone().prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #[test]
    fn no_definition_makes_the_reader_fail(definition in any_json()) {
        for text in [definition.to_string(), json!({"StartAt": "S", "States": {"S": definition}}).to_string()] {
            let said = StateMachine::validate(&text, StateMachineType::Standard);
            prop_assert_eq!(StateMachine::parse(&text).is_err(), said.iter().any(|d| d.severity == states::Severity::Error));
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "\\PC{0,60}") {
        let template = json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "Parameters": {"a.$": text}, "InputPath": text, "End": true}}});
        StateMachine::validate(&template.to_string(), StateMachineType::Standard);
        StateMachine::validate(&text, StateMachineType::Standard);
    }
}
