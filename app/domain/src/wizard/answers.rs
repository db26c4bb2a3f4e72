//! From a draft to an intent, and back.

use super::{CallersForm, ChildForm, EndpointsForm, FieldProblem, ParentForm, RoleForm, ShareDraft, WizardStep};
use crate::arn::CallerArn;
use crate::endpoint::EndpointArn;
use crate::handoff::ShareOffer;
use crate::names::{ConnectionId, DraftId, ExternalId, NameError, PolicyName, Region, RoleName, ShareId};
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, Resource, ShareIntent};
use std::collections::BTreeSet;

/// The names of the first seed, so that its readers recognise what they get.
pub(super) const POLICY_NAME: &str = "SageMakerExternalInvokeEndpoint";
const ROLE_NAME: &str = "SageMakerExternal";
/// What the child's policy is called when nobody names it.
pub const GRANT_NAME: &str = "AllowAssumeSagemakerExternalRole";

/// What a ticked checkbox sends.
pub(super) const ON: &str = "on";

impl ShareDraft {
    /// A fresh wizard: everything that has a sensible default has it.
    pub fn new(id: DraftId, share: ShareId, external_id: &ExternalId, region: &Region) -> Self {
        Self {
            id,
            share,
            reached: WizardStep::Parent,
            parent: ParentForm { connection: String::new(), region: region.to_string() },
            endpoints: EndpointsForm { scope: "named".into(), arns: Vec::new() },
            callers: CallersForm {
                source: "connected".into(),
                scope: "named".into(),
                console: ON.into(),
                ..CallersForm::default()
            },
            role: RoleForm {
                policy_name: POLICY_NAME.into(),
                role_name: ROLE_NAME.into(),
                actions: vec![InvokeAction::Invoke.key().into()],
                session_seconds: "3600".into(),
                require_external_id: ON.into(),
                external_id: external_id.to_string(),
                adopt: String::new(),
            },
            child: ChildForm { grant_name: GRANT_NAME.into(), grantees: Vec::new() },
            parent_account: None,
            child_account: None,
            console_caller: None,
            console_identity: None,
            rotating: None,
            offer: None,
            opened_with: None,
            edits: false,
            accepted: false,
        }
    }

    /// A wizard over a share that exists, with its answers filled in. A share without an external ID is offered
    /// `external_id`, not required.
    pub fn of_share(id: DraftId, intent: &ShareIntent, external_id: &ExternalId) -> Self {
        let texts = |callers: &BTreeSet<CallerArn>| callers.iter().map(CallerArn::to_string).collect::<Vec<_>>();
        let (endpoint_scope, arns) = match &intent.endpoints {
            EndpointScope::All => ("all", Vec::new()),
            EndpointScope::Named(arns) => ("named", arns.iter().map(EndpointArn::to_string).collect()),
        };
        let (caller_scope, named) = match &intent.callers {
            CallerScope::WholeAccount => ("account", Vec::new()),
            CallerScope::Named(callers) => {
                let others = callers.iter().filter(|c| intent.console.as_ref() != Some(*c)).cloned().collect();
                ("named", texts(&others))
            }
        };
        let connected = intent.child_connection.is_some();
        Self {
            id,
            share: intent.id.clone(),
            reached: WizardStep::Review,
            parent: ParentForm {
                connection: intent.parent_connection().map(ConnectionId::to_string).unwrap_or_default(),
                region: intent.region.to_string(),
            },
            endpoints: EndpointsForm { scope: endpoint_scope.into(), arns },
            callers: CallersForm {
                source: if connected { "connected" } else { "typed" }.into(),
                connection: intent.child_connection.as_ref().map(ConnectionId::to_string).unwrap_or_default(),
                account: if connected { String::new() } else { intent.child.to_string() },
                scope: caller_scope.into(),
                typed: if connected { String::new() } else { super::typed::written(&named) },
                arns: if connected { named } else { Vec::new() },
                console: tick(intent.console.is_some()),
            },
            role: RoleForm {
                policy_name: intent.policy_name.to_string(),
                role_name: intent.role_name.to_string(),
                actions: intent.actions.iter().map(|a| a.key().into()).collect(),
                session_seconds: intent.session_seconds.to_string(),
                require_external_id: tick(intent.external_id.is_some()),
                external_id: intent.external_id.as_ref().unwrap_or(external_id).to_string(),
                adopt: adopt_text(intent),
            },
            child: ChildForm { grant_name: intent.grant_name.to_string(), grantees: texts(&intent.grantees) },
            parent_account: Some(intent.parent.clone()),
            child_account: Some(intent.child.clone()),
            console_caller: intent.console.clone(),
            console_identity: intent.console.as_ref().map(|c| c.arn().clone()),
            rotating: intent.external_id.clone().zip(intent.rotation.clone()),
            offer: intent.offered().map(|offered| {
                let names: Vec<_> = offered.names.iter().cloned().collect();
                ShareOffer::of(intent, &names)
            }),
            opened_with: intent.external_id.clone(),
            edits: false,
            accepted: intent.accepted,
        }
    }

    /// Takes over what became of the share's external ID since this wizard was opened, as long as its own answer was left
    /// alone: an edit never ends, repeats or takes back a change of the external ID by being older than it.
    pub fn follow(&mut self, intent: &ShareIntent) {
        // What an offer says is the parent's to change.
        if self.offer.is_some() {
            return;
        }
        self.rotating = intent.external_id.clone().zip(intent.rotation.clone());
        let Some(current) = &intent.external_id else { return };
        let answer = self.role.external_id.trim();
        let untouched = match &self.opened_with {
            Some(opened) => opened.as_str() == answer,
            None => intent.accepted_ids().iter().any(|id| id.as_str() == answer),
        };
        if untouched {
            self.role.external_id = current.to_string();
            self.opened_with = Some(current.clone());
        }
    }

    /// The intent, once every step is fine; else what is wrong.
    pub fn intent(&self) -> Result<ShareIntent, Vec<(WizardStep, FieldProblem)>> {
        let problems = self.all_problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        // Every parser has accepted its answer above; a disagreement would be a fault of this module, told as one.
        self.parsed().map_err(|error| {
            vec![(WizardStep::Review, FieldProblem { field: String::new(), message: error.to_string(), hint: None })]
        })
    }

    fn parsed(&self) -> Result<ShareIntent, NameError> {
        if let Some(offer) = &self.offer {
            return self.accepted(offer);
        }
        let missing = |expected| NameError::new("", expected);
        let child = match self.callers.source.as_str() {
            "typed" => crate::names::AccountId::parse(&self.callers.account)?,
            _ => self.child_account.clone().ok_or_else(|| missing("the child's account"))?,
        };
        let console = self.console_calls().then(|| self.console_caller.clone()).flatten();
        let callers = if self.callers.scope == "account" {
            CallerScope::WholeAccount
        } else {
            let named = self.caller_texts().map(CallerArn::parse);
            CallerScope::Named(named.chain(console.clone().map(Ok)).collect::<Result<_, _>>()?)
        };
        let named = || self.endpoints.arns.iter().map(|arn| EndpointArn::parse(arn)).collect::<Result<_, _>>();
        let words: Vec<&str> = self.role.adopt.split_whitespace().collect();
        let external_id = self.requires_external_id().then(|| ExternalId::parse(&self.role.external_id)).transpose()?;
        let rotating = self.rotating.as_ref().filter(|(to, _)| Some(to) == external_id.as_ref());
        let rotation = rotating.map(|(_, rotation)| rotation.clone());
        Ok(ShareIntent {
            id: self.share.clone(),
            parent_side: ParentSide::Connected(ConnectionId::parse(&self.parent.connection)?),
            parent: self.parent_account.clone().ok_or_else(|| missing("the parent's account"))?,
            region: Region::parse(&self.parent.region)?,
            endpoints: if self.endpoints.scope == "all" { EndpointScope::All } else { EndpointScope::Named(named()?) },
            child_connection: self
                .child_is_connected()
                .then(|| ConnectionId::parse(&self.callers.connection))
                .transpose()?,
            child,
            callers,
            actions: self.role.actions.iter().filter_map(|key| InvokeAction::parse(key)).collect(),
            policy_name: PolicyName::parse(&self.role.policy_name)?,
            role_name: RoleName::parse(&self.role.role_name)?,
            session_seconds: self.role.session_seconds.trim().parse().unwrap_or(3600),
            external_id,
            grant_name: PolicyName::parse(&self.child.grant_name)?,
            grantees: self.child.grantees.iter().map(|g| CallerArn::parse(g)).collect::<Result<_, _>>()?,
            adopt: words.contains(&ON),
            adopting: words.iter().filter_map(|word| Resource::parse(word)).collect(),
            accepted: self.accepted,
            console,
            rotation,
            results: BTreeSet::new(),
        })
    }

    /// Says that this wizard is over a share that stands.
    #[must_use]
    pub fn editing(self) -> Self {
        Self { edits: true, ..self }
    }

    /// Notes that a resource of this kind may be taken over.
    pub fn adopt(&mut self, resource: Resource) {
        let mut words: BTreeSet<&str> = self.role.adopt.split_whitespace().collect();
        words.insert(resource.key());
        self.role.adopt = words.into_iter().collect::<Vec<_>>().join(" ");
    }

    /// Puts another name in place of the one a conflict is about.
    pub fn rename(&mut self, resource: Resource, name: &str) {
        let field = match resource {
            Resource::Policy => &mut self.role.policy_name,
            Resource::Role => &mut self.role.role_name,
            Resource::Grant => &mut self.child.grant_name,
        };
        *field = name.into();
    }

    /// Whether it is as a fresh wizard is: nothing was answered yet. `region` is the one that a fresh one begins with.
    pub fn is_unanswered(&self, region: &Region) -> bool {
        let Ok(external_id) = ExternalId::parse(&self.role.external_id) else { return false };
        *self == Self::new(self.id.clone(), self.share.clone(), &external_id, region)
    }

    /// What the draft is about so far, for lists: `2 endpoints of 111111111111 with 222222222222`.
    pub fn title(&self) -> String {
        self.about("All endpoints").unwrap_or_else(|| {
            self.parent_account.as_ref().map_or("New share".into(), |account| format!("New share from {account}"))
        })
    }

    /// The same for a share that stands: `Edit of SageMakerExternal: 2 endpoints of 111111111111 with 222222222222`.
    pub fn title_of_edit(&self, role: &RoleName) -> String {
        let about = self.about("all endpoints").map(|about| format!(": {about}"));
        format!("Edit of {role}{}", about.unwrap_or_default())
    }

    /// What is shared, of whom and with whom; nothing before something is.
    fn about(&self, all: &str) -> Option<String> {
        let what = match (self.endpoints.scope.as_str(), self.endpoints.arns.len()) {
            ("all", _) => all.to_owned(),
            (_, 0) => return None,
            (_, 1) => "1 endpoint".to_owned(),
            (_, count) => format!("{count} endpoints"),
        };
        let of = self.parent_account.as_ref().map(|a| format!(" of {a}")).unwrap_or_default();
        let typed = (self.callers.source == "typed").then(|| self.callers.account.trim()).filter(|a| !a.is_empty());
        let with = typed.map(str::to_owned).or_else(|| self.child_account.as_ref().map(|a| a.to_string()));
        Some(format!("{what}{of}{}", with.map(|a| format!(" with {a}")).unwrap_or_default()))
    }

    /// Whether the child is reached through a connection.
    pub fn child_is_connected(&self) -> bool {
        self.callers.source != "typed"
    }
    /// Whether this console is to call too. Only a connected child gives it an identity to call with.
    pub fn console_calls(&self) -> bool {
        self.child_is_connected() && self.callers.console == ON
    }
    /// Whether the trust policy is to ask for the external ID.
    pub fn requires_external_id(&self) -> bool {
        self.role.require_external_id == ON
    }
    /// The callers' ARNs, picked and typed, as they are.
    pub fn caller_texts(&self) -> impl Iterator<Item = &str> {
        let typed = super::typed::read(&self.callers.typed);
        // The list to pick from belongs to a connection: picks made before switching to a typed account don't count.
        let picked = self.callers.arns.iter().filter(|_| self.child_is_connected()).map(String::as_str);
        picked.chain(typed)
    }
}

fn tick(on: bool) -> String {
    if on { ON.into() } else { String::new() }
}

fn adopt_text(intent: &ShareIntent) -> String {
    let kinds = intent.adopting.iter().map(|r| r.key());
    intent.adopt.then_some(ON).into_iter().chain(kinds).collect::<Vec<_>>().join(" ")
}
