//! What others say of a task by its token, and the refusal of activities.

use super::input::{optional, refuse, required};
use super::live;
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::{Value, json};
use states::{Signal, limits};

/// SendTaskSuccess.
pub fn success(call: &Call<'_>) -> Result<Reply, Failure> {
    let output = required(&call.body, "output")?;
    let invalid = |why: String| refuse("InvalidOutput", format!("Invalid Output: '{why}'"));
    if output.len() > limits::DATA_BYTES {
        return Err(invalid("The output exceeds the maximum number of bytes service limit.".into()));
    }
    let output: Value = serde_json::from_str(output).map_err(|e| invalid(e.to_string()))?;
    tell(call, |token| Signal::TaskSucceeded { token, output })
}

/// SendTaskFailure.
pub fn failure(call: &Call<'_>) -> Result<Reply, Failure> {
    let (error, cause) = (optional(&call.body, "error")?, optional(&call.body, "cause")?);
    Checks::new()
        .length("error", error.unwrap_or_default(), 0, 256)
        .length("cause", cause.unwrap_or_default(), 0, limits::CAUSE_CHARS)
        .finish()?;
    let (error, cause) = (error.unwrap_or_default().to_owned(), cause.map(str::to_owned));
    tell(call, |token| Signal::TaskFailed { token, error, cause })
}

/// SendTaskHeartbeat.
pub fn heartbeat(call: &Call<'_>) -> Result<Reply, Failure> {
    tell(call, |token| Signal::TaskHeartbeat { token })
}

/// Only a task whose token was given away hears others.
fn tell(call: &Call<'_>, signal: impl FnOnce(String) -> Signal) -> Result<Reply, Failure> {
    let token = required(&call.body, "taskToken")?;
    if token.is_empty() || token.len() > 2048 {
        return Err(refuse("InvalidToken", "Invalid Token: 'Invalid token'"));
    }
    let gone = || refuse("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
    let live = call.app.executions.waiting_for(call.account(), token).ok_or_else(gone)?;
    live::signal(call.app, &live, signal(token.to_owned())).map_err(|_| gone())?;
    Ok(Reply::Json(json!({})))
}

/// Activities are not there.
pub fn no_activities(_: &Call<'_>) -> Result<Reply, Failure> {
    Err(refuse("UnknownOperationException", "the sandbox has no activities"))
}
