//! Whether the elements of a statement match a request. Everything else is built on these answers.

use super::compare;
use super::facts::{Facts, Values};
use super::{Principal, Request};
use crate::arn::Arn;
use crate::policy::{
    ActionClause, AwsPrincipal, Condition, ConditionValue, Effect, Operator, PolicyVersion, PrincipalClause,
    PrincipalPattern, Quantifier, ResourceClause, Statement, Variables,
};
use std::net::IpAddr;

/// How closely a resource policy names the caller, which decides what else has to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grant {
    /// Not at all.
    None,
    /// As one of an account: the account's own policies have to allow.
    Account,
    /// As a session of a role, or of a user: its boundary and session policies still narrow.
    Parent,
    /// As itself, or as everybody.
    Itself,
}

/// Which elements of a statement count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Identity policies and everything built like them: no principal.
    Identity,
    /// Resource policies: the principal has to match.
    Resource {
        /// A boundary makes every Deny with NotPrincipal match.
        bounded: bool,
    },
}

/// A statement of a document of one version, against a request.
pub(super) struct Test<'a> {
    pub(super) statement: &'a Statement,
    pub(super) version: PolicyVersion,
    pub(super) facts: &'a Facts<'a>,
    pub(super) usage: Use,
}

impl<'a> Test<'a> {
    /// Whether the whole statement matches, and how closely it names the caller.
    pub(super) fn grant(&self) -> Grant {
        if !self.action() || !self.resource() {
            return Grant::None;
        }
        let grant = self.principal();
        if grant == Grant::None || !self.statement.conditions.iter().all(|condition| self.condition(condition)) {
            return Grant::None;
        }
        grant
    }

    /// Variables are replaced only in documents of version 2012-10-17.
    pub(super) fn variables(&self) -> Option<&dyn Variables> {
        match self.version {
            PolicyVersion::V2012 => Some(self.facts),
            PolicyVersion::V2008 => None,
        }
    }

    fn request(&self) -> &'a Request {
        self.facts.request
    }

    pub(super) fn action(&self) -> bool {
        let ActionClause { negated, patterns } = &self.statement.action;
        patterns.iter().any(|pattern| pattern.matches(&self.request().action)) != *negated
    }

    /// Without a Resource element, as in trust policies, the resource itself is meant.
    pub(super) fn resource(&self) -> bool {
        let Some(ResourceClause { negated, patterns }) = &self.statement.resource else { return true };
        let variables = self.variables();
        patterns.iter().any(|pattern| pattern.matches(&self.request().resource, variables)) != *negated
    }

    pub(super) fn principal(&self) -> Grant {
        let bounded = match self.usage {
            Use::Identity => return Grant::Itself,
            Use::Resource { bounded } => bounded,
        };
        match &self.statement.principal {
            None => Grant::None,
            Some(clause) if clause.negated => self.not_principal(clause, bounded),
            Some(clause) => named(clause, &self.request().principal),
        }
    }

    /// A Deny spares only who is named itself: a session by its session ARN. The account or the role alone do not
    /// spare it. An Allow leaves out everybody who is named in any way.
    ///
    /// Source: IAM user guide, "AWS JSON policy elements: NotPrincipal"; "Permissions boundaries for IAM entities":
    /// a Deny with NotPrincipal always denies a caller that has a boundary.
    fn not_principal(&self, clause: &PrincipalClause, bounded: bool) -> Grant {
        let caller = &self.request().principal;
        let grant = named(clause, caller);
        let spared = match self.statement.effect {
            Effect::Allow => grant != Grant::None,
            Effect::Deny if bounded => false,
            Effect::Deny => {
                let unnamed_session = matches!(caller, Principal::RoleSession { session: None, .. });
                grant == Grant::Itself || (unnamed_session && grant == Grant::Parent)
            }
        };
        if spared { Grant::None } else { Grant::Itself }
    }

    /// Whether a condition holds.
    pub(super) fn condition(&self, condition: &Condition) -> bool {
        let operator = condition.operator;
        let values = self.facts.values(&condition.key);
        if operator.operator == Operator::Null {
            let absent = values.is_none_or(Values::are_null);
            return condition.values.iter().any(|value| compare::boolean(value.as_str()) == Some(absent));
        }
        let Some(values) = values else {
            return operator.if_exists
                || match operator.quantifier {
                    Some(Quantifier::ForAllValues) => true,
                    Some(Quantifier::ForAnyValue) => false,
                    None => operator.operator.is_negated(),
                };
        };
        self.compare(condition, values)
    }

    fn compare(&self, condition: &Condition, values: Values<'_>) -> bool {
        let negated = condition.operator.operator.is_negated();
        let mut each = values.iter().map(|value| self.value(condition, value));
        match condition.operator.quantifier {
            Some(quantifier) if values.are_null() => quantifier == Quantifier::ForAllValues,
            Some(Quantifier::ForAnyValue) => each.any(|matches| matches),
            Some(Quantifier::ForAllValues) => each.all(|matches| matches),
            // AWS asks for a quantifier here and leaves open what happens without: no value may be excluded, and
            // one that is asked for is enough.
            None if negated => each.all(|matches| matches),
            None => each.any(|matches| matches),
        }
    }

    /// Whether one value of the request satisfies the condition. What can't be compared doesn't.
    pub(super) fn value(&self, condition: &Condition, value: &str) -> bool {
        let operator = condition.operator.operator;
        let mut outcomes = condition.values.iter().map(|expected| self.one(operator, value, expected));
        if operator.is_negated() {
            outcomes.all(|outcome| outcome == Some(false))
        } else {
            outcomes.any(|outcome| outcome == Some(true))
        }
    }

    /// The comparison without negation; `None`: one of the two is not of the operator's type.
    fn one(&self, operator: Operator, value: &str, expected: &ConditionValue) -> Option<bool> {
        use Operator::*;
        let text = expected.as_str();
        match operator {
            StringEquals | StringNotEquals | StringLike | StringNotLike => {
                Some(expected.pattern.matches(value, false, self.variables()))
            }
            StringEqualsIgnoreCase | StringNotEqualsIgnoreCase => {
                Some(expected.pattern.matches(value, true, self.variables()))
            }
            ArnEquals | ArnNotEquals | ArnLike | ArnNotLike => {
                let pattern = expected.arn.as_ref()?;
                Some(pattern.is_arn_or_star() && is_arn(value) && pattern.matches(value, self.variables()))
            }
            NumericEquals | NumericNotEquals => Some(compare::number(value)? == compare::number(text)?),
            NumericLessThan => Some(compare::number(value)? < compare::number(text)?),
            NumericLessThanEquals => Some(compare::number(value)? <= compare::number(text)?),
            NumericGreaterThan => Some(compare::number(value)? > compare::number(text)?),
            NumericGreaterThanEquals => Some(compare::number(value)? >= compare::number(text)?),
            DateEquals | DateNotEquals => Some(compare::time(value)? == compare::time(text)?),
            DateLessThan => Some(compare::time(value)? < compare::time(text)?),
            DateLessThanEquals => Some(compare::time(value)? <= compare::time(text)?),
            DateGreaterThan => Some(compare::time(value)? > compare::time(text)?),
            DateGreaterThanEquals => Some(compare::time(value)? >= compare::time(text)?),
            Bool => Some(compare::boolean(value)? == compare::boolean(text)?),
            BinaryEquals => compare::same_bytes(value, text),
            IpAddress | NotIpAddress => compare::in_range(value.parse::<IpAddr>().ok()?, text),
            Null => None,
        }
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.bytes().filter(|b| *b == b':').count() >= 5
}

/// How closely a clause names a caller, negated or not.
fn named(clause: &PrincipalClause, caller: &Principal) -> Grant {
    clause.principals.iter().map(|pattern| names(pattern, caller)).max().unwrap_or(Grant::None)
}

/// How closely one principal names a caller. Partial wildcards name nobody.
///
/// Source: IAM user guide, "AWS JSON policy elements: Principal".
pub(super) fn names(pattern: &PrincipalPattern, caller: &Principal) -> Grant {
    let itself = |yes: bool| if yes { Grant::Itself } else { Grant::None };
    match (pattern, caller) {
        (PrincipalPattern::Everyone | PrincipalPattern::Aws(AwsPrincipal::Any), _) => Grant::Itself,
        (PrincipalPattern::Aws(AwsPrincipal::Account { account, .. }), caller) => match caller {
            Principal::Root { account: own, .. } => itself(account == own),
            caller if caller.account() == Some(account) => Grant::Account,
            _ => Grant::None,
        },
        (PrincipalPattern::Aws(AwsPrincipal::Arn(arn)), caller) => names_arn(arn, caller),
        (PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)), Principal::User { unique_id, .. }) => {
            itself(unique_id.as_deref() == Some(id))
        }
        (PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)), Principal::RoleSession { unique_id, .. })
            if unique_id.as_deref() == Some(id) =>
        {
            Grant::Parent
        }
        (PrincipalPattern::Service(service), Principal::Service { name }) => itself(service.eq_ignore_ascii_case(name)),
        (PrincipalPattern::Federated(expected), Principal::Federated { provider }) => itself(expected == provider),
        (PrincipalPattern::Canonical(expected), Principal::Canonical { id }) => itself(expected == id),
        _ => Grant::None,
    }
}

fn names_arn(arn: &Arn, caller: &Principal) -> Grant {
    match caller {
        Principal::User { arn: own, .. } if own == arn => Grant::Itself,
        Principal::RoleSession { session: Some(session), .. } if session == arn => Grant::Itself,
        Principal::RoleSession { role, path_known, .. } if same_role(arn, role, *path_known) => Grant::Parent,
        Principal::FederatedUser { arn: own, .. } if own == arn => Grant::Itself,
        Principal::FederatedUser { arn: own, .. } if is_base_user(arn, own) => Grant::Parent,
        _ => Grant::None,
    }
}

/// A role's name is unique in its account whatever its path, so that the path may be left out when it isn't known.
fn same_role(named: &Arn, role: &Arn, path_known: bool) -> bool {
    named == role
        || (!path_known
            && named.service() == "iam"
            && named.resource_type() == Some("role")
            && named.partition() == role.partition()
            && named.account() == role.account()
            && named.resource_name() == role.resource_name())
}

/// The user that asked for a federated session is the one it is limited to.
fn is_base_user(named: &Arn, session: &Arn) -> bool {
    named.service() == "iam"
        && named.resource_type() == Some("user")
        && named.partition() == session.partition()
        && named.account() == session.account()
        && named.resource_name() == session.resource_name()
}
