//! A pipeline to try things on: its bucket, its role, and ways to follow it.

use crate::client::{Answer, Client, allowing};
use crate::support::{Lab, config, zipped};
use base64::Engine as _;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub const SHARED: &str = "333333333333";
pub const BUCKET: &str = "artifacts-of-shared";

pub fn trusts_pipelines(name: &str) -> String {
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
pub const MAY: [(&str, &str); 4] = [
    ("s3:GetObject", "arn:aws:s3:::artifacts-of-shared/*"),
    ("s3:GetObjectVersion", "arn:aws:s3:::artifacts-of-shared/*"),
    ("s3:GetBucketVersioning", "arn:aws:s3:::artifacts-of-shared"),
    ("s3:PutObject", "arn:aws:s3:::artifacts-of-shared/p/*"),
];

pub struct Bench {
    pub lab: Lab,
    pub shared: Client,
    pub role: String,
}

pub async fn s3(client: &Client, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
    let answer = client.send(client.signed("s3", method, path, &[], body.into())).await;
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
    answer
}

pub async fn quick(lab: &Lab, more: Value) {
    let mut settings = json!({ "pipeline_poll_ms": 10, "function_activation_ms": 0 });
    for (name, value) in more.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    lab.settings(settings).await;
}

/// A bucket with a source object, and a role that may all but what is left out.
pub async fn bench_without(missing: &str) -> Bench {
    let lab = Lab::start().await;
    quick(&lab, json!({})).await;
    let shared = lab.client("shared");
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    s3(&shared, Method::PUT, &format!("/{BUCKET}"), place).await;
    let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    s3(&shared, Method::PUT, &format!("/{BUCKET}?versioning"), versions).await;
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

pub async fn bench() -> Bench {
    bench_without("").await
}

pub fn source() -> Value {
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

pub fn an_approval(name: &str, data: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "configuration": { "CustomData": data },
    })
}

pub fn approval(stage: &str) -> Value {
    json!({ "name": stage, "actions": [an_approval("Ask", "#{codepipeline.PipelineExecutionId}")] })
}

pub fn declaration(role: &str, stages: &[Value]) -> Value {
    json!({
        "name": "p",
        "roleArn": role,
        "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": BUCKET },
        "stages": stages,
    })
}

pub async fn pipeline(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("codepipeline", operation, body).await
}

impl Bench {
    pub async fn call(&self, operation: &str, body: Value) -> Value {
        pipeline(&self.shared, operation, body).await
    }
    pub async fn answer(&self, operation: &str, body: Value) -> Answer {
        self.shared.json("codepipeline", operation, body).await
    }
    /// Makes the pipeline `p`; gives the execution that it begins with.
    pub async fn create(&self, stages: &[Value]) -> String {
        self.call("CreatePipeline", json!({ "pipeline": declaration(&self.role, stages) })).await;
        let listed = self.call("ListPipelineExecutions", json!({ "pipelineName": "p" })).await;
        listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"].as_str().unwrap().to_owned()
    }
    pub async fn start(&self) -> String {
        let started = self.call("StartPipelineExecution", json!({ "name": "p" })).await;
        started["pipelineExecutionId"].as_str().unwrap().to_owned()
    }
    pub async fn execution(&self, id: &str) -> Value {
        let body = json!({ "pipelineName": "p", "pipelineExecutionId": id });
        self.call("GetPipelineExecution", body).await["pipelineExecution"].take()
    }
    pub async fn stage(&self, stage: &str) -> Value {
        let state = self.call("GetPipelineState", json!({ "name": "p" })).await;
        let found = state["stageStates"].as_array().unwrap().iter().find(|found| found["stageName"] == stage).cloned();
        found.unwrap()
    }
    /// Waits until an execution has a status.
    #[track_caller]
    pub fn ends<'a>(&'a self, id: &'a str, status: &'a str) -> impl Future<Output = Value> + 'a {
        eventually(move || async move {
            let now = self.execution(id).await;
            let there = now["status"] == status;
            (there, now)
        })
    }
    /// Waits until an execution asks for approval; gives the token.
    pub async fn asks(&self, stage: &str, id: &str) -> String {
        let now = eventually(move || async move {
            let now = self.stage(stage).await;
            let asks = now["actionStates"][0]["latestExecution"]["token"].is_string();
            (asks && now["latestExecution"]["pipelineExecutionId"] == id, now)
        })
        .await;
        now["actionStates"][0]["latestExecution"]["token"].as_str().unwrap().to_owned()
    }
    pub async fn answers(&self, stage: &str, token: &str, status: &str) -> Answer {
        let result = json!({ "status": status, "summary": "because" });
        let body =
            json!({ "pipelineName": "p", "stageName": stage, "actionName": "Ask", "token": token, "result": result });
        self.answer("PutApprovalResult", body).await
    }
    pub async fn actions(&self, id: &str) -> Vec<Value> {
        let body = json!({ "pipelineName": "p", "filter": { "pipelineExecutionId": id } });
        self.call("ListActionExecutions", body).await["actionExecutionDetails"].as_array().unwrap().clone()
    }
    /// The error of the only failed action of an execution.
    pub async fn error(&self, id: &str) -> (String, String) {
        self.ends(id, "Failed").await;
        let actions = self.actions(id).await;
        let failed: Vec<&Value> = actions.iter().filter(|action| action["status"] == "Failed").collect();
        assert_eq!(failed.len(), 1, "{actions:?}");
        let error = &failed[0]["output"]["executionResult"]["errorDetails"];
        (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
    }
    pub async fn restarted(self) -> Self {
        let Lab { sandbox, dir } = self.lab;
        sandbox.shutdown().await;
        let sandbox = sandbox::start(config(dir.path())).await.unwrap();
        let lab = Lab { sandbox, dir };
        quick(&lab, json!({})).await;
        Self { shared: lab.client("shared"), lab, role: self.role }
    }
}

/// Asks until what is asked for is there.
pub async fn eventually<F: Future<Output = (bool, Value)>>(ask: impl Fn() -> F) -> Value {
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

pub fn invoke(role: Option<&str>, function: &str) -> Value {
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
