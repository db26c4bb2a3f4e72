//! A pipeline that stands: what it does, what it has done, and what can be asked of it.

use super::Pipelines;
use crate::ports::gateway::{ActionExecution, Execution, GatewayError, TrainingJob};
use crate::ports::store::PipelineRecord;
use crate::{Operator, ServiceError, ServiceResult};
use domain::endpoint::Page;
use domain::names::PipelineId;
use domain::pipeline::execution::{Doing, version_of};
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::view::{IdleRule, PipelineStatus, PipelineView, Trigger};
use futures::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};

/// So many pipelines are asked at once.
const ASKED: usize = 8;
/// So many starts are remembered with their people.
const STARTS: usize = 100;
/// The longest reason that StopPipelineExecution takes.
const REASON: usize = 200;

impl Pipelines {
    /// A pipeline with its stages as they stand. One that was deleted past the console has none.
    pub async fn pipeline(&self, operator: &Operator, pipeline: &PipelineId) -> ServiceResult<PipelineView> {
        let record = self.record(pipeline).await?.value;
        let (name, place) = (record.intent.prefix.as_str(), &record.intent.shared_services);
        let pipelines = &self.inner.gateways.pipelines;
        let state = pipelines.pipeline_state(&place.connection, &record.intent.region, name).await?;
        Ok(PipelineView {
            id: record.id,
            status: record.status,
            last_run: record.last_run,
            outputs: record.outputs,
            rules: record.rules,
            waiting: state.as_ref().and_then(|state| state.waiting()),
            started: record.started,
            applied_by: record.by,
            you: operator.label().to_owned(),
            start_token: uuid::Uuid::now_v7().to_string(),
            state,
            intent: record.intent,
        })
    }

    /// What those of the pipelines that stand are at, or all that do. Those that can't be asked are left out.
    pub async fn doing(
        &self,
        _operator: &Operator,
        of: Option<&[PipelineId]>,
    ) -> ServiceResult<BTreeMap<PipelineId, Doing>> {
        let records = self.inner.stores.pipelines.list().await?.into_iter().map(|record| record.value);
        let records = records.filter(|record| of.is_none_or(|of| of.contains(&record.id)));
        let asked = records.filter(|record| record.status == PipelineStatus::Ready).map(|record| async move {
            let (name, place) = (record.intent.prefix.as_str(), &record.intent.shared_services);
            let pipelines = &self.inner.gateways.pipelines;
            let state = pipelines.pipeline_state(&place.connection, &record.intent.region, name).await;
            let state = state.inspect_err(|error| tracing::info!(%error, "a pipeline can't be asked")).ok()?;
            Some((record.id, Doing::of(state.as_ref())))
        });
        let found = futures::stream::iter(asked).buffer_unordered(ASKED).filter_map(std::future::ready);
        Ok(found.collect().await)
    }

    /// Rules of the pipeline that start nothing: disabled or deleted past the console. What can't be asked is not told.
    pub async fn idle_rules(&self, _operator: &Operator, pipeline: &PipelineId) -> ServiceResult<Vec<IdleRule>> {
        let record = self.record(pipeline).await?.value;
        if record.status != PipelineStatus::Ready {
            return Ok(Vec::new());
        }
        let (intent, rules) = (&record.intent, &self.inner.gateways.rules);
        let asked = Trigger::ALL.map(|trigger| async move {
            let rule = trigger.rule(&intent.prefix);
            match rules.rule_enabled(&intent.shared_services.connection, &intent.region, &rule).await {
                Ok(Some(true)) => None,
                Ok(enabled) => Some(IdleRule { trigger, rule, there: enabled.is_some() }),
                Err(error) => {
                    tracing::info!(%error, "a rule can't be asked");
                    None
                }
            }
        });
        Ok(futures::future::join_all(asked).await.into_iter().flatten().collect())
    }

    /// A page of its executions, the newest first.
    pub async fn executions(
        &self,
        _operator: &Operator,
        pipeline: &PipelineId,
        after: Option<&str>,
    ) -> ServiceResult<Page<Execution>> {
        let intent = self.record(pipeline).await?.value.intent;
        let place = &intent.shared_services;
        let pipelines = &self.inner.gateways.pipelines;
        let page = pipelines.executions(&place.connection, &intent.region, intent.prefix.as_str(), after).await?;
        page.ok_or_else(|| gone(&intent))
    }

    /// The actions of an execution, the newest first.
    pub async fn actions(
        &self,
        _operator: &Operator,
        pipeline: &PipelineId,
        execution: &str,
    ) -> ServiceResult<Vec<ActionExecution>> {
        self.actions_of(&self.record(pipeline).await?.value.intent, execution).await
    }

    pub(super) async fn actions_of(
        &self,
        intent: &PipelineIntent,
        execution: &str,
    ) -> ServiceResult<Vec<ActionExecution>> {
        let (connection, region) = (&intent.shared_services.connection, &intent.region);
        let (pipelines, name) = (&self.inner.gateways.pipelines, intent.prefix.as_str());
        let actions = pipelines.action_executions(connection, region, name, execution).await;
        let actions = actions.map_err(|error| told(error, intent))?;
        // A pipeline that is gone has none either.
        if actions.is_empty() && pipelines.pipeline_state(connection, region, name).await?.is_none() {
            return Err(gone(intent));
        }
        Ok(actions)
    }

    /// The training job of an execution of the state machine.
    pub(super) async fn training_job(
        &self,
        intent: &PipelineIntent,
        machine_execution: &str,
    ) -> Result<Option<TrainingJob>, GatewayError> {
        let Some(name) = version_of(intent.prefix.as_str(), machine_execution) else { return Ok(None) };
        let place = &intent.training_account;
        self.inner.gateways.training.training_job(&place.connection, &intent.region, &name).await
    }

    /// Starts an execution; gives its ID. `token` is the page's: the same one sent twice starts once.
    pub async fn start(&self, operator: &Operator, pipeline: &PipelineId, token: &str) -> ServiceResult<String> {
        let record = self.changeable(pipeline).await?;
        let (intent, place) = (&record.intent, &record.intent.shared_services);
        let (pipelines, name) = (&self.inner.gateways.pipelines, intent.prefix.as_str());
        let started = pipelines.start(&place.connection, &intent.region, name, token).await;
        let execution = started.map_err(|error| told(error, intent))?.value;
        let by = operator.label().to_owned();
        // IDs don't sort by time: of too many, those go that CodePipeline does not list among the newest.
        let newest = if record.started.len() < STARTS {
            None
        } else {
            let page = pipelines.executions(&place.connection, &intent.region, name, None).await?;
            page.map(|page| page.items.into_iter().map(|execution| execution.id).collect::<BTreeSet<_>>())
        };
        // Who started it decides who may approve it, so it must not be lost with a browser's connection.
        let (this, id, started) = (self.clone(), pipeline.clone(), execution.clone());
        crate::uncancelled(async move {
            this.change_record(&id, |record| {
                if let Some(newest) = &newest {
                    record.started.retain(|execution, _| newest.contains(execution));
                }
                record.started.insert(started.clone(), by.clone());
            })
            .await
        })
        .await?;
        self.note(operator, pipeline, "started", &execution).await;
        Ok(execution)
    }

    /// Stops an execution: with `abandon` without waiting for the actions that are under way.
    pub async fn stop(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        execution: &str,
        abandon: bool,
        reason: &str,
    ) -> ServiceResult<()> {
        let record = self.changeable(pipeline).await?;
        let (intent, place) = (&record.intent, &record.intent.shared_services);
        let (pipelines, name) = (&self.inner.gateways.pipelines, intent.prefix.as_str());
        let reason: String = reason.trim().chars().take(REASON).collect();
        let stopped = pipelines.stop(&place.connection, &intent.region, name, execution, abandon, &reason).await;
        stopped.map_err(|error| told(error, intent))?;
        self.note(operator, pipeline, "stopped an execution of", execution).await;
        Ok(())
    }

    /// Runs the failed actions of a stage once more.
    pub async fn retry_stage(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        execution: &str,
        stage: &str,
    ) -> ServiceResult<()> {
        let record = self.changeable(pipeline).await?;
        let (intent, place) = (&record.intent, &record.intent.shared_services);
        let (pipelines, name) = (&self.inner.gateways.pipelines, intent.prefix.as_str());
        let retried = pipelines.retry_stage(&place.connection, &intent.region, name, stage, execution).await;
        retried.map_err(|error| told(error, intent))?;
        self.note(operator, pipeline, &format!("retried stage {stage} of"), execution).await;
        Ok(())
    }

    /// A pipeline's record, once its connections are known to lead where they did.
    pub(super) async fn changeable(&self, pipeline: &PipelineId) -> ServiceResult<PipelineRecord> {
        let record = self.record(pipeline).await?.value;
        self.still_lead_there(&record.intent).await?;
        Ok(record)
    }
}

/// The pipeline was deleted past the console.
pub(super) fn gone(intent: &PipelineIntent) -> ServiceError {
    ServiceError::Conflict {
        message: format!("account {} has no pipeline `{}` any more", intent.shared_services.account, intent.prefix),
        hint: "edit it and apply, which makes what is missing; or take away what is left of it".into(),
    }
}

/// What CodePipeline refused, in words that say what happened meanwhile.
pub(super) fn told(error: GatewayError, intent: &PipelineIntent) -> ServiceError {
    let conflict = |message: &str, hint: &str| ServiceError::Conflict { message: message.into(), hint: hint.into() };
    match error.code.as_str() {
        "PipelineNotFoundException" => gone(intent),
        "ApprovalAlreadyCompletedException" => {
            conflict("somebody has approved or rejected this already", "reload to see what was decided")
        }
        "InvalidApprovalTokenException" => conflict(
            "this approval is no longer asked for: another execution has taken its place",
            "reload to see what waits now",
        ),
        "StageNotRetryableException" | "NotLatestPipelineExecutionException" => conflict(
            "this stage can't be retried: it did not fail, or another execution has come since",
            "reload to see where it stands",
        ),
        "PipelineExecutionNotStoppableException" | "DuplicatedStopRequestException" => {
            conflict("this execution has ended, or is being stopped already", "reload to see where it stands")
        }
        _ => error.into(),
    }
}
