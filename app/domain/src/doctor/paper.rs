//! One request with every document that bears on it, as far as they could be read, and what that says for sure.
//!
//! What can't be read is read both ways: once as allowing everything, once as denying it. A link is denied when even
//! the first doesn't help, allowed when even the second doesn't hurt, and unknown in between.

use super::evidence::{ControlLevel, Document, Evidence, Piece, PolicySet, Unread, reading};
use super::question::Question;
use super::unsure::{self, Doubt, Known, Reading};
use crate::evaluate::{
    Context, Decision, Element, Explanation, Layer, NamedPolicy, Policies, Principal, Request, ResourceKind, Says,
    StatementReport, explain_beside,
};
use crate::policy::{Effect, PolicyDocument, Statement};
use crate::share::intent::InvokeAction;

/// Where in the evidence a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    CallerPolicy(usize),
    CallerBoundary,
    CallerControl(usize, usize),
    Trust,
    ResourceControl(usize, usize),
    RolePolicy(usize),
    RoleBoundary,
    RoleControl(usize, usize),
    Session,
}

/// A document that could be read and understood.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) layer: Layer,
    pub(super) level: Option<usize>,
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) document: PolicyDocument,
}

/// A request and the documents about it.
#[derive(Debug, Clone)]
pub(super) struct Paper {
    pub(super) request: Request,
    pub(super) kind: ResourceKind,
    /// The actions that the question needs on the request's resource, the request's own among them.
    pub(super) needed: Vec<&'static str>,
    pub(super) sheets: Vec<Sheet>,
    service_levels: usize,
    resource_levels: usize,
    /// Layers that decide and of which not everything could be read.
    open: Vec<(Layer, Unread)>,
    /// Layers that only ever take away and that could not be read.
    caveats: Vec<(Layer, Unread)>,
    /// Levels of control policies with a document that can't be understood: what it allows is not known.
    garbled: Vec<(Layer, usize, Unread)>,
}

/// What the documents of some layers say.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    Denied(Explanation),
    Allowed(Explanation),
    Unknown(Explanation, Vec<Unread>),
}

/// How the policy is named that stands for what can't be read. No policy can have this name.
const UNREAD: &str = "what can't be read";

/// The layers AWS asks, in its order.
const ORDER: [Layer; 7] = [
    Layer::Caller,
    Layer::ServiceControl,
    Layer::ResourceControl,
    Layer::Resource,
    Layer::Identity,
    Layer::Boundary,
    Layer::Session,
];

/// The AssumeRole of a handshake.
pub(super) fn assume(question: &Question, evidence: &Evidence) -> Paper {
    let mut context = common(evidence);
    let id = question.external_id.as_ref().map(|id| id.as_str().to_owned());
    context.set("sts:ExternalId", id.into_iter().collect());
    if let Some(seconds) = question.duration_seconds {
        context.set("sts:DurationSeconds", vec![seconds.to_string()]);
    }
    organization(&mut context, "aws:PrincipalOrgID", &evidence.caller_organization);
    let request = Request {
        principal: caller(question, evidence),
        action: "sts:AssumeRole".into(),
        resource: question.role.to_string(),
        resource_account: question.parent(),
        context,
    };
    let mut paper = Paper::new(request, ResourceKind::Trust, vec!["sts:AssumeRole"]);
    let name = question.caller_name();
    if question.caller_arn().is_some() {
        match &evidence.caller {
            Piece::Read(caller) => {
                paper.set(Layer::Identity, &caller.policies, Place::CallerPolicy);
                paper.boundary(&caller.boundary, Place::CallerBoundary, &name);
            }
            Piece::Missing => paper.open(Layer::Identity, gone(&format!("the caller {name}"))),
            Piece::Unreadable { why } => {
                let what = format!("the policies of {name}");
                paper.open(Layer::Identity, Unread::new(what, why, reading::CALLER));
            }
        }
    }
    paper.controls(Layer::ServiceControl, &evidence.caller_service_controls, Place::CallerControl, &question.child());
    match &evidence.role {
        Piece::Read(role) => {
            let name = format!("{} trust policy", role.arn.resource_name());
            paper.add(Layer::Resource, None, Place::Trust, &name, &role.trust);
        }
        Piece::Missing => paper.open(Layer::Resource, gone(&format!("the role {}", question.role_name()))),
        Piece::Unreadable { why } => {
            let what = format!("the trust policy of {}", question.role_name());
            paper.open(Layer::Resource, Unread::new(what, why, reading::ROLE));
        }
    }
    let account = question.parent();
    paper.controls(Layer::ResourceControl, &evidence.role_resource_controls, Place::ResourceControl, &account);
    paper
}

/// One of the actions of the invocation, asked by the role's session. SageMaker is none of the services that resource
/// control policies apply to (Organizations user guide, "Resource control policies").
pub(super) fn invoke(question: &Question, evidence: &Evidence, action: &str) -> Paper {
    let role = evidence.role.read();
    let arn = role.map_or(&question.role, |role| &role.arn);
    let principal = Principal::role(arn.clone(), role.and_then(|role| role.unique_id.clone()))
        .unwrap_or_else(|_| unreachable!("a role's ARN names its account"));
    let mut context = common(evidence).with("aws:RequestedRegion", question.endpoint.region().as_str());
    organization(&mut context, "aws:PrincipalOrgID", &evidence.role_organization);
    if action != InvokeAction::Invoke.iam() {
        context.set("sagemaker:TargetModel", Vec::new());
    }
    let request = Request {
        principal,
        action: action.into(),
        resource: question.endpoint.arn.to_string(),
        resource_account: question.endpoint.account(),
        context,
    };
    let mut paper = Paper::new(request, ResourceKind::Other, question.actions());
    match &evidence.role {
        Piece::Read(role) => {
            paper.set(Layer::Identity, &role.policies, Place::RolePolicy);
            paper.boundary(&role.boundary, Place::RoleBoundary, role.arn.resource_name());
        }
        Piece::Missing => paper.open(Layer::Identity, gone(&format!("the role {}", question.role_name()))),
        Piece::Unreadable { why } => {
            let what = format!("the policies of {}", question.role_name());
            paper.open(Layer::Identity, Unread::new(what, why, reading::ROLE_POLICIES));
        }
    }
    paper.controls(Layer::ServiceControl, &evidence.role_service_controls, Place::RoleControl, &question.parent());
    if let Some(text) = &question.session_policy {
        paper.add(Layer::Session, None, Place::Session, "session policy", text);
    }
    paper
}

/// What holds of every call: AWS is reached over TLS, and not by a service on somebody's behalf.
fn common(evidence: &Evidence) -> Context {
    let mut context = Context::new().with("aws:SecureTransport", "true").with("aws:ViaAWSService", "false");
    organization(&mut context, "aws:ResourceOrgID", &evidence.role_organization);
    for (key, values) in evidence.known.iter() {
        context.set(key, values.to_vec());
    }
    context
}

/// Outside of any organisation the key is not there.
fn organization(context: &mut Context, key: &str, piece: &Piece<String>) {
    match piece {
        Piece::Read(id) if context.get(key).is_none() => context.set(key, vec![id.clone()]),
        Piece::Missing if context.get(key).is_none() => context.set(key, Vec::new()),
        _ => {}
    }
}

fn gone(what: &str) -> Unread {
    Unread::new(what, "it does not exist", &[])
}

/// The caller with what IAM says about it: its path and its unique ID.
fn caller(question: &Question, evidence: &Evidence) -> Principal {
    let Some(found) = evidence.caller.read() else { return question.caller.clone() };
    let (arn, id) = (found.arn.arn().clone(), found.unique_id.clone());
    let known = match &question.caller {
        Principal::User { .. } => Principal::user(arn, id),
        Principal::RoleSession { session: Some(session), .. } => Principal::role_session(session.clone(), arn, id),
        Principal::RoleSession { .. } => Principal::role(arn, id),
        other => return other.clone(),
    };
    known.unwrap_or_else(|_| question.caller.clone())
}

impl Paper {
    fn new(request: Request, kind: ResourceKind, needed: Vec<&'static str>) -> Self {
        Self {
            request,
            kind,
            needed,
            sheets: Vec::new(),
            service_levels: 0,
            resource_levels: 0,
            open: Vec::new(),
            caveats: Vec::new(),
            garbled: Vec::new(),
        }
    }

    fn open(&mut self, layer: Layer, unread: Unread) {
        self.open.push((layer, unread));
    }

    /// Takes a document in; one that can't be understood counts as not read.
    fn add(&mut self, layer: Layer, level: Option<usize>, place: Place, name: &str, text: &str) {
        match PolicyDocument::parse(text) {
            Ok(document) => {
                let taken = |name: &str| {
                    self.sheets.iter().any(|one| one.layer == layer && one.level == level && one.name == name)
                };
                let again = (2..).map(|number| format!("{name} ({number})"));
                let name = std::iter::once(name.to_owned()).chain(again).find(|name| !taken(name)).unwrap_or_default();
                self.sheets.push(Sheet { layer, level, place, name, document });
            }
            Err(error) => {
                let unread =
                    Unread::new(format!("the policy `{name}`"), format!("it can't be understood: {error}"), &[]);
                match level {
                    Some(level) => {
                        self.garbled.push((layer, level, unread.clone()));
                        self.caveats.push((layer, unread));
                    }
                    None => self.open.push((layer, unread)),
                }
            }
        }
    }

    fn set(&mut self, layer: Layer, set: &PolicySet, place: impl Fn(usize) -> Place) {
        for (index, document) in set.documents.iter().enumerate() {
            self.add(layer, None, place(index), &document.name, &document.text);
        }
        self.open.extend(set.unread.iter().map(|unread| (layer, unread.clone())));
    }

    fn boundary(&mut self, boundary: &Piece<Document>, place: Place, of: &str) {
        match boundary {
            Piece::Read(document) => self.add(Layer::Boundary, None, place, &document.name, &document.text),
            Piece::Missing => {}
            Piece::Unreadable { why } => {
                let what = format!("the permissions boundary of {of}");
                self.open(Layer::Boundary, Unread::new(what, why, reading::BOUNDARY));
            }
        }
    }

    fn controls(
        &mut self,
        layer: Layer,
        levels: &Piece<Vec<ControlLevel>>,
        place: impl Fn(usize, usize) -> Place,
        account: &crate::names::AccountId,
    ) {
        match levels {
            Piece::Read(levels) => {
                let count =
                    if layer == Layer::ServiceControl { &mut self.service_levels } else { &mut self.resource_levels };
                *count = levels.len();
                for (level, found) in levels.iter().enumerate() {
                    for (index, document) in found.policies.iter().enumerate() {
                        self.add(layer, Some(level), place(level, index), &document.name, &document.text);
                    }
                }
            }
            Piece::Missing => {}
            Piece::Unreadable { why } => {
                let kind = if layer == Layer::ServiceControl { "service" } else { "resource" };
                let what = format!("the {kind} control policies of account {account}");
                self.caveats.push((layer, Unread::new(what, why, reading::CONTROLS)));
            }
        }
    }

    /// What could not be read in these layers and could still deny.
    pub(super) fn caveats(&self, layers: &[Layer]) -> Vec<Unread> {
        let of = |(layer, unread): &(Layer, Unread)| layers.contains(layer).then(|| unread.clone());
        self.caveats.iter().filter_map(of).collect()
    }

    /// Whether everything of a layer was read, so that AWS's word about it can be compared.
    pub(super) fn is_read(&self, layer: Layer) -> bool {
        !self.open.iter().chain(&self.caveats).any(|(open, _)| *open == layer)
    }

    /// Whether a document of this level of control policies can't be understood.
    fn is_garbled(&self, layer: Layer, level: Option<usize>) -> bool {
        self.garbled.iter().any(|(garbled, at, _)| *garbled == layer && Some(*at) == level)
    }

    /// What these layers say for sure.
    pub(super) fn stand(&self, layers: &[Layer]) -> Standing {
        let needs = |explanation: &Explanation| explanation.fixes.iter().any(|fix| layers.contains(&fix.layer));
        let best = self.explain(Reading::Best);
        if needs(&best) {
            return Standing::Denied(part(best, layers));
        }
        let as_is = part(self.explain(Reading::AsIs), layers);
        if needs(&self.explain(Reading::Worst)) {
            return Standing::Unknown(as_is, self.unread(layers));
        }
        Standing::Allowed(as_is)
    }

    /// The request explained in one reading. Statements are reported as they stand, whatever they were read as, and
    /// nothing is said of what stands for the unread.
    pub(super) fn explain(&self, reading: Reading) -> Explanation {
        let known = Known { request: &self.request };
        let mut bent = Vec::new();
        let mut readable = Readable {
            service_control: vec![Vec::new(); self.service_levels],
            resource_control: vec![Vec::new(); self.resource_levels],
            ..Readable::default()
        };
        for sheet in &self.sheets {
            let (document, places) = unsure::read(&sheet.document, sheet.layer, &known, reading);
            bent.extend(places.into_iter().map(|index| (sheet.layer, sheet.level, sheet.name.clone(), index)));
            readable.push(sheet, NamedPolicy::new(&sheet.name, document));
        }
        if reading != Reading::AsIs {
            for (layer, _) in &self.open {
                readable.stand_in(*layer, reading);
            }
        }
        if reading != Reading::Worst {
            self.garbled.iter().for_each(|(layer, level, _)| readable.allow_all(*layer, *level));
        }
        let mut explanation = explain_beside(&self.request, &readable.policies(self.kind), &self.needed);
        explanation.statements.retain(|one| one.policy != UNREAD);
        explanation.layers.retain(|report| match report.says {
            Says::Denies => true,
            Says::Allows if self.is_garbled(report.layer, report.level) => false,
            Says::Allows => reading == Reading::AsIs || self.is_read(report.layer),
            Says::Nothing => self.is_read(report.layer),
        });
        if !bent.is_empty() || reading == Reading::AsIs {
            self.mark_doubts(&mut explanation, &bent, &known);
        }
        explanation
    }

    /// Says of conditions in doubt that they are, instead of what they were taken for.
    fn mark_doubts(
        &self,
        explanation: &mut Explanation,
        bent: &[(Layer, Option<usize>, String, usize)],
        known: &Known<'_>,
    ) {
        let plain = (!bent.is_empty()).then(|| self.explain(Reading::AsIs));
        for report in &mut explanation.statements {
            let key = (report.layer, report.level, report.policy.clone(), report.index);
            let original = plain.as_ref().and_then(|plain| {
                plain.statements.iter().find(|one| {
                    (one.layer, one.level, &one.policy, one.index)
                        == (report.layer, report.level, &report.policy, report.index)
                })
            });
            if let Some(original) = original.filter(|_| bent.contains(&key)) {
                let matches = report.matches;
                *report = original.clone();
                report.matches = matches;
            }
            let Some((sheet, statement)) = self.statement(report) else { continue };
            let doubts = unsure::doubts(statement, sheet.document.version, sheet.layer, known);
            for element in &mut report.elements {
                if let Element::Condition { key, .. } = &element.element
                    && doubts.contains(&Doubt::Key(key.clone()))
                {
                    element.matches = false;
                    element.sentence =
                        format!("condition can't be judged: what the call carries as `{key}` is not known");
                }
            }
        }
    }

    /// A denial in one sentence. A statement about another service is nothing to compare with.
    pub(super) fn sentence(&self, explanation: &Explanation) -> String {
        let service = |action: &str| action.split_once(':').map_or("*", |(service, _)| service).to_ascii_lowercase();
        let own = service(&explanation.action);
        let closest = explanation.closest().filter(|_| explanation.decision == Decision::ImplicitlyDenied);
        let stranger = closest.and_then(|report| self.statement(report)).is_some_and(|(_, statement)| {
            let clause = &statement.action;
            !clause.negated && clause.patterns.iter().all(|one| service(one.as_str()) != own && one.as_str() != "*")
        });
        if !stranger {
            return explanation.sentence();
        }
        let layer = explanation.decided_by.label(explanation.resource_kind);
        let no = if layer.ends_with("policies") { "do not allow it" } else { "does not allow it" };
        let (action, resource) = (&explanation.action, &explanation.resource);
        format!("`{action}` on `{resource}` is denied: {layer} {no}: no statement is about `{own}` at all")
    }

    /// The statement a report is about, with its document.
    fn statement(&self, report: &StatementReport) -> Option<(&Sheet, &Statement)> {
        let is =
            |sheet: &&Sheet| (sheet.layer, sheet.level, &sheet.name) == (report.layer, report.level, &report.policy);
        let sheet = self.sheets.iter().find(is)?;
        Some((sheet, sheet.document.statements.get(report.index)?))
    }

    /// What keeps these layers from being told.
    fn unread(&self, layers: &[Layer]) -> Vec<Unread> {
        let of = |(layer, unread): &(Layer, Unread)| layers.contains(layer).then(|| unread.clone());
        let mut found: Vec<Unread> = self.open.iter().filter_map(of).collect();
        let garbled = self.garbled.iter().filter(|(layer, ..)| layers.contains(layer));
        found.extend(garbled.map(|(_, _, unread)| unread.clone()));
        let known = Known { request: &self.request };
        let possible = self.explain(Reading::Possible);
        for report in possible.statements.iter().filter(|one| one.matches && layers.contains(&one.layer)) {
            let Some((sheet, statement)) = self.statement(report) else { continue };
            for doubt in unsure::doubts(statement, sheet.document.version, sheet.layer, &known) {
                let why = format!("{} asks for it", report.name());
                found.push(match doubt {
                    Doubt::Key(key) if key.eq_ignore_ascii_case("aws:PrincipalOrgID") => {
                        Unread::new("the organisation the caller's account is in", why, reading::ORGANIZATION)
                    }
                    Doubt::Key(key) => Unread::new(format!("what the call carries as `{key}`"), why, &[]),
                    Doubt::Session(name) => {
                        let why = format!("{} names the session `{name}` alone", report.name());
                        Unread::new("which session of its role calls", why, &[])
                    }
                });
            }
        }
        let mut once: Vec<Unread> = Vec::new();
        for unread in found {
            if !once.contains(&unread) {
                once.push(unread);
            }
        }
        once
    }
}

/// Policies by layer, as the evaluator takes them.
#[derive(Default)]
struct Readable {
    identity: Vec<NamedPolicy>,
    resource: Option<NamedPolicy>,
    boundary: Vec<NamedPolicy>,
    session: Vec<NamedPolicy>,
    service_control: Vec<Vec<NamedPolicy>>,
    resource_control: Vec<Vec<NamedPolicy>>,
}

impl Readable {
    fn push(&mut self, sheet: &Sheet, policy: NamedPolicy) {
        let level = sheet.level.unwrap_or_default();
        match sheet.layer {
            Layer::Identity => self.identity.push(policy),
            Layer::Resource => self.resource = Some(policy),
            Layer::Boundary => self.boundary.push(policy),
            Layer::Session => self.session.push(policy),
            Layer::ServiceControl => self.service_control[level].push(policy),
            Layer::ResourceControl => self.resource_control[level].push(policy),
            Layer::Caller => {}
        }
    }

    /// Puts an Allow of everything beside the policies of a level, in the place of one that can't be understood.
    fn allow_all(&mut self, layer: Layer, level: usize) {
        let levels =
            if layer == Layer::ServiceControl { &mut self.service_control } else { &mut self.resource_control };
        levels[level].push(NamedPolicy::new(UNREAD, PolicyDocument::new([Statement::allow(["*"]).on(["*"])])));
    }

    /// Puts something in the place of what can't be read.
    fn stand_in(&mut self, layer: Layer, reading: Reading) {
        let favourable = reading != Reading::Worst;
        let statement = if favourable { Statement::allow(["*"]) } else { Statement::deny(["*"]) };
        let policy = |statement| NamedPolicy::new(UNREAD, PolicyDocument::new([statement]));
        match layer {
            Layer::Identity => self.identity.push(policy(statement.on(["*"]))),
            Layer::Resource => self.resource = Some(policy(statement.by_aws(["*"]))),
            Layer::Session => self.session.push(policy(statement.on(["*"]))),
            // A boundary that allows everything is as good as none.
            Layer::Boundary if favourable => {}
            Layer::Boundary => self.boundary.push(policy(statement.on(["*"]))),
            _ => {}
        }
    }

    fn policies(&self, kind: ResourceKind) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            resource: self.resource.as_ref(),
            boundaries: Some(&self.boundary),
            session: Some(&self.session),
            service_control: Some(&self.service_control),
            resource_control: Some(&self.resource_control),
            resource_kind: kind,
        }
    }
}

/// An explanation cut down to some layers, so that a denial names the side it happens on.
fn part(mut whole: Explanation, layers: &[Layer]) -> Explanation {
    whole.layers.retain(|report| layers.contains(&report.layer));
    whole.statements.retain(|report| layers.contains(&report.layer));
    whole.fixes.retain(|fix| layers.contains(&fix.layer));
    for report in &mut whole.layers {
        report.blocks |= whole.fixes.iter().any(|fix| fix.layer == report.layer && fix.level == report.level);
    }
    let denies = |layer: &Layer| {
        whole.statements.iter().any(|one| one.layer == *layer && one.effect == Effect::Deny && one.matches)
    };
    let lacks = |layer: &Layer| whole.fixes.iter().any(|fix| fix.layer == *layer);
    let (decision, decided_by) = match (ORDER.iter().find(|l| denies(l)), ORDER.iter().find(|l| lacks(l))) {
        (Some(layer), _) => (Decision::ExplicitlyDenied, *layer),
        (None, Some(layer)) => (Decision::ImplicitlyDenied, *layer),
        (None, None) => {
            let layer = if layers.contains(&Layer::Resource) { Layer::Resource } else { Layer::Identity };
            (Decision::Allowed, layer)
        }
    };
    (whole.decision, whole.decided_by) = (decision, decided_by);
    whole
}
