//! Functions: Lambda's Invoke, and what came of it.
//!
//! Source: Step Functions developer guide, "Invoke an AWS Lambda function with Step Functions".

use super::Task;
use super::failure::TaskFailure;
use super::shape;
use crate::error::Failure;
use crate::{ids, lambda};
use axum::body::to_bytes;
use bytes::Bytes;
use http::{Method, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// The longest answer of a function.
const ANSWER: usize = 8 << 20;

/// What a function answered.
pub struct Answer {
    /// JSON.
    pub payload: Value,
    version: String,
}

/// `lambda:invoke`.
pub async fn invoke(task: &Task<'_>, parameters: &Value) -> Result<Value, TaskFailure> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let name = text("FunctionName").unwrap_or_default();
    let event = parameters.get("Payload").cloned().unwrap_or_else(|| json!({}));
    if text("InvocationType").is_some_and(|kind| kind != "RequestResponse") {
        let failure = Failure::new(
            400,
            "InvalidParameterValueException",
            "the sandbox invokes functions by RequestResponse only",
        );
        return Err(TaskFailure::optimised("lambda", &failure));
    }
    let answer = call(task, name, text("Qualifier"), &event).await?;
    let output = json!({ "ExecutedVersion": answer.version, "Payload": answer.payload, "StatusCode": 200 });
    Ok(shape::answered(output, &ids::request(), "application/json"))
}

/// Invokes a function. One that fails fails the task with its own error's name.
pub async fn call(task: &Task<'_>, name: &str, qualifier: Option<&str>, event: &Value) -> Result<Answer, TaskFailure> {
    let refused = |failure: &Failure| TaskFailure::optimised("lambda", failure);
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query = qualifier.map(|qualifier| format!("?Qualifier={}", encoded(qualifier))).unwrap_or_default();
    let path = format!("/2015-03-31/functions/{}/invocations{query}", encoded(name));
    let request = Request::builder().method(Method::POST).uri(path).body(());
    let (parts, ()) = request.map_err(|e| refused(&Failure::validation(e.to_string())))?.into_parts();
    let call = task.acting.call(task.app);
    let response = lambda::invoke::answer(&call, &parts, Bytes::from(event.to_string())).await;
    let response = response.map_err(|failure| refused(&failure))?;
    let (head, body) = response.into_parts();
    let failed = head.headers.contains_key("x-amz-function-error");
    let version = head.headers.get("x-amz-executed-version").and_then(|value| value.to_str().ok());
    let bytes = to_bytes(body, ANSWER).await.map_err(|_| refused(&Failure::internal()))?;
    let payload: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if failed {
        return Err(failure(&payload));
    }
    Ok(Answer { payload, version: version.unwrap_or_default().to_owned() })
}

fn failure(payload: &Value) -> TaskFailure {
    match payload.get("errorType").and_then(Value::as_str) {
        Some(error) => TaskFailure { error: error.to_owned(), cause: payload.to_string() },
        None => TaskFailure {
            error: "Lambda.Unknown".to_owned(),
            cause: format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {payload}"
            ),
        },
    }
}
