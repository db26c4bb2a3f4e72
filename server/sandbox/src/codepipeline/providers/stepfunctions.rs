//! Invoke of Step Functions: starts an execution of a state machine and follows it to its end.
//!
//! The execution is named after the action's own ID: starting it twice starts it once.

use super::{Context, Trouble};
use crate::codepipeline::artifacts;
use crate::codepipeline::flow::Done;
use crate::error::Failure;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest it may take: "AWS Step Functions invoke action: 7 days".
const MOST: Duration = Duration::from_secs(7 * 24 * 3600);

const SERVICE: &str = "AWSStepFunctions";

/// Starts and follows.
pub async fn run(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let machine = context.required("StateMachineArn")?;
    let refused = |failure: Failure| Trouble::of(SERVICE, &failure);
    let input = json!({ "stateMachineArn": machine });
    let described = context.json("states", "DescribeStateMachine", input).await.map_err(refused)?;
    let express = described["type"] == "EXPRESS";
    let execution = match &context.run.external {
        Some(known) => known.clone(),
        None => start(context, machine).await?,
    };
    let url = context.console("states", &format!("/executions/details/{execution}"));
    let (known, link) = (execution.clone(), url.clone());
    let kept = context.note(|run| {
        run.external = Some(known);
        run.url = Some(link);
        run.progress.begun = true;
    });
    if !kept.await {
        return Ok(None);
    }
    // Nobody can ask how an express execution goes on.
    let ended = if express { Value::Null } else { follow(context, &execution).await? };
    if !express && ended.is_null() {
        return Ok(None);
    }
    if let Some(artifact) = context.run.outputs.first() {
        let output = ended["output"].as_str().unwrap_or("{}");
        let bytes = artifacts::zipped([("output.json", output.as_bytes())]).map_err(Trouble::system)?;
        artifacts::write(context, artifact, bytes).await?;
    }
    let variables =
        BTreeMap::from([("StateMachineArn".into(), machine.to_owned()), ("ExecutionArn".into(), execution.clone())]);
    Ok(Some(Done { external: Some(execution), url: Some(url), variables, ..Done::default() }))
}

/// Starts the execution; gives its ARN.
async fn start(context: &Context<'_>, machine: &str) -> Result<String, Trouble> {
    let input = match context.configured("InputType") {
        Some("FilePath") => {
            let path = context.required("Input")?;
            let artifact = context.run.inputs.first();
            let artifact =
                artifact.ok_or_else(|| Trouble::configuration("InputType FilePath needs an input artifact"))?;
            artifacts::file_of(context, artifact, path).await?
        }
        _ => context.configured("Input").unwrap_or("{}").to_owned(),
    };
    let id = &context.task.action;
    let name = match context.configured("ExecutionNamePrefix") {
        Some(prefix) => format!("{prefix}-{id}"),
        None => id.clone(),
    };
    let asked = json!({ "stateMachineArn": machine, "name": name, "input": input });
    match context.json("states", "StartExecution", asked).await {
        Ok(started) => Ok(started["executionArn"].as_str().unwrap_or_default().to_owned()),
        // It was started before a restart, and has ended since.
        Err(failure) if failure.code == "ExecutionAlreadyExists" => Ok(execution_arn(machine, &name)),
        Err(failure) => Err(Trouble::of(SERVICE, &failure)),
    }
}

fn execution_arn(machine: &str, name: &str) -> String {
    format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1))
}

/// Follows the execution; what describes its end, or nothing if the action is over before.
async fn follow(context: &Context<'_>, execution: &str) -> Result<Value, Trouble> {
    loop {
        let input = json!({ "executionArn": execution });
        let now = context.json("states", "DescribeExecution", input).await;
        let now = now.map_err(|failure| Trouble::of(SERVICE, &failure).by(execution))?;
        match now["status"].as_str().unwrap_or_default() {
            "RUNNING" | "PENDING_REDRIVE" => {}
            "SUCCEEDED" => return Ok(now),
            status => return Err(Trouble::job(failed(status, &now)).by(execution)),
        }
        if !context.pause(MOST).await? {
            return Ok(Value::Null);
        }
    }
}

fn failed(status: &str, ended: &Value) -> String {
    let part = |name: &str| ended[name].as_str().filter(|text| !text.is_empty());
    let mut message = format!("The state machine execution ended with status {status}.");
    if let Some(error) = part("error") {
        message += &format!(" Error: {error}.");
    }
    if let Some(cause) = part("cause") {
        message += &format!(" Cause: {cause}");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_named_within_its_machine() {
        let machine = "arn:aws:states:eu-west-1:444444444444:stateMachine:m";
        assert_eq!(execution_arn(machine, "n"), "arn:aws:states:eu-west-1:444444444444:execution:m:n");
    }

    #[test]
    fn a_failure_says_error_and_cause() {
        let ended = json!({ "error": "States.TaskFailed", "cause": "no data" });
        let told = "The state machine execution ended with status FAILED. Error: States.TaskFailed. Cause: no data";
        assert_eq!(failed("FAILED", &ended), told);
        assert_eq!(failed("TIMED_OUT", &json!({})), "The state machine execution ended with status TIMED_OUT.");
    }
}
