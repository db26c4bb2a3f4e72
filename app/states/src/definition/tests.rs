//! Definitions that are refused, with what AWS says of them.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::diagnostic::{Code, Severity};
use serde_json::json;

fn said(definition: &Value) -> Vec<String> {
    let said = StateMachine::validate(&definition.to_string(), StateMachineType::Standard);
    said.iter().map(ToString::to_string).collect()
}

/// What is said of a machine of one state, which it starts with and which ends it.
fn of_state(mut state: Value) -> Vec<String> {
    let kind = state["Type"].as_str().unwrap_or_default().to_owned();
    if matches!(kind.as_str(), "Task" | "Pass" | "Wait" | "Parallel" | "Map" | "Nothing") && state.get("Next").is_none()
    {
        state["End"] = json!(true);
    }
    said(&json!({ "StartAt": "S", "States": { "S": state } }))
}

const TRAIN: &str = "arn:aws:states:::sagemaker:createTrainingJob.sync";

#[test]
fn a_text_that_is_no_definition_is_told_apart() {
    let first = |text: &str| StateMachine::parse(text).unwrap_err().diagnostics.remove(0);
    for text in ["", " ", "[]", "null"] {
        let problem = first(text);
        assert_eq!((problem.code, problem.location.as_deref()), (Code::SchemaValidationFailed, None), "{text}");
        assert_eq!(problem.message, "Definition must be a valid JSON object");
    }
    let problem = first("not a definition");
    assert_eq!(problem.code, Code::InvalidJsonDescription);
    assert_eq!(problem.location.as_deref(), Some("[Source: (String)\"not a definition\"; line: 1, column: 2]"));
    assert_eq!(first(&"[".repeat(100_000)).code, Code::TooDeeplyNested);
    let long = first(&format!("{{\"{}", "x".repeat(1_000)));
    assert!(long.message.contains("[truncated 502 chars]; line: 1"), "{long}");
}

#[test]
fn the_message_of_create_state_machine_lists_the_errors() {
    let text = StateMachine::parse("{\"StartAt\": \"A\"}").unwrap_err().to_string();
    assert_eq!(
        text,
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
    );
    let loops =
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}});
    let text = StateMachine::parse(&loops.to_string()).unwrap_err().to_string();
    assert_eq!(text, "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'");
    let dangling = json!({"StartAt": "pass1", "States": {
        "pass1": {"Type": "Pass", "Next": "pass3"}, "pass2": {"Type": "Pass", "End": true}
    }});
    assert_eq!(
        StateMachine::parse(&dangling.to_string()).unwrap_err().to_string(),
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at \
         /States/pass1/Next, MISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2'"
    );
}

#[test]
fn a_diagnostic_has_the_shape_of_the_api() {
    let said = StateMachine::validate("{}", StateMachineType::Standard);
    assert_eq!(
        serde_json::to_value(&said).unwrap(),
        json!([{
            "severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED",
            "message": "These fields are required: [States, StartAt]", "location": "/"
        }])
    );
}

#[test]
fn states_lead_somewhere() {
    let pass = |next: &str| json!({"Type": "Pass", "Next": next});
    let end = json!({"Type": "Pass", "End": true});
    for (definition, expected) in [
        (
            json!({"StartAt": "Not sure", "States": {"Pass One": pass("Success"), "Success": {"Type": "Succeed"}}}),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: Not sure at /StartAt",
                "MISSING_TRANSITION_TARGET: State \"Pass One\" is not reachable. at /States/Pass One",
            ],
        ),
        (
            json!({"StartAt": "A", "States": {"A": pass("NOPE")}}),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ],
        ),
        (
            json!({"StartAt": "A", "States": {"A": pass("B"), "B": pass("A"), "C": end}}),
            vec!["MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"],
        ),
        (
            json!({"StartAt": "A", "States": {"A": end, "B": pass("C"), "C": pass("B")}}),
            vec![
                "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
                "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
            ],
        ),
        (
            json!({"StartAt": "C", "States": {
                "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "X"}], "Default": "Y"},
                "T": {"Type": "Task", "Resource": TRAIN, "End": true, "Catch": [{"ErrorEquals": ["E"], "Next": "Z"}]}
            }}),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/C/Default",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/C/Choices[0]/Next",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/T/Catch[0]/Next",
                "MISSING_TRANSITION_TARGET: State \"T\" is not reachable. at /States/T",
            ],
        ),
        (
            json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "A", "States": {"A": pass("P")}}, {"States": {}}
            ]}}}),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: P at /States/P/Branches[0]/States/A/Next",
                "MISSING_END_STATE: Workflow has no terminal state at null",
                "SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /States/P/Branches[1]",
                "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/P/Branches[1]/States",
            ],
        ),
    ] {
        assert_eq!(said(&definition), expected, "{definition}");
    }
}

#[test]
fn fields_belong_to_their_states() {
    for (state, expected) in [
        (json!({"Type": "Pass"}), vec![]),
        (
            json!({"Type": "Nothing"}),
            vec![
                "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/S/Type",
            ],
        ),
        (json!({"Type": "Pass", "Catch": []}), vec!["Field 'Catch' is not supported at /States/S"]),
        (json!({"Type": "Pass", "Resource": "x"}), vec!["Field 'Resource' is not supported at /States/S"]),
        (json!({"Type": "Succeed", "End": true}), vec!["Field 'End' is not supported at /States/S"]),
        (
            json!({"Type": "Wait", "Seconds": 1, "ResultPath": null}),
            vec!["Field 'ResultPath' is not supported at /States/S"],
        ),
        (json!({"Type": "Pass", "InputPath": 1}), vec!["Expected value of type String at /States/S/InputPath"]),
        (json!({"Type": "Pass", "InputPath": "x"}), vec!["Value must be a valid JSONPath. at /States/S/InputPath"]),
        (
            json!({"Type": "Pass", "ResultPath": "$.a[*]"}),
            vec!["Value is not a Reference Path at /States/S/ResultPath"],
        ),
        (json!({"Type": "Pass", "ResultPath": "$$.a"}), vec!["Value is not a Reference Path at /States/S/ResultPath"]),
        (
            json!({"Type": "Pass", "Parameters": {"a": {"b.$": "c"}}}),
            vec![
                "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters",
            ],
        ),
        (
            json!({"Type": "Pass", "Output": 1}),
            vec![
                "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S",
            ],
        ),
        (
            json!({"Type": "Pass", "QueryLanguage": "JSONata"}),
            vec![
                "the state asks for the query language JSONata; only JSONPath is supported here at /States/S/QueryLanguage",
            ],
        ),
        (
            json!({"Type": "Pass", "Assign": {}}),
            vec!["the state assigns variables, which are not supported here at /States/S/Assign"],
        ),
        (
            json!({"Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-31T12:00:00Z"}),
            vec![
                "There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S",
            ],
        ),
        (
            json!({"Type": "Wait"}),
            vec![
                "This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S",
            ],
        ),
        (json!({"Type": "Wait", "Seconds": "1"}), vec!["Expected value of type Integer at /States/S/Seconds"]),
        (
            json!({"Type": "Wait", "Seconds": 10_000_000_000_000_u64}),
            vec!["Maximum value is 99999999 at /States/S/Seconds"],
        ),
        (json!({"Type": "Wait", "Seconds": -1}), vec!["Minimum value is 0 at /States/S/Seconds"]),
        (
            json!({"Type": "Wait", "Timestamp": "today"}),
            vec!["String does not match RFC3339 timestamp at /States/S/Timestamp"],
        ),
        (
            json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
            vec!["There should only be one of the following fields: [Error, ErrorPath] at /States/S"],
        ),
        (
            json!({"Type": "Fail", "CausePath": "e"}),
            vec!["Value must be a valid JSONPath or a valid intrinsic function call at /States/S/CausePath"],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(|said| format!("SCHEMA_VALIDATION_FAILED: {said}")).collect();
        assert_eq!(of_state(state.clone()), expected, "{state}");
    }
}

#[test]
fn tasks_have_a_resource_and_times() {
    let task = |more: Value| {
        let mut state = json!({"Type": "Task", "Resource": TRAIN});
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of_state(state)
    };
    for (more, expected) in [
        (json!({"Resource": "train"}), vec!["Value is not a valid resource ARN at /States/S/Resource"]),
        (
            json!({"Resource": "arn:aws:s3:::b"}),
            vec![
                "The resource provided arn:aws:s3:::b is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/S/Resource",
            ],
        ),
        (json!({"TimeoutSeconds": 0}), vec!["Minimum value is 1 at /States/S/TimeoutSeconds"]),
        (
            json!({"TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t"}),
            vec!["There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/S"],
        ),
        (
            json!({"HeartbeatSecondsPath": "$$.t"}),
            vec!["Value is not a Reference Path at /States/S/HeartbeatSecondsPath"],
        ),
        (
            json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
            vec!["HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S"],
        ),
        (json!({"Credentials": {}}), vec!["The field 'RoleArn' is required but was missing at /States/S/Credentials"]),
        (json!({"Retry": [{}]}), vec!["These fields are required: [ErrorEquals] at /States/S/Retry[0]"]),
        (json!({"Retry": [{"ErrorEquals": []}]}), vec!["Value cannot be empty at /States/S/Retry[0]/ErrorEquals"]),
        (
            json!({"Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]}),
            vec!["States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals"],
        ),
        (
            json!({"Retry": [{"ErrorEquals": ["A", "States.ALL"]}]}),
            vec!["States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals"],
        ),
        (
            json!({"Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME", "BackoffRate": 0.5, "MaxDelaySeconds": 0}]}),
            vec![
                "Value should be one of the following: [NONE, FULL] at /States/S/Retry[0]/JitterStrategy",
                "Minimum value is 1.0 at /States/S/Retry[0]/BackoffRate",
                "Minimum value is 1 at /States/S/Retry[0]/MaxDelaySeconds",
            ],
        ),
        (json!({"Catch": [{"ErrorEquals": ["A"]}]}), vec!["These fields are required: [Next] at /States/S/Catch[0]"]),
        (
            json!({"Catch": [{"ErrorEquals": ["A"], "Next": "S", "IntervalSeconds": 1}]}),
            vec!["Field 'IntervalSeconds' is not supported at /States/S/Catch[0]"],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(|said| format!("SCHEMA_VALIDATION_FAILED: {said}")).collect();
        assert_eq!(task(more.clone()), expected, "{more}");
    }
}

#[test]
fn choices_have_rules() {
    let choice = |rule: Value| {
        let states = json!({"C": {"Type": "Choice", "Choices": [rule]}, "E": {"Type": "Succeed"}});
        said(&json!({"StartAt": "C", "States": states}))
    };
    for (rule, expected) in [
        (json!({"Variable": "$.a", "NumericEquals": 1, "Next": "E"}), vec![]),
        (json!({"Variable": "$$.Execution.Name", "StringMatches": "a*", "Next": "E"}), vec![]),
        (
            json!({"Not": {"And": [{"Variable": "$.a", "IsNull": true}, {"Or": [{"Variable": "$.b", "IsNull": true}]}]}, "Next": "E"}),
            vec![],
        ),
        (
            json!({"Variable": "a", "IsNull": true, "Next": "E"}),
            vec![
                "Value is not a Reference Path: Reference path didn't start with '$' at /States/C/Choices[0]/Variable",
            ],
        ),
        (
            json!({"Variable": "$.a", "Next": "E"}),
            vec!["This object should have one of the comparison operators at /States/C/Choices[0]"],
        ),
        (
            json!({"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "E"}),
            vec!["There should only be one of the following fields: [IsNull, IsString] at /States/C/Choices[0]"],
        ),
        (
            json!({"Variable": "$.a", "NumericEquals": "1", "Next": "E"}),
            vec!["Expected value of type Number at /States/C/Choices[0]/NumericEquals"],
        ),
        (
            json!({"Variable": "$.a", "TimestampEquals": "1", "Next": "E"}),
            vec!["String does not match RFC3339 timestamp at /States/C/Choices[0]/TimestampEquals"],
        ),
        (
            json!({"And": [{"Variable": "$.a", "IsNull": true, "Next": "E"}], "Next": "E"}),
            vec!["Field 'Next' is not supported at /States/C/Choices[0]/And[0]"],
        ),
        (
            json!({"Next": "E"}),
            vec![
                "The object must have only one of the following fields, [And, Or, Not, Variable] at /States/C/Choices[0]",
            ],
        ),
        (
            json!({"Variable": "$.a", "Is": 1, "Next": "E"}),
            vec![
                "Field 'Is' is not supported at /States/C/Choices[0]",
                "This object should have one of the comparison operators at /States/C/Choices[0]",
            ],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(|said| format!("SCHEMA_VALIDATION_FAILED: {said}")).collect();
        assert_eq!(choice(rule.clone()), expected, "{rule}");
    }
    let no_next = choice(json!({"Variable": "$.a", "IsNull": true}));
    assert_eq!(no_next[0], "SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/C/Choices[0]");
}

#[test]
fn maps_have_one_processor_and_run_inline() {
    let inner = json!({"StartAt": "I", "States": {"I": {"Type": "Succeed"}}});
    let distributed =
        json!({"StartAt": "I", "States": {"I": {"Type": "Succeed"}}, "ProcessorConfig": {"Mode": "DISTRIBUTED"}});
    for (state, expected) in [
        (json!({"Type": "Map", "Iterator": inner, "Parameters": {"a.$": "$$.Map.Item.Value"}}), vec![]),
        (
            json!({"Type": "Map", "ItemProcessor": inner, "ItemsPath": "$$.Execution.Input.list", "MaxConcurrency": 0}),
            vec![],
        ),
        (
            json!({"Type": "Map"}),
            vec!["This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/S"],
        ),
        (
            json!({"Type": "Map", "ItemProcessor": distributed}),
            vec!["only maps in the mode INLINE are supported here at /States/S/ItemProcessor/ProcessorConfig/Mode"],
        ),
        (
            json!({"Type": "Map", "ItemProcessor": inner, "ItemReader": {}}),
            vec!["the field is for maps in distributed mode, which is not supported here at /States/S/ItemReader"],
        ),
        (
            json!({"Type": "Map", "ItemProcessor": inner, "TimeoutSeconds": 1}),
            vec!["Field 'TimeoutSeconds' is not supported at /States/S"],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(|said| format!("SCHEMA_VALIDATION_FAILED: {said}")).collect();
        assert_eq!(of_state(state.clone()), expected, "{state}");
    }
}

#[test]
fn names_are_short_and_used_once() {
    let long = "é".repeat(81);
    let said = said(&json!({"StartAt": long, "States": {&long: {"Type": "Succeed"}}}));
    assert_eq!(
        said,
        [format!("INVALID_STATE_NAME: The name of a state must have between 1 and 80 characters at /States/{long}")]
    );
    let twice = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
        "Iterator": {"StartAt": "M", "States": {"M": {"Type": "Succeed"}}}}}});
    assert_eq!(
        super::tests::said(&twice),
        ["DUPLICATE_STATE_NAME: Duplicate state name: M at /States/M/Iterator/States/M"]
    );
}

#[test]
fn warnings_refuse_nothing() {
    let definition = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Parameters": {"a": "$.b"}, "Next": "B"}, "B": {"Type": "Pass", "Result": {"c.$": "$.d"}, "End": true}
    }});
    let machine = StateMachine::parse(&definition.to_string()).unwrap();
    let codes: Vec<_> = machine.warnings().iter().map(|warning| (warning.severity, warning.code)).collect();
    assert_eq!(codes, [(Severity::Warning, Code::NoDollar), (Severity::Warning, Code::PassResultIsStatic)]);
}

#[test]
fn express_workflows_do_not_wait_for_jobs() {
    let definition = |resource: &str| {
        let text =
            json!({"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": resource, "End": true}}}).to_string();
        StateMachine::validate(&text, StateMachineType::Express)
            .into_iter()
            .map(|said| said.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(definition("arn:aws:states:::lambda:invoke"), Vec::<String>::new());
    let token = "Express state machine does not support '.waitForTaskToken' service integration ";
    assert_eq!(definition("arn:aws:states:::sqs:sendMessage.waitForTaskToken"), [token]);
    assert_eq!(definition(TRAIN), ["Express state machine does not support '.sync' service integration "]);
    let activity = "arn:aws:states:us-east-1:111122223333:activity:a";
    assert_eq!(definition(activity), ["Express state machine does not support Activity ARN"]);
}

#[test]
fn everything_is_told_at_once() {
    let said = said(&json!({
        "QueryLanguage": "JSONata", "TimeoutSeconds": 0, "Extra": 1, "StartAt": "A",
        "States": {"A": {"Type": "Task", "Retry": [{"MaxAttempts": -1}], "Next": "B"}}
    }));
    for part in [
        "JSONata",
        "Minimum value is 1 at /TimeoutSeconds",
        "'Extra'",
        "[Resource]",
        "[ErrorEquals]",
        "Minimum value is 0 at /States/A/Retry[0]/MaxAttempts",
        "target: B",
        "MISSING_END_STATE",
    ] {
        assert_eq!(said.iter().filter(|said| said.contains(part)).count(), 1, "{part}: {said:#?}");
    }
}

#[test]
fn a_machine_says_what_its_tasks_call_and_is_stored_as_its_text() {
    let task = |next: Option<&str>| match next {
        Some(next) => json!({"Type": "Task", "Resource": TRAIN, "Next": next}),
        None => json!({"Type": "Task", "Resource": TRAIN, "End": true}),
    };
    let text = json!({"StartAt": "A", "States": {"A": task(Some("B")), "B": task(None)}}).to_string();
    let machine = StateMachine::parse(&text).unwrap();
    assert_eq!(machine.resources(), [&Resource::parse(TRAIN).unwrap()]);
    let stored = serde_json::to_string(&machine).unwrap();
    assert_eq!(serde_json::from_str::<StateMachine>(&stored).unwrap().definition(), text);
    assert!(serde_json::from_str::<StateMachine>("\"{}\"").is_err());
}
