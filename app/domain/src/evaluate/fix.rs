//! The smallest change that turns a denial, layer by layer.
//!
//! Small means: change the request before a policy (send the external ID), widen a statement that nearly matches
//! before adding one, and never touch a layer that doesn't block. A statement is widened only where that allows nothing
//! but this request: an action more counts on every resource of the statement, a resource more for every action of it.

use super::decide::{Assessment, Voice};
use super::explain::{Source, StatementReport};
use super::facts::Facts;
use super::matching::{Grant, Test, names};
use super::reasons::{self, Cause, Element};
use super::{Layer, Policies, Principal, Request, ResourceKind};
use crate::policy::{
    ActionClause, ActionPattern, AwsPrincipal, Condition, ConditionOperator, Effect, Operator, PrincipalClause,
    PrincipalPattern, ResourceClause, ResourcePattern, Statement,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// Add a statement to a policy of the layer, or a policy with it.
    AddStatement {
        /// The policy it fits into; `None`: there is none yet.
        policy: Option<String>,
        /// The statement.
        statement: Statement,
    },
    /// Put this in the place of a statement.
    ReplaceStatement {
        /// The policy.
        policy: String,
        /// Which statement, from 0.
        index: usize,
        /// The new statement.
        statement: Statement,
    },
    /// Take a statement away, or narrow it.
    RemoveStatement {
        /// The policy.
        policy: String,
        /// Which statement, from 0.
        index: usize,
    },
    /// Send another value with the request.
    ChangeRequest {
        /// The condition key.
        key: String,
        /// The value; `None`: send none.
        value: Option<String>,
    },
    /// Let somebody else call.
    ChangeCaller,
}

/// A change, where it is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The layer that stops blocking.
    pub layer: Layer,
    /// The level of control policies, from the root down, from 0.
    pub level: Option<usize>,
    /// What to change.
    pub what: Change,
    /// The same for people, as an instruction.
    pub sentence: String,
}

/// Keys a caller sets on its request, as opposed to what AWS says about it.
const SET_BY_CALLER: &[&str] =
    &["sts:ExternalId", "sts:RoleSessionName", "sts:DurationSeconds", "sagemaker:TargetModel"];

struct Fixer<'a> {
    facts: &'a Facts<'a>,
    sources: &'a [Source<'a>],
    /// The place of each policy among the sources, the first of a name.
    places: HashMap<(Layer, Option<usize>, &'a str), usize>,
    statements: &'a [StatementReport],
    kind: ResourceKind,
    /// The request's action, and those that are needed beside it.
    needed: Vec<&'a str>,
}

/// The changes that, made together, allow the request.
pub(super) fn fixes(
    facts: &Facts<'_>,
    policies: &Policies<'_>,
    sources: &[Source<'_>],
    statements: &[StatementReport],
    assessment: &Assessment,
    others: &[&str],
) -> Vec<Fix> {
    let mut places = HashMap::with_capacity(sources.len());
    for (place, source) in sources.iter().enumerate() {
        places.entry((source.layer, source.level, source.policy.name.as_str())).or_insert(place);
    }
    let needed = others.iter().copied().chain([facts.request.action.as_str()]).collect();
    let fixer = Fixer { facts, sources, places, statements, kind: policies.resource_kind, needed };
    let mut lacking = assessment.outcome().lacking;
    let mut fixes: Vec<Fix> = Vec::new();
    let denials = statements.iter().filter(|one| one.effect == Effect::Deny && one.matches);
    fixes.extend(denials.map(|one| fixer.lift(one)));
    if lacking.caller {
        let sentence = "call as a user or a role: root users can't assume roles".to_owned();
        fixes.push(Fix { layer: Layer::Caller, level: None, what: Change::ChangeCaller, sentence });
    }
    if lacking.service_control {
        for level in 0..policies.service_control.unwrap_or_default().len() {
            let allowed = |one: &StatementReport| {
                one.layer == Layer::ServiceControl
                    && one.level == Some(level)
                    && one.effect == Effect::Allow
                    && one.matches
            };
            if !statements.iter().any(allowed) {
                fixes.push(fixer.grant(Layer::ServiceControl, Some(level)));
            }
        }
    }
    if lacking.resource {
        let fix = fixer.grant(Layer::Resource, None);
        // How closely the resource policy then names the caller decides what else has to allow.
        let resource = Voice { grant: fixer.grant_after(&fix), ..assessment.resource };
        lacking = Assessment { resource, ..*assessment }.outcome().lacking;
        fixes.push(fix);
    }
    for (lacks, layer) in
        [(lacking.identity, Layer::Identity), (lacking.boundary, Layer::Boundary), (lacking.session, Layer::Session)]
    {
        if lacks {
            fixes.push(fixer.grant(layer, None));
        }
    }
    // One value sent may satisfy several statements.
    let mut sent = HashSet::new();
    fixes.retain(|fix| match &fix.what {
        Change::ChangeRequest { key, value } => sent.insert((key.clone(), value.clone())),
        _ => true,
    });
    fixes
}

/// The Allow of a layer that comes closest to matching: the fewest elements in its way, the last named first among
/// equals of one policy.
pub(super) fn closest(statements: &[StatementReport], layer: Layer, level: Option<usize>) -> Option<&StatementReport> {
    statements
        .iter()
        .filter(|one| one.layer == layer && (level.is_none() || one.level == level))
        .filter(|one| one.effect == Effect::Allow && !one.matches)
        .filter(|one| one.elements.iter().any(|element| element.matches) || one.elements.len() == 1)
        .min_by_key(|one| one.mismatches().map(|element| weight(&element.cause)).sum::<usize>())
}

/// What nearly matches weighs less than what has nothing in common.
fn weight(cause: &Cause) -> usize {
    match cause {
        Cause::NoExternalId | Cause::OtherExternalId | Cause::ResourceCase | Cause::PrincipalCase => 2,
        Cause::OtherResource { fields } if fields.len() == 1 => 3,
        Cause::OrphanedPrincipal { .. } | Cause::PrincipalAccount => 3,
        Cause::PrincipalWildcard | Cause::OtherSession => 3,
        Cause::OtherAction | Cause::ActionLeftOut => 6,
        _ => 4,
    }
}

impl Fixer<'_> {
    fn request(&self) -> &Request {
        self.facts.request
    }

    fn statement(&self, report: &StatementReport) -> Option<(&Source<'_>, &Statement)> {
        let source = &self.sources[*self.places.get(&(report.layer, report.level, report.policy.as_str()))?];
        Some((source, source.policy.document.statements.get(report.index)?))
    }

    /// Gets a Deny out of the way.
    fn lift(&self, report: &StatementReport) -> Fix {
        let (layer, level) = (report.layer, report.level);
        let label = layer.label(self.kind);
        // A Deny of every external ID but one is met by sending that one.
        let demanded = self.statement(report).and_then(|(_, statement)| {
            statement.conditions.iter().find_map(|condition| {
                let negated = condition.operator.operator == Operator::StringNotEquals;
                if negated { demanded_value(condition) } else { None }
            })
        });
        if let Some((key, value)) = demanded {
            let sentence = request_sentence(&key, Some(&value));
            return Fix { layer, level, what: Change::ChangeRequest { key, value: Some(value) }, sentence };
        }
        let what = Change::RemoveStatement { policy: report.policy.clone(), index: report.index };
        let sentence = format!(
            "remove {} in {label}, or narrow it so that it does not cover `{}`",
            report.name(),
            self.request().action
        );
        Fix { layer, level, what, sentence }
    }

    /// Makes a layer allow.
    fn grant(&self, layer: Layer, level: Option<usize>) -> Fix {
        let nearest = closest(self.statements, layer, level);
        if let Some(report) = nearest
            && let [only] = report.mismatches().collect::<Vec<_>>().as_slice()
            && let Some(fix) = self.widen(report, &only.element, &only.cause)
        {
            return fix;
        }
        self.add(layer, level)
    }

    /// How closely the resource policy names the caller once a change is made.
    fn grant_after(&self, fix: &Fix) -> Grant {
        let of = |statement: &Statement| {
            let source = self.sources.iter().find(|source| source.layer == Layer::Resource);
            match source {
                Some(source) => self.test(source, statement).principal(),
                None => names(&grantee(&self.request().principal), &self.request().principal),
            }
        };
        match &fix.what {
            Change::AddStatement { statement, .. } | Change::ReplaceStatement { statement, .. } => of(statement),
            _ => {
                let nearest = closest(self.statements, Layer::Resource, None);
                nearest.and_then(|report| self.statement(report)).map_or(Grant::None, |(_, statement)| of(statement))
            }
        }
    }

    fn add(&self, layer: Layer, level: Option<usize>) -> Fix {
        let request = self.request();
        let mut statement = Statement::allow([request.action.as_str()]);
        if layer == Layer::Resource {
            statement = statement.by([grantee(&request.principal)]);
            statement.conditions = self.held();
        }
        if layer != Layer::Resource || self.kind != ResourceKind::Trust {
            statement = statement.on([literal(&request.resource).as_str()]);
        }
        let policy = self
            .sources
            .iter()
            .find(|source| source.layer == layer && source.level == level)
            .map(|source| source.policy.name.clone());
        let to = match layer {
            Layer::Resource => format!(" for `{}`", request.principal.grantee()),
            _ => String::new(),
        };
        let at = level.map_or_else(String::new, |level| format!(" at level {}", level + 1));
        let sentence =
            format!("allow `{}` on `{}`{to} in {}{at}", request.action, request.resource, layer.label(self.kind));
        Fix { layer, level, what: Change::AddStatement { policy, statement }, sentence }
    }

    /// What the resource policy asks of the caller where it comes closest to allowing, as far as the request meets it: a
    /// statement of its own asks for no less.
    fn held(&self) -> Vec<Condition> {
        let nearest = closest(self.statements, Layer::Resource, None).and_then(|report| self.statement(report));
        let Some((source, statement)) = nearest else { return Vec::new() };
        let test = self.test(source, statement);
        statement.conditions.iter().filter(|condition| test.condition(condition)).cloned().collect()
    }

    /// Whether a statement is about the request's resource alone: only then an action more allows just this request. The
    /// statement of a resource policy is about the resource itself, and has to be about the caller alone too.
    fn is_about_just_this(&self, layer: Layer, statement: &Statement) -> bool {
        let request = self.request();
        let resource = match &statement.resource {
            Some(clause) => clause.names_only(&literal(&request.resource)),
            None => layer == Layer::Resource,
        };
        let caller = grantee(&request.principal);
        let only_caller = |clause: &PrincipalClause| !clause.negated && clause.principals.iter().all(|p| *p == caller);
        resource && statement.principal.as_ref().is_none_or(only_caller)
    }

    /// Makes a statement match that fails in one element only.
    fn widen(&self, report: &StatementReport, element: &Element, cause: &Cause) -> Option<Fix> {
        let (source, statement) = self.statement(report)?;
        let (layer, level) = (report.layer, report.level);
        if let Element::Condition { .. } = element
            && let Some((key, value)) = self.failing(source, statement).and_then(demanded_value)
        {
            let sentence = request_sentence(&key, Some(&value));
            return Some(Fix { layer, level, what: Change::ChangeRequest { key, value: Some(value) }, sentence });
        }
        let mut changed = statement.clone();
        let instruction = match element {
            Element::Action if self.is_about_just_this(layer, statement) => self.widen_action(&mut changed.action)?,
            Element::Resource if akin(cause) => self.widen_resource(source, statement, changed.resource.as_mut()?)?,
            Element::Principal => self.widen_principal(changed.principal.as_mut()?, cause),
            Element::Condition { .. } if self.may_loosen(layer, statement) => {
                self.widen_condition(source, statement, &mut changed)?
            }
            _ => return None,
        };
        let sentence = format!("in {}, {instruction}", report.name());
        let what = Change::ReplaceStatement { policy: report.policy.clone(), index: report.index, statement: changed };
        Some(Fix { layer, level, what, sentence })
    }

    /// A statement about another service is no place for this action.
    fn widen_action(&self, clause: &mut ActionClause) -> Option<String> {
        let action = &self.request().action;
        let service = |text: &str| text.split_once(':').map(|(service, _)| service.to_ascii_lowercase());
        let own = service(action);
        clause.patterns.iter().any(|pattern| service(pattern.as_str()) == own).then(|| {
            clause.patterns.push(ActionPattern::new(action));
            format!("add `{action}` to the actions")
        })
    }

    /// A resource that differs in case only was meant to be this one. Another one stands beside this one where the
    /// statement allows nothing but what is needed.
    fn widen_resource(
        &self,
        source: &Source<'_>,
        statement: &Statement,
        clause: &mut ResourceClause,
    ) -> Option<String> {
        let resource = &self.request().resource;
        let new = ResourcePattern::new(&literal(resource));
        let test = self.test(source, statement);
        let nearest = reasons::closest(&test, &clause.patterns, resource).map(|(pattern, by)| (pattern.clone(), by));
        if let Some((old, 0)) = nearest
            && let Some(slot) = clause.patterns.iter_mut().find(|pattern| **pattern == old)
        {
            *slot = new;
            return Some(format!("write `{resource}` instead of `{}`", old.as_str()));
        }
        statement.action.names_only(&self.needed).then(|| {
            clause.patterns.push(new);
            format!("add `{resource}` to the resources")
        })
    }

    fn widen_principal(&self, clause: &mut PrincipalClause, cause: &Cause) -> String {
        let caller = &self.request().principal;
        let new = grantee(caller);
        let old = clause.principals.iter_mut().find(|pattern| match (cause, pattern) {
            (Cause::OrphanedPrincipal { id }, PrincipalPattern::Aws(AwsPrincipal::UniqueId(own))) => id == own,
            (Cause::PrincipalWildcard, PrincipalPattern::Aws(AwsPrincipal::Other(text))) => text.contains(['*', '?']),
            (Cause::PrincipalCase, PrincipalPattern::Aws(AwsPrincipal::Arn(arn))) => {
                arn.as_str().eq_ignore_ascii_case(caller.grantee())
            }
            _ => false,
        });
        let instruction = match old {
            Some(slot) => {
                let text = slot.parts().1.to_owned();
                *slot = new;
                format!("name `{}` instead of `{text}`", caller.grantee())
            }
            None => {
                clause.principals.push(new);
                format!("add `{}` to the principals", caller.grantee())
            }
        };
        *clause = PrincipalClause::new(false, clause.principals.drain(..));
        instruction
    }

    /// Whether a condition may be loosened where it stands. Elsewhere than in a resource policy, which names who is meant,
    /// it guards all that the statement allows.
    fn may_loosen(&self, layer: Layer, statement: &Statement) -> bool {
        layer == Layer::Resource
            || (self.is_about_just_this(layer, statement) && statement.action.names_only(&self.needed))
    }

    /// A condition on something the caller can't change takes the request's value too, or goes.
    fn widen_condition(&self, source: &Source<'_>, statement: &Statement, changed: &mut Statement) -> Option<String> {
        let failing = self.failing(source, statement)?.clone();
        let slot = changed.conditions.iter_mut().find(|one| **one == failing)?;
        let values: Option<Vec<String>> =
            self.facts.values(&failing.key).map(|values| values.iter().map(str::to_owned).collect());
        if let Some(values) = values
            && takes_values(failing.operator)
        {
            let all: Vec<String> = failing
                .values
                .iter()
                .map(|value| value.as_str().to_owned())
                .chain(values.iter().map(|v| literal(v)))
                .collect();
            *slot = Condition::new(failing.operator, &failing.key, all.iter().map(String::as_str));
            let shown = reasons::some(values.iter().map(String::as_str));
            if self.test(source, changed).condition(&changed.conditions[position(statement, &failing)?]) {
                return Some(format!("let `{}` be {shown} too", failing.key));
            }
        }
        changed.conditions.remove(position(statement, &failing)?);
        Some(format!("drop the condition on `{}`", failing.key))
    }

    fn failing<'s>(&self, source: &Source<'_>, statement: &'s Statement) -> Option<&'s Condition> {
        let test = self.test(source, statement);
        statement.conditions.iter().find(|condition| !test.condition(condition))
    }

    fn test<'s>(&'s self, source: &Source<'_>, statement: &'s Statement) -> Test<'s> {
        Test { statement, version: source.policy.document.version, facts: self.facts, usage: source.usage }
    }
}

/// Whether a resource is of the kind a statement is about.
fn akin(cause: &Cause) -> bool {
    match cause {
        Cause::ResourceCase => true,
        Cause::OtherResource { fields } => !fields.is_empty() && !fields.iter().any(|field| field == "service"),
        _ => false,
    }
}

fn position(statement: &Statement, condition: &Condition) -> Option<usize> {
    statement.conditions.iter().position(|one| one == condition)
}

fn takes_values(operator: ConditionOperator) -> bool {
    use Operator::*;
    matches!(
        operator.operator,
        StringEquals
            | StringEqualsIgnoreCase
            | StringLike
            | ArnEquals
            | ArnLike
            | IpAddress
            | NumericEquals
            | DateEquals
    )
}

/// The value a condition asks the caller to send, where it is one the caller can choose and a plain text.
fn demanded_value(condition: &Condition) -> Option<(String, String)> {
    use Operator::*;
    let key = SET_BY_CALLER.iter().find(|key| key.eq_ignore_ascii_case(&condition.key))?;
    let value = condition.values.first()?;
    let plain = !value.pattern.has_variable() && condition.operator.quantifier.is_none();
    let exact = match condition.operator.operator {
        StringEquals
        | StringEqualsIgnoreCase
        | StringNotEquals
        | NumericEquals
        | NumericLessThanEquals
        | NumericGreaterThanEquals => true,
        StringLike => !value.pattern.has_wildcard(),
        _ => false,
    };
    (plain && exact).then(|| ((*key).to_owned(), value.as_str().to_owned()))
}

fn request_sentence(key: &str, value: Option<&str>) -> String {
    match (key, value) {
        ("sts:ExternalId", Some(value)) => format!("send the external ID `{value}`"),
        (key, Some(value)) => format!("send `{value}` as `{key}`"),
        (key, None) => format!("send no `{key}`"),
    }
}

/// A text of a request as a pattern that matches just it.
fn literal(text: &str) -> String {
    if text == "*" || !text.contains(['*', '?', '$']) {
        return text.to_owned();
    }
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '*' => out.push_str("${*}"),
            '?' => out.push_str("${?}"),
            '$' => out.push_str("${$}"),
            c => out.push(c),
        }
        out
    })
}

/// The principal to name so that the caller is meant.
fn grantee(caller: &Principal) -> PrincipalPattern {
    match caller {
        Principal::Service { name } => PrincipalPattern::Service(name.clone()),
        Principal::Federated { provider } => PrincipalPattern::Federated(provider.clone()),
        Principal::Canonical { id } => PrincipalPattern::Canonical(id.clone()),
        Principal::Anonymous => PrincipalPattern::Everyone,
        other => PrincipalPattern::aws(other.grantee()),
    }
}
