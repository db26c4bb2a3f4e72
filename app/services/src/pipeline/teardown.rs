//! Taking a pipeline away: what stands is listed first, in all three accounts, and only what was listed goes.

mod steps;

use super::Pipelines;
use super::runs::{NewRun, lease_key};
use crate::drafts::fresh;
use crate::ports::gateway::Named;
use crate::ports::store::PipelineRecord;
use crate::sessions::text_digest;
use crate::{Operator, ServiceError, ServiceResult, uncancelled};
use domain::names::{ConnectionId, PipelineId, RunId};
use domain::pipeline::apply::{Contents, Lane, Part, Standing, StandingStack, teardown};
use domain::pipeline::data::Channel;
use domain::pipeline::execution::is_version;
use domain::pipeline::intent::{PipelineIntent, Source};
use domain::pipeline::stacks::TEMPLATE;
use domain::pipeline::trial::{TRIAL, is_trial};
use domain::pipeline::view::{PipelineRunKind, PipelineStatus, TeardownForm, TeardownView};
use domain::s3::Location;
use domain::wizard::FieldProblem;

/// So many pages of a bucket are counted; whoever has more is told that there are more.
const PAGES: usize = 20;
/// So many executions of the pipeline are looked through for one that goes on.
const EXECUTIONS: usize = 2;

impl Pipelines {
    /// What would be taken away, and what would stay; changes nothing. What stands of a run that failed is in it too.
    pub async fn teardown(&self, _operator: &Operator, pipeline: &PipelineId) -> ServiceResult<TeardownView> {
        let record = self.record(pipeline).await?.value;
        self.dry_run(&record).await
    }

    /// Takes away what the dry run with this fingerprint showed; gives the run. The bucket's and the endpoint's name have to
    /// be typed where the dry run says so.
    pub async fn tear_down(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        fingerprint: &str,
        form: &TeardownForm,
    ) -> ServiceResult<RunId> {
        self.take_away(operator, pipeline, Some(fingerprint), form).await
    }

    /// Takes away what an unfinished apply has made; gives the run. Refused as `Invalid` where there is more than what
    /// applying makes, and names have to be typed: that is a tear-down.
    pub async fn roll_back(&self, operator: &Operator, pipeline: &PipelineId) -> ServiceResult<RunId> {
        self.take_away(operator, pipeline, None, &TeardownForm::default()).await
    }

    async fn take_away(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        fingerprint: Option<&str>,
        form: &TeardownForm,
    ) -> ServiceResult<RunId> {
        let key = lease_key(&self.record(pipeline).await?.value.intent);
        let run: RunId = fresh(RunId::parse)?;
        let (pipelines, operator, pipeline) = (self.clone(), operator.clone(), pipeline.clone());
        let (fingerprint, form) = (fingerprint.map(str::to_owned), form.clone());
        uncancelled(async move {
            pipelines.take_lease(&key, &run).await?;
            let begun = pipelines.take_away_leased(&operator, &pipeline, fingerprint.as_deref(), &form, &run).await;
            if begun.is_err() {
                pipelines.inner.services.give_back(&key, &run).await;
            }
            begun.map(|()| run)
        })
        .await
    }

    async fn take_away_leased(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        fingerprint: Option<&str>,
        form: &TeardownForm,
        run: &RunId,
    ) -> ServiceResult<()> {
        self.refuse_second_run(pipeline).await?;
        let record = self.record(pipeline).await?.value;
        let kind = match (fingerprint, record.status) {
            (None, PipelineStatus::Incomplete) => PipelineRunKind::RollBack,
            (None, _) => {
                return Err(ServiceError::Conflict {
                    message: "only what an unfinished run has made is rolled back".into(),
                    hint: "take the pipeline away instead".into(),
                });
            }
            (Some(_), _) => PipelineRunKind::TearDown,
        };
        self.still_lead_there(&record.intent).await?;
        let dry_run = self.dry_run(&record).await?;
        if fingerprint.is_some_and(|fingerprint| fingerprint != dry_run.fingerprint) {
            return Err(ServiceError::Conflict {
                message: "the accounts have changed since this was shown".into(),
                hint: "look at what would be taken away once more".into(),
            });
        }
        let problems = untyped(&dry_run, form);
        if !problems.is_empty() {
            return Err(ServiceError::Invalid { problems });
        }
        let (intent, table, plan, outputs) = (record.intent, record.table, dry_run.plan, record.outputs);
        self.launch(operator, NewRun { id: run, pipeline, kind, intent, table, plan, outputs }).await
    }

    async fn dry_run(&self, record: &PipelineRecord) -> ServiceResult<TeardownView> {
        let (intent, standing) = (&record.intent, self.standing(record).await?);
        let plan = teardown(intent, &standing);
        // What applying puts there can go without more ado, as long as nothing was made with it.
        let full = record.status != PipelineStatus::Incomplete;
        let fills = standing.bucket.is_some_and(|held| held.versions > 0 && (full || held.others > 0 || held.more));
        Ok(TeardownView {
            stays: stays(intent, &standing),
            type_bucket: (fills && plan.steps.iter().any(|step| step.id == "empty")).then(|| intent.bucket.clone()),
            type_endpoint: standing.endpoint.then(|| intent.deployment.endpoint.to_string()),
            fingerprint: text_digest(&serde_json::to_string(&plan).unwrap_or_default()),
            plan,
            standing,
        })
    }

    /// What stands of a pipeline in the three accounts.
    async fn standing(&self, record: &PipelineRecord) -> ServiceResult<Standing> {
        let (pipeline, intent, mut standing) = (&record.id, &record.intent, Standing::default());
        for part in Part::ALL {
            if let Some(stack) = self.standing_stack(pipeline, intent, part).await? {
                standing.stacks.insert(part, stack);
            }
        }
        let shared = &intent.shared_services.connection;
        // Where the stack could not make them, what has these names is another's.
        let has = |made: &str| {
            let stack = standing.stacks.get(&Part::SharedServices).filter(|stack| stack.ours);
            stack.is_some_and(|stack| stack.resources.contains_key(made))
        };
        let (has_bucket, has_pipeline) = (has("Bucket"), has("Pipeline"));
        if has_bucket {
            standing.bucket = self.contents(shared, intent).await?;
        }
        if has_pipeline {
            standing.executing = self.executing(shared, intent).await?;
        }
        let (versions, place) = (&self.inner.gateways.versions, &intent.production);
        let (connection, region, prefix) = (&place.connection, &intent.region, format!("{}-", intent.prefix));
        let endpoint = versions.endpoint_state(connection, region, &intent.deployment.endpoint).await?;
        let base = intent.prefix.as_str();
        let own = |name: &str| is_version(base, name);
        standing.endpoint = endpoint.is_some_and(|endpoint| own(&endpoint.configuration));
        // Only what the pipeline's function made: its production stack is what shows that there was one, or that it was
        // made once, where somebody has deleted it since.
        let function = match standing.stacks.get(&Part::Production) {
            Some(stack) => stack.ours,
            None => record.outputs.contains_key(&Part::Production),
        };
        if function || standing.endpoint {
            let names = |all: Vec<Named>| {
                all.into_iter().map(|named| named.name).filter(|name| own(name) || is_trial(base, name)).collect()
            };
            let trial = format!("{prefix}{TRIAL}");
            standing.trials = names(versions.endpoints(connection, region, &trial).await?);
            standing.configurations = names(versions.configurations(connection, region, &prefix).await?);
            standing.models = names(versions.models(connection, region, &prefix).await?);
        }
        Ok(standing)
    }

    async fn standing_stack(
        &self,
        pipeline: &PipelineId,
        intent: &PipelineIntent,
        part: Part,
    ) -> ServiceResult<Option<StandingStack>> {
        let (stacks, connection) = (&self.inner.gateways.stacks, &part.lane().place(intent).connection);
        let name = part.name(intent);
        let Some(found) = stacks.stack(connection, &intent.region, &name).await? else { return Ok(None) };
        if found.state.is_gone() {
            return Ok(None);
        }
        let resources = stacks.stack_resources(connection, &intent.region, &name).await?;
        // What could not be made may have the name of something that was there before.
        let made = resources.into_iter().filter(|resource| resource.status != "CREATE_FAILED");
        let named = made.filter_map(|resource| Some((resource.logical_id, resource.physical_id?)));
        let ours = part.is_ours(&found, pipeline, intent);
        Ok(Some(StandingStack { name, state: found.state, ours, resources: named.collect() }))
    }

    async fn contents(&self, connection: &ConnectionId, intent: &PipelineIntent) -> ServiceResult<Option<Contents>> {
        let all = Location { bucket: intent.bucket.clone(), key: String::new() };
        let own: Vec<String> = Channel::ALL.map(Channel::object).into_iter().chain([TEMPLATE.to_owned()]).collect();
        let (mut contents, mut after) = (Contents::default(), None::<String>);
        for _ in 0..PAGES {
            let buckets = &self.inner.gateways.buckets;
            let page = buckets.versions(connection, &intent.region, &all, after.as_deref()).await?;
            let Some(page) = page else { return Ok(None) };
            for version in page.items {
                contents.versions += 1;
                contents.bytes += version.bytes;
                contents.others += u64::from(!own.contains(&version.key));
            }
            after = page.next;
            if after.is_none() {
                return Ok(Some(contents));
            }
        }
        Ok(Some(Contents { more: true, ..contents }))
    }

    /// Executions of the pipeline that have not ended.
    pub(super) async fn executing(
        &self,
        connection: &ConnectionId,
        intent: &PipelineIntent,
    ) -> Result<Vec<String>, crate::ports::gateway::GatewayError> {
        let (pipelines, name) = (&self.inner.gateways.pipelines, intent.prefix.as_str());
        let (mut going, mut after) = (Vec::new(), None::<String>);
        for _ in 0..EXECUTIONS {
            let Some(page) = pipelines.executions(connection, &intent.region, name, after.as_deref()).await? else {
                break;
            };
            going.extend(page.items.into_iter().filter(|one| one.status.is_going()).map(|one| one.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(going)
    }
}

/// The rule through which Step Functions hears of training jobs that end.
///
/// Source: Step Functions developer guide, "IAM policies for integrated services", Amazon SageMaker AI.
const TRAINING_EVENTS: &str = "StepFunctionsGetEventsForSageMakerTrainingJobsRule";

/// What no step takes away, in words.
fn stays(intent: &PipelineIntent, standing: &Standing) -> Vec<String> {
    let mut stays = Vec::new();
    for (part, stack) in standing.stacks.iter().filter(|(_, stack)| !stack.ours) {
        let account = &part.lane().place(intent).account;
        stays.push(format!("the stack `{}` of account {account}, which this pipeline did not make", stack.name));
    }
    if standing.stacks.contains_key(&Part::SharedServices) {
        let account = &Lane::SharedServices.place(intent).account;
        stays.push(format!(
            "the key of account {account}, for the 30 days for which its deletion can be cancelled; without it nothing \
             that it encrypted can be read"
        ));
        if let Source::Repository { name, .. } = &intent.source {
            stays.push(format!("clones of the repository `{name}`: the repository itself goes, with its history"));
        }
    }
    if standing.stacks.contains_key(&Part::Training) || standing.stacks.contains_key(&Part::Production) {
        stays.push("training jobs, which SageMaker keeps for good, and the log groups of jobs and endpoints".into());
    }
    if standing.stacks.contains_key(&Part::Workflow) {
        let account = &Lane::Training.place(intent).account;
        stays.push(format!(
            "the rule `{TRAINING_EVENTS}` of account {account}, which Step Functions makes once for all state machines"
        ));
    }
    stays
}

/// Names that have to be typed, and were not.
fn untyped(dry_run: &TeardownView, form: &TeardownForm) -> Vec<FieldProblem> {
    let asked = [("bucket", &dry_run.type_bucket, &form.bucket), ("endpoint", &dry_run.type_endpoint, &form.endpoint)];
    let wrong = asked.into_iter().filter_map(|(field, name, typed)| {
        let name = name.as_ref().filter(|name| **name != typed.trim())?;
        Some(FieldProblem {
            field: field.into(),
            message: match typed.trim() {
                "" => format!("the {field}'s name has to be typed"),
                typed => format!("`{typed}` is not the {field}'s name"),
            },
            hint: Some(format!("type `{name}`: it goes with all that is in it or served by it")),
        })
    });
    wrong.collect()
}
