//! What is asked of every role, and which of them need it.

use super::{Column, Subject, usual};
use crate::evaluate::Context;
use crate::names::AccountId;
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::predicted::Predicted;

/// The parts that roles' names have after the prefix.
const PIPELINE: &str = "pipeline";
const REPORT: &str = "report";
const START: &str = "start";
const TRAINING_STAGE: &str = "training-stage";
const TRAINING_DEPLOY: &str = "training-deploy";
const WORKFLOW: &str = "workflow";
const TRAINING: &str = "training";
const PRODUCTION_STAGE: &str = "production-stage";
const PRODUCTION_DEPLOY: &str = "production-deploy";
const MODEL: &str = "model";

/// A column, with what is needed to ask it.
pub(super) struct Question {
    pub(super) column: Column,
    /// Who owns the resource.
    pub(super) account: AccountId,
    pub(super) context: Context,
    pub(super) needed_by: &'static [&'static str],
}

pub(super) fn questions(intent: &PipelineIntent, predicted: &Predicted) -> Vec<Question> {
    let mut asked = Asked { intent, found: Vec::new() };
    asked.bucket();
    asked.key(predicted.key.as_str());
    asked.repository_and_pipeline();
    asked.roles();
    asked.training();
    asked.endpoint();
    asked.found
}

struct Asked<'a> {
    intent: &'a PipelineIntent,
    found: Vec<Question>,
}

impl Asked<'_> {
    fn ask(
        &mut self,
        (subject, label): (Subject, &str),
        (action, resource): (&str, String),
        account: &AccountId,
        context: Context,
        needed_by: &'static [&'static str],
    ) {
        let column = Column { subject, label: label.into(), action: action.into(), resource };
        self.found.push(Question { column, account: account.clone(), context, needed_by });
    }

    fn arn(&self, service: &str, account: &AccountId, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{account}:{resource}", self.intent.region.partition(), self.intent.region)
    }

    fn role(&self, account: &AccountId, part: &str) -> String {
        format!("arn:{}:iam::{account}:role/{}-{part}", self.intent.region.partition(), self.intent.prefix)
    }

    fn bucket(&mut self) {
        let (intent, account) = (self.intent, &self.intent.shared_services.account);
        let bucket = format!("arn:{}:s3:::{}", intent.region.partition(), intent.bucket);
        let artifacts = format!("{bucket}/{}/template/abc", intent.prefix);
        let (data, model) = (format!("{bucket}/data/train/x.csv"), format!("{bucket}/models/x/output/model.tar.gz"));
        let listing = usual().with("s3:prefix", "data/train/");
        for (label, action, resource, context, needed_by) in [
            ("read artifacts", "s3:GetObject", &artifacts, usual(), &[PIPELINE, TRAINING_STAGE] as &[_]),
            ("write artifacts", "s3:PutObject", &artifacts, usual(), &[PIPELINE, TRAINING_STAGE]),
            ("read data", "s3:GetObject", &data, usual(), &[TRAINING]),
            ("write data", "s3:PutObject", &data, usual(), &[]),
            ("list data", "s3:ListBucket", &bucket, listing, &[TRAINING]),
            ("list everything", "s3:ListBucket", &bucket, usual(), &[]),
            ("read models", "s3:GetObject", &model, usual(), &[MODEL]),
            ("write models", "s3:PutObject", &model, usual(), &[TRAINING]),
            ("delete objects", "s3:DeleteObject", &model, usual(), &[]),
            ("change the policy", "s3:PutBucketPolicy", &bucket, usual(), &[]),
        ] {
            self.ask((Subject::Bucket, label), (action, resource.clone()), account, context, needed_by);
        }
    }

    fn key(&mut self, key: &str) {
        let account = &self.intent.shared_services.account;
        for (label, action, needed_by) in [
            ("decrypt", "kms:Decrypt", &[PIPELINE, TRAINING_STAGE, TRAINING, MODEL] as &[_]),
            ("encrypt", "kms:GenerateDataKey", &[PIPELINE, TRAINING_STAGE, TRAINING]),
            ("change the policy", "kms:PutKeyPolicy", &[]),
            ("schedule deletion", "kms:ScheduleKeyDeletion", &[]),
        ] {
            self.ask((Subject::Key, label), (action, key.to_owned()), account, usual(), needed_by);
        }
    }

    fn repository_and_pipeline(&mut self) {
        let account = &self.intent.shared_services.account;
        if let crate::pipeline::intent::Source::Repository { name, .. } = &self.intent.source {
            let repository = self.arn("codecommit", account, name);
            for (label, action, needed_by) in [
                ("read the branch", "codecommit:GetBranch", &[PIPELINE] as &[_]),
                ("take a copy", "codecommit:UploadArchive", &[PIPELINE]),
                ("commit", "codecommit:CreateCommit", &[]),
                ("push", "codecommit:GitPush", &[]),
            ] {
                let what = (action, repository.clone());
                self.ask((Subject::Repository, label), what, account, usual(), needed_by);
            }
        }
        let pipeline = self.arn("codepipeline", account, self.intent.prefix.as_str());
        let start = ("codepipeline:StartPipelineExecution", pipeline.clone());
        self.ask((Subject::Pipeline, "start"), start, account, usual(), &[START]);
        let approve = ("codepipeline:PutApprovalResult", format!("{pipeline}/Approve/Approve"));
        self.ask((Subject::Pipeline, "approve"), approve, account, usual(), &[]);
        let change = ("codepipeline:UpdatePipeline", pipeline);
        self.ask((Subject::Pipeline, "change"), change, account, usual(), &[]);
        let report = ("codepipeline:PutJobSuccessResult", "*".to_owned());
        self.ask((Subject::Pipeline, "report a job"), report, account, usual(), &[REPORT]);
    }

    fn roles(&mut self) {
        let intent = self.intent;
        let [a, b, c] = [&intent.shared_services, &intent.training_account, &intent.production].map(|at| &at.account);
        for (label, account, part, needed_by) in [
            ("become the training stage", b, TRAINING_STAGE, &[PIPELINE] as &[_]),
            ("become the production stage", c, PRODUCTION_STAGE, &[PIPELINE]),
            ("become the reporter", a, REPORT, &[PRODUCTION_DEPLOY]),
            ("become the training", b, TRAINING, &[]),
            ("become the deployment", c, PRODUCTION_DEPLOY, &[]),
        ] {
            let what = ("sts:AssumeRole", self.role(account, part));
            self.ask((Subject::Roles, label), what, account, usual(), needed_by);
        }
        for (label, account, part, service, needed_by) in [
            ("pass the deployer", b, TRAINING_DEPLOY, "cloudformation", &[TRAINING_STAGE] as &[_]),
            ("pass the workflow", b, WORKFLOW, "states", &[TRAINING_DEPLOY]),
            ("pass the training", b, TRAINING, "sagemaker", &[WORKFLOW]),
            ("pass the model", c, MODEL, "sagemaker", &[PRODUCTION_DEPLOY]),
            ("pass the training elsewhere", b, TRAINING, "lambda", &[]),
        ] {
            let context = usual().with("iam:PassedToService", format!("{service}.amazonaws.com"));
            let what = ("iam:PassRole", self.role(account, part));
            self.ask((Subject::Roles, label), what, account, context, needed_by);
        }
    }

    fn training(&mut self) {
        let (prefix, account) = (&self.intent.prefix, &self.intent.training_account.account);
        let stack = format!("stack/{prefix}-workflow/0");
        let machine = format!("stateMachine:{prefix}-training");
        let job = format!("training-job/{prefix}-x");
        for (label, action, service, resource, needed_by) in [
            ("deploy the workflow", "cloudformation:CreateStack", "cloudformation", &stack, &[TRAINING_STAGE] as &[_]),
            ("make the state machine", "states:CreateStateMachine", "states", &machine, &[TRAINING_DEPLOY]),
            ("start the training", "states:StartExecution", "states", &machine, &[TRAINING_STAGE]),
            ("make training jobs", "sagemaker:CreateTrainingJob", "sagemaker", &job, &[WORKFLOW]),
            ("tag training jobs", "sagemaker:AddTags", "sagemaker", &job, &[WORKFLOW]),
        ] {
            let what = (action, self.arn(service, account, resource));
            self.ask((Subject::Training, label), what, account, usual(), needed_by);
        }
        let elsewhere = ("sagemaker:CreateTrainingJob", self.arn("sagemaker", account, "training-job/another"));
        self.ask((Subject::Training, "make other training jobs"), elsewhere, account, usual(), &[]);
    }

    fn endpoint(&mut self) {
        let (intent, account) = (self.intent, &self.intent.production.account);
        let function = format!("function:{}-deploy", intent.prefix);
        let endpoint = format!("endpoint/{}", intent.deployment.endpoint);
        let (model, config) = (format!("model/{}-x", intent.prefix), format!("endpoint-config/{}-x", intent.prefix));
        for (label, action, service, resource, needed_by) in [
            ("call the deploy function", "lambda:InvokeFunction", "lambda", &function, &[PRODUCTION_STAGE] as &[_]),
            ("make models", "sagemaker:CreateModel", "sagemaker", &model, &[PRODUCTION_DEPLOY]),
            ("make configurations", "sagemaker:CreateEndpointConfig", "sagemaker", &config, &[PRODUCTION_DEPLOY]),
            ("make the endpoint", "sagemaker:CreateEndpoint", "sagemaker", &endpoint, &[PRODUCTION_DEPLOY]),
            ("make it with a configuration", "sagemaker:CreateEndpoint", "sagemaker", &config, &[PRODUCTION_DEPLOY]),
            ("update the endpoint", "sagemaker:UpdateEndpoint", "sagemaker", &endpoint, &[PRODUCTION_DEPLOY]),
            ("update it with a configuration", "sagemaker:UpdateEndpoint", "sagemaker", &config, &[PRODUCTION_DEPLOY]),
            ("look at the endpoint", "sagemaker:DescribeEndpoint", "sagemaker", &endpoint, &[PRODUCTION_DEPLOY]),
            ("invoke the endpoint", "sagemaker:InvokeEndpoint", "sagemaker", &endpoint, &[]),
        ] {
            let what = (action, self.arn(service, account, resource));
            self.ask((Subject::Endpoint, label), what, account, usual(), needed_by);
        }
        let other = ("sagemaker:UpdateEndpoint", self.arn("sagemaker", account, "endpoint/another"));
        self.ask((Subject::Endpoint, "update other endpoints"), other, account, usual(), &[]);
    }
}
