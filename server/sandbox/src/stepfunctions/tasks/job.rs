//! Jobs that are waited for: `.sync`.
//!
//! On AWS a rule of EventBridge tells of a job's end; here it is asked for. What the role has to be allowed is the same.

use super::failure::TaskFailure;
use super::shape::{self, Times};
use super::{Done, Task, sdk};
use crate::error::Failure;
use crate::stepfunctions::live;
use serde_json::{Map, Value, json};
use states::names;
use std::time::Duration;

/// How often a job is asked how it is.
const PAUSE: Duration = Duration::from_millis(200);

/// A kind of job.
pub struct Kind {
    service: &'static str,
    create: &'static str,
    describe: &'static str,
    stop: &'static str,
    /// The member that names the job, in the operations' own case; where it stands in the answer of its creation.
    named_by: &'static str,
    named_in_answer: bool,
    status: &'static str,
    succeeded: &'static str,
    ended: &'static [&'static str],
    /// Whether input and output of an execution are JSON rather than texts of it.
    opened: bool,
}

/// A training job.
pub const TRAINING: Kind = Kind {
    service: "sagemaker",
    create: "CreateTrainingJob",
    describe: "DescribeTrainingJob",
    stop: "StopTrainingJob",
    named_by: "TrainingJobName",
    named_in_answer: false,
    status: "TrainingJobStatus",
    succeeded: "Completed",
    ended: &["Failed", "Stopped"],
    opened: false,
};

/// Another machine's execution.
pub const EXECUTION: Kind = Kind {
    service: "states",
    create: "StartExecution",
    describe: "DescribeExecution",
    stop: "StopExecution",
    named_by: "executionArn",
    named_in_answer: true,
    status: "Status",
    succeeded: "SUCCEEDED",
    ended: &["FAILED", "TIMED_OUT", "ABORTED"],
    opened: false,
};

/// The same with `.sync:2`.
pub const EXECUTION_2: Kind = Kind { opened: true, ..EXECUTION };

/// Submits a job and gives what it is asked for by.
pub async fn submit(task: &Task<'_>, kind: &Kind) -> Result<Value, TaskFailure> {
    let mut parameters = task.request.parameters.clone();
    if kind.service == "sagemaker"
        && let Value::Object(members) = &mut parameters
    {
        mark(members);
    }
    let output = sdk::optimised(task, kind.service, kind.create, parameters).await?;
    let name = if kind.named_in_answer {
        output.get("ExecutionArn").cloned()
    } else {
        task.request.parameters.get(kind.named_by).cloned()
    };
    let handle = json!({ kind.named_by: name });
    live::submitted(task.app, task.live, &task.request.token, handle.clone(), output);
    Ok(handle)
}

/// Step Functions tags what it makes, which the role has to be allowed too.
fn mark(parameters: &mut Map<String, Value>) {
    let tags = parameters.entry("Tags").or_insert_with(|| json!([]));
    if let Value::Array(tags) = tags {
        tags.push(json!({ "Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS" }));
    }
}

/// The job of a task that was under way when the sandbox stopped, if it was made.
pub async fn made(task: &Task<'_>, kind: &Kind) -> Option<Value> {
    let name = task.request.parameters.get(kind.named_by)?;
    let handle = json!({ kind.named_by: name });
    let known = task.acting.json(task.app, kind.service, kind.describe, handle.clone()).await.ok()?;
    let marked = task.acting.json(task.app, "sagemaker", "ListTags", json!({ "ResourceArn": known["TrainingJobArn"] }));
    // One of somebody else's can have the name; where that can't be asked, it is taken to be the task's.
    let foreign = marked.await.is_ok_and(|tags| !tags.to_string().contains("STARTED_BY_STEP_FUNCTIONS"));
    if foreign {
        return None;
    }
    let output = json!({ "TrainingJobArn": known["TrainingJobArn"] });
    live::submitted(task.app, task.live, &task.request.token, handle.clone(), output);
    Some(handle)
}

/// Waits for a job's end. If nobody waits for the task any more, the job is stopped.
pub async fn wait(task: &Task<'_>, kind: &Kind, handle: &Value) -> Done {
    let mut waiting = task.waiting.clone();
    while task.is_waited_for() {
        match task.acting.json(task.app, kind.service, kind.describe, handle.clone()).await {
            Ok(described) => {
                let described = shape::output(described, Times::Milliseconds);
                if let Some(done) = ended(kind, described) {
                    return done;
                }
            }
            Err(failure) if passes(&failure) => {}
            Err(failure) => return Err(TaskFailure::optimised(kind.service, &failure)),
        }
        tokio::select! {
            // It ends when the execution does not wait any more; nothing is ever sent.
            _ = waiting.changed() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    if let Err(failure) = task.acting.json(task.app, kind.service, kind.stop, handle.clone()).await {
        tracing::info!(job = %handle, reason = failure.message, "a job that nobody waits for can't be stopped");
    }
    Ok(None)
}

/// Whether a failure says nothing about the job.
fn passes(failure: &Failure) -> bool {
    failure.status >= 500 || failure.code == "Throttling"
}

fn ended(kind: &Kind, mut described: Value) -> Option<Done> {
    let status = described.get(kind.status).and_then(Value::as_str).unwrap_or_default();
    let succeeded = status == kind.succeeded;
    if !succeeded && !kind.ended.contains(&status) {
        return None;
    }
    if kind.service == "states" {
        tidy(&mut described, kind.opened);
    }
    if succeeded {
        return Some(Ok(Some(described)));
    }
    Some(Err(TaskFailure { error: names::TASK_FAILED.to_owned(), cause: described.to_string() }))
}

/// An execution as `startExecution.sync` gives it.
fn tidy(described: &mut Value, opened: bool) {
    let Value::Object(members) = described else { return };
    members.retain(|name, _| !name.starts_with("Redrive"));
    for name in ["Input", "Output"].into_iter().filter(|_| opened) {
        if let Some(text) = members.get(name).and_then(Value::as_str)
            && let Ok(value) = serde_json::from_str(text)
        {
            members.insert(name.to_owned(), value);
        }
    }
}
