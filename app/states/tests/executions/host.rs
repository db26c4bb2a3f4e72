//! A host with a clock that the test moves.

use serde_json::{Value, json};
use states::{Effect, Execution, ExecutionStatus, Identity, Outcome, Signal, StateMachine, TaskRequest};
use std::sync::Arc;

/// When every execution begins: 2026-01-31T12:00:00Z.
pub const START: i64 = 1_769_860_800_000;

pub struct Host {
    pub execution: Execution,
    pub now: i64,
    /// The effects of the last signal.
    pub effects: Vec<Effect>,
    /// The tasks that wait for an answer, in the order they were begun.
    pub open: Vec<TaskRequest>,
}

pub fn identity() -> Identity {
    Identity {
        execution_arn: "arn:aws:states:us-east-1:111122223333:execution:train:run-1".into(),
        execution_name: "run-1".into(),
        state_machine_arn: "arn:aws:states:us-east-1:111122223333:stateMachine:train".into(),
        state_machine_name: "train".into(),
        role_arn: "arn:aws:iam::111122223333:role/train".into(),
        region: "us-east-1".into(),
        seed: [9; 32],
    }
}

pub fn machine(definition: &Value) -> Arc<StateMachine> {
    Arc::new(StateMachine::parse(&definition.to_string()).unwrap_or_else(|invalid| panic!("{invalid}")))
}

/// A definition of one state, which ends it.
pub fn alone(mut state: Value) -> Value {
    if !matches!(state["Type"].as_str(), Some("Succeed" | "Fail" | "Choice")) {
        state["End"] = json!(true);
    }
    json!({ "StartAt": "S", "States": { "S": state } })
}

impl Host {
    pub fn start(definition: &Value, input: &Value) -> Self {
        let (execution, effects) =
            Execution::start(machine(definition), identity(), &input.to_string(), START).unwrap();
        let mut host = Self { execution, now: START, effects: Vec::new(), open: Vec::new() };
        host.take(effects);
        host
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            match effect {
                Effect::StartTask(task) => self.open.push((**task).clone()),
                Effect::CancelTask { token } => self.open.retain(|task| task.token != *token),
                Effect::Wake { at } => assert_eq!(Some(*at), self.execution.wakes_at()),
                Effect::Finished(outcome) => assert_eq!(Some(outcome), self.execution.outcome()),
            }
        }
        self.effects = effects;
    }

    pub fn signal(&mut self, signal: Signal) {
        let effects = self.execution.apply(signal, self.now).unwrap();
        self.take(effects);
    }

    /// Lets seconds pass.
    pub fn pass(&mut self, seconds: i64) {
        self.now += seconds * 1_000;
        self.signal(Signal::Tick);
    }

    /// Moves the clock to where the execution wants to be woken, and wakes it.
    pub fn wake(&mut self) {
        self.now = self.execution.wakes_at().unwrap();
        self.signal(Signal::Tick);
    }

    fn oldest(&mut self) -> String {
        assert!(!self.open.is_empty(), "no task waits");
        self.open.remove(0).token
    }

    /// Answers the oldest task.
    pub fn succeed(&mut self, output: Value) {
        let token = self.oldest();
        self.signal(Signal::TaskSucceeded { token, output });
    }

    pub fn fail(&mut self, error: &str, cause: &str) {
        let token = self.oldest();
        self.signal(Signal::TaskFailed { token, error: error.into(), cause: Some(cause.into()) });
    }

    pub fn submit(&mut self, output: Value) {
        let token = self.open[0].token.clone();
        self.signal(Signal::TaskSubmitted { token, output });
    }

    pub fn status(&self) -> ExecutionStatus {
        self.execution.status()
    }

    pub fn outcome(&self) -> &Outcome {
        self.execution.outcome().expect("it is over")
    }

    pub fn output(&self) -> Value {
        let outcome = self.outcome();
        assert_eq!(outcome.status, ExecutionStatus::Succeeded, "{outcome:?}");
        serde_json::from_str(outcome.output.as_deref().unwrap()).unwrap()
    }

    pub fn failure(&self) -> (&str, &str) {
        let outcome = self.outcome();
        assert_eq!(outcome.status, ExecutionStatus::Failed, "{outcome:?}");
        (outcome.error.as_deref().unwrap_or_default(), outcome.cause.as_deref().unwrap_or_default())
    }

    /// The history, an event a line: `2 after 0 PassStateEntered A`.
    pub fn events(&self) -> Vec<String> {
        let line = |event: &states::HistoryEvent| {
            let name = event.details.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            let index = event.details.index.map(|index| format!("[{index}]")).unwrap_or_default();
            format!("{} after {} {}{name}{index}", event.id, event.previous_event_id, event.event_type)
        };
        self.execution.history().iter().map(line).collect()
    }

    pub fn types(&self) -> Vec<String> {
        self.execution.history().iter().map(|event| event.event_type.to_string()).collect()
    }
}

/// What comes out of an execution without tasks, its waits waited for.
pub fn run(definition: &Value, input: &Value) -> Host {
    let mut host = Host::start(definition, input);
    while host.status() == ExecutionStatus::Running {
        host.wake();
    }
    host
}
