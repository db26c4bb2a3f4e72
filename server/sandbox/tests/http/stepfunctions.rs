//! Step Functions: state machines and their executions.

use crate::support::{CHILD, Client, Lab, PARENT, a_function, allowing, config, denying, trusting};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The trust policy of a machine's role.
const TRUSTS_STATES: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A sandbox in which waits take no time and functions and endpoints are there at once.
async fn lab() -> Lab {
    let lab = Lab::start().await;
    lab.settings(json!({ "state_wait_ms": 0, "function_activation_ms": 0, "endpoint_creation_ms": 0 })).await;
    lab
}

fn alone(state: Value) -> Value {
    json!({ "StartAt": "S", "States": { "S": state } })
}

fn passing() -> Value {
    alone(json!({ "Type": "Pass", "End": true }))
}

async fn new_machine(client: &Client, name: &str, definition: &Value, role: &str) -> String {
    let made = client
        .json_ok(
            "states",
            "CreateStateMachine",
            json!({ "name": name, "definition": definition.to_string(), "roleArn": role }),
        )
        .await;
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

async fn start(client: &Client, machine: &str, input: Value) -> String {
    let body = json!({ "stateMachineArn": machine, "input": input.to_string() });
    client.json_ok("states", "StartExecution", body).await["executionArn"].as_str().unwrap().to_owned()
}

async fn describe(client: &Client, execution: &str) -> Value {
    client.json_ok("states", "DescribeExecution", json!({ "executionArn": execution })).await
}

/// Waits until something holds.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come");
}

async fn ended(client: &Client, execution: &str) -> Value {
    until(async || Some(describe(client, execution).await).filter(|shown| shown["status"] != "RUNNING")).await
}

/// The output of an execution that must succeed.
async fn output(client: &Client, execution: &str) -> Value {
    let shown = ended(client, execution).await;
    assert_eq!(shown["status"], "SUCCEEDED", "{shown}");
    serde_json::from_str(shown["output"].as_str().unwrap()).unwrap()
}

async fn types(client: &Client, execution: &str) -> Vec<String> {
    let history = client.json_ok("states", "GetExecutionHistory", json!({ "executionArn": execution })).await;
    let events = history["events"].as_array().unwrap().iter();
    events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn machine_arn(name: &str) -> String {
    format!("arn:aws:states:eu-west-1:{CHILD}:stateMachine:{name}")
}

#[tokio::test]
async fn a_machine_is_made_run_described_and_deleted() {
    let lab = lab().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let definition = json!({ "StartAt": "Which", "States": {
        "Which": { "Type": "Choice", "Default": "Each", "Choices": [{ "Variable": "$.n", "NumericGreaterThan": 100, "Next": "Big" }] },
        "Big": { "Type": "Fail", "Error": "TooBig", "Cause": "so it is" },
        "Each": { "Type": "Map", "ItemsPath": "$.list", "ResultPath": "$.list", "Next": "Both", "ItemProcessor": {
            "StartAt": "One", "States": { "One": { "Type": "Pass", "Parameters": { "v.$": "$$.Map.Item.Value" }, "End": true } } } },
        "Both": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "Wait", "States": { "Wait": { "Type": "Wait", "Seconds": 3600, "End": true } } },
            { "StartAt": "Pass", "States": { "Pass": { "Type": "Pass", "Result": "here", "End": true } } }
        ] }
    } });
    let machine = new_machine(&child, "m", &definition, &role).await;
    assert_eq!(machine, machine_arn("m"));
    let shown = child.json_ok("states", "DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(
        (&shown["status"], &shown["type"], &shown["roleArn"]),
        (&json!("ACTIVE"), &json!("STANDARD"), &json!(role))
    );
    assert_eq!(serde_json::from_str::<Value>(shown["definition"].as_str().unwrap()).unwrap(), definition);

    let execution = start(&child, &machine, json!({ "n": 1, "list": ["a", "b"] })).await;
    assert!(execution.starts_with(&format!("arn:aws:states:eu-west-1:{CHILD}:execution:m:")), "{execution}");
    let list = json!([{ "v": "a" }, { "v": "b" }]);
    assert_eq!(output(&child, &execution).await, json!([{ "n": 1, "list": list }, "here"]));
    let events = types(&child, &execution).await;
    assert_eq!((events[0].as_str(), events.last().unwrap().as_str()), ("ExecutionStarted", "ExecutionSucceeded"));
    assert!(events.contains(&"WaitStateExited".to_owned()), "{events:?}");

    let failing = start(&child, &machine, json!({ "n": 101 })).await;
    let failed = ended(&child, &failing).await;
    assert_eq!(
        (&failed["status"], &failed["error"], &failed["cause"]),
        (&json!("FAILED"), &json!("TooBig"), &json!("so it is"))
    );
    assert!(failed["stopDate"].is_number() && failed.get("output").is_none(), "{failed}");
    let of = child.json_ok("states", "DescribeStateMachineForExecution", json!({ "executionArn": failing })).await;
    assert_eq!((&of["stateMachineArn"], &of["name"]), (&json!(machine), &json!("m")));
    child.json("states", "RedriveExecution", json!({ "executionArn": failing })).await.refused(
        400,
        "ExecutionNotRedrivable",
        &failing,
    );

    child.json_ok("states", "DeleteStateMachine", json!({ "stateMachineArn": machine })).await;
    until(async || {
        let answer = child.json("states", "DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
        (answer.status == 400).then(|| {
            answer.refused(400, "StateMachineDoesNotExist", &format!("State Machine Does Not Exist: '{machine}'"))
        })
    })
    .await;
    child.json("states", "DescribeExecution", json!({ "executionArn": failing })).await.refused(
        400,
        "ExecutionDoesNotExist",
        "",
    );
    // Once more is nothing wrong.
    child.json_ok("states", "DeleteStateMachine", json!({ "stateMachineArn": machine })).await;
}

#[tokio::test]
async fn what_can_not_be_made_is_refused() {
    let lab = lab().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let good = json!({ "name": "m", "definition": passing().to_string(), "roleArn": role });
    let with = |member: &str, value: Value| {
        let mut input = good.clone();
        input[member] = value;
        input
    };
    let task = |resource: &str| {
        with("definition", alone(json!({ "Type": "Task", "Resource": resource, "End": true })).to_string().into())
    };
    let invalid = "InvalidDefinition";
    let unknown = |resource: &str| {
        format!(
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The resource provided {resource} is not recognized."
        )
    };
    let parameters = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "Speed.$": "$" }, "End": true });
    for (input, code, message) in [
        (with("name", json!("a b")), "InvalidName", "Invalid Name: 'a b'".to_owned()),
        (with("name", json!("x".repeat(81))), "InvalidName", "Invalid Name".to_owned()),
        (with("name", Value::Null), "ValidationException", "Value null at 'name'".to_owned()),
        (
            with("definition", json!("{}")),
            invalid,
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED".to_owned(),
        ),
        (with("definition", json!("{")), invalid, "INVALID_JSON_DESCRIPTION".to_owned()),
        (task("arn:aws:states:::sqs:sendMessage"), invalid, unknown("arn:aws:states:::sqs:sendMessage")),
        (
            task("arn:aws:states:::sagemaker:createModel.sync"),
            invalid,
            unknown("arn:aws:states:::sagemaker:createModel.sync"),
        ),
        (
            task("arn:aws:states:::aws-sdk:kms:noSuchThing"),
            invalid,
            unknown("arn:aws:states:::aws-sdk:kms:noSuchThing"),
        ),
        (
            task(&format!("arn:aws:states:eu-west-1:{CHILD}:activity:a")),
            invalid,
            "the sandbox has no activities at /States/S/Resource".to_owned(),
        ),
        (
            with("definition", alone(parameters).to_string().into()),
            invalid,
            "The field 'FunctionName' is required but was missing at /States/S/Parameters, SCHEMA_VALIDATION_FAILED: \
             The field \"Speed\" is not supported by Step Functions at /States/S/Parameters"
                .to_owned(),
        ),
        (with("roleArn", json!("machine")), "InvalidArn", "Invalid Role Arn: 'machine'".to_owned()),
        (
            with("roleArn", json!(format!("arn:aws:iam::{PARENT}:role/x"))),
            "AccessDeniedException",
            "Cross-account pass role is not allowed.".to_owned(),
        ),
        (with("type", json!("EXPRESS")), "StateMachineTypeNotSupported", "no EXPRESS".to_owned()),
        (with("type", json!("SLOW")), "ValidationException", "[STANDARD, EXPRESS]".to_owned()),
        (with("loggingConfiguration", json!({ "level": "ALL" })), "InvalidLoggingConfiguration", "OFF".to_owned()),
        (with("versionDescription", json!("x")), "ValidationException", "publish is true".to_owned()),
        (with("tags", json!([{ "key": "aws:x", "value": "y" }])), "ValidationException", "aws:".to_owned()),
    ] {
        child.json("states", "CreateStateMachine", input).await.refused(400, code, &message);
    }
    child
        .json_ok(
            "states",
            "CreateStateMachine",
            with("loggingConfiguration", json!({ "level": "OFF", "includeExecutionData": false })),
        )
        .await;
    // The same once more, also with another role, is the same machine.
    let first = child.json_ok("states", "CreateStateMachine", good.clone()).await;
    assert_eq!(child.json_ok("states", "CreateStateMachine", good.clone()).await, first);
    let other = with("definition", alone(json!({ "Type": "Succeed" })).to_string().into());
    child.json("states", "CreateStateMachine", other).await.refused(
        400,
        "StateMachineAlreadyExists",
        &format!("State Machine Already Exists: '{}'", machine_arn("m")),
    );

    let check = child
        .json_ok(
            "states",
            "ValidateStateMachineDefinition",
            json!({ "definition": task("arn:aws:states:::sqs:sendMessage")["definition"] }),
        )
        .await;
    assert_eq!(
        (&check["result"], &check["diagnostics"][0]["location"]),
        (&json!("FAIL"), &json!("/States/S/Resource"))
    );
    let check =
        child.json_ok("states", "ValidateStateMachineDefinition", json!({ "definition": good["definition"] })).await;
    assert_eq!(check, json!({ "result": "OK", "diagnostics": [], "truncated": false }));
    for (operation, input, code, message) in [
        (
            "DescribeStateMachine",
            json!({ "stateMachineArn": "abc" }),
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: abc'",
        ),
        (
            "DescribeExecution",
            json!({ "executionArn": machine_arn("m") }),
            "InvalidArn",
            "Resource type not valid in this context: stateMachine",
        ),
        (
            "DescribeStateMachine",
            json!({ "stateMachineArn": machine_arn("m").replace("west-1", "west-2") }),
            "StateMachineDoesNotExist",
            "eu-west-2",
        ),
        (
            "DescribeStateMachine",
            json!({ "stateMachineArn": machine_arn("m").replace(CHILD, PARENT) }),
            "AccessDeniedException",
            "because no resource-based policy allows the states:DescribeStateMachine action",
        ),
        (
            "UpdateStateMachine",
            json!({ "stateMachineArn": machine_arn("m") }),
            "MissingRequiredParameter",
            "Either the definition",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine_arn("m"), "input": "{" }),
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: '",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine_arn("m"), "input": format!("\"{}\"", "x".repeat(262_144)) }),
            "ValidationException",
            "less than or equal to 262144",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine_arn("m"), "name": "a/b" }),
            "InvalidName",
            "Invalid Name: 'a/b'",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine_arn("no") }),
            "StateMachineDoesNotExist",
            "State Machine Does Not Exist: '",
        ),
        (
            "ListExecutions",
            json!({ "stateMachineArn": machine_arn("m"), "statusFilter": "DONE" }),
            "ValidationException",
            "'statusFilter'",
        ),
        ("ListStateMachines", json!({ "nextToken": "?" }), "InvalidToken", "Invalid Token: 'Invalid token'"),
        (
            "StartSyncExecution",
            json!({ "stateMachineArn": machine_arn("m") }),
            "StateMachineTypeNotSupported",
            "not supported by this type",
        ),
        ("CreateActivity", json!({ "name": "a" }), "UnknownOperationException", "no activities"),
    ] {
        child.json("states", operation, input).await.refused(400, code, message);
    }
}

#[tokio::test]
async fn the_role_must_trust_be_passed_and_be_allowed_to_hear_of_jobs() {
    let lab = lab().await;
    let child = lab.client("child");
    let input =
        |role: &str, definition: &Value| json!({ "name": "m", "definition": definition.to_string(), "roleArn": role });
    let other = child.new_role("other", &trusting(&[CHILD]), &[]).await;
    let message = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.";
    child.json("states", "CreateStateMachine", input(&other, &passing())).await.refused(
        400,
        "AccessDeniedException",
        message,
    );
    // A condition on what the role is for.
    let elsewhere = TRUSTS_STATES.replace(
        "\"Action\"",
        &format!(
            r#""Condition":{{"ArnLike":{{"aws:SourceArn":"arn:aws:states:*:{CHILD}:stateMachine:not-this"}}}},"Action""#
        ),
    );
    let bound = child.new_role("bound", &elsewhere, &[]).await;
    child.json("states", "CreateStateMachine", input(&bound, &passing())).await.refused(
        400,
        "AccessDeniedException",
        message,
    );

    let plain = child.new_role("plain", TRUSTS_STATES, &[]).await;
    let user = child.new_user("builder", &[&allowing("states:*", "*")]).await;
    user.json("states", "CreateStateMachine", input(&plain, &passing())).await.refused(
        400,
        "AccessDeniedException",
        &format!("is not authorized to perform: iam:PassRole on resource: {plain} because no identity-based policy"),
    );
    // Waiting for a training job needs a rule of EventBridge.
    let training = alone(json!({
        "Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync", "End": true
    }));
    let denied = format!("'{plain}' is not authorized to create managed-rule.");
    child.json("states", "CreateStateMachine", input(&plain, &training)).await.refused(
        400,
        "AccessDeniedException",
        &denied,
    );
    let rule = format!("arn:aws:events:eu-west-1:{CHILD}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule");
    let mut allowed = json!(["events:PutTargets", "events:PutRule"]);
    for more in ["events:Nothing", "events:DescribeRule"] {
        allowed.as_array_mut().unwrap().push(more.into());
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": allowed, "Resource": rule }] }).to_string();
        child.iam_ok("PutRolePolicy", &[("RoleName", "plain"), ("PolicyName", "p"), ("PolicyDocument", &policy)]).await;
        let answer = child.json("states", "CreateStateMachine", input(&plain, &training)).await;
        assert_eq!(answer.status == 200, more == "events:DescribeRule", "{}", answer.text());
    }
    // Whoever changes the definition passes the role again.
    let update = json!({ "stateMachineArn": machine_arn("m"), "definition": passing().to_string() });
    user.json("states", "UpdateStateMachine", update.clone()).await.refused(
        400,
        "AccessDeniedException",
        "iam:PassRole",
    );
    let updated = child.json_ok("states", "UpdateStateMachine", update).await;
    let shown = child.json_ok("states", "DescribeStateMachine", json!({ "stateMachineArn": machine_arn("m") })).await;
    assert_eq!(shown["revisionId"], updated["revisionId"]);
}

/// The definition that the pipeline deploys, with its placeholders filled in.
fn workflow() -> String {
    let template = include_str!("../../../../app/domain/src/pipeline/templates/workflow.yaml");
    let text = template.split("DefinitionString: |\n").nth(1).unwrap().split("\nOutputs:").next().unwrap();
    let values: BTreeMap<String, String> = [
        ("Partition", "aws"),
        ("Prefix", "churn"),
        ("Image", "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        ("TrainingRoleArn", "arn:aws:iam::222222222222:role/churn-training"),
        ("KeyArn", "arn:aws:kms:eu-west-1:333333333333:key/k"),
        ("InstanceType", "ml.m5.large"),
        ("InstanceCount", "1"),
        ("VolumeGigabytes", "10"),
        ("MaxSeconds", "3600"),
        ("TrainUri", "s3://b/train"),
        ("ValidationUri", "s3://b/validation"),
        ("ModelUri", "s3://b/models/"),
        ("HyperParameters", r#"{"num_round": "10"}"#),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    states::substitute(text, &values).unwrap()
}

#[tokio::test]
async fn the_pipelines_definition_is_taken_and_a_denial_is_retried() {
    let lab = lab().await;
    let child = lab.client("child");
    let role =
        child.new_role("workflow", TRUSTS_STATES, &[&allowing("events:*", "*"), &denying("sagemaker:*", "*")]).await;
    let made = child
        .json_ok(
            "states",
            "CreateStateMachine",
            json!({ "name": "churn-training", "definition": workflow(), "roleArn": role }),
        )
        .await;
    let machine = made["stateMachineArn"].as_str().unwrap().to_owned();
    let execution = start(&child, &machine, json!({ "run": "r1" })).await;
    let failed = ended(&child, &execution).await;
    assert_eq!(failed["status"], "FAILED", "{failed}");
    let events = types(&child, &execution).await;
    assert_eq!(events.iter().filter(|event| *event == "TaskScheduled").count(), 5, "{failed}");
    assert_eq!(failed["error"], "SageMaker.AmazonSageMakerException", "{failed}");
}

#[tokio::test]
async fn tasks_are_calls_by_the_machines_role() {
    let lab = lab().await;
    let child = lab.client("child");
    let arn = |kind: &str, name: &str| format!("arn:aws:sagemaker:eu-west-1:{CHILD}:{kind}/{name}");
    let execution_role = child.new_role("model", &TRUSTS_STATES.replace("states.", "sagemaker."), &[]).await;
    let role =
        child.new_role("machine", TRUSTS_STATES, &[&allowing("sagemaker:CreateModel", &arn("model", "m-*"))]).await;
    let definition = json!({ "StartAt": "Model", "States": {
        "Model": { "Type": "Task", "Resource": "arn:aws:states:::sagemaker:createModel", "ResultPath": "$.made", "Next": "Describe",
            "Parameters": { "ModelName.$": "$.name", "ExecutionRoleArn": execution_role, "PrimaryContainer": { "Image": "sagebridge-echo" } },
            "Retry": [{ "ErrorEquals": ["SageMaker.AmazonSageMakerException"], "IntervalSeconds": 60, "MaxAttempts": 2 }] },
        "Describe": { "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeModel", "End": true,
            "Parameters": { "ModelName.$": "$.name" }, "ResultPath": "$.described",
            "Catch": [{ "ErrorEquals": ["SageMaker.SageMakerException"], "ResultPath": "$.error", "Next": "Caught" }] },
        "Caught": { "Type": "Pass", "End": true }
    } });
    let machine = new_machine(&child, "m", &definition, &role).await;
    // Passing the model's role is denied: retried as often as the definition says, then it fails.
    let first = ended(&child, &start(&child, &machine, json!({ "name": "m-1" })).await).await;
    assert_eq!((&first["status"], &first["error"]), (&json!("FAILED"), &json!("SageMaker.AmazonSageMakerException")));
    let cause = first["cause"].as_str().unwrap();
    assert!(cause.starts_with(&format!("User: arn:aws:sts::{CHILD}:assumed-role/machine/")), "{cause}");
    assert!(
        cause.contains(&format!("is not authorized to perform: iam:PassRole on resource: {execution_role}")),
        "{cause}"
    );
    assert!(
        cause.contains("(Service: AmazonSageMaker; Status Code: 400; Error Code: AccessDeniedException; Request ID: "),
        "{cause}"
    );
    let events = types(&child, first["executionArn"].as_str().unwrap()).await;
    assert_eq!(events.iter().filter(|event| *event == "TaskFailed").count(), 3, "{events:?}");

    let pass = allowing("iam:PassRole", &execution_role);
    child.iam_ok("PutRolePolicy", &[("RoleName", "machine"), ("PolicyName", "pass"), ("PolicyDocument", &pass)]).await;
    let second = output(&child, &start(&child, &machine, json!({ "name": "m-1" })).await).await;
    assert_eq!(second["made"]["ModelArn"], arn("model", "m-1"));
    assert_eq!(second["made"]["SdkHttpMetadata"]["HttpStatusCode"], 200);
    assert!(second["error"]["Cause"].as_str().unwrap().contains("sagemaker:DescribeModel on resource"), "{second}");

    let describe = allowing("sagemaker:DescribeModel", "*");
    child
        .iam_ok("PutRolePolicy", &[("RoleName", "machine"), ("PolicyName", "read"), ("PolicyDocument", &describe)])
        .await;
    let third = output(&child, &start(&child, &machine, json!({ "name": "m-2" })).await).await;
    assert_eq!(third["described"]["ModelName"], "m-2");
    assert!(third["described"]["CreationTime"].as_str().unwrap().ends_with('Z'), "{third}");
    // A name that is taken.
    let fourth = ended(&child, &start(&child, &machine, json!({ "name": "m-2" })).await).await;
    assert!(fourth["cause"].as_str().unwrap().starts_with("Cannot create already existing model"), "{fourth}");

    // A role that trusts no more.
    let nobody = trusting(&[CHILD]);
    child.iam_ok("UpdateAssumeRolePolicy", &[("RoleName", "machine"), ("PolicyDocument", &nobody)]).await;
    let fifth = ended(&child, &start(&child, &machine, json!({ "name": "m-3" })).await).await;
    assert_eq!(fifth["error"], "States.Permissions", "{fifth}");
}

#[tokio::test]
async fn functions_are_invoked_as_far_as_the_role_may() {
    let lab = lab().await;
    let child = lab.client("child");
    let function = format!("arn:aws:lambda:eu-west-1:{CHILD}:function:f");
    let made =
        child.lambda(Method::POST, "/2015-03-31/functions", &[], a_function("f", "def handler(e, c): return e")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let task = |resource: &str, parameters: Option<Value>| {
        let mut state = json!({ "Type": "Task", "Resource": resource, "End": true });
        if let Some(parameters) = parameters {
            state["Parameters"] = parameters;
        }
        alone(state)
    };
    let by_arn = new_machine(&child, "arn", &task(&function, None), &role).await;
    let by_name = new_machine(
        &child,
        "name",
        &task("arn:aws:states:::lambda:invoke", Some(json!({ "FunctionName": "f", "Payload.$": "$" }))),
        &role,
    )
    .await;
    for (machine, scheduled) in [(&by_arn, "LambdaFunctionScheduled"), (&by_name, "TaskScheduled")] {
        let execution = start(&child, machine, json!({ "x": 1 })).await;
        let failed = ended(&child, &execution).await;
        assert_eq!(failed["error"], "Lambda.AWSLambdaException", "{failed}");
        let cause = failed["cause"].as_str().unwrap();
        assert!(
            cause.contains(&format!("is not authorized to perform: lambda:InvokeFunction on resource: {function}")),
            "{cause}"
        );
        assert!(
            cause.contains("(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; "),
            "{cause}"
        );
        assert_eq!(types(&child, &execution).await[2], scheduled);
    }
    let policy = allowing("lambda:InvokeFunction", "*");
    child.iam_ok("PutRolePolicy", &[("RoleName", "machine"), ("PolicyName", "p"), ("PolicyDocument", &policy)]).await;
    let missing = new_machine(
        &child,
        "missing",
        &task("arn:aws:states:::lambda:invoke", Some(json!({ "FunctionName": "gone" }))),
        &role,
    )
    .await;
    let failed = ended(&child, &start(&child, &missing, json!({})).await).await;
    assert_eq!(failed["error"], "Lambda.ResourceNotFoundException", "{failed}");
}

#[tokio::test]
async fn executions_have_names_pages_and_are_stopped() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let machine =
        new_machine(&child, "m", &alone(json!({ "Type": "Wait", "SecondsPath": "$.s", "End": true })), &role).await;
    let named = |name: &str, seconds: u64| json!({ "stateMachineArn": machine, "name": name, "input": json!({ "s": seconds }).to_string() });
    let first = child.json_ok("states", "StartExecution", named("long", 3600)).await;
    assert_eq!(child.json_ok("states", "StartExecution", named("long", 3600)).await, first);
    let arn = first["executionArn"].as_str().unwrap().to_owned();
    let already = format!("Execution Already Exists: '{arn}'");
    child.json("states", "StartExecution", named("long", 1)).await.refused(400, "ExecutionAlreadyExists", &already);
    let running = describe(&child, &arn).await;
    assert_eq!((&running["status"], &running["input"]), (&json!("RUNNING"), &json!("{\"s\":3600}")));
    let stop = json!({ "executionArn": arn, "error": "Enough", "cause": "of it" });
    let stopped = child.json_ok("states", "StopExecution", stop.clone()).await;
    let shown = describe(&child, &arn).await;
    assert_eq!(
        (&shown["status"], &shown["error"], &shown["cause"]),
        (&json!("ABORTED"), &json!("Enough"), &json!("of it"))
    );
    assert_eq!(shown["stopDate"], stopped["stopDate"]);
    // Once more changes nothing, and the name stays taken.
    assert_eq!(child.json_ok("states", "StopExecution", stop).await, stopped);
    child.json("states", "StartExecution", named("long", 3600)).await.refused(400, "ExecutionAlreadyExists", &already);

    for n in 0..5 {
        let made = child.json_ok("states", "StartExecution", named(&format!("short-{n}"), 0)).await;
        ended(&child, made["executionArn"].as_str().unwrap()).await;
    }
    let list = async |more: Value| {
        let mut body = json!({ "stateMachineArn": machine });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        child.json_ok("states", "ListExecutions", body).await
    };
    let names = |page: &Value| -> Vec<String> {
        page["executions"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap().to_owned()).collect()
    };
    let done = list(json!({ "statusFilter": "SUCCEEDED", "maxResults": 3 })).await;
    assert_eq!(names(&done), ["short-4", "short-3", "short-2"]);
    let rest = list(json!({ "statusFilter": "SUCCEEDED", "nextToken": done["nextToken"] })).await;
    assert_eq!((names(&rest), rest.get("nextToken")), (vec!["short-1".to_owned(), "short-0".to_owned()], None));
    assert_eq!(names(&list(json!({ "statusFilter": "ABORTED" })).await), ["long"]);

    let history = async |more: Value| {
        let mut body = json!({ "executionArn": arn.replace("long", "short-0") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        child.json_ok("states", "GetExecutionHistory", body).await
    };
    let events = |page: &Value| -> Vec<u64> {
        page["events"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect()
    };
    let page = history(json!({ "maxResults": 3 })).await;
    assert_eq!(events(&page), [1, 2, 3]);
    assert_eq!(events(&history(json!({ "nextToken": page["nextToken"] })).await), [4]);
    let last = history(json!({ "reverseOrder": true, "maxResults": 1 })).await;
    assert_eq!(last["events"][0]["executionSucceededEventDetails"]["output"], "{\"s\":0}");
    let bare = history(json!({ "includeExecutionData": false })).await;
    assert!(bare["events"][0]["executionStartedEventDetails"].get("input").is_none(), "{bare}");
}

#[tokio::test]
async fn executions_go_on_after_a_restart() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[&allowing("lambda:*", "*")]).await;
    let wait = alone(json!({ "Type": "Wait", "Seconds": 2, "End": true }));
    let waiting = start(&child, &new_machine(&child, "waits", &wait, &role).await, json!({ "kept": true })).await;
    let long = alone(json!({ "Type": "Wait", "Seconds": 3600, "End": true }));
    let longer = start(&child, &new_machine(&child, "long", &long, &role).await, json!({})).await;
    let lost = start(&child, &machine_arn("long"), json!({})).await;
    let over = start(&child, &new_machine(&child, "over", &passing(), &role).await, json!({ "n": 1 })).await;
    assert_eq!(output(&child, &over).await, json!({ "n": 1 }));
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;

    // One of them is damaged meanwhile.
    for entry in std::fs::read_dir(dir.path().join("executions")).unwrap() {
        let path = entry.unwrap().path();
        if std::fs::read_to_string(&path).unwrap().contains(&lost) {
            std::fs::write(&path, "{").unwrap();
        }
    }
    let again = sandbox::start(config(dir.path())).await.unwrap();
    let child = Client::new(&again.url(), &child.key, &child.secret, None);
    assert_eq!(output(&child, &waiting).await, json!({ "kept": true }));
    assert_eq!(describe(&child, &longer).await["status"], "RUNNING");
    assert_eq!(describe(&child, &lost).await["status"], "FAILED");
    assert_eq!(types(&child, &over).await.len(), 4);
    child.json_ok("states", "StopExecution", json!({ "executionArn": longer })).await;
    assert_eq!(describe(&child, &longer).await["status"], "ABORTED");
    drop(again);
}

#[tokio::test]
async fn executions_start_others_and_end_with_their_machine() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let states = |action: &str| allowing(&format!("states:{action}"), "*");
    let role = child
        .new_role(
            "machine",
            TRUSTS_STATES,
            &[
                &states("StartExecution"),
                &states("DescribeExecution"),
                &states("StopExecution"),
                &allowing("events:*", "*"),
            ],
        )
        .await;
    let inner =
        new_machine(&child, "inner", &alone(json!({ "Type": "Wait", "SecondsPath": "$.s", "End": true })), &role).await;
    let outer = |resource: &str| {
        alone(json!({
            "Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{resource}"), "End": true,
            "Parameters": { "StateMachineArn": inner, "Input.$": "$" }
        }))
    };
    let at_once = new_machine(&child, "at-once", &outer(""), &role).await;
    let started = output(&child, &start(&child, &at_once, json!({ "s": 0 })).await).await;
    assert!(
        started["ExecutionArn"].as_str().unwrap().contains(":execution:inner:") && started["StartDate"].is_i64(),
        "{started}"
    );
    let sync = new_machine(&child, "sync", &outer(".sync:2"), &role).await;
    let done = start(&child, &sync, json!({ "s": 0 })).await;
    let shown = output(&child, &done).await;
    assert_eq!(
        (&shown["Status"], &shown["Output"], &shown["Name"]),
        (&json!("SUCCEEDED"), &json!({ "s": 0 }), &shown["Name"])
    );
    assert_eq!(types(&child, &done).await[2..6], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]);
    let text = new_machine(&child, "text", &outer(".sync"), &role).await;
    assert_eq!(output(&child, &start(&child, &text, json!({ "s": 0 })).await).await["Output"], "{\"s\":0}");
    let failed = ended(&child, &start(&child, &sync, json!({ "s": "x" })).await).await;
    assert_eq!(failed["error"], "States.TaskFailed", "{failed}");
    assert!(failed["cause"].as_str().unwrap().contains("\"Status\":\"FAILED\""), "{failed}");

    // Whoever stops the outer one stops the inner one too.
    let outside = start(&child, &sync, json!({ "s": 3600 })).await;
    let running = async || {
        let list = child
            .json_ok("states", "ListExecutions", json!({ "stateMachineArn": inner, "statusFilter": "RUNNING" }))
            .await;
        list["executions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["executionArn"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let inside = until(async || running().await.pop()).await;
    until(async || types(&child, &outside).await.contains(&"TaskSubmitted".to_owned()).then_some(())).await;
    child.json_ok("states", "StopExecution", json!({ "executionArn": outside })).await;
    assert_eq!(ended(&child, &inside).await["status"], "ABORTED");

    // A machine takes its executions with it.
    let last = start(&child, &inner, json!({ "s": 3600 })).await;
    child.json_ok("states", "DeleteStateMachine", json!({ "stateMachineArn": inner })).await;
    until(async || {
        let answer = child.json("states", "StartExecution", json!({ "stateMachineArn": inner })).await;
        let code = answer.error().1;
        assert!(["StateMachineDeleting", "StateMachineDoesNotExist"].contains(&code.as_str()), "{}", answer.text());
        (code == "StateMachineDoesNotExist").then_some(())
    })
    .await;
    child.json("states", "DescribeExecution", json!({ "executionArn": last })).await.refused(
        400,
        "ExecutionDoesNotExist",
        &last,
    );
}

#[tokio::test]
async fn versions_stay_as_they_were_published() {
    let lab = lab().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let result = |text: &str| alone(json!({ "Type": "Pass", "Result": text, "End": true })).to_string();
    let made = child
        .json_ok("states", "CreateStateMachine", json!({ "name": "m", "definition": result("old"), "roleArn": role, "publish": true, "versionDescription": "the first" }))
        .await;
    assert_eq!(made["stateMachineVersionArn"], format!("{}:1", machine_arn("m")));
    let machine = machine_arn("m");
    let changed = child
        .json_ok(
            "states",
            "UpdateStateMachine",
            json!({ "stateMachineArn": machine, "definition": result("new"), "publish": true }),
        )
        .await;
    assert_eq!(changed["stateMachineVersionArn"], format!("{machine}:2"));
    let same = child.json_ok("states", "PublishStateMachineVersion", json!({ "stateMachineArn": machine })).await;
    assert_eq!(same["stateMachineVersionArn"], format!("{machine}:2"));
    for (arn, expected) in [(format!("{machine}:1"), "old"), (machine.clone(), "new")] {
        let execution = start(&child, &arn, json!({})).await;
        assert_eq!(output(&child, &execution).await, expected);
    }
    let first =
        child.json_ok("states", "DescribeStateMachine", json!({ "stateMachineArn": format!("{machine}:1") })).await;
    assert_eq!((&first["description"], &first["definition"]), (&json!("the first"), &json!(result("old"))));
    let list = child.json_ok("states", "ListStateMachineVersions", json!({ "stateMachineArn": machine })).await;
    assert_eq!(list["stateMachineVersions"][0]["stateMachineVersionArn"], format!("{machine}:2"));
    child
        .json_ok("states", "DeleteStateMachineVersion", json!({ "stateMachineVersionArn": format!("{machine}:1") }))
        .await;
    let gone = child.json("states", "StartExecution", json!({ "stateMachineArn": format!("{machine}:1") })).await;
    gone.refused(400, "StateMachineDoesNotExist", &format!("{machine}:1"));
}

#[tokio::test]
async fn tags_and_permissions_are_those_of_the_machine() {
    let lab = lab().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let input = json!({ "name": "m", "definition": passing().to_string(), "roleArn": role, "tags": [{ "key": "team", "value": "red" }] });
    let some =
        child.new_user("some", &[&allowing("states:CreateStateMachine", "*"), &allowing("iam:PassRole", "*")]).await;
    some.json("states", "CreateStateMachine", input.clone()).await.refused(
        400,
        "AccessDeniedException",
        &format!("states:TagResource on resource: {}", machine_arn("m")),
    );
    child.json_ok("states", "CreateStateMachine", input).await;
    let machine = machine_arn("m");
    child.json_ok("states", "TagResource", json!({ "resourceArn": machine, "tags": [{ "key": "a", "value": "b" }, { "key": "team", "value": "blue" }] })).await;
    child.json_ok("states", "UntagResource", json!({ "resourceArn": machine, "tagKeys": ["a"] })).await;
    let tags = child.json_ok("states", "ListTagsForResource", json!({ "resourceArn": machine })).await;
    assert_eq!(tags, json!({ "tags": [{ "key": "team", "value": "blue" }] }));
    child.json("states", "ListTagsForResource", json!({ "resourceArn": machine_arn("no") })).await.refused(
        400,
        "ResourceNotFound",
        "Resource not found: '",
    );

    let blue = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "states:StartExecution", "Resource": "*", "Condition": { "StringEquals": { "aws:ResourceTag/team": "blue" } } }] });
    let user = child.new_user("blue", &[&blue.to_string()]).await;
    let execution = start(&user, &machine, json!({})).await;
    for (operation, input, resource) in [
        ("DescribeExecution", json!({ "executionArn": execution }), &execution),
        ("StopExecution", json!({ "executionArn": execution }), &execution),
        ("GetExecutionHistory", json!({ "executionArn": execution }), &execution),
        ("DescribeStateMachine", json!({ "stateMachineArn": machine }), &machine),
        ("DeleteStateMachine", json!({ "stateMachineArn": machine }), &machine),
        ("ListExecutions", json!({ "stateMachineArn": machine }), &machine),
        ("ListStateMachines", json!({}), &"*".to_owned()),
    ] {
        let message = format!(
            "is not authorized to perform: states:{operation} on resource: {resource} because no identity-based policy"
        );
        user.json("states", operation, input).await.refused(400, "AccessDeniedException", &message);
    }
    child.json_ok("states", "UntagResource", json!({ "resourceArn": machine, "tagKeys": ["team"] })).await;
    user.json("states", "StartExecution", json!({ "stateMachineArn": machine })).await.refused(
        400,
        "AccessDeniedException",
        "states:StartExecution",
    );
}

#[tokio::test]
async fn a_task_acts_as_the_role_of_its_credentials() {
    let lab = lab().await;
    let child = lab.client("child");
    let role = child.new_role("machine", TRUSTS_STATES, &[]).await;
    let trust = trusting(&[&role]);
    let other = child.new_role("other", &trust, &[&allowing("sagemaker:ListModels", "*")]).await;
    let state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sagemaker:listModels", "End": true,
        "Parameters": {}, "Credentials": { "RoleArn": other }
    });
    let machine = new_machine(&child, "m", &alone(state), &role).await;
    // Its trust alone is enough in one account; without it nothing is.
    assert_eq!(output(&child, &start(&child, &machine, json!({})).await).await, json!({ "Models": [] }));
    let nobody = trusting(&[PARENT]);
    child.iam_ok("UpdateAssumeRolePolicy", &[("RoleName", "other"), ("PolicyDocument", &nobody)]).await;
    let failed = ended(&child, &start(&child, &machine, json!({})).await).await;
    assert_eq!(failed["error"], "States.TaskFailed", "{failed}");
    let cause = format!("The role {role} is not authorized to assume the task state's role, {other}.");
    assert_eq!(failed["cause"], cause);
}

/// What a training job reads and writes: the parent's bucket with rows of y = 2a - b.
async fn training_data(parent: &Client) {
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    let rows: String =
        (0..200).map(|n| format!("{},{},{}\n", 2 * (n * 7 % 23) - n * 5 % 17, n * 7 % 23, n * 5 % 17)).collect();
    for (path, body) in [
        ("/training-of-machine", place.to_owned()),
        ("/training-of-machine/train/a.csv", rows.clone()),
        ("/training-of-machine/validation/a.csv", rows),
    ] {
        let answer = parent.send(parent.signed("s3", Method::PUT, path, &[], body.into())).await;
        assert!(answer.status < 300, "{}", answer.text());
    }
}

#[tokio::test]
async fn the_pipelines_machine_trains_and_tells_what_came_of_it() {
    let lab = Lab::start().await;
    lab.settings(json!({ "state_wait_ms": 0, "training_phase_ms": 0 })).await;
    let parent = lab.client("parent");
    training_data(&parent).await;
    let trains = TRUSTS_STATES.replace("states.", "sagemaker.");
    let trainer = parent.new_role("trainer", &trains, &[&allowing("*", "*")]).await;
    let job = |action: &str| {
        allowing(&format!("sagemaker:{action}"), &format!("arn:aws:sagemaker:eu-west-1:{PARENT}:training-job/churn-*"))
    };
    let policies = [
        allowing("events:*", "*"),
        allowing("iam:PassRole", &trainer),
        job("CreateTrainingJob"),
        job("DescribeTrainingJob"),
        job("StopTrainingJob"),
    ];
    let role = parent.new_role("workflow", TRUSTS_STATES, &policies.each_ref().map(String::as_str)).await;
    let text = workflow()
        .replace("arn:aws:iam::222222222222:role/churn-training", &trainer)
        .replace("\"KmsKeyId\"", "\"Nothing\"")
        .replace("s3://b/", "s3://training-of-machine/");
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    let parameters = &mut definition["States"]["Train"]["Parameters"];
    parameters["OutputDataConfig"].as_object_mut().unwrap().remove("Nothing");
    parameters["HyperParameters"] = json!({ "objective": "reg:squarederror", "num_round": "10" });
    let machine = new_machine(&parent, "churn-training", &definition, &role).await;

    // Step Functions tags what it makes: without that permission the job is not made, and it is tried again.
    let denied = ended(&parent, &start(&parent, &machine, json!({ "run": "r0" })).await).await;
    assert_eq!(denied["error"], "SageMaker.AmazonSageMakerException", "{denied}");
    assert!(
        denied["cause"].as_str().unwrap().contains("is not authorized to perform: sagemaker:AddTags on resource"),
        "{denied}"
    );
    let events = types(&parent, denied["executionArn"].as_str().unwrap()).await;
    assert_eq!(events.iter().filter(|event| *event == "TaskSubmitFailed").count(), 5, "{events:?}");
    let tags = job("AddTags");
    parent
        .iam_ok("PutRolePolicy", &[("RoleName", "workflow"), ("PolicyName", "tags"), ("PolicyDocument", &tags)])
        .await;

    let execution = start(&parent, &machine, json!({ "run": "r1" })).await;
    let name = format!("churn-{}", execution.rsplit(':').next().unwrap());
    let told = output(&parent, &execution).await;
    assert_eq!(told["TrainingJobName"], name.as_str());
    assert_eq!(told["ModelArtifacts"], format!("s3://training-of-machine/models/{name}/output/model.tar.gz"));
    assert!(told["FinalMetrics"][0]["Timestamp"].is_i64(), "{told}");
    let events = types(&parent, &execution).await;
    assert_eq!(events[2..6], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]);
    let tags = parent.json_ok("sagemaker", "ListTags", json!({ "ResourceArn": told["TrainingJobArn"] })).await;
    assert!(tags["Tags"].to_string().contains("STARTED_BY_STEP_FUNCTIONS"), "{tags}");

    // A job whose role may not read fails, and says why as JSON.
    let nothing = denying("s3:*", "*");
    parent
        .iam_ok("PutRolePolicy", &[("RoleName", "trainer"), ("PolicyName", "not"), ("PolicyDocument", &nothing)])
        .await;
    let failed = ended(&parent, &start(&parent, &machine, json!({ "run": "r2" })).await).await;
    assert_eq!(failed["error"], "States.TaskFailed", "{failed}");
    let cause: Value = serde_json::from_str(failed["cause"].as_str().unwrap()).unwrap();
    assert_eq!(cause["TrainingJobStatus"], "Failed", "{cause}");

    // Whoever stops the execution stops the job.
    parent.iam_ok("DeleteRolePolicy", &[("RoleName", "trainer"), ("PolicyName", "not")]).await;
    lab.settings(json!({ "state_wait_ms": 0, "training_phase_ms": 3_600_000 })).await;
    let execution = start(&parent, &machine, json!({ "run": "r3" })).await;
    let name = format!("churn-{}", execution.rsplit(':').next().unwrap());
    until(async || types(&parent, &execution).await.contains(&"TaskSubmitted".to_owned()).then_some(())).await;
    parent.json_ok("states", "StopExecution", json!({ "executionArn": execution })).await;
    until(async || {
        let job = parent.json_ok("sagemaker", "DescribeTrainingJob", json!({ "TrainingJobName": name })).await;
        job["TrainingJobStatus"].as_str().filter(|status| status.starts_with("Stop")).map(str::to_owned)
    })
    .await;
}
