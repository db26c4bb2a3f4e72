//! An execution: it is told what happened, and says what to do.
//!
//! A host starts one, keeps it wherever it likes (it serialises), carries out the effects in their order, and comes
//! back with a [`Signal`] when a task has something to say or the time of the last [`Effect::Wake`] has come. What the
//! execution draws at random, tokens included, follows from the seed of its [`Identity`].

mod children;
mod finish;
mod tasks;
mod thread;
mod turn;

use crate::data::Data;
use crate::definition::StateMachine;
use crate::history::{History, HistoryEvent};
use crate::random::Randomness;
use crate::resource::Resource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use thread::{Stage, Thread, ThreadId};
use turn::{Turn, Work};

/// Who an execution is, as its context object and its history show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The execution's ARN.
    pub execution_arn: String,
    /// Its name.
    pub execution_name: String,
    /// The state machine's ARN.
    pub state_machine_arn: String,
    /// Its name.
    pub state_machine_name: String,
    /// The role that its tasks act as.
    pub role_arn: String,
    /// Where its tasks are called.
    pub region: String,
    /// What everything random follows from. Give each execution another one, and keep it secret: tokens follow from it.
    pub seed: [u8; 32],
}

/// What happened. Tasks are named by the token of their [`TaskRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Signal {
    /// Nothing but time.
    Tick,
    /// The host has begun with a task. It may be left out: whatever else a task says says this too.
    TaskStarted {
        /// The task.
        token: String,
    },
    /// A task that waits for a job or a token was submitted; the output is that of the call.
    TaskSubmitted {
        /// The task.
        token: String,
        /// What the call answered.
        output: Value,
    },
    /// A task is still being worked on.
    TaskHeartbeat {
        /// The task.
        token: String,
    },
    /// A task is done.
    TaskSucceeded {
        /// The task.
        token: String,
        /// Its result.
        output: Value,
    },
    /// A task has failed.
    TaskFailed {
        /// The task.
        token: String,
        /// The error's name, such as `SageMaker.ResourceLimitExceededException`; `States.TaskFailed` where there is none.
        error: String,
        /// Why.
        cause: Option<String>,
    },
    /// Somebody stops the execution.
    Stop {
        /// An error's name.
        error: Option<String>,
        /// Why.
        cause: Option<String>,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Begin a task.
    StartTask(Box<TaskRequest>),
    /// Forget a task: nothing it says matters any more.
    CancelTask {
        /// The task.
        token: String,
    },
    /// Send [`Signal::Tick`] at this time, in milliseconds. Each one replaces those before it.
    Wake {
        /// When.
        at: i64,
    },
    /// The execution is over; nothing follows.
    Finished(Outcome),
}

/// A task to begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// Its name in signals; for `.waitForTaskToken` and activities also what others send.
    pub token: String,
    /// The state's name.
    pub state: String,
    /// What to call.
    pub resource: Resource,
    /// With what.
    pub parameters: Value,
    /// The role to call as, where it isn't the execution's: `Credentials`.
    pub role_arn: Option<String>,
    /// When it has timed out, in milliseconds. The execution sees to it itself.
    pub times_out_at: Option<i64>,
    /// The longest time between two heartbeats, in seconds.
    pub heartbeat_seconds: Option<u64>,
}

/// An execution's status, by AWS's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// It goes on.
    Running,
    /// It reached its end.
    Succeeded,
    /// A state failed and nothing caught it.
    Failed,
    /// It took longer than the definition allows.
    TimedOut,
    /// Somebody stopped it.
    Aborted,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Never `Running`.
    pub status: ExecutionStatus,
    /// JSON, of one that succeeded.
    pub output: Option<Arc<str>>,
    /// The error's name, of one that failed or was stopped with one.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// When, in milliseconds.
    pub stopped_at: i64,
}

/// Why an execution does not begin: `InvalidExecutionInput`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid State Machine Execution Input: '{0}'")]
pub struct StartError(String);

/// Why a signal changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignalError {
    /// The execution has no such task, or has it no more: `TaskTimedOut` or `TaskDoesNotExist`.
    #[error("Task Timed Out: 'Provided task does not exist anymore'")]
    NoSuchTask,
    /// The execution is over.
    #[error("the execution is over")]
    Finished,
}

/// An execution of a state machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Execution {
    machine: Arc<StateMachine>,
    identity: Identity,
    input: Data,
    started_at: i64,
    times_out_at: Option<i64>,
    random: Randomness,
    threads: BTreeMap<ThreadId, Thread>,
    next_thread: u64,
    /// What is left to do: nothing, but for a turn that ended early.
    work: VecDeque<Work>,
    /// The time of the last turn.
    turned_at: i64,
    history: History,
    outcome: Option<Outcome>,
}

impl Execution {
    /// Begins an execution at a time, in milliseconds. The machine stays the one it was begun with.
    ///
    /// The input is JSON of at most 256 KiB, nested not deeper than [`crate::limits::DATA_DEPTH`].
    pub fn start(
        machine: Arc<StateMachine>,
        identity: Identity,
        input: &str,
        now: i64,
    ) -> Result<(Self, Vec<Effect>), StartError> {
        if input.len() > crate::limits::DATA_BYTES {
            return Err(StartError("The input exceeds the maximum number of bytes service limit.".into()));
        }
        let value = serde_json::from_str(input).map_err(|error| StartError(error.to_string()))?;
        let input = Data::new(value).map_err(|_| StartError("The input is nested too deeply.".into()))?;
        let seconds = machine.timeout_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        let mut execution = Self {
            times_out_at: seconds.map(|seconds| now.saturating_add(seconds * 1_000)),
            random: Randomness::new(identity.seed),
            machine,
            identity,
            input,
            started_at: now,
            threads: BTreeMap::new(),
            next_thread: 0,
            work: VecDeque::new(),
            turned_at: now,
            history: History::default(),
            outcome: None,
        };
        let effects = Turn::new(&mut execution, now).start();
        Ok((execution, effects))
    }

    /// Takes what happened at a time, in milliseconds. Whatever was due is done first. A task that answers too late is
    /// refused; the tick that finds it timed out is the host's to send. On an error nothing has changed.
    pub fn apply(&mut self, signal: Signal, now: i64) -> Result<Vec<Effect>, SignalError> {
        if self.outcome.is_some() {
            return Err(SignalError::Finished);
        }
        if let Some(token) = signal.token()
            && !self.is_open(token, now)
        {
            return Err(SignalError::NoSuchTask);
        }
        Ok(Turn::new(self, now).take(signal))
    }

    /// Whether a task still waits for its end at this time.
    fn is_open(&self, token: &str, now: i64) -> bool {
        let on_time = self.times_out_at.is_none_or(|at| at > now);
        on_time
            && self.threads.values().any(|thread| match &thread.stage {
                Stage::Task(task) => task.token == token && task.due().is_none_or(|at| at > now),
                _ => false,
            })
    }

    /// Whether it goes on, or how it ended.
    pub fn status(&self) -> ExecutionStatus {
        self.outcome.as_ref().map_or(ExecutionStatus::Running, |outcome| outcome.status)
    }

    /// How it ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Its events, in their order.
    pub fn history(&self) -> &[HistoryEvent] {
        &self.history.events
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The machine it was begun with.
    pub fn machine(&self) -> &StateMachine {
        &self.machine
    }

    /// Its input, as JSON.
    pub fn input(&self) -> &str {
        self.input.text()
    }

    /// When it began, in milliseconds.
    pub fn started_at(&self) -> i64 {
        self.started_at
    }

    /// The tokens of the tasks that it waits for.
    pub fn open_tasks(&self) -> Vec<&str> {
        self.threads.values().filter_map(Thread::token).collect()
    }

    /// When time alone changes something next, in milliseconds: at once, where the last turn ended early because there
    /// was much to do, so that no execution keeps its host from others.
    pub fn wakes_at(&self) -> Option<i64> {
        if !self.work.is_empty() && self.outcome.is_none() {
            return Some(self.turned_at);
        }
        let due = self.threads.values().filter_map(|thread| thread.stage.due());
        due.chain(self.times_out_at).min().filter(|_| self.outcome.is_none())
    }
}

impl Signal {
    fn token(&self) -> Option<&str> {
        match self {
            Self::Tick | Self::Stop { .. } => None,
            Self::TaskStarted { token }
            | Self::TaskSubmitted { token, .. }
            | Self::TaskHeartbeat { token }
            | Self::TaskSucceeded { token, .. }
            | Self::TaskFailed { token, .. } => Some(token),
        }
    }
}
