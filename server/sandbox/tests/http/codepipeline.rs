//! CodePipeline: pipelines and their executions. What needs functions that run is in `tests/boto3`.

use crate::client::{Answer, Client, allowing, trusting};
use crate::support::{CHILD, Lab, a_function, config, zipped};
use base64::Engine as _;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const SHARED: &str = "333333333333";
const BUCKET: &str = "artifacts-of-shared";

fn trusts_pipelines(name: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "codepipeline.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": { "ArnEquals": { "aws:SourceArn": format!("arn:aws:codepipeline:eu-west-1:{SHARED}:{name}") } },
        }],
    })
    .to_string()
}

/// What the pipeline's role may, each by its own policy so that one can be taken away.
const MAY: [(&str, &str); 4] = [
    ("s3:GetObject", "arn:aws:s3:::artifacts-of-shared/*"),
    ("s3:GetObjectVersion", "arn:aws:s3:::artifacts-of-shared/*"),
    ("s3:GetBucketVersioning", "arn:aws:s3:::artifacts-of-shared"),
    ("s3:PutObject", "arn:aws:s3:::artifacts-of-shared/p/*"),
];

struct Bench {
    lab: Lab,
    shared: Client,
    role: String,
}

async fn s3(client: &Client, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
    let answer = client.send(client.signed("s3", method, path, &[], body.into())).await;
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
    answer
}

async fn quick(lab: &Lab, more: Value) {
    let mut settings = json!({ "pipeline_poll_ms": 10, "function_activation_ms": 0 });
    for (name, value) in more.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    lab.settings(settings).await;
}

/// A bucket with a source object, and a role that may all but what is left out.
async fn bench_without(missing: &str) -> Bench {
    let lab = Lab::start().await;
    quick(&lab, json!({})).await;
    let shared = lab.client("shared");
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    s3(&shared, Method::PUT, &format!("/{BUCKET}"), place).await;
    // Where versions can be kept, they are.
    let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let path = format!("/{BUCKET}?versioning");
    shared.send(shared.signed("s3", Method::PUT, &path, &[], versions.into())).await;
    let zip = base64::engine::general_purpose::STANDARD.decode(zipped(&[("a.txt", "hello")])).unwrap();
    s3(&shared, Method::PUT, &format!("/{BUCKET}/source/code.zip"), zip).await;
    let policies: Vec<String> = MAY
        .iter()
        .filter(|(action, _)| *action != missing)
        .map(|(action, resource)| allowing(action, resource))
        .collect();
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    let role = shared.new_role("pipeline", &trusts_pipelines("p"), &policies).await;
    Bench { lab, shared, role }
}

async fn bench() -> Bench {
    bench_without("").await
}

fn source() -> Value {
    json!({
        "name": "Source",
        "actions": [{
            "name": "Code",
            "namespace": "Code",
            "actionTypeId": { "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" },
            "configuration": { "S3Bucket": BUCKET, "S3ObjectKey": "source/code.zip", "PollForSourceChanges": "false" },
            "outputArtifacts": [{ "name": "SourceArtifact" }],
        }],
    })
}

fn an_approval(name: &str, data: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "configuration": { "CustomData": data },
    })
}

fn approval(stage: &str) -> Value {
    json!({ "name": stage, "actions": [an_approval("Ask", "#{codepipeline.PipelineExecutionId}")] })
}

fn declaration(role: &str, stages: &[Value]) -> Value {
    json!({
        "name": "p",
        "roleArn": role,
        "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": BUCKET },
        "stages": stages,
    })
}

async fn pipeline(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("codepipeline", operation, body).await
}

impl Bench {
    async fn call(&self, operation: &str, body: Value) -> Value {
        pipeline(&self.shared, operation, body).await
    }
    async fn answer(&self, operation: &str, body: Value) -> Answer {
        self.shared.json("codepipeline", operation, body).await
    }
    /// Makes the pipeline `p`; gives the execution that it begins with.
    async fn create(&self, stages: &[Value]) -> String {
        self.call("CreatePipeline", json!({ "pipeline": declaration(&self.role, stages) })).await;
        let listed = self.call("ListPipelineExecutions", json!({ "pipelineName": "p" })).await;
        listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"].as_str().unwrap().to_owned()
    }
    async fn start(&self) -> String {
        let started = self.call("StartPipelineExecution", json!({ "name": "p" })).await;
        started["pipelineExecutionId"].as_str().unwrap().to_owned()
    }
    async fn execution(&self, id: &str) -> Value {
        let body = json!({ "pipelineName": "p", "pipelineExecutionId": id });
        self.call("GetPipelineExecution", body).await["pipelineExecution"].take()
    }
    async fn stage(&self, stage: &str) -> Value {
        let state = self.call("GetPipelineState", json!({ "name": "p" })).await;
        let found = state["stageStates"].as_array().unwrap().iter().find(|found| found["stageName"] == stage).cloned();
        found.unwrap()
    }
    /// Waits until an execution has a status.
    #[track_caller]
    fn ends<'a>(&'a self, id: &'a str, status: &'a str) -> impl Future<Output = Value> + 'a {
        eventually(move || async move {
            let now = self.execution(id).await;
            let there = now["status"] == status;
            (there, now)
        })
    }
    /// Waits until an execution is in a stage with a status.
    async fn reaches(&self, stage: &str, id: &str, status: &str) -> Value {
        eventually(move || async move {
            let now = self.stage(stage).await;
            let latest = &now["latestExecution"];
            let there = latest["pipelineExecutionId"] == id && latest["status"] == status;
            (there, now)
        })
        .await
    }
    /// Waits until an execution asks for approval; gives the token.
    async fn asks(&self, stage: &str, id: &str) -> String {
        let now = eventually(move || async move {
            let now = self.stage(stage).await;
            let asks = now["actionStates"][0]["latestExecution"]["token"].is_string();
            (asks && now["latestExecution"]["pipelineExecutionId"] == id, now)
        })
        .await;
        now["actionStates"][0]["latestExecution"]["token"].as_str().unwrap().to_owned()
    }
    async fn answers(&self, stage: &str, token: &str, status: &str) -> Answer {
        let result = json!({ "status": status, "summary": "because" });
        let body =
            json!({ "pipelineName": "p", "stageName": stage, "actionName": "Ask", "token": token, "result": result });
        self.answer("PutApprovalResult", body).await
    }
    async fn actions(&self, id: &str) -> Vec<Value> {
        let body = json!({ "pipelineName": "p", "filter": { "pipelineExecutionId": id } });
        self.call("ListActionExecutions", body).await["actionExecutionDetails"].as_array().unwrap().clone()
    }
    /// The error of the only failed action of an execution.
    async fn error(&self, id: &str) -> (String, String) {
        self.ends(id, "Failed").await;
        let actions = self.actions(id).await;
        let failed: Vec<&Value> = actions.iter().filter(|action| action["status"] == "Failed").collect();
        assert_eq!(failed.len(), 1, "{actions:?}");
        let error = &failed[0]["output"]["executionResult"]["errorDetails"];
        (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
    }
    async fn restarted(self) -> Self {
        let Lab { sandbox, dir } = self.lab;
        sandbox.shutdown().await;
        let sandbox = sandbox::start(config(dir.path())).await.unwrap();
        let lab = Lab { sandbox, dir };
        quick(&lab, json!({})).await;
        Self { shared: lab.client("shared"), lab, role: self.role }
    }
}

/// Asks until what is asked for is there.
async fn eventually<F: Future<Output = (bool, Value)>>(ask: impl Fn() -> F) -> Value {
    let mut last = Value::Null;
    for _ in 0..800 {
        let (there, now) = ask().await;
        if there {
            return now;
        }
        last = now;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    panic!("it never came: {last}");
}

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

fn invoke(role: Option<&str>, function: &str) -> Value {
    let mut action = json!({
        "name": "Call",
        "actionTypeId": { "category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1" },
        "configuration": { "FunctionName": function },
    });
    if let Some(role) = role {
        action["roleArn"] = role.into();
    }
    json!({ "name": "Invoke", "actions": [action] })
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

#[tokio::test]
async fn a_role_is_passed_to_who_trusts_pipelines_by_who_may() {
    let bench = bench().await;
    let stages = [source(), approval("Approve")];
    let user = bench.shared.new_user("maker", &[&allowing("codepipeline:*", "*")]).await;
    let body = json!({ "pipeline": declaration(&bench.role, &stages) });
    let denied = user.json("codepipeline", "CreatePipeline", body).await;
    denied.refused(400, "AccessDeniedException", &format!("iam:PassRole on resource: {}", bench.role));
    let other = bench.shared.new_role("other", &trusts_pipelines("q"), &[]).await;
    let distrusted = bench.answer("CreatePipeline", json!({ "pipeline": declaration(&other, &stages) })).await;
    let message = format!("CodePipeline is not authorized to perform AssumeRole on role {other}");
    distrusted.refused(400, "InvalidStructureException", &message);
    let foreign = format!("arn:aws:iam::{CHILD}:role/scoring-lambda");
    let foreign = bench.answer("CreatePipeline", json!({ "pipeline": declaration(&foreign, &stages) })).await;
    foreign.refused(400, "AccessDeniedException", "Cross-account pass role is not allowed.");
}

#[tokio::test]
async fn a_declaration_that_is_no_pipeline_is_refused() {
    let bench = bench().await;
    let whole = declaration(&bench.role, &[source(), approval("Approve")]);
    let with = |path: &str, value: Value| {
        let mut changed = whole.clone();
        match changed.pointer_mut(path) {
            Some(place) => *place = value,
            None => {
                let (parent, member) = path.rsplit_once('/').unwrap();
                changed.pointer_mut(parent).unwrap()[member] = value;
            }
        }
        changed
    };
    let second = "/stages/1/actions/0";
    let cases = [
        (with("/stages", json!([source()])), "InvalidStructureException", "only 1 stage(s)"),
        (
            with("/stages", json!([approval("A"), approval("B")])),
            "InvalidStructureException",
            "only contains source actions",
        ),
        (
            with("/stages/1", json!({ "name": "S", "actions": source()["actions"] })),
            "InvalidStructureException",
            "Only the first stage",
        ),
        (with("/stages/1/name", json!("Source")), "InvalidStageDeclarationException", "Stage names must be unique"),
        (with("/stages/1/actions", json!([])), "InvalidStageDeclarationException", "at least one action"),
        (
            with(&format!("{second}/actionTypeId/provider"), json!("Odd")),
            "InvalidActionDeclarationException",
            "ActionType (Category: 'Approval', Provider: 'Odd', Owner: 'AWS', Version: '1') in action 'Ask' is not available in region 'EU_WEST_1'",
        ),
        (
            with(&format!("{second}/configuration/Odd"), json!("x")),
            "InvalidActionDeclarationException",
            "unknown configuration 'Odd'",
        ),
        (
            with("/stages/0/actions/0/configuration", json!({ "S3Bucket": "b" })),
            "InvalidActionDeclarationException",
            "missing required configuration 'S3ObjectKey'",
        ),
        (
            with("/stages/0/actions/0/outputArtifacts", json!([])),
            "InvalidActionDeclarationException",
            "declares 0 output artifacts which is less than the minimum count (1)",
        ),
        (
            with(&format!("{second}/inputArtifacts"), json!([{ "name": "x" }])),
            "InvalidActionDeclarationException",
            "declares 1 input artifacts which is more than the maximum count (0)",
        ),
        (
            with(&format!("{second}/namespace"), json!("Code")),
            "InvalidActionDeclarationException",
            "Namespaces must be unique",
        ),
        (
            with(&format!("{second}/configuration/CustomData"), json!("#{x}")),
            "InvalidActionDeclarationException",
            "Valid format for a pipeline execution variable",
        ),
        (with("/executionMode", json!("PARALLEL")), "InvalidStructureException", "not PARALLEL"),
        (
            with("/pipelineType", json!("V3")),
            "ValidationException",
            "at 'pipeline.pipelineType' failed to satisfy constraint: Member must satisfy enum value set: [V1, V2]",
        ),
        (with("/name", json!("a b")), "ValidationException", "[A-Za-z0-9.@\\-_]+"),
        (with("/roleArn", Value::Null), "ValidationException", "Value null at 'pipeline.roleArn' failed"),
        (with("/artifactStore", Value::Null), "InvalidStructureException", "artifactStore"),
        (
            with(&format!("{second}/configuration/CustomData"), json!("x".repeat(1001))),
            "ValidationException",
            "Map value must satisfy constraint",
        ),
    ];
    for (declared, code, message) in cases {
        bench.answer("CreatePipeline", json!({ "pipeline": declared })).await.refused(400, code, message);
    }
    let mut lost = invoke(None, "f");
    lost["actions"][0]["inputArtifacts"] = json!([{ "name": "Lost" }]);
    let declared = declaration(&bench.role, &[source(), lost]);
    let lost = bench.answer("CreatePipeline", json!({ "pipeline": declared })).await;
    lost.refused(400, "InvalidActionDeclarationException", "Input Artifact Bundle Lost in action Call");
    assert_eq!(bench.call("ListPipelines", json!({})).await["pipelines"], json!([]));
}

#[tokio::test]
async fn pipelines_are_read_changed_tagged_and_deleted() {
    let bench = bench().await;
    let declared = declaration(&bench.role, &[source(), approval("Approve")]);
    let tags = json!([{ "key": "team", "value": "a" }]);
    let made = bench.call("CreatePipeline", json!({ "pipeline": declared, "tags": tags })).await;
    assert_eq!(
        (&made["pipeline"]["version"], &made["pipeline"]["executionMode"], &made["tags"]),
        (&json!(1), &json!("SUPERSEDED"), &tags)
    );
    let twice = bench.answer("CreatePipeline", json!({ "pipeline": declared })).await;
    twice.refused(400, "PipelineNameInUseException", "'p' already exists");
    let mut changed = declared.clone();
    changed["stages"][1]["name"] = "Later".into();
    bench.call("UpdatePipeline", json!({ "pipeline": changed })).await;
    let now = bench.call("GetPipeline", json!({ "name": "p" })).await;
    assert_eq!((&now["pipeline"]["version"], &now["pipeline"]["stages"][1]["name"]), (&json!(2), &json!("Later")));
    assert_eq!(now["metadata"]["pipelineArn"], format!("arn:aws:codepipeline:eu-west-1:{SHARED}:p"));
    let old = bench.call("GetPipeline", json!({ "name": "p", "version": 1 })).await;
    assert_eq!(old["pipeline"]["stages"][1]["name"], "Approve");
    let none = bench.answer("GetPipeline", json!({ "name": "p", "version": 9 })).await;
    none.refused(400, "PipelineVersionNotFoundException", "version '9'");
    let listed = bench.call("ListPipelines", json!({})).await;
    assert_eq!((&listed["pipelines"][0]["name"], &listed["pipelines"][0]["pipelineType"]), (&json!("p"), &json!("V2")));

    let arn = &now["metadata"]["pipelineArn"];
    bench.call("TagResource", json!({ "resourceArn": arn, "tags": [{ "key": "b", "value": "" }] })).await;
    bench.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["team"] })).await;
    let left = bench.call("ListTagsForResource", json!({ "resourceArn": arn })).await;
    assert_eq!(left["tags"], json!([{ "key": "b", "value": "" }]));
    let bad = bench.answer("ListTagsForResource", json!({ "resourceArn": "arn:aws:s3:::x" })).await;
    bad.refused(400, "InvalidArnException", "arn:aws:s3:::x");

    bench.call("DeletePipeline", json!({ "name": "p" })).await;
    bench.call("DeletePipeline", json!({ "name": "p" })).await;
    let gone = bench.answer("GetPipelineState", json!({ "name": "p" })).await;
    gone.refused(400, "PipelineNotFoundException", "does not have a pipeline with name 'p'");
    let types = bench.call("ListActionTypes", json!({})).await;
    let providers: Vec<&Value> =
        types["actionTypes"].as_array().unwrap().iter().map(|kind| &kind["id"]["provider"]).collect();
    assert_eq!(providers, ["CodeCommit", "S3", "CloudFormation", "Lambda", "StepFunctions", "Manual"]);
}

#[tokio::test]
async fn the_same_token_starts_the_same_execution() {
    let bench = bench().await;
    bench.create(&[source(), approval("Approve")]).await;
    let start = json!({ "name": "p", "clientRequestToken": "once-1" });
    let first = bench.call("StartPipelineExecution", start.clone()).await;
    assert_eq!(bench.call("StartPipelineExecution", start).await, first);
    let bad = bench.answer("StartPipelineExecution", json!({ "name": "p", "clientRequestToken": "a b" })).await;
    bad.refused(400, "ValidationException", "clientRequestToken");
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({ "pipelineName": "p", "maxResults": 1 });
        if token.is_string() {
            body["nextToken"] = token;
        }
        let page = bench.call("ListPipelineExecutions", body).await;
        pages.extend(page["pipelineExecutionSummaries"].as_array().unwrap().clone());
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0]["pipelineExecutionId"], first["pipelineExecutionId"]);
    let lost = bench.answer("ListPipelineExecutions", json!({ "pipelineName": "p", "nextToken": "x" })).await;
    lost.refused(400, "InvalidNextTokenException", "invalid");
}

#[tokio::test]
async fn a_job_that_nobody_has_can_not_be_told_of() {
    let bench = bench().await;
    let job = "00000000-0000-0000-0000-000000000000";
    let told = bench.answer("PutJobSuccessResult", json!({ "jobId": job })).await;
    told.refused(400, "JobNotFoundException", job);
    let details = json!({ "type": "Odd", "message": "x" });
    let told = bench.answer("PutJobFailureResult", json!({ "jobId": job, "failureDetails": details })).await;
    told.refused(400, "ValidationException", "failureDetails.type");
    bench.answer("PollForJobs", json!({})).await.refused(400, "ActionTypeNotFoundException", "no custom actions");
}
