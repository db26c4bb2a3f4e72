//! Who may ask, how pages are cut, and the refusals that several operations share.
//!
//! Codes and texts: Organizations API reference, "Common error types" and the exceptions of each operation.

use super::model::{Organization, PolicyType};
use crate::call::Call;
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The longest page.
const PAGE: usize = 20;

/// A refusal with `Reason`.
pub fn invalid(reason: &str, message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidInputException", message).with("Reason", reason.into())
}

/// A limit of the service.
pub fn constraint(reason: &str, message: impl Into<String>) -> Failure {
    Failure::new(400, "ConstraintViolationException", message).with("Reason", reason.into())
}

/// What is not there.
pub fn missing(code: &'static str, what: &str) -> Failure {
    Failure::new(400, code, format!("You specified {what} that doesn't exist."))
}

/// A member that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    let found = body.get(name).and_then(Value::as_str);
    found.ok_or_else(|| invalid("INPUT_REQUIRED", format!("You must specify a value for {name}.")))
}

/// A type of policy.
pub fn kind(body: &Value, name: &str) -> Result<PolicyType, Failure> {
    let code = required(body, name)?;
    PolicyType::parse(code).ok_or_else(|| {
        let known = PolicyType::ALL.map(PolicyType::code).join(", ");
        invalid("INVALID_ENUM_POLICY_TYPE", format!("`{code}` is not a policy type of the sandbox: {known}"))
    })
}

fn not_in_use() -> Failure {
    Failure::new(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}

/// Reads the caller's organisation.
pub fn read<T>(call: &Call<'_>, read: impl FnOnce(&Organization) -> Result<T, Failure>) -> Result<T, Failure> {
    let organization = std::sync::Arc::clone(call.app.store.read().organization.current());
    match organization.as_ref() {
        Some(found) if found.accounts.contains_key(call.account()) => read(found),
        _ => Err(not_in_use()),
    }
}

/// "This operation can be called only from the organization's management account": almost all of them.
pub fn as_manager(call: &Call<'_>, organization: &Organization) -> Result<(), Failure> {
    if organization.management == *call.account() {
        return Ok(());
    }
    Err(Failure::access_denied("You don't have permissions to access this resource."))
}

/// Reads as the management account.
pub fn manage<T>(call: &Call<'_>, inner: impl FnOnce(&Organization) -> Result<T, Failure>) -> Result<T, Failure> {
    read(call, |organization| {
        as_manager(call, organization)?;
        inner(organization)
    })
}

/// Changes as the management account; authorisation sees it after IAM's delay.
pub fn change<T>(call: &Call<'_>, change: impl FnOnce(&mut Organization) -> Result<T, Failure>) -> Result<T, Failure> {
    manage(call, |_| Ok(()))?;
    call.write(|state| {
        let organization = state.organization.change(call.app.faults.propagation()).as_mut().ok_or_else(not_in_use)?;
        let done = change(organization)?;
        organization.revision += 1;
        Ok(done)
    })
}

/// The page that the request asks for. Each row has a key; the token is the last one shown.
pub fn page(call: &Call<'_>, list: &str, rows: Vec<(String, Value)>) -> Result<Value, Failure> {
    let most = match call.body.get("MaxResults") {
        None | Some(Value::Null) => PAGE,
        Some(number) => number
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=PAGE).contains(n))
            .ok_or_else(|| invalid("MAX_VALUE_EXCEEDED", format!("MaxResults must be between 1 and {PAGE}.")))?,
    };
    let after = match call.body.get("NextToken").and_then(Value::as_str) {
        None => None,
        Some(token) => {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok();
            let bad = || invalid("INVALID_NEXT_TOKEN", "The provided next token is not valid.");
            Some(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(bad)?)
        }
    };
    let mut rows: Vec<(String, Value)> =
        rows.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let next = (rows.len() > most).then(|| URL_SAFE_NO_PAD.encode(&rows[most - 1].0));
    rows.truncate(most);
    let mut output = json!({ list: rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>() });
    if let Some(next) = next {
        output["NextToken"] = next.into();
    }
    Ok(output)
}
