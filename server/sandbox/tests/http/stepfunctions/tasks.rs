//! What tasks call, as whom.

use super::{TRUSTS_STATES, alone, ended, lab, new_machine, output, start, types, until};
use crate::support::{CHILD, Client, Lab, PARENT, a_function, allowing, denying, trusting};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The definition that the pipeline deploys, with its placeholders filled in.
fn workflow() -> String {
    let template = include_str!("../../../../../app/domain/src/pipeline/templates/workflow.yaml");
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
