//! Failures and ends: what is retried, what is caught, and how an execution is over.

use super::tasks::cancel;
use super::thread::{Stage, Thread, ThreadId};
use super::turn::{Step, Turn, fit, state_of};
use super::{Effect, ExecutionStatus, Outcome};
use crate::data::Data;
use crate::definition::Retrier;
use crate::failure::Failure;
use crate::history::{Details, EventType};
use serde_json::json;

impl Turn<'_> {
    /// A state has failed: it is retried, or caught, or its workflow fails.
    pub(super) fn state_fails(&mut self, id: ThreadId, failure: Failure) -> Step {
        let (machine, thread) = self.machine_state(id)?;
        let ends = failure.ends_execution();
        let failure = failure.in_state(&thread.state, thread.entered);
        if ends {
            self.finish(ExecutionStatus::Failed, None, failure, thread.previous);
            return Ok(());
        }
        let state = state_of(&machine, thread.workflow, &thread.state);
        let Some((state, then)) = state.and_then(|state| Some((state, state.kind.then()?))) else {
            return self.workflow_fails(id, failure);
        };
        if let Some(at) = then.retry.iter().position(|retrier| failure.is_one_of(&retrier.errors))
            && self.retry(id, at, &then.retry[at])
        {
            return Ok(());
        }
        let Some(catcher) = then.catch.iter().find(|catcher| failure.is_one_of(&catcher.errors)) else {
            return self.workflow_fails(id, failure);
        };
        let output = json!({ "Error": failure.error, "Cause": failure.cause.unwrap_or_default() });
        let placed = catcher.result_path.place(thread.input.value(), output).map_err(super::turn::Stop::from);
        match placed.and_then(|placed| fit(placed, &thread)) {
            Ok(output) => self.exit(&thread, &state.kind, output, Some(&catcher.next)),
            // The catcher itself can't go on: nothing catches that.
            Err(super::turn::Stop::Failure(failure)) => {
                self.workflow_fails(id, failure.in_state(&thread.state, thread.entered))
            }
            Err(full) => Err(full),
        }
    }

    /// Waits for another attempt, where the retrier has one left.
    fn retry(&mut self, id: ThreadId, at: usize, retrier: &Retrier) -> bool {
        let made = self.execution.threads.get(&id).and_then(|thread| thread.attempts.get(at)).copied();
        let Some(made) = made.filter(|made| *made < retrier.max_attempts) else { return false };
        let mut delay = delay(retrier, made);
        if retrier.jitter {
            delay = self.execution.random.below(delay + 1);
        }
        let until = self.now.saturating_add(i64::try_from(delay).unwrap_or(i64::MAX));
        if let Some(thread) = self.thread(id) {
            thread.attempts[at] = made + 1;
            thread.stage = Stage::Retrying { until };
        }
        true
    }

    fn workflow_fails(&mut self, id: ThreadId, failure: Failure) -> Step {
        let thread = self.execution.threads.get(&id);
        let (parent, previous) = thread.map_or((None, 0), |thread| (thread.parent, thread.previous));
        if parent.is_some() {
            return self.child_fails(id, failure);
        }
        self.finish(ExecutionStatus::Failed, None, failure, previous);
        Ok(())
    }

    pub(super) fn succeed(&mut self, output: Data, previous: u64) {
        let nothing = Failure::new(crate::failure::Origin::Stated, None, None);
        self.finish(ExecutionStatus::Succeeded, Some(output), nothing, previous);
    }

    /// The execution is over.
    pub(super) fn finish(&mut self, status: ExecutionStatus, output: Option<Data>, failure: Failure, previous: u64) {
        if self.execution.outcome.is_some() {
            return;
        }
        let event = match status {
            ExecutionStatus::Succeeded | ExecutionStatus::Running => EventType::ExecutionSucceeded,
            ExecutionStatus::Failed => EventType::ExecutionFailed,
            ExecutionStatus::TimedOut => EventType::ExecutionTimedOut,
            ExecutionStatus::Aborted => EventType::ExecutionAborted,
        };
        let output = output.map(|output| output.text().clone());
        let (error, cause) = (failure.error, failure.cause);
        let details =
            Details { output: output.clone(), error: error.clone(), cause: cause.clone(), ..Details::default() };
        self.execution.history.end(self.now, event, previous, details);
        let threads = std::mem::take(&mut self.execution.threads);
        self.execution.work.clear();
        self.effects.extend(threads.values().filter_map(Thread::token).map(cancel));
        let outcome = Outcome { status, output, error, cause, stopped_at: self.now };
        self.execution.outcome = Some(outcome.clone());
        self.effects.push(Effect::Finished(outcome));
    }
}

/// Milliseconds before an attempt, after so many.
fn delay(retrier: &Retrier, made: u64) -> u64 {
    let exponent = i32::try_from(made).unwrap_or(i32::MAX);
    // An interval is a number of seconds that a double holds exactly.
    #[allow(clippy::cast_precision_loss)]
    let seconds = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    #[allow(clippy::cast_precision_loss)]
    let most = retrier.max_delay_seconds.unwrap_or(crate::limits::SECONDS) as f64;
    // It is positive, and at most the longest delay.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let milliseconds = (seconds.min(most) * 1_000.0) as u64;
    milliseconds
}
