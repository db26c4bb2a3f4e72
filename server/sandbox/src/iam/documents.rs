//! Policy documents on their way in and out: checked, measured, and with the principals of trust policies as IDs.

use crate::error::Failure;
use crate::state::State;
use domain::arn::Arn;
use domain::names::AccountId;
use domain::policy::{AwsPrincipal, PolicyDocument, PolicyError, PrincipalPattern, validate_identity, validate_trust};

/// The most a trust policy may have, without white space.
const TRUST_CHARACTERS: usize = 2048;

fn malformed(message: impl Into<String>) -> Failure {
    Failure::new(400, "MalformedPolicyDocument", message)
}

fn refusal(error: &PolicyError) -> Failure {
    malformed(error.to_string())
}

/// Checks a document that grants to whoever it is attached to.
pub fn check_identity(text: &str) -> Result<PolicyDocument, Failure> {
    let document = PolicyDocument::parse(text).map_err(|e| refusal(&e))?;
    validate_identity(&document).map_err(|e| malformed(e.message))?;
    Ok(document)
}

/// Checks a trust policy and gives it as it is stored: with users and roles as unique IDs, so that a role made later
/// under the same name is not trusted.
pub fn trust_to_store(state: &State, text: &str) -> Result<String, Failure> {
    let mut document = PolicyDocument::parse(text).map_err(|e| refusal(&e))?;
    validate_trust(&document).map_err(|e| malformed(e.message))?;
    if PolicyDocument::size(text) > TRUST_CHARACTERS {
        return Err(Failure::new(
            409,
            "LimitExceeded",
            format!("Cannot exceed quota for ACLSizePerRole: {TRUST_CHARACTERS}"),
        ));
    }
    principals_to_ids(state, &mut document).map_err(|principal| invalid(&principal))?;
    Ok(compact(&document.pretty()))
}

/// Replaces the users and roles that a resource's policy names by their unique IDs. Fails with the principal that
/// does not exist.
pub fn principals_to_ids(state: &State, document: &mut PolicyDocument) -> Result<(), String> {
    for principal in principals(document) {
        let stored = match principal {
            PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) => {
                Some(to_id(state, arn).ok_or_else(|| arn.as_str().to_owned())?)
            }
            PrincipalPattern::Aws(AwsPrincipal::Account { account, text }) => {
                if !state.accounts.contains_key(account) {
                    return Err(text.to_string());
                }
                None
            }
            PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)) if !is_known(state, id) => return Err(id.to_string()),
            PrincipalPattern::Aws(AwsPrincipal::Other(text)) => return Err(text.to_string()),
            _ => None,
        };
        if let Some(stored) = stored {
            *principal = PrincipalPattern::aws(&stored);
        }
    }
    Ok(())
}

/// A stored trust or bucket policy as it is shown: unique IDs of what exists as ARNs again.
pub fn to_show(state: &State, text: &str) -> String {
    let Ok(mut document) = PolicyDocument::parse(text) else { return text.to_owned() };
    let mut changed = false;
    for principal in principals(&mut document) {
        if let PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)) = principal
            && let Some(arn) = to_arn(state, id)
        {
            *principal = PrincipalPattern::aws(&arn);
            changed = true;
        }
    }
    if changed { compact(&document.pretty()) } else { text.to_owned() }
}

fn invalid(principal: &str) -> Failure {
    malformed(format!("Invalid principal in policy: \"AWS\":\"{principal}\""))
}

fn principals(document: &mut PolicyDocument) -> impl Iterator<Item = &mut PrincipalPattern> {
    document.statements.iter_mut().filter_map(|s| s.principal.as_mut()).flat_map(|clause| clause.principals.iter_mut())
}

/// The unique ID of a role or user; the ARN itself for a session of a role. `None` if there is no such principal.
fn to_id(state: &State, arn: &Arn) -> Option<String> {
    let account = arn.account_id()?;
    let iam = state.accounts.get(&account)?.iam.current();
    let (kind, _) = arn.resource().split_once('/')?;
    match (arn.service(), kind) {
        ("iam", "role") => {
            iam.role(arn.resource_name()).filter(|role| role.arn(&account) == arn.as_str()).map(|role| role.id.clone())
        }
        ("iam", "user") => {
            iam.user(arn.resource_name()).filter(|user| user.arn(&account) == arn.as_str()).map(|user| user.id.clone())
        }
        ("sts", "assumed-role") => {
            let role = arn.resource().split('/').nth(1)?;
            iam.role(role).map(|_| arn.as_str().to_owned())
        }
        _ => None,
    }
}

fn to_arn(state: &State, id: &str) -> Option<String> {
    let found = |(account, known): (&AccountId, &crate::state::Account)| {
        let iam = known.iam.current();
        let user = iam.user_by_id(id).map(|user| user.arn(account));
        user.or_else(|| iam.role_by_id(id).map(|role| role.arn(account)))
    };
    state.accounts.iter().find_map(found)
}

fn is_known(state: &State, id: &str) -> bool {
    to_arn(state, id).is_some()
}

/// A document as IAM's results carry it: percent-encoded after RFC 3986.
pub fn encode(text: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, PLAIN).to_string()
}

/// Takes out the white space between JSON's tokens.
fn compact(json: &str) -> String {
    let (mut text, mut quoted, mut escaped) = (String::with_capacity(json.len()), false, false);
    for c in json.chars() {
        if quoted || !c.is_whitespace() {
            text.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_inside_texts_is_kept() {
        assert_eq!(compact("{ \"a b\" :\n [ \"c \\\" d\" ] }"), "{\"a b\":[\"c \\\" d\"]}");
    }
}
