//! Actions that other services do: CodeCommit, KMS for the artifacts, Step Functions.

use super::bench::{BUCKET, Bench, SHARED, approval, bench, declaration, s3, source};
use crate::client::{Client, allowing, trusting};
use base64::Engine as _;
use http::Method;
use serde_json::{Value, json};

const TRAINING: &str = "444444444444";

async fn allow(client: &Client, role: &str, action: &str, resource: &str) {
    let (policy, name) = (allowing(action, resource), action.replace(':', "-"));
    let params = [("RoleName", role), ("PolicyName", name.as_str()), ("PolicyDocument", policy.as_str())];
    client.iam_ok("PutRolePolicy", &params).await;
}

fn from_repository() -> Value {
    json!({ "name": "Source", "actions": [{
        "name": "Code",
        "namespace": "Code",
        "actionTypeId": { "category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1" },
        "configuration": { "RepositoryName": "r", "BranchName": "main", "PollForSourceChanges": "false" },
        "outputArtifacts": [{ "name": "SourceArtifact" }],
    }]})
}

/// The action of an execution called so.
async fn action(bench: &Bench, id: &str, name: &str) -> Value {
    let actions = bench.actions(id).await;
    actions.into_iter().find(|action| action["actionName"] == name).unwrap()
}

#[tokio::test]
async fn a_commit_becomes_an_artifact_for_a_role_that_may_take_a_copy() {
    let bench = bench().await;
    let repository = format!("arn:aws:codecommit:eu-west-1:{SHARED}:r");
    bench.shared.json_ok("codecommit", "CreateRepository", json!({ "repositoryName": "r" })).await;
    let content = base64::engine::general_purpose::STANDARD.encode("Resources: {}");
    let commit = json!({
        "repositoryName": "r", "branchName": "main", "authorName": "A", "email": "a@b", "commitMessage": "Begin\n",
        "putFiles": [{ "filePath": "training.yaml", "fileContent": content }],
    });
    let commit = bench.shared.json_ok("codecommit", "CreateCommit", commit).await["commitId"].take();
    let id = bench.create(&[from_repository(), approval("Approve")]).await;
    let (code, message) = bench.error(&id).await;
    assert_eq!(code, "PermissionError");
    let denied = format!("codecommit:GetBranch on resource: {repository}");
    assert!(message.contains("AWS CodeCommit repository named r") && message.contains(&denied), "{message}");

    for allowed in ["codecommit:GetBranch", "codecommit:GetCommit", "codecommit:GetUploadArchiveStatus"] {
        allow(&bench.shared, "pipeline", allowed, &repository).await;
    }
    let id = bench.start().await;
    let (_, message) = bench.error(&id).await;
    assert!(message.contains(&format!("codecommit:UploadArchive on resource: {repository}")), "{message}");

    allow(&bench.shared, "pipeline", "codecommit:UploadArchive", &repository).await;
    let id = bench.start().await;
    bench.asks("Approve", &id).await;
    let output = action(&bench, &id, "Code").await["output"].take();
    let variables = &output["outputVariables"];
    assert_eq!((&variables["CommitId"], &variables["CommitMessage"]), (&commit, &json!("Begin\n")));
    assert_eq!((&variables["BranchName"], &variables["RepositoryName"]), (&json!("main"), &json!("r")));
    assert!(variables["AuthorDate"].as_str().unwrap().ends_with('Z'), "{variables}");
    let key = output["outputArtifacts"][0]["s3location"]["key"].as_str().unwrap();
    let zip = s3(&bench.shared, Method::GET, &format!("/{BUCKET}/{key}"), "").await.body;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let read = std::io::read_to_string(archive.by_name("training.yaml").unwrap()).unwrap();
    assert_eq!(read, "Resources: {}");
    let revisions = bench.execution(&id).await["artifactRevisions"].take();
    assert_eq!((&revisions[0]["revisionId"], &revisions[0]["revisionSummary"]), (&commit, &json!("Begin")));
}

#[tokio::test]
async fn artifacts_are_encrypted_with_the_pipelines_key_for_who_may_use_it() {
    let bench = bench().await;
    let admin = format!("arn:aws:iam::{SHARED}:user/admin");
    let statement = |who: &str, action: &str| json!({ "Effect": "Allow", "Principal": { "AWS": who }, "Action": action, "Resource": "*" });
    let policy = |more: Option<Value>| {
        let statements: Vec<Value> = std::iter::once(statement(&admin, "kms:*")).chain(more).collect();
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    };
    let made = bench.shared.json_ok("kms", "CreateKey", json!({ "Policy": policy(None) })).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let mut declared = declaration(&bench.role, &[source(), approval("Approve")]);
    declared["artifactStore"]["encryptionKey"] = json!({ "type": "KMS", "id": key });
    bench.call("CreatePipeline", json!({ "pipeline": declared })).await;
    let listed = bench.call("ListPipelineExecutions", json!({ "pipelineName": "p" })).await;
    let id = listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"].as_str().unwrap().to_owned();
    let (code, message) = bench.error(&id).await;
    assert_eq!(code, "PermissionError");
    let who = format!("arn:aws:sts::{SHARED}:assumed-role/pipeline/");
    assert!(message.contains("kms:GenerateDataKey") && message.contains(&key) && message.contains(&who), "{message}");

    let allowed = policy(Some(statement(&bench.role, "kms:GenerateDataKey*")));
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": allowed });
    bench.shared.json_ok("kms", "PutKeyPolicy", put).await;
    let id = bench.start().await;
    bench.asks("Approve", &id).await;
    let place = &action(&bench, &id, "Code").await["output"]["outputArtifacts"][0]["s3location"];
    let path = format!("/{BUCKET}/{}", place["key"].as_str().unwrap());
    let head = bench.shared.send(bench.shared.signed("s3", Method::HEAD, &path, &[], bytes::Bytes::new())).await;
    assert_eq!(head.header("x-amz-server-side-encryption"), "aws:kms");
    assert_eq!(head.header("x-amz-server-side-encryption-aws-kms-key-id"), key);
}

fn train(role: &str) -> Value {
    json!({ "name": "Train", "actions": [{
        "name": "Train",
        "namespace": "Train",
        "roleArn": role,
        "actionTypeId": { "category": "Invoke", "owner": "AWS", "provider": "StepFunctions", "version": "1" },
        "configuration": {
            "StateMachineArn": format!("arn:aws:states:eu-west-1:{TRAINING}:stateMachine:m"),
            "InputType": "Literal",
            "Input": "{\"run\": \"#{codepipeline.PipelineExecutionId}\"}",
        },
    }]})
}

#[tokio::test]
async fn an_execution_of_another_account_is_started_and_followed() {
    let bench = bench().await;
    let training = bench.lab.client("training");
    let trust = trusting(&["x"]).replace(r#"{"AWS":["x"]}"#, r#"{"Service":"states.amazonaws.com"}"#);
    let workflow = training.new_role("workflow", &trust, &[]).await;
    let definition = |state: Value| json!({ "StartAt": "S", "States": { "S": state } }).to_string();
    let pass = definition(json!({ "Type": "Pass", "End": true }));
    let made = json!({ "name": "m", "definition": pass, "roleArn": workflow });
    let machine = training.json_ok("states", "CreateStateMachine", made).await["stateMachineArn"].take();
    let machine = machine.as_str().unwrap();
    let stage = training.new_role("stage", &trusting(&[&bench.role]), &[]).await;
    allow(&bench.shared, "pipeline", "sts:AssumeRole", &stage).await;
    allow(&training, "stage", "states:DescribeStateMachine", machine).await;
    let execution = format!("arn:aws:states:eu-west-1:{TRAINING}:execution:m:*");
    allow(&training, "stage", "states:DescribeExecution", &execution).await;

    let id = bench.create(&[source(), train(&stage)]).await;
    let (code, message) = bench.error(&id).await;
    assert_eq!(code, "PermissionError");
    for part in [
        format!("arn:aws:sts::{TRAINING}:assumed-role/stage/"),
        format!("states:StartExecution on resource: {machine}"),
    ] {
        assert!(message.contains(&part), "`{message}` does not contain `{part}`");
    }
    allow(&training, "stage", "states:StartExecution", machine).await;
    let id = bench.start().await;
    bench.ends(&id, "Succeeded").await;
    let done = action(&bench, &id, "Train").await;
    let arn = done["output"]["outputVariables"]["ExecutionArn"].as_str().unwrap();
    assert!(arn.ends_with(done["actionExecutionId"].as_str().unwrap()), "{arn}");
    assert_eq!(done["output"]["executionResult"]["externalExecutionId"], arn);
    let ran = training.json_ok("states", "DescribeExecution", json!({ "executionArn": arn })).await;
    let input: Value = serde_json::from_str(ran["input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({ "run": id }));

    let fail = definition(json!({ "Type": "Fail", "Error": "NoData", "Cause": "there is none" }));
    let update = json!({ "stateMachineArn": machine, "definition": fail });
    training.json_ok("states", "UpdateStateMachine", update).await;
    let id = bench.start().await;
    let (code, message) = bench.error(&id).await;
    assert_eq!(code, "JobFailed");
    assert!(message.contains("FAILED. Error: NoData. Cause: there is none"), "{message}");
}
