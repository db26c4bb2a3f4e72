//! One turn of an execution: everything that follows from a signal, until every thread waits for something.

use super::thread::{Stage, Thread, ThreadId};
use super::{Effect, Execution, ExecutionStatus, Signal};
use crate::context::{Context, Parts};
use crate::data::{Data, Unfit};
use crate::definition::{Kind, Number, State, WaitFor, Words};
use crate::failure::{Failure, Origin, names};
use crate::flow::Selection;
use crate::history::{Details, EventType, Full};
use crate::limits::{STATES_A_TURN, TURN_BYTES};
use crate::path::{Path, Scope};
use crate::template::{Evaluation, Expression, Template};
use crate::time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// What is left to do, in its order: threads take turns state by state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Enter the current state.
    Enter(ThreadId),
    /// Begin it, once more.
    Begin(ThreadId),
}

/// Why a thread gets no further: its state fails, or the whole execution is over.
pub(super) enum Stop {
    Failure(Failure),
    Full,
    /// The thread was taken away.
    Gone,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Full> for Stop {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

pub(super) type Step<T = ()> = Result<T, Stop>;

/// The execution, the time, and what was found to do.
pub(super) struct Turn<'e> {
    pub(super) execution: &'e mut Execution,
    pub(super) now: i64,
    pub(super) effects: Vec<Effect>,
    /// The bytes that evaluations have touched.
    spent: usize,
}

impl<'e> Turn<'e> {
    pub(super) fn new(execution: &'e mut Execution, now: i64) -> Self {
        execution.turned_at = now;
        Self { execution, now, effects: Vec::new(), spent: 0 }
    }

    pub(super) fn start(mut self) -> Vec<Effect> {
        let details = Details {
            input: Some(self.execution.input.text().clone()),
            role_arn: Some(self.execution.identity.role_arn.clone()),
            ..Details::default()
        };
        self.execution.history.end(self.now, EventType::ExecutionStarted, 0, details);
        let input = self.execution.input.clone();
        // The first state follows from nothing, not from the start: so the service has it.
        self.spawn(None, 0, input, 0);
        self.run()
    }

    pub(super) fn take(mut self, signal: Signal) -> Vec<Effect> {
        self.due();
        if self.execution.outcome.is_none() {
            match signal {
                Signal::Tick => {}
                Signal::Stop { error, cause } => {
                    let failure = Failure::new(Origin::Stated, error.as_deref(), cause);
                    self.finish(ExecutionStatus::Aborted, None, failure, 0);
                }
                signal => self.task_says(signal),
            }
        }
        self.run()
    }

    /// Works until every thread waits, also for what is due at once, or until it was enough for one turn.
    fn run(mut self) -> Vec<Effect> {
        let mut left = STATES_A_TURN;
        loop {
            while left > 0
                && let Some(work) = self.execution.work.pop_front()
            {
                left -= 1;
                if self.execution.outcome.is_some() {
                    return self.effects;
                }
                let (id, step) = match work {
                    Work::Enter(id) => (id, self.enter(id)),
                    Work::Begin(id) => (id, self.begin(id)),
                };
                self.settle(id, step);
                if self.spent > TURN_BYTES {
                    left = 0;
                }
            }
            if left == 0 || self.execution.outcome.is_some() || !self.due() {
                break;
            }
        }
        if let Some(at) = self.execution.wakes_at() {
            self.effects.push(Effect::Wake { at });
        }
        self.effects
    }

    /// Deals with what stopped a thread.
    pub(super) fn settle(&mut self, id: ThreadId, step: Step) {
        let step = match step {
            Err(Stop::Failure(failure)) => self.state_fails(id, failure),
            other => other,
        };
        if let Err(Stop::Full) = step {
            let limit = crate::limits::HISTORY_EVENTS;
            let cause = format!("The execution reached the maximum number of history events ({limit}).");
            let previous = self.execution.threads.get(&id).map_or(0, |thread| thread.previous);
            self.finish(ExecutionStatus::Failed, None, Failure::runtime(cause), previous);
        }
    }

    /// A thread at the start of a workflow.
    pub(super) fn spawn(
        &mut self,
        parent: Option<(ThreadId, usize)>,
        workflow: usize,
        input: Data,
        previous: u64,
    ) -> ThreadId {
        let id = self.execution.next_thread;
        self.execution.next_thread += 1;
        let item = parent.and_then(|(parent, _)| self.execution.threads.get(&parent)?.item.clone());
        let machine = &self.execution.machine;
        let state = machine.workflows.get(workflow).map(|workflow| workflow.start_at.clone()).unwrap_or_default();
        let thread = Thread {
            id,
            parent,
            workflow,
            state,
            input,
            entered: 0,
            entered_at: self.now,
            previous,
            attempts: Vec::new(),
            item,
            stage: Stage::Ready,
        };
        self.execution.threads.insert(id, thread);
        self.execution.work.push_back(Work::Enter(id));
        id
    }

    /// The definition, and a thread as it is now: the execution can change meanwhile.
    pub(super) fn machine_state(&self, id: ThreadId) -> Step<(Arc<crate::StateMachine>, Thread)> {
        let thread = self.execution.threads.get(&id).map(Thread::outline);
        thread.map(|thread| (Arc::clone(&self.execution.machine), thread)).ok_or(Stop::Gone)
    }

    pub(super) fn thread(&mut self, id: ThreadId) -> Option<&mut Thread> {
        self.execution.threads.get_mut(&id)
    }

    /// Adds an event to a thread's chain.
    pub(super) fn event(&mut self, id: ThreadId, event_type: EventType, details: Details) -> Step<u64> {
        let previous = self.execution.threads.get(&id).map_or(0, |thread| thread.previous);
        let event = self.execution.history.add(self.now, event_type, previous, details)?;
        if let Some(thread) = self.thread(id) {
            thread.previous = event;
        }
        Ok(event)
    }

    /// Adds an event that nothing follows from.
    pub(super) fn side_event(&mut self, event_type: EventType, previous: u64, details: Details) -> Step {
        self.execution.history.add(self.now, event_type, previous, details)?;
        Ok(())
    }

    fn enter(&mut self, id: ThreadId) -> Step {
        let Some(thread) = self.execution.threads.get(&id) else { return Ok(()) };
        let (workflow, name, input) = (thread.workflow, thread.state.clone(), thread.input.text().clone());
        let machine = Arc::clone(&self.execution.machine);
        let Some(state) = state_of(&machine, workflow, &name) else { return Ok(()) };
        let details = Details { name: Some(name), input: Some(input), ..Details::default() };
        let entered = self.event(id, entered(&state.kind), details)?;
        let (now, retriers) = (self.now, state.kind.then().map_or(0, |then| then.retry.len()));
        if let Some(thread) = self.thread(id) {
            (thread.entered, thread.entered_at) = (entered, now);
            (thread.attempts, thread.stage) = (vec![0; retriers], Stage::Ready);
        }
        self.begin(id)
    }

    fn begin(&mut self, id: ThreadId) -> Step {
        if !self.execution.threads.contains_key(&id) {
            return Ok(());
        }
        let (machine, thread) = self.machine_state(id)?;
        let Some(state) = state_of(&machine, thread.workflow, &thread.state) else { return Ok(()) };
        match &state.kind {
            Kind::Task(task) => return self.begin_task(&thread, state, task),
            Kind::Parallel(parallel) => return self.begin_parallel(&thread, state, parallel),
            Kind::Map(map) => return self.begin_map(&thread, state, map),
            _ => {}
        }
        let input = self.effective(&thread, &state.input_path, None)?;
        match &state.kind {
            Kind::Pass { result, parameters, result_path } => {
                let output = self.pass(&thread, &input, result.as_ref(), parameters.as_ref(), result_path)?;
                self.leave(&thread, state, output, state.next.as_deref())
            }
            Kind::Succeed => self.leave(&thread, state, input, None),
            Kind::Choice { rules, default } => {
                let next = self.evaluate(&thread, input.value(), None, |evaluation| {
                    for (rule, next) in rules {
                        if rule.holds(evaluation)? {
                            return Ok(Some(next));
                        }
                    }
                    Ok(default.as_ref())
                })?;
                let next = next.ok_or_else(|| {
                    // The specification calls it States.NoChoiceMatched; the service says this.
                    Failure::runtime("Failed to transition out of the state. The state does not point to a next state.")
                })?;
                self.leave(&thread, state, input, Some(next))
            }
            Kind::Fail { error, cause } => {
                let error = self.words(&thread, error.as_ref(), "ErrorPath")?;
                let cause = self.words(&thread, cause.as_ref(), "CausePath")?;
                Err(Failure::new(Origin::Stated, error.as_deref(), cause).into())
            }
            Kind::Wait(wait) => {
                let until = self.until(&thread, &input, wait)?;
                if let Some(thread) = self.thread(id) {
                    thread.stage = Stage::Waiting { until };
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Works something out with the thread's context over an input.
    pub(super) fn evaluate<T>(
        &mut self,
        thread: &Thread,
        input: &Value,
        token: Option<&str>,
        work: impl FnOnce(&mut Evaluation<'_>) -> Result<T, Failure>,
    ) -> Step<T> {
        let context = self.context(thread, token, thread.item_value());
        self.evaluate_in(thread, input, &context, work)
    }

    pub(super) fn evaluate_in<T>(
        &mut self,
        thread: &Thread,
        input: &Value,
        context: &Context,
        work: impl FnOnce(&mut Evaluation<'_>) -> Result<T, Failure>,
    ) -> Step<T> {
        let scope = Scope { input, context };
        let mut evaluation = Evaluation::new(scope, &mut self.execution.random, &thread.state);
        let result = work(&mut evaluation);
        self.spent += evaluation.spent();
        result.map_err(Stop::from)
    }

    pub(super) fn context(&self, thread: &Thread, token: Option<&str>, item: Option<(usize, Value)>) -> Context {
        let identity = &self.execution.identity;
        Context::new(Parts {
            execution_id: identity.execution_arn.clone(),
            execution_name: identity.execution_name.clone(),
            input: Some(self.execution.input.clone()),
            role_arn: identity.role_arn.clone(),
            started_at: self.execution.started_at,
            machine_id: identity.state_machine_arn.clone(),
            machine_name: identity.state_machine_name.clone(),
            state: thread.state.clone(),
            entered_at: thread.entered_at,
            retries: thread.attempts.iter().sum(),
            token: token.map(str::to_owned),
            item,
        })
    }

    /// What `InputPath` leaves of the input, or what the parameters make of that.
    pub(super) fn effective(&mut self, thread: &Thread, path: &Selection, parameters: Option<&Template>) -> Step<Data> {
        let selected = self.evaluate(thread, thread.input.value(), None, |evaluation| path.select(evaluation))?;
        let input = match selected {
            Some(value) => fit(value, thread)?,
            None => thread.input.clone(),
        };
        match parameters {
            Some(template) => {
                let value = self.evaluate(thread, input.value(), None, |evaluation| template.fill(evaluation))?;
                fit(value, thread)
            }
            None => Ok(input),
        }
    }

    fn pass(
        &mut self,
        thread: &Thread,
        input: &Data,
        result: Option<&Value>,
        parameters: Option<&Template>,
        placement: &crate::flow::Placement,
    ) -> Step<Data> {
        let made = match (result, parameters) {
            (Some(result), _) => Some(result.clone()),
            (None, Some(template)) => {
                Some(self.evaluate(thread, input.value(), None, |evaluation| template.fill(evaluation))?)
            }
            (None, None) => None,
        };
        match (made, placement) {
            // Nothing is made and nothing is placed: the input goes through as it is.
            (None, crate::flow::Placement::Replace) => Ok(input.clone()),
            (made, placement) => {
                let made = made.unwrap_or_else(|| input.value().clone());
                fit(placement.place(thread.input.value(), made)?, thread)
            }
        }
    }

    fn words(&mut self, thread: &Thread, words: Option<&Words>, field: &str) -> Step<Option<String>> {
        match words {
            None => Ok(None),
            Some(Words::Fixed(text)) => Ok(Some(text.clone())),
            Some(Words::Found(expression)) => {
                let value = self.evaluate(thread, thread.input.value(), None, |evaluation| {
                    evaluation.expression(field, expression)
                })?;
                match (value, expression) {
                    (Value::String(text), _) => Ok(Some(text)),
                    (_, Expression::Path(path)) => {
                        let path = path.text();
                        let cause =
                            format!("The JSONPath '{path}' specified for the field '{field}' must reference a string");
                        Err(Failure::runtime(cause).into())
                    }
                    (_, Expression::Call(_)) => {
                        Err(Failure::runtime(format!("The function of the field '{field}' must return a string"))
                            .into())
                    }
                }
            }
        }
    }

    fn until(&mut self, thread: &Thread, input: &Data, wait: &WaitFor) -> Step<i64> {
        match wait {
            WaitFor::Timestamp(at) => Ok(*at),
            WaitFor::Seconds(seconds) => Ok(later(self.now, *seconds)),
            WaitFor::SecondsPath(path) => {
                let seconds = self.whole_number(thread, input, path, "SecondsPath")?;
                Ok(later(self.now, seconds))
            }
            WaitFor::TimestampPath(path) => {
                let value = self.at_path(thread, input, path, "TimestampPath")?;
                let at = value.as_str().and_then(time::parse);
                at.ok_or_else(|| {
                    let (path, value) = (path.text(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                    let what = "a valid ISO-8601 extended offset date-time format string";
                    Failure::runtime(format!(
                        "The TimestampPath parameter does not reference {what}: {path} == {value}"
                    ))
                    .into()
                })
            }
        }
    }

    fn at_path(&mut self, thread: &Thread, input: &Data, path: &Path, field: &str) -> Step<Value> {
        self.evaluate(thread, input.value(), None, |evaluation| {
            evaluation.read(path)?.ok_or_else(|| evaluation.missing(path, field))
        })
    }

    /// A number that is written, or that the input has.
    pub(super) fn number(&mut self, thread: &Thread, input: &Data, number: &Number, field: &str) -> Step<u64> {
        match number {
            Number::Fixed(number) => Ok(*number),
            Number::At(path) => self.whole_number(thread, input, path, field),
        }
    }

    fn whole_number(&mut self, thread: &Thread, input: &Data, path: &Path, field: &str) -> Step<u64> {
        let value = self.at_path(thread, input, path, field)?;
        let number = value.as_u64().filter(|number| *number <= crate::limits::SECONDS);
        number.ok_or_else(|| {
            let path = path.text();
            Failure::runtime(format!("The {field} parameter does not reference an integer value: {path} == {value}"))
                .into()
        })
    }

    /// The state is done: its output goes on.
    pub(super) fn leave(&mut self, thread: &Thread, state: &State, output: Data, next: Option<&str>) -> Step {
        let selected =
            self.evaluate(thread, output.value(), None, |evaluation| state.output_path.select(evaluation))?;
        let output = match selected {
            Some(value) => fit(value, thread)?,
            None => output,
        };
        self.exit(thread, &state.kind, output, next)
    }

    pub(super) fn exit(&mut self, thread: &Thread, kind: &Kind, output: Data, next: Option<&str>) -> Step {
        let details =
            Details { name: Some(thread.state.clone()), output: Some(output.text().clone()), ..Details::default() };
        self.spent += output.text().len();
        self.event(thread.id, exited(kind), details)?;
        let Some(next) = next else { return self.workflow_ends(thread.id, output) };
        if let Some(thread) = self.thread(thread.id) {
            (thread.state, thread.input, thread.stage) = (next.to_owned(), output, Stage::Ready);
        }
        self.execution.work.push_back(Work::Enter(thread.id));
        Ok(())
    }

    /// Does what time asks for; whether there was anything.
    fn due(&mut self) -> bool {
        if self.execution.times_out_at.is_some_and(|at| at <= self.now) {
            let timeout = Failure::new(Origin::Stated, None, None);
            self.finish(ExecutionStatus::TimedOut, None, timeout, 0);
            return true;
        }
        let now = self.now;
        let threads = self.execution.threads.values();
        let mut due: Vec<(i64, ThreadId)> =
            threads.filter_map(|thread| Some((thread.stage.due().filter(|at| *at <= now)?, thread.id))).collect();
        due.sort_unstable();
        for (_, id) in &due {
            // An earlier one may have ended the execution, or aborted this one.
            if self.execution.outcome.is_some() || !self.execution.threads.contains_key(id) {
                continue;
            }
            let step = self.comes_due(*id);
            self.settle(*id, step);
        }
        !due.is_empty()
    }

    fn comes_due(&mut self, id: ThreadId) -> Step {
        let (machine, thread) = self.machine_state(id)?;
        let Some(state) = state_of(&machine, thread.workflow, &thread.state) else { return Ok(()) };
        match &thread.stage {
            Stage::Waiting { .. } => {
                let output = self.effective(&thread, &state.input_path, None)?;
                self.leave(&thread, state, output, state.next.as_deref())
            }
            Stage::Retrying { .. } => {
                if let Some(thread) = self.thread(id) {
                    thread.stage = Stage::Ready;
                }
                self.execution.work.push_back(Work::Begin(id));
                Ok(())
            }
            Stage::Task(task) => {
                let timed_out = task.times_out_at.is_some_and(|at| at <= self.now);
                let origin = if timed_out { Origin::Task } else { Origin::Heartbeat };
                self.effects.push(Effect::CancelTask { token: task.token.clone() });
                self.task_times_out(id, &task.resource, Failure::new(origin, Some(names::TIMEOUT), None))
            }
            Stage::Ready | Stage::Children(_) => Ok(()),
        }
    }
}

pub(super) fn state_of<'m>(machine: &'m crate::StateMachine, workflow: usize, name: &str) -> Option<&'m State> {
    machine.workflows.get(workflow)?.states.get(name)
}

/// A value that may go on from a state, or why not.
pub(super) fn fit(value: Value, thread: &Thread) -> Step<Data> {
    Data::new(value).map_err(|unfit| match unfit {
        Unfit::Large => Failure::too_large(Origin::Interpreter, &thread.state).into(),
        Unfit::Deep => Failure::runtime("The data of the state are nested too deeply.").into(),
    })
}

/// So many seconds after a time.
pub(super) fn later(now: i64, seconds: u64) -> i64 {
    now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000))
}

fn entered(kind: &Kind) -> EventType {
    match kind {
        Kind::Choice { .. } => EventType::ChoiceStateEntered,
        Kind::Fail { .. } => EventType::FailStateEntered,
        Kind::Map(_) => EventType::MapStateEntered,
        Kind::Parallel(_) => EventType::ParallelStateEntered,
        Kind::Pass { .. } => EventType::PassStateEntered,
        Kind::Succeed => EventType::SucceedStateEntered,
        Kind::Task(_) => EventType::TaskStateEntered,
        Kind::Wait(_) => EventType::WaitStateEntered,
    }
}

fn exited(kind: &Kind) -> EventType {
    match kind {
        Kind::Choice { .. } => EventType::ChoiceStateExited,
        Kind::Map(_) => EventType::MapStateExited,
        Kind::Parallel(_) => EventType::ParallelStateExited,
        Kind::Pass { .. } | Kind::Fail { .. } => EventType::PassStateExited,
        Kind::Succeed => EventType::SucceedStateExited,
        Kind::Task(_) => EventType::TaskStateExited,
        Kind::Wait(_) => EventType::WaitStateExited,
    }
}
