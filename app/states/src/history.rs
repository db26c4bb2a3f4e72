//! The events of an execution, as `GetExecutionHistory` gives them.
//!
//! Source: Step Functions API reference, "HistoryEvent".

use crate::limits::{HISTORY_BYTES, HISTORY_EVENTS};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// An event's type, by AWS's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum EventType {
    ActivityFailed,
    ActivityScheduled,
    ActivityStarted,
    ActivitySucceeded,
    ActivityTimedOut,
    ChoiceStateEntered,
    ChoiceStateExited,
    ExecutionAborted,
    ExecutionFailed,
    ExecutionStarted,
    ExecutionSucceeded,
    ExecutionTimedOut,
    FailStateEntered,
    LambdaFunctionFailed,
    LambdaFunctionScheduled,
    LambdaFunctionStarted,
    LambdaFunctionSucceeded,
    LambdaFunctionTimedOut,
    MapIterationAborted,
    MapIterationFailed,
    MapIterationStarted,
    MapIterationSucceeded,
    MapStateAborted,
    MapStateEntered,
    MapStateExited,
    MapStateFailed,
    MapStateStarted,
    MapStateSucceeded,
    ParallelStateAborted,
    ParallelStateEntered,
    ParallelStateExited,
    ParallelStateFailed,
    ParallelStateStarted,
    ParallelStateSucceeded,
    PassStateEntered,
    PassStateExited,
    SucceedStateEntered,
    SucceedStateExited,
    TaskFailed,
    TaskScheduled,
    TaskStarted,
    TaskStateAborted,
    TaskStateEntered,
    TaskStateExited,
    TaskSubmitFailed,
    TaskSubmitted,
    TaskSucceeded,
    TaskTimedOut,
    WaitStateAborted,
    WaitStateEntered,
    WaitStateExited,
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variants have AWS's names.
        fmt::Debug::fmt(self, f)
    }
}

impl EventType {
    /// The field that an event's details are in; `None` for types that have none.
    fn details(self) -> Option<String> {
        let name = self.to_string();
        if name.ends_with("StateEntered") {
            return Some("stateEnteredEventDetails".into());
        }
        if name.ends_with("StateExited") {
            return Some("stateExitedEventDetails".into());
        }
        let bare = name.ends_with("StateAborted") || name.starts_with("ParallelState");
        if bare || matches!(self, Self::MapStateFailed | Self::MapStateSucceeded | Self::LambdaFunctionStarted) {
            return None;
        }
        let (first, rest) = name.split_at(1);
        Some(format!("{}{rest}EventDetails", first.to_lowercase()))
    }
}

/// What an event says; which fields it has depends on its type. The names are AWS's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    /// The state's name, or the map's for its iterations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Arc<str>>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<str>>,
    /// What was left out of input, output or parameters because the history holds too much already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The error's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error's cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The execution's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// `createTrainingJob.sync`, or the ARN of a function or an activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// `sagemaker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The region in which the task is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Arc<str>>,
    /// The task's timeout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_in_seconds: Option<u64>,
    /// The task's heartbeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_in_seconds: Option<u64>,
    /// The role that a task acts as, where it isn't the execution's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_credentials: Option<TaskCredentials>,
    /// The items of a map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// The iteration's number, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
}

/// As whom a task is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskCredentials {
    /// The role's ARN.
    pub role_arn: String,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// From 1, without gaps.
    pub id: u64,
    /// The event that it follows from: branches and iterations have chains of their own. 0 for the first state's.
    pub previous_event_id: u64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// What happened.
    pub event_type: EventType,
    /// To what.
    pub details: Details,
}

impl HistoryEvent {
    /// The event as the API has it, its timestamp in seconds. Without `execution_data` inputs and outputs are left out,
    /// as with `includeExecutionData: false`.
    pub fn to_value(&self, execution_data: bool) -> Value {
        let mut event = Map::new();
        // A time has no more digits than a double holds.
        #[allow(clippy::cast_precision_loss)]
        let seconds = self.timestamp as f64 / 1_000.0;
        event.insert("timestamp".into(), seconds.into());
        event.insert("type".into(), self.event_type.to_string().into());
        event.insert("id".into(), self.id.into());
        event.insert("previousEventId".into(), self.previous_event_id.into());
        if let Some(field) = self.event_type.details() {
            event.insert(field, self.details_value(execution_data));
        }
        Value::Object(event)
    }

    fn details_value(&self, execution_data: bool) -> Value {
        let Ok(Value::Object(mut details)) = serde_json::to_value(&self.details) else { return Value::Null };
        let truncated = details.remove("truncated").is_some();
        for data in ["input", "output"] {
            if !execution_data {
                details.remove(data);
            } else if details.contains_key(data) {
                details.insert(format!("{data}Details"), serde_json::json!({ "truncated": truncated }));
            }
        }
        Value::Object(details)
    }
}

/// The events so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct History {
    pub(crate) events: Vec<HistoryEvent>,
    bytes: usize,
}

/// The history has room for the end of the execution only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl History {
    /// Adds an event and gives its id.
    pub(crate) fn add(
        &mut self,
        now: i64,
        event_type: EventType,
        previous: u64,
        details: Details,
    ) -> Result<u64, Full> {
        if self.next_id() >= HISTORY_EVENTS {
            return Err(Full);
        }
        Ok(self.end(now, event_type, previous, details))
    }

    /// Adds the event that ends the execution: for it there is always room.
    pub(crate) fn end(&mut self, now: i64, event_type: EventType, previous: u64, mut details: Details) -> u64 {
        let id = self.next_id();
        for data in [&mut details.input, &mut details.output, &mut details.parameters] {
            let Some(text) = data.as_mut() else { continue };
            self.bytes = self.bytes.saturating_add(text.len());
            if self.bytes > HISTORY_BYTES {
                *text = "".into();
                details.truncated = true;
            }
        }
        self.events.push(HistoryEvent { id, previous_event_id: previous, timestamp: now, event_type, details });
        id
    }

    fn next_id(&self) -> u64 {
        self.events.len() as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_look_as_the_api_has_them() {
        let event =
            |event_type, details| HistoryEvent { id: 3, previous_event_id: 2, timestamp: 1_500, event_type, details };
        let exited = event(
            EventType::PassStateExited,
            Details { name: Some("A".into()), output: Some("{}".into()), ..Details::default() },
        );
        assert_eq!(
            exited.to_value(true),
            json!({
                "id": 3, "previousEventId": 2, "timestamp": 1.5, "type": "PassStateExited",
                "stateExitedEventDetails": { "name": "A", "output": "{}", "outputDetails": { "truncated": false } }
            })
        );
        assert_eq!(exited.to_value(false)["stateExitedEventDetails"], json!({ "name": "A" }));
        for (event_type, field) in [
            (EventType::TaskScheduled, Some("taskScheduledEventDetails")),
            (EventType::MapStateStarted, Some("mapStateStartedEventDetails")),
            (EventType::MapStateEntered, Some("stateEnteredEventDetails")),
            (EventType::ExecutionFailed, Some("executionFailedEventDetails")),
            (EventType::LambdaFunctionTimedOut, Some("lambdaFunctionTimedOutEventDetails")),
            (EventType::ParallelStateExited, Some("stateExitedEventDetails")),
            (EventType::ParallelStateStarted, None),
            (EventType::TaskStateAborted, None),
            (EventType::LambdaFunctionStarted, None),
        ] {
            let value = event(event_type, Details::default()).to_value(true);
            let found = value.as_object().and_then(|event| event.keys().find(|key| key.ends_with("Details")).cloned());
            assert_eq!(found.as_deref(), field, "{event_type}");
        }
    }

    #[test]
    fn what_a_history_cannot_hold_is_marked() {
        let mut history = History::default();
        let text: Arc<str> = "x".repeat(HISTORY_BYTES / 2 + 1).into();
        let details = Details { output: Some(text), ..Details::default() };
        history.end(0, EventType::PassStateExited, 0, details.clone());
        history.end(0, EventType::PassStateExited, 1, details);
        assert!(!history.events[0].details.truncated);
        assert!(history.events[1].details.truncated);
        assert_eq!(history.events[1].details.output.as_deref(), Some(""));
    }
}
