//! What is there now, on both sides of an intent.

use crate::ports::gateway::IdentityPolicies;
use crate::ports::store::RunRecord;
use crate::{ServiceError, ServiceResult, Services, words};
use domain::arn::{Arn, CallerArn, CallerKind};
use domain::endpoint::{EndpointArn, EndpointView};
use domain::evaluate::{Context, Decision, NamedPolicy, Policies, Principal, Request, ResourceKind, decide};
use domain::names::{ConnectionId, EndpointName, PolicyName, Region, ShareId};
use domain::policy::PolicyDocument;
use domain::run::StepState;
use domain::share::Side;
use domain::share::intent::{CallerScope, EndpointScope, ShareIntent};
use domain::share::inventory::{ChildInventory, ObservedGrantee, ObservedPolicy, ObservedRole, ShareInventory};
use domain::share::plan::attached_by;
use domain::share::render;
use domain::share::view::ShareState;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

/// How many look-ups of one kind go out together.
pub(crate) const TOGETHER: usize = 8;
/// How many pages of endpoints are looked through for one whose name's case is not known.
const PAGES: usize = 50;

impl Services {
    /// Reads the connected accounts, and refuses when a connection has come to lead to another one. Changes nothing.
    pub(crate) async fn inventory(&self, intent: &ShareIntent) -> ServiceResult<ShareInventory> {
        // Side by side, so that nobody waits longer; what is read in a wrong account is dropped.
        let (same, read) = tokio::join!(self.same_accounts(intent), self.read_accounts(intent));
        same?;
        read
    }

    /// As [`Services::readable_inventory`], with the documents of the role's policies: an inline policy can be put back
    /// only when it was read.
    pub(crate) async fn whole_inventory(&self, intent: &ShareIntent) -> ServiceResult<ShareInventory> {
        let documents = async {
            match intent.parent_connection() {
                Some(parent) => self.inner.gateways.iam.role_documents(parent, &intent.role_name).await.ok()?,
                None => None,
            }
        };
        let (inventory, documents) = tokio::join!(self.readable_inventory(intent), documents);
        let documents = documents.into_iter().flat_map(|found| found.policies.documents);
        let role_documents = documents.map(|document| (document.name, document.text)).collect();
        Ok(ShareInventory { role_documents, ..inventory? })
    }

    /// Whether both connections still lead to the accounts of the intent.
    async fn same_accounts(&self, intent: &ShareIntent) -> ServiceResult<()> {
        let child = async {
            match &intent.child_connection {
                Some(connection) => self.still_leads_to(connection, &intent.child).await,
                None => Ok(()),
            }
        };
        let parent = async {
            match intent.parent_connection() {
                Some(connection) => self.still_leads_to(connection, &intent.parent).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(parent, child)?;
        Ok(())
    }

    async fn read_accounts(&self, intent: &ShareIntent) -> ServiceResult<ShareInventory> {
        let runs = self.inner.stores.runs.of_share(&intent.id).await?;
        let (parent, child) = tokio::try_join!(self.parent_inventory(intent), self.child_inventory(intent, &runs))?;
        Ok(ShareInventory { child, other_shares: self.other_shares(intent).await?, ..parent })
    }

    /// As much of both accounts as can be read: a side that can't is told in `unread`. For looking, and for mending what
    /// was seen; what is undone or applied anew is read whole.
    pub(crate) async fn readable_inventory(&self, intent: &ShareIntent) -> ServiceResult<ShareInventory> {
        let runs = self.inner.stores.runs.of_share(&intent.id).await?;
        let parent = async {
            if let Some(connection) = intent.parent_connection() {
                self.still_leads_to(connection, &intent.parent).await?;
            }
            self.parent_inventory(intent).await
        };
        let child = async {
            if let Some(connection) = &intent.child_connection {
                self.still_leads_to(connection, &intent.child).await?;
            }
            self.child_inventory(intent, &runs).await
        };
        let (parent, child) = tokio::join!(parent, child);
        let mut unread = BTreeMap::new();
        let parent = or_unread(parent, Side::Parent, &mut unread)?.unwrap_or_default();
        let child = or_unread(child, Side::Child, &mut unread)?.flatten();
        Ok(ShareInventory { child, unread, other_shares: self.other_shares(intent).await?, ..parent })
    }

    async fn parent_inventory(&self, intent: &ShareIntent) -> ServiceResult<ShareInventory> {
        let ((policy, role), endpoints) =
            tokio::try_join!(self.parent_resources(intent), self.intended_endpoints(intent),)?;
        Ok(ShareInventory { policy, role, endpoints, ..ShareInventory::default() })
    }

    async fn other_shares(&self, intent: &ShareIntent) -> ServiceResult<BTreeSet<ShareId>> {
        let others = self.inner.stores.shares.list().await?.into_iter().map(|r| r.value);
        let others = others.filter(|r| r.intent.id != intent.id && r.state != ShareState::Undone);
        Ok(others.map(|r| r.intent.id).collect())
    }

    /// The parent's policy and role of the intended names; neither where the parent is not connected.
    async fn parent_resources(
        &self,
        intent: &ShareIntent,
    ) -> ServiceResult<(Option<ObservedPolicy>, Option<ObservedRole>)> {
        let Some(parent) = intent.parent_connection() else { return Ok((None, None)) };
        let (iam, policy_arn) = (&self.inner.gateways.iam, intent.policy_arn());
        Ok(tokio::try_join!(iam.policy(parent, &policy_arn), iam.role(parent, &intent.role_name))?)
    }

    async fn child_inventory(&self, intent: &ShareIntent, runs: &[RunRecord]) -> ServiceResult<Option<ChildInventory>> {
        let Some(connection) = &intent.child_connection else { return Ok(None) };
        let grant = intent.grant_arn();
        let named: BTreeSet<CallerArn> = match &intent.callers {
            CallerScope::Named(callers) => callers.clone(),
            CallerScope::WholeAccount => BTreeSet::new(),
        };
        // The console's own attachments come with its policies.
        let others: BTreeSet<CallerArn> = named.iter().chain(&intent.grantees).cloned().collect();
        let others = others.into_iter().filter(|caller| intent.console.as_ref() != Some(caller)).collect();
        let (policy, mut attached, console) = tokio::try_join!(
            async { Ok(self.inner.gateways.iam.policy(connection, &grant).await?) },
            self.attachments(connection, others),
            self.console_in_child(intent, connection),
        )?;
        let console_needs_grant = console.as_ref().is_some_and(|(_, needs_grant)| *needs_grant);
        attached.extend(console.map(|(console, _)| console));
        attached.sort_by(|a, b| a.arn.cmp(&b.arn));
        let missing = attached.iter().filter(|g| !g.exists && named.contains(&g.arn)).map(|g| g.arn.clone()).collect();
        let wanted = |g: &ObservedGrantee| intent.grantees.contains(&g.arn) || intent.console.as_ref() == Some(&g.arn);
        Ok(Some(ChildInventory {
            policy,
            grantees: attached.into_iter().filter(wanted).collect(),
            missing_callers: missing,
            console_needs_grant,
            attached_by_us: attached_by_runs(runs, &grant),
        }))
    }

    async fn attachments(
        &self,
        connection: &ConnectionId,
        callers: Vec<CallerArn>,
    ) -> ServiceResult<Vec<ObservedGrantee>> {
        let look = |arn: CallerArn| self.attachment(connection, arn);
        stream::iter(callers.into_iter().map(look)).buffered(TOGETHER).try_collect().await
    }

    async fn attachment(&self, connection: &ConnectionId, arn: CallerArn) -> ServiceResult<ObservedGrantee> {
        let attached = self.inner.gateways.iam.attached(connection, &arn).await?;
        Ok(ObservedGrantee { arn, exists: attached.is_some(), attached: attached.unwrap_or_default() })
    }

    /// The console's identity in the child, and whether none of its own policies, the share's grant left aside, lets it
    /// assume the role. When they can't be read nothing is attached on a guess: the verification will tell.
    async fn console_in_child(
        &self,
        intent: &ShareIntent,
        connection: &ConnectionId,
    ) -> ServiceResult<Option<(ObservedGrantee, bool)>> {
        let Some(console) = &intent.console else { return Ok(None) };
        let Ok(Some(read)) = self.inner.gateways.iam.identity_policies(connection, console).await else {
            return Ok(Some((self.attachment(connection, console.clone()).await?, false)));
        };
        let needs_grant = !may_assume(intent, console, &read, Some(&intent.grant_name));
        let grantee = ObservedGrantee { arn: console.clone(), exists: true, attached: read.attached };
        Ok(Some((grantee, needs_grant)))
    }

    /// The intended endpoints that exist, with their status; none where the parent is not connected.
    pub(crate) async fn intended_endpoints(&self, intent: &ShareIntent) -> ServiceResult<Vec<EndpointView>> {
        let EndpointScope::Named(arns) = &intent.endpoints else { return Ok(Vec::new()) };
        let Some(parent) = intent.parent_connection() else { return Ok(Vec::new()) };
        let look = |arn: EndpointArn| async move { self.endpoint_by_arn(parent, &intent.region, &arn).await };
        let found: Vec<Option<EndpointView>> =
            stream::iter(arns.iter().cloned().map(look)).buffered(TOGETHER).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// An ARN has its name in lower case only, and the name's own case is what SageMaker is asked by: what lists have
    /// shown is tried first, then the lower-case name, then the list itself.
    pub(crate) async fn endpoint_by_arn(
        &self,
        connection: &ConnectionId,
        region: &Region,
        arn: &EndpointArn,
    ) -> ServiceResult<Option<EndpointView>> {
        let sagemaker = &self.inner.gateways.sagemaker;
        let lower = EndpointName::parse(arn.lower_name()).ok();
        for name in self.remembered_name(arn).into_iter().chain(lower) {
            if let Some(found) = sagemaker.endpoint(connection, region, &name).await?.filter(|found| found.arn == *arn)
            {
                return Ok(Some(found));
            }
        }
        let mut after = None;
        for _ in 0..PAGES {
            let page = sagemaker.endpoints(connection, region, None, after.as_deref()).await?;
            self.remember_names(&page.items);
            if let Some(found) = page.items.into_iter().find(|e| e.arn == *arn) {
                return Ok(Some(found));
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
        // It may be further down: not found is not gone.
        Err(ServiceError::Conflict {
            message: format!("endpoint `{}` was not among the first {} endpoints", arn.lower_name(), PAGES * 100),
            hint: "open the list of endpoints in the wizard once, so that its name is known as it is written".into(),
        })
    }
}

/// What was read; nothing, with the reason noted, where AWS or the way to it did not let the console read. A failing
/// store is a failure all the same: it says nothing about the account.
pub(crate) fn or_unread<T>(
    read: ServiceResult<T>,
    side: Side,
    unread: &mut BTreeMap<Side, String>,
) -> ServiceResult<Option<T>> {
    let reason = match read {
        Ok(read) => return Ok(Some(read)),
        Err(ServiceError::Gateway { source, .. }) => format!("{source}; {}", words::hint(&source)),
        Err(ServiceError::Conflict { message, hint }) => format!("{message}; {hint}"),
        Err(error) => return Err(error),
    };
    unread.insert(side, reason);
    Ok(None)
}

/// Whom the share's runs, newest first, attached the grant to and did not detach it from since.
fn attached_by_runs(runs: &[RunRecord], grant: &Arn) -> BTreeSet<CallerArn> {
    let steps = runs.iter().rev().flat_map(|run| run.plan.steps.iter().zip(&run.steps));
    let begun = steps.filter(|(_, journal)| journal.attempts > 0);
    attached_by(grant, begun.map(|(step, journal)| (&step.action, journal.state == StepState::Done)))
}

/// Whether a caller's own policies, the one called `but` left aside, let it assume the share's role, its trust policy taken
/// for granted.
pub(crate) fn may_assume(
    intent: &ShareIntent,
    caller: &CallerArn,
    read: &IdentityPolicies,
    but: Option<&PolicyName>,
) -> bool {
    let left_aside = |name: &str| but.is_some_and(|but| name == but.as_str() || name.ends_with(&format!("/{but}")));
    let documents = read.documents.iter().filter(|(name, _)| !left_aside(name));
    let own: Vec<NamedPolicy> =
        documents.filter_map(|(name, text)| Some(NamedPolicy::new(name, PolicyDocument::parse(text).ok()?))).collect();
    let Ok(trust) = PolicyDocument::parse(&render::trust_policy(intent)) else { return false };
    let trust = NamedPolicy::new("trust policy", trust);
    let Some(principal) = principal_of(caller, None) else { return false };
    let mut context = Context::new();
    if let Some(id) = &intent.external_id {
        context = context.with("sts:ExternalId", id.as_str());
    }
    let request = Request {
        principal,
        action: "sts:AssumeRole".into(),
        resource: intent.role_arn().as_str().into(),
        resource_account: intent.parent.clone(),
        context,
    };
    let policies =
        Policies { identity: &own, resource: Some(&trust), resource_kind: ResourceKind::Trust, ..Policies::default() };
    decide(&request, &policies) == Decision::Allowed
}

/// A caller as a principal; a role calls through a session of some name.
pub(crate) fn principal_of(caller: &CallerArn, session: Option<&Arn>) -> Option<Principal> {
    match (caller.kind(), session) {
        (CallerKind::User, _) => Principal::user(caller.arn().clone(), None).ok(),
        (CallerKind::Role, Some(session)) => Principal::role_session(session.clone(), caller.arn().clone(), None).ok(),
        (CallerKind::Role, None) => Principal::role(caller.arn().clone(), None).ok(),
    }
}
