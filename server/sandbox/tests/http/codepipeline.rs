//! CodePipeline: pipelines and their executions. What needs functions that run is in `tests/boto3`.

mod bench;
mod definitions;
mod services;

use self::bench::{
    BUCKET, MAY, SHARED, an_approval, approval, bench, bench_without, declaration, eventually, invoke, quick, s3,
    source,
};
use crate::client::{allowing, trusting};
use crate::support::{CHILD, a_function};
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn an_execution_goes_from_source_to_approval_to_its_end() {
    let bench = bench().await;
    let id = bench.create(&[source(), approval("Approve")]).await;
    let token = bench.asks("Approve", &id).await;
    let stage = bench.stage("Source").await;
    let action = &stage["actionStates"][0];
    assert_eq!(
        (&stage["latestExecution"]["status"], &action["latestExecution"]["status"]),
        (&json!("Succeeded"), &json!("Succeeded"))
    );
    assert!(action["currentRevision"]["revisionId"].is_string(), "{action}");

    let execution = bench.execution(&id).await;
    assert_eq!((&execution["status"], &execution["pipelineVersion"]), (&json!("InProgress"), &json!(1)));
    assert_eq!(
        execution["trigger"],
        json!({ "triggerType": "CreatePipeline", "triggerDetail": format!("arn:aws:iam::{SHARED}:user/admin") })
    );
    assert_eq!(execution["artifactRevisions"][0]["name"], "SourceArtifact");

    let answer = bench.answers("Approve", &token, "Approved").await;
    assert!(answer.json()["approvedAt"].is_number(), "{}", answer.text());
    bench.ends(&id, "Succeeded").await;
    let actions = bench.actions(&id).await;
    let names: Vec<&str> = actions.iter().map(|action| action["actionName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ask", "Code"]);
    let asked = &actions[0];
    assert_eq!(asked["input"]["resolvedConfiguration"]["CustomData"], json!(id));
    assert_eq!(asked["input"]["configuration"]["CustomData"], "#{codepipeline.PipelineExecutionId}");
    assert_eq!(asked["updatedBy"], format!("arn:aws:iam::{SHARED}:user/admin"));
    assert_eq!(asked["output"]["executionResult"]["externalExecutionSummary"], "because");
    let code = &actions[1]["output"];
    assert_eq!(code["outputVariables"]["ObjectKey"], "source/code.zip");
    let place = &code["outputArtifacts"][0]["s3location"];
    let key = place["key"].as_str().unwrap();
    assert!(key.starts_with("p/SourceArti/") && key.len() == "p/SourceArti/1234567.zip".len(), "{key}");
    let kept = s3(&bench.shared, Method::GET, &format!("/{BUCKET}/{key}"), "").await;
    assert_eq!(kept.body, s3(&bench.shared, Method::GET, &format!("/{BUCKET}/source/code.zip"), "").await.body);
}

#[tokio::test]
async fn what_the_pipelines_role_may_not_fails_the_source() {
    let cases = [
        (
            "s3:GetObject",
            "access the Amazon S3 bucket named artifacts-of-shared",
            "arn:aws:s3:::artifacts-of-shared/source/code.zip",
        ),
        ("s3:GetObjectVersion", "access the Amazon S3 bucket named artifacts-of-shared", "source/code.zip"),
        (
            "s3:GetBucketVersioning",
            "access the Amazon S3 bucket named artifacts-of-shared",
            "arn:aws:s3:::artifacts-of-shared",
        ),
        (
            "s3:PutObject",
            "Unable to upload the artifact with Amazon S3 object key 'p/SourceArti/",
            "arn:aws:s3:::artifacts-of-shared/p/SourceArti/",
        ),
    ];
    for (missing, what, resource) in cases {
        let bench = bench_without(missing).await;
        let id = bench.create(&[source(), approval("Approve")]).await;
        let (code, message) = bench.error(&id).await;
        assert_eq!(code, "PermissionError", "{message}");
        let who = format!("arn:aws:sts::{SHARED}:assumed-role/pipeline/");
        for part in [what, resource, missing, who.as_str()] {
            assert!(message.contains(part), "`{message}` does not contain `{part}`");
        }
        assert_eq!(bench.stage("Source").await["latestExecution"]["status"], "Failed");
        assert_eq!(bench.stage("Approve").await["latestExecution"], Value::Null);
    }
}

#[tokio::test]
async fn a_failed_stage_is_retried_in_the_same_execution() {
    let bench = bench_without("s3:PutObject").await;
    let id = bench.create(&[source(), approval("Approve")]).await;
    bench.error(&id).await;
    let retry =
        json!({ "pipelineName": "p", "stageName": "Source", "pipelineExecutionId": id, "retryMode": "FAILED_ACTIONS" });
    let nowhere =
        json!({ "pipelineName": "p", "stageName": "None", "pipelineExecutionId": id, "retryMode": "ALL_ACTIONS" });
    bench.answer("RetryStageExecution", nowhere).await.refused(400, "StageNotFoundException", "None");
    let (action, resource) = MAY[3];
    let policy = allowing(action, resource);
    let params = [("RoleName", "pipeline"), ("PolicyName", "more"), ("PolicyDocument", policy.as_str())];
    bench.shared.iam_ok("PutRolePolicy", &params).await;
    assert_eq!(bench.call("RetryStageExecution", retry.clone()).await["pipelineExecutionId"], json!(id));
    let token = bench.asks("Approve", &id).await;
    assert_eq!(bench.stage("Source").await["retryStageMetadata"]["manualStageRetryAttempt"], 1);
    let told = bench.answer("RetryStageExecution", retry).await;
    told.refused(400, "StageNotRetryableException", "no failed actions");

    bench.answers("Approve", &token, "Rejected").await;
    bench.ends(&id, "Failed").await;
    let all =
        json!({ "pipelineName": "p", "stageName": "Approve", "pipelineExecutionId": id, "retryMode": "ALL_ACTIONS" });
    bench.call("RetryStageExecution", all).await;
    let second = bench.asks("Approve", &id).await;
    assert_ne!(token, second);
    bench.answers("Approve", &second, "Approved").await;
    bench.ends(&id, "Succeeded").await;
    assert_eq!(bench.actions(&id).await.len(), 4);
    let latest = json!({ "latestInPipelineExecution": { "pipelineExecutionId": id, "startTimeRange": "Latest" } });
    let latest = bench.call("ListActionExecutions", json!({ "pipelineName": "p", "filter": latest })).await;
    assert_eq!(latest["actionExecutionDetails"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_retry_is_for_the_latest_execution_of_an_unchanged_pipeline() {
    let bench = bench().await;
    let stages = [source(), approval("Approve")];
    let first = bench.create(&stages).await;
    let token = bench.asks("Approve", &first).await;
    bench.answers("Approve", &token, "Rejected").await;
    bench.ends(&first, "Failed").await;
    let retry = |id: &str| json!({ "pipelineName": "p", "stageName": "Approve", "pipelineExecutionId": id, "retryMode": "FAILED_ACTIONS" });
    let second = bench.start().await;
    bench.asks("Approve", &second).await;
    let late = bench.answer("RetryStageExecution", retry(&first)).await;
    late.refused(400, "NotLatestPipelineExecutionException", "not the latest");
    bench.answer("RetryStageExecution", retry(&second)).await.refused(400, "ConflictException", "in progress");
    let body = json!({ "pipelineName": "p", "pipelineExecutionId": second, "abandon": true });
    bench.call("StopPipelineExecution", body).await;
    bench.ends(&second, "Stopped").await;
    let updated = bench.call("UpdatePipeline", json!({ "pipeline": declaration(&bench.role, &stages) })).await;
    assert_eq!(updated["pipeline"]["version"], 2);
    let changed = bench.answer("RetryStageExecution", retry(&second)).await;
    changed.refused(400, "StageNotRetryableException", "structure");
}

#[tokio::test]
async fn a_newer_execution_overtakes_one_that_waits() {
    let bench = bench().await;
    let first = bench.create(&[source(), approval("Approve")]).await;
    let token = bench.asks("Approve", &first).await;
    let second = bench.start().await;
    let waits = |id: String| {
        let bench = &bench;
        eventually(move || {
            let id = id.clone();
            async move {
                let now = bench.stage("Approve").await;
                (now["inboundExecution"]["pipelineExecutionId"] == json!(id), now)
            }
        })
    };
    waits(second.clone()).await;
    let third = bench.start().await;
    let superseded = bench.ends(&second, "Superseded").await;
    assert!(superseded["statusSummary"].as_str().unwrap().contains("newer"), "{superseded}");
    waits(third.clone()).await;
    assert_eq!(bench.execution(&first).await["status"], "InProgress");
    bench.answers("Approve", &token, "Approved").await;
    let token = bench.asks("Approve", &third).await;
    bench.answers("Approve", &token, "Approved").await;
    bench.ends(&third, "Succeeded").await;
    assert_eq!(bench.execution(&first).await["status"], "Succeeded");
    let filter = json!({ "succeededInStage": { "stageName": "Approve" } });
    let listed = bench.call("ListPipelineExecutions", json!({ "pipelineName": "p", "filter": filter })).await;
    let ids: Vec<&Value> = listed["pipelineExecutionSummaries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["pipelineExecutionId"])
        .collect();
    assert_eq!(ids, [&json!(third), &json!(first)]);
}

#[tokio::test]
async fn queued_executions_keep_their_order() {
    let bench = bench().await;
    let mut made = declaration(&bench.role, &[source(), approval("Approve")]);
    made["executionMode"] = "QUEUED".into();
    bench.call("CreatePipeline", json!({ "pipeline": made })).await;
    let listed = bench.call("ListPipelineExecutions", json!({ "pipelineName": "p" })).await;
    let first = listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"].as_str().unwrap().to_owned();
    let rest = [bench.start().await, bench.start().await];
    for id in [&first, &rest[0], &rest[1]] {
        let token = bench.asks("Approve", id).await;
        bench.answers("Approve", &token, "Approved").await;
        bench.ends(id, "Succeeded").await;
    }
}

#[tokio::test]
async fn a_transition_that_is_off_holds_executions_back() {
    let bench = bench().await;
    let first = bench.create(&[source(), approval("Approve")]).await;
    let token = bench.asks("Approve", &first).await;
    bench.answers("Approve", &token, "Approved").await;
    bench.ends(&first, "Succeeded").await;
    let switch = json!({ "pipelineName": "p", "stageName": "Approve", "transitionType": "Inbound" });
    let mut off = switch.clone();
    off["reason"] = "not now".into();
    bench.call("DisableStageTransition", off.clone()).await;
    off["stageName"] = "None".into();
    bench.answer("DisableStageTransition", off).await.refused(400, "StageNotFoundException", "None");
    let second = bench.start().await;
    let held = eventually(|| async {
        let now = bench.stage("Approve").await;
        (now["inboundExecution"]["pipelineExecutionId"] == json!(second), now)
    });
    let transition = &held.await["inboundTransitionState"];
    assert_eq!((&transition["enabled"], &transition["disabledReason"]), (&json!(false), &json!("not now")));
    bench.call("EnableStageTransition", switch).await;
    bench.asks("Approve", &second).await;
    assert_eq!(bench.stage("Approve").await["inboundTransitionState"]["enabled"], true);
}

#[tokio::test]
async fn an_execution_is_stopped_with_or_without_waiting() {
    let bench = bench().await;
    let first = bench.create(&[source(), approval("Approve"), approval("Again")]).await;
    let token = bench.asks("Approve", &first).await;
    let stop = |id: &str, abandon: bool| json!({ "pipelineName": "p", "pipelineExecutionId": id, "abandon": abandon, "reason": "enough" });
    bench.call("StopPipelineExecution", stop(&first, false)).await;
    assert_eq!(bench.execution(&first).await["status"], "Stopping");
    let again = bench.answer("StopPipelineExecution", stop(&first, false)).await;
    again.refused(400, "DuplicatedStopRequestException", "already in a Stopping state");
    bench.answers("Approve", &token, "Approved").await;
    bench.ends(&first, "Stopped").await;
    assert_eq!(bench.stage("Again").await["latestExecution"], Value::Null);
    let over = bench.answer("StopPipelineExecution", stop(&first, true)).await;
    over.refused(400, "PipelineExecutionNotStoppableException", "not in progress");

    let second = bench.start().await;
    let token = bench.asks("Approve", &second).await;
    bench.call("StopPipelineExecution", stop(&second, true)).await;
    bench.ends(&second, "Stopped").await;
    let stage = bench.stage("Approve").await;
    assert_eq!(stage["actionStates"][0]["latestExecution"]["status"], "Abandoned");
    let late = bench.answers("Approve", &token, "Approved").await;
    late.refused(400, "ApprovalAlreadyCompletedException", "already been completed");
    let listed = bench.call("ListPipelineExecutions", json!({ "pipelineName": "p", "maxResults": 1 })).await;
    assert_eq!(listed["pipelineExecutionSummaries"][0]["stopTrigger"], json!({ "reason": "enough" }));
    assert!(listed["nextToken"].is_string());
}

#[tokio::test]
async fn an_approval_is_answered_once_with_its_token_and_in_time() {
    let bench = bench().await;
    let id = bench.create(&[source(), approval("Approve")]).await;
    let token = bench.asks("Approve", &id).await;
    let other = "00000000-0000-0000-0000-000000000000";
    let wrong = bench.answers("Approve", other, "Approved").await;
    wrong.refused(400, "InvalidApprovalTokenException", "token");
    bench.answers("Approve", "x", "Approved").await.refused(400, "ValidationException", "at 'token' failed");
    bench.answers("Approve", &token, "Maybe").await.refused(400, "ValidationException", "[Approved, Rejected]");
    assert_eq!(bench.answers("Approve", &token, "Rejected").await.status, 200);
    let twice = bench.answers("Approve", &token, "Approved").await;
    twice.refused(400, "ApprovalAlreadyCompletedException", "already been completed");
    bench.ends(&id, "Failed").await;
    let action = &bench.stage("Approve").await["actionStates"][0]["latestExecution"];
    assert_eq!(
        (&action["status"], &action["summary"], &action["token"]),
        (&json!("Failed"), &json!("because"), &Value::Null)
    );

    quick(&bench.lab, json!({ "pipeline_approval_ms": 0 })).await;
    let late = bench.start().await;
    let (_, message) = bench.error(&late).await;
    assert!(message.contains("not answered in time"), "{message}");
}

#[tokio::test]
async fn only_who_may_approves_and_starts() {
    let bench = bench().await;
    let id = bench.create(&[source(), approval("Approve")]).await;
    let token = bench.asks("Approve", &id).await;
    let arn = format!("arn:aws:codepipeline:eu-west-1:{SHARED}:p");
    let user =
        bench.shared.new_user("u", &[&allowing("codepipeline:PutApprovalResult", &format!("{arn}/Approve/Ask"))]).await;
    let result = json!({ "status": "Approved", "summary": "" });
    let body =
        json!({ "pipelineName": "p", "stageName": "Approve", "actionName": "Ask", "token": token, "result": result });
    let start = user.json("codepipeline", "StartPipelineExecution", json!({ "name": "p" })).await;
    start.refused(400, "AccessDeniedException", &format!("codepipeline:StartPipelineExecution on resource: {arn}"));
    let mut elsewhere = body.clone();
    elsewhere["actionName"] = "Other".into();
    let other = user.json("codepipeline", "PutApprovalResult", elsewhere).await;
    other.refused(400, "AccessDeniedException", &format!("{arn}/Approve/Other"));
    user.json_ok("codepipeline", "PutApprovalResult", body).await;
    bench.ends(&id, "Succeeded").await;
}

#[tokio::test]
async fn a_restart_loses_nothing_that_was_under_way() {
    let bench = bench().await;
    let first = bench.create(&[source(), approval("Approve")]).await;
    let token = bench.asks("Approve", &first).await;
    let second = bench.start().await;
    eventually(|| async {
        let now = bench.stage("Approve").await;
        (now["inboundExecution"]["pipelineExecutionId"] == json!(second), now)
    })
    .await;
    let before = bench.actions(&first).await;
    let bench = bench.restarted().await;
    assert_eq!(bench.actions(&first).await, before);
    assert_eq!(bench.answers("Approve", &token, "Approved").await.status, 200);
    bench.ends(&first, "Succeeded").await;
    let token = bench.asks("Approve", &second).await;
    let bench = bench.restarted().await;
    bench.answers("Approve", &token, "Approved").await;
    bench.ends(&second, "Succeeded").await;
    assert_eq!(bench.actions(&second).await.len(), 2);
}

#[tokio::test]
async fn variables_are_filled_in_or_fail_the_action() {
    let bench = bench().await;
    let stage = json!({ "name": "Approve", "actions": [
        an_approval("Ask", "#{Code.ObjectKey} #{variables.Who}"),
        { "name": "Then", "runOrder": 2, "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
          "configuration": { "CustomData": "#{Code.Nothing}" } },
    ]});
    let mut made = declaration(&bench.role, &[source(), stage]);
    made["variables"] = json!([{ "name": "Who", "defaultValue": "nobody" }]);
    bench.call("CreatePipeline", json!({ "pipeline": made })).await;
    let variables = json!([{ "name": "Who", "value": "me" }]);
    let started = bench.call("StartPipelineExecution", json!({ "name": "p", "variables": variables })).await;
    let id = started["pipelineExecutionId"].as_str().unwrap();
    let unknown = bench
        .answer("StartPipelineExecution", json!({ "name": "p", "variables": [{ "name": "X", "value": "y" }] }))
        .await;
    unknown.refused(400, "ValidationException", "X");
    // The execution that the pipeline began with may stand in the stage before.
    let first = bench.stage("Approve").await["latestExecution"]["pipelineExecutionId"].clone();
    if first.is_string() && first != json!(id) {
        let body = json!({ "pipelineName": "p", "pipelineExecutionId": first, "abandon": true });
        bench.call("StopPipelineExecution", body).await;
    }
    let token = eventually(|| async {
        let now = bench.stage("Approve").await;
        let latest = &now["latestExecution"];
        if latest["pipelineExecutionId"].is_string()
            && latest["pipelineExecutionId"] != json!(id)
            && latest["status"] == "InProgress"
        {
            let body =
                json!({ "pipelineName": "p", "pipelineExecutionId": latest["pipelineExecutionId"], "abandon": true });
            bench.answer("StopPipelineExecution", body).await;
        }
        let asks = now["actionStates"][0]["latestExecution"]["token"].is_string();
        (asks && latest["pipelineExecutionId"] == json!(id), now)
    })
    .await["actionStates"][0]["latestExecution"]["token"]
        .clone();
    let asked = &bench.actions(id).await[0];
    assert_eq!(asked["input"]["resolvedConfiguration"]["CustomData"], "source/code.zip me");
    assert_eq!(bench.execution(id).await["variables"], json!([{ "name": "Who", "resolvedValue": "me" }]));
    bench.answers("Approve", token.as_str().unwrap(), "Approved").await;
    let (code, message) = bench.error(id).await;
    assert_eq!(code, "ConfigurationError");
    assert!(
        message.contains("could not be resolved: Action name=[Then]") && message.contains("#{Code.Nothing}"),
        "{message}"
    );
}

#[tokio::test]
async fn an_action_acts_as_its_own_role_in_another_account() {
    let bench = bench().await;
    let child = bench.lab.client("child");
    let made =
        child.lambda(Method::POST, "/2015-03-31/functions", &[], a_function("f", "def handler(e, c): pass")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let stage = child.new_role("stage", &trusting(&[&bench.role]), &[]).await;
    let declared = declaration(&bench.role, &[source(), invoke(Some(&stage), "f")]);
    let denied = bench.answer("CreatePipeline", json!({ "pipeline": declared })).await;
    let message = format!("{} is not authorized to perform AssumeRole on role {stage}", bench.role);
    denied.refused(400, "InvalidStructureException", &message);

    let policy = allowing("sts:AssumeRole", &stage);
    let params = [("RoleName", "pipeline"), ("PolicyName", "assume"), ("PolicyDocument", policy.as_str())];
    bench.shared.iam_ok("PutRolePolicy", &params).await;
    bench.call("CreatePipeline", json!({ "pipeline": declared })).await;
    let listed = bench.call("ListPipelineExecutions", json!({ "pipelineName": "p" })).await;
    let id = listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"].as_str().unwrap().to_owned();
    let (code, message) = bench.error(&id).await;
    assert_eq!(code, "PermissionError");
    for part in [
        format!("User: arn:aws:sts::{CHILD}:assumed-role/stage/"),
        "is not authorized to perform: lambda:InvokeFunction".into(),
        format!("on resource: arn:aws:lambda:eu-west-1:{CHILD}:function:f"),
    ] {
        assert!(message.contains(&part), "`{message}` does not contain `{part}`");
    }

    // A role that no longer trusts the pipeline.
    let trust = trusting(&[CHILD]);
    child.iam_ok("UpdateAssumeRolePolicy", &[("RoleName", "stage"), ("PolicyDocument", trust.as_str())]).await;
    let id = bench.start().await;
    let (code, message) = bench.error(&id).await;
    assert_eq!(code, "PermissionError");
    assert!(message.contains(&format!("attempting to assume the role '{stage}'")), "{message}");
}

#[tokio::test]
async fn actions_that_other_services_do_fail_in_their_words() {
    let bench = bench().await;
    let machine = format!("arn:aws:states:eu-west-1:{SHARED}:stateMachine:m");
    let stage = json!({ "name": "Train", "actions": [{
        "name": "Train",
        "actionTypeId": { "category": "Invoke", "owner": "AWS", "provider": "StepFunctions", "version": "1" },
        "configuration": { "StateMachineArn": machine },
    }]});
    let id = bench.create(&[source(), stage]).await;
    let (_, message) = bench.error(&id).await;
    assert!(message.contains("Service: AWSStepFunctions"), "{message}");
}
