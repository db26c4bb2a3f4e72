//! Task states: beginning them, and what they say.

use super::thread::{OpenTask, Stage, Thread, ThreadId};
use super::turn::{Step, Turn, fit, later, state_of};
use super::{Effect, Signal, TaskRequest};
use crate::data::{Data, Unfit};
use crate::definition::{State, Task};
use crate::failure::{Failure, Origin, names};
use crate::history::{Details, EventType, TaskCredentials};
use crate::resource::Resource;
use serde_json::Value;

impl Turn<'_> {
    pub(super) fn begin_task(&mut self, thread: &Thread, state: &State, task: &Task) -> Step {
        let token = self.execution.random.token();
        let shown = task.resource.has_token().then_some(token.as_str());
        let input = self.effective(thread, &state.input_path, None)?;
        let parameters = match &task.parameters {
            None => input.clone(),
            Some(template) => {
                let filled = self.evaluate(thread, input.value(), shown, |evaluation| template.fill(evaluation))?;
                fit(filled, thread)?
            }
        };
        let mut seconds = [None, None];
        let fields = [(&task.timeout, "TimeoutSecondsPath"), (&task.heartbeat, "HeartbeatSecondsPath")];
        for (seconds, (number, field)) in seconds.iter_mut().zip(fields) {
            if let Some(number) = number {
                *seconds = Some(self.number(thread, &input, number, field)?);
            }
        }
        let [timeout, heartbeat] = seconds;
        let role_arn = self.role(thread, &input, task)?;
        let mut details = scheduled(&task.resource, &parameters, &self.execution.identity.region);
        (details.timeout_in_seconds, details.heartbeat_in_seconds) = (timeout, heartbeat);
        details.task_credentials = role_arn.clone().map(|role_arn| TaskCredentials { role_arn });
        self.event(thread.id, events(&task.resource).scheduled, details)?;
        let (now, times_out_at) = (self.now, timeout.map(|seconds| later(self.now, seconds)));
        if let Some(thread) = self.thread(thread.id) {
            thread.stage = Stage::Task(OpenTask {
                token: token.clone(),
                resource: task.resource.clone(),
                started: false,
                submitted: false,
                times_out_at,
                heartbeat_seconds: heartbeat,
                heartbeat_at: heartbeat.map(|seconds| later(now, seconds)),
            });
        }
        self.effects.push(Effect::StartTask(Box::new(TaskRequest {
            token,
            state: thread.state.clone(),
            resource: task.resource.clone(),
            parameters: parameters.value().clone(),
            role_arn,
            times_out_at,
            heartbeat_seconds: heartbeat,
        })));
        Ok(())
    }

    /// The role of the task's `Credentials`.
    fn role(&mut self, thread: &Thread, input: &Data, task: &Task) -> Step<Option<String>> {
        let Some(template) = &task.credentials else { return Ok(None) };
        let filled = self.evaluate(thread, input.value(), None, |evaluation| template.fill(evaluation))?;
        match filled.get("RoleArn").and_then(Value::as_str) {
            Some(role) => Ok(Some(role.to_owned())),
            None => Err(Failure::runtime("The field 'RoleArn' of the Credentials must be a string").into()),
        }
    }

    /// Takes what a task says, if it is still open.
    pub(super) fn task_says(&mut self, signal: Signal) {
        let Some(token) = signal.token() else { return };
        let open = self.execution.threads.values().find(|thread| thread.token() == Some(token));
        let Some(id) = open.map(|thread| thread.id) else { return };
        let step = self.hear(id, signal);
        self.settle(id, step);
    }

    fn hear(&mut self, id: ThreadId, signal: Signal) -> Step {
        let (machine, thread) = self.machine_state(id)?;
        let Stage::Task(task) = &thread.stage else { return Ok(()) };
        let events = events(&task.resource);
        self.heartbeat(id);
        if !task.started {
            self.event(id, events.started, named(&task.resource))?;
            self.change(id, |task| task.started = true);
        }
        match signal {
            Signal::TaskSubmitted { output, .. } if !task.submitted && task.resource.is_submitted() => {
                let output = self.result(id, &task.resource, output)?;
                let output = Some(output.text().clone());
                self.event(id, EventType::TaskSubmitted, Details { output, ..named(&task.resource) })?;
                self.change(id, |task| task.submitted = true);
                Ok(())
            }
            Signal::TaskSucceeded { output, .. } => {
                let result = self.result(id, &task.resource, output)?;
                let output = Some(result.text().clone());
                self.event(id, events.succeeded, Details { output, ..named(&task.resource) })?;
                let Some(state) = state_of(&machine, thread.workflow, &thread.state) else { return Ok(()) };
                self.work_is_done(id, state, result)
            }
            Signal::TaskFailed { error, cause, .. } => {
                let error = if error.is_empty() { names::TASK_FAILED } else { &error };
                let failure = Failure::new(Origin::Task, Some(error), cause);
                // A job that could not even be asked for.
                let unsubmitted = task.resource.is_submitted() && !task.submitted;
                let event = if unsubmitted { EventType::TaskSubmitFailed } else { events.failed };
                self.task_fails(id, event, &task.resource, failure)
            }
            _ => Ok(()),
        }
    }

    /// A task's output, which may be too much: then the task has failed.
    fn result(&mut self, id: ThreadId, resource: &Resource, output: Value) -> Step<Data> {
        match Data::new(output) {
            Ok(data) => Ok(data),
            Err(unfit) => {
                let failure = match unfit {
                    Unfit::Large => Failure::too_large(Origin::Task, resource.name()),
                    Unfit::Deep => Failure::runtime("The result of the task is nested too deeply."),
                };
                self.failure_event(id, events(resource).failed, resource, &failure)?;
                Err(failure.into())
            }
        }
    }

    /// What a Task, Parallel or Map state has done becomes its output.
    pub(super) fn work_is_done(&mut self, id: ThreadId, state: &State, result: Data) -> Step {
        let (_, thread) = self.machine_state(id)?;
        let Some(then) = state.kind.then() else { return Ok(()) };
        let selected = match &then.result_selector {
            Some(template) => self.evaluate(&thread, result.value(), None, |evaluation| template.fill(evaluation))?,
            None => result.value().clone(),
        };
        let output = fit(then.result_path.place(thread.input.value(), selected)?, &thread)?;
        self.leave(&thread, state, output, state.next.as_deref())
    }

    pub(super) fn task_times_out(&mut self, id: ThreadId, resource: &Resource, failure: Failure) -> Step {
        self.task_fails(id, events(resource).timed_out, resource, failure)
    }

    fn task_fails(&mut self, id: ThreadId, event: EventType, resource: &Resource, failure: Failure) -> Step {
        self.failure_event(id, event, resource, &failure)?;
        Err(failure.into())
    }

    fn failure_event(&mut self, id: ThreadId, event: EventType, resource: &Resource, failure: &Failure) -> Step {
        let details = Details { error: failure.error.clone(), cause: failure.cause.clone(), ..named(resource) };
        self.event(id, event, details)?;
        // Whatever follows, it doesn't wait for this task any more.
        if let Some(thread) = self.thread(id) {
            thread.stage = Stage::Ready;
        }
        Ok(())
    }

    fn heartbeat(&mut self, id: ThreadId) {
        let now = self.now;
        self.change(id, |task| task.heartbeat_at = task.heartbeat_seconds.map(|seconds| later(now, seconds)));
    }

    fn change(&mut self, id: ThreadId, change: impl FnOnce(&mut OpenTask)) {
        if let Some(Thread { stage: Stage::Task(task), .. }) = self.thread(id) {
            change(task);
        }
    }
}

pub(super) fn cancel(token: &str) -> Effect {
    Effect::CancelTask { token: token.to_owned() }
}

/// The types of a task's events.
struct Events {
    scheduled: EventType,
    started: EventType,
    succeeded: EventType,
    failed: EventType,
    timed_out: EventType,
}

fn events(resource: &Resource) -> Events {
    match resource {
        Resource::Lambda { .. } => Events {
            scheduled: EventType::LambdaFunctionScheduled,
            started: EventType::LambdaFunctionStarted,
            succeeded: EventType::LambdaFunctionSucceeded,
            failed: EventType::LambdaFunctionFailed,
            timed_out: EventType::LambdaFunctionTimedOut,
        },
        Resource::Activity { .. } => Events {
            scheduled: EventType::ActivityScheduled,
            started: EventType::ActivityStarted,
            succeeded: EventType::ActivitySucceeded,
            failed: EventType::ActivityFailed,
            timed_out: EventType::ActivityTimedOut,
        },
        Resource::Integration { .. } => Events {
            scheduled: EventType::TaskScheduled,
            started: EventType::TaskStarted,
            succeeded: EventType::TaskSucceeded,
            failed: EventType::TaskFailed,
            timed_out: EventType::TaskTimedOut,
        },
    }
}

/// The details that name an integration's action; functions and activities are named by their first event only.
fn named(resource: &Resource) -> Details {
    match resource {
        Resource::Integration { service, resource, .. } => {
            Details { resource_type: Some(service.clone()), resource: Some(resource.clone()), ..Details::default() }
        }
        _ => Details::default(),
    }
}

fn scheduled(resource: &Resource, parameters: &Data, region: &str) -> Details {
    let text = Some(parameters.text().clone());
    match resource {
        Resource::Lambda { arn } | Resource::Activity { arn } => {
            Details { resource: Some(arn.clone()), input: text, ..Details::default() }
        }
        Resource::Integration { .. } => {
            Details { region: Some(region.to_owned()), parameters: text, ..named(resource) }
        }
    }
}
