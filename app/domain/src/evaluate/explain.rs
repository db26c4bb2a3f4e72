//! A decision with its reasons: every layer, every statement, every element.

use super::decide::{Assessment, Voice, assess, attached, has_identity, under_resource_control, under_service_control};
use super::facts::Facts;
use super::fix::{self, Fix};
use super::matching::{Grant, Test, Use};
use super::reasons::{self, ElementReport};
use super::{Decision, Layer, NamedPolicy, Policies, Request, ResourceKind};
use crate::policy::Effect;
use serde::{Deserialize, Serialize};

/// What a layer says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// A statement allows, none denies.
    Allows,
    /// A statement denies.
    Denies,
    /// No statement matches.
    Nothing,
}

/// A layer that bears on the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Which.
    pub layer: Layer,
    /// The level of control policies, from the root down, from 0.
    pub level: Option<usize>,
    /// What it says.
    pub says: Says,
    /// Whether the request can't be allowed before this layer changes.
    pub blocks: bool,
}

/// How one statement fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementReport {
    /// Its layer.
    pub layer: Layer,
    /// The level of control policies, from the root down, from 0.
    pub level: Option<usize>,
    /// The name of its policy.
    pub policy: String,
    /// Its place in the policy, from 0.
    pub index: usize,
    /// Its name.
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: Effect,
    /// Whether all its elements match.
    pub matches: bool,
    /// Its elements.
    pub elements: Vec<ElementReport>,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The outcome, the same as [`super::decide`] gives.
    pub decision: Decision,
    /// The layer that decided: the first that denies, else the first that would have to allow and doesn't, else the
    /// one that allows.
    pub decided_by: Layer,
    /// Whether caller and resource are of different accounts.
    pub cross_account: bool,
    /// Who asked, as AWS names it.
    pub caller: String,
    /// What was asked.
    pub action: String,
    /// About what.
    pub resource: String,
    /// Which rules the resource policy follows.
    pub resource_kind: ResourceKind,
    /// Every layer that is there.
    pub layers: Vec<LayerReport>,
    /// Every statement.
    pub statements: Vec<StatementReport>,
    /// The smallest changes that, together, turn a denial; empty when allowed.
    pub fixes: Vec<Fix>,
}

/// Decides a request and says why.
pub fn explain(request: &Request, policies: &Policies<'_>) -> Explanation {
    explain_beside(request, policies, &[])
}

/// [`explain`] for a request that needs `others` beside its own action: a statement of these is as good a place for
/// the request's resource as one of its action alone.
pub(crate) fn explain_beside(request: &Request, policies: &Policies<'_>, others: &[&str]) -> Explanation {
    let facts = Facts { request };
    let assessment = assess(&facts, policies);
    let outcome = assessment.outcome();
    let sources = sources(request, policies);
    let statements: Vec<StatementReport> = sources.iter().flat_map(|source| reports(&facts, source)).collect();
    Explanation {
        decision: outcome.decision,
        decided_by: outcome.decided_by,
        cross_account: !assessment.same_account,
        caller: request.principal.to_string(),
        action: request.action.clone(),
        resource: request.resource.clone(),
        resource_kind: policies.resource_kind,
        layers: layers(&assessment, request, policies, &statements),
        fixes: fix::fixes(&facts, policies, &sources, &statements, &assessment, others),
        statements,
    }
}

/// A policy and where it comes from.
pub(super) struct Source<'a> {
    pub(super) layer: Layer,
    pub(super) level: Option<usize>,
    pub(super) policy: &'a NamedPolicy,
    pub(super) usage: Use,
}

/// Every policy that bears on the caller, layer by layer in AWS's order.
fn sources<'a>(request: &Request, policies: &Policies<'a>) -> Vec<Source<'a>> {
    let caller = &request.principal;
    let mut sources = Vec::new();
    let mut add = |layer, level, list: &'a [NamedPolicy], usage| {
        sources.extend(list.iter().map(|policy| Source { layer, level, policy, usage }));
    };
    if under_service_control(caller) {
        for (level, list) in policies.service_control.unwrap_or_default().iter().enumerate() {
            add(Layer::ServiceControl, Some(level), list, Use::Identity);
        }
    }
    if under_resource_control(caller) {
        for (level, list) in policies.resource_control.unwrap_or_default().iter().enumerate() {
            add(Layer::ResourceControl, Some(level), list, Use::Identity);
        }
    }
    let identified = has_identity(caller);
    let bounded = identified && attached(policies.boundaries).is_some();
    add(
        Layer::Resource,
        None,
        policies.resource.map(std::slice::from_ref).unwrap_or_default(),
        Use::Resource { bounded },
    );
    if identified {
        add(Layer::Identity, None, policies.identity, Use::Identity);
        add(Layer::Boundary, None, policies.boundaries.unwrap_or_default(), Use::Identity);
        add(Layer::Session, None, policies.session.unwrap_or_default(), Use::Identity);
    }
    sources
}

fn reports<'a>(facts: &'a Facts<'a>, source: &'a Source<'a>) -> impl Iterator<Item = StatementReport> {
    let document = &source.policy.document;
    document.statements.iter().enumerate().map(move |(index, statement)| {
        let test = Test { statement, version: document.version, facts, usage: source.usage };
        StatementReport {
            layer: source.layer,
            level: source.level,
            policy: source.policy.name.clone(),
            index,
            sid: statement.sid.clone().filter(|sid| !sid.is_empty()),
            effect: statement.effect,
            matches: test.grant() != Grant::None,
            elements: reasons::elements(&test),
        }
    })
}

fn layers(
    assessment: &Assessment,
    request: &Request,
    policies: &Policies<'_>,
    statements: &[StatementReport],
) -> Vec<LayerReport> {
    let lacking = assessment.outcome().lacking;
    let mut layers = Vec::new();
    if under_service_control(&request.principal) {
        let count = policies.service_control.unwrap_or_default().len();
        layers.extend((0..count).map(|level| level_report(Layer::ServiceControl, level, statements)));
    }
    if under_resource_control(&request.principal) {
        let count = policies.resource_control.unwrap_or_default().len();
        layers.extend((0..count).map(|level| level_report(Layer::ResourceControl, level, statements)));
    }
    let mut add = |layer, voice: Option<Voice>, lacks: bool| {
        if let Some(voice) = voice {
            let blocks = lacks || voice.denies;
            layers.push(LayerReport { layer, level: None, says: says(voice.allows(), voice.denies), blocks });
        }
    };
    let resource = (policies.resource.is_some() || lacking.resource).then_some(assessment.resource);
    add(Layer::Resource, resource, lacking.resource);
    add(Layer::Identity, assessment.identity, lacking.identity);
    add(Layer::Boundary, assessment.boundary, lacking.boundary);
    add(Layer::Session, assessment.session, lacking.session);
    layers
}

fn says(allows: bool, denies: bool) -> Says {
    match (allows, denies) {
        (_, true) => Says::Denies,
        (true, false) => Says::Allows,
        (false, false) => Says::Nothing,
    }
}

/// Resource control policies only deny: AWS attaches one that allows everything.
fn level_report(layer: Layer, level: usize, statements: &[StatementReport]) -> LayerReport {
    let matching = |effect: Effect| {
        statements
            .iter()
            .any(|one| one.layer == layer && one.level == Some(level) && one.effect == effect && one.matches)
    };
    let allows = layer == Layer::ResourceControl || matching(Effect::Allow);
    let denies = matching(Effect::Deny);
    LayerReport { layer, level: Some(level), says: says(allows, denies), blocks: denies || !allows }
}

impl StatementReport {
    /// How people call it: ``statement 2 (`AllowInvoke`) of `share-policy` ``.
    pub fn name(&self) -> String {
        match &self.sid {
            Some(sid) => format!("statement {} (`{sid}`) of `{}`", self.index + 1, self.policy),
            None => format!("statement {} of `{}`", self.index + 1, self.policy),
        }
    }

    /// The elements that don't match.
    pub fn mismatches(&self) -> impl Iterator<Item = &ElementReport> {
        self.elements.iter().filter(|element| !element.matches)
    }
}

impl Explanation {
    /// The decision in one sentence.
    pub fn sentence(&self) -> String {
        let asked = format!("`{}` on `{}`", self.action, self.resource);
        let layer = self.decided_by.label(self.resource_kind);
        match self.decision {
            Decision::Allowed if self.decided_by == Layer::Caller => {
                format!("{asked} is allowed: a root user may do everything in its own account")
            }
            Decision::Allowed => {
                let and = if self.cross_account && self.decided_by == Layer::Identity {
                    format!(", and so does {}", Layer::Resource.label(self.resource_kind))
                } else {
                    String::new()
                };
                let allow = if plural(layer) { "allow" } else { "allows" };
                format!("{asked} is allowed: {layer} {allow} it to `{}`{and}", self.caller)
            }
            Decision::ExplicitlyDenied => {
                let denier = self
                    .statements
                    .iter()
                    .find(|one| one.matches && one.effect == Effect::Deny && one.layer == self.decided_by);
                let name = denier.map_or_else(|| "a statement".to_owned(), StatementReport::name);
                format!("{asked} is denied: {name} in {layer} denies it")
            }
            Decision::ImplicitlyDenied if self.decided_by == Layer::Caller => {
                format!("{asked} is denied: root users can't assume roles")
            }
            Decision::ImplicitlyDenied => format!("{asked} is denied: {}", self.why_not(layer)),
        }
    }

    fn why_not(&self, layer: &str) -> String {
        let no = if plural(layer) { "do not allow it" } else { "does not allow it" };
        match self.closest() {
            Some(statement) => {
                let reasons: Vec<&str> = statement.mismatches().map(|element| element.sentence.as_str()).collect();
                format!("{layer} {no}: in {}, {}", statement.name(), reasons.join("; "))
            }
            None if self.statements.iter().any(|one| one.layer == self.decided_by) => {
                format!("{layer} {no}: no statement of theirs allows anything like it")
            }
            None => format!("{layer} {no}: there is no statement that could"),
        }
    }

    /// The Allow of the deciding layer that comes closest to matching.
    pub fn closest(&self) -> Option<&StatementReport> {
        let level = self
            .layers
            .iter()
            .find(|one| one.layer == self.decided_by && one.blocks && one.says == Says::Nothing)
            .and_then(|one| one.level);
        fix::closest(&self.statements, self.decided_by, level)
    }

    /// What was compared, a line each: the layers, then the statements with their elements.
    pub fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for layer in &self.layers {
            let label = layer.layer.label(self.resource_kind);
            let level = layer.level.map_or_else(String::new, |level| format!(" of level {}", level + 1));
            let many = plural(label);
            let says = match (layer.says, many) {
                (Says::Allows, true) => "allow",
                (Says::Allows, false) => "allows",
                (Says::Denies, true) => "deny",
                (Says::Denies, false) => "denies",
                (Says::Nothing, true) => "say nothing",
                (Says::Nothing, false) => "says nothing",
            };
            lines.push(format!("{label}{level} {says}"));
            for one in self.statements.iter().filter(|one| one.layer == layer.layer && one.level == layer.level) {
                let effect = one.effect.as_str();
                let verdict = if one.matches { "matches" } else { "does not match" };
                lines.push(format!("{}, {effect}, {verdict}", one.name()));
                lines.extend(one.elements.iter().map(|element| format!("- {}", element.sentence)));
            }
        }
        lines
    }

    /// The smallest change that turns the decision, as a sentence; `None` when allowed.
    pub fn fix(&self) -> Option<String> {
        let sentences: Vec<&str> = self.fixes.iter().map(|fix| fix.sentence.as_str()).collect();
        (!sentences.is_empty()).then(|| sentences.join("; and "))
    }
}

fn plural(label: &str) -> bool {
    label.ends_with("policies")
}
