//! The share wizard's drafts: kept as typed, checked step by step.

use crate::ports::store::{ShareRecord, StoreError, Versioned};
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::arn::CallerArn;
use domain::connection::{ConnectionState, Identity};
use domain::names::{ConnectionId, DraftId, ExternalId, NameError, Region, ShareId};
use domain::share::view::{DraftSummary, DraftView, ShareState};
use domain::wizard::{CallersForm, FieldProblem, ParentForm, ShareDraft, StepForm, WizardStep};
use std::collections::BTreeMap;

/// How many drafts are listed.
const LISTED: u32 = 50;
/// How often a save starts over because another tab saved at the same time.
const TRIES: u32 = 5;
/// How long the draft of an applied share is kept for its Apply and Verify pages, in milliseconds.
const KEPT_MS: u64 = 7 * 24 * 3600 * 1000;

impl Services {
    /// Starts a wizard.
    pub async fn start_draft(&self, _operator: &Operator) -> ServiceResult<DraftId> {
        self.drop_old_drafts().await;
        let region = self.default_region();
        let draft = ShareDraft::new(fresh(DraftId::parse)?, fresh(ShareId::parse)?, &fresh_external_id()?, region);
        self.inner.stores.drafts.create(&draft, self.now()).await?;
        Ok(draft.id)
    }

    /// Starts a wizard over a share that exists: the same share, with its answers filled in.
    pub async fn edit_share(&self, _operator: &Operator, share: &ShareId) -> ServiceResult<DraftId> {
        let record = self.share_record(share).await?.value;
        let draft = ShareDraft::of_share(fresh(DraftId::parse)?, &record.intent, &fresh_external_id()?).editing();
        let draft = self.with_identities(draft).await?;
        self.inner.stores.drafts.create(&draft, self.now()).await?;
        Ok(draft.id)
    }

    /// Drops a draft; no error if it is gone.
    pub async fn delete_draft(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<()> {
        Ok(self.inner.stores.drafts.delete(draft).await?)
    }

    /// A draft with what is wrong with it.
    pub async fn draft(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<DraftView> {
        let draft = self.draft_record(draft).await?.value;
        let record = self.inner.stores.shares.get(&draft.share).await?;
        let run = match record.as_ref().and_then(|r| r.value.last_run.clone()) {
            Some(run) => Some(run),
            None => self.inner.stores.runs.of_share(&draft.share).await?.first().map(|run| run.id.clone()),
        };
        let problems = problems(&draft, record.as_ref().map(|r| &r.value));
        let share_exists = record.is_some_and(|r| r.value.state != ShareState::Undone);
        Ok(DraftView { draft, problems, share_exists, run })
    }

    /// Unfinished drafts with something in them, newest first.
    pub async fn drafts(&self, _operator: &Operator) -> ServiceResult<Vec<DraftSummary>> {
        let stores = &self.inner.stores;
        let (drafts, shares) = tokio::try_join!(stores.drafts.list(LISTED), stores.shares.list())?;
        let shares: BTreeMap<ShareId, ShareRecord> =
            shares.into_iter().map(|share| (share.value.intent.id.clone(), share.value)).collect();
        let region = self.default_region();
        let rows = drafts.into_iter().filter_map(|draft| {
            let share = shares.get(&draft.value.share);
            (draft.value.reached < WizardStep::Apply && is_answered(&draft, share, region))
                .then(|| listed(draft, share))
        });
        Ok(rows.collect())
    }

    /// Keeps a step's answers as they were typed, and says what is wrong with them; empty when the step is fine. An
    /// external ID left empty is replaced by another one.
    pub async fn save_step(
        &self,
        _operator: &Operator,
        draft: &DraftId,
        form: StepForm,
    ) -> ServiceResult<Vec<FieldProblem>> {
        let step = step_of(&form);
        let form = with_external_id(form)?;
        let looked_up = self.who_is(&form).await?;
        for _ in 0..TRIES {
            let Versioned { value: mut draft, version, .. } = self.draft_record(draft).await?;
            put(&mut draft, form.clone(), &looked_up);
            let record = self.inner.stores.shares.get(&draft.share).await?.map(|r| r.value);
            let mut found = problems_of(&draft, record.as_ref(), step);
            if let Some(failure) = &looked_up.failure {
                found.retain(|p| p.field != failure.field);
                found.insert(0, failure.clone());
            }
            let next = draft.next(step).unwrap_or(step);
            draft.reached = match draft.reached {
                // Answers that changed after Apply are not applied: the wizard is open again.
                reached if reached > WizardStep::Review => WizardStep::Review,
                reached if found.is_empty() => reached.max(next),
                reached => reached,
            };
            match self.inner.stores.drafts.update(&draft, version, self.now()).await {
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

    /// A wizard's answers alone.
    pub async fn wizard_draft(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<ShareDraft> {
        Ok(self.draft_record(draft).await?.value)
    }

    pub(crate) async fn draft_record(&self, id: &DraftId) -> ServiceResult<Versioned<ShareDraft>> {
        let found = self.inner.stores.drafts.get(id).await?;
        let mut draft = found.ok_or_else(|| ServiceError::NotFound { what: "draft", id: id.to_string() })?;
        if let Some(share) = self.inner.stores.shares.get(&draft.value.share).await?.map(|share| share.value)
            && share.state != ShareState::Undone
        {
            draft.value.follow(&share.intent);
        }
        Ok(draft)
    }

    /// Changes a draft, starting over when someone else changed it at the same time.
    pub(crate) async fn change_draft(&self, id: &DraftId, change: impl Fn(&mut ShareDraft)) -> ServiceResult<()> {
        for _ in 0..TRIES {
            let Versioned { value: mut draft, version, .. } = self.draft_record(id).await?;
            change(&mut draft);
            match self.inner.stores.drafts.update(&draft, version, self.now()).await {
                Err(StoreError::Stale) => {}
                done => return Ok(done?),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Who the console is in the accounts a form names.
    async fn who_is(&self, form: &StepForm) -> ServiceResult<LookedUp> {
        let text = match form {
            StepForm::Parent(form) => form.connection.as_str(),
            StepForm::Callers(form) if form.source != "typed" => form.connection.as_str(),
            _ => return Ok(LookedUp::default()),
        };
        let Ok(id) = ConnectionId::parse(text) else { return Ok(LookedUp::default()) };
        let failed = |message, hint| LookedUp {
            identity: None,
            failure: Some(FieldProblem { field: "connection".into(), message, hint: Some(hint) }),
        };
        Ok(match self.connection(&id).await {
            Ok(view) => match view.state {
                ConnectionState::Ready { identity } => LookedUp { identity: Some(identity), failure: None },
                ConnectionState::Failed { message, hint } => failed(message, hint),
            },
            Err(error @ ServiceError::NotFound { .. }) => {
                failed(error.to_string(), "choose one of the connections under Accounts".into())
            }
            Err(error) => return Err(error),
        })
    }

    /// A draft over an existing share knows who the console is in the child, also when it does not call yet.
    pub(crate) async fn with_identities(&self, mut draft: ShareDraft) -> ServiceResult<ShareDraft> {
        if let (true, Ok(id)) = (draft.child_is_connected(), ConnectionId::parse(&draft.callers.connection))
            && let Ok(Some(identity)) = self.identity(&id).await
        {
            draft.console_caller = identity.caller;
            draft.console_identity = Some(identity.arn);
        }
        Ok(draft)
    }

    /// Drafts of applied shares are only looked at for a while after. Failing to drop them is harmless.
    async fn drop_old_drafts(&self) {
        let now = self.now();
        let Ok(drafts) = self.inner.stores.drafts.list(LISTED).await else { return };
        for old in drafts.iter().filter(|d| d.value.reached >= WizardStep::Apply && now.since(d.changed) > KEPT_MS) {
            if let Err(error) = self.inner.stores.drafts.delete(&old.value.id).await {
                tracing::warn!(%error, "the draft of an applied share could not be dropped");
            }
        }
    }
}

/// Whether there is something in a draft that would be lost with it.
fn is_answered(draft: &Versioned<ShareDraft>, share: Option<&ShareRecord>, region: &Region) -> bool {
    match share {
        // An edit that was opened and left as it was; of a share that is handed over, a draft says what a file said.
        Some(share) => draft.version > 1 || share.intent.elsewhere().is_some(),
        None => !draft.value.is_unanswered(region),
    }
}

fn listed(draft: Versioned<ShareDraft>, share: Option<&ShareRecord>) -> DraftSummary {
    let Versioned { value, changed, .. } = draft;
    let edited = share.filter(|share| share.state != ShareState::Undone && value.offer.is_none());
    DraftSummary {
        title: edited.map_or_else(|| value.title(), |share| value.title_of_edit(&share.intent.role_name)),
        path: value.path(value.reached),
        step: value.reached,
        id: value.id,
        changed,
    }
}

#[derive(Default)]
struct LookedUp {
    identity: Option<Identity>,
    failure: Option<FieldProblem>,
}

fn step_of(form: &StepForm) -> WizardStep {
    match form {
        StepForm::Parent(_) => WizardStep::Parent,
        StepForm::Endpoints(_) => WizardStep::Endpoints,
        StepForm::Callers(_) => WizardStep::Callers,
        StepForm::Role(_) => WizardStep::Role,
        StepForm::Child(_) => WizardStep::Child,
    }
}

/// An external ID that is left empty is made up: that is how another one is asked for.
fn with_external_id(form: StepForm) -> ServiceResult<StepForm> {
    Ok(match form {
        StepForm::Role(form) if form.external_id.trim().is_empty() => {
            StepForm::Role(domain::wizard::RoleForm { external_id: fresh_external_id()?.to_string(), ..form })
        }
        form => form,
    })
}

fn put(draft: &mut ShareDraft, form: StepForm, looked_up: &LookedUp) {
    match form {
        StepForm::Parent(form) => put_parent(draft, form, looked_up),
        StepForm::Endpoints(form) => draft.endpoints = form,
        StepForm::Callers(form) => put_callers(draft, form, looked_up),
        StepForm::Role(mut form) => {
            // What was agreed to at a conflict is not part of the step's form.
            if form.adopt.is_empty() {
                form.adopt = std::mem::take(&mut draft.role.adopt);
            }
            draft.role = form;
        }
        StepForm::Child(form) => draft.child = form,
    }
}

fn put_parent(draft: &mut ShareDraft, form: ParentForm, looked_up: &LookedUp) {
    let account = looked_up.identity.as_ref().map(|i| i.account.clone());
    // Endpoints belong to an account and a region: kept across either they could only be wrong.
    if (account.is_some() && account != draft.parent_account && draft.parent_account.is_some())
        || form.region.trim() != draft.parent.region.trim()
    {
        draft.endpoints.arns.clear();
    }
    draft.parent_account = account;
    draft.parent = form;
}

fn put_callers(draft: &mut ShareDraft, form: CallersForm, looked_up: &LookedUp) {
    let texts = |draft: &ShareDraft| -> Vec<String> {
        let callers = draft.caller_texts().filter_map(|text| CallerArn::parse(text).ok());
        callers.map(|caller| caller.to_string()).collect()
    };
    let before = texts(draft);
    let identity = looked_up.identity.as_ref();
    draft.callers = form;
    draft.child_account = identity.map(|i| i.account.clone());
    draft.console_caller = identity.and_then(|i| i.caller.clone());
    draft.console_identity = identity.map(|i| i.arn.clone());
    // Whoever may call usually needs the permission: offered until someone chooses otherwise.
    if draft.child.grantees.is_empty() || draft.child.grantees == before {
        draft.child.grantees = if draft.callers.scope == "account" { Vec::new() } else { texts(draft) };
    }
}

/// Everything wrong with a draft, in the order of the steps.
pub(crate) fn problems(draft: &ShareDraft, record: Option<&ShareRecord>) -> Vec<(WizardStep, FieldProblem)> {
    let steps = WizardStep::ALL.into_iter();
    steps.flat_map(|step| problems_of(draft, record, step).into_iter().map(move |p| (step, p))).collect()
}

fn problems_of(draft: &ShareDraft, record: Option<&ShareRecord>, step: WizardStep) -> Vec<FieldProblem> {
    let mut found = draft.problems(step);
    if let Some(record) = record.filter(|r| r.state != ShareState::Undone) {
        found.extend(fixed(draft, record, step));
        found.extend(rotating(draft, record).filter(|_| step == WizardStep::Role));
    }
    found
}

/// What can't change while a share stands: its accounts and names. Another name would be another role, and the first
/// would be left behind.
fn fixed(draft: &ShareDraft, record: &ShareRecord, step: WizardStep) -> Vec<FieldProblem> {
    let intent = &record.intent;
    let child = draft.child();
    let child_field = if draft.child_is_connected() { "connection" } else { "account" };
    let parent = draft.parent_account.as_ref().map(|a| a.as_str());
    let fields = match step {
        WizardStep::Parent => vec![("connection", parent, intent.parent.as_str())],
        WizardStep::Callers => vec![(child_field, child.as_ref().map(|a| a.as_str()), intent.child.as_str())],
        // What an offer says of the parent's side is its administrator's to change.
        WizardStep::Role if draft.offer.is_some() => Vec::new(),
        WizardStep::Role => vec![
            ("policy_name", Some(draft.role.policy_name.trim()), intent.policy_name.as_str()),
            ("role_name", Some(draft.role.role_name.trim()), intent.role_name.as_str()),
        ],
        // Whoever makes the child's side by hand names it too.
        WizardStep::Child if intent.child_connection.is_none() => Vec::new(),
        WizardStep::Child => vec![("grant_name", Some(draft.child.grant_name.trim()), intent.grant_name.as_str())],
        _ => Vec::new(),
    };
    let differs = |(field, given, made): (&str, Option<&str>, &str)| {
        given.filter(|given| *given != made).map(|given| FieldProblem {
            field: field.into(),
            message: format!("this share was made with `{made}`, not `{given}`"),
            hint: Some("undo it first, or start a new share".into()),
        })
    };
    fields.into_iter().filter_map(differs).collect()
}

/// A third external ID during a change would lock out those who use the first and those who use the second.
fn rotating(draft: &ShareDraft, record: &ShareRecord) -> Option<FieldProblem> {
    let (current, rotation) = (record.intent.external_id.as_ref()?, record.intent.open_rotation()?);
    let another =
        draft.offer.is_none() && draft.requires_external_id() && draft.role.external_id.trim() != current.as_str();
    another.then(|| FieldProblem {
        field: "external_id".into(),
        message: format!("the external ID is being changed from `{}` to `{current}`", rotation.previous),
        hint: Some("end that change or go back on the share's page first, or keep the new one here".into()),
    })
}

/// A new identifier: sorts by time, so lists and logs read in order.
pub(crate) fn fresh<T>(parse: impl Fn(&str) -> Result<T, NameError>) -> ServiceResult<T> {
    parse(&uuid::Uuid::now_v7().to_string()).map_err(unusable)
}

/// A random external ID: 122 bits, so that nobody can guess another share's.
pub(crate) fn fresh_external_id() -> ServiceResult<ExternalId> {
    ExternalId::parse(&format!("sagebridge-{}", uuid::Uuid::new_v4())).map_err(unusable)
}

fn unusable(error: NameError) -> ServiceError {
    ServiceError::Conflict {
        message: error.to_string(),
        hint: "report this: an identifier of our own was refused".into(),
    }
}
