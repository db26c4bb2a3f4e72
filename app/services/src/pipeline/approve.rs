//! Approving a model, by evidence: how it was trained beside the one that serves, and what is to be deployed.

use super::Pipelines;
use super::operate::{gone, told};
use crate::ports::gateway::{GatewayError, ObjectVersion, TrainingJob, Waiting};
use crate::ports::store::PipelineRecord;
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult};
use domain::names::PipelineId;
use domain::pipeline::approval::{Verdict, starter};
use domain::pipeline::data::Channel;
use domain::pipeline::evidence::{Artifact, Evidence, Trained, as_of};
use domain::pipeline::intent::PipelineIntent;
use domain::s3::Location;
use domain::wizard::FieldProblem;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// So many pages of an object's versions are looked through for the one that a training was given.
const PAGES: usize = 5;
/// So many artifacts are remembered.
const HASHES: usize = 100;
/// The stage that trains, and its action.
const TRAIN: &str = "Train";

impl Pipelines {
    /// What the model of an execution is judged by; `None` before its training has begun.
    pub async fn evidence(
        &self,
        _operator: &Operator,
        pipeline: &PipelineId,
        execution: &str,
    ) -> ServiceResult<Option<Evidence>> {
        let intent = self.record(pipeline).await?.value.intent;
        let actions = self.actions_of(&intent, execution).await?;
        let training = actions.into_iter().find(|action| action.stage == TRAIN);
        let Some(machine) = training.and_then(|action| action.external_id) else { return Ok(None) };
        let Some(candidate) = self.training_job(&intent, &machine).await? else { return Ok(None) };
        let live = self.live_job(&intent, &candidate).await?;
        let versions = self.data_versions(&intent).await?;
        let artifact = self.artifact(&intent, &candidate).await?;
        let with_data = |job: TrainingJob| Trained { data: given(&versions, &job), job };
        Ok(Some(Evidence::of(with_data(candidate), live.map(with_data), artifact)))
    }

    /// Approves or rejects the model that waits with `token`, which the page was shown. The rules decide who may, and with
    /// what words.
    pub async fn approve(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        token: &str,
        verdict: Verdict,
        comment: &str,
    ) -> ServiceResult<()> {
        let record = self.changeable(pipeline).await?;
        let (intent, place) = (&record.intent, &record.intent.shared_services);
        let (pipelines, name) = (&self.inner.gateways.pipelines, intent.prefix.as_str());
        let state = pipelines.pipeline_state(&place.connection, &intent.region, name).await?;
        let waiting = state.ok_or_else(|| gone(intent))?.waiting();
        let waiting = waiting.filter(|waiting| waiting.token == token).ok_or_else(|| ServiceError::Conflict {
            message: "this approval is no longer asked for: it was given, or another execution has taken its place"
                .into(),
            hint: "reload to see what waits now".into(),
        })?;
        self.may_decide(operator, &record, &waiting, verdict, comment).await?;
        let (connection, region, said) = (&place.connection, &intent.region, comment.trim());
        let summary = if said.is_empty() { operator.label() } else { said };
        let approved = pipelines.approve(connection, region, name, &waiting, verdict, summary).await;
        approved.map_err(|error| told(error, intent))?;
        let what = match verdict {
            Verdict::Approved => "approved a model of",
            Verdict::Rejected => "rejected a model of",
        };
        self.note(operator, pipeline, what, &format!("execution {}: {said}", waiting.execution)).await;
        Ok(())
    }

    async fn may_decide(
        &self,
        operator: &Operator,
        record: &PipelineRecord,
        waiting: &Waiting,
        verdict: Verdict,
        comment: &str,
    ) -> ServiceResult<()> {
        let (intent, place) = (&record.intent, &record.intent.shared_services);
        let pipelines = &self.inner.gateways.pipelines;
        let page = pipelines.executions(&place.connection, &intent.region, intent.prefix.as_str(), None).await?;
        let executions = page.ok_or_else(|| gone(intent))?.items;
        let execution = executions.iter().find(|execution| execution.id == waiting.execution);
        let trigger = execution.and_then(|execution| execution.trigger.as_ref());
        let starter = starter(&record.started, &record.by, &waiting.execution, trigger);
        let Some(refusal) = record.rules.refusal(verdict, comment, starter, operator.label()) else { return Ok(()) };
        let problem = FieldProblem { field: refusal.field().into(), message: refusal.to_string(), hint: None };
        Err(ServiceError::Invalid { problems: vec![problem] })
    }

    /// The training of the model that serves: it has the name of the endpoint's configuration.
    async fn live_job(
        &self,
        intent: &PipelineIntent,
        candidate: &TrainingJob,
    ) -> Result<Option<TrainingJob>, GatewayError> {
        let (versions, place) = (&self.inner.gateways.versions, &intent.production);
        let endpoint = &intent.deployment.endpoint;
        let serves = versions.endpoint_state(&place.connection, &intent.region, endpoint).await?;
        let Some(serves) = serves.filter(|serves| serves.configuration != candidate.name) else { return Ok(None) };
        let (training, place) = (&self.inner.gateways.training, &intent.training_account);
        training.training_job(&place.connection, &intent.region, &serves.configuration).await
    }

    /// The versions of the training data, of both channels.
    async fn data_versions(&self, intent: &PipelineIntent) -> Result<Vec<ObjectVersion>, GatewayError> {
        let (buckets, place) = (&self.inner.gateways.buckets, &intent.shared_services);
        let mut all = Vec::new();
        for channel in Channel::ALL {
            let below = Location { bucket: intent.bucket.clone(), key: channel.object() };
            let mut after = None::<String>;
            for _ in 0..PAGES {
                let page = buckets.versions(&place.connection, &intent.region, &below, after.as_deref()).await?;
                let Some(page) = page else { break };
                all.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// The model's file; `None` while there is none.
    async fn artifact(&self, intent: &PipelineIntent, job: &TrainingJob) -> ServiceResult<Option<Artifact>> {
        let (buckets, place) = (&self.inner.gateways.buckets, &intent.shared_services);
        let Some(uri) = &job.artifact else { return Ok(None) };
        let Some(at) = Location::parse(uri) else { return Ok(None) };
        let Some(head) = buckets.head(&place.connection, &intent.region, &at).await? else { return Ok(None) };
        if head.bytes > self.inner.settings.most_hashed {
            return Ok(Some(Artifact { uri: uri.clone(), bytes: head.bytes, sha256: None }));
        }
        let version = head.version.map(|version| (uri.clone(), version));
        let known = version.as_ref().and_then(|version| self.inner.hashes.get(version));
        let sha256 = match known {
            Some(known) => Some(known),
            None => buckets.sha256(&place.connection, &intent.region, &at).await?,
        };
        if let (Some(version), Some(sha256)) = (version, &sha256) {
            self.inner.hashes.keep(version, sha256);
        }
        Ok(Some(Artifact { uri: uri.clone(), bytes: head.bytes, sha256 }))
    }
}

/// The SHA-256 of artifacts by place and version: to know one, all of it has to be read, and a version never changes.
#[derive(Default)]
pub(super) struct Hashes(Mutex<BTreeMap<(String, String), String>>);

impl Hashes {
    fn get(&self, version: &(String, String)) -> Option<String> {
        lock(&self.0).get(version).cloned()
    }

    fn keep(&self, version: (String, String), sha256: &str) {
        let mut known = lock(&self.0);
        if known.len() >= HASHES {
            known.clear();
        }
        known.insert(version, sha256.to_owned());
    }
}

/// The versions that were the newest when a job began, by channel.
fn given(versions: &[ObjectVersion], job: &TrainingJob) -> BTreeMap<String, ObjectVersion> {
    let found = |channel: Channel| {
        let version = as_of(versions, &channel.object(), job.created)?;
        Some((channel.key().to_owned(), version.clone()))
    };
    Channel::ALL.into_iter().filter_map(found).collect()
}
