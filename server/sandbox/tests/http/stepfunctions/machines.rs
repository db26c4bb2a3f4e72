//! What state machines are made of, their versions, tags and roles.

use super::{TRUSTS_STATES, alone, lab, machine_arn, output, passing, start};
use crate::support::{CHILD, PARENT, allowing, trusting};
use serde_json::{Value, json};

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
