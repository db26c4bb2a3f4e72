//! Three accounts in memory that behave as AWS does where a pipeline notices: stacks take a few looks to settle, fail as
//! told, are rolled back and can then only be deleted; a bucket is deleted empty only; a policy can't name a role that is
//! not there.

use domain::pipeline::evidence::{ObjectVersion, TrainingJob};
use domain::pipeline::execution::{ActionExecution, Execution, LogLine, PipelineState};
use domain::pipeline::observed::{ObservedStack, StackEvent, StackState};
use domain::time::Timestamp;
use services::ports::gateway::{GatewayError, GatewayErrorKind, StackRequest};
use std::collections::{BTreeMap, BTreeSet};

/// So many looks at a stack it takes to settle.
const LOOKS: u32 = 3;

#[derive(Clone)]
pub struct FakeStack {
    pub seen: ObservedStack,
    pub template: String,
    pub events: Vec<StackEvent>,
    looks: u32,
    /// What it was before an update, to roll back to.
    before: Option<(BTreeMap<String, String>, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub version: String,
    pub bytes: u64,
    pub sha256: String,
    pub key: String,
    pub deleted: bool,
}

#[derive(Default, Clone)]
pub struct World {
    /// By account and name.
    pub stacks: BTreeMap<(String, String), FakeStack>,
    /// Versions of objects by key, the oldest first.
    pub objects: BTreeMap<String, Vec<Object>>,
    /// Files of the repository, once it has a commit.
    pub files: BTreeMap<String, String>,
    pub commits: u32,
    /// Stacks whose next operations fail, with how often and why: the resource, its type and the reason.
    pub fails: BTreeMap<String, (u32, &'static str, &'static str, String)>,
    /// How many calls that create a stack are throttled.
    pub throttled: u32,
    /// Buckets of other accounts.
    pub taken: BTreeSet<String>,
    pub no_repositories: bool,
    /// How often an object was read through for its SHA-256.
    pub hashed: u32,
    /// Rules that are not enabled, or not there.
    pub rules: BTreeMap<String, Option<bool>>,
    /// Repositories of others in account A.
    pub repositories: BTreeSet<String>,
    pub quotas: BTreeMap<String, f64>,
    pub pipeline: Option<PipelineState>,
    pub executions: Vec<Execution>,
    pub actions: BTreeMap<String, Vec<ActionExecution>>,
    pub jobs: BTreeMap<String, TrainingJob>,
    /// Lines of every log; without any a log says what it is.
    pub lines: Vec<LogLine>,
    /// Status and configuration of the endpoint.
    pub endpoint: Option<(String, String)>,
    /// Endpoints that models are tried with: state and configuration.
    pub trials: BTreeMap<String, (String, String)>,
    /// Why an endpoint of a try fails.
    pub trial_fails: Option<&'static str>,
    pub configurations: BTreeMap<String, Timestamp>,
    pub models: BTreeMap<String, Timestamp>,
    /// What was asked for that changes something, in order.
    pub calls: Vec<String>,
    /// What PutApprovalResult fails with.
    pub approval_fails: Option<&'static str>,
    events: u64,
}

pub fn refused(operation: &'static str, kind: GatewayErrorKind, code: &str, message: &str) -> GatewayError {
    GatewayError {
        operation,
        account: None,
        connection: None,
        kind,
        code: code.into(),
        message: message.into(),
        status: Some(400),
        retryable: false,
        request_id: Some("r-1".into()),
        model: None,
    }
}

pub fn now() -> Timestamp {
    Timestamp(1_800_000_000_000)
}

impl World {
    pub fn create(&mut self, account: &str, asked: &StackRequest) -> Result<(), GatewayError> {
        let key = (account.to_owned(), asked.name.clone());
        if self.throttled > 0 {
            self.throttled -= 1;
            return Err(refused("CreateStack", GatewayErrorKind::Throttled, "Throttling", "Rate exceeded"));
        }
        if self.stacks.contains_key(&key) {
            let message = format!("Stack [{}] already exists", asked.name);
            return Err(refused("CreateStack", GatewayErrorKind::Conflict, "AlreadyExistsException", &message));
        }
        self.calls.push(format!("create {}", asked.name));
        self.events += 1;
        let seen = ObservedStack {
            id: format!("arn:stack/{}/{}", asked.name, self.events),
            name: asked.name.clone(),
            state: StackState::CreateInProgress,
            reason: None,
            parameters: asked.parameters.clone(),
            outputs: BTreeMap::new(),
            tags: asked.tags.clone(),
            created: now(),
            updated: None,
        };
        let stack =
            FakeStack { seen, template: asked.template.clone(), events: Vec::new(), looks: LOOKS, before: None };
        self.stacks.insert(key.clone(), stack);
        self.event(
            &key,
            &asked.name.clone(),
            "AWS::CloudFormation::Stack",
            "CREATE_IN_PROGRESS",
            Some("User Initiated"),
        );
        Ok(())
    }

    pub fn update(&mut self, account: &str, asked: &StackRequest) -> Result<bool, GatewayError> {
        let key = (account.to_owned(), asked.name.clone());
        let Some(stack) = self.stacks.get_mut(&key) else {
            return Err(refused("UpdateStack", GatewayErrorKind::NotFound, "ValidationError", "does not exist"));
        };
        if !stack.seen.state.is_usable() {
            let message = format!("Stack is in {} state and can not be updated.", stack.seen.state);
            return Err(refused("UpdateStack", GatewayErrorKind::Invalid, "ValidationError", &message));
        }
        if stack.seen.parameters == asked.parameters && stack.template == asked.template {
            return Ok(false);
        }
        stack.before = Some((stack.seen.parameters.clone(), stack.template.clone()));
        stack.seen.parameters.clone_from(&asked.parameters);
        stack.template.clone_from(&asked.template);
        stack.seen.state = StackState::UpdateInProgress;
        stack.seen.updated = Some(now());
        stack.looks = LOOKS;
        self.calls.push(format!("update {}", asked.name));
        self.event(
            &key,
            &asked.name.clone(),
            "AWS::CloudFormation::Stack",
            "UPDATE_IN_PROGRESS",
            Some("User Initiated"),
        );
        Ok(true)
    }

    pub fn delete(&mut self, account: &str, name: &str) {
        let key = (account.to_owned(), name.to_owned());
        let Some(stack) = self.stacks.get_mut(&key) else { return };
        stack.seen.state = StackState::DeleteInProgress;
        stack.looks = LOOKS;
        self.calls.push(format!("delete {name}"));
        self.event(&key, name, "AWS::CloudFormation::Stack", "DELETE_IN_PROGRESS", Some("User Initiated"));
    }

    /// A look at a stack, which brings what is under way forward.
    pub fn look(&mut self, account: &str, name: &str) -> Option<ObservedStack> {
        let key = (account.to_owned(), name.to_owned());
        let stack = self.stacks.get_mut(&key)?;
        if !stack.seen.state.is_settled() {
            stack.looks -= 1;
            if stack.looks == 0 {
                self.settle(&key);
            }
        }
        self.stacks.get(&key).map(|stack| stack.seen.clone())
    }

    fn settle(&mut self, key: &(String, String)) {
        let state = self.stacks[key].seen.state;
        let trouble = self.trouble(key, state);
        if let Some((resource, kind, reason)) = &trouble {
            let status = if state == StackState::DeleteInProgress { "DELETE_FAILED" } else { "CREATE_FAILED" };
            self.event(key, "Other", "AWS::IAM::Role", status, Some("Resource creation cancelled"));
            self.event(key, resource, kind, status, Some(reason));
        }
        let stack = self.stacks.get_mut(key).unwrap();
        let next = match (state, trouble.is_some()) {
            (StackState::CreateInProgress, false) => StackState::CreateComplete,
            (StackState::CreateInProgress, true) => StackState::RollbackComplete,
            (StackState::UpdateInProgress, false) => StackState::UpdateComplete,
            (StackState::UpdateInProgress, true) => {
                (stack.seen.parameters, stack.template) = stack.before.take().unwrap();
                StackState::UpdateRollbackComplete
            }
            (_, true) => StackState::DeleteFailed,
            (_, false) => StackState::DeleteComplete,
        };
        stack.seen.state = next;
        let failing = trouble.is_some();
        if next == StackState::DeleteComplete {
            self.stacks.remove(key);
            if key.1.ends_with("-shared-services") {
                (self.pipeline, self.files, self.commits) = (None, BTreeMap::new(), 0);
            }
        } else if !failing {
            self.complete(key);
        }
    }

    fn complete(&mut self, key: &(String, String)) {
        let (account, name) = key;
        let stack = self.stacks.get_mut(key).unwrap();
        let parameter = |name: &str| stack.seen.parameters.get(name).cloned().unwrap_or_default();
        let prefix = parameter("Prefix");
        let role = |part: &str| format!("arn:aws:iam::{account}:role/{prefix}-{part}");
        let outputs = match name.rsplit_once('-').unwrap().1 {
            "services" => vec![
                ("BucketName", parameter("BucketName")),
                ("KeyArn", format!("arn:aws:kms:eu-west-1:{account}:key/k-1")),
                ("PipelineRoleArn", role("pipeline")),
                ("ReportRoleArn", role("report")),
            ],
            "training" => vec![
                ("StageRoleArn", role("training-stage")),
                ("DeployRoleArn", role("training-deploy")),
                ("WorkflowRoleArn", role("workflow")),
                ("TrainingRoleArn", role("training")),
            ],
            "production" => vec![
                ("StageRoleArn", role("production-stage")),
                ("DeployRoleArn", role("production-deploy")),
                ("ModelRoleArn", role("model")),
                ("DeployFunctionName", format!("{prefix}-deploy")),
            ],
            _ => Vec::new(),
        };
        stack.seen.outputs = outputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if parameter("WithPipeline") == "yes" && self.pipeline.is_none() {
            self.pipeline = Some(PipelineState::default());
        }
    }

    /// What goes wrong, as told or as AWS would have it.
    fn trouble(&mut self, key: &(String, String), state: StackState) -> Option<(String, String, String)> {
        let (_, name) = key;
        if let Some((times, resource, kind, reason)) = self.fails.get_mut(name).filter(|(times, ..)| *times > 0) {
            *times -= 1;
            return Some(((*resource).to_owned(), (*kind).to_owned(), reason.clone()));
        }
        let parameters = self.stacks[key].seen.parameters.clone();
        if state == StackState::DeleteInProgress {
            let full = name.ends_with("-shared-services") && self.objects.values().any(|versions| !versions.is_empty());
            let reason = "The bucket you tried to delete is not empty";
            return full.then(|| ("Bucket".into(), "AWS::S3::Bucket".into(), reason.into()));
        }
        if let Some(bucket) = parameters.get("BucketName").filter(|bucket| self.taken.contains(*bucket)) {
            let reason = format!("{bucket} already exists");
            return Some(("Bucket".into(), "AWS::S3::Bucket".into(), reason));
        }
        let prefix = &parameters["Prefix"];
        let names_stranger = |parameter: &str, stack: &str| {
            let role = parameters.get(parameter)?;
            let there = self
                .stacks
                .iter()
                .any(|((_, name), there)| *name == format!("{prefix}-{stack}") && !there.seen.outputs.is_empty());
            (role != "none" && !there).then(|| ("BucketPolicy", format!("Invalid principal in policy: {role}")))
        };
        let stranger = names_stranger("TrainingStageRole", "training")
            .or_else(|| names_stranger("ProductionStageRole", "production"))
            .or_else(|| names_stranger("PipelineRoleArn", "shared-services"));
        stranger.map(|(resource, reason)| (resource.into(), "AWS::S3::BucketPolicy".into(), reason))
    }

    fn event(&mut self, key: &(String, String), logical: &str, kind: &str, status: &str, reason: Option<&str>) {
        self.events += 1;
        let event = StackEvent {
            id: format!("event-{:04}", self.events),
            at: now(),
            logical_id: logical.into(),
            physical_id: None,
            resource_type: kind.into(),
            status: status.into(),
            reason: reason.map(str::to_owned),
        };
        self.stacks.get_mut(key).unwrap().events.push(event);
    }

    pub fn has_bucket(&self, bucket: &str) -> bool {
        let of = |stack: &FakeStack| {
            stack.seen.parameters.contains_key("WithPipeline")
                && stack.seen.parameters["BucketName"] == bucket
                && stack.seen.state != StackState::RollbackComplete
        };
        self.stacks.values().any(of)
    }

    pub fn has_repository(&self, repository: &str) -> bool {
        let of = |stack: &FakeStack| {
            stack.seen.parameters.get("RepositoryName").is_some_and(|name| name == repository)
                && stack.seen.state != StackState::RollbackComplete
        };
        self.repositories.contains(repository) || self.stacks.values().any(of)
    }

    pub fn put(&mut self, key: &str, bytes: u64, sha256: &str, kms: &str) {
        let versions = self.objects.entry(key.to_owned()).or_default();
        let version = format!("v{}", versions.len() + 1);
        versions.push(Object { version, bytes, sha256: sha256.into(), key: kms.into(), deleted: false });
    }

    pub fn versions(&self, below: &str) -> Vec<ObjectVersion> {
        let of_key = |(key, versions): (&String, &Vec<Object>)| {
            let version = |object: &Object| ObjectVersion {
                key: key.clone(),
                version: object.version.clone(),
                bytes: object.bytes,
                modified: now(),
                deleted: object.deleted,
            };
            versions.iter().map(version).collect::<Vec<_>>()
        };
        self.objects.iter().filter(|(key, _)| key.starts_with(below)).flat_map(of_key).collect()
    }

    /// Everything that stands, for telling two ends apart.
    pub fn summary(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .stacks
            .iter()
            .map(|((account, name), stack)| {
                let state = if stack.seen.state.is_complete() { "complete" } else { stack.seen.state.as_str() };
                let parameters = &stack.seen.parameters;
                format!("{account} {name} {state} {} {parameters:?}", stack.template.len())
            })
            .collect();
        lines.extend(self.objects.iter().filter(|(_, versions)| !versions.is_empty()).map(|(key, versions)| {
            let all: Vec<_> = versions.iter().map(|object| (&object.sha256, &object.key)).collect();
            format!("{key} {all:?}")
        }));
        lines.push(format!("{} commits {:?}", self.commits, self.files.keys()));
        lines.push(format!("pipeline {}, endpoint {:?}", self.pipeline.is_some(), self.endpoint));
        lines.push(format!("{:?} {:?}", self.configurations.keys(), self.models.keys()));
        lines
    }
}
