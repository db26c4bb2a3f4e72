//! Taking a failed update back: what was changed is changed again, what was replaced gets its old one back, what was
//! made is left over for [`super::removal`].

use super::{Runner, listed};
use crate::cloudformation::model::{Phase, Resource, Work};
use crate::cloudformation::types::{self, Fault, Job};
use std::time::Duration;

/// How long it waits between two looks at what settles.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes the stack what it was.
pub async fn run(run: &Runner, work: &Work) {
    let mut failed = Vec::new();
    for before in ordered(work) {
        let Some(current) = run.read(|stack| stack.resources.get(&before.logical).cloned()).flatten() else {
            continue;
        };
        if work.skip.contains(&before.logical) {
            restore(run, work, before);
            continue;
        }
        if current.physical != before.physical {
            restore(run, work, before);
            note(run, before, "UPDATE_COMPLETE", None);
            continue;
        }
        if current.is_complete() && current.properties == before.properties && current.tags == before.tags {
            restore(run, work, before);
            continue;
        }
        // Nothing was done to what could not be resolved or made anew.
        if current.attempted.is_none() && current.properties == before.properties && current.tags == before.tags {
            restore(run, work, before);
            note(run, before, "UPDATE_COMPLETE", None);
            continue;
        }
        note(run, &current, "UPDATE_IN_PROGRESS", None);
        match change_back(run, work, &current, before).await {
            Ok(()) => {
                restore(run, work, before);
                note(run, before, "UPDATE_COMPLETE", None);
            }
            Err(fault) => {
                note(run, &current, "UPDATE_FAILED", Some(&fault.reason()));
                failed.push(before.logical.clone());
            }
        }
    }
    finish(run, work, &failed);
}

/// The resources as they were, each after those that it needs.
fn ordered(work: &Work) -> Vec<&Resource> {
    let mut left: Vec<&Resource> = work.before.values().collect();
    let mut ordered: Vec<&Resource> = Vec::new();
    while !left.is_empty() {
        let waits = |resource: &&Resource| {
            resource.depends.iter().any(|needed| left.iter().any(|other| other.logical == *needed))
        };
        let (later, ready): (Vec<&Resource>, Vec<&Resource>) = left.iter().copied().partition(waits);
        if ready.is_empty() {
            ordered.extend(later);
            break;
        }
        ordered.extend(ready);
        left = later;
    }
    ordered
}

/// Gives the stack its old resource back. One that took its place is left over.
fn restore(run: &Runner, _: &Work, before: &Resource) {
    run.change(|stack, _| {
        let current = stack.resources.insert(before.logical.clone(), before.clone());
        let Some(work) = &mut stack.work else { return };
        if let Some(current) = current.filter(|current| current.physical != before.physical) {
            work.leftovers.retain(|old| old.physical != before.physical || old.logical != before.logical);
            // It was made by this update: no policy keeps it.
            work.leftovers.push(Resource { retain: false, ..current });
        }
    });
}

fn note(run: &Runner, resource: &Resource, status: &str, reason: Option<&str>) {
    run.change(|stack, now| stack.set_resource(now, resource, status, reason));
}

async fn change_back(run: &Runner, work: &Work, current: &Resource, before: &Resource) -> Result<(), Fault> {
    let Some(kind) = types::find(&before.resource_type) else { return Ok(()) };
    let acting = run.acting(work).map_err(|failure| Fault::plain(&failure))?;
    let tried = current.attempted.as_ref().unwrap_or(&current.properties);
    let job = Job { before: tried, before_tags: &current.tags, ..run.job(&acting, before) };
    kind.provider.update(&job).await?;
    loop {
        // A session of a role ends at some time; what settles may take longer.
        let acting = run.acting(work).map_err(|failure| Fault::plain(&failure))?;
        if kind.provider.settled(&run.job(&acting, before)).await? {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the update made is left over; the stack is again what it was.
fn finish(run: &Runner, work: &Work, failed: &[String]) {
    run.change_for(work, |stack, now| {
        if !failed.is_empty() {
            let reason = format!("The following resource(s) failed to update: {}. ", listed(failed));
            stack.unfinished = stack.work.take().map(Box::new);
            stack.set_status(now, "UPDATE_ROLLBACK_FAILED", Some(&reason));
            return;
        }
        let made: Vec<Resource> =
            stack.resources.values().filter(|known| !work.before.contains_key(&known.logical)).cloned().collect();
        if let Some(current) = &mut stack.work {
            current.leftovers.extend(made);
            current.phase = Phase::Cleanup;
            if let Some(former) = current.former.take() {
                stack.version = former;
            }
        }
        stack.set_status(now, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
    });
}
