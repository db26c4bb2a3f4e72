//! Review: everything that is about to be made, in full, against what is there.

use super::Pipelines;
use crate::ports::gateway::ObservedStack;
use crate::ports::store::Table;
use crate::sessions::text_digest;
use crate::{Operator, ServiceError, ServiceResult};
use domain::names::{DraftId, PipelineId};
use domain::pipeline::apply::{Base, Part, Plan, making};
use domain::pipeline::checks;
use domain::pipeline::data::{Channel, ChannelFile};
use domain::pipeline::documents::{self, compared, diff, documents};
use domain::pipeline::draft::PipelineDraft;
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::matrix::{self, Matrix};
use domain::pipeline::predicted::{Predicted, resources_there};
use domain::pipeline::stacks::Outputs;
use domain::pipeline::view::{PipelineReviewView, PipelineStatus, ReviewedFile, ReviewedStack};
use domain::share::diff::Change;
use domain::wizard::FieldProblem;
use futures::future::try_join_all;
use std::collections::BTreeMap;

/// What the pipeline itself is in its stack's template.
const PIPELINE_TYPE: &str = "AWS::CodePipeline::Pipeline";

/// A stack that is there, with its template.
struct There {
    stack: ObservedStack,
    template: Option<String>,
}

/// Everything a review is made of.
pub(super) struct Reviewed {
    pub(super) pipeline: PipelineId,
    pub(super) intent: PipelineIntent,
    pub(super) table: Table,
    pub(super) plan: Plan,
    /// What the stacks that are there put out, for those that come after them.
    pub(super) outputs: BTreeMap<Part, Outputs>,
    pub(super) faults: Vec<String>,
    pub(super) fingerprint: String,
    base: Base,
    predicted: Predicted,
    there: BTreeMap<Part, There>,
}

impl Pipelines {
    /// What a draft is about to make, as documents and steps. Refused as `Invalid` while a step is unfinished.
    pub async fn review(&self, operator: &Operator, draft: &DraftId) -> ServiceResult<PipelineReviewView> {
        let (reviewed, preflight) = futures::join!(self.reviewed(draft), self.preflight(operator, draft));
        let reviewed = reviewed?;
        let record = self.inner.stores.pipelines.get(&reviewed.pipeline).await?.map(|there| there.value);
        let record = record.filter(|record| record.status != PipelineStatus::Removed);
        let before = record.as_ref().and_then(|record| Predicted::of(&record.intent).ok());
        // What a run that ended half-way has put is not known.
        let put = record.as_ref().filter(|record| record.status == PipelineStatus::Ready).map(|record| &record.table);
        let Reviewed { intent, predicted, .. } = &reviewed;
        let source = match (put, &before) {
            (None, _) => Change::Create,
            (Some(_), Some(before)) if before.workflow() == predicted.workflow() => Change::Keep,
            (Some(_), _) => Change::Update,
        };
        let before = before.map(|predicted| documents(&predicted));
        Ok(PipelineReviewView {
            stacks: predicted.stacks.iter().map(|(part, _)| reviewed.shown(*part)).collect(),
            documents: compared(documents(predicted), before.as_deref()),
            matrix: Matrix::of(intent, predicted),
            tally: reviewed.table.prepared.tally.clone(),
            files: files(&reviewed.table, put),
            source,
            faults: reviewed.faults,
            blockers: preflight?.wrong().cloned().collect(),
            plan: reviewed.plan,
            fingerprint: reviewed.fingerprint,
        })
    }

    /// Why a role may or may not do what a column of the review's matrix says.
    pub async fn explain_access(
        &self,
        _operator: &Operator,
        draft: &DraftId,
        role: &str,
        column: usize,
    ) -> ServiceResult<domain::evaluate::Explanation> {
        let Reviewed { intent, predicted, .. } = self.reviewed(draft).await?;
        let explained = matrix::explained(&intent, &predicted, role, column);
        explained.ok_or_else(|| ServiceError::NotFound { what: "question about the role", id: role.to_owned() })
    }

    pub(super) async fn reviewed(&self, id: &DraftId) -> ServiceResult<Reviewed> {
        let draft = self.draft_record(id).await?.value;
        let mut problems = self.draft_problems(&draft).await?;
        let table = table(&draft).map_err(|problem| problems.push(problem)).ok();
        let (Some(intent), Some(table), true) = (draft.intent(), table, problems.is_empty()) else {
            return Err(ServiceError::Invalid { problems });
        };
        let predicted = Predicted::of(&intent).map_err(|error| ServiceError::Conflict {
            message: error.to_string(),
            hint: "report this: the templates are the console's own".into(),
        })?;
        let there = self.there(&intent, &draft.pipeline).await?;
        let base = self.base(&intent, &there).await?;
        let plan = making(&intent, base);
        let fingerprint = fingerprint(&intent, &table, &plan, &there);
        let faults = checks::faults(&intent, &predicted);
        let outputs = there.iter().map(|(part, there)| (*part, there.stack.outputs.clone())).collect();
        Ok(Reviewed {
            pipeline: draft.pipeline,
            intent,
            table,
            plan,
            outputs,
            faults,
            fingerprint,
            base,
            predicted,
            there,
        })
    }

    /// How much of it stands. A stack does not notice that its pipeline was deleted past it.
    async fn base(&self, intent: &PipelineIntent, there: &BTreeMap<Part, There>) -> ServiceResult<Base> {
        if !stands(there) {
            return Ok(Base::Nothing);
        }
        if parameter(there, "WithPipeline") != Some("yes") {
            return Ok(Base::Whole);
        }
        let (pipelines, place) = (&self.inner.gateways.pipelines, &intent.shared_services);
        let state = pipelines.pipeline_state(&place.connection, &intent.region, intent.prefix.as_str()).await?;
        Ok(if state.is_some() { Base::Whole } else { Base::WithoutPipeline })
    }

    /// The stacks of the pipeline that are there; a stranger's is the preflight's to refuse.
    async fn there(&self, intent: &PipelineIntent, pipeline: &PipelineId) -> ServiceResult<BTreeMap<Part, There>> {
        let look = async |part: Part| -> ServiceResult<Option<(Part, There)>> {
            let (stacks, connection) = (&self.inner.gateways.stacks, &part.lane().place(intent).connection);
            let name = part.name(intent);
            let Some(stack) = stacks.stack(connection, &intent.region, &name).await? else { return Ok(None) };
            if stack.state.is_gone() || !part.is_ours(&stack, pipeline, intent) {
                return Ok(None);
            }
            let template = stacks.stack_template(connection, &intent.region, &name).await?;
            Ok(Some((part, There { stack, template })))
        };
        let found = try_join_all(Part::ALL.map(look)).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Reviewed {
    fn shown(&self, part: Part) -> ReviewedStack {
        let stack = self.predicted.stacks.iter().find(|(of, _)| *of == part).map(|(_, stack)| stack);
        let there = self.there.get(&part);
        let key = self.there.get(&Part::SharedServices).and_then(|shared| shared.stack.outputs.get("KeyArn"));
        let key = key.map(String::as_str);
        let resources_there = there.and_then(|there| {
            let (template, parameters) = (there.template.as_deref()?, &there.stack.parameters);
            resources_there(&self.intent, part, template, parameters, key)
        });
        let name = part.name(&self.intent);
        let of_stack = self.predicted.resources.iter().filter(|resource| resource.stack == name);
        let mut resources = documents::resources(of_stack, resources_there.as_deref());
        if there.is_some() && resources_there.is_none() {
            // It is there, and can't be compared: what can be said is that it is gone through.
            resources.iter_mut().for_each(|resource| resource.change = Change::Update);
        }
        if self.base == Base::WithoutPipeline {
            let gone = resources.iter_mut().filter(|resource| resource.resource_type == PIPELINE_TYPE);
            gone.for_each(|resource| resource.change = Change::Create);
        }
        let template = stack.map(|stack| stack.template.as_ref()).unwrap_or_default();
        let parameters = stack.map(|stack| documents::parameters(stack, &self.predicted, key)).unwrap_or_default();
        let before = there.map(|there| documents::parameters_there(&there.stack.parameters));
        ReviewedStack {
            part,
            name,
            account: part.lane().place(&self.intent).account.clone(),
            exists: there.is_some(),
            template: diff("Template", there.and_then(|there| there.template.as_deref()), template),
            parameters: diff("Parameters", before.as_deref(), &parameters),
            resources,
        }
    }
}

/// Whether account A's stack names the other accounts' roles, and their stacks are there.
fn stands(there: &BTreeMap<Part, There>) -> bool {
    let usable = |part| there.get(&part).is_some_and(|there: &There| there.stack.state.is_usable());
    parameter(there, "TrainingStageRole").is_some_and(|role| role != "none")
        && [Part::SharedServices, Part::Training, Part::Production].map(usable) == [true; 3]
}

/// A parameter of account A's stack.
fn parameter<'a>(there: &'a BTreeMap<Part, There>, name: &str) -> Option<&'a str> {
    there.get(&Part::SharedServices)?.stack.parameters.get(name).map(String::as_str)
}

/// The table that goes up, once it has been read through without a fault.
fn table(draft: &PipelineDraft) -> Result<Table, FieldProblem> {
    let problem = |message: String, hint: &str| FieldProblem { field: "file".into(), message, hint: Some(hint.into()) };
    let (Some(uploaded), Some(prepared)) = (&draft.uploaded, draft.prepared()) else {
        return Err(problem("the table has not been read through as the answers say".into(), "read it under Data"));
    };
    match prepared.tally.problem(&prepared.layout) {
        Some(fault) => Err(problem(fault.to_string(), "mend the file or the answers about it, then read it again")),
        None => Ok(Table { form: draft.data.clone(), uploaded: uploaded.clone(), prepared: prepared.clone() }),
    }
}

/// The files that go up, against those that were put before.
fn files(table: &Table, put: Option<&Table>) -> Vec<ReviewedFile> {
    let shown = |(channel, file): (&Channel, &ChannelFile)| {
        let change = match put.map(|put| put.prepared.files.get(channel)) {
            None => Change::Create,
            Some(before) if before == Some(file) => Change::Keep,
            Some(_) => Change::Update,
        };
        ReviewedFile { channel: *channel, bytes: file.bytes, change }
    };
    table.prepared.files.iter().map(shown).collect()
}

/// The same for the same steps over the same stacks and the same data.
fn fingerprint(intent: &PipelineIntent, table: &Table, plan: &Plan, there: &BTreeMap<Part, There>) -> String {
    let there: Vec<_> = there
        .iter()
        .map(|(part, there)| {
            let stack = &there.stack;
            (part, &stack.id, stack.state, &stack.parameters, stack.updated, &there.template)
        })
        .collect();
    text_digest(&serde_json::to_string(&(intent, &table.prepared, plan, there)).unwrap_or_default())
}
