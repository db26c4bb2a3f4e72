//! An execution that is stored and read back at any moment goes on as if nothing had been.

use crate::host::{START, identity, machine};
use proptest::prelude::*;
use serde_json::{Value, json};
use states::{Effect, Execution, Signal};

/// Everything that waits or draws at random, some of it within each other.
fn definition() -> Value {
    let task = |more: Value| {
        let mut state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 20, "HeartbeatSeconds": 7,
            "Parameters": {"token.$": "$$.Task.Token", "id.$": "States.UUID()", "n.$": "States.MathRandom(0, 1000)"}, "ResultPath": null,
            "Retry": [{"ErrorEquals": ["Again"], "JitterStrategy": "FULL", "IntervalSeconds": 3, "MaxAttempts": 4}]
        });
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        state
    };
    let one = |name: &str, state: Value| json!({"StartAt": name, "States": {name: state}});
    let branch = json!({"StartAt": "Wait", "States": {
        "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "First"}, "First": task(json!({"End": true}))
    }});
    let map = json!({"Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 2, "End": true,
        "ItemProcessor": one("Item", task(json!({"End": true, "Parameters": {"item.$": "$$.Map.Item.Value"}}))),
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Calm"}]});
    let maps = json!({"StartAt": "Map", "States": {"Map": map, "Calm": {"Type": "Pass", "End": true}}});
    json!({"StartAt": "Both", "TimeoutSeconds": 600, "States": {
        "Both": {"Type": "Parallel", "Branches": [branch, maps], "ResultPath": "$.both", "Next": "Last",
            "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Last"}]},
        "Last": task(json!({"End": true}))
    }})
}

/// What a host does next: which open task is answered how, and how much time passes before.
#[derive(Debug, Clone)]
struct Move {
    seconds: i64,
    task: prop::sample::Index,
    what: u8,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0_i64..12, any::<prop::sample::Index>(), 0_u8..10).prop_map(|(seconds, task, what)| Move {
        seconds,
        task,
        what,
    });
    prop::collection::vec(one, 1..60)
}

fn signal(execution: &Execution, step: &Move) -> Signal {
    let open = execution.open_tasks();
    if open.is_empty() {
        return Signal::Tick;
    }
    let token = step.task.get(&open).to_string();
    match step.what {
        0 => Signal::Tick,
        1 => Signal::TaskStarted { token },
        2 => Signal::TaskSubmitted { token, output: json!({"id": 1}) },
        3 => Signal::TaskHeartbeat { token },
        4 => Signal::TaskFailed { token, error: "Again".into(), cause: None },
        5 => Signal::TaskFailed { token, error: "Fatal".into(), cause: Some("why".into()) },
        _ => Signal::TaskSucceeded { token, output: json!({"done": step.seconds}) },
    }
}

fn stored(execution: &Execution) -> Execution {
    serde_json::from_str(&serde_json::to_string(execution).unwrap()).unwrap()
}

#[test]
fn a_loop_that_is_stored_between_its_turns_ends_the_same() {
    let definition = json!({"StartAt": "L", "States": {
        "L": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "E"}], "Default": "L"},
        "E": {"Type": "Succeed"}
    }});
    let machine = machine(&definition);
    let (mut kept, _) = Execution::start(machine, identity(), "{}", START).unwrap();
    let (mut other, mut turns) = (stored(&kept), 0);
    while kept.outcome().is_none() {
        turns += 1;
        other = if turns % 10 == 0 { stored(&other) } else { other };
        assert_eq!(kept.apply(Signal::Tick, START), other.apply(Signal::Tick, START));
    }
    assert!(turns > 20, "{turns}");
    assert_eq!(kept.history(), other.history());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn storing_changes_nothing(moves in moves(), store in any::<u64>()) {
        let machine = machine(&definition());
        let input = json!({"seconds": 5, "list": ["a", "b", "c"]}).to_string();
        let (mut kept, began) = Execution::start(machine.clone(), identity(), &input, START).unwrap();
        let (mut other, same) = Execution::start(machine, identity(), &input, START).unwrap();
        prop_assert_eq!(began, same);
        let mut now = START;
        for (at, step) in moves.iter().enumerate() {
            if store >> (at % 64) & 1 == 1 {
                other = stored(&other);
            }
            now += step.seconds * 1_000;
            let signal = signal(&kept, step);
            prop_assert_eq!(kept.apply(signal.clone(), now), other.apply(signal, now));
            prop_assert_eq!(kept.wakes_at(), other.wakes_at());
        }
        prop_assert_eq!(kept.history(), other.history());
        prop_assert_eq!(kept.outcome(), other.outcome());
        prop_assert_eq!(serde_json::to_string(&kept).unwrap(), serde_json::to_string(&stored(&other)).unwrap());
    }

    #[test]
    fn every_history_is_a_chain_and_every_task_is_settled(moves in moves()) {
        let input = json!({"seconds": 0, "list": [1, 2, 3, 4]}).to_string();
        let (mut execution, mut effects) = Execution::start(machine(&definition()), identity(), &input, START).unwrap();
        let (mut begun, mut now) = (std::collections::BTreeSet::new(), START);
        // After the moves only time passes: the timeout of the whole ends it at the latest.
        let end = Move { seconds: 0, task: moves[0].task, what: 0 };
        for step in moves.iter().chain(std::iter::repeat_n(&end, 400)) {
            for effect in effects.drain(..) {
                if let Effect::StartTask(task) = effect {
                    prop_assert!(begun.insert(task.token.clone()), "a token is used once");
                }
            }
            if execution.outcome().is_some() {
                break;
            }
            now = if step.what == 0 { execution.wakes_at().unwrap_or(now).max(now) } else { now + step.seconds * 1_000 };
            effects = execution.apply(signal(&execution, step), now).unwrap_or_default();
        }
        prop_assert!(execution.outcome().is_some());
        prop_assert!(execution.open_tasks().is_empty() && execution.wakes_at().is_none());
        for (at, event) in execution.history().iter().enumerate() {
            prop_assert_eq!(event.id, at as u64 + 1);
            prop_assert!(event.previous_event_id < event.id);
        }
        let ends = execution.history().iter().filter(|event| {
            let name = event.event_type.to_string();
            name.starts_with("Execution") && name != "ExecutionStarted"
        });
        prop_assert_eq!(ends.count(), 1);
    }
}
