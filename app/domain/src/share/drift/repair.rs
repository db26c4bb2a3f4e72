//! The repair: the plan back to the intent, and what else the person named.

use super::{Finding, FindingKind, Mend, Recorded};
use crate::arn::{Arn, CallerArn};
use crate::endpoint::EndpointArn;
use crate::names::{ConnectionId, PolicyName};
use crate::share::intent::{CallerScope, EndpointScope, Resource, ShareIntent};
use crate::share::inventory::{ObservedRole, ShareInventory};
use crate::share::plan::{Action, Holder, Planned, Step, plan};
use crate::share::{Side, TAG_SHARE};
use std::collections::{BTreeMap, BTreeSet};

/// What of [`Mend::Asked`] the person wants mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Managed policies to detach from the role.
    pub detach: BTreeSet<Arn>,
    /// Inline policies of the role to delete.
    pub inline: BTreeSet<PolicyName>,
    /// Whether to take the boundary off the role.
    pub boundary: bool,
    /// Resources that are the share's although their tag doesn't say so.
    pub retake: BTreeSet<Resource>,
    /// Callers that are gone and come off the share.
    pub drop_callers: BTreeSet<CallerArn>,
    /// Endpoints that are gone and come off the share.
    pub drop_endpoints: BTreeSet<EndpointArn>,
}

/// Why there is no repair plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// Everyone who may call would be taken off.
    #[error("no caller would be left on the share")]
    NoCaller,
    /// Everything that may be called would be taken off.
    #[error("no endpoint would be left on the share")]
    NoEndpoint,
    /// What an inline policy says is not known: deleting it could not be taken back.
    #[error("inline policy `{0}` could not be read")]
    InlineUnread(PolicyName),
    /// What is there is not known, so nothing can be planned.
    #[error("account {account} could not be read: {reason}")]
    Unread {
        /// Which account.
        account: crate::names::AccountId,
        /// Why not.
        reason: String,
    },
}

impl RepairError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoCaller => "edit the share to name another caller, or undo it",
            Self::NoEndpoint => "edit the share to open another endpoint, or undo it",
            Self::InlineUnread(_) => "leave it on the role, or delete it in IAM",
            Self::Unread { .. } => "look at the connection, then check for drift again",
        }
    }
}

/// A repair, ready to be reviewed and applied as any other plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// What the share is from now on: the intent without what was taken off.
    pub intent: ShareIntent,
    /// The steps, and what stands in their way.
    pub planned: Planned,
}

impl Choices {
    /// What ticking these findings asks for. Findings that can't be asked for are passed over, and so is a changed trust
    /// policy: it is mended once nobody it should name is gone.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut choices = Self::default();
        for finding in findings.into_iter().filter(|f| f.mend == Mend::Asked) {
            let subject = finding.subject.as_str();
            match finding.kind {
                FindingKind::ExtraPolicy => choices.detach.extend(Arn::parse(subject)),
                FindingKind::ExtraInline => choices.inline.extend(PolicyName::parse(subject)),
                FindingKind::BoundaryAdded => choices.boundary = true,
                FindingKind::TagsLost => choices.retake.extend(Resource::parse(subject)),
                FindingKind::CallerGone => choices.drop_callers.extend(CallerArn::parse(subject)),
                FindingKind::EndpointGone => choices.drop_endpoints.extend(EndpointArn::parse(subject)),
                _ => {}
            }
        }
        choices
    }

    /// The intent without the callers and endpoints that are taken off.
    pub fn amend(&self, intent: &ShareIntent) -> Result<ShareIntent, RepairError> {
        let mut amended = intent.clone();
        let dropped = |caller: &CallerArn| self.drop_callers.contains(caller);
        if let CallerScope::Named(callers) = &mut amended.callers {
            callers.retain(|caller| !dropped(caller));
            if callers.is_empty() {
                return Err(RepairError::NoCaller);
            }
        }
        amended.grantees.retain(|caller| !dropped(caller));
        amended.console = amended.console.filter(|console| !dropped(console));
        if let EndpointScope::Named(arns) = &mut amended.endpoints {
            arns.retain(|arn| !self.drop_endpoints.contains(arn));
            if arns.is_empty() {
                return Err(RepairError::NoEndpoint);
            }
        }
        Ok(amended)
    }
}

/// The plan from `inventory` back to `intent` as `choices` amend it, with the extras that they name. `inventory` may be
/// that of the intent before it is amended. What is not there (any more) is passed over.
pub fn repair(
    intent: &ShareIntent,
    inventory: &ShareInventory,
    recorded: &Recorded,
    choices: &Choices,
) -> Result<Repair, RepairError> {
    if let Some(reason) = inventory.unread.get(&Side::Parent) {
        return Err(RepairError::Unread { account: intent.parent.clone(), reason: reason.clone() });
    }
    let intent = choices.amend(intent)?;
    let mut consenting = intent.clone();
    consenting.adopting.extend(&choices.retake);
    let mut planned = plan(&consenting, inventory);
    for step in &mut planned.plan.steps {
        retag(step, &intent, inventory, recorded);
    }
    if let (Some(role), Some(connection)) = (&inventory.role, intent.parent_connection()) {
        planned.plan.steps.extend(extras((&intent, connection), role, inventory, choices)?);
    }
    Ok(Repair { intent, planned })
}

/// A tag given back to what is provably still the share's own resource is no taking over: undoing then deletes what the
/// share made, instead of giving it back to nobody.
fn retag(step: &mut Step, intent: &ShareIntent, inventory: &ShareInventory, recorded: &Recorded) {
    let same_role = || {
        let (then, now) = (recorded.role.as_ref(), inventory.role.as_ref());
        then.zip(now).is_some_and(|(then, now)| then.unique_id == now.unique_id)
    };
    let same_policy = |policy: &Arn| {
        let grant = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
        let known = [(&recorded.policy, inventory.policy.as_ref()), (&recorded.grant, grant)];
        known.iter().any(|(then, now)| match (then, now) {
            (Some(then), Some(now)) => now.arn == *policy && then.recreated(now) == Some(false),
            _ => false,
        })
    };
    let own = BTreeMap::from([(TAG_SHARE.to_owned(), intent.id.to_string())]);
    match &mut step.action {
        Action::TagRole { previous, .. } if previous.is_empty() && same_role() => *previous = own,
        Action::TagPolicy { policy, previous, .. } if previous.is_empty() && same_policy(policy) => *previous = own,
        _ => {}
    }
}

fn extras(
    (intent, connection): (&ShareIntent, &ConnectionId),
    role: &ObservedRole,
    inventory: &ShareInventory,
    choices: &Choices,
) -> Result<Vec<Step>, RepairError> {
    let name = &intent.role_name;
    let step = |id: String, action: Action| Step {
        id,
        title: action.title(),
        side: Side::Parent,
        account: intent.parent.clone(),
        connection: connection.clone(),
        action,
        after: Vec::new(),
    };
    let mut steps = Vec::new();
    let own = intent.policy_arn();
    if let Ok(holder) = CallerArn::parse(role.arn.as_str()) {
        for policy in role.attached.iter().filter(|arn| **arn != own && choices.detach.contains(*arn)) {
            // Names are unique within an account, AWS's own among themselves.
            let id = format!("parent-role-extra-{}-{}", policy.account(), policy.resource_name());
            steps.push(step(id, Action::Detach { from: holder.clone(), policy: policy.clone() }));
        }
    }
    for inline in role.inline.iter().filter(|inline| choices.inline.contains(*inline)) {
        let Some(previous) = inventory.role_documents.get(inline.as_str()).cloned() else {
            return Err(RepairError::InlineUnread(inline.clone()));
        };
        let holder = Holder::Role(name.clone());
        let action = Action::DeleteInlinePolicy { holder, name: inline.clone(), previous };
        steps.push(step(format!("parent-role-extra-inline-{inline}"), action));
    }
    if let Some(boundary) = role.boundary.as_ref().filter(|_| choices.boundary) {
        let action = Action::RemoveBoundary { role: name.clone(), previous: boundary.clone() };
        steps.push(step("parent-role-boundary".into(), action));
    }
    Ok(steps)
}
