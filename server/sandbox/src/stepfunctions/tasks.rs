//! What executions wait for: calls of services, as the machine's role, and jobs until they are done.
//!
//! Source: Step Functions developer guide, "Discover service integration patterns", "Integrating services".

mod failure;
mod job;
mod lambda;
mod sdk;
mod shape;

use super::live::{self, Job, Live};
use super::{PRINCIPAL, definition, machines};
use crate::acting::Acting;
use crate::app::App;
use failure::TaskFailure;
use job::Kind;
use serde_json::Value;
use states::{Pattern, Resource, Signal, TaskRequest};
use std::sync::Arc;
use tokio::sync::watch;

/// What is said of a role that does not trust Step Functions.
pub const NOT_TRUSTED: &str = "Neither the global service principal states.amazonaws.com, nor the regional one is \
                               authorized to assume the provided role.";

/// A task at work.
struct Task<'a> {
    app: &'a App,
    live: &'a Arc<Live>,
    request: &'a TaskRequest,
    acting: Acting,
    /// It fails when the execution does not wait for the task any more.
    waiting: watch::Receiver<()>,
}

/// How it went: with an output; `None`: somebody else says so, or nobody waits.
type Done = Result<Option<Value>, TaskFailure>;

/// Begins a task in the background, or goes on with one after a restart.
pub fn begin(app: &App, live: &Arc<Live>, job: Job, waiting: watch::Receiver<()>, resumed: bool) {
    let live = Arc::clone(live);
    app.background.begin(move |app| async move {
        let token = job.request.token.clone();
        // What it says is not heard if the execution does not wait for it any more.
        let _ = live::signal(&app, &live, Signal::TaskStarted { token: token.clone() });
        let done = match acting(&app, &live, &job.request) {
            Ok(acting) => {
                let task = Task { app: &app, live: &live, request: &job.request, acting, waiting };
                task.perform(&job, resumed).await
            }
            Err(failure) => Err(failure),
        };
        let signal = match done {
            Ok(Some(output)) => Signal::TaskSucceeded { token, output },
            Ok(None) => return,
            Err(failure) => Signal::TaskFailed { token, error: failure.error, cause: Some(failure.cause) },
        };
        let _ = live::signal(&app, &live, signal);
    });
}

/// The machine's role, or the one that it assumes for the task.
fn acting(app: &App, live: &Live, request: &TaskRequest) -> Result<Acting, TaskFailure> {
    let role = live.look(|stored| stored.execution.identity().role_arn.clone());
    let (region, source) = (&live.place.region, live.place.machine_arn());
    let session = machines::session_name();
    let own = Acting::as_role(app, region, &role, PRINCIPAL, Some(&source), &session);
    let own = own.map_err(|_| TaskFailure::permissions(NOT_TRUSTED.to_owned()))?;
    match &request.role_arn {
        None => Ok(own),
        Some(other) => own.assume(app, other, &session).map_err(|_| TaskFailure {
            error: states::names::TASK_FAILED.to_owned(),
            cause: format!("The role {role} is not authorized to assume the task state's role, {other}."),
        }),
    }
}

impl Task<'_> {
    async fn perform(&self, job: &Job, resumed: bool) -> Done {
        let parameters = &self.request.parameters;
        match &self.request.resource {
            Resource::Activity { .. } => Err(TaskFailure::runtime("the sandbox has no activities")),
            Resource::Lambda { .. } | Resource::Integration { .. } if resumed && job.handle.is_none() => {
                self.take_up().await
            }
            Resource::Lambda { arn } => {
                lambda::call(self, arn, None, parameters).await.map(|answer| Some(answer.payload))
            }
            Resource::Integration { service, resource, pattern } => {
                let action = definition::action(resource);
                match (service.as_str(), pattern) {
                    ("lambda", Pattern::WaitForTaskToken) if job.handle.is_some() => Ok(None),
                    ("lambda", pattern) => {
                        let output = lambda::invoke(self, parameters).await?;
                        self.answered(*pattern, output)
                    }
                    ("sagemaker", Pattern::Sync) => self.until_done(&job::TRAINING, job.handle.as_ref()).await,
                    ("states", Pattern::Sync) => self.until_done(&job::EXECUTION, job.handle.as_ref()).await,
                    ("states", Pattern::Sync2) => self.until_done(&job::EXECUTION_2, job.handle.as_ref()).await,
                    (_, Pattern::WaitForTaskToken) if job.handle.is_some() => Ok(None),
                    (service, pattern) => {
                        let output = sdk::call(self, service, action, parameters).await?;
                        self.answered(*pattern, output)
                    }
                }
            }
        }
    }

    /// A call is answered: that is all, or somebody else says when the task is done.
    fn answered(&self, pattern: Pattern, output: Value) -> Done {
        if pattern == Pattern::RequestResponse {
            return Ok(Some(output));
        }
        live::submitted(self.app, self.live, &self.request.token, Value::Null, output);
        Ok(None)
    }

    /// Submits a job, unless that was done, and waits for its end.
    async fn until_done(&self, kind: &Kind, handle: Option<&Value>) -> Done {
        let handle = match handle {
            Some(handle) => handle.clone(),
            None => job::submit(self, kind).await?,
        };
        job::wait(self, kind, &handle).await
    }

    /// The sandbox stopped while a call was under way. A job that was made is waited for; of everything else nobody
    /// knows whether it was done.
    async fn take_up(&self) -> Done {
        if let Resource::Integration { service, pattern: Pattern::Sync, .. } = &self.request.resource
            && service == "sagemaker"
            && let Some(handle) = job::made(self, &job::TRAINING).await
        {
            return job::wait(self, &job::TRAINING, &handle).await;
        }
        let service = match &self.request.resource {
            Resource::Integration { service, .. } => service.as_str(),
            _ => "lambda",
        };
        Err(TaskFailure {
            error: format!("{}.SdkClientException", failure::prefix(service)),
            cause:
                "Unable to execute HTTP request: the sandbox stopped before it was answered; whether it was carried \
                    out is not known"
                    .to_owned(),
        })
    }

    /// Whether the execution still waits for the task.
    fn is_waited_for(&self) -> bool {
        self.waiting.has_changed().is_ok()
    }
}
