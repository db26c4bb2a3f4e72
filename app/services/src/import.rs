//! Import: shares that are in the accounts and not in the store, and roles made by other hands that become shares.
//!
//! The accounts are searched each time anew: what a page showed may be out of date when someone acts on it.

mod search;

use crate::activity::Happened;
use crate::drafts::{fresh, fresh_external_id};
use crate::inventory::may_assume;
use crate::ports::store::{RunRecord, ShareRecord, StoreError};
use crate::{Operator, ServiceError, ServiceResult, Services, uncancelled};
use domain::arn::CallerArn;
use domain::names::{ConnectionId, DraftId, PolicyName, RoleName, RunId, ShareId};
use domain::run::{RunKind, RunState, StepState};
use domain::share::drift::Recorded;
use domain::share::import::{AdoptParams, FoundView, ImportCandidate, Imported, OtherView, Tagged, recognise, tagged};
use domain::share::intent::{CallerScope, ShareIntent};
use domain::share::inventory::ShareInventory;
use domain::share::view::ShareState;
use domain::wizard::{FieldProblem, GRANT_NAME, ShareDraft, WizardStep};
use search::{Closely, Searched};
use std::collections::BTreeSet;

impl Services {
    /// Searches every account that is connected. Changes nothing.
    pub async fn find_shares(&self, operator: &Operator) -> ServiceResult<FoundView> {
        let searched = self.search(operator, Closely::Roles).await?;
        let known = self.known_shares().await?;
        let mut found =
            FoundView { tagged: rebuilt(&searched, &known).iter().map(Tagged::view).collect(), ..FoundView::default() };
        let mut seen = BTreeSet::new();
        for Searched { account, view } in &searched {
            found.accounts.push(view.clone());
            let Some(account) = account else { continue };
            for role in account.roles.iter().filter(|role| seen.insert(role.arn.clone())) {
                match recognise(role, &account.policies) {
                    Ok(candidate) => {
                        let intent = self.adopted(operator, &account.connection, &candidate).await?;
                        found.candidates.push(candidate.view(&account.connection, &intent));
                    }
                    // A share's own role, known or listed as one that can be imported.
                    Err(domain::share::import::WhyNot::Tagged(_)) => {}
                    Err(why) => found.others.push(OtherView::of(&role.arn, &why)),
                }
            }
        }
        found.candidates.sort_by(|a, b| a.role.cmp(&b.role));
        found.others.sort_by(|a, b| a.role.cmp(&b.role));
        Ok(found)
    }

    /// Takes shares that tags speak of into the store, with what their runs would have left there.
    pub async fn import_shares(&self, operator: &Operator, chosen: Vec<ShareId>) -> ServiceResult<Vec<ShareId>> {
        if chosen.is_empty() {
            return Err(ServiceError::Invalid {
                problems: vec![FieldProblem {
                    field: "shares".into(),
                    message: "no share was chosen".into(),
                    hint: Some("tick the shares to import".into()),
                }],
            });
        }
        let searched = self.search(operator, Closely::Tagged).await?;
        let found = rebuilt(&searched, &self.known_shares().await?);
        let mut imports = Vec::new();
        for share in chosen {
            let one = found.iter().find(|tagged| tagged.share == share);
            match one.map(|tagged| &tagged.found) {
                Some(Ok(imported)) => imports.push(imported.clone()),
                Some(Err(why)) => {
                    return Err(ServiceError::Conflict {
                        message: format!("share `{share}` can't be imported: {why}"),
                        hint: why.hint().into(),
                    });
                }
                None => return Err(gone(&share)),
            }
        }
        let (services, label) = (self.clone(), operator.label().to_owned());
        uncancelled(async move {
            let mut done = Vec::new();
            for imported in imports {
                done.push(imported.intent.id.clone());
                services.take_in(imported, &label).await?;
            }
            Ok(done)
        })
        .await
    }

    /// Starts a wizard over a role of a share's shape, at its review: what becomes of it is shown there before anything
    /// is changed.
    pub async fn adopt_role(
        &self,
        operator: &Operator,
        connection: &ConnectionId,
        role: &RoleName,
    ) -> ServiceResult<DraftId> {
        let account = self.identity_now(connection).await?.account;
        let iam = &self.inner.gateways.iam;
        let found = iam.role(connection, role).await?;
        let found = found.ok_or_else(|| ServiceError::NotFound { what: "role", id: role.to_string() })?;
        let mut policies = Vec::new();
        for policy in found.attached.iter().filter(|arn| arn.account_id().as_ref() == Some(&account)) {
            policies.extend(iam.policy(connection, policy).await?);
        }
        let candidate = recognise(&found, &policies).map_err(|why| ServiceError::Conflict {
            message: format!("role `{role}` can't be adopted: {why}"),
            hint: why.hint().into(),
        })?;
        let intent = self.adopted(operator, connection, &candidate).await?;
        let draft = ShareDraft::of_share(fresh(DraftId::parse)?, &intent, &fresh_external_id()?);
        let draft = ShareDraft { reached: WizardStep::Review, ..self.with_identities(draft).await? };
        self.inner.stores.drafts.create(&draft, self.now()).await?;
        Ok(draft.id)
    }

    async fn known_shares(&self) -> ServiceResult<BTreeSet<ShareId>> {
        Ok(self.inner.stores.shares.list().await?.into_iter().map(|share| share.value.intent.id).collect())
    }

    /// The share a candidate becomes: a new one, with the callers that could not assume the role otherwise as grantees.
    async fn adopted(
        &self,
        operator: &Operator,
        parent: &ConnectionId,
        candidate: &ImportCandidate,
    ) -> ServiceResult<ShareIntent> {
        let connections = self.connections(operator, false).await?;
        let child = connections.into_iter().find(|c| c.account() == Some(&candidate.child)).map(|c| c.id);
        let console = match &child {
            Some(child) => self.identity(child).await?.and_then(|identity| identity.caller),
            None => None,
        };
        let params = AdoptParams {
            id: fresh(ShareId::parse)?,
            parent_connection: parent.clone(),
            child_connection: child.clone(),
            grant_name: PolicyName::parse(GRANT_NAME).unwrap_or_else(|_| unreachable!("the default is a policy name")),
            grantees: BTreeSet::new(),
            console,
        };
        let mut intent = candidate.intent(params);
        if let (Some(child), CallerScope::Named(callers)) = (&child, intent.callers.clone()) {
            for caller in callers.iter().filter(|caller| intent.console.as_ref() != Some(*caller)) {
                if self.lacks_permission(child, &intent, caller).await {
                    intent.grantees.insert(caller.clone());
                }
            }
        }
        Ok(intent)
    }

    /// Whether none of a caller's policies lets it assume the role. Where they can't be read nothing is given on a guess.
    async fn lacks_permission(&self, child: &ConnectionId, intent: &ShareIntent, caller: &CallerArn) -> bool {
        match self.inner.gateways.iam.identity_policies(child, caller).await {
            Ok(Some(read)) => !may_assume(intent, caller, &read, None),
            _ => false,
        }
    }

    async fn take_in(&self, imported: Imported, label: &str) -> ServiceResult<()> {
        let intent = imported.intent.clone();
        let runs = &self.inner.stores.runs;
        // A store that has lost its shares may still have their runs: those know more than what was read off AWS.
        let last_run = match runs.of_share(&intent.id).await?.into_iter().next() {
            Some(run) => run.id,
            None => {
                let run = self.run_of(imported, label)?;
                runs.put(&run).await?;
                run.id
            }
        };
        let inventory = self.readable_inventory(&intent).await?;
        let record = self.imported_record(&intent, &inventory, last_run).await?;
        match self.inner.stores.shares.put(&record, 0, self.now()).await {
            Err(StoreError::Stale) => return Err(gone(&intent.id)),
            written => written?,
        }
        let happened = Happened::done("imported a share").of_share(&intent.id);
        self.note(label, happened.detail(intent.role_arn().to_string())).await;
        Ok(())
    }

    /// The journal that a run would have left that made everything that is there.
    fn run_of(&self, imported: Imported, label: &str) -> ServiceResult<RunRecord> {
        let (intent, past, now) = (imported.intent, imported.journal, self.now());
        let mut run = RunRecord::new(&fresh(RunId::parse)?, &intent.id, RunKind::Apply, past.plan, label, now);
        for step in run.steps.iter_mut().filter(|step| past.attempted.contains(&step.id)) {
            step.state = StepState::Done;
            step.attempts = 1;
            step.note = Some("found in the account when the share was imported".into());
        }
        run.state = RunState::Succeeded;
        run.finished = Some(now);
        run.results = past.results;
        Ok(run)
    }

    async fn imported_record(
        &self,
        intent: &ShareIntent,
        inventory: &ShareInventory,
        run: RunId,
    ) -> ServiceResult<ShareRecord> {
        Ok(ShareRecord {
            intent: intent.clone(),
            state: ShareState::Applied,
            created: self.now(),
            imported: true,
            endpoint_names: self.endpoint_names(intent, inventory).await?,
            last_run: Some(run),
            verification: None,
            recorded: Recorded::of(intent, inventory),
            checked: None,
        })
    }
}

fn rebuilt(searched: &[Searched], known: &BTreeSet<ShareId>) -> Vec<Tagged> {
    let accounts: Vec<_> = searched.iter().filter_map(|searched| searched.account.clone()).collect();
    tagged(&accounts, known)
}

fn gone(share: &ShareId) -> ServiceError {
    ServiceError::Conflict {
        message: format!("share `{share}` is no longer among those that can be imported"),
        hint: "search again: it was imported or undone meanwhile, or its account could not be read".into(),
    }
}
