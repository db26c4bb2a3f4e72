//! How executions move through their stages: pure, from what is stored to what is stored next.
//!
//! Source: CodePipeline user guide, "How pipeline executions work", "How executions are processed in SUPERSEDED mode"
//! and "… in QUEUED mode".

use super::artifacts;
use super::declaration::{Action, Declaration};
use super::model::{ActionRun, Artifact, Execution, Fault, Pipeline, Progress, Revision, StageRun, Status};
use super::told;
use super::variables;
use crate::events::Event;
use crate::ids;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Where a pipeline is.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    pub pipeline: String,
}

/// A change of a pipeline, and what follows from it outside the state.
pub struct Turn<'a> {
    /// Where.
    pub place: &'a Place,
    /// When.
    pub now: Timestamp,
    /// Actions that began: execution and action.
    pub begun: Vec<(String, String)>,
    /// What EventBridge is told.
    pub events: Vec<Event>,
}

/// What came of an action that succeeded.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Done {
    pub summary: Option<String>,
    pub external: Option<String>,
    pub url: Option<String>,
    pub variables: BTreeMap<String, String>,
    pub revision: Option<Revision>,
    pub by: Option<String>,
}

/// What came of one that failed.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Failed {
    pub fault: Option<Fault>,
    pub summary: Option<String>,
    pub external: Option<String>,
    pub by: Option<String>,
}

/// Moves everything on as far as it goes.
pub fn advance(pipeline: &mut Pipeline, turn: &mut Turn<'_>) {
    while (0..pipeline.executions.len()).any(|index| step(pipeline, index, turn)) {}
}

fn step(pipeline: &mut Pipeline, index: usize, turn: &mut Turn<'_>) -> bool {
    let execution = &pipeline.executions[index];
    if !execution.status.is_open() {
        return false;
    }
    if execution.inside { within(pipeline, index, turn) } else { before(pipeline, index, turn) }
}

/// The stage that an execution is in or before.
fn stage_of(pipeline: &Pipeline, execution: &Execution) -> Option<String> {
    pipeline.followed(execution).stages.get(execution.at).map(|stage| stage.name.clone())
}

/// An execution that waits before a stage.
fn before(pipeline: &mut Pipeline, index: usize, turn: &mut Turn<'_>) -> bool {
    let execution = &pipeline.executions[index];
    if execution.status == Status::Stopping {
        end(pipeline, index, Status::Stopped, turn);
        return true;
    }
    let Some(stage) = stage_of(pipeline, execution) else {
        end(pipeline, index, Status::Succeeded, turn);
        return true;
    };
    let others = || pipeline.executions.iter().enumerate().filter(|(at, other)| *at != index && other.status.is_open());
    let waits = |other: &Execution| !other.inside && stage_of(pipeline, other).as_deref() == Some(&stage);
    if pipeline.declaration().supersedes() {
        if others().any(|(at, other)| at > index && waits(other)) {
            end(pipeline, index, Status::Superseded, turn);
            return true;
        }
    } else if others().any(|(at, other)| at < index && waits(other)) {
        return false;
    }
    let closed = pipeline.transitions.get(&stage).is_some_and(|transition| !transition.enabled);
    let taken = others().any(|(_, other)| other.inside && stage_of(pipeline, other).as_deref() == Some(&stage));
    if closed || taken {
        return false;
    }
    let execution = &mut pipeline.executions[index];
    execution.inside = true;
    execution.updated = turn.now;
    execution.stages.insert(stage.clone(), StageRun { status: Status::InProgress, started: turn.now, retries: 0 });
    told::stage(turn, &pipeline.executions[index], &stage, "STARTED");
    true
}

/// An execution that is in a stage.
fn within(pipeline: &mut Pipeline, index: usize, turn: &mut Turn<'_>) -> bool {
    let execution = &pipeline.executions[index];
    let declaration = pipeline.followed(execution);
    let Some(stage) = declaration.stages.get(execution.at).cloned() else { return false };
    let mut orders: Vec<i64> = stage.actions.iter().map(Action::order).collect();
    orders.sort_unstable();
    orders.dedup();
    for order in orders {
        let group: Vec<&Action> = stage.actions.iter().filter(|action| action.order() == order).collect();
        let states: Vec<Option<Status>> =
            group.iter().map(|action| execution.latest(&stage.name, &action.name).map(|run| run.status)).collect();
        if states.contains(&Some(Status::InProgress)) {
            return false;
        }
        if states.contains(&Some(Status::Failed)) {
            leave(pipeline, index, &stage.name, Status::Failed, turn);
            return true;
        }
        if states.contains(&Some(Status::Abandoned)) {
            leave(pipeline, index, &stage.name, Status::Stopped, turn);
            return true;
        }
        if states.contains(&None) {
            if execution.status == Status::Stopping {
                leave(pipeline, index, &stage.name, Status::Stopped, turn);
                return true;
            }
            let fresh = group.into_iter().zip(states).filter(|(_, state)| state.is_none());
            for (action, _) in fresh {
                begin(pipeline, index, &stage.name, action, turn);
            }
            return true;
        }
    }
    let status = if execution.status == Status::Stopping { Status::Stopped } else { Status::Succeeded };
    leave(pipeline, index, &stage.name, status, turn);
    true
}

/// A stage has ended.
fn leave(pipeline: &mut Pipeline, index: usize, stage: &str, status: Status, turn: &mut Turn<'_>) {
    let last = pipeline.followed(&pipeline.executions[index]).stages.len();
    let execution = &mut pipeline.executions[index];
    if let Some(run) = execution.stages.get_mut(stage) {
        run.status = status;
    }
    execution.updated = turn.now;
    let next = execution.at + 1;
    if status == Status::Succeeded && next < last {
        execution.at = next;
        execution.inside = false;
        told::stage(turn, &pipeline.executions[index], stage, "SUCCEEDED");
        return;
    }
    told::stage(turn, &pipeline.executions[index], stage, &status.shown().to_ascii_uppercase());
    end(pipeline, index, status, turn);
}

/// An execution has ended. It stays where it ended, so that a retry can take it up.
fn end(pipeline: &mut Pipeline, index: usize, status: Status, turn: &mut Turn<'_>) {
    let execution = &mut pipeline.executions[index];
    execution.status = status;
    execution.updated = turn.now;
    told::pipeline(turn, &pipeline.executions[index], &status.shown().to_ascii_uppercase());
}

/// An action begins.
fn begin(pipeline: &mut Pipeline, index: usize, stage: &str, action: &Action, turn: &mut Turn<'_>) {
    let declaration = pipeline.followed(&pipeline.executions[index]).clone();
    let execution = &mut pipeline.executions[index];
    let mut run = a_run(&declaration, execution, stage, action, turn);
    let look_up = |namespace: &str, key: &str| match (namespace, key) {
        ("codepipeline", "PipelineExecutionId") => Some(execution.id.clone()),
        ("variables", name) => execution.variables.get(name).cloned(),
        _ => execution.outputs.get(namespace)?.get(key).cloned(),
    };
    match variables::fill(&action.configuration, look_up) {
        Ok(configuration) => run.configuration = configuration,
        Err(reference) => {
            run.status = Status::Failed;
            run.error = Some(Fault {
                code: "ConfigurationError".into(),
                message: format!(
                    "An action in this pipeline failed because one or more variables could not be resolved: Action \
                     name=[{}]. This can result when a variable is referenced that does not exist. Validate the \
                     configuration of the action: {reference}",
                    action.name
                ),
            });
        }
    }
    execution.updated = turn.now;
    let (id, failed) = (run.id.clone(), run.status == Status::Failed);
    execution.actions.push(run);
    told::action(turn, &pipeline.executions[index], &declaration, &id, "STARTED");
    if failed {
        told::action(turn, &pipeline.executions[index], &declaration, &id, "FAILED");
    } else {
        turn.begun.push((pipeline.executions[index].id.clone(), id));
    }
}

fn a_run(declaration: &Declaration, execution: &Execution, stage: &str, action: &Action, turn: &Turn<'_>) -> ActionRun {
    let bucket = declaration.store(turn.place.region.as_str()).map(|store| store.location.clone()).unwrap_or_default();
    let inputs = action.input_artifacts.iter().filter_map(|input| execution.artifacts.get(&input.name).cloned());
    let outputs = action.output_artifacts.iter().map(|output| Artifact {
        name: output.name.clone(),
        bucket: bucket.clone(),
        key: artifacts::key(&declaration.name, &output.name),
        revision: None,
    });
    let provider = action.action_type_id.provider.as_str();
    ActionRun {
        id: ids::request(),
        stage: stage.to_owned(),
        action: action.name.clone(),
        status: Status::InProgress,
        started: turn.now,
        updated: turn.now,
        past: false,
        configuration: action.configuration.clone(),
        inputs: inputs.collect(),
        outputs: outputs.collect(),
        updated_by: None,
        summary: None,
        external: None,
        url: None,
        percent: None,
        error: None,
        variables: BTreeMap::new(),
        revision: None,
        token: (provider == "Manual").then(ids::request),
        progress: Progress {
            jobs: if provider == "Lambda" { vec![ids::request()] } else { Vec::new() },
            ..Progress::default()
        },
    }
}

/// An action has ended; what is over already stays as it is. Says whether it was not.
pub fn finish(
    pipeline: &mut Pipeline,
    (execution, action): (&str, &str),
    end: Result<Done, Failed>,
    turn: &mut Turn<'_>,
) -> bool {
    let Some(index) = pipeline.executions.iter().position(|known| known.id == execution) else { return false };
    let declaration = pipeline.followed(&pipeline.executions[index]).clone();
    let execution = &mut pipeline.executions[index];
    let Some(run) = execution.action_mut(action).filter(|run| run.status == Status::InProgress) else { return false };
    run.updated = turn.now;
    let state = if end.is_ok() { "SUCCEEDED" } else { "FAILED" };
    match end {
        Ok(done) => {
            run.status = Status::Succeeded;
            run.summary = done.summary.or_else(|| run.summary.take());
            run.external = done.external.or_else(|| run.external.take());
            run.url = done.url.or_else(|| run.url.take());
            run.updated_by = done.by;
            run.variables = done.variables;
            run.revision = done.revision.or_else(|| run.revision.take());
            let (run, namespace) =
                (run.clone(), declaration.action(&run.stage, &run.action).and_then(|a| a.namespace.clone()));
            for output in run.outputs {
                let artifact = Artifact { revision: run.revision.clone(), ..output };
                execution.artifacts.insert(artifact.name.clone(), artifact);
            }
            if let Some(namespace) = namespace {
                execution.outputs.insert(namespace, run.variables);
            }
        }
        Err(failed) => {
            run.status = Status::Failed;
            run.error = failed.fault;
            run.summary = failed.summary.or_else(|| run.summary.take());
            run.external = failed.external.or_else(|| run.external.take());
            run.updated_by = failed.by;
        }
    }
    execution.updated = turn.now;
    told::action(turn, &pipeline.executions[index], &declaration, action, state);
    true
}

/// Gives up what is under way in an execution.
pub fn abandon(pipeline: &mut Pipeline, execution: &str, turn: &mut Turn<'_>) {
    let Some(index) = pipeline.executions.iter().position(|known| known.id == execution) else { return };
    let declaration = pipeline.followed(&pipeline.executions[index]).clone();
    let open = pipeline.executions[index].actions.iter_mut().filter(|run| run.status == Status::InProgress);
    let mut given_up = Vec::new();
    for run in open {
        run.status = Status::Abandoned;
        run.updated = turn.now;
        given_up.push(run.id.clone());
    }
    for id in given_up {
        told::action(turn, &pipeline.executions[index], &declaration, &id, "ABANDONED");
    }
}
