//! The ports to the three accounts.

use super::world::{World, now, refused};
use async_trait::async_trait;
use domain::arn::{Arn, CallerArn};
use domain::connection::Identity;
use domain::endpoint::Page;
use domain::names::{ConnectionId, EndpointName, Region};
use domain::pipeline::approval::Verdict;
use domain::pipeline::execution::ExecutionStatus;
use domain::s3::Location;
use services::ports::gateway::{
    ActionExecution, Answered, BucketOwner, BucketsGateway, ConnectionGateway, ConnectionProfile, Content,
    EndpointState, Execution, GatewayErrorKind, GatewayResult, KeyState, KeysGateway, LogLine, LogSlice,
    MachineExecution, Named, NewCommit, NewConfiguration, NewModel, NewObject, ObjectHead, ObjectVersion,
    ObservedStack, PipelineGateways, PipelineState, PipelinesGateway, RulesGateway, Sent, SourcesGateway, StackEvent,
    StackRequest, StackResource, StacksGateway, Tags, TrainingGateway, TrainingJob, VersionsGateway, Waiting,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// How long a key's deletion can be cancelled.
const MONTH_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

#[derive(Default)]
pub struct Aws {
    pub world: Mutex<World>,
    /// The accounts of connections whose profile was edited.
    pub moved: Mutex<BTreeMap<&'static str, &'static str>>,
}

pub fn of(aws: &Arc<Aws>) -> PipelineGateways {
    PipelineGateways {
        stacks: aws.clone(),
        sources: aws.clone(),
        pipelines: aws.clone(),
        training: aws.clone(),
        buckets: aws.clone(),
        versions: aws.clone(),
        keys: aws.clone(),
        rules: aws.clone(),
    }
}

impl Aws {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn account(&self, connection: &ConnectionId) -> String {
        let moved = self.moved.lock().unwrap().get(connection.as_str()).copied();
        let usual = match connection.as_str() {
            "shared" => "111111111111",
            "training" => "222222222222",
            _ => "333333333333",
        };
        moved.unwrap_or(usual).to_owned()
    }
}

fn yes<T>(value: T) -> GatewayResult<Answered<T>> {
    Ok(Answered { value, request_id: Some("r-1".into()) })
}

#[async_trait]
impl ConnectionGateway for Aws {
    async fn profiles(&self) -> GatewayResult<Vec<ConnectionProfile>> {
        let profile = |id: &str| ConnectionProfile { id: id.parse().unwrap(), region: None };
        Ok(["production", "shared", "training"].map(profile).to_vec())
    }
    async fn identity(&self, connection: &ConnectionId) -> GatewayResult<Identity> {
        let account = self.account(connection);
        let arn: Arn = format!("arn:aws:iam::{account}:user/admin").parse().unwrap();
        let caller = CallerArn::parse(arn.as_str()).ok();
        Ok(Identity { account: account.parse().unwrap(), arn, caller })
    }
}

#[async_trait]
impl StacksGateway for Aws {
    async fn create_stack(&self, via: &ConnectionId, _: &Region, stack: &StackRequest) -> GatewayResult<Answered<()>> {
        self.world().create(&self.account(via), stack)?;
        yes(())
    }
    async fn update_stack(
        &self,
        via: &ConnectionId,
        _: &Region,
        stack: &StackRequest,
    ) -> GatewayResult<Answered<bool>> {
        let updated = self.world().update(&self.account(via), stack)?;
        yes(updated)
    }
    async fn delete_stack(&self, via: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Answered<()>> {
        self.world().delete(&self.account(via), name);
        yes(())
    }
    async fn stack(&self, via: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Option<ObservedStack>> {
        Ok(self.world().look(&self.account(via), name))
    }
    async fn stack_events(
        &self,
        _: &ConnectionId,
        _: &Region,
        id: &str,
        after: Option<&str>,
    ) -> GatewayResult<Vec<StackEvent>> {
        let world = self.world();
        let stack = world.stacks.values().find(|stack| stack.seen.id == id);
        let events = stack.map(|stack| stack.events.clone()).unwrap_or_default();
        Ok(events.into_iter().filter(|event| after.is_none_or(|after| event.id.as_str() > after)).collect())
    }
    async fn stack_resources(&self, via: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Vec<StackResource>> {
        let Some(there) = self.world().look(&self.account(via), name) else { return Ok(Vec::new()) };
        let bucket = there.parameters.get("BucketName").cloned().unwrap_or_default();
        let resource = |(logical_id, physical_id, kind): (&str, String, &str)| StackResource {
            logical_id: logical_id.into(),
            physical_id: Some(physical_id),
            resource_type: format!("AWS::{kind}"),
            status: "CREATE_COMPLETE".into(),
        };
        let all = [
            ("Key", "k-1".to_owned(), "KMS::Key"),
            ("Bucket", bucket, "S3::Bucket"),
            ("Pipeline", "churn".to_owned(), "CodePipeline::Pipeline"),
        ];
        Ok(all.map(resource).into())
    }
    async fn stack_template(&self, via: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Option<String>> {
        let key = (self.account(via), name.to_owned());
        Ok(self.world().stacks.get(&key).map(|stack| stack.template.clone()))
    }
}

#[async_trait]
impl SourcesGateway for Aws {
    async fn takes_repositories(&self, _: &ConnectionId, _: &Region) -> GatewayResult<bool> {
        Ok(!self.world().no_repositories)
    }
    async fn tip(&self, _: &ConnectionId, _: &Region, repository: &str, _: &str) -> GatewayResult<Option<String>> {
        let world = self.world();
        if !world.has_repository(repository) {
            let code = "RepositoryDoesNotExistException";
            return Err(refused("GetBranch", GatewayErrorKind::NotFound, code, "there is none"));
        }
        let commits = world.commits;
        Ok((commits > 0).then(|| commits.to_string()))
    }
    async fn commit(&self, _: &ConnectionId, _: &Region, commit: &NewCommit) -> GatewayResult<Answered<String>> {
        let mut world = self.world();
        let tip = (world.commits > 0).then(|| world.commits.to_string());
        if commit.parent != tip {
            let code = "ParentCommitIdOutdatedException";
            return Err(refused("CreateCommit", GatewayErrorKind::Conflict, code, "outdated"));
        }
        world.files.extend(commit.files.clone());
        world.commits += 1;
        world.calls.push("commit".into());
        yes(world.commits.to_string())
    }
    async fn source_file(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        _: &str,
        path: &str,
    ) -> GatewayResult<Option<String>> {
        Ok(self.world().files.get(path).cloned())
    }
}

#[async_trait]
impl BucketsGateway for Aws {
    async fn bucket_owner(&self, _: &ConnectionId, _: &Region, bucket: &str) -> GatewayResult<BucketOwner> {
        let world = self.world();
        Ok(match (world.taken.contains(bucket), world.has_bucket(bucket)) {
            (true, _) => BucketOwner::Another,
            (false, true) => BucketOwner::Ours,
            (false, false) => BucketOwner::Nobody,
        })
    }
    async fn put(
        &self,
        _: &ConnectionId,
        _: &Region,
        object: &NewObject,
        sent: Sent<'_>,
    ) -> GatewayResult<Answered<()>> {
        let bytes = match &object.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(path) => std::fs::metadata(path).unwrap().len(),
        };
        sent(bytes);
        let mut world = self.world();
        if !world.has_bucket(&object.place.bucket) {
            return Err(refused("PutObject", GatewayErrorKind::NotFound, "NoSuchBucket", "no such bucket"));
        }
        world.put(&object.place.key, bytes, &object.sha256, object.key.as_str());
        world.calls.push(format!("put {}", object.place.key));
        yes(())
    }
    async fn head(&self, _: &ConnectionId, _: &Region, place: &Location) -> GatewayResult<Option<ObjectHead>> {
        let world = self.world();
        let last = world.objects.get(&place.key).and_then(|versions| versions.last());
        Ok(last.map(|object| ObjectHead {
            bytes: object.bytes,
            version: Some(object.version.clone()),
            key: Some(object.key.clone()),
            sha256: Some(object.sha256.clone()),
        }))
    }
    async fn sha256(&self, via: &ConnectionId, region: &Region, place: &Location) -> GatewayResult<Option<String>> {
        self.world().hashed += 1;
        Ok(self.head(via, region, place).await?.and_then(|head| head.sha256))
    }
    async fn versions(
        &self,
        _: &ConnectionId,
        _: &Region,
        below: &Location,
        _: Option<&str>,
    ) -> GatewayResult<Option<Page<ObjectVersion>>> {
        let world = self.world();
        let page = || Page { items: world.versions(&below.key).into_iter().take(2).collect(), next: None };
        Ok(world.has_bucket(&below.bucket).then(page))
    }
    async fn delete_versions(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        versions: &[ObjectVersion],
    ) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        for gone in versions {
            let of_key = world.objects.get_mut(&gone.key).unwrap();
            of_key.retain(|object| object.version != gone.version);
        }
        world.objects.retain(|_, versions| !versions.is_empty());
        world.calls.push(format!("delete {} versions", versions.len()));
        yes(())
    }
}

#[async_trait]
impl PipelinesGateway for Aws {
    async fn pipeline_state(&self, _: &ConnectionId, _: &Region, _: &str) -> GatewayResult<Option<PipelineState>> {
        Ok(self.world().pipeline.clone())
    }
    async fn executions(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        _: Option<&str>,
    ) -> GatewayResult<Option<Page<Execution>>> {
        let mut world = self.world();
        let page = Page { items: world.executions.clone(), next: None };
        for execution in &mut world.executions {
            if execution.status == ExecutionStatus::Stopping {
                execution.status = ExecutionStatus::Stopped;
            }
        }
        Ok(world.pipeline.is_some().then_some(page))
    }
    async fn action_executions(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        execution: &str,
    ) -> GatewayResult<Vec<ActionExecution>> {
        Ok(self.world().actions.get(execution).cloned().unwrap_or_default())
    }
    async fn start(&self, _: &ConnectionId, _: &Region, _: &str, token: &str) -> GatewayResult<Answered<String>> {
        let mut world = self.world();
        if world.pipeline.is_none() {
            let code = "PipelineNotFoundException";
            return Err(refused("StartPipelineExecution", GatewayErrorKind::NotFound, code, "not found"));
        }
        world.calls.push(format!("start {token}"));
        yes(format!("e-{token}"))
    }
    async fn stop(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        id: &str,
        _: bool,
        _: &str,
    ) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        world.calls.push(format!("stop {id}"));
        let going = world.executions.iter_mut().find(|one| one.id == id && one.status.is_going());
        let Some(going) = going else {
            let code = "PipelineExecutionNotStoppableException";
            return Err(refused("StopPipelineExecution", GatewayErrorKind::Conflict, code, "not stoppable"));
        };
        going.status = ExecutionStatus::Stopping;
        yes(())
    }
    async fn retry_stage(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        stage: &str,
        _: &str,
    ) -> GatewayResult<Answered<()>> {
        self.world().calls.push(format!("retry {stage}"));
        yes(())
    }
    async fn approve(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &str,
        waiting: &Waiting,
        verdict: Verdict,
        summary: &str,
    ) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        if let Some(code) = world.approval_fails {
            return Err(refused("PutApprovalResult", GatewayErrorKind::Conflict, code, "as told"));
        }
        world.calls.push(format!("{verdict:?} {}: {summary}", waiting.token));
        yes(())
    }
}

#[async_trait]
impl TrainingGateway for Aws {
    async fn machine_execution(
        &self,
        _: &ConnectionId,
        _: &Region,
        arn: &str,
    ) -> GatewayResult<Option<MachineExecution>> {
        let execution = MachineExecution {
            arn: arn.to_owned(),
            status: "SUCCEEDED".into(),
            started: now(),
            stopped: Some(now()),
            error: None,
            cause: None,
        };
        Ok(Some(execution))
    }
    async fn training_job(&self, _: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Option<TrainingJob>> {
        Ok(self.world().jobs.get(name).cloned())
    }
    async fn log_lines(
        &self,
        _: &ConnectionId,
        _: &Region,
        LogSlice { group, stream, since, .. }: LogSlice<'_>,
        after: Option<&str>,
    ) -> GatewayResult<Page<LogLine>> {
        let world = self.world();
        let lines: Vec<LogLine> = if world.lines.is_empty() {
            vec![LogLine { at: now(), text: format!("{group} {}", stream.unwrap_or("*")) }]
        } else {
            world.lines.clone()
        };
        let all = lines.into_iter().filter(|line| since.is_none_or(|since| line.at >= since));
        // Two lines a page; a page's token is where the next one begins.
        let from = after.and_then(|after| after.parse().ok()).unwrap_or(0_usize);
        let items: Vec<LogLine> = all.clone().skip(from).take(2).collect();
        let next = (all.count() > from + 2).then(|| (from + 2).to_string());
        Ok(Page { items, next })
    }
    async fn quota(&self, _: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Option<f64>> {
        Ok(Some(self.world().quotas.get(name).copied().unwrap_or(10.0)))
    }
}

fn named(all: &BTreeMap<String, domain::time::Timestamp>, prefix: &str) -> Vec<Named> {
    let of_prefix = all.iter().rev().filter(|(name, _)| name.starts_with(prefix));
    of_prefix.map(|(name, created)| Named { name: name.clone(), created: *created }).collect()
}

#[async_trait]
impl VersionsGateway for Aws {
    async fn endpoint_state(
        &self,
        _: &ConnectionId,
        _: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointState>> {
        let mut world = self.world();
        if name.as_str().contains("-try-") {
            let failure = world.trial_fails.map(str::to_owned);
            let Some(found) = world.trials.get_mut(name.as_str()) else { return Ok(None) };
            let (status, configuration) = found.clone();
            if status == "Creating" {
                found.0 = if failure.is_some() { "Failed".into() } else { "InService".into() };
            }
            return Ok(Some(EndpointState { status, configuration, failure, changed: None }));
        }
        let found = world.endpoint.clone();
        if found.as_ref().is_some_and(|(status, _)| status == "Deleting") {
            world.endpoint = None;
        }
        Ok(found.map(|(status, configuration)| EndpointState { status, configuration, failure: None, changed: None }))
    }
    async fn configurations(&self, _: &ConnectionId, _: &Region, prefix: &str) -> GatewayResult<Vec<Named>> {
        Ok(named(&self.world().configurations, prefix))
    }
    async fn models(&self, _: &ConnectionId, _: &Region, prefix: &str) -> GatewayResult<Vec<Named>> {
        Ok(named(&self.world().models, prefix))
    }
    async fn update_endpoint(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &EndpointName,
        configuration: &str,
    ) -> GatewayResult<Answered<()>> {
        self.world().endpoint = Some(("Updating".into(), configuration.to_owned()));
        yes(())
    }
    async fn endpoints(&self, _: &ConnectionId, _: &Region, prefix: &str) -> GatewayResult<Vec<Named>> {
        let world = self.world();
        let names = world.trials.keys().filter(|name| name.starts_with(prefix));
        Ok(names.map(|name| Named { name: name.clone(), created: now() }).collect())
    }
    async fn create_model(&self, _: &ConnectionId, _: &Region, model: &NewModel) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        world.models.insert(model.name.clone(), now());
        world.calls.push(format!("create model {} of {} as {}", model.name, model.artifact, model.role));
        yes(())
    }
    async fn create_configuration(
        &self,
        _: &ConnectionId,
        _: &Region,
        configuration: &NewConfiguration,
    ) -> GatewayResult<Answered<()>> {
        self.world().configurations.insert(configuration.name.clone(), now());
        yes(())
    }
    async fn create_endpoint(
        &self,
        _: &ConnectionId,
        _: &Region,
        name: &EndpointName,
        configuration: &str,
        _: &Tags,
    ) -> GatewayResult<Answered<()>> {
        self.world().trials.insert(name.to_string(), ("Creating".into(), configuration.to_owned()));
        yes(())
    }
    async fn delete_endpoint(&self, _: &ConnectionId, _: &Region, name: &EndpointName) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        if name.as_str().contains("-try-") {
            if world.trials.remove(name.as_str()).is_some() {
                world.calls.push(format!("delete endpoint {name}"));
            }
            return yes(());
        }
        world.calls.push(format!("delete endpoint {name}"));
        if let Some((status, _)) = &mut world.endpoint {
            *status = "Deleting".into();
        }
        yes(())
    }
    async fn delete_configuration(&self, _: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        if world.configurations.remove(name).is_some() {
            world.calls.push(format!("delete configuration {name}"));
        }
        yes(())
    }
    async fn delete_model(&self, _: &ConnectionId, _: &Region, name: &str) -> GatewayResult<Answered<()>> {
        let mut world = self.world();
        if world.models.remove(name).is_some() {
            world.calls.push(format!("delete model {name}"));
        }
        yes(())
    }
}

#[async_trait]
impl KeysGateway for Aws {
    async fn key_state(&self, _: &ConnectionId, _: &Region, _: &str) -> GatewayResult<Option<KeyState>> {
        Ok(Some(KeyState { state: "PendingDeletion".into(), deletion: Some(now().plus_ms(MONTH_MS)) }))
    }
}

#[async_trait]
impl RulesGateway for Aws {
    async fn rule_enabled(&self, _: &ConnectionId, _: &Region, rule: &str) -> GatewayResult<Option<bool>> {
        Ok(self.world().rules.get(rule).copied().unwrap_or(Some(true)))
    }
}
