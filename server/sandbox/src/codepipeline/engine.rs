//! What moves pipelines: changes that are kept, and the work that follows from them.
//!
//! Whatever changes a pipeline goes through [`turn`]: the change and all that follows from it are one write. Each action
//! that began is then worked on by a task of its own, once its beginning is on disk; after a restart, [`resume`] begins
//! such a task for each action that was under way.

use super::flow::{self, Done, Failed, Place, Turn};
use super::model::{ActionRun, Pipeline, Pipelines, Status};
use super::providers::{self, Task};
use crate::app::App;
use crate::call::Call;
use crate::error::Failure;
use crate::state::{Regional as _, State};
use crate::{clock, events};
use domain::names::Region;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn pipelines<'s>(state: &'s mut State, place: &Place) -> &'s mut Pipelines {
    let account = state.accounts.entry(place.account.clone()).or_default();
    Pipelines::of_mut(account).entry(place.region.to_string()).or_default()
}

/// Changes a pipeline; `None` if there is none.
fn turn<T>(
    app: &App,
    place: &Place,
    change: impl FnOnce(&mut Pipeline, &mut Turn<'_>) -> Result<T, Failure>,
) -> Option<Result<(T, u64), Failure>> {
    let mut turn = Turn { place, now: clock::now(), begun: Vec::new(), events: Vec::new() };
    let written = app.store.write(|state| {
        let pipeline = pipelines(state, place).pipelines.get_mut(&place.pipeline).ok_or(None)?;
        let done = change(pipeline, &mut turn).map_err(Some)?;
        flow::advance(pipeline, &mut turn);
        pipeline.trim();
        Ok(done)
    });
    let (done, generation) = match written {
        Ok(done) => done,
        Err(None) => return None,
        Err(Some(failure)) => return Some(Err(failure)),
    };
    let Turn { begun, events, .. } = turn;
    for event in events {
        events::publish(app, event);
    }
    for (execution, action) in begun {
        work(app, Task::new(place.clone(), execution, action), generation);
    }
    Some(Ok((done, generation)))
}

/// Changes a pipeline as an operation does: the answer waits until the change is on disk.
pub fn change<T>(
    call: &Call<'_>,
    name: &str,
    change: impl FnOnce(&mut Pipeline, &mut Turn<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let place = Place { account: call.account().clone(), region: call.region.clone(), pipeline: name.to_owned() };
    let none = || Err(super::input::no_pipeline(call.account(), name));
    let (done, generation) = turn(call.app, &place, change).unwrap_or_else(none)?;
    call.generation.store(generation, Ordering::Relaxed);
    Ok(done)
}

fn work(app: &App, task: Task, generation: u64) {
    app.background.begin(move |app: Arc<App>| async move {
        if !app.store.durable(generation).await {
            return;
        }
        if let Some(ended) = providers::run(&app, &task).await {
            finish(&app, &task, ended);
        }
    });
}

/// Tells how an action ended.
fn finish(app: &App, task: &Task, ended: Result<Done, Failed>) {
    let ended = turn(app, &task.place, |pipeline, turn| {
        flow::finish(pipeline, (&task.execution, &task.action), ended, turn);
        Ok(())
    });
    if let Some(Err(failure)) = ended {
        tracing::error!(message = failure.message, "an action's end can't be kept");
    }
}

/// Changes an action that is under way; waits until that is on disk. False if it is over, or can't be kept.
pub async fn note(app: &App, task: &Task, change: impl FnOnce(&mut ActionRun)) -> bool {
    let changed = turn(app, &task.place, |pipeline, turn| {
        let execution = pipeline.execution_mut(&task.execution);
        let run = execution.and_then(|execution| execution.action_mut(&task.action));
        let Some(run) = run.filter(|run| run.status == Status::InProgress) else { return Ok(false) };
        change(run);
        run.updated = turn.now;
        Ok(true)
    });
    match changed {
        Some(Ok((true, generation))) => app.store.durable(generation).await,
        _ => false,
    }
}

/// Takes up what was under way when the sandbox stopped.
pub fn resume(app: &Arc<App>) {
    let mut places = Vec::new();
    for (account, known) in &app.store.read().accounts {
        for (region, pipelines) in Pipelines::of(known) {
            let Ok(region) = Region::parse(region) else { continue };
            let open = pipelines
                .pipelines
                .iter()
                .filter(|(_, pipeline)| pipeline.executions.iter().any(|e| e.status.is_open()));
            for (name, pipeline) in open {
                let place = Place { account: account.clone(), region: region.clone(), pipeline: name.clone() };
                let runs = pipeline.executions.iter().flat_map(|execution| {
                    let open = execution.actions.iter().filter(|run| run.status == Status::InProgress);
                    open.map(|run| Task::new(place.clone(), execution.id.clone(), run.id.clone()))
                });
                places.push((place.clone(), runs.collect::<Vec<_>>()));
            }
        }
    }
    for (place, tasks) in places {
        for task in tasks {
            work(app, task, 0);
        }
        // What had ended without its consequences being drawn.
        turn(app, &place, |_, _| Ok(()));
    }
}
