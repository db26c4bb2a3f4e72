//! Pipelines as records: read, listed, changed, forgotten.

use super::Pipelines;
use crate::activity::Happened;
use crate::ports::store::{PipelineRecord, StoreError, Versioned};
use crate::{Operator, ServiceError, ServiceResult};
use domain::names::PipelineId;
use domain::pipeline::apply::Lane;
use domain::pipeline::approval::{ApprovalRefusal, ApprovalRules, starter};
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::view::{PipelineStatus, PipelineSummary};
use domain::wizard::FieldProblem;

/// How often a record is written anew because someone else wrote it at the same time.
const WRITES: u32 = 5;

impl Pipelines {
    /// All pipelines, the newest first; also those that are gone, until they are forgotten.
    pub async fn pipelines(&self, _operator: &Operator) -> ServiceResult<Vec<PipelineSummary>> {
        let records = self.inner.stores.pipelines.list().await?;
        let summary = |Versioned { value, changed, .. }: Versioned<PipelineRecord>| PipelineSummary {
            prefix: value.intent.prefix.to_string(),
            status: value.status,
            accounts: Lane::ALL.map(|lane| lane.place(&value.intent).account.clone()),
            changed,
            id: value.id,
        };
        Ok(records.into_iter().map(summary).collect())
    }

    /// Says what an approval has to keep to from now on. Whoever started an execution that is under way can't lift the
    /// rule that somebody else approves it.
    pub async fn set_approval_rules(
        &self,
        operator: &Operator,
        pipeline: &PipelineId,
        rules: ApprovalRules,
    ) -> ServiceResult<()> {
        let before = self.record(pipeline).await?.value;
        if before.rules.loosened_by(rules)
            && let Some(execution) = self.started_by(&before, operator).await?
        {
            let refusal = ApprovalRefusal::Lifts(execution);
            let problem = FieldProblem { field: refusal.field().into(), message: refusal.to_string(), hint: None };
            return Err(ServiceError::Invalid { problems: vec![problem] });
        }
        self.change_record(pipeline, |record| record.rules = rules).await?;
        let said = match (rules.someone_else, rules.comment) {
            (true, true) => "by someone else than who started it, with a comment",
            (true, false) => "by someone else than who started it",
            (false, true) => "with a comment",
            (false, false) => "by anyone",
        };
        self.note(operator, pipeline, "changed who approves models of", said).await;
        Ok(())
    }

    /// An execution under way that somebody started, if there is one.
    async fn started_by(&self, record: &PipelineRecord, operator: &Operator) -> ServiceResult<Option<String>> {
        let (intent, place) = (&record.intent, &record.intent.shared_services);
        let pipelines = &self.inner.gateways.pipelines;
        let page = pipelines.executions(&place.connection, &intent.region, intent.prefix.as_str(), None).await?;
        let mut going = page.into_iter().flat_map(|page| page.items).filter(|execution| execution.status.is_going());
        let own = going.find(|execution| {
            starter(&record.started, &record.by, &execution.id, execution.trigger.as_ref()) == Some(operator.label())
        });
        Ok(own.map(|execution| execution.id))
    }

    /// Drops the record of a pipeline that is gone.
    pub async fn forget(&self, operator: &Operator, pipeline: &PipelineId) -> ServiceResult<()> {
        let record = self.record(pipeline).await?.value;
        if record.status != PipelineStatus::Removed {
            return Err(ServiceError::Conflict {
                message: format!("the pipeline `{}` may stand in its accounts still", record.intent.prefix),
                hint: "take it away first: without its record nothing here knows of it".into(),
            });
        }
        self.inner.stores.pipelines.delete(pipeline).await?;
        self.remove_files(pipeline).await;
        let happened = Happened::done(format!("forgot pipeline {}", record.intent.prefix));
        self.inner.services.note(operator.label(), happened).await;
        Ok(())
    }

    pub(super) async fn record(&self, id: &PipelineId) -> ServiceResult<Versioned<PipelineRecord>> {
        let found = self.inner.stores.pipelines.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "pipeline", id: id.to_string() })
    }

    /// Changes a record, starting over when someone else wrote it at the same time.
    pub(super) async fn change_record(
        &self,
        id: &PipelineId,
        change: impl Fn(&mut PipelineRecord),
    ) -> ServiceResult<()> {
        for _ in 0..WRITES {
            let Versioned { value: mut record, version, .. } = self.record(id).await?;
            change(&mut record);
            match self.inner.stores.pipelines.put(&record, version, self.inner.services.now()).await {
                Err(StoreError::Stale) => {}
                done => return Ok(done?),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Writes a record whole, over whatever version is there: its writer holds the lease.
    pub(super) async fn put_record(&self, record: &PipelineRecord) -> ServiceResult<()> {
        for _ in 0..WRITES {
            let version = self.inner.stores.pipelines.get(&record.id).await?.map_or(0, |there| there.version);
            match self.inner.stores.pipelines.put(record, version, self.inner.services.now()).await {
                // Who approves can be changed without the lease.
                Err(StoreError::Stale) => {}
                done => return Ok(done?),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Refused as `Conflict` when a connection no longer leads to its account of the pipeline.
    pub(super) async fn still_lead_there(&self, intent: &PipelineIntent) -> ServiceResult<()> {
        for lane in Lane::ALL {
            let place = lane.place(intent);
            let now = self.inner.services.identity_now(&place.connection).await?.account;
            if now != place.account {
                return Err(ServiceError::Conflict {
                    message: leads_elsewhere(lane, intent, now.as_str()),
                    hint: format!("point the profile `{}` at account {} again", place.connection, place.account),
                });
            }
        }
        Ok(())
    }

    pub(super) async fn note(&self, operator: &Operator, pipeline: &PipelineId, what: &str, detail: &str) {
        // Its name is for whoever reads on; without it there is the link still.
        let name = self.record(pipeline).await.map(|record| record.value.intent.prefix.to_string());
        let name = name.unwrap_or_else(|_| pipeline.to_string());
        let happened = Happened::done(format!("{what} pipeline {name}")).detail(detail).of_pipeline(pipeline);
        self.inner.services.note(operator.label(), happened).await;
    }
}

/// A connection that has come to lead to another account than the pipeline's.
pub(super) fn leads_elsewhere(lane: Lane, intent: &PipelineIntent, now: &str) -> String {
    let (place, noun) = (lane.place(intent), lane.noun());
    let (connection, account) = (&place.connection, &place.account);
    format!("connection `{connection}` now leads to account {now}, and the pipeline's {noun} is {account}")
}
