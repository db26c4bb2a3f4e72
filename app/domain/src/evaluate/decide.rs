//! From what each layer says to a decision.
//!
//! Source: IAM user guide, "Policy evaluation for requests within a single account", "Cross-account policy
//! evaluation logic", "Permissions boundaries for IAM entities"; Organizations user guide, "SCP evaluation",
//! "Resource control policies".

use super::facts::Facts;
use super::matching::{Grant, Test, Use};
use super::{Decision, Layer, NamedPolicy, Policies, Principal, Request, ResourceKind};
use crate::policy::{Effect, PolicyDocument};

/// What a layer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Voice {
    pub(super) denies: bool,
    pub(super) grant: Grant,
}

impl Voice {
    const SILENT: Self = Self { denies: false, grant: Grant::None };

    pub(super) fn allows(self) -> bool {
        self.grant != Grant::None
    }

    fn and(self, other: Self) -> Self {
        Self { denies: self.denies || other.denies, grant: self.grant.max(other.grant) }
    }
}

/// What every layer says; `None`: the layer is not there, or does not bear on this caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assessment {
    /// All levels together, and whether every level allows.
    pub(super) service_control: Option<(Voice, bool)>,
    pub(super) resource_control: Voice,
    pub(super) resource: Voice,
    pub(super) identity: Option<Voice>,
    pub(super) boundary: Option<Voice>,
    pub(super) session: Option<Voice>,
    pub(super) same_account: bool,
    /// A root user asks for a role.
    pub(super) root_assumes: bool,
    pub(super) kind: ResourceKind,
}

/// How a request ends, and which layers keep it from being allowed once the explicit denials are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) decision: Decision,
    pub(super) decided_by: Layer,
    pub(super) lacking: Lacking,
}

/// Layers that have to allow and don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lacking {
    pub(super) caller: bool,
    pub(super) service_control: bool,
    pub(super) resource: bool,
    pub(super) identity: bool,
    pub(super) boundary: bool,
    pub(super) session: bool,
}

impl Lacking {
    /// The first in the order AWS looks at them.
    pub(super) fn first(self) -> Option<Layer> {
        [
            (self.caller, Layer::Caller),
            (self.service_control, Layer::ServiceControl),
            (self.resource, Layer::Resource),
            (self.identity, Layer::Identity),
            (self.boundary, Layer::Boundary),
            (self.session, Layer::Session),
        ]
        .into_iter()
        .find_map(|(lacks, layer)| lacks.then_some(layer))
    }
}

/// Whether a caller is one of an account's, so that the account's policies bear on it.
pub(super) fn in_account(principal: &Principal) -> bool {
    principal.account().is_some()
}

/// Whether the service control policies of the caller's account bear on it.
///
/// Source: Organizations user guide, "SCP effects on permissions": service-linked roles are not affected.
pub(super) fn under_service_control(principal: &Principal) -> bool {
    in_account(principal) && !principal.is_service_linked()
}

/// Whether the resource control policies of the resource's account bear on a caller.
///
/// Source: Organizations user guide, "Resource control policies": service-linked roles can't be restricted.
pub(super) fn under_resource_control(principal: &Principal) -> bool {
    !principal.is_service_linked()
}

/// Whether a caller is limited by identity policies and a boundary: everyone of an account but root.
pub(super) fn has_identity(principal: &Principal) -> bool {
    in_account(principal) && !matches!(principal, Principal::Root { .. })
}

/// The policies of a list that is there and not empty.
pub(super) fn attached(list: Option<&[NamedPolicy]>) -> Option<&[NamedPolicy]> {
    list.filter(|list| !list.is_empty())
}

/// Asks every layer.
pub(super) fn assess(facts: &Facts<'_>, policies: &Policies<'_>) -> Assessment {
    let request = facts.request;
    let caller = &request.principal;
    let identified = has_identity(caller);
    let listen = |list: &[NamedPolicy]| all(list.iter().map(|policy| document(facts, &policy.document, Use::Identity)));
    let boundary = attached(policies.boundaries).filter(|_| identified);
    let usage = Use::Resource { bounded: boundary.is_some() };
    Assessment {
        service_control: policies
            .service_control
            .filter(|levels| under_service_control(caller) && !levels.is_empty())
            .map(|levels| {
                levels
                    .iter()
                    .map(|level| listen(level))
                    .fold((Voice::SILENT, true), |(sum, every), voice| (sum.and(voice), every && voice.allows()))
            }),
        resource_control: all(policies
            .resource_control
            .filter(|_| under_resource_control(caller))
            .unwrap_or_default()
            .iter()
            .map(|level| listen(level))),
        resource: policies.resource.map_or(Voice::SILENT, |policy| document(facts, &policy.document, usage)),
        identity: identified.then(|| listen(policies.identity)),
        boundary: boundary.map(listen),
        session: attached(policies.session).filter(|_| identified).map(listen),
        same_account: caller.account() == Some(&request.resource_account),
        root_assumes: is_root_assuming(request, policies.resource_kind),
        kind: policies.resource_kind,
    }
}

/// Source: STS API reference, AssumeRole: root users can't.
fn is_root_assuming(request: &Request, kind: ResourceKind) -> bool {
    kind == ResourceKind::Trust
        && matches!(request.principal, Principal::Root { .. })
        && request.action.eq_ignore_ascii_case("sts:AssumeRole")
}

fn all(voices: impl Iterator<Item = Voice>) -> Voice {
    voices.fold(Voice::SILENT, Voice::and)
}

fn document(facts: &Facts<'_>, document: &PolicyDocument, usage: Use) -> Voice {
    let mut voice = Voice::SILENT;
    for statement in &document.statements {
        let grant = Test { statement, version: document.version, facts, usage }.grant();
        match statement.effect {
            Effect::Deny => voice.denies |= grant != Grant::None,
            Effect::Allow => voice.grant = voice.grant.max(grant),
        }
    }
    voice
}

impl Assessment {
    /// Draws the conclusion.
    pub(super) fn outcome(&self) -> Outcome {
        let lacking = self.lacking();
        let (decision, decided_by) = match (self.denied_by(), lacking.first()) {
            (Some(layer), _) => (Decision::ExplicitlyDenied, layer),
            (None, Some(layer)) => (Decision::ImplicitlyDenied, layer),
            (None, None) => (Decision::Allowed, self.allowed_by()),
        };
        Outcome { decision, decided_by, lacking }
    }

    fn denied_by(&self) -> Option<Layer> {
        let denies = |voice: Option<Voice>| voice.is_some_and(|voice| voice.denies);
        [
            (denies(self.service_control.map(|(voice, _)| voice)), Layer::ServiceControl),
            (self.resource_control.denies, Layer::ResourceControl),
            (self.resource.denies, Layer::Resource),
            (denies(self.identity), Layer::Identity),
            (denies(self.boundary), Layer::Boundary),
            (denies(self.session), Layer::Session),
        ]
        .into_iter()
        .find_map(|(denies, layer)| denies.then_some(layer))
    }

    /// Which layers have to allow depends on how the resource policy names the caller, and on whether both are of
    /// one account.
    fn lacking(&self) -> Lacking {
        let grant = self.resource.grant;
        let lacks = |voice: Option<Voice>| voice.is_some_and(|voice| !voice.allows());
        let mut lacking = Lacking {
            caller: self.root_assumes,
            service_control: self.service_control.is_some_and(|(_, every)| !every),
            identity: lacks(self.identity),
            boundary: lacks(self.boundary),
            session: lacks(self.session),
            resource: false,
        };
        let must_grant = !self.same_account || matches!(self.kind, ResourceKind::Trust | ResourceKind::Key);
        match grant {
            Grant::None if must_grant => {
                lacking.resource = true;
                // Within one account, a resource policy that is made to name the caller is enough.
                lacking.identity &= !self.same_account;
            }
            Grant::Parent if self.same_account => lacking.identity = false,
            Grant::Itself if self.same_account => {
                (lacking.identity, lacking.boundary, lacking.session) = (false, false, false);
            }
            _ => {}
        }
        lacking
    }

    fn allowed_by(&self) -> Layer {
        let by_account = [self.identity, self.boundary, self.session];
        let account_allows = by_account.iter().flatten().all(|voice| voice.allows()) && self.identity.is_some();
        if account_allows {
            Layer::Identity
        } else if self.resource.allows() {
            Layer::Resource
        } else {
            Layer::Caller
        }
    }
}
