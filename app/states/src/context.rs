//! The context object: what a definition can read of its own execution with `$$`.
//!
//! Source: Step Functions developer guide, "Accessing execution data from the Context object".

use crate::data::Data;
use crate::time;
use serde_json::{Value, json};
use std::cell::OnceCell;

/// What the object is made of. It is made when something reads it: few states do.
#[derive(Debug)]
pub(crate) struct Context {
    parts: Parts,
    made: OnceCell<Value>,
}

/// What the object shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    pub(crate) execution_id: String,
    pub(crate) execution_name: String,
    pub(crate) input: Option<Data>,
    pub(crate) role_arn: String,
    pub(crate) started_at: i64,
    pub(crate) machine_id: String,
    pub(crate) machine_name: String,
    pub(crate) state: String,
    pub(crate) entered_at: i64,
    pub(crate) retries: u64,
    pub(crate) token: Option<String>,
    /// The iteration of the innermost map: its number and its item.
    pub(crate) item: Option<(usize, Value)>,
}

impl Context {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts, made: OnceCell::new() }
    }

    #[cfg(test)]
    pub(crate) fn of_value(value: Value) -> Self {
        Self { parts: Parts::default(), made: OnceCell::from(value) }
    }

    pub(crate) fn value(&self) -> &Value {
        self.made.get_or_init(|| self.parts.make())
    }
}

impl Parts {
    fn make(&self) -> Value {
        let mut object = json!({
            "Execution": {
                "Id": self.execution_id,
                "Input": self.input.as_ref().map(|input| input.value().clone()),
                "Name": self.execution_name,
                "RoleArn": self.role_arn,
                "StartTime": time::format(self.started_at),
                "RedriveCount": 0,
            },
            "State": {
                "EnteredTime": time::format(self.entered_at),
                "Name": self.state,
                "RetryCount": self.retries,
            },
            "StateMachine": { "Id": self.machine_id, "Name": self.machine_name },
        });
        if let Some(token) = &self.token {
            object["Task"] = json!({ "Token": token });
        }
        if let Some((index, value)) = &self.item {
            object["Map"] = json!({ "Item": { "Index": index, "Value": value } });
        }
        object
    }
}
