//! Getting a Deny out of the way without lifting it for everything else.

use crate::evaluate::Request;
use crate::policy::{
    ActionPattern, AwsPrincipal, Condition, Operator, PrincipalClause, PrincipalPattern, ResourceClause,
    ResourcePattern, Statement,
};

/// What a Deny may become, smallest change first; each with what was done to it. The last is always its removal.
pub(super) fn narrower(statement: &Statement, request: &Request) -> Vec<(Vec<Statement>, String)> {
    let mut found = Vec::new();
    found.extend(spared_by_condition(statement, request));
    found.extend(without_principal(statement, request));
    found.extend(without_resource(statement, request));
    found.extend(but_for_resource(statement, request));
    found.extend(without_action(statement, request));
    let lifts = if is_of_one_call(statement) { "" } else { ", which lifts it for all else that it denies, too" };
    found.push((Vec::new(), format!("take the statement out{lifts}")));
    found
}

/// Whether a statement is of one action on one resource, so that nothing else goes with it.
fn is_of_one_call(statement: &Statement) -> bool {
    let one = |texts: &[&str]| matches!(texts, [text] if !text.contains(['*', '?']));
    if statement.action.negated || statement.resource.as_ref().is_some_and(|clause| clause.negated) {
        return false;
    }
    let actions: Vec<&str> = statement.action.patterns.iter().map(|pattern| pattern.as_str()).collect();
    let resources: Vec<&str> = match &statement.resource {
        Some(clause) => clause.patterns.iter().map(|pattern| pattern.as_str()).collect(),
        None => return one(&actions),
    };
    one(&actions) && one(&resources)
}

/// A Deny of everybody but those listed lists one more.
fn spared_by_condition(statement: &Statement, request: &Request) -> Option<(Vec<Statement>, String)> {
    use Operator::{ArnNotEquals, ArnNotLike, StringNotEquals, StringNotEqualsIgnoreCase, StringNotLike};
    let spares = |condition: &Condition| {
        let operator = condition.operator;
        let listing = matches!(
            operator.operator,
            StringNotEquals | StringNotEqualsIgnoreCase | StringNotLike | ArnNotEquals | ArnNotLike
        );
        listing && operator.quantifier.is_none()
    };
    let principal = &request.principal;
    let own = |key: &str| match key.to_ascii_lowercase().as_str() {
        "aws:principalarn" => Some(principal.grantee().to_owned()),
        "aws:principalaccount" => principal.account().map(ToString::to_string),
        "aws:resourceaccount" => Some(request.resource_account.to_string()),
        _ => match request.context.get(key) {
            Some([one]) => Some(one.clone()),
            _ => None,
        },
    };
    let (at, condition) =
        statement.conditions.iter().enumerate().find(|(_, one)| spares(one) && own(&one.key).is_some())?;
    let value = own(&condition.key)?;
    let mut values: Vec<&str> = condition.values.iter().map(|one| one.as_str()).collect();
    values.push(&value);
    let mut changed = statement.clone();
    changed.conditions[at] = Condition::new(condition.operator, &condition.key, values);
    Some((vec![changed], format!("spare `{value}` in the condition on `{}`", condition.key)))
}

/// One of several principals is taken out.
fn without_principal(statement: &Statement, request: &Request) -> Option<(Vec<Statement>, String)> {
    let clause = statement.principal.as_ref().filter(|clause| !clause.negated && clause.principals.len() > 1)?;
    let own = request.principal.grantee();
    let named = |principal: &PrincipalPattern| match principal {
        PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) => {
            arn.as_str() == own || arn.as_str() == request.principal.as_str()
        }
        _ => false,
    };
    let left: Vec<_> = clause.principals.iter().filter(|one| !named(one)).cloned().collect();
    (left.len() < clause.principals.len() && !left.is_empty()).then(|| {
        let changed = Statement { principal: Some(PrincipalClause::new(false, left)), ..statement.clone() };
        (vec![changed], format!("take `{own}` off the principals"))
    })
}

/// One of several resources is taken out.
fn without_resource(statement: &Statement, request: &Request) -> Option<(Vec<Statement>, String)> {
    let clause = statement.resource.as_ref().filter(|clause| !clause.negated && clause.patterns.len() > 1)?;
    let left: Vec<_> = clause.patterns.iter().filter(|one| one.as_str() != request.resource).cloned().collect();
    (left.len() < clause.patterns.len()).then(|| {
        let resource = Some(ResourceClause { negated: false, patterns: left });
        (vec![Statement { resource, ..statement.clone() }], format!("take `{}` off the resources", request.resource))
    })
}

/// A Deny of everything becomes one of everything but this resource. Other actions it names stay denied on everything.
fn but_for_resource(statement: &Statement, request: &Request) -> Option<(Vec<Statement>, String)> {
    let clause = statement.resource.as_ref()?;
    let patterns = match (clause.negated, clause.patterns.as_slice()) {
        (false, [only]) if only.as_str() == "*" => vec![ResourcePattern::new(&request.resource)],
        (true, spared) => spared.iter().cloned().chain([ResourcePattern::new(&request.resource)]).collect(),
        _ => return None,
    };
    let spared = ResourceClause { negated: true, patterns };
    let mut changed = Statement { resource: Some(spared), ..statement.clone() };
    let mut made = Vec::new();
    if !statement.action.negated && statement.action.patterns.len() > 1 {
        let hits = |pattern: &ActionPattern| pattern.matches(&request.action);
        changed.action.patterns.retain(hits);
        let mut rest = statement.clone();
        rest.action.patterns.retain(|pattern| !hits(pattern));
        if !rest.action.patterns.is_empty() {
            // Two statements can't share one name.
            changed.sid = None;
            made.push(rest);
        }
    }
    made.push(changed);
    Some((made, format!("let it deny everything but `{}`", request.resource)))
}

/// One of several actions is taken out.
fn without_action(statement: &Statement, request: &Request) -> Option<(Vec<Statement>, String)> {
    let clause = &statement.action;
    let left: Vec<_> =
        clause.patterns.iter().filter(|one| !one.as_str().eq_ignore_ascii_case(&request.action)).cloned().collect();
    (!clause.negated && !left.is_empty() && left.len() < clause.patterns.len()).then(|| {
        let mut changed = statement.clone();
        changed.action.patterns = left;
        (vec![changed], format!("take `{}` off the actions", request.action))
    })
}
