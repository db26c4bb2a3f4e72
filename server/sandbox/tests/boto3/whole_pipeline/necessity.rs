//! Every statement that the templates generate is needed: each is left out, one at a time, and the step that needs it
//! fails and says what was denied. What each is listed for is compared with the templates in [`statements`].

#[path = "statements.rs"]
mod statements;

use super::{Pipeline, eventually, lab, repository, stack};
use crate::support::{Answer, Client, Lab};
use domain::pipeline::intent::Source;
use http::Method;
use serde_json::{Value, json};

/// A statement, and what happens without it.
struct Case {
    /// Whose policy it is in.
    of: Of,
    /// The statement; a trust policy's has no name.
    sid: &'static str,
    /// What shows it.
    step: Step,
    /// What its message has in it.
    told: &'static str,
}

/// A policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The bucket's.
    Bucket,
    /// The key's.
    Key,
    /// A role's: its account's profile, its name after the prefix, the policy's name.
    Role(&'static str, &'static str, &'static str),
    /// Who may become a role: its account's profile, its name after the prefix.
    Trust(&'static str, &'static str),
}

/// What shows that a statement is needed.
#[derive(Clone, Copy)]
enum Step {
    /// This stage of a run fails without it.
    Stage(&'static str),
    /// No run begins without it.
    Start,
    /// The administrator's data isn't taken without it.
    Upload,
    /// An object that is put with these headers is taken without it only.
    Put(&'static [(&'static str, &'static str)]),
    /// The policy isn't taken without it.
    Policy,
    /// A run leaves no trace of this kind without it.
    Trace(Trace),
}

/// What a run leaves behind that it does not need.
#[derive(Clone, Copy)]
enum Trace {
    /// The log of its training job.
    TrainingLog,
    /// The metrics of its training job.
    TrainingMetrics,
    /// The deploy function's log.
    FunctionLog,
}

const PIPELINE: Of = Of::Role("shared", "pipeline", "pipeline");
const START: Of = Of::Role("shared", "start", "start");
const STAGE: Of = Of::Role("training", "training-stage", "stage");
const DEPLOY: Of = Of::Role("training", "training-deploy", "deploy");
const WORKFLOW: Of = Of::Role("training", "workflow", "workflow");
const TRAINING: Of = Of::Role("training", "training", "training");
const REPORT: Of = Of::Role("shared", "report", "report");
const PRODUCTION: Of = Of::Role("production", "production-stage", "stage");
const FUNCTION: Of = Of::Role("production", "production-deploy", "deploy");
const MODEL: Of = Of::Role("production", "model", "model");

/// What a trust policy's only statement is called.
const WHO: &str = "";

// What SageMaker tells of S3's refusals across accounts: S3 itself says no more. Of KMS's it tells all.
const DOWNLOAD: &str = "Data download failed:AccessDenied (403): Access Denied";
const UPLOAD: &str = "Artifact upload failed:AccessDenied (403): Access Denied";
const MODEL_DATA: &str = "Failed to download model data";

const fn shown(of: Of, sid: &'static str, step: Step, told: &'static str) -> Case {
    Case { of, sid, step, told }
}

const fn case(of: Of, sid: &'static str, stage: &'static str, told: &'static str) -> Case {
    shown(of, sid, Step::Stage(stage), told)
}

/// Up to the deployed training.
const BEFORE_TRAINING: [Case; 22] = [
    shown(START, "Start", Step::Start, "codepipeline:StartPipelineExecution"),
    shown(Of::Trust("shared", "start"), WHO, Step::Start, "events.amazonaws.com is not authorized"),
    shown(Of::Key, "Administer", Step::Policy, "will not allow you to update the key policy"),
    shown(Of::Key, "Upload", Step::Upload, "kms:GenerateDataKey"),
    shown(Of::Bucket, "DenyOtherKeys", Step::Put(&NO_KEY), "s3:PutObject"),
    shown(Of::Bucket, "DenyKeysOfCallers", Step::Put(&OWN_KEY), "s3:PutObject"),
    case(Of::Trust("shared", "pipeline"), WHO, "Source", "codepipeline.amazonaws.com is not authorized"),
    case(PIPELINE, "Artifacts", "Source", "s3:PutObject"),
    case(PIPELINE, "Source", "Source", "codecommit:GetBranch"),
    case(PIPELINE, "OtherAccounts", "DeployTraining", "sts:AssumeRole"),
    case(Of::Key, "Pipeline", "Source", "kms:GenerateDataKey"),
    case(Of::Key, "Stages", "DeployTraining", "kms:Decrypt"),
    case(Of::Bucket, "Artifacts", "DeployTraining", "s3:GetObject"),
    case(Of::Trust("training", "training-stage"), WHO, "DeployTraining", "role/churn-training-stage"),
    case(STAGE, "Stack", "DeployTraining", "cloudformation:DescribeStacks"),
    case(STAGE, "StackRole", "DeployTraining", "iam:PassRole"),
    case(STAGE, "Artifacts", "DeployTraining", "s3:GetObject"),
    case(STAGE, "Encrypted", "DeployTraining", "kms:Decrypt"),
    case(Of::Trust("training", "training-deploy"), WHO, "DeployTraining", "role/churn-training-deploy"),
    case(DEPLOY, "StateMachine", "DeployTraining", "states:UpdateStateMachine"),
    case(DEPLOY, "StateMachineRole", "DeployTraining", "iam:PassRole"),
    case(Of::Trust("training", "workflow"), WHO, "DeployTraining", "states.amazonaws.com, nor the regional one"),
];

/// The training, of a pipeline whose source is in the bucket.
const TRAINING_ITSELF: [Case; 15] = [
    case(PIPELINE, "Bucket", "Source", "s3:GetBucketVersioning"),
    case(PIPELINE, "Source", "Source", "s3:GetObjectVersion"),
    case(STAGE, "Start", "Train", "states:DescribeStateMachine"),
    case(STAGE, "Follow", "Train", "states:DescribeExecution"),
    case(WORKFLOW, "TrainingJobs", "Train", "sagemaker:CreateTrainingJob"),
    case(WORKFLOW, "TrainingRole", "Train", "iam:PassRole"),
    case(WORKFLOW, "JobEnds", "DeployTraining", "managed-rule"),
    case(Of::Trust("training", "training"), WHO, "Train", "role/churn-training"),
    case(TRAINING, "Data", "Train", DOWNLOAD),
    case(TRAINING, "DataNames", "Train", DOWNLOAD),
    case(TRAINING, "Models", "Train", UPLOAD),
    case(TRAINING, "Encrypted", "Train", "kms:Decrypt"),
    case(Of::Bucket, "TrainingData", "Train", DOWNLOAD),
    case(Of::Bucket, "TrainingDataNames", "Train", DOWNLOAD),
    case(Of::Bucket, "TrainedModels", "Train", UPLOAD),
];

/// What comes after the approval.
const DEPLOYMENT: [Case; 19] = [
    case(Of::Trust("production", "production-stage"), WHO, "Deploy", "role/churn-production-stage"),
    case(PRODUCTION, "Deploy", "Deploy", "lambda:InvokeFunction"),
    case(Of::Trust("production", "production-deploy"), WHO, "Deploy", "cannot be assumed by Lambda"),
    case(FUNCTION, "Versions", "Deploy", "sagemaker:CreateModel"),
    case(FUNCTION, "Endpoint", "Deploy", "sagemaker:UpdateEndpoint"),
    case(FUNCTION, "Alarms", "Deploy", "cloudwatch:DescribeAlarms"),
    case(FUNCTION, "Look", "Deploy", "sagemaker:DescribeEndpoint"),
    case(FUNCTION, "ModelRole", "Deploy", "iam:PassRole"),
    case(
        FUNCTION,
        "Report",
        "Deploy",
        "churn-production-deploy/churn-deploy is not authorized to perform: sts:AssumeRole",
    ),
    case(Of::Trust("shared", "report"), WHO, "Deploy", "role/churn-report"),
    case(REPORT, "Report", "Deploy", "churn-report/churn-deploy is not authorized to perform: codepipeline:PutJob"),
    case(Of::Trust("production", "model"), WHO, "Deploy", "role/churn-model"),
    case(MODEL, "Artifact", "Deploy", MODEL_DATA),
    case(MODEL, "Encrypted", "Deploy", MODEL_DATA),
    case(Of::Bucket, "ServedModels", "Deploy", MODEL_DATA),
    case(Of::Key, "Reader", "Deploy", MODEL_DATA),
    shown(TRAINING, "Logs", Step::Trace(Trace::TrainingLog), ""),
    shown(TRAINING, "Metrics", Step::Trace(Trace::TrainingMetrics), ""),
    shown(FUNCTION, "Logs", Step::Trace(Trace::FunctionLog), ""),
];

/// The key that S3 has by itself.
const NO_KEY: [(&str, &str); 1] = [("x-amz-server-side-encryption", "aws:kms")];
/// Zeros, and their MD5.
const OWN_KEY: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-amz-server-side-encryption-customer-key-md5", "cLyPS3KoaSFGi/joRB3OUQ=="),
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
                decoded(&encoded)
            }
            Of::Trust(profile, role) => {
                let role = format!("churn-{role}");
                let answer = self.of_profile(profile).iam_ok("GetRole", &[("RoleName", &role)]).await;
                decoded(&answer.tag("AssumeRolePolicyDocument"))
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
            Of::Trust(profile, role) => {
                let role = format!("churn-{role}");
                let asked = [("RoleName", role.as_str()), ("PolicyDocument", text.as_str())];
                self.of_profile(profile).iam_ok("UpdateAssumeRolePolicy", &asked).await;
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
    /// Commits another longest time for the training, which is another state machine.
    async fn commit_with(&self, seconds: usize) {
        let files = self.source.iter().map(|(path, text)| (*path, text.replace("3600", &seconds.to_string())));
        self.commit(&files.collect::<Vec<_>>()).await;
    }
    /// Commits, and waits for the end of the run that follows; approves it on the way.
    async fn run_with(&self, seconds: usize) -> (String, Value) {
        let (before, _) = self.newest().await;
        self.commit_with(seconds).await;
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
    /// A policy as it is, and without a statement.
    async fn with_and_without(&self, of: Of, sid: &str) -> (Value, Value) {
        let whole = self.read(of).await;
        let mut without = whole.clone();
        let statements = without["Statement"].as_array_mut().unwrap();
        let count = statements.len();
        statements.retain(|statement| statement["Sid"].as_str().unwrap_or(WHO) != sid);
        assert_eq!(statements.len() + 1, count, "`{sid}` is one of {whole:#}");
        if statements.is_empty() {
            // No document is without any.
            statements.push(match of {
                Of::Trust(..) => json!({
                    "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole",
                }),
                _ => json!({ "Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*" }),
            });
        }
        (whole, without)
    }
    async fn tries(&self, lab: &Lab, number: usize, case: &Case) {
        let Case { of, sid, step, told } = case;
        let (whole, without) = self.with_and_without(*of, sid).await;
        let message = match step {
            Step::Policy => {
                let asked = json!({ "KeyId": self.key, "PolicyName": "default", "Policy": without.to_string() });
                let answer = self.shared.json("kms", "PutKeyPolicy", asked).await;
                assert_eq!(answer.status, 400, "without `{sid}`: {}", answer.text());
                answer.text()
            }
            Step::Put(headers) => {
                let denied = self.puts(headers).await;
                assert_eq!(denied.status, 403, "with `{sid}`: {}", denied.text());
                self.write(*of, &without).await;
                let taken = self.puts(headers).await;
                self.write(*of, &whole).await;
                assert_eq!(taken.status, 200, "without `{sid}`: {}", taken.text());
                denied.text()
            }
            Step::Upload => {
                self.write(*of, &without).await;
                let denied = self.puts(&[]).await;
                self.write(*of, &whole).await;
                assert_eq!(denied.status, 403, "without `{sid}`: {}", denied.text());
                let taken = self.puts(&[]).await;
                assert_eq!(taken.status, 200, "with `{sid}`: {}", taken.text());
                denied.text()
            }
            Step::Start => {
                let (before, known) = (self.newest().await.0, undelivered(lab).await.len());
                self.write(*of, &without).await;
                self.commit_with(3601 + number).await;
                let failed =
                    eventually("an event that reaches nobody", async || undelivered(lab).await.into_iter().nth(known));
                let failed = failed.await;
                self.write(*of, &whole).await;
                assert_eq!(self.newest().await.0, before, "without `{sid}` a run begins");
                failed
            }
            Step::Stage(stage) => {
                self.write(*of, &without).await;
                let (status, state) = self.run_with(3601 + number).await;
                self.write(*of, &whole).await;
                self.recover().await;
                let stages = state["stageStates"].as_array().unwrap();
                let failed = stages.iter().find(|known| known["latestExecution"]["status"] == "Failed");
                let failed = failed.unwrap_or_else(|| panic!("without `{sid}` of {of:?} the run is {status}"));
                let message = &failed["actionStates"][0]["latestExecution"]["errorDetails"]["message"];
                assert_eq!(failed["stageName"], *stage, "without `{sid}` of {of:?}: {message}");
                message.as_str().unwrap().to_owned()
            }
            Step::Trace(_) => unreachable!("these are looked at together"),
        };
        assert!(message.contains(told), "without `{sid}` of {of:?}: {message}");
    }
    /// The administrator puts an object where no run begins by it.
    async fn puts(&self, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/{}/data/validation/more.csv", self.intent.bucket);
        self.shared.send(self.shared.signed("s3", Method::PUT, &path, headers, "1,2.5,3.25\n".into())).await
    }
    /// Whether a run left this behind, by the name of its training job.
    async fn left(&self, trace: Trace, job: &str) -> bool {
        let (client, service, operation, asked, member) = match trace {
            Trace::TrainingLog => {
                let asked = json!({ "logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamNamePrefix": job });
                (&self.training, "logs", "DescribeLogStreams", asked, "logStreams")
            }
            Trace::TrainingMetrics => {
                let host = json!([{ "Name": "Host", "Value": format!("{job}/algo-1") }]);
                let asked = json!({ "Namespace": "/aws/sagemaker/TrainingJobs", "Dimensions": host });
                (&self.training, "monitoring", "ListMetrics", asked, "Metrics")
            }
            Trace::FunctionLog => {
                let pattern = format!("\"serves {job}\"");
                let asked = json!({ "logGroupName": "/aws/lambda/churn-deploy", "filterPattern": pattern });
                (&self.production, "logs", "FilterLogEvents", asked, "events")
            }
        };
        let found = client.json_ok(service, operation, asked).await;
        !found[member].as_array().unwrap().is_empty()
    }
    /// Leaves out all statements that a run only leaves something behind by. Gives the policies as they were.
    async fn silenced(&self, traces: &[(&Case, Trace)]) -> Vec<(Of, Value)> {
        let mut wholes = Vec::new();
        for (case, _) in traces {
            let (whole, without) = self.with_and_without(case.of, case.sid).await;
            self.write(case.of, &without).await;
            wholes.push((case.of, whole));
        }
        wholes
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// What became of the events that reached nobody, the oldest first.
async fn undelivered(lab: &Lab) -> Vec<String> {
    let known = lab.control(Method::GET, "/deliveries", Value::Null).await.json();
    let failures = known.as_array().unwrap().iter().flat_map(|rule| rule["record"]["failures"].as_array().unwrap());
    let mut failures: Vec<_> = failures.map(|failure| (failure["at"].to_string(), &failure["message"])).collect();
    failures.sort_by(|one, other| one.0.cmp(&other.0));
    failures.into_iter().map(|(_, message)| message.as_str().unwrap().to_owned()).collect()
}

async fn each(cases: &[Case], source: Source) {
    let lab = lab().await;
    let pipeline = Pipeline::apply(&lab, source).await;
    // The first run is out of the way, and each run after it has something to update.
    let first = pipeline.approve().await;
    assert_eq!(pipeline.run_ends(&first).await, "Succeeded");
    let traces = cases.iter().filter_map(|case| match case.step {
        Step::Trace(trace) => Some((case, trace)),
        _ => None,
    });
    let traces: Vec<_> = traces.collect();
    // Without the right to leave a trace a run goes through all the same. The right comes back after all other runs: nobody
    // waits for a function's log, and what comes late must still be refused.
    let wholes = pipeline.silenced(&traces).await;
    let mut silent = String::new();
    if !traces.is_empty() {
        let (status, state) = pipeline.run_with(3599).await;
        assert_eq!(status, "Succeeded", "without traces: {state:#}");
        silent = pipeline.trainings().await.swap_remove(0);
    }
    let others = cases.iter().filter(|case| !matches!(case.step, Step::Trace(_)));
    for (number, case) in others.enumerate() {
        pipeline.tries(&lab, number, case).await;
    }
    // The last first, as two can be of one policy.
    for (of, whole) in wholes.iter().rev() {
        pipeline.write(*of, whole).await;
    }
    let (status, state) = pipeline.run_with(3700).await;
    assert_eq!(status, "Succeeded", "with every statement: {state:#}");
    let heard = pipeline.trainings().await.swap_remove(0);
    for (Case { of, sid, .. }, trace) in traces {
        let what = format!("what `{sid}` of {of:?} is for");
        eventually(&what, async || pipeline.left(trace, &heard).await.then_some(())).await;
        assert!(!pipeline.left(trace, &silent).await, "`{sid}` of {of:?} is not needed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_every_statement_is_needed_where_source_and_training_stack_are_made() {
    each(&BEFORE_TRAINING, repository()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_every_statement_is_needed_where_a_model_is_trained() {
    each(&TRAINING_ITSELF, Source::Bucket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_every_statement_is_needed_where_a_model_is_deployed() {
    each(&DEPLOYMENT, repository()).await;
}
