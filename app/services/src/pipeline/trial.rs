//! Trying a candidate: a temporary endpoint of its own in the production account, asked what the endpoint that serves is
//! asked, and taken away again whatever happens.
//!
//! What a try comes to is kept by the process only; what it makes has a name by which it is found again, so that nothing is
//! lost with the process but the answers.

use super::Pipelines;
use crate::ports::gateway::{EndpointState, GatewayError, NewConfiguration, NewModel, Tags, VersionsGateway};
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult};
use domain::invoke::{InvokeHeaders, InvokeOutcome, InvokeParams, Through};
use domain::names::{EndpointName, PipelineId};
use domain::pipeline::apply::Part;
use domain::pipeline::evidence::TrainingJob;
use domain::pipeline::execution::ActionStatus;
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::observed::TAG_PIPELINE;
use domain::pipeline::trial::{
    MOST_REQUESTS, TRIAL, Trial, TrialAnswer, TrialRequest, TrialState, TrialView, brief, is_trial, trial_name,
};
use domain::share::intent::InvokeAction;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a temporary endpoint may take to be taken away at shutdown.
const GRACE: Duration = Duration::from_secs(5);
/// The stage that trains.
const TRAIN: &str = "Train";

/// The tries of this process: the last one of each pipeline.
pub(super) struct Trials {
    all: Mutex<HashMap<PipelineId, Tried>>,
    stop: watch::Sender<bool>,
}

struct Tried {
    trial: Arc<Mutex<Trial>>,
    task: Option<JoinHandle<()>>,
}

impl Default for Trials {
    fn default() -> Self {
        Self { all: Mutex::default(), stop: watch::Sender::new(false) }
    }
}

impl Trials {
    /// Ends tries that are under way, and takes away what they made as far as there is time.
    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks: Vec<_> = lock(&self.all).values_mut().filter_map(|tried| tried.task.take()).collect();
        if tokio::time::timeout(GRACE, futures::future::join_all(tasks)).await.is_err() {
            tracing::warn!("a temporary endpoint could not be taken away in time; its model's page lists it");
        }
    }
}

/// What a try works with.
struct Work {
    pipelines: Pipelines,
    operator: Operator,
    intent: PipelineIntent,
    job: TrainingJob,
    role: String,
    trial: Arc<Mutex<Trial>>,
    stop: watch::Receiver<bool>,
}

/// A request that is sent to both.
struct Asked {
    name: String,
    headers: InvokeHeaders,
    body: String,
    encoding: domain::invoke::BodyEncoding,
}

impl Pipelines {
    /// This process's last try of an execution's model, and what tries have left in the production account.
    pub async fn trial(
        &self,
        _operator: &Operator,
        pipeline: &PipelineId,
        execution: &str,
    ) -> ServiceResult<TrialView> {
        let intent = self.record(pipeline).await?.value.intent;
        let last = self.last_trial(pipeline);
        let going = last.as_ref().filter(|trial| trial.state.is_going()).map(|trial| trial.name.clone());
        let left =
            self.trial_leftovers(&intent).await?.into_iter().filter(|name| Some(name) != going.as_ref()).collect();
        Ok(TrialView { trial: last.filter(|trial| trial.execution == execution), left })
    }

    /// Makes a temporary endpoint of an execution's model and asks it what the endpoint that serves is asked. Asked for a
    /// second time while it goes on, it goes on.
    pub async fn try_model(&self, operator: &Operator, pipeline: &PipelineId, execution: &str) -> ServiceResult<()> {
        let record = self.changeable(pipeline).await?;
        let job = self.trained(&record.intent, execution).await?;
        let role = record.outputs.get(&Part::Production).and_then(|outputs| outputs.get("ModelRoleArn")).cloned();
        let role = role.ok_or_else(|| ServiceError::Conflict {
            message: "the production stack's role for models is not known".into(),
            hint: "apply the pipeline once more".into(),
        })?;
        let name = trial_name(record.intent.prefix.as_str(), &job.name);
        let trial = Trial {
            execution: execution.to_owned(),
            name: name.clone(),
            state: TrialState::Starting,
            by: operator.label().to_owned(),
            started: self.inner.services.now(),
            finished: None,
            requests: Vec::new(),
            skipped: Vec::new(),
        };
        let trial = Arc::new(Mutex::new(trial));
        {
            let mut all = lock(&self.inner.trials.all);
            if all.get(pipeline).is_some_and(|tried| lock(&tried.trial).state.is_going()) {
                return Ok(());
            }
            let stop = self.inner.trials.stop.subscribe();
            let (pipelines, operator, intent) = (self.clone(), operator.clone(), record.intent.clone());
            let work = Work { pipelines, operator, intent, job, role, trial: trial.clone(), stop };
            let task = Some(tokio::spawn(work.run()));
            all.insert(pipeline.clone(), Tried { trial, task });
        }
        self.note(operator, pipeline, "tried a model of", &format!("execution {execution}, as endpoint {name}")).await;
        Ok(())
    }

    /// Takes away what tries have left.
    pub async fn clear_trials(&self, operator: &Operator, pipeline: &PipelineId) -> ServiceResult<()> {
        let record = self.changeable(pipeline).await?;
        if self.last_trial(pipeline).is_some_and(|trial| trial.state.is_going()) {
            return Err(ServiceError::Conflict {
                message: "a model of this pipeline is being tried".into(),
                hint: "wait until that is done: it takes away what it made by itself".into(),
            });
        }
        let left = self.trial_leftovers(&record.intent).await?;
        for name in &left {
            self.take_trial_away(&record.intent, name).await?;
        }
        let names = left.into_iter().collect::<Vec<_>>().join(", ");
        self.note(operator, pipeline, "took away what tries left of", &names).await;
        Ok(())
    }

    fn last_trial(&self, pipeline: &PipelineId) -> Option<Trial> {
        lock(&self.inner.trials.all).get(pipeline).map(|tried| lock(&tried.trial).clone())
    }

    /// The training job of an execution, once it is done.
    async fn trained(&self, intent: &PipelineIntent, execution: &str) -> ServiceResult<TrainingJob> {
        let actions = self.actions_of(intent, execution).await?;
        let done = |action: &crate::ports::gateway::ActionExecution| {
            action.stage == TRAIN && action.status == ActionStatus::Succeeded
        };
        let machine = actions.into_iter().find(done).and_then(|action| action.external_id);
        let job = match machine {
            Some(machine) => self.training_job(intent, &machine).await?,
            None => None,
        };
        job.filter(|job| job.artifact.is_some()).ok_or_else(|| ServiceError::Conflict {
            message: "there is no model to try: this execution's training is not done".into(),
            hint: "wait until it is trained".into(),
        })
    }

    /// The names of what tries have made and is there still.
    pub(super) async fn trial_leftovers(&self, intent: &PipelineIntent) -> Result<BTreeSet<String>, GatewayError> {
        let (versions, connection) = (&self.inner.gateways.versions, &intent.production.connection);
        let (region, prefix) = (&intent.region, format!("{}-{TRIAL}", intent.prefix));
        let (endpoints, configurations, models) = tokio::try_join!(
            versions.endpoints(connection, region, &prefix),
            versions.configurations(connection, region, &prefix),
            versions.models(connection, region, &prefix),
        )?;
        let names = [endpoints, configurations, models].into_iter().flatten().map(|named| named.name);
        // Versions of a pipeline whose prefix goes on with the same word are none of this one's.
        Ok(names.filter(|name| is_trial(intent.prefix.as_str(), name)).collect())
    }

    /// Takes a temporary endpoint away, with its configuration and its model. One that is being made has to be waited for.
    pub(super) async fn take_trial_away(&self, intent: &PipelineIntent, name: &str) -> ServiceResult<()> {
        let (versions, connection) = (&self.inner.gateways.versions, &intent.production.connection);
        let (region, endpoint) = (&intent.region, endpoint_name(name)?);
        self.settled(intent, &endpoint, None).await?;
        versions.delete_endpoint(connection, region, &endpoint).await?;
        versions.delete_configuration(connection, region, name).await?;
        versions.delete_model(connection, region, name).await?;
        Ok(())
    }

    /// Waits until an endpoint is no longer on its way from one state to the next; gives its state, if it is there.
    async fn settled(
        &self,
        intent: &PipelineIntent,
        endpoint: &EndpointName,
        mut stop: Option<watch::Receiver<bool>>,
    ) -> ServiceResult<Option<EndpointState>> {
        let (versions, connection) = (&self.inner.gateways.versions, &intent.production.connection);
        let until = tokio::time::Instant::now() + self.inner.settings.patience;
        loop {
            let found = versions.endpoint_state(connection, &intent.region, endpoint).await?;
            let moves =
                |state: &EndpointState| !matches!(state.status.as_str(), "InService" | "Failed" | "OutOfService");
            if !found.as_ref().is_some_and(moves) {
                return Ok(found);
            }
            if tokio::time::Instant::now() >= until {
                return Err(ServiceError::Conflict {
                    message: format!("the endpoint `{endpoint}` is still not settled"),
                    hint: "look at it again later".into(),
                });
            }
            let pause = tokio::time::sleep(self.inner.settings.poll);
            match &mut stop {
                None => pause.await,
                Some(stop) => {
                    tokio::select! {
                        () = pause => {}
                        _ = stop.wait_for(|stop| *stop) => return Err(stopped()),
                    }
                }
            }
        }
    }
}

impl Work {
    async fn run(self) {
        let came = self.ask().await;
        self.change(|trial| trial.state = TrialState::Cleaning);
        let name = lock(&self.trial).name.clone();
        let cleared = self.pipelines.take_trial_away(&self.intent, &name).await;
        let finished = self.pipelines.inner.services.now();
        let state = match (came, cleared) {
            (Ok(()), Ok(())) => TrialState::Done,
            (Err(error), Ok(())) => TrialState::Failed { message: error.to_string() },
            (Ok(()), Err(error)) => {
                TrialState::Failed { message: format!("`{name}` could not be taken away: {error}") }
            }
            (Err(error), Err(left)) => {
                TrialState::Failed { message: format!("{error}; and `{name}` could not be taken away: {left}") }
            }
        };
        self.change(|trial| {
            trial.state = state;
            trial.finished = Some(finished);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Trial)) {
        change(&mut lock(&self.trial));
    }

    async fn ask(&self) -> ServiceResult<()> {
        let requests = self.requests().await?;
        self.make().await?;
        self.change(|trial| trial.state = TrialState::Asking);
        let name = endpoint_name(&lock(&self.trial).name.clone())?;
        let intent = &self.intent;
        let versions = &self.pipelines.inner.gateways.versions;
        let live = &intent.deployment.endpoint;
        let serves = versions.endpoint_state(&intent.production.connection, &intent.region, live).await?;
        for asked in requests {
            if *self.stop.borrow() {
                return Err(stopped());
            }
            let request = self.send(&asked, &name, serves.is_some().then_some(live)).await;
            self.change(|trial| trial.requests.push(request));
        }
        Ok(())
    }

    /// Makes the temporary endpoint, and waits until it serves. What an earlier try left is taken away first: it may be
    /// half made.
    async fn make(&self) -> ServiceResult<()> {
        let (name, intent) = (lock(&self.trial).name.clone(), &self.intent);
        self.pipelines.take_trial_away(intent, &name).await?;
        let versions: &Arc<dyn VersionsGateway> = &self.pipelines.inner.gateways.versions;
        let (connection, region, endpoint) = (&intent.production.connection, &intent.region, endpoint_name(&name)?);
        let tags: Tags = [(TAG_PIPELINE.to_owned(), intent.prefix.to_string())].into();
        let model = NewModel {
            name: name.clone(),
            role: self.role.clone(),
            image: self.job.image.clone(),
            artifact: self.job.artifact.clone().unwrap_or_default(),
            tags: tags.clone(),
        };
        versions.create_model(connection, region, &model).await?;
        let configuration = NewConfiguration {
            name: name.clone(),
            model: name.clone(),
            instance_type: intent.deployment.instance_type.clone(),
            tags: tags.clone(),
        };
        versions.create_configuration(connection, region, &configuration).await?;
        versions.create_endpoint(connection, region, &endpoint, &name, &tags).await?;
        let state = self.pipelines.settled(intent, &endpoint, Some(self.stop.clone())).await?;
        match state {
            Some(state) if state.status == "InService" => Ok(()),
            state => {
                let why = state.and_then(|state| state.failure).unwrap_or_else(|| "no reason was given".into());
                Err(ServiceError::Conflict {
                    message: format!("the temporary endpoint could not be made: {why}"),
                    hint: "the deployment would fail the same way".into(),
                })
            }
        }
    }

    /// Saved requests of the endpoint that serves, with the values that their variables have by themselves; without any the
    /// first rows that the model was tried on.
    async fn requests(&self) -> ServiceResult<Vec<Asked>> {
        let services = &self.pipelines.inner.services;
        let endpoint = &self.intent.deployment.endpoint;
        let folders = services.saved_requests(&self.operator, endpoint.as_str()).await?.folders;
        let own = folders.into_iter().filter(|folder| folder.endpoint == *endpoint).flat_map(|folder| folder.requests);
        let (mut requests, mut skipped) = (Vec::new(), Vec::new());
        for summary in own {
            let what = services.saved_request(&self.operator, &summary.id).await?.request.what;
            let values = BTreeMap::new();
            if requests.len() >= MOST_REQUESTS {
                skipped.push(format!("{}: {MOST_REQUESTS} are sent at most", what.name));
                continue;
            }
            if what.way != InvokeAction::Invoke {
                skipped.push(format!("{}: it is not a real-time call", what.name));
                continue;
            }
            // A text may be empty, but nobody has said that it is.
            let unsaid = what.variables.iter().any(|variable| variable.default.is_empty());
            if unsaid || !what.check_values(&values).is_empty() {
                skipped.push(format!("{}: its variables have no values of their own", what.name));
                continue;
            }
            match what.request(self.through(), &values) {
                Ok(InvokeParams { headers, body, encoding, .. }) => {
                    requests.push(Asked { name: what.name, headers, body, encoding });
                }
                Err(problem) => skipped.push(format!("{}: {problem}", what.name)),
            }
        }
        self.change(|trial| trial.skipped = skipped);
        if requests.is_empty() { self.rows().await } else { Ok(requests) }
    }

    async fn rows(&self) -> ServiceResult<Vec<Asked>> {
        let rows = self.pipelines.validation_rows(&self.intent).await?;
        let rows = rows.into_iter().enumerate().map(|(at, body)| Asked {
            name: format!("Row {} of the validation data", at + 1),
            headers: InvokeHeaders { content_type: "text/csv".into(), ..InvokeHeaders::default() },
            body,
            encoding: domain::invoke::BodyEncoding::Text,
        });
        let rows: Vec<Asked> = rows.collect();
        if rows.is_empty() {
            return Err(ServiceError::Conflict {
                message: format!(
                    "there is nothing to send: no request of `{}` is saved",
                    self.intent.deployment.endpoint
                ),
                hint: "save one in the playground".into(),
            });
        }
        Ok(rows)
    }

    fn through(&self) -> Through {
        let place = &self.intent.production;
        Through::Direct { connection: place.connection.clone(), region: self.intent.region.clone() }
    }

    async fn send(&self, asked: &Asked, candidate: &EndpointName, live: Option<&EndpointName>) -> TrialRequest {
        let services = &self.pipelines.inner.services;
        let to = |endpoint: &EndpointName| InvokeParams {
            through: self.through(),
            endpoint: endpoint.clone(),
            headers: asked.headers.clone(),
            body: asked.body.clone(),
            encoding: asked.encoding,
        };
        let (live, candidate, difference) = match live {
            Some(live) => {
                let both = services.compare(&self.operator, to(live), to(candidate)).await;
                (Some(told(both.left)), told(both.right), both.difference)
            }
            None => (None, told(services.invoke(&self.operator, to(candidate)).await), None),
        };
        TrialRequest { name: asked.name.clone(), sent: brief(&asked.body), live, candidate, difference }
    }
}

fn told(outcome: ServiceResult<InvokeOutcome>) -> TrialAnswer {
    match outcome {
        Err(error) => TrialAnswer::Refused(error.to_string()),
        Ok(outcome) => match outcome.result {
            Ok(answer) => TrialAnswer::Answered(
                answer.text.as_deref().map_or_else(|| format!("{} bytes that are no text", answer.bytes), brief),
            ),
            Err(failure) => TrialAnswer::Refused(brief(&format!("{}: {}", failure.code, failure.message))),
        },
    }
}

fn endpoint_name(name: &str) -> ServiceResult<EndpointName> {
    EndpointName::parse(name)
        .map_err(|error| ServiceError::Conflict { message: error.to_string(), hint: "choose a shorter prefix".into() })
}

fn stopped() -> ServiceError {
    ServiceError::Conflict {
        message: "the console was stopped meanwhile".into(),
        hint: "try the model once more".into(),
    }
}
