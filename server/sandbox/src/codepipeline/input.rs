//! Members of inputs, pages, and the refusals that several operations share.
//!
//! Patterns, limits and codes: CodePipeline API reference.

use super::model::{Pipeline, Pipelines};
use crate::call::Call;
use crate::check::{Checks, word};
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::names::{AccountId, Region};
use serde_json::{Value, json};

/// The ARN of a pipeline, or of a stage or action of it.
pub fn arn(region: &Region, account: &AccountId, path: &str) -> String {
    format!("arn:aws:codepipeline:{region}:{account}:{path}")
}

/// A refusal.
pub fn refuse(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(400, code, message)
}

/// There is no such pipeline.
pub fn no_pipeline(account: &AccountId, name: &str) -> Failure {
    refuse("PipelineNotFoundException", format!("Account '{account}' does not have a pipeline with name '{name}'"))
}

/// There is no such stage.
pub fn no_stage(pipeline: &str, stage: &str) -> Failure {
    refuse("StageNotFoundException", format!("Stage '{stage}' could not be found in pipeline '{pipeline}'"))
}

/// There is no such execution.
pub fn no_execution(id: &str) -> Failure {
    refuse(
        "PipelineExecutionNotFoundException",
        format!("The pipeline execution was not found. Pipeline execution ID: {id}"),
    )
}

/// A member that is null.
pub fn null(path: &str) -> Failure {
    Failure::validation(format!(
        "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
    ))
}

/// A text that may be missing.
pub fn optional<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Failure> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refuse("SerializationException", format!("`{name}` is not a string"))),
    }
}

/// A text that must be there.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Failure> {
    optional(body, name)?.ok_or_else(|| null(name))
}

/// Whether a text is a name of a pipeline, stage or action.
pub fn is_name(text: &str) -> bool {
    word(text, ".@-")
}

/// The constraints of a name.
pub fn name_checks(checks: Checks, member: &str, value: &str) -> Checks {
    checks.length(member, value, 1, 100).pattern(
        member,
        value,
        "[A-Za-z0-9.@\\-_]+",
        is_name(value) || value.is_empty(),
    )
}

/// The name of a pipeline, stage or action.
pub fn name<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let found = required(body, member)?;
    name_checks(Checks::new(), member, found).finish()?;
    Ok(found)
}

/// Whether a text is a UUID in lower case.
fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'))
}

/// An ID that must be there.
pub fn uuid<'a>(body: &'a Value, member: &str) -> Result<&'a str, Failure> {
    let found = required(body, member)?;
    let pattern = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    Checks::new().pattern(member, found, pattern, is_uuid(found)).finish()?;
    Ok(found)
}

/// Reads a pipeline of the caller's account and region.
pub fn read<T>(call: &Call<'_>, name: &str, read: impl FnOnce(&Pipeline) -> Result<T, Failure>) -> Result<T, Failure> {
    call.read(|known: &Pipelines| match known.pipelines.get(name) {
        Some(pipeline) => read(pipeline),
        None => Err(no_pipeline(call.account(), name)),
    })
}

/// The page that is asked for, of rows in their order; the token is the number of rows before the next page, and the
/// ID of the last one shown: rows that were added in front meanwhile don't shift it.
pub fn page(call: &Call<'_>, list: &str, most: usize, rows: Vec<(String, Value)>) -> Result<Value, Failure> {
    let size = match call.body.get("maxResults") {
        None | Some(Value::Null) => most,
        Some(number) => {
            let number =
                number.as_i64().ok_or_else(|| refuse("SerializationException", "`maxResults` is not a number"))?;
            Checks::new().range("maxResults", number, 1, most as i64).finish()?;
            usize::try_from(number).unwrap_or(most)
        }
    };
    let from = match optional(&call.body, "nextToken")? {
        None => 0,
        Some(token) => {
            Checks::new().length("nextToken", token, 1, 2048).finish()?;
            let invalid = || refuse("InvalidNextTokenException", "The next token is invalid");
            let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
            let last = String::from_utf8(bytes).map_err(|_| invalid())?;
            rows.iter().position(|(key, _)| *key == last).map(|at| at + 1).ok_or_else(invalid)?
        }
    };
    let next = (rows.len() > from + size).then(|| URL_SAFE_NO_PAD.encode(&rows[from + size - 1].0));
    let shown: Vec<Value> = rows.into_iter().skip(from).take(size).map(|(_, row)| row).collect();
    let mut output = json!({ list: shown });
    if let Some(next) = next {
        output["nextToken"] = next.into();
    }
    Ok(output)
}
