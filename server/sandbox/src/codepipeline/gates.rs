//! What holds executions up: transitions that are switched off, and approvals.

use super::engine;
use super::flow::{self, Done, Failed};
use super::input::{name, no_stage, null, optional, refuse, required, uuid};
use super::model::{Status, Transition};
use crate::call::Call;
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::{Value, json};

fn switch(call: &Call<'_>, enabled: bool) -> Result<Reply, Failure> {
    let name_of = name(&call.body, "pipelineName")?;
    let stage = name(&call.body, "stageName")?;
    let kind = required(&call.body, "transitionType")?;
    let mut checks = Checks::new().one_of("transitionType", kind, &["Inbound", "Outbound"]);
    let reason = if enabled { None } else { Some(required(&call.body, "reason")?) };
    if let Some(reason) = reason {
        let fits = reason.chars().all(|c| c.is_ascii_alphanumeric() || "!@ ().*?-".contains(c));
        checks = checks.length("reason", reason, 1, 300);
        checks = checks.pattern("reason", reason, "[a-zA-Z0-9!@ \\(\\)\\.\\*\\?\\-]+", fits);
    }
    checks.finish()?;
    engine::change(call, name_of, |pipeline, turn| {
        let stages = &pipeline.declaration().stages;
        let at = stages.iter().position(|known| known.name == stage).ok_or_else(|| no_stage(name_of, stage))?;
        // What leaves a stage is what enters the next one.
        let into = if kind == "Inbound" { Some(at) } else { Some(at + 1).filter(|next| *next < stages.len()) };
        if let Some(stage) = into.map(|into| stages[into].name.clone()) {
            let by = call.caller.arn.clone();
            let transition = Transition { enabled, by, at: turn.now, reason: reason.map(str::to_owned) };
            pipeline.transitions.insert(stage, transition);
        }
        Ok(())
    })?;
    Ok(Reply::Json(json!({})))
}

/// DisableStageTransition.
pub fn disable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, false)
}

/// EnableStageTransition.
pub fn enable(call: &Call<'_>) -> Result<Reply, Failure> {
    switch(call, true)
}

/// PutApprovalResult.
pub fn approve(call: &Call<'_>) -> Result<Reply, Failure> {
    let name_of = name(&call.body, "pipelineName")?;
    let stage = name(&call.body, "stageName")?;
    let action = name(&call.body, "actionName")?;
    let none = Value::Null;
    let result = call.body.get("result").filter(|result| !result.is_null()).ok_or_else(|| null("result"))?;
    let result = if result.is_object() { result } else { &none };
    let status = optional(result, "status")?.ok_or_else(|| null("result.status"))?;
    let summary = optional(result, "summary")?.ok_or_else(|| null("result.summary"))?;
    let checks = Checks::new().one_of("result.status", status, &["Approved", "Rejected"]);
    checks.length("result.summary", summary, 0, 512).finish()?;
    let token = uuid(&call.body, "token")?;
    let at = engine::change(call, name_of, |pipeline, turn| {
        let declared = pipeline.declaration().stage(stage).ok_or_else(|| no_stage(name_of, stage))?;
        let known = declared.actions.iter().any(|known| known.name == action);
        if !known {
            let message = format!("Action '{action}' could not be found in stage '{stage}' of pipeline '{name_of}'");
            return Err(refuse("ActionNotFoundException", message));
        }
        let runs =
            pipeline.executions.iter().flat_map(|execution| execution.actions.iter().map(move |run| (execution, run)));
        let mut own = runs.filter(|(_, run)| run.stage == stage && run.action == action);
        let asked = own.rfind(|(_, run)| run.token.as_deref() == Some(token));
        let (execution, run) =
            asked.ok_or_else(|| refuse("InvalidApprovalTokenException", "The approval token provided is not valid"))?;
        if run.status != Status::InProgress {
            return Err(refuse("ApprovalAlreadyCompletedException", "The approval action has already been completed"));
        }
        let (execution, run) = (execution.id.clone(), run.id.clone());
        let by = Some(call.caller.arn.clone());
        let summary = Some(summary.to_owned()).filter(|summary| !summary.is_empty());
        let end = match status {
            "Approved" => Ok(Done { summary, by, ..Done::default() }),
            _ => Err(Failed { summary, by, ..Failed::default() }),
        };
        flow::finish(pipeline, (&execution, &run), end, turn);
        Ok(turn.now)
    })?;
    Ok(Reply::Json(json!({ "approvedAt": epoch_seconds(at) })))
}
