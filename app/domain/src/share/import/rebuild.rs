//! A share rebuilt from what carries its tag.

use super::shape::{self, Trust};
use super::{Imported, SearchedAccount, WhyNot, share_of};
use crate::arn::{CallerArn, CallerKind};
use crate::names::{PolicyName, RoleName, ShareId};
use crate::policy::PolicyDocument;
use crate::share::intent::{CallerScope, ParentSide, ShareIntent};
use crate::share::inventory::{ChildInventory, ObservedGrantee, ObservedPolicy, ObservedRole, ShareInventory};
use crate::share::plan::{Action, PastRun, Step, plan};
use crate::share::{TAG_SHARE, render};
use crate::wizard::GRANT_NAME;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn rebuild(share: &ShareId, accounts: &[&SearchedAccount]) -> Result<Imported, WhyNot> {
    let roles = accounts.iter().flat_map(|account| account.roles.iter().map(move |role| (*account, role)));
    let mut roles = roles.filter(|(_, role)| share_of(&role.tags).as_ref() == Some(share));
    let (home, role) = roles.next().ok_or_else(|| WhyNot::NoRole(share.to_string()))?;
    if roles.next().is_some() {
        return Err(WhyNot::SeveralRoles(share.to_string()));
    }
    let trust = shape::trust(role, &home.account)?;
    let policy = policy_of(share, home, role)?;
    let reach = shape::reach(policy, &home.account)?;
    let mut guesses = Vec::new();
    if !trust.orphans.is_empty() {
        let ids: Vec<String> = trust.orphans.iter().map(|id| format!("`{id}`")).collect();
        guesses.push(format!("Who {} was can't be told: it is left out of the callers.", ids.join(", ")));
    }
    let child = Child::find(share, accounts, &trust, role, &mut guesses)?;
    let intent = ShareIntent {
        id: share.clone(),
        parent_side: ParentSide::Connected(home.connection.clone()),
        parent: home.account.clone(),
        region: reach.region,
        endpoints: reach.endpoints,
        child_connection: child.account.map(|account| account.connection.clone()),
        console: child.console(&trust.callers),
        child: trust.child,
        callers: trust.callers,
        actions: reach.actions,
        policy_name: name(policy)?,
        role_name: role_name(role)?,
        session_seconds: role.max_session_seconds,
        external_id: trust.external_id,
        rotation: trust.rotation,
        grant_name: child.grant_name,
        grantees: child.grantees,
        adopt: false,
        adopting: BTreeSet::new(),
        accepted: false,
        results: reach.results,
    };
    let journal = journal(&intent, role, policy, child.grant);
    Ok(Imported { intent, journal, guesses })
}

fn policy_of<'a>(
    share: &ShareId,
    home: &'a SearchedAccount,
    role: &ObservedRole,
) -> Result<&'a ObservedPolicy, WhyNot> {
    let tagged = home.policies.iter().filter(|policy| share_of(&policy.tags).as_ref() == Some(share));
    // The child may be the same account as another share's parent: a grant that carries the tag is no candidate.
    let invoking: Vec<&ObservedPolicy> = tagged.filter(|policy| role.attached.contains(&policy.arn)).collect();
    match invoking.as_slice() {
        [one] => Ok(one),
        [] => Err(WhyNot::NoPolicy),
        many => Err(WhyNot::SeveralPolicies(many.iter().map(|p| p.arn.resource_name().to_owned()).collect())),
    }
}

struct Child<'a> {
    account: Option<&'a SearchedAccount>,
    grant: Option<&'a ObservedPolicy>,
    grant_name: PolicyName,
    grantees: BTreeSet<CallerArn>,
}

impl<'a> Child<'a> {
    fn find(
        share: &ShareId,
        accounts: &[&'a SearchedAccount],
        trust: &Trust,
        role: &ObservedRole,
        guesses: &mut Vec<String>,
    ) -> Result<Self, WhyNot> {
        let account = accounts.iter().copied().find(|account| account.account == trust.child);
        let grant = account.and_then(|account| {
            let tagged = account.policies.iter().filter(|policy| share_of(&policy.tags).as_ref() == Some(share));
            tagged.into_iter().find(|policy| grants(policy, role))
        });
        let said = render::granted_by(&role.description).and_then(|name| PolicyName::parse(name).ok());
        let grant_name = match (grant, said) {
            (Some(grant), _) => name(grant)?,
            (None, Some(said)) => said,
            (None, None) => {
                guesses.push(format!("What the child's policy is called can't be told: `{GRANT_NAME}` is assumed."));
                PolicyName::parse(GRANT_NAME).unwrap_or_else(|_| unreachable!("the default is a policy name"))
            }
        };
        let mut grantees = BTreeSet::new();
        if let (Some(account), Some(grant)) = (account, grant) {
            let roles = grant.attached_roles.iter().map(|holder| (CallerKind::Role, holder));
            for (kind, holder) in roles.chain(grant.attached_users.iter().map(|holder| (CallerKind::User, holder))) {
                grantees.extend(caller(account, trust, kind, holder, guesses));
            }
        }
        if account.is_none() {
            guesses
                .push(format!("Account {} is not connected: who has the permission there can't be told.", trust.child));
        }
        Ok(Self { account, grant, grant_name, grantees })
    }

    /// The console, when the trust policy names it.
    fn console(&self, callers: &CallerScope) -> Option<CallerArn> {
        let console = self.account?.console.clone()?;
        matches!(callers, CallerScope::Named(named) if named.contains(&console)).then_some(console)
    }
}

fn grants(policy: &ObservedPolicy, role: &ObservedRole) -> bool {
    let Ok(document) = PolicyDocument::parse(&policy.document) else { return false };
    let resources = document.statements.iter().filter_map(|s| s.resource.as_ref()).flat_map(|clause| &clause.patterns);
    resources.into_iter().any(|pattern| pattern.as_str() == role.arn.as_str())
}

/// A holder with its path: as the trust policy names it, as the account lists it, or without one.
fn caller(
    account: &SearchedAccount,
    trust: &Trust,
    kind: CallerKind,
    holder: &str,
    guesses: &mut Vec<String>,
) -> Option<CallerArn> {
    let is = |caller: &&CallerArn| caller.kind() == kind && caller.name() == holder;
    let named = match &trust.callers {
        CallerScope::Named(named) => named.iter().find(is),
        CallerScope::WholeAccount => None,
    };
    if let Some(known) = named.or_else(|| account.callers.iter().find(is)) {
        return Some(known.clone());
    }
    let word = if kind == CallerKind::Role { "role" } else { "user" };
    guesses.push(format!("The path of {word} `{holder}` can't be told: none is assumed."));
    let partition = account.policies.first().map_or("aws", |policy| policy.arn.partition());
    CallerArn::parse(&format!("arn:{partition}:iam::{}:{word}/{holder}", account.account)).ok()
}

pub(super) fn name(policy: &ObservedPolicy) -> Result<PolicyName, WhyNot> {
    let name = policy.arn.resource().strip_prefix("policy/").and_then(|name| PolicyName::parse(name).ok());
    name.ok_or_else(|| WhyNot::Path(policy.arn.clone()))
}

pub(super) fn role_name(role: &ObservedRole) -> Result<RoleName, WhyNot> {
    let name = role.arn.resource().strip_prefix("role/").and_then(|name| RoleName::parse(name).ok());
    name.ok_or_else(|| WhyNot::Path(role.arn.clone()))
}

/// The run that would have made all of it. What the description says that others made was taken over: undoing gives it
/// back, without what it said before, which nobody knows any more.
fn journal(
    intent: &ShareIntent,
    role: &ObservedRole,
    policy: &ObservedPolicy,
    grant: Option<&ObservedPolicy>,
) -> PastRun {
    let grantees =
        intent.grantees.iter().map(|arn| ObservedGrantee { arn: arn.clone(), exists: true, attached: Vec::new() });
    let child = ChildInventory { grantees: grantees.collect(), ..ChildInventory::default() };
    let nothing = ShareInventory { child: grant.map(|_| child), ..ShareInventory::default() };
    let mut plan = plan(intent, &nothing).plan;
    let made = |description: &str| render::is_description_of(description, &intent.id);
    for step in &mut plan.steps {
        let others = match &step.action {
            Action::CreateRole { .. } => !made(&role.description),
            Action::CreatePolicy { arn, .. } if *arn == policy.arn => !made(&policy.description),
            Action::CreatePolicy { .. } => grant.is_some_and(|grant| !made(&grant.description)),
            _ => false,
        };
        if others {
            take_over(step, &intent.id);
        }
    }
    let attempted = plan.steps.iter().map(|step| step.id.clone()).collect();
    PastRun { plan, attempted, results: BTreeMap::new() }
}

fn take_over(step: &mut Step, share: &ShareId) {
    let tags = BTreeMap::from([(TAG_SHARE.to_owned(), share.to_string())]);
    let previous = BTreeMap::new();
    match &step.action {
        Action::CreateRole { name, .. } => {
            step.title = format!("Tag role {name}");
            step.action = Action::TagRole { role: name.clone(), tags, previous };
        }
        Action::CreatePolicy { name, arn, .. } => {
            step.title = format!("Tag policy {name}");
            step.action = Action::TagPolicy { policy: arn.clone(), tags, previous };
        }
        _ => {}
    }
}
