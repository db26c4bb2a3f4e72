//! Why an element of a statement matches a request or not: for programs a cause, for people a sentence.

use super::Principal;
use super::facts::Values;
use super::matching::{Grant, Test, Use, names};
use crate::arn::Arn;
use crate::policy::{
    AwsPrincipal, Condition, Effect, Operator, PrincipalClause, PrincipalPattern, Quantifier, ResourceClause,
    ResourcePattern,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// An element of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Element {
    /// `Principal`
    Principal,
    /// `NotPrincipal`
    NotPrincipal,
    /// `Action`
    Action,
    /// `NotAction`
    NotAction,
    /// `Resource`
    Resource,
    /// `NotResource`
    NotResource,
    /// One condition of `Condition`.
    Condition {
        /// The operator as written: `StringEquals`.
        operator: String,
        /// The key as written.
        key: String,
    },
}

/// Why an element matches or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It matches.
    Matches,
    /// The action is not among those named.
    OtherAction,
    /// The action is one of those left out.
    ActionLeftOut,
    /// The resource differs in these fields of the ARN: `region`, `account`, `name`.
    OtherResource {
        /// The fields.
        fields: Vec<String>,
    },
    /// The resource is the same but for upper and lower case.
    ResourceCase,
    /// The request is about no particular resource.
    NoResource,
    /// The resource is one of those left out.
    ResourceLeftOut,
    /// A policy variable has no value in this request.
    NoVariable {
        /// Its key.
        key: String,
    },
    /// The caller is not among those named.
    OtherPrincipal,
    /// The caller is named but for upper and lower case.
    PrincipalCase,
    /// A role or user of this name is named, of another account.
    PrincipalAccount,
    /// Another session of the caller's role is named.
    OtherSession,
    /// A principal with a wildcard in it is named, which IAM refuses and which would name nobody.
    PrincipalWildcard,
    /// The ID of a deleted role or user is named.
    OrphanedPrincipal {
        /// `AROA…` or `AIDA…`.
        id: String,
    },
    /// The caller is one of those left out.
    PrincipalLeftOut,
    /// The statement of a resource policy names no principal.
    NoPrincipal,
    /// The request does not carry the key.
    NoKey,
    /// The request carries the key, and must not.
    KeyPresent,
    /// The value is not one that is asked for, or one that is excluded.
    OtherValue,
    /// The value is the same but for upper and lower case.
    ValueCase,
    /// No external ID was sent.
    NoExternalId,
    /// Another external ID was sent.
    OtherExternalId,
}

/// How one element fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementReport {
    /// Which element.
    pub element: Element,
    /// Whether it matches the request.
    pub matches: bool,
    /// Why, for programs.
    pub cause: Cause,
    /// Why, for people.
    pub sentence: String,
}

/// The elements of a statement, each compared on its own.
pub(super) fn elements(test: &Test<'_>) -> Vec<ElementReport> {
    let mut reports = Vec::new();
    if test.usage != Use::Identity {
        reports.push(principal(test));
    }
    reports.push(action(test));
    if let Some(clause) = &test.statement.resource {
        reports.push(resource(test, clause));
    }
    reports.extend(test.statement.conditions.iter().map(|one| condition(test, one)));
    reports
}

fn report(element: Element, cause: Cause, sentence: impl Into<String>) -> ElementReport {
    ElementReport { element, matches: cause == Cause::Matches, cause, sentence: sentence.into() }
}

/// A text longer than this is cut where it is shown: a name is told from its start, and a sentence stays one.
const SHOWN: usize = 512;

/// A text for a sentence.
fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A field of an ARN for a sentence.
fn field_text(text: &str) -> Cow<'_, str> {
    if text.is_empty() { Cow::Borrowed("none") } else { shown(text) }
}

/// Up to three texts in backticks; more are counted.
pub(super) fn some<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut texts = texts.into_iter();
    let mut quoted = || texts.next().map(|text| format!("`{}`", shown(text)));
    match [quoted(), quoted(), quoted()] {
        [None, ..] => "nothing".to_owned(),
        [Some(one), None, _] => one,
        [Some(a), Some(b), None] => format!("{a} and {b}"),
        [Some(a), Some(b), Some(c)] => match texts.count() {
            0 => format!("{a}, {b} and {c}"),
            more => format!("{a}, {b} and {} more", more + 1),
        },
    }
}

/// `pattern` covers `text`, or is the text itself.
fn covers(pattern: &str, text: &str) -> String {
    let (pattern, text) = (shown(pattern), shown(text));
    if pattern == text { format!("`{text}`") } else { format!("`{pattern}` covers `{text}`") }
}

fn action(test: &Test<'_>) -> ElementReport {
    let clause = &test.statement.action;
    let asked = &test.facts.request.action;
    let hit = clause.patterns.iter().find(|pattern| pattern.matches(asked));
    let listed = || some(clause.patterns.iter().map(|pattern| pattern.as_str()));
    match (clause.negated, hit) {
        (false, Some(pattern)) => {
            report(Element::Action, Cause::Matches, format!("action matches: {}", covers(pattern.as_str(), asked)))
        }
        (false, None) => report(
            Element::Action,
            Cause::OtherAction,
            format!("action differs: the statement names {}, the request is `{asked}`", listed()),
        ),
        (true, None) => {
            report(Element::NotAction, Cause::Matches, format!("action matches: only {} left out", listed()))
        }
        (true, Some(pattern)) => report(
            Element::NotAction,
            Cause::ActionLeftOut,
            format!("action is left out: {}", covers(pattern.as_str(), asked)),
        ),
    }
}

fn resource(test: &Test<'_>, clause: &ResourceClause) -> ElementReport {
    let asked = &test.facts.request.resource;
    let hit = clause.patterns.iter().find(|pattern| pattern.matches(asked, test.variables()));
    let listed = || some(clause.patterns.iter().map(|pattern| pattern.as_str()));
    match (clause.negated, hit) {
        (false, Some(pattern)) => {
            report(Element::Resource, Cause::Matches, format!("resource matches: {}", covers(pattern.as_str(), asked)))
        }
        (false, None) => {
            let (cause, sentence) = other_resource(test, clause, asked);
            report(Element::Resource, cause, sentence)
        }
        (true, None) => {
            report(Element::NotResource, Cause::Matches, format!("resource matches: only {} left out", listed()))
        }
        (true, Some(pattern)) => report(
            Element::NotResource,
            Cause::ResourceLeftOut,
            format!("resource is left out: {}", covers(pattern.as_str(), asked)),
        ),
    }
}

/// The pattern that comes closest to a resource is the one to speak of.
pub(super) fn closest<'a>(
    test: &Test<'_>,
    patterns: &'a [ResourcePattern],
    asked: &str,
) -> Option<(&'a ResourcePattern, usize)> {
    let distance = |pattern: &ResourcePattern| {
        if pattern.matches_ignoring_case(asked, test.variables()) {
            return 0;
        }
        match pattern.differing(asked, test.variables()).len() {
            0 => usize::MAX,
            count => count,
        }
    };
    patterns.iter().map(|pattern| (pattern, distance(pattern))).min_by_key(|(_, distance)| *distance)
}

fn other_resource(test: &Test<'_>, clause: &ResourceClause, asked: &str) -> (Cause, String) {
    let unresolved = clause.patterns.iter().find_map(|pattern| pattern.unresolved(test.variables()));
    if let Some(key) = unresolved {
        let sentence = format!("resource differs: the policy variable `{key}` has no value in this request");
        return (Cause::NoVariable { key: key.to_owned() }, sentence);
    }
    let listed = || some(clause.patterns.iter().map(|pattern| pattern.as_str()));
    if asked == "*" {
        let sentence =
            format!("resource differs: the request is about no particular resource, the statement names {}", listed());
        return (Cause::NoResource, sentence);
    }
    let Some((pattern, distance)) = closest(test, &clause.patterns, asked) else {
        return (Cause::OtherResource { fields: Vec::new() }, "resource differs: the statement names none".to_owned());
    };
    if distance == 0 {
        let sentence =
            format!("resource differs in case: `{}`, the request names `{}`", shown(pattern.as_str()), shown(asked));
        return (Cause::ResourceCase, sentence);
    }
    let differing = pattern.differing(asked, test.variables());
    let fields: Vec<String> =
        differing.iter().map(|(index, _, _)| ResourcePattern::FIELDS[(*index).min(5)].to_owned()).collect();
    let sentence = match differing.as_slice() {
        [] => format!("resource differs: the statement names {}, the request `{}`", listed(), shown(asked)),
        [(index, ours, theirs)] => {
            let field = ResourcePattern::FIELDS[(*index).min(5)];
            format!("resource differs in {field}: {}, the request names {}", field_text(ours), field_text(theirs))
        }
        _ => {
            let words = fields.join(" and ");
            format!("resource differs in {words}: `{}`, the request names `{}`", shown(pattern.as_str()), shown(asked))
        }
    };
    (Cause::OtherResource { fields }, sentence)
}

fn principal(test: &Test<'_>) -> ElementReport {
    let caller = &test.facts.request.principal;
    let Some(clause) = &test.statement.principal else {
        return report(Element::Principal, Cause::NoPrincipal, "principal is missing: the statement names nobody");
    };
    let grant = test.principal();
    if clause.negated {
        return not_principal(test, clause, grant);
    }
    if grant == Grant::None {
        let (cause, sentence) = other_principal(clause, caller);
        return report(Element::Principal, cause, sentence);
    }
    let by = clause.principals.iter().max_by_key(|pattern| names(pattern, caller));
    let by = shown(by.map_or("*", |pattern| pattern.parts().1));
    let how = match grant {
        Grant::Account => format!("principal matches: `{by}` means the whole account of `{caller}`"),
        _ => format!("principal matches: `{by}` names `{caller}`"),
    };
    report(Element::Principal, Cause::Matches, how)
}

fn not_principal(test: &Test<'_>, clause: &PrincipalClause, grant: Grant) -> ElementReport {
    let caller = &test.facts.request.principal;
    let listed = some(clause.principals.iter().map(|pattern| pattern.parts().1));
    if grant == Grant::None {
        let sentence = format!("principal is left out: the statement spares {listed}");
        return report(Element::NotPrincipal, Cause::PrincipalLeftOut, sentence);
    }
    let nearly = clause.principals.iter().any(|pattern| names(pattern, caller) != Grant::None);
    let bounded = test.usage == Use::Resource { bounded: true };
    let sentence = if bounded && test.statement.effect == Effect::Deny {
        "principal matches: a Deny with NotPrincipal always denies a caller that has a permissions boundary".to_owned()
    } else if nearly {
        format!("principal matches: the statement spares {listed}, not `{caller}` itself, which has to be named too")
    } else {
        format!("principal matches: the statement spares only {listed}")
    };
    report(Element::NotPrincipal, Cause::Matches, sentence)
}

fn other_principal(clause: &PrincipalClause, caller: &Principal) -> (Cause, String) {
    let arns = || {
        clause.principals.iter().filter_map(|pattern| match pattern {
            PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) => Some(arn),
            _ => None,
        })
    };
    let own = caller.grantee();
    if let Some(arn) = arns().find(|arn| arn.as_str().eq_ignore_ascii_case(own)) {
        return (Cause::PrincipalCase, format!("principal differs in case: `{arn}`, the caller is `{own}`"));
    }
    if let Principal::RoleSession { session: Some(session), .. } = caller
        && let Some(arn) = arns().find(|arn| same_but_session(arn, session))
    {
        let sentence = format!(
            "principal differs in session: {}, the caller's session is {}",
            arn.resource_name(),
            session.resource_name()
        );
        return (Cause::OtherSession, sentence);
    }
    if let Ok(own) = Arn::parse(own)
        && let Some(arn) = arns().find(|arn| arn.resource() == own.resource() && arn.account() != own.account())
    {
        let sentence = format!("principal differs in account: {}, the caller is in {}", arn.account(), own.account());
        return (Cause::PrincipalAccount, sentence);
    }
    let wildcard = clause.principals.iter().find_map(|pattern| match pattern {
        PrincipalPattern::Aws(AwsPrincipal::Other(text)) if text.contains(['*', '?']) => Some(text),
        _ => None,
    });
    if let Some(text) = wildcard {
        let sentence = format!(
            "principal differs: `{}` names nobody, as a principal can't have a wildcard in it, the caller is `{caller}`",
            shown(text)
        );
        return (Cause::PrincipalWildcard, sentence);
    }
    let orphan = clause.principals.iter().find_map(|pattern| match pattern {
        PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)) => Some(id),
        _ => None,
    });
    if let Some(id) = orphan {
        let sentence = format!(
            "principal is orphaned: `{id}` was the ID of a role or user that is deleted or recreated since, the caller is `{caller}`"
        );
        return (Cause::OrphanedPrincipal { id: id.clone() }, sentence);
    }
    let listed = some(clause.principals.iter().map(|pattern| pattern.parts().1));
    (Cause::OtherPrincipal, format!("principal differs: the statement names {listed}, the caller is `{caller}`"))
}

fn same_but_session(named: &Arn, session: &Arn) -> bool {
    let role = |arn: &Arn| arn.resource().rsplit_once('/').map(|(role, _)| role.to_owned());
    named.service() == "sts" && named.account() == session.account() && role(named) == role(session)
}

fn condition(test: &Test<'_>, condition: &Condition) -> ElementReport {
    let element = Element::Condition { operator: condition.operator.to_string(), key: condition.key.to_string() };
    let values = test.facts.values(&condition.key);
    let key = &condition.key;
    if test.condition(condition) {
        let sentence = match values {
            Some(values) => format!("condition holds: `{key}` is {}", some(values.iter())),
            None => format!("condition holds: the request does not carry `{key}`"),
        };
        return report(element, Cause::Matches, sentence);
    }
    let (cause, sentence) = unmet(test, condition, values);
    report(element, cause, sentence)
}

fn unmet(test: &Test<'_>, condition: &Condition, values: Option<Values<'_>>) -> (Cause, String) {
    let key = &condition.key;
    let external_id = key.eq_ignore_ascii_case("sts:ExternalId") && test.statement.effect == Effect::Allow;
    let null = condition.operator.operator == Operator::Null;
    let Some(values) = values.filter(|values| !(null && values.are_null())) else {
        return if external_id {
            (Cause::NoExternalId, "no external ID was sent".to_owned())
        } else {
            (Cause::NoKey, format!("condition fails: the request does not carry `{key}`"))
        };
    };
    if null {
        return (Cause::KeyPresent, format!("condition fails: the request carries `{key}`, and must not"));
    }
    if external_id && !condition.operator.operator.is_negated() {
        let sentence = "the external ID sent differs from the one the trust policy requires";
        return (Cause::OtherExternalId, sentence.to_owned());
    }
    let patterns = || condition.values.iter().map(|value| &value.pattern);
    let variables = test.variables();
    if let Some(missing) = patterns().find_map(|pattern| pattern.unresolved(variables)) {
        let sentence = format!("condition fails: the policy variable `{missing}` has no value in this request");
        return (Cause::NoVariable { key: missing.to_owned() }, sentence);
    }
    let found = some(values.iter());
    let wanted = some(condition.values.iter().map(|value| value.as_str()));
    let operator = condition.operator;
    let cased = !operator.operator.is_negated()
        && values.iter().any(|value| patterns().any(|pattern| pattern.matches(value, true, variables)));
    if cased {
        return (
            Cause::ValueCase,
            format!("condition fails: `{key}` differs in case: {wanted}, the request has {found}"),
        );
    }
    let every = if operator.quantifier == Some(Quantifier::ForAllValues) { "every value of " } else { "" };
    let word = if operator.operator.is_negated() { "excludes" } else { "asks for" };
    let sentence =
        format!("condition fails: {every}`{key}` is compared, the request has {found}, `{operator}` {word} {wanted}");
    (Cause::OtherValue, sentence)
}
