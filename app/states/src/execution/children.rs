//! Parallel and Map states: beginning their branches and iterations, and bringing the results together.

use super::Effect;
use super::thread::{Children, Item, Iterations, Stage, Thread, ThreadId};
use super::turn::{Step, Turn, fit, state_of};
use crate::data::Data;
use crate::definition::{Kind, MapOver, Parallel, State};
use crate::failure::Failure;
use crate::history::{Details, EventType};
use crate::limits::INLINE_CONCURRENCY;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Turn<'_> {
    pub(super) fn begin_parallel(&mut self, thread: &Thread, state: &State, parallel: &Parallel) -> Step {
        let input = self.effective(thread, &state.input_path, parallel.parameters.as_ref())?;
        let started = self.event(thread.id, EventType::ParallelStateStarted, Details::default())?;
        let mut running = BTreeMap::new();
        for (index, workflow) in parallel.branches.iter().enumerate() {
            running.insert(index, self.spawn(Some((thread.id, index)), *workflow, input.clone(), started));
        }
        let count = running.len();
        if let Some(thread) = self.thread(thread.id) {
            thread.stage = Stage::Children(Children { running, results: BTreeMap::new(), count, map: None });
        }
        Ok(())
    }

    pub(super) fn begin_map(&mut self, thread: &Thread, state: &State, map: &MapOver) -> Step {
        let input = self.effective(thread, &state.input_path, None)?;
        let items = match &map.items_path {
            None => input.clone(),
            Some(path) => {
                let found = self.evaluate(thread, input.value(), None, |evaluation| {
                    evaluation.read(path)?.ok_or_else(|| evaluation.missing(path, "ItemsPath"))
                })?;
                fit(found, thread)?
            }
        };
        let Value::Array(list) = items.value() else {
            let path = map.items_path.as_ref().map_or("$", |path| path.text());
            return Err(Failure::runtime(format!("Reference path \"{path}\" must point to array.")).into());
        };
        let limit = match &map.max_concurrency {
            None => 0,
            Some(number) => self.number(thread, &input, number, "MaxConcurrencyPath")?,
        };
        let limit = usize::try_from(limit).ok().filter(|limit| (1..INLINE_CONCURRENCY).contains(limit));
        let count = list.len();
        let details = Details { length: Some(count), ..Details::default() };
        let started = self.event(thread.id, EventType::MapStateStarted, details)?;
        let iterations = Iterations { items, input, next: 0, limit: limit.unwrap_or(INLINE_CONCURRENCY) };
        let children = Children { running: BTreeMap::new(), results: BTreeMap::new(), count, map: Some(iterations) };
        if let Some(thread) = self.thread(thread.id) {
            thread.stage = Stage::Children(children);
        }
        self.more_children(thread.id, started)
    }

    /// Begins as many iterations as may run; ends the state when none is left.
    fn more_children(&mut self, id: ThreadId, previous: u64) -> Step {
        let (machine, thread) = self.machine_state(id)?;
        let Some(state) = state_of(&machine, thread.workflow, &thread.state) else { return Ok(()) };
        let Stage::Children(children) = &thread.stage else { return Ok(()) };
        if let (Kind::Map(map), Some(iterations)) = (&state.kind, &children.map) {
            let running = self.execution.threads.get(&id).map_or(0, |thread| match &thread.stage {
                Stage::Children(children) => children.running.len(),
                _ => 0,
            });
            let room = iterations.limit.saturating_sub(running);
            let upto = children.count.min(iterations.next + room);
            for index in iterations.next..upto {
                self.iteration(&thread, map, iterations, index, previous)?;
            }
        }
        self.children_are_done(id, state, previous)
    }

    fn iteration(
        &mut self,
        thread: &Thread,
        map: &MapOver,
        iterations: &Iterations,
        index: usize,
        previous: u64,
    ) -> Step {
        let value = iterations.items.value().get(index).cloned().unwrap_or_default();
        let item = fit(value, thread)?;
        let input = match &map.item_selector {
            None => item.clone(),
            Some(template) => {
                let context = self.context(thread, None, Some((index, item.value().clone())));
                let input = iterations.input.value();
                let filled = self.evaluate_in(thread, input, &context, |evaluation| template.fill(evaluation))?;
                fit(filled, thread)?
            }
        };
        let details = Details { name: Some(thread.state.clone()), index: Some(index), ..Details::default() };
        let started = self.execution.history.add(self.now, EventType::MapIterationStarted, previous, details)?;
        let child = self.spawn(Some((thread.id, index)), map.processor, input, started);
        if let Some(child) = self.thread(child) {
            child.item = Some(Item { index, value: item });
        }
        if let Some(Thread { stage: Stage::Children(children), .. }) = self.thread(thread.id) {
            children.running.insert(index, child);
            if let Some(iterations) = &mut children.map {
                iterations.next = index + 1;
            }
        }
        Ok(())
    }

    /// Where all are done, their outputs in order are the state's result.
    fn children_are_done(&mut self, id: ThreadId, state: &State, previous: u64) -> Step {
        let Some(Thread { stage: Stage::Children(children), .. }) = self.thread(id) else { return Ok(()) };
        if children.results.len() < children.count {
            return Ok(());
        }
        let results = std::mem::take(&mut children.results);
        let event =
            if children.map.is_some() { EventType::MapStateSucceeded } else { EventType::ParallelStateSucceeded };
        if let Some(thread) = self.thread(id) {
            // The chain goes on from the branch that was the last.
            (thread.previous, thread.stage) = (previous, Stage::Ready);
        }
        self.side_event(event, previous, Details::default())?;
        let (_, thread) = self.machine_state(id)?;
        let list = results.into_values().map(|result| result.value().clone()).collect();
        let result = fit(Value::Array(list), &thread)?;
        self.work_is_done(id, state, result)
    }

    /// A thread has reached its end: that of the execution, of a branch or of an iteration.
    pub(super) fn workflow_ends(&mut self, id: ThreadId, output: Data) -> Step {
        let Some(thread) = self.execution.threads.get(&id) else { return Ok(()) };
        let (parent, previous) = (thread.parent, thread.previous);
        let Some((parent, index)) = parent else {
            self.succeed(output, previous);
            return Ok(());
        };
        self.execution.threads.remove(&id);
        let step = self.child_ends(parent, index, output, previous);
        // What goes wrong from here on goes wrong in the state around it.
        self.settle(parent, step);
        Ok(())
    }

    fn child_ends(&mut self, parent: ThreadId, index: usize, output: Data, previous: u64) -> Step {
        let Some(thread) = self.execution.threads.get_mut(&parent) else { return Ok(()) };
        let name = thread.state.clone();
        let Stage::Children(children) = &mut thread.stage else { return Ok(()) };
        children.running.remove(&index);
        children.results.insert(index, output);
        if children.map.is_some() {
            let details = Details { name: Some(name), index: Some(index), ..Details::default() };
            self.side_event(EventType::MapIterationSucceeded, previous, details)?;
        }
        self.more_children(parent, previous)
    }

    /// A branch or an iteration has failed, and with it the state that it belongs to.
    pub(super) fn child_fails(&mut self, id: ThreadId, failure: Failure) -> Step {
        let (machine, child) = self.machine_state(id)?;
        let Some((parent, index)) = child.parent else { return Ok(()) };
        let previous = child.previous;
        let Some(around) = self.execution.threads.get(&parent) else { return Ok(()) };
        let (name, is_map) = (around.state.clone(), matches!(&around.stage, Stage::Children(c) if c.map.is_some()));
        if is_map {
            let details = Details { name: Some(name), index: Some(index), ..Details::default() };
            self.side_event(EventType::MapIterationFailed, previous, details)?;
            if let Some(event) = aborted(&machine, &child).filter(|event| *event == EventType::TaskStateAborted) {
                self.side_event(event, previous, Details::default())?;
            }
        }
        self.execution.threads.remove(&id);
        self.abort_children(parent, previous)?;
        let failed = if is_map { EventType::MapStateFailed } else { EventType::ParallelStateFailed };
        if let Some(thread) = self.thread(parent) {
            (thread.previous, thread.stage) = (previous, Stage::Ready);
        }
        self.event(parent, failed, Details::default())?;
        // By name it is the failure of the branch; the interpreter has told of it where it was found.
        self.state_fails(parent, failure)
    }

    /// Takes away all that runs below a thread, the innermost first.
    fn abort_children(&mut self, id: ThreadId, previous: u64) -> Step {
        let Some(thread) = self.execution.threads.get_mut(&id) else { return Ok(()) };
        let name = thread.state.clone();
        let Stage::Children(children) = &mut thread.stage else { return Ok(()) };
        let (running, is_map) = (std::mem::take(&mut children.running), children.map.is_some());
        for (index, child) in running {
            if !self.execution.threads.contains_key(&child) {
                continue;
            }
            if is_map {
                let details = Details { name: Some(name.clone()), index: Some(index), ..Details::default() };
                self.side_event(EventType::MapIterationAborted, previous, details)?;
            }
            self.abort_children(child, previous)?;
            let Some(thread) = self.execution.threads.remove(&child) else { continue };
            self.effects.extend(thread.token().map(|token| Effect::CancelTask { token: token.to_owned() }));
            let machine = Arc::clone(&self.execution.machine);
            if let Some(event) = aborted(&machine, &thread) {
                self.side_event(event, previous, Details::default())?;
            }
        }
        Ok(())
    }
}

/// The event of a state that was taken away.
fn aborted(machine: &crate::StateMachine, thread: &Thread) -> Option<EventType> {
    match state_of(machine, thread.workflow, &thread.state)?.kind {
        Kind::Map(_) => Some(EventType::MapStateAborted),
        Kind::Parallel(_) => Some(EventType::ParallelStateAborted),
        Kind::Task(_) => Some(EventType::TaskStateAborted),
        Kind::Wait(_) => Some(EventType::WaitStateAborted),
        _ => None,
    }
}
