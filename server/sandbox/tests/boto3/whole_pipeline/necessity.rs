//! Every statement that the templates generate is needed: each is left out, one at a time, and the step that needs it
//! fails and says what was denied.

use super::{Pipeline, eventually, lab, repository, stack};
use crate::support::{Answer, Client};
use http::Method;
use serde_json::{Value, json};

/// A statement, and what happens without it.
struct Case {
    /// Whose policy it is in.
    of: Of,
    /// The statement.
    sid: &'static str,
    /// The stage that fails.
    stage: &'static str,
    /// What its message has in it.
    told: &'static str,
}

/// A policy.
#[derive(Clone, Copy)]
enum Of {
    /// The bucket's.
    Bucket,
    /// The key's.
    Key,
    /// A role's: its account's profile, its name after the prefix, the policy's name.
    Role(&'static str, &'static str, &'static str),
}

const PIPELINE: Of = Of::Role("shared", "pipeline", "pipeline");
const STAGE: Of = Of::Role("training", "training-stage", "stage");
const DEPLOY: Of = Of::Role("training", "training-deploy", "deploy");
const WORKFLOW: Of = Of::Role("training", "workflow", "workflow");
const TRAINING: Of = Of::Role("training", "training", "training");
const REPORT: Of = Of::Role("shared", "report", "report");
const PRODUCTION: Of = Of::Role("production", "production-stage", "stage");
const FUNCTION: Of = Of::Role("production", "production-deploy", "deploy");
const MODEL: Of = Of::Role("production", "model", "model");

// What SageMaker tells of S3's refusals; S3 itself says no more.
const DOWNLOAD: &str = "Data download failed:AccessDenied";
const UPLOAD: &str = "Artifact upload failed:AccessDenied";
const MODEL_DATA: &str = "Failed to download model data";

const fn case(of: Of, sid: &'static str, stage: &'static str, told: &'static str) -> Case {
    Case { of, sid, stage, told }
}

/// Up to the deployed training.
const BEFORE_TRAINING: [Case; 12] = [
    case(PIPELINE, "Artifacts", "Source", "s3:PutObject"),
    case(PIPELINE, "Source", "Source", "codecommit:GetBranch"),
    case(PIPELINE, "OtherAccounts", "DeployTraining", "sts:AssumeRole"),
    case(Of::Key, "Pipeline", "Source", "kms:GenerateDataKey"),
    case(Of::Key, "Stages", "DeployTraining", "kms:Decrypt"),
    case(Of::Bucket, "Artifacts", "DeployTraining", "s3:GetObject"),
    case(STAGE, "Stack", "DeployTraining", "cloudformation:DescribeStacks"),
    case(STAGE, "StackRole", "DeployTraining", "iam:PassRole"),
    case(STAGE, "Artifacts", "DeployTraining", "s3:GetObject"),
    case(STAGE, "Encrypted", "DeployTraining", "kms:Decrypt"),
    case(DEPLOY, "StateMachine", "DeployTraining", "states:UpdateStateMachine"),
    case(DEPLOY, "StateMachineRole", "DeployTraining", "iam:PassRole"),
];

/// The training.
const TRAINING_ITSELF: [Case; 12] = [
    case(STAGE, "Start", "Train", "states:DescribeStateMachine"),
    case(STAGE, "Follow", "Train", "states:DescribeExecution"),
    case(WORKFLOW, "TrainingJobs", "Train", "sagemaker:CreateTrainingJob"),
    case(WORKFLOW, "TrainingRole", "Train", "iam:PassRole"),
    case(WORKFLOW, "JobEnds", "DeployTraining", "managed-rule"),
    case(TRAINING, "Data", "Train", DOWNLOAD),
    case(TRAINING, "DataNames", "Train", DOWNLOAD),
    case(TRAINING, "Models", "Train", UPLOAD),
    case(TRAINING, "Encrypted", "Train", DOWNLOAD),
    case(Of::Bucket, "TrainingData", "Train", DOWNLOAD),
    case(Of::Bucket, "TrainingDataNames", "Train", DOWNLOAD),
    case(Of::Bucket, "TrainedModels", "Train", UPLOAD),
];

/// What comes after the approval.
const DEPLOYMENT: [Case; 12] = [
    case(PRODUCTION, "Deploy", "Deploy", "lambda:InvokeFunction"),
    case(FUNCTION, "Versions", "Deploy", "sagemaker:CreateModel"),
    case(FUNCTION, "Endpoint", "Deploy", "sagemaker:UpdateEndpoint"),
    case(FUNCTION, "Alarms", "Deploy", "cloudwatch:DescribeAlarms"),
    case(FUNCTION, "Look", "Deploy", "sagemaker:DescribeEndpoint"),
    case(FUNCTION, "ModelRole", "Deploy", "iam:PassRole"),
    case(FUNCTION, "Report", "Deploy", ""),
    case(REPORT, "Report", "Deploy", ""),
    case(MODEL, "Artifact", "Deploy", MODEL_DATA),
    case(MODEL, "Encrypted", "Deploy", MODEL_DATA),
    case(Of::Bucket, "ServedModels", "Deploy", MODEL_DATA),
    case(Of::Key, "Reader", "Deploy", MODEL_DATA),
];

impl Pipeline {
    fn of_profile(&self, profile: &str) -> &Client {
        match profile {
            "shared" => &self.shared,
            "training" => &self.training,
            _ => &self.production,
        }
    }
    async fn bucket_policy(&self, method: Method, text: &str) -> Answer {
        let path = format!("/{}?policy", self.intent.bucket);
        self.shared.send(self.shared.signed("s3", method, &path, &[], text.to_owned().into())).await
    }
    async fn read(&self, of: Of) -> Value {
        let text = match of {
            Of::Bucket => self.bucket_policy(Method::GET, "").await.text(),
            Of::Key => {
                let asked = json!({ "KeyId": self.key, "PolicyName": "default" });
                self.shared.json_ok("kms", "GetKeyPolicy", asked).await["Policy"].as_str().unwrap().to_owned()
            }
            Of::Role(profile, role, policy) => {
                let role = format!("churn-{role}");
                let asked = [("RoleName", role.as_str()), ("PolicyName", policy)];
                let encoded = self.of_profile(profile).iam_ok("GetRolePolicy", &asked).await.tag("PolicyDocument");
                percent_encoding::percent_decode_str(&encoded).decode_utf8().unwrap().into_owned()
            }
        };
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
    async fn write(&self, of: Of, document: &Value) {
        let text = document.to_string();
        match of {
            Of::Bucket => {
                let answer = self.bucket_policy(Method::PUT, &text).await;
                assert_eq!(answer.status, 204, "{}", answer.text());
            }
            Of::Key => {
                let asked = json!({ "KeyId": self.key, "PolicyName": "default", "Policy": text });
                self.shared.json_ok("kms", "PutKeyPolicy", asked).await;
            }
            Of::Role(profile, role, policy) => {
                let role = format!("churn-{role}");
                let asked = [("RoleName", role.as_str()), ("PolicyName", policy), ("PolicyDocument", text.as_str())];
                self.of_profile(profile).iam_ok("PutRolePolicy", &asked).await;
            }
        }
    }
    async fn newest(&self) -> (String, String) {
        let listed =
            self.shared.json_ok("codepipeline", "ListPipelineExecutions", json!({ "pipelineName": "churn" })).await;
        let newest = &listed["pipelineExecutionSummaries"][0];
        let text = |member: &str| newest[member].as_str().unwrap_or_default().to_owned();
        (text("pipelineExecutionId"), text("status"))
    }
    /// Commits another longest time for the training, which is another state machine, and waits for the end of the run
    /// that follows; approves it on the way.
    async fn run_with(&self, seconds: usize) -> (String, Value) {
        let (before, _) = self.newest().await;
        let files = self.source.iter().map(|(path, text)| (*path, text.replace("3600", &seconds.to_string())));
        self.commit(&files.collect::<Vec<_>>()).await;
        let mut approved = false;
        eventually("the end of the run", async || {
            let (id, status) = self.newest().await;
            if id == before {
                return None;
            }
            let state = self.state().await;
            let approval = &state["stageStates"][3]["actionStates"][0]["latestExecution"];
            let here = state["stageStates"][3]["latestExecution"]["pipelineExecutionId"] == id.as_str();
            if here && !approved && approval["status"] == "InProgress" {
                self.approve().await;
                approved = true;
            }
            (status != "InProgress").then_some((status, state))
        })
        .await
    }
    /// A stack that could be neither updated nor taken back is taken back now that it can.
    async fn recover(&self) {
        let name = self.intent.workflow_stack();
        let (status, _) = stack(&self.training, &name).await.unwrap();
        if status == "UPDATE_ROLLBACK_FAILED" {
            let asked = [("StackName", name.as_str())];
            let answer = self.training.query("cloudformation", "ContinueUpdateRollback", &asked).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            eventually("the end of the rollback", async || {
                let (status, _) = stack(&self.training, &name).await?;
                (status == "UPDATE_ROLLBACK_COMPLETE").then_some(())
            })
            .await;
        }
    }
    async fn tries(&self, number: usize, case: &Case) {
        let Case { of, sid, stage, told } = case;
        let whole = self.read(*of).await;
        let mut without = whole.clone();
        let statements = without["Statement"].as_array_mut().unwrap();
        let count = statements.len();
        statements.retain(|statement| statement["Sid"] != *sid);
        assert_eq!(statements.len() + 1, count, "`{sid}` is one of {whole:#}");
        if statements.is_empty() {
            statements.push(json!({ "Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*" }));
        }
        self.write(*of, &without).await;
        let (status, state) = self.run_with(3601 + number).await;
        self.write(*of, &whole).await;
        self.recover().await;
        let stages = state["stageStates"].as_array().unwrap();
        let failed = stages.iter().find(|known| known["latestExecution"]["status"] == "Failed");
        let failed = failed.unwrap_or_else(|| panic!("without `{sid}` the run is {status}"));
        let message = &failed["actionStates"][0]["latestExecution"]["errorDetails"]["message"];
        assert_eq!(failed["stageName"], *stage, "without `{sid}`: {message}");
        assert!(message.as_str().unwrap().contains(told), "without `{sid}`: {message}");
    }
}

async fn each(cases: &[Case]) {
    let lab = lab().await;
    let pipeline = Pipeline::apply(&lab, repository()).await;
    // The first run is out of the way, and each run after it has something to update.
    let first = pipeline.approve().await;
    assert_eq!(pipeline.run_ends(&first).await, "Succeeded");
    for (number, case) in cases.iter().enumerate() {
        pipeline.tries(number, case).await;
    }
    let (status, state) = pipeline.run_with(3700).await;
    assert_eq!(status, "Succeeded", "with every statement: {state:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_every_statement_is_needed_where_source_and_training_stack_are_made() {
    each(&BEFORE_TRAINING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_every_statement_is_needed_where_a_model_is_trained() {
    each(&TRAINING_ITSELF).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_every_statement_is_needed_where_a_model_is_deployed() {
    each(&DEPLOYMENT).await;
}
