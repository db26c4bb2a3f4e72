//! Changes made on copies of question and evidence until nothing denies any more. What was changed is the repair.

use super::changes::Hand;
use super::narrow::narrower;
use super::versions::{restore, rolled_back};
use crate::arn::CallerArn;
use crate::doctor::evidence::{Document, Evidence, Origin, Piece, PolicySet};
use crate::doctor::paper::{Paper, Place, Sheet};
use crate::doctor::question::Question;
use crate::doctor::unsure::{self, Known, Reading};
use crate::evaluate::{Cause, Change, Element, Fix, Layer, ResourceKind, StatementReport};
use crate::names::{ExternalId, PolicyName};
use crate::policy::{
    AwsPrincipal, Condition, Effect, Operator, PolicyDocument, PolicyVersion, PrincipalClause, PrincipalPattern,
    Statement,
};
use crate::share::plan::Holder;

/// Each change mends one statement of one document; more than this many is no smallest change any more.
const ROUNDS: usize = 24;

/// Question and evidence as they would be, and what was done by whom.
#[derive(Debug, Clone)]
pub(in crate::doctor) struct Mended {
    pub(in crate::doctor) question: Question,
    pub(in crate::doctor) evidence: Evidence,
    pub(in crate::doctor) said: Vec<(Hand, String)>,
}

impl Mended {
    pub(in crate::doctor) fn new(question: &Question, evidence: &Evidence) -> Self {
        Self { question: question.clone(), evidence: evidence.clone(), said: Vec::new() }
    }

    fn says(&mut self, hand: Hand, sentence: impl Into<String>) {
        let sentence = (hand, sentence.into());
        if !self.said.contains(&sentence) {
            self.said.push(sentence);
        }
    }
}

/// Makes the smallest changes in these layers, one at a time, until they let the call through.
pub(in crate::doctor) fn mend(
    start: Mended,
    layers: &[Layer],
    papers: impl Fn(&Question, &Evidence) -> Vec<Paper>,
) -> Mended {
    let mut mended = start;
    let mut last = None;
    for _ in 0..ROUNDS {
        let next = papers(&mended.question, &mended.evidence).into_iter().enumerate().find_map(|(index, paper)| {
            let fixes = paper.explain(Reading::Best).fixes;
            fixes.into_iter().find(|fix| layers.contains(&fix.layer)).map(|fix| (index, paper, fix))
        });
        let Some((index, paper, fix)) = next else { break };
        // What a change has not mended, making it again won't.
        if last.replace((index, fix.clone())) == Some((index, fix.clone())) {
            break;
        }
        let mender = Mender { paper, fix, again: &|question, evidence| papers(question, evidence).swap_remove(index) };
        match mender.mended(&mended) {
            Some(better) => mended = better,
            None => break,
        }
    }
    mended
}

struct Mender<'a> {
    paper: Paper,
    fix: Fix,
    again: &'a dyn Fn(&Question, &Evidence) -> Paper,
}

impl Mender<'_> {
    /// A copy in which this fix is made; `None`: nobody can make it here.
    fn mended(&self, now: &Mended) -> Option<Mended> {
        match (&self.fix.what, self.fix.layer) {
            (Change::ChangeRequest { key, value }, _) => self.send(now, key, value.as_deref()),
            (Change::ChangeCaller, _) => None,
            (Change::RemoveStatement { policy, index }, _) => self.narrow(now, policy, *index),
            (Change::AddStatement { .. } | Change::ReplaceStatement { .. }, Layer::Identity) => self.identity(now),
            (Change::ReplaceStatement { policy, index, statement }, _)
                if self.unguards(now, policy, *index, statement) =>
            {
                self.added(now, Some(policy), Statement::allow([self.paper.request.action.as_str()]))
            }
            (Change::ReplaceStatement { policy, index, statement }, _) => {
                let sheet = self.sheet(policy)?;
                let statement = self.with_doubts(sheet, *index, statement)?;
                let mut next = self.edited(now, sheet, |document| document.statements[*index] = statement)?;
                next.says(self.hand(), self.instruction(now, sheet));
                Some(next)
            }
            (Change::AddStatement { policy, .. }, _) => {
                self.added(now, policy.as_deref(), Statement::allow([self.paper.request.action.as_str()]))
            }
        }
    }

    /// The fix as an instruction; a boundary that AWS owns has to make way for another one.
    fn instruction(&self, now: &Mended, sheet: &Sheet) -> String {
        if sheet.layer == Layer::Boundary && read_only(now, sheet.place) {
            let (name, sentence) = (&sheet.name, &self.fix.sentence);
            return format!(
                "AWS owns the boundary `{name}`, so that it can't be changed: set one of your own, and {sentence}"
            );
        }
        match sheet.layer {
            // Whom else it bounds is not read.
            Layer::Boundary => format!("{}; whoever else has this boundary gets the change, too", self.fix.sentence),
            _ => self.fix.sentence.clone(),
        }
    }

    fn is_caller(&self) -> bool {
        self.paper.kind == ResourceKind::Trust
    }

    fn hand(&self) -> Hand {
        match (self.fix.layer, self.is_caller()) {
            (Layer::ServiceControl, true) => Hand::ChildOrganization,
            (Layer::ServiceControl | Layer::ResourceControl, _) => Hand::ParentOrganization,
            (Layer::Session, _) => Hand::Code,
            (Layer::Identity | Layer::Boundary, true) => Hand::Child,
            _ => Hand::Parent,
        }
    }

    fn sheet(&self, policy: &str) -> Option<&Sheet> {
        self.paper
            .sheets
            .iter()
            .find(|sheet| sheet.layer == self.fix.layer && sheet.level == self.fix.level && sheet.name == policy)
    }

    /// A change was worked out without what is in doubt about the statement: that stays as it is.
    fn with_doubts(&self, sheet: &Sheet, index: usize, changed: &Statement) -> Option<Statement> {
        let known = Known { request: &self.paper.request };
        let (read, _) = unsure::read(&sheet.document, sheet.layer, &known, Reading::Best);
        let (original, sure) = (sheet.document.statements.get(index)?, read.statements.get(index)?);
        let mut changed = changed.clone();
        changed.conditions.extend(original.conditions.iter().filter(|one| !sure.conditions.contains(one)).cloned());
        if sure.resource.is_none() {
            changed.resource = original.resource.clone();
        }
        if changed.principal == sure.principal {
            changed.principal = original.principal.clone();
        }
        Some(changed)
    }

    fn send(&self, now: &Mended, key: &str, value: Option<&str>) -> Option<Mended> {
        let mut next = now.clone();
        match key {
            "sts:ExternalId" => next.question.external_id = value.map(ExternalId::parse).transpose().ok()?,
            "sts:DurationSeconds" => next.question.duration_seconds = value.map(str::parse).transpose().ok()?,
            key => next.evidence.known.set(key, value.map(str::to_owned).into_iter().collect()),
        }
        next.says(Hand::Code, &self.fix.sentence);
        Some(next)
    }

    /// A copy with a document changed. One without statements is taken away: IAM takes none.
    fn edited(&self, now: &Mended, sheet: &Sheet, change: impl FnOnce(&mut PolicyDocument)) -> Option<Mended> {
        let mut document = sheet.document.clone();
        change(&mut document);
        if sheet.place == Place::Trust {
            let own = now.evidence.caller.read().and_then(|caller| caller.unique_id.clone());
            drop_orphans(&mut document, own.as_deref());
        }
        let mut next = now.clone();
        let text = (!document.statements.is_empty()).then(|| document.pretty());
        write(&mut next, sheet.place, text)?;
        Some(next)
    }

    /// Whether a change to a statement lets more through than this call: it drops or loosens a condition for everybody
    /// the statement is about, or lets somebody in who sends an external ID without asking for it.
    fn unguards(&self, now: &Mended, policy: &str, index: usize, changed: &Statement) -> bool {
        let statement = self.sheet(policy).and_then(|sheet| sheet.document.statements.get(index));
        let Some(statement) = statement else { return false };
        let about_caller = |one: &&Condition| one.key.eq_ignore_ascii_case("aws:PrincipalArn");
        let keeps = |one: &Condition| changed.conditions.contains(one);
        let loosened = statement.conditions.iter().filter(|one| !keeps(one) && !self.in_doubt(one));
        if loosened.clone().count() > 0 {
            let widened =
                loosened.filter(about_caller).count() > 0 && changed.conditions.iter().any(|one| about_caller(&one));
            return !widened;
        }
        let asks = statement.conditions.iter().any(|one| one.key.eq_ignore_ascii_case("sts:ExternalId"));
        self.fix.layer == Layer::Resource
            && changed.principal != statement.principal
            && now.question.external_id.is_some()
            && !asks
    }

    fn in_doubt(&self, condition: &Condition) -> bool {
        let known = Known { request: &self.paper.request };
        let alone = Statement { conditions: vec![condition.clone()], ..Statement::allow(["*"]) };
        !unsure::doubts(&alone, PolicyVersion::V2012, self.fix.layer, &known).is_empty()
    }

    /// A statement more, in a layer that is one document or a level of them. In a trust policy it names the caller, and
    /// keeps the conditions of the statement it stands in for, as far as they hold.
    fn added(&self, now: &Mended, policy: Option<&str>, mut statement: Statement) -> Option<Mended> {
        let request = &self.paper.request;
        if self.fix.layer == Layer::Resource {
            let nearest = self.nearest();
            if let Some(id) = nearest.as_ref().and_then(|(report, statement)| demanded_id(report, statement)) {
                return self.send(now, "sts:ExternalId", Some(&id)).map(|mut next| {
                    next.said.pop();
                    next.says(Hand::Code, format!("send the external ID `{id}`"));
                    next
                });
            }
            let held = nearest.map(|(report, statement)| self.held(&report, statement)).unwrap_or_default();
            statement = statement.by_aws([request.principal.grantee()]);
            statement.conditions = held;
            let asks = statement.conditions.iter().any(|one| one.key.eq_ignore_ascii_case("sts:ExternalId"));
            if let Some(id) = now.question.external_id.as_ref().filter(|_| !asks) {
                // Somebody who sends an external ID is to be asked for it.
                statement = statement.when(Operator::StringEquals, "sts:ExternalId", [id.as_str()]);
            }
        } else {
            statement = statement.on([request.resource.as_str()]);
        }
        let mut next = match policy {
            Some(policy) => {
                let sheet = self.sheet(policy)?;
                let next = self.edited(now, sheet, |document| document.statements.push(statement))?;
                return Some(self.told_added(next, now, sheet));
            }
            None => self.new_control(now, statement)?,
        };
        next.says(self.hand(), &self.fix.sentence);
        Some(next)
    }

    fn told_added(&self, mut next: Mended, now: &Mended, sheet: &Sheet) -> Mended {
        let (request, kind) = (&self.paper.request, self.paper.kind);
        let sentence = match (&self.fix.what, self.fix.layer) {
            (Change::AddStatement { .. }, _) => self.instruction(now, sheet),
            (_, Layer::Resource) => {
                let (action, who) = (&request.action, request.principal.grantee());
                format!("allow `{action}` for `{who}` in {}, in a statement of its own", self.fix.layer.label(kind))
            }
            (_, layer) => {
                let (action, resource) = (&request.action, &request.resource);
                format!("allow `{action}` on `{resource}` in {}, in a statement of its own", layer.label(kind))
            }
        };
        next.says(self.hand(), sentence);
        next
    }

    /// The conditions of a statement that hold, or that can't be judged.
    fn held(&self, report: &StatementReport, statement: &Statement) -> Vec<Condition> {
        let fails = |condition: &&Condition| {
            let of = |element: &Element| {
                matches!(element, Element::Condition { operator, key }
                    if **key == *condition.key && *operator == condition.operator.to_string())
            };
            report.mismatches().any(|one| of(&one.element)) && !self.in_doubt(condition)
        };
        statement.conditions.iter().filter(|condition| !fails(condition)).cloned().collect()
    }

    /// The Allow of the trust policy that comes closest to matching.
    fn nearest(&self) -> Option<(StatementReport, &Statement)> {
        let mut explanation = self.paper.explain(Reading::Best);
        explanation.decided_by = Layer::Resource;
        let report = explanation.closest()?.clone();
        let statement = self.sheet(&report.policy)?.document.statements.get(report.index)?;
        Some((report, statement))
    }

    /// A level without any control policy allows nothing.
    fn new_control(&self, now: &Mended, statement: Statement) -> Option<Mended> {
        let mut next = now.clone();
        let levels = match (self.fix.layer, self.is_caller()) {
            (Layer::ServiceControl, true) => next.evidence.caller_service_controls.read_mut()?,
            (Layer::ServiceControl, false) => next.evidence.role_service_controls.read_mut()?,
            _ => return None,
        };
        let level = levels.get_mut(self.fix.level?)?;
        level.policies.push(Document {
            name: "a new policy".into(),
            origin: Origin::Control { id: "new".into(), target: level.target.clone() },
            text: PolicyDocument::new([statement]).pretty(),
        });
        Some(next)
    }

    /// The smallest of the changes that take a Deny off this request.
    fn narrow(&self, now: &Mended, policy: &str, index: usize) -> Option<Mended> {
        let sheet = self.sheet(policy)?;
        let statement = sheet.document.statements.get(index)?;
        let name = match &statement.sid {
            Some(sid) if !sid.is_empty() => format!("statement {} (`{sid}`) of `{policy}`", index + 1),
            _ => format!("statement {} of `{policy}`", index + 1),
        };
        // An AWS managed policy can't be narrowed, only taken off.
        if read_only(now, sheet.place) && sheet.layer != Layer::Boundary {
            let mut next = now.clone();
            write(&mut next, sheet.place, None)?;
            next.says(
                self.hand(),
                format!(
                    "take off `{policy}`: its statement {} denies it, and AWS owns it, so that it can't be changed",
                    index + 1
                ),
            );
            return Some(next);
        }
        let denials = |paper: &Paper| {
            let fixes = paper.explain(Reading::Best).fixes;
            fixes.iter().filter(|fix| matches!(fix.what, Change::RemoveStatement { .. })).count()
        };
        let before = denials(&self.paper);
        narrower(statement, &self.paper.request).into_iter().find_map(|(made, how)| {
            let mut next = self.edited(now, sheet, |document| {
                document.statements.splice(index..=index, made);
            })?;
            (denials(&(self.again)(&next.question, &next.evidence)) < before).then(|| {
                next.says(self.hand(), format!("{name} denies it: {how}"));
                next
            })
        })
    }

    /// An identity policy that allows: one that did before, one that is there but not attached, one that nearly does, or
    /// a new one that allows just this.
    fn identity(&self, now: &Mended) -> Option<Mended> {
        self.restored(now).or_else(|| self.attached(now)).or_else(|| self.widened(now)).or_else(|| self.inline(now))
    }

    fn allows(&self, next: &Mended) -> bool {
        let fixes = (self.again)(&next.question, &next.evidence).explain(Reading::Best).fixes;
        !fixes.iter().any(|fix| fix.layer == Layer::Identity)
    }

    /// A version newer than the one in force was rolled back; it may be the one that allows this call, and only this.
    fn restored(&self, now: &Mended) -> Option<Mended> {
        let (set, _, _) = holder(now, self.is_caller())?;
        let (actions, resource) = (&self.paper.needed, &self.paper.request.resource);
        let newer = set.documents.iter().enumerate().flat_map(|(at, document)| {
            rolled_back(document, actions, resource).into_iter().map(move |newer| (at, newer))
        });
        newer.into_iter().find_map(|(at, newer)| {
            let mut next = now.clone();
            let document = holder_mut(&mut next, self.is_caller())?.documents.get_mut(at)?;
            let name = document.name.clone();
            restore(document, &newer)?;
            self.allows(&next).then(|| {
                let bare = newer.id.trim_start_matches('v');
                next.says(self.hand(), format!("put version {bare} of `{name}` back in force: it was rolled back"));
                next
            })
        })
    }

    fn attached(&self, now: &Mended) -> Option<Mended> {
        let (_, attachable, who) = holder(now, self.is_caller())?;
        attachable.iter().find_map(|document| {
            let mut next = now.clone();
            holder_mut(&mut next, self.is_caller())?.documents.push(document.clone());
            self.allows(&next).then(|| {
                next.says(self.hand(), format!("attach `{}` to `{}`", document.name, who.name()));
                next
            })
        })
    }

    fn widened(&self, now: &Mended) -> Option<Mended> {
        let Change::ReplaceStatement { policy, index, statement } = &self.fix.what else { return None };
        let sheet = self.sheet(policy).filter(|sheet| !read_only(now, sheet.place))?;
        if self.unguards(now, policy, *index, statement) {
            return None;
        }
        let statement = self.with_doubts(sheet, *index, statement)?;
        let mut next = self.edited(now, sheet, |document| document.statements[*index] = statement)?;
        next.says(self.hand(), &self.fix.sentence);
        Some(next)
    }

    /// Other policies are left alone: a statement of its own says what it is for, and goes as easily as it came.
    fn inline(&self, now: &Mended) -> Option<Mended> {
        let request = &self.paper.request;
        let (set, _, who) = holder(now, self.is_caller())?;
        let (holder, who) = (Holder::of(&who).ok()?, who.name().to_owned());
        let name = inline_name(self.is_caller(), &now.question);
        let statement = Statement::allow([request.action.as_str()]).on([request.resource.as_str()]);
        let own = set
            .documents
            .iter()
            .position(|document| document.name == name && document.origin == Origin::Inline { holder: holder.clone() });
        let mut next = now.clone();
        let documents = &mut holder_mut(&mut next, self.is_caller())?.documents;
        match own {
            Some(at) => {
                let mut document = PolicyDocument::parse(&documents[at].text).ok()?;
                extend(&mut document, statement);
                documents[at].text = document.pretty();
            }
            None => {
                let text = PolicyDocument::new([statement]).pretty();
                documents.push(Document {
                    name: name.clone(),
                    origin: Origin::Inline { holder: holder.clone() },
                    text,
                });
            }
        }
        let kind = holder.kind();
        let (action, resource) = (&request.action, &request.resource);
        next.says(
            self.hand(),
            format!("allow {kind} `{who}` `{action}` on `{resource}`, in an inline policy `{name}`"),
        );
        Some(next)
    }
}

/// The external ID that a statement asks for and that was not sent, where it is one plain value.
fn demanded_id(report: &StatementReport, statement: &Statement) -> Option<String> {
    let unmet = |cause: &Cause| matches!(cause, Cause::NoExternalId | Cause::OtherExternalId);
    report.mismatches().find(|one| unmet(&one.cause))?;
    let condition = statement.conditions.iter().find(|one| one.key.eq_ignore_ascii_case("sts:ExternalId"))?;
    let plain = matches!(condition.operator.operator, Operator::StringEquals | Operator::StringEqualsIgnoreCase);
    let value = condition.values.first().filter(|value| plain && !value.as_str().contains("${"))?;
    Some(value.as_str().to_owned())
}

/// An Allow of the same resource takes the action too.
fn extend(document: &mut PolicyDocument, statement: Statement) {
    let alike = |one: &&mut Statement| {
        one.effect == Effect::Allow
            && one.resource == statement.resource
            && one.conditions.is_empty()
            && !one.action.negated
    };
    match document.statements.iter_mut().find(alike) {
        Some(one) => one.action.patterns.extend(statement.action.patterns),
        None => document.statements.push(statement),
    }
}

fn inline_name(is_caller: bool, question: &Question) -> String {
    let name = if is_caller {
        format!("Assume-{}", question.role_name())
    } else {
        format!("Invoke-{}", question.endpoint.arn.lower_name())
    };
    PolicyName::parse(&name).map_or(name, String::from)
}

/// IAM takes no document that names a role or user which no longer exists, and shows such a one by its unique ID.
///
/// Source: IAM user guide, "AWS JSON policy elements: Principal".
fn drop_orphans(document: &mut PolicyDocument, own: Option<&str>) {
    let orphaned = |principal: &PrincipalPattern| matches!(principal, PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)) if Some(id.as_str()) != own);
    document.statements.retain_mut(|statement| {
        let Some(PrincipalClause { principals, .. }) = &mut statement.principal else { return true };
        principals.retain(|principal| !orphaned(principal));
        !principals.is_empty()
    });
}

/// Whose identity policies these are: the policies, those that could be attached, and who.
fn holder(state: &Mended, is_caller: bool) -> Option<(&PolicySet, &[Document], CallerArn)> {
    if is_caller {
        let caller = state.evidence.caller.read()?;
        return Some((&caller.policies, &caller.attachable, caller.arn.clone()));
    }
    let role = state.evidence.role.read()?;
    Some((&role.policies, &role.attachable, CallerArn::parse(role.arn.as_str()).ok()?))
}

fn holder_mut(state: &mut Mended, is_caller: bool) -> Option<&mut PolicySet> {
    if is_caller {
        return state.evidence.caller.read_mut().map(|caller| &mut caller.policies);
    }
    state.evidence.role.read_mut().map(|role| &mut role.policies)
}

fn read_only(state: &Mended, place: Place) -> bool {
    let policy = |set: Option<&PolicySet>, at: usize| {
        set.and_then(|set| set.documents.get(at)).is_some_and(Document::is_aws_managed)
    };
    let boundary = |piece: Option<&Piece<Document>>| piece.and_then(Piece::read).is_some_and(Document::is_aws_managed);
    match place {
        Place::CallerPolicy(at) => policy(state.evidence.caller.read().map(|caller| &caller.policies), at),
        Place::RolePolicy(at) => policy(state.evidence.role.read().map(|role| &role.policies), at),
        Place::CallerBoundary => boundary(state.evidence.caller.read().map(|caller| &caller.boundary)),
        Place::RoleBoundary => boundary(state.evidence.role.read().map(|role| &role.boundary)),
        _ => false,
    }
}

/// Puts a text in a document's place; `None` takes the document away.
fn write(state: &mut Mended, place: Place, text: Option<String>) -> Option<()> {
    let evidence = &mut state.evidence;
    let in_list = |list: &mut Vec<Document>, at: usize, text: Option<String>| {
        match text {
            Some(text) => list.get_mut(at)?.text = text,
            None => drop((at < list.len()).then(|| list.remove(at))?),
        }
        Some(())
    };
    match place {
        Place::CallerPolicy(at) => in_list(&mut evidence.caller.read_mut()?.policies.documents, at, text),
        Place::RolePolicy(at) => in_list(&mut evidence.role.read_mut()?.policies.documents, at, text),
        Place::CallerControl(level, at) => {
            in_list(&mut evidence.caller_service_controls.read_mut()?.get_mut(level)?.policies, at, text)
        }
        Place::RoleControl(level, at) => {
            in_list(&mut evidence.role_service_controls.read_mut()?.get_mut(level)?.policies, at, text)
        }
        Place::ResourceControl(level, at) => {
            in_list(&mut evidence.role_resource_controls.read_mut()?.get_mut(level)?.policies, at, text)
        }
        Place::Trust => {
            evidence.role.read_mut()?.trust = text?;
            Some(())
        }
        Place::CallerBoundary | Place::RoleBoundary => {
            let boundary = if place == Place::CallerBoundary {
                &mut evidence.caller.read_mut()?.boundary
            } else {
                &mut evidence.role.read_mut()?.boundary
            };
            boundary.read_mut()?.text = text?;
            Some(())
        }
        Place::Session => {
            state.question.session_policy = text;
            Some(())
        }
    }
}
