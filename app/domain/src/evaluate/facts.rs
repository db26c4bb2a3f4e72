//! What a request says about itself, by condition key: what it was given, and what follows from its parts.

use super::{Principal, Request};
use crate::policy::Variables;

/// The values of a key.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl<'a> Values<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, many): (Option<&str>, &[String]) = match self {
            Self::One(value) => (Some(value), &[]),
            Self::Many(values) => (None, values),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }

    /// Whether there is nothing but empty texts: to set operators and `Null`, the same as no value.
    ///
    /// Source: IAM user guide, "Set operators for multivalued context keys".
    pub(super) fn are_null(self) -> bool {
        self.iter().all(str::is_empty)
    }
}

/// A request as the source of condition keys and policy variables.
pub(super) struct Facts<'a> {
    pub(super) request: &'a Request,
}

impl<'a> Facts<'a> {
    /// The values of a key; `None` when the request does not carry it. An empty list is no value.
    pub(super) fn values(&self, key: &str) -> Option<Values<'a>> {
        match self.request.context.get(key) {
            Some([]) => None,
            Some([one]) => Some(Values::One(one)),
            Some(many) => Some(Values::Many(many)),
            None => self.derived(key).map(Values::One),
        }
    }

    /// The value of a key that follows from the request itself.
    ///
    /// Source: IAM user guide, "AWS global condition context keys".
    pub(super) fn derived(&self, key: &str) -> Option<&'a str> {
        if !key.get(..4)?.eq_ignore_ascii_case("aws:") {
            return None;
        }
        let is = |name: &str| key[4..].eq_ignore_ascii_case(name);
        let principal = &self.request.principal;
        if is("PrincipalArn") {
            principal_arn(principal)
        } else if is("PrincipalAccount") {
            principal.account().map(|account| account.as_str())
        } else if is("ResourceAccount") {
            Some(self.request.resource_account.as_str())
        } else if is("PrincipalType") {
            principal_type(principal)
        } else if is("PrincipalIsAWSService") {
            Some(if matches!(principal, Principal::Service { .. }) { "true" } else { "false" })
        } else if is("PrincipalServiceName") {
            match principal {
                Principal::Service { name } => Some(name),
                _ => None,
            }
        } else if is("userid") {
            user_id(principal)
        } else if is("username") {
            match principal {
                Principal::User { arn, .. } => Some(arn.resource_name()),
                _ => None,
            }
        } else {
            None
        }
    }
}

impl Variables for Facts<'_> {
    fn variable(&self, key: &str) -> Option<&str> {
        match self.values(key)? {
            Values::One(value) => Some(value),
            // A variable stands for one value: keys with several can't be used.
            Values::Many(_) => None,
        }
    }
}

/// For a session it is the role's ARN.
fn principal_arn(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Root { arn, .. } | Principal::User { arn, .. } | Principal::FederatedUser { arn, .. } => {
            Some(arn.as_str())
        }
        Principal::RoleSession { role, .. } => Some(role.as_str()),
        _ => None,
    }
}

fn principal_type(principal: &Principal) -> Option<&'static str> {
    match principal {
        Principal::Root { .. } => Some("Account"),
        Principal::User { .. } => Some("User"),
        Principal::RoleSession { .. } => Some("AssumedRole"),
        Principal::FederatedUser { .. } => Some("FederatedUser"),
        Principal::Anonymous => Some("Anonymous"),
        _ => None,
    }
}

fn user_id(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Root { account, .. } => Some(account.as_str()),
        Principal::User { unique_id, .. } => unique_id.as_deref(),
        Principal::RoleSession { user_id, .. } => user_id.as_deref(),
        _ => None,
    }
}
