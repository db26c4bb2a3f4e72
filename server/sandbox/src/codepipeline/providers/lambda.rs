//! Invoke of Lambda: hands a job to a function, and waits until it is told of the job's result.
//!
//! Source: CodePipeline user guide, "Invoke an AWS Lambda function in a pipeline in CodePipeline", with its JSON event.
//! A result with a continuation token makes it hand out another job after a pause.

use super::{Context, Trouble};
use crate::clock;
use crate::codepipeline::flow::Done;
use crate::codepipeline::jobs;
use crate::codepipeline::model::ActionRun;
use crate::lambda::invoke;
use serde_json::{Value, json};
use std::time::Duration;

/// The longest that all jobs of an action may take together: "Lambda invoke action: 24 hours".
const MOST: Duration = Duration::from_secs(24 * 3600);

/// Invokes the function until the action is over: its end is told by PutJobSuccessResult or PutJobFailureResult.
pub async fn run(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let name = context.required("FunctionName")?;
    while let Some(run) = context.task.now(context.app) {
        let settings = context.app.faults.settings();
        let now = clock::now();
        let job = run.progress.jobs.last().cloned().unwrap_or_default();
        if run.progress.returned.as_ref() != Some(&job) && run.progress.due.is_none_or(|due| now >= due) {
            invoke(context, &run, name, &job).await?;
            continue;
        }
        let heard = run.progress.heard.unwrap_or(run.started);
        let waits = run.progress.returned.as_ref() == Some(&job);
        if waits && now.since(heard) >= settings.pipeline_job_ms {
            return Err(Trouble::job(format!(
                "The AWS Lambda function {name} failed to return a result. Check the function to verify that it has \
                 permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult."
            )));
        }
        context.pause(MOST).await?;
    }
    Ok(None)
}

async fn invoke(context: &Context<'_>, run: &ActionRun, name: &str, job: &str) -> Result<(), Trouble> {
    let url = context.console("lambda", &format!("/functions/{name}"));
    if !context.note(|run| (run.progress.heard, run.url) = (Some(clock::now()), Some(url))).await {
        return Ok(());
    }
    let data = jobs::data(context.app, &context.acting, &context.store, run);
    let account = &context.task.place.account;
    let event = json!({ "CodePipeline.job": { "id": job, "accountId": account, "data": data } });
    let call = context.acting.call(context.app);
    let outcome = match invoke::within(&call, name, event.to_string()).await {
        Ok(outcome) => outcome,
        // Too many functions run now: an asynchronous invocation waits in a queue.
        Err(failure) if failure.code == "TooManyRequestsException" => return context.pause(MOST).await.map(drop),
        Err(failure) => return Err(Trouble::of("AWSLambda", &failure)),
    };
    // What the function told of the job counts more than how it ended.
    let open =
        context.task.now(context.app).is_some_and(|now| now.progress.jobs.last().is_some_and(|last| last == job));
    if outcome.failed && open {
        return Err(Trouble::job(told(name, &outcome.payload)));
    }
    let returned = job.to_owned();
    context.note(|run| run.progress.returned = Some(returned)).await;
    Ok(())
}

/// The error of a function, as the action's message.
fn told(name: &str, payload: &[u8]) -> String {
    let error: Value = serde_json::from_slice(payload).unwrap_or_default();
    let part = |member: &str| error[member].as_str().unwrap_or_default();
    match (part("errorType"), part("errorMessage")) {
        ("", "") => format!("The AWS Lambda function {name} failed."),
        (kind, message) => format!("The AWS Lambda function {name} failed: {kind}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_function_is_told() {
        let payload = br#"{"errorType": "ValueError", "errorMessage": "no", "stackTrace": []}"#;
        assert_eq!(told("f", payload), "The AWS Lambda function f failed: ValueError: no");
        assert_eq!(told("f", b"null"), "The AWS Lambda function f failed.");
    }
}
