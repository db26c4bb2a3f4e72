//! A pipeline over three accounts, from the domain's own templates: deployed, run, approved, invoked, run again by new
//! data, and what a role lacks told where it is needed. The deploy function runs with the real boto3.

#[path = "whole_pipeline/necessity.rs"]
mod necessity;

use crate::support::{Client, Lab, a_pipeline};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::pipeline::intent::{PipelineIntent, Source};
use domain::pipeline::stacks::{self, Outputs, Pass, Peers, Stack};
use http::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// How long is waited for anything.
const PATIENCE: Duration = Duration::from_secs(120);

async fn lab() -> Lab {
    let lab = Lab::start().await;
    lab.settings(json!({
        "function_activation_ms": 0,
        "endpoint_creation_ms": 50,
        "endpoint_update_ms": 50,
        "training_phase_ms": 10,
        "deployment_second_ms": 1,
        "state_wait_ms": 10,
        "pipeline_poll_ms": 50,
        "pipeline_continuation_ms": 100,
        "pipeline_job_ms": 8000,
    }))
    .await;
    lab
}

fn repository() -> Source {
    Source::Repository { name: "churn".into(), branch: "main".into() }
}

/// Asks until there is an answer.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

/// The three accounts, and what their stacks put out.
struct Pipeline {
    intent: PipelineIntent,
    shared: Client,
    training: Client,
    production: Client,
    key: String,
    /// What is in the source.
    source: Vec<(&'static str, String)>,
}

async fn stack(client: &Client, name: &str) -> Option<(String, Outputs)> {
    let answer = client.query("cloudformation", "DescribeStacks", &[("StackName", name)]).await;
    if answer.status != 200 {
        return None;
    }
    let outputs = answer.tags("OutputKey").into_iter().zip(answer.tags("OutputValue")).collect();
    Some((answer.tag("StackStatus"), outputs))
}

/// What failed in a stack.
async fn failures(client: &Client, name: &str) -> String {
    let events = client.query("cloudformation", "DescribeStackEvents", &[("StackName", name)]).await;
    events.tags("ResourceStatusReason").join("\n")
}

/// Creates or updates a stack and waits for its end; gives what it put out.
async fn deploy(client: &Client, wanted: &Stack) -> Outputs {
    let known = stack(client, &wanted.name).await;
    let mut params = vec![
        ("StackName".to_owned(), wanted.name.clone()),
        ("TemplateBody".to_owned(), wanted.template.to_string()),
        ("Capabilities.member.1".to_owned(), "CAPABILITY_NAMED_IAM".to_owned()),
    ];
    for (n, (name, value)) in wanted.parameters.iter().enumerate() {
        params.push((format!("Parameters.member.{}.ParameterKey", n + 1), (*name).to_owned()));
        params.push((format!("Parameters.member.{}.ParameterValue", n + 1), value.clone()));
    }
    let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let action = if known.is_some() { "UpdateStack" } else { "CreateStack" };
    let answer = client.query("cloudformation", action, &params).await;
    assert_eq!(answer.status, 200, "{}: {}", wanted.name, answer.text());
    let (status, outputs) = eventually(&wanted.name, async || {
        let (status, outputs) = stack(client, &wanted.name).await?;
        (!status.ends_with("_IN_PROGRESS")).then_some((status, outputs))
    })
    .await;
    let good = ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status.as_str());
    assert!(good, "{} is {status}: {}", wanted.name, failures(client, &wanted.name).await);
    outputs
}

/// Rows of which the label is whether the first feature is more than the second.
fn rows(count: u32, salt: u32) -> String {
    let mut table = String::new();
    for n in 0..count {
        let (a, b) = ((n * 7919 + salt) % 1000, (n * 104_729 + salt * 3) % 1000);
        let _ = writeln!(table, "{},{}.5,{b}.25", u8::from(a > b), a);
    }
    table
}

impl Pipeline {
    /// Everything a person does in the wizard, in its order.
    async fn apply(lab: &Lab, source: Source) -> Self {
        let intent = a_pipeline(source);
        let (shared, training, production) = (lab.client("shared"), lab.client("training"), lab.client("production"));
        let own = deploy(&shared, &stacks::shared_services(&intent, Pass::First).unwrap()).await;
        let theirs = deploy(&training, &stacks::training(&intent, &own).unwrap()).await;
        let served = deploy(&production, &stacks::production(&intent, &own).unwrap()).await;
        let peers = Peers { training: &theirs, production: &served };
        deploy(&shared, &stacks::shared_services(&intent, Pass::Wired(peers)).unwrap()).await;
        let files = stacks::source(&intent, &own, &theirs).unwrap().to_vec();
        let pipeline = Self { key: own["KeyArn"].clone(), source: files, intent, shared, training, production };
        pipeline.upload(0).await;
        pipeline.commit(&pipeline.source).await;
        deploy(&pipeline.shared, &stacks::shared_services(&pipeline.intent, Pass::WithPipeline(peers)).unwrap()).await;
        pipeline
    }
    async fn put(&self, key: &str, body: impl Into<Bytes>) {
        let path = format!("/{}/{key}", self.intent.bucket);
        let headers = [
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", self.key.as_str()),
        ];
        let answer = self.shared.send(self.shared.signed("s3", Method::PUT, &path, &headers, body.into())).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    async fn upload(&self, salt: u32) {
        self.put("data/validation/rows.csv", rows(100, salt + 17)).await;
        self.put("data/train/rows.csv", rows(400, salt)).await;
    }
    async fn commit(&self, files: &[(&'static str, String)]) {
        match &self.intent.source {
            Source::Repository { name, branch } => {
                let files: Vec<Value> = files
                    .iter()
                    .map(|(path, text)| json!({ "filePath": path, "fileContent": STANDARD.encode(text) }))
                    .collect();
                let mut commit = json!({ "repositoryName": name, "branchName": branch, "putFiles": files });
                let at = json!({ "repositoryName": name, "branchName": branch });
                let tip = self.shared.json("codecommit", "GetBranch", at).await;
                if tip.status == 200 {
                    commit["parentCommitId"] = tip.json()["branch"]["commitId"].clone();
                }
                self.shared.json_ok("codecommit", "CreateCommit", commit).await;
            }
            Source::Bucket => {
                let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
                let zip = STANDARD.decode(crate::support::zipped(&files)).unwrap();
                self.put("source/training.zip", zip).await;
            }
        }
    }
    async fn state(&self) -> Value {
        self.shared.json_ok("codepipeline", "GetPipelineState", json!({ "name": "churn" })).await
    }
    /// Waits until the action of a stage is in this state, in the run that is there now.
    async fn until(&self, stage: &str, wanted: &str) -> Value {
        eventually(&format!("{stage} {wanted}"), async || {
            let state = self.state().await;
            let stages = state["stageStates"].as_array().unwrap();
            let found = stages.iter().find(|known| known["stageName"] == stage).unwrap();
            let latest = found["actionStates"][0]["latestExecution"].clone();
            if latest["status"] == wanted {
                return Some(latest);
            }
            let failed = stages.iter().find(|known| known["latestExecution"]["status"] == "Failed");
            assert!(failed.is_none() || wanted == "Failed", "{failed:#?}");
            None
        })
        .await
    }
    async fn approve(&self) -> String {
        let waiting = self.until("Approve", "InProgress").await;
        let state = self.state().await;
        let run = state["stageStates"][3]["latestExecution"]["pipelineExecutionId"].as_str().unwrap().to_owned();
        let result = json!({
            "pipelineName": "churn", "stageName": "Approve", "actionName": "Approve",
            "token": waiting["token"], "result": { "status": "Approved", "summary": "as good as it gets" },
        });
        self.shared.json_ok("codepipeline", "PutApprovalResult", result).await;
        run
    }
    async fn run_ends(&self, run: &str) -> String {
        let asked = json!({ "pipelineName": "churn", "pipelineExecutionId": run });
        eventually("the end of the run", async || {
            let answer = self.shared.json_ok("codepipeline", "GetPipelineExecution", asked.clone()).await;
            let status = answer["pipelineExecution"]["status"].as_str().unwrap().to_owned();
            if status == "Failed" {
                panic!("{:#}", self.state().await);
            }
            (status != "InProgress").then_some(status)
        })
        .await
    }
    /// The training jobs, the newest first.
    async fn trainings(&self) -> Vec<String> {
        let jobs = self.training.sagemaker("ListTrainingJobs", json!({ "SortBy": "CreationTime" })).await.json();
        let jobs = jobs["TrainingJobSummaries"].as_array().unwrap();
        jobs.iter().map(|job| job["TrainingJobName"].as_str().unwrap().to_owned()).collect()
    }
    /// What the endpoint serves: models are called as the jobs that made them.
    async fn serves(&self) -> String {
        let asked = json!({ "EndpointName": "churn" });
        let endpoint = self.production.sagemaker("DescribeEndpoint", asked).await.json();
        endpoint["EndpointConfigName"].as_str().unwrap().to_owned()
    }
    async fn predict(&self, row: &str) -> (u16, String) {
        let answer = self.production.invoke("churn", &[("content-type", "text/csv")], row.to_owned()).await;
        (answer.status, answer.text())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_a_pipeline_over_three_accounts_trains_waits_deploys_and_serves() {
    let lab = lab().await;
    let pipeline = Pipeline::apply(&lab, repository()).await;
    let run = pipeline.approve().await;
    assert_eq!(pipeline.run_ends(&run).await, "Succeeded");
    let likely = |(status, text): (u16, String)| {
        assert_eq!(status, 200, "{text}");
        text.trim().parse::<f64>().unwrap()
    };
    assert!(likely(pipeline.predict("900.5,100.25").await) > 0.5);
    assert!(likely(pipeline.predict("100.5,900.25").await) < 0.5);

    let first = pipeline.trainings().await;
    assert_eq!(first.len(), 1);
    assert_eq!(pipeline.serves().await, first[0]);

    // New data starts a run by itself; the endpoint goes on answering while it is updated.
    pipeline.upload(5).await;
    let second = pipeline.approve().await;
    assert_ne!(second, run);
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let asking = async {
        let mut answers = 0;
        while !*stopped.borrow_and_update() {
            let (status, text) = pipeline.predict("900.5,100.25").await;
            assert_eq!(status, 200, "{text}");
            answers += 1;
        }
        answers
    };
    let ending = async {
        let status = pipeline.run_ends(&second).await;
        stop.send_replace(true);
        status
    };
    let (answers, status) = tokio::join!(asking, ending);
    assert_eq!(status, "Succeeded");
    assert!(answers > 10, "{answers}");
    let both = pipeline.trainings().await;
    assert_eq!((both.len(), &both[1]), (2, &first[0]), "one run for both files");
    assert_eq!(pipeline.serves().await, both[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_a_pipeline_takes_its_template_from_the_bucket_where_there_is_no_codecommit() {
    let lab = lab().await;
    let pipeline = Pipeline::apply(&lab, Source::Bucket).await;
    let run = pipeline.approve().await;
    assert_eq!(pipeline.run_ends(&run).await, "Succeeded");
    assert_eq!(pipeline.predict("900.5,100.25").await.0, 200);
}
