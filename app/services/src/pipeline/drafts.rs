//! The pipeline wizard's drafts: kept as typed, checked step by step.

use super::Pipelines;
use crate::drafts::fresh;
use crate::ports::store::{PipelineRecord, StoreError, Versioned};
use crate::{Operator, ServiceError, ServiceResult};
use domain::connection::ConnectionState;
use domain::names::{ConnectionId, DraftId, PipelineId};
use domain::pipeline::apply::Part;
use domain::pipeline::draft::{AccountsForm, Connected, PipelineDraft, PipelineForm, PipelineStep};
use domain::pipeline::intent::Source;
use domain::pipeline::view::{PipelineDraftSummary, PipelineDraftView, PipelineStatus};
use domain::wizard::FieldProblem;
use std::collections::BTreeMap;

/// How many drafts are listed.
const LISTED: u32 = 50;
/// How often a save starts over because another tab saved at the same time.
const TRIES: u32 = 5;

/// After so long nobody goes on with a wizard in which nothing was answered, in milliseconds.
const UNTOUCHED_MS: u64 = 24 * 60 * 60 * 1_000;

/// Whether a draft is as it was started.
fn is_untouched(draft: &PipelineDraft) -> bool {
    *draft == PipelineDraft::new(draft.id.clone(), draft.pipeline.clone(), &draft.accounts.region)
}

/// What is behind the connections that a form names.
#[derive(Default)]
pub(super) struct LookedUp {
    found: BTreeMap<String, Connected>,
    /// What is wrong with those that don't work.
    pub(super) failures: Vec<FieldProblem>,
    /// Whether account A takes repositories, where that could be asked.
    repositories: Option<bool>,
}

impl Pipelines {
    /// Starts a wizard.
    pub async fn start_draft(&self, _operator: &Operator) -> ServiceResult<DraftId> {
        let region = self.inner.services.default_region().as_str();
        self.drop_untouched().await;
        let draft = PipelineDraft::new(fresh(DraftId::parse)?, fresh(PipelineId::parse)?, region);
        self.inner.stores.drafts.create(&draft, self.inner.services.now()).await?;
        Ok(draft.id)
    }

    /// Drops wizards in which nobody has answered anything for a day. Left there they do no harm but lie about.
    async fn drop_untouched(&self) {
        let services = &self.inner.services;
        let Ok(drafts) = self.inner.stores.drafts.list(LISTED).await else { return };
        let old = |draft: &&Versioned<PipelineDraft>| services.now().since(draft.changed) > UNTOUCHED_MS;
        for draft in drafts.iter().filter(|draft| is_untouched(&draft.value)).filter(old) {
            if let Err(error) = self.inner.stores.drafts.delete(&draft.value.id).await {
                tracing::warn!(%error, "a wizard without answers could not be dropped");
            }
        }
    }

    /// Starts a wizard over a pipeline that is there: the same pipeline, with its answers filled in.
    pub async fn edit(&self, _operator: &Operator, pipeline: &PipelineId) -> ServiceResult<DraftId> {
        let record = self.record(pipeline).await?.value;
        let mut draft = PipelineDraft::of_pipeline(fresh(DraftId::parse)?, pipeline.clone(), &record.intent);
        draft.data = record.table.form;
        draft.uploaded = Some(record.table.uploaded);
        draft.prepared = Some(record.table.prepared);
        draft.reached = PipelineStep::Review;
        self.inner.stores.drafts.create(&draft, self.inner.services.now()).await?;
        Ok(draft.id)
    }

    /// Drops a draft, with its table unless a pipeline was made of it; no error if it is gone.
    pub async fn discard_draft(&self, _operator: &Operator, id: &DraftId) -> ServiceResult<()> {
        let Some(draft) = self.inner.stores.drafts.get(id).await? else { return Ok(()) };
        self.inner.stores.drafts.delete(id).await?;
        if self.inner.stores.pipelines.get(&draft.value.pipeline).await?.is_none() {
            self.remove_files(&draft.value.pipeline).await;
        }
        Ok(())
    }

    /// A draft with what is wrong with it.
    pub async fn draft(&self, _operator: &Operator, id: &DraftId) -> ServiceResult<PipelineDraftView> {
        let draft = self.draft_record(id).await?.value;
        let record = self.inner.stores.pipelines.get(&draft.pipeline).await?.map(|there| there.value);
        let steps = PipelineStep::ALL.into_iter();
        let of_step = |step| problems(&draft, record.as_ref(), step).into_iter().map(move |problem| (step, problem));
        Ok(PipelineDraftView {
            problems: steps.flat_map(of_step).collect(),
            exists: record.as_ref().is_some_and(stands),
            run: record.and_then(|record| record.last_run),
            draft,
        })
    }

    /// Unfinished drafts, the newest first.
    pub async fn drafts(&self, _operator: &Operator) -> ServiceResult<Vec<PipelineDraftSummary>> {
        let drafts = self.inner.stores.drafts.list(LISTED).await?;
        let open = drafts.into_iter().filter(|draft| draft.value.reached < PipelineStep::Apply);
        // There is nothing to go on with where nothing was answered.
        let open = open.filter(|draft| !is_untouched(&draft.value));
        let summary = |Versioned { value, changed, .. }: Versioned<PipelineDraft>| PipelineDraftSummary {
            title: match value.model.prefix.trim() {
                "" => "A pipeline without a name yet".into(),
                prefix => prefix.to_owned(),
            },
            step: value.reached,
            id: value.id,
            changed,
        };
        Ok(open.map(summary).collect())
    }

    /// Keeps a step's answers as they were typed, and says what is wrong with them; empty when the step is fine.
    pub async fn save_step(
        &self,
        _operator: &Operator,
        id: &DraftId,
        form: PipelineForm,
    ) -> ServiceResult<Vec<FieldProblem>> {
        let looked_up = match &form {
            PipelineForm::Accounts(form) => self.look_up(form).await?,
            PipelineForm::Model(_) | PipelineForm::Data(_) => LookedUp::default(),
        };
        for _ in 0..TRIES {
            let Versioned { value: mut draft, version, .. } = self.draft_record(id).await?;
            let step = put(&mut draft, form.clone(), &looked_up);
            let record = self.inner.stores.pipelines.get(&draft.pipeline).await?.map(|there| there.value);
            let mut found = problems(&draft, record.as_ref(), step);
            for failure in &looked_up.failures {
                found.retain(|problem| problem.field != failure.field);
                found.insert(0, failure.clone());
            }
            draft.reached = match draft.reached {
                // Answers that changed after Apply are not applied: the wizard is open again.
                reached if reached > PipelineStep::Review => PipelineStep::Review,
                reached if found.is_empty() => reached.max(step.next().unwrap_or(step)),
                reached => reached,
            };
            match self.inner.stores.drafts.update(&draft, version, self.inner.services.now()).await {
                Ok(()) => return Ok(found),
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::Conflict {
            message: "this draft is being changed somewhere else at the same time".into(),
            hint: "close the other tab, then save again".into(),
        })
    }

    pub(super) async fn draft_record(&self, id: &DraftId) -> ServiceResult<Versioned<PipelineDraft>> {
        let found = self.inner.stores.drafts.get(id).await?;
        found.ok_or_else(|| ServiceError::NotFound { what: "draft", id: id.to_string() })
    }

    /// Changes a draft, starting over when someone else changed it at the same time.
    pub(super) async fn change_draft(&self, id: &DraftId, change: impl Fn(&mut PipelineDraft)) -> ServiceResult<()> {
        for _ in 0..TRIES {
            let Versioned { value: mut draft, version, .. } = self.draft_record(id).await?;
            change(&mut draft);
            match self.inner.stores.drafts.update(&draft, version, self.inner.services.now()).await {
                Err(StoreError::Stale) => {}
                done => return Ok(done?),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Notes how far a wizard has come. The run is under way whether or not this can be written.
    pub(super) async fn reach(&self, draft: &DraftId, step: PipelineStep) {
        if let Err(error) = self.change_draft(draft, |draft| draft.reached = step).await {
            tracing::warn!(%error, "the draft's step could not be noted");
        }
    }

    /// What is wrong with a draft before its review, all steps together.
    pub(super) async fn draft_problems(&self, draft: &PipelineDraft) -> ServiceResult<Vec<FieldProblem>> {
        let record = self.inner.stores.pipelines.get(&draft.pipeline).await?.map(|there| there.value);
        let steps = PipelineStep::ALL.into_iter();
        Ok(steps.flat_map(|step| problems(draft, record.as_ref(), step)).collect())
    }

    /// Who the console is in the accounts that a form names, and whether account A takes repositories.
    pub(super) async fn look_up(&self, form: &AccountsForm) -> ServiceResult<LookedUp> {
        let mut looked_up = LookedUp::default();
        for (field, text) in
            [("shared_services", &form.shared_services), ("training", &form.training), ("production", &form.production)]
        {
            let Ok(id) = ConnectionId::parse(text) else { continue };
            let problem = |message, hint| FieldProblem { field: field.into(), message, hint: Some(hint) };
            match self.inner.services.connection(&id).await {
                Ok(view) => match view.state {
                    ConnectionState::Ready { identity } => {
                        let connected = Connected { account: identity.account, caller: identity.caller };
                        looked_up.found.insert(text.clone(), connected);
                    }
                    ConnectionState::Failed { message, hint } => looked_up.failures.push(problem(message, hint)),
                },
                Err(error @ ServiceError::NotFound { .. }) => {
                    let hint = "choose one of the connections under Accounts".into();
                    looked_up.failures.push(problem(error.to_string(), hint));
                }
                Err(error) => return Err(error),
            }
        }
        if let (Ok(id), Ok(region)) = (form.shared_services.parse(), form.region.parse())
            && looked_up.found.contains_key(&form.shared_services)
        {
            // What can't be asked is not known: the preflight says why.
            looked_up.repositories = self.inner.gateways.sources.takes_repositories(&id, &region).await.ok();
        }
        Ok(looked_up)
    }
}

/// Puts a form into a draft; gives its step.
pub(super) fn put(draft: &mut PipelineDraft, form: PipelineForm, looked_up: &LookedUp) -> PipelineStep {
    match form {
        PipelineForm::Accounts(form) => {
            draft.accounts = form;
            draft.found.clone_from(&looked_up.found);
            draft.repositories = looked_up.repositories;
            PipelineStep::Accounts
        }
        PipelineForm::Model(form) => {
            draft.model = *form;
            PipelineStep::Model
        }
        PipelineForm::Data(form) => {
            draft.data = form;
            PipelineStep::Data
        }
    }
}

/// Whether something of a pipeline may stand.
fn stands(record: &PipelineRecord) -> bool {
    record.status != PipelineStatus::Removed
}

/// What is wrong with a step: also what can't change while a pipeline stands. Under another name it would be another
/// pipeline, and the first would be left behind; and so would an endpoint or a repository.
fn problems(draft: &PipelineDraft, record: Option<&PipelineRecord>, step: PipelineStep) -> Vec<FieldProblem> {
    let mut found = draft.problems(step);
    let Some(record) = record.filter(|record| stands(record)) else { return found };
    let intent = &record.intent;
    let account = |connection: &str| draft.found.get(connection).map(|found| found.account.to_string());
    let accounts = &draft.accounts;
    let fixed = match step {
        PipelineStep::Accounts => vec![
            ("shared_services", account(&accounts.shared_services), intent.shared_services.account.to_string()),
            ("training", account(&accounts.training), intent.training_account.account.to_string()),
            ("production", account(&accounts.production), intent.production.account.to_string()),
            ("region", Some(accounts.region.clone()), intent.region.to_string()),
        ],
        PipelineStep::Model => {
            let model = &draft.model;
            let given = |text: &str| Some(text.trim().to_owned());
            let bucket = model.bucket.trim();
            let mut fixed = vec![
                ("prefix", given(&model.prefix), intent.prefix.to_string()),
                ("bucket", given(bucket).filter(|bucket| !bucket.is_empty()), intent.bucket.clone()),
                ("endpoint", given(&model.endpoint), intent.deployment.endpoint.to_string()),
            ];
            if let (Source::Repository { name, .. }, "repository") = (&intent.source, model.source.as_str()) {
                fixed.push(("repository", given(&model.repository), name.clone()));
            }
            // Without it in the template CloudFormation would delete the repository, with its history.
            if matches!(&intent.source, Source::Repository { .. }) && record.outputs.contains_key(&Part::SharedServices)
            {
                fixed.push(("source", Some(model.source.clone()), "repository".to_owned()));
            }
            fixed
        }
        PipelineStep::Data | PipelineStep::Review | PipelineStep::Apply => Vec::new(),
    };
    for (field, given, made) in fixed {
        if let Some(given) = given.filter(|given| *given != made) {
            found.push(FieldProblem {
                field: field.into(),
                message: format!("this pipeline was made with `{made}`, not `{given}`"),
                hint: Some("take it away first, or start a new pipeline".into()),
            });
        }
    }
    found
}
