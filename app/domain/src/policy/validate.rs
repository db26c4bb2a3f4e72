//! What a document may hold depends on where it is attached. The messages are IAM's own where they are known: the
//! sandbox answers MalformedPolicyDocument with them.
//!
//! Source: IAM user guide, "IAM JSON policy element reference"; "Troubleshoot IAM policies".

use super::error::PolicyError;
use super::statement::Statement;
use super::{PolicyDocument, PrincipalPattern};

/// For managed and inline policies, boundaries and session policies: no principal, a resource.
pub fn validate_identity(document: &PolicyDocument) -> Result<(), PolicyError> {
    each(document, |path, statement| {
        if let Some(clause) = &statement.principal {
            let path = format!("{path}.{}", if clause.negated { "NotPrincipal" } else { "Principal" });
            return Err(PolicyError::at_path(path, "Policy document should not specify a principal."));
        }
        if statement.resource.is_none() {
            return Err(PolicyError::at_path(path, "Policy statement must contain resources."));
        }
        strict_sid(path, statement)
    })
}

/// For trust policies: a principal, no resource, actions of STS only.
pub fn validate_trust(document: &PolicyDocument) -> Result<(), PolicyError> {
    each(document, |path, statement| {
        if let Some(clause) = &statement.resource {
            let path = format!("{path}.{}", if clause.negated { "NotResource" } else { "Resource" });
            return Err(PolicyError::at_path(path, "Has prohibited field Resource"));
        }
        let Some(clause) = &statement.principal else {
            return Err(PolicyError::at_path(path, "AssumeRole policy must contain principals"));
        };
        if clause.negated {
            return Err(PolicyError::at_path(format!("{path}.NotPrincipal"), "Has prohibited field NotPrincipal"));
        }
        if clause.principals.iter().any(|principal| matches!(principal, PrincipalPattern::Canonical(_))) {
            let path = format!("{path}.Principal.CanonicalUser");
            return Err(PolicyError::at_path(
                path,
                "AssumeRole policy may only specify AWS, Service or Federated principals",
            ));
        }
        let in_sts = |action: &str| action == "*" || action.to_ascii_lowercase().starts_with("sts:");
        if !statement.action.negated && !statement.action.patterns.iter().all(|action| in_sts(action.as_str())) {
            let path = format!("{path}.Action");
            return Err(PolicyError::at_path(path, "AssumeRole policy may only specify STS AssumeRole actions."));
        }
        strict_sid(path, statement)
    })
}

/// For the policies of buckets, keys and queues: a principal and a resource.
pub fn validate_resource(document: &PolicyDocument) -> Result<(), PolicyError> {
    each(document, |path, statement| match (&statement.principal, &statement.resource) {
        (None, _) => Err(PolicyError::at_path(path, "a resource policy needs the element `Principal`")),
        (_, None) => Err(PolicyError::at_path(path, "a resource policy needs the element `Resource`")),
        _ => Ok(()),
    })
}

fn strict_sid(path: &str, statement: &Statement) -> Result<(), PolicyError> {
    match &statement.sid {
        Some(sid) if !sid.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            let message = format!(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*: `{sid}`"
            );
            Err(PolicyError::at_path(format!("{path}.Sid"), message))
        }
        _ => Ok(()),
    }
}

fn each(
    document: &PolicyDocument,
    check: impl Fn(&str, &Statement) -> Result<(), PolicyError>,
) -> Result<(), PolicyError> {
    document
        .statements
        .iter()
        .enumerate()
        .try_for_each(|(index, statement)| check(&format!("Statement[{index}]"), statement))
}
