//! Where an execution is: one thread for the workflow itself, and one for each branch and iteration that runs.

use crate::data::Data;
use crate::resource::Resource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A thread's number; they are never used again.
pub(crate) type ThreadId = u64;

/// A place in a workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) id: ThreadId,
    /// The thread whose state it is a branch or an iteration of, and its number there.
    pub(crate) parent: Option<(ThreadId, usize)>,
    /// The workflow's number in the definition.
    pub(crate) workflow: usize,
    /// The current state.
    pub(crate) state: String,
    /// What went into it.
    pub(crate) input: Data,
    /// The event of its being entered.
    pub(crate) entered: u64,
    pub(crate) entered_at: i64,
    /// The last event of the thread's chain.
    pub(crate) previous: u64,
    /// How often each retrier of the state has retried.
    pub(crate) attempts: Vec<u64>,
    /// The iteration of the innermost map around it.
    pub(crate) item: Option<Item>,
    pub(crate) stage: Stage,
}

/// An iteration's number and item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) index: usize,
    pub(crate) value: Data,
}

/// What a thread waits for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Its turn.
    Ready,
    /// A time: a Wait state.
    Waiting {
        until: i64,
    },
    /// A time: then the state begins once more.
    Retrying {
        until: i64,
    },
    Task(OpenTask),
    Children(Children),
}

/// A task that was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpenTask {
    pub(crate) token: String,
    pub(crate) resource: Resource,
    pub(crate) started: bool,
    pub(crate) submitted: bool,
    pub(crate) times_out_at: Option<i64>,
    pub(crate) heartbeat_seconds: Option<u64>,
    /// When the next heartbeat has to have come.
    pub(crate) heartbeat_at: Option<i64>,
}

/// Branches or iterations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Children {
    /// Those that run, by their number.
    pub(crate) running: BTreeMap<usize, ThreadId>,
    pub(crate) results: BTreeMap<usize, Data>,
    /// How many there are altogether.
    pub(crate) count: usize,
    pub(crate) map: Option<Iterations>,
}

/// What a map needs to begin further iterations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Iterations {
    /// The list.
    pub(crate) items: Data,
    /// The map's effective input, which its item selector reads.
    pub(crate) input: Data,
    /// The next one to begin.
    pub(crate) next: usize,
    /// How many run at the same time.
    pub(crate) limit: usize,
}

impl Thread {
    /// The thread without what its branches have done so far, which may be much.
    pub(crate) fn outline(&self) -> Self {
        let stage = match &self.stage {
            Stage::Children(children) => Stage::Children(Children {
                running: BTreeMap::new(),
                results: BTreeMap::new(),
                count: children.count,
                map: children.map.clone(),
            }),
            stage => stage.clone(),
        };
        Self {
            stage,
            state: self.state.clone(),
            input: self.input.clone(),
            attempts: self.attempts.clone(),
            item: self.item.clone(),
            ..*self
        }
    }

    /// The token of the task that it waits for.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.stage {
            Stage::Task(task) => Some(&task.token),
            _ => None,
        }
    }

    /// The iteration as the context object has it.
    pub(crate) fn item_value(&self) -> Option<(usize, Value)> {
        self.item.as_ref().map(|item| (item.index, item.value.value().clone()))
    }
}

impl Stage {
    /// When time changes something.
    pub(crate) fn due(&self) -> Option<i64> {
        match self {
            Self::Waiting { until } | Self::Retrying { until } => Some(*until),
            Self::Task(task) => task.due(),
            Self::Ready | Self::Children(_) => None,
        }
    }
}

impl OpenTask {
    /// When it has timed out, or its heartbeat has.
    pub(crate) fn due(&self) -> Option<i64> {
        [self.times_out_at, self.heartbeat_at].into_iter().flatten().min()
    }
}
