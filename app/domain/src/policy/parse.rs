//! From JSON to a document: every element checked, every fault with its place.
//!
//! Source: IAM user guide, "Grammar of the IAM JSON policy language".

use super::condition::{Condition, ConditionOperator};
use super::error::PolicyError;
use super::json::{Kind, Member, Node, Place, fail_at};
use super::pattern::{ActionPattern, ResourcePattern};
use super::principal::{AwsPrincipal, PrincipalPattern};
use super::statement::{ActionClause, Effect, PrincipalClause, ResourceClause, Statement};
use super::{PolicyDocument, PolicyVersion};
use std::collections::HashSet;

type Result<T> = std::result::Result<T, PolicyError>;

const DOCUMENT_KEYS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_KEYS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const PRINCIPAL_KEYS: &[&str] = &["AWS", "Federated", "Service", "CanonicalUser"];

fn fail(place: Place, path: &str, message: impl Into<String>) -> PolicyError {
    PolicyError { path: path.to_owned(), ..fail_at(place, message) }
}

/// How strictly a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As IAM takes a document that is sent to it.
    Strict,
    /// As a document that is to be evaluated: a principal with a wildcard in it, which IAM refuses, names nobody.
    Evaluated,
}

pub(crate) fn document(node: &Node, reading: Reading) -> Result<PolicyDocument> {
    let members = object(node, "", "a policy")?;
    known_keys(members, "", DOCUMENT_KEYS)?;
    let version = match get(members, "Version") {
        None => PolicyVersion::V2008,
        Some(member) => version(&member.value)?,
    };
    let id = get(members, "Id").map(|member| text(&member.value, "Id").map(str::to_owned)).transpose()?;
    let Some(list) = get(members, "Statement") else {
        return Err(fail(node.place, "", "a policy needs the element `Statement`"));
    };
    let statements = match &list.value.kind {
        Kind::List(items) if items.is_empty() => {
            return Err(fail(list.value.place, "Statement", "a policy needs at least one statement"));
        }
        Kind::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| statement(item, &format!("Statement[{index}]"), reading))
            .collect::<Result<Vec<_>>>()?,
        _ => vec![statement(&list.value, "Statement", reading)?],
    };
    unique_sids(&statements, &list.value)?;
    Ok(PolicyDocument { version, id, statements })
}

/// A statement on its own, as explanations carry them.
pub(super) fn one_statement(node: &Node) -> Result<Statement> {
    statement(node, "Statement", Reading::Strict)
}

fn version(node: &Node) -> Result<PolicyVersion> {
    match text(node, "Version")? {
        "2012-10-17" => Ok(PolicyVersion::V2012),
        "2008-10-17" => Ok(PolicyVersion::V2008),
        other => Err(fail(
            node.place,
            "Version",
            format!("`{}` is not a version of the policy language: `2012-10-17` or `2008-10-17`", short(other)),
        )),
    }
}

/// IAM refuses two statements with one name: `Statement IDs (SID) in a single policy must be unique.`
fn unique_sids(statements: &[Statement], list: &Node) -> Result<()> {
    let mut seen = HashSet::new();
    for (index, statement) in statements.iter().enumerate() {
        let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty()) else { continue };
        if !seen.insert(sid) {
            let place = match &list.kind {
                Kind::List(items) => member_place(&items[index], "Sid"),
                _ => list.place,
            };
            let path = format!("Statement[{index}].Sid");
            return Err(fail(place, &path, format!("two statements are named `{sid}`: names must be unique")));
        }
    }
    Ok(())
}

fn member_place(node: &Node, key: &str) -> Place {
    match &node.kind {
        Kind::Object(members) => get(members, key).map_or(node.place, |member| member.value.place),
        _ => node.place,
    }
}

fn statement(node: &Node, path: &str, reading: Reading) -> Result<Statement> {
    let members = object(node, path, "a statement")?;
    known_keys(members, path, STATEMENT_KEYS)?;
    let sid = get(members, "Sid").map(|member| sid(&member.value, &format!("{path}.Sid"))).transpose()?;
    let Some(effect_member) = get(members, "Effect") else {
        return Err(fail(node.place, path, "a statement needs the element `Effect`: `Allow` or `Deny`"));
    };
    let effect = effect(&effect_member.value, &format!("{path}.Effect"))?;
    let principal = either(members, path, "Principal", "NotPrincipal")?
        .map(|(negated, member)| {
            let path = format!("{path}.{}", member.key);
            principals(&member.value, &path, reading).map(|principals| PrincipalClause::new(negated, principals))
        })
        .transpose()?;
    let Some((negated, action)) = either(members, path, "Action", "NotAction")? else {
        return Err(fail(node.place, path, "a statement needs the element `Action` or `NotAction`"));
    };
    let action = ActionClause { negated, patterns: actions(&action.value, &format!("{path}.{}", action.key))? };
    let resource = either(members, path, "Resource", "NotResource")?
        .map(|(negated, member)| {
            let path = format!("{path}.{}", member.key);
            resources(&member.value, &path).map(|patterns| ResourceClause { negated, patterns })
        })
        .transpose()?;
    let conditions = match get(members, "Condition") {
        Some(member) => conditions(&member.value, &format!("{path}.Condition"))?,
        None => Vec::new(),
    };
    if principal.is_none() && resource.is_none() {
        return Err(fail(node.place, path, "a statement needs the element `Resource` or `NotResource`"));
    }
    Ok(Statement { sid, effect, principal, action, resource, conditions })
}

fn sid(node: &Node, path: &str) -> Result<String> {
    let sid = text(node, path)?;
    // Resource policies of some services take spaces too.
    if sid.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '_' || c == '-') {
        Ok(sid.to_owned())
    } else {
        Err(fail(node.place, path, format!("`{}` is not a statement's name: letters and digits only", short(sid))))
    }
}

fn effect(node: &Node, path: &str) -> Result<Effect> {
    match text(node, path)? {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(fail(node.place, path, format!("`{}` is not an effect: `Allow` or `Deny`", short(other)))),
    }
}

fn either<'a>(members: &'a [Member], path: &str, plain: &str, negated: &str) -> Result<Option<(bool, &'a Member)>> {
    match (get(members, plain), get(members, negated)) {
        (Some(_), Some(second)) => {
            let path = format!("{path}.{negated}");
            Err(fail(second.place, &path, format!("a statement can't have both `{plain}` and `{negated}`")))
        }
        (Some(member), None) => Ok(Some((false, member))),
        (None, Some(member)) => Ok(Some((true, member))),
        (None, None) => Ok(None),
    }
}

fn actions(node: &Node, path: &str) -> Result<Vec<ActionPattern>> {
    let valid = |action: &str| {
        action == "*"
            || action.split_once(':').is_some_and(|(service, name)| {
                !service.is_empty()
                    && !name.is_empty()
                    && (service == "*" || service.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'*' || b == b'?')
            })
    };
    each_text(node, path, |place, path, action| {
        if valid(action) {
            return Ok(ActionPattern::new(action));
        }
        let message = format!("`{}` is not an action: `service:Action`, such as `sts:AssumeRole`", short(action));
        Err(fail(place, path, message))
    })
}

fn resources(node: &Node, path: &str) -> Result<Vec<ResourcePattern>> {
    each_text(node, path, |place, path, resource| {
        let pattern = ResourcePattern::new(resource);
        if pattern.is_arn_or_star() && !resource.chars().any(char::is_control) {
            return Ok(pattern);
        }
        // IAM's own text.
        Err(fail(place, path, format!("Resource {} must be in ARN format or \"*\".", short(resource))))
    })
}

fn principals(node: &Node, path: &str, reading: Reading) -> Result<Vec<PrincipalPattern>> {
    if let Kind::Text(text) = &node.kind {
        return if text == "*" {
            Ok(vec![PrincipalPattern::Everyone])
        } else {
            let message = format!("`{}` is not a principal: `*`, or an object such as `{{\"AWS\": …}}`", short(text));
            Err(fail(node.place, path, message))
        };
    }
    let members = object(node, path, "a principal")?;
    known_keys(members, path, PRINCIPAL_KEYS)?;
    if members.is_empty() {
        return Err(fail(node.place, path, "a principal can't be empty"));
    }
    let mut principals = Vec::new();
    for member in members {
        let path = format!("{path}.{}", member.key);
        principals.extend(each_text(&member.value, &path, |place, path, text| {
            principal(&member.key, text, reading).ok_or_else(|| {
                // IAM's own text.
                fail(place, path, format!("Invalid principal in policy: \"{}\":\"{}\"", member.key, short(text)))
            })
        })?);
    }
    Ok(principals)
}

fn principal(kind: &str, text: &str, reading: Reading) -> Option<PrincipalPattern> {
    if text.is_empty() || text.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    Some(match kind {
        "AWS" => match AwsPrincipal::new(text) {
            // `role/*` and the like: partial wildcards are refused. Other texts may be unique IDs of a kind that
            // is not known here; they match nobody.
            AwsPrincipal::Arn(arn) if arn.as_str().contains(['*', '?']) => match reading {
                Reading::Strict => return None,
                Reading::Evaluated => PrincipalPattern::Aws(AwsPrincipal::Other(text.to_owned())),
            },
            AwsPrincipal::Other(other) if !other.bytes().all(|b| b.is_ascii_alphanumeric()) => return None,
            principal => PrincipalPattern::Aws(principal),
        },
        "Federated" => PrincipalPattern::Federated(text.to_owned()),
        "Service" => PrincipalPattern::Service(text.to_owned()),
        _ => PrincipalPattern::Canonical(text.to_owned()),
    })
}

/// Longer names of condition keys are refused: a tag's key has 128 characters.
const MAX_KEY: usize = 512;

fn conditions(node: &Node, path: &str) -> Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    let mut seen = HashSet::new();
    for block in object(node, path, "a condition")? {
        let path = format!("{path}.{}", block.key);
        let Some(operator) = ConditionOperator::parse(&block.key) else {
            // IAM's own text.
            return Err(fail(block.place, &path, format!("Invalid Condition type : {}.", short(&block.key))));
        };
        if !seen.insert(operator) {
            return Err(fail(block.place, &path, format!("the operator `{operator}` is there twice")));
        }
        for member in object(&block.value, &path, "a condition's operator")? {
            if member.key.len() > MAX_KEY {
                let message = format!("a condition's key has at most {MAX_KEY} characters");
                return Err(fail(member.place, &path, message));
            }
            let path = format!("{path}.{}", member.key);
            if member.key.is_empty() || member.key.chars().any(char::is_control) {
                return Err(fail(member.place, &path, "a condition needs the name of a key"));
            }
            let values = scalars(&member.value, &path)?;
            conditions.push(Condition::new(operator, &member.key, values.iter().map(String::as_str)));
        }
    }
    Ok(conditions)
}

fn scalars(node: &Node, path: &str) -> Result<Vec<String>> {
    let scalar = |node: &Node, path: &str| match &node.kind {
        Kind::Text(text) => Ok(text.clone()),
        Kind::Number(number) => Ok(number.clone()),
        Kind::Bool(value) => Ok(value.to_string()),
        other => {
            let message = format!("a condition's value is a string, a number or a boolean, this is {}", other.name());
            Err(fail(node.place, path, message))
        }
    };
    match &node.kind {
        Kind::List(items) => {
            items.iter().enumerate().map(|(index, item)| scalar(item, &format!("{path}[{index}]"))).collect()
        }
        _ => Ok(vec![scalar(node, path)?]),
    }
}

/// A string or a list of strings that isn't empty.
fn each_text<T>(node: &Node, path: &str, make: impl Fn(Place, &str, &str) -> Result<T>) -> Result<Vec<T>> {
    match &node.kind {
        Kind::Text(text) => Ok(vec![make(node.place, path, text)?]),
        Kind::List(items) if items.is_empty() => Err(fail(node.place, path, "the list is empty")),
        Kind::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let path = format!("{path}[{index}]");
                make(item.place, &path, text(item, &path)?)
            })
            .collect(),
        other => Err(fail(node.place, path, format!("expected a string or a list of strings, found {}", other.name()))),
    }
}

fn text<'a>(node: &'a Node, path: &str) -> Result<&'a str> {
    match &node.kind {
        Kind::Text(text) => Ok(text),
        other => Err(fail(node.place, path, format!("expected a string, found {}", other.name()))),
    }
}

fn object<'a>(node: &'a Node, path: &str, what: &str) -> Result<&'a [Member]> {
    match &node.kind {
        Kind::Object(members) => Ok(members),
        other => Err(fail(node.place, path, format!("{what} is a JSON object, this is {}", other.name()))),
    }
}

fn known_keys(members: &[Member], path: &str, known: &[&str]) -> Result<()> {
    let Some(stranger) = members.iter().find(|member| !known.contains(&member.key.as_str())) else { return Ok(()) };
    let singular = stranger.key.trim_end_matches('s');
    let meant =
        known.iter().find(|name| name.eq_ignore_ascii_case(&stranger.key) || name.eq_ignore_ascii_case(singular));
    let hint = match meant {
        Some(name) => format!("did you mean `{name}`"),
        None => format!("known are {}", known.join(", ")),
    };
    let full = if path.is_empty() { stranger.key.clone() } else { format!("{path}.{}", stranger.key) };
    Err(fail(stranger.place, &full, format!("unknown element `{}`: {hint}", short(&stranger.key))))
}

fn get<'a>(members: &'a [Member], key: &str) -> Option<&'a Member> {
    members.iter().find(|member| member.key == key)
}

fn short(text: &str) -> String {
    if text.chars().count() <= 100 { text.to_owned() } else { text.chars().take(99).chain(['…']).collect() }
}
