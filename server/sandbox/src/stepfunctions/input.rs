//! ARNs, names and pages: what the inputs of many operations share.
//!
//! Rules and texts: Step Functions' service model and API reference; what the service was seen to answer.

use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Characters that no name has, beside control characters and white space.
const NOT_IN_NAMES: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";
/// The most of a page, and where a request does not say.
const PAGE: (i64, usize) = (1000, 100);

/// A refusal.
pub fn refuse(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(400, code, message)
}

/// A member that may be missing.
pub fn optional<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refuse("SerializationException", format!("`{name}` is not a string"))),
    }
}

/// A member that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    optional(body, name)?.ok_or_else(|| {
        Failure::validation(format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// A flag; missing is false.
pub fn flag(body: &Value, name: &str) -> bool {
    body.get(name) == Some(&Value::Bool(true))
}

/// A name of a state machine or an execution.
pub fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| !c.is_control() && !c.is_whitespace() && !NOT_IN_NAMES.contains(c);
    match name.chars().count() {
        1..=80 if name.chars().all(fits) => Ok(()),
        _ => Err(refuse("InvalidName", format!("Invalid Name: '{name}'"))),
    }
}

/// An ARN of Step Functions, of the caller's account.
pub struct Named<'a> {
    /// As it was given.
    pub text: &'a str,
    /// What comes after the type, split at colons.
    pub parts: Vec<&'a str>,
    /// Whether it is of the call's region.
    pub here: bool,
}

/// Reads an ARN of a type, such as `stateMachine`. There are no resource-based policies, so nobody reaches another
/// account's.
pub fn arn<'a>(call: &Call<'_>, text: &'a str, kind: &str, operation: &str) -> Result<Named<'a>, Failure> {
    let invalid = |why: String| refuse("InvalidArn", format!("Invalid Arn: '{why}'"));
    if !text.starts_with("arn:") {
        return Err(invalid(format!("Invalid ARN prefix: {text}")));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let [_, _, "states", region, account, found, rest @ ..] = parts.as_slice() else {
        return Err(invalid(format!("Resource type not valid in this context: {text}")));
    };
    if *found != kind || rest.is_empty() || rest[0].is_empty() {
        return Err(invalid(format!("Resource type not valid in this context: {found}")));
    }
    if *account != call.account().as_str() {
        let action = format!("states:{operation}");
        return Err(Failure::access_denied(format!(
            "User: {} is not authorized to perform: {action} on resource: {text} because no resource-based policy \
             allows the {action} action",
            call.caller.arn
        )));
    }
    Ok(Named { text, parts: rest.to_vec(), here: *region == call.region.as_str() })
}

/// The refusal of a machine that is not there.
pub fn no_machine(arn: &str) -> Failure {
    refuse("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

/// The refusal of an execution that is not there.
pub fn no_execution(arn: &str) -> Failure {
    refuse("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

/// How many rows a page has: `maxResults`, where 0 is the same as nothing.
fn size(body: &Value) -> Result<usize, Failure> {
    let most = match body.get("maxResults") {
        None | Some(Value::Null) => 0,
        Some(number) => {
            number.as_i64().ok_or_else(|| refuse("SerializationException", "`maxResults` is not a number"))?
        }
    };
    Checks::new().range("maxResults", most, 0, PAGE.0).finish()?;
    Ok(usize::try_from(most).ok().filter(|most| *most > 0).unwrap_or(PAGE.1))
}

/// The page that a request asks for. Each row has a key to sort by; the token is the last one shown, so that what is
/// added or removed meanwhile shifts nothing.
pub fn page<T>(
    body: &Value,
    mut rows: Vec<(String, T)>,
    descending: bool,
) -> Result<(Vec<T>, Option<String>), Failure> {
    let most = size(body)?;
    let after = optional(body, "nextToken")?.map(open_token).transpose()?;
    rows.sort_by(|(a, _), (b, _)| if descending { b.cmp(a) } else { a.cmp(b) });
    rows.retain(|(key, _)| after.as_ref().is_none_or(|after| if descending { key < after } else { key > after }));
    let next = (rows.len() > most).then(|| URL_SAFE_NO_PAD.encode(&rows[most - 1].0));
    rows.truncate(most);
    Ok((rows.into_iter().map(|(_, row)| row).collect(), next))
}

fn invalid_token() -> Failure {
    refuse("InvalidToken", "Invalid Token: 'Invalid token'")
}

fn open_token(token: &str) -> Result<String, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid_token)
}

/// A list with its token.
pub fn listed(list: &str, rows: Vec<Value>, token: Option<String>) -> Value {
    let mut output = serde_json::json!({ list: rows });
    if let Some(token) = token {
        output["nextToken"] = token.into();
    }
    output
}
