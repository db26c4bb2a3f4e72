//! Accepting an offer: the same wizard, with the child's half of its steps.

use super::answers::{ON, POLICY_NAME};
use super::problems::Found;
use super::{CallersForm, ChildForm, EndpointsForm, ParentForm, RoleForm, ShareDraft, WizardStep};
use crate::arn::CallerArn;
use crate::connection::Identity;
use crate::endpoint::EndpointArn;
use crate::handoff::{OfferedEndpoints, ShareOffer};
use crate::names::{ConnectionId, DraftId, ExternalId, NameError, PolicyName, RoleName};
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, Resource, ShareIntent};
use std::collections::BTreeSet;

/// The steps of whoever accepts an offer.
const ACCEPTING: [WizardStep; 5] =
    [WizardStep::Callers, WizardStep::Child, WizardStep::Review, WizardStep::Apply, WizardStep::Verify];

impl ShareDraft {
    /// A wizard that accepts an offer through a connection to its child account. Whom the role trusts already is chosen,
    /// the console too when it is among them.
    pub fn of_offer(id: DraftId, offer: &ShareOffer, connection: &ConnectionId, identity: &Identity) -> Self {
        let console = identity.caller.as_ref();
        let (named, console_calls) = match &offer.callers {
            CallerScope::Named(callers) => {
                (callers.iter().cloned().collect(), console.is_some_and(|console| callers.contains(console)))
            }
            CallerScope::WholeAccount => (Vec::new(), console.is_some()),
        };
        let named: Vec<CallerArn> = named.into_iter().filter(|caller| Some(caller) != console).collect();
        let arns: Vec<String> = named.iter().map(CallerArn::to_string).collect();
        Self {
            id,
            share: offer.share.clone(),
            reached: WizardStep::Callers,
            parent: ParentForm { connection: String::new(), region: offer.region.to_string() },
            endpoints: match &offer.endpoints {
                OfferedEndpoints::All { .. } => EndpointsForm { scope: "all".into(), arns: Vec::new() },
                OfferedEndpoints::Named(named) => EndpointsForm {
                    scope: "named".into(),
                    arns: named.iter().map(|endpoint| endpoint.arn.to_string()).collect(),
                },
            },
            callers: CallersForm {
                source: "connected".into(),
                connection: connection.to_string(),
                scope: "named".into(),
                arns: arns.clone(),
                console: if console_calls { ON.into() } else { String::new() },
                ..CallersForm::default()
            },
            role: RoleForm {
                policy_name: POLICY_NAME.into(),
                role_name: offer.role.resource_name().into(),
                actions: offer.actions.iter().map(|action: &InvokeAction| action.key().into()).collect(),
                session_seconds: offer.session_seconds.to_string(),
                require_external_id: if offer.external_id.is_some() { ON.into() } else { String::new() },
                external_id: offer.external_id.as_ref().map(ExternalId::to_string).unwrap_or_default(),
                adopt: String::new(),
            },
            child: ChildForm { grant_name: offer.grant_name.to_string(), grantees: arns },
            parent_account: Some(offer.parent.clone()),
            child_account: Some(identity.account.clone()),
            console_caller: identity.caller.clone(),
            console_identity: Some(identity.arn.clone()),
            rotating: None,
            opened_with: None,
            edits: false,
            accepted: false,
            offer: Some(offer.clone()),
        }
    }

    /// The wizard's steps: all of them, or the child's half when an offer is accepted.
    pub fn steps(&self) -> &'static [WizardStep] {
        if self.offer.is_some() { &ACCEPTING } else { &WizardStep::ALL }
    }
    /// The step after `step`.
    pub fn next(&self, step: WizardStep) -> Option<WizardStep> {
        self.steps().iter().copied().find(|next| *next > step)
    }
    /// The step before `step`.
    pub fn previous(&self, step: WizardStep) -> Option<WizardStep> {
        self.steps().iter().copied().rev().find(|previous| *previous < step)
    }
    /// A step's address.
    pub fn path(&self, step: WizardStep) -> String {
        let wizard = match (&self.offer, self.edits) {
            (Some(_), _) => "accept",
            (None, true) => "edit",
            (None, false) => "new",
        };
        format!("/shares/{wizard}/{}/{}", self.id, step.slug())
    }

    /// Who calls is asked of whoever accepts: by name, in the account that the offer is made to.
    pub(super) fn accepting_problems(&self, found: &mut Found) {
        self.caller_problems(found);
        if let (Some(offer), Some(account)) = (&self.offer, &self.child_account)
            && let Err(error) = offer.check_account(account)
        {
            found.add("connection", error.message, &error.hint);
        }
        if self.callers.scope != "named" || !self.child_is_connected() {
            let hint = "name the roles and users that are to call";
            found.add("scope", "an offer is accepted for roles and users by name", hint);
        }
    }

    /// The share as the offer describes it, with who calls as chosen here.
    pub(super) fn accepted(&self, offer: &ShareOffer) -> Result<ShareIntent, NameError> {
        let console = self.console_calls().then(|| self.console_caller.clone()).flatten();
        let named = self.caller_texts().map(CallerArn::parse).chain(console.clone().map(Ok));
        let arns = |named: &BTreeSet<crate::handoff::OfferedEndpoint>| -> BTreeSet<EndpointArn> {
            named.iter().map(|endpoint| endpoint.arn.clone()).collect()
        };
        let words: Vec<&str> = self.role.adopt.split_whitespace().collect();
        Ok(ShareIntent {
            id: offer.share.clone(),
            parent_side: ParentSide::Offered(offer.offered()),
            parent: offer.parent.clone(),
            region: offer.region.clone(),
            endpoints: match &offer.endpoints {
                OfferedEndpoints::All { .. } => EndpointScope::All,
                OfferedEndpoints::Named(named) => EndpointScope::Named(arns(named)),
            },
            child_connection: Some(ConnectionId::parse(&self.callers.connection)?),
            child: offer.child.clone(),
            callers: CallerScope::Named(named.collect::<Result<_, _>>()?),
            actions: offer.actions.clone(),
            policy_name: PolicyName::parse(POLICY_NAME)?,
            role_name: RoleName::parse(offer.role.resource_name())?,
            session_seconds: offer.session_seconds,
            external_id: offer.external_id.clone(),
            grant_name: PolicyName::parse(&self.child.grant_name)?,
            grantees: self.child.grantees.iter().map(|g| CallerArn::parse(g)).collect::<Result<_, _>>()?,
            adopt: words.contains(&ON),
            adopting: words.iter().filter_map(|word| Resource::parse(word)).collect(),
            accepted: false,
            console,
            rotation: None,
            results: BTreeSet::new(),
        })
    }
}
