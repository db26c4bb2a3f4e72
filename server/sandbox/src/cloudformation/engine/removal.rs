//! Deleting resources, each after what was made after it: of a stack that goes, of a creation that failed, and what an
//! update left over.

use super::{Runner, listed};
use crate::cloudformation::model::{Kind, OnFailure, Resource, Stack, Work};
use crate::cloudformation::types::{self, Fault};
use domain::time::Timestamp;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::collections::{BTreeMap, BTreeSet};

/// Deletes the resources of a stack, and says what became of it.
pub async fn run(run: &Runner, work: &Work) {
    let deletes = work.kind == Kind::Delete || work.on_failure == OnFailure::Delete;
    if deletes && let Some(reason) = in_use(run) {
        run.change_for(work, |stack, now| {
            stack.set_status(now, &work.status_before, Some(&reason));
            stack.work = None;
        });
        return;
    }
    let there: Vec<Resource> = run.read(|stack| stack.present().cloned().collect()).unwrap_or_default();
    let creating = work.kind == Kind::Create;
    let failed = all(run, work, there, creating).await;
    run.change_for(work, |stack, now| {
        let reason = format!("The following resource(s) failed to delete: {}. ", listed(&failed));
        let status = match (deletes, failed.is_empty()) {
            (true, true) => "DELETE_COMPLETE",
            (true, false) => "DELETE_FAILED",
            (false, true) => "ROLLBACK_COMPLETE",
            (false, false) => "ROLLBACK_FAILED",
        };
        stack.set_status(now, status, (!failed.is_empty()).then_some(reason.as_str()));
        stack.work = None;
        if status == "DELETE_COMPLETE" {
            gone(stack, now);
        }
    });
    run.change_all(crate::cloudformation::model::Stacks::forget);
}

fn gone(stack: &mut Stack, now: Timestamp) {
    stack.deleted = Some(now);
    stack.outputs.clear();
    stack.imports.clear();
    stack.change_sets.clear();
}

/// Why a stack can't go: another imports what it exports.
fn in_use(run: &Runner) -> Option<String> {
    run.stacks(|stacks| {
        let stack = stacks.stacks.get(&run.id)?;
        stack.outputs.iter().filter_map(|output| output.export.as_ref()).find_map(|name| {
            let users = stacks.importers(name);
            let users = users.join(", ");
            (!users.is_empty())
                .then(|| format!("Delete canceled. Cannot delete export {name} as it is in use by {users}."))
        })
    })
}

/// Deletes what an update left over: what it replaced and removed, or what it had made when it failed.
pub async fn clean_up(run: &Runner, work: &Work) {
    let rolled_back = work.former.is_none();
    let mut left = work.leftovers.clone();
    if !rolled_back
        && let Ok(prepared) = run.prepared()
        && let Ok(deployment) = prepared.deployment()
    {
        let stays: BTreeSet<&str> = deployment.resources().map(|(name, _)| name).collect();
        let removed = run.read(|stack| {
            stack.present().filter(|known| !stays.contains(known.logical.as_str())).cloned().collect::<Vec<_>>()
        });
        left.extend(removed.unwrap_or_default());
    }
    let failed = all(run, work, left.clone(), rolled_back).await;
    run.change_for(work, |stack, now| {
        // What was taken away has no place in the stack any more, whether it could be deleted or not.
        let current: BTreeMap<&str, &Resource> = left.iter().map(|old| (old.logical.as_str(), old)).collect();
        stack.resources.retain(|name, known| {
            known.is_present() && current.get(name.as_str()).is_none_or(|old| old.physical != known.physical)
        });
        let reason = "One or more resources could not be deleted.";
        let (status, reason) = match (rolled_back, failed.is_empty()) {
            (true, true) => ("UPDATE_ROLLBACK_COMPLETE", None),
            (true, false) => ("UPDATE_ROLLBACK_COMPLETE", Some(reason.to_owned())),
            (false, true) => ("UPDATE_COMPLETE", None),
            (false, false) => ("UPDATE_COMPLETE", Some(format!("Update successful. {reason}"))),
        };
        stack.set_status(now, status, reason.as_deref());
        stack.work = None;
    });
}

/// Deletes resources as soon as nothing that was made after them is left. Gives those that could not be deleted; what
/// they were made after stays too.
async fn all(run: &Runner, work: &Work, there: Vec<Resource>, creating: bool) -> Vec<String> {
    let mut waiting: BTreeMap<String, Resource> =
        there.into_iter().map(|resource| (resource.logical.clone(), resource)).collect();
    let mut left: BTreeMap<String, Vec<String>> =
        waiting.iter().map(|(name, resource)| (name.clone(), resource.depends.clone())).collect();
    let mut failed = Vec::new();
    let mut running = FuturesUnordered::new();
    loop {
        let needed: BTreeSet<&String> = left.values().flatten().collect();
        let ready: Vec<String> = waiting.keys().filter(|name| !needed.contains(name)).cloned().collect();
        for name in ready.iter().rev() {
            if let Some(resource) = waiting.remove(name) {
                running.push(async move {
                    let done = one(run, work, &resource, creating).await;
                    (resource.logical, done)
                });
            }
        }
        match running.next().await {
            None => break,
            Some((name, true)) => drop(left.remove(&name)),
            Some((name, false)) => failed.push(name),
        }
    }
    failed
}

/// Deletes a resource, and says whether it is off the stack.
async fn one(run: &Runner, work: &Work, resource: &Resource, creating: bool) -> bool {
    let stays = resource.retain && !(creating && resource.retain_except_on_create);
    let note = |status: &str, reason: Option<&str>| {
        run.change(|stack, now| {
            let same = |known: &Resource| known.physical == resource.physical;
            if stack.resources.get(&resource.logical).is_some_and(same) {
                stack.set_resource(now, resource, status, reason);
            } else {
                stack.note_resource(now, resource, status, reason);
            }
        });
    };
    if resource.physical.is_none() {
        note("DELETE_COMPLETE", None);
        return true;
    }
    if stays || work.skip.contains(&resource.logical) {
        note("DELETE_SKIPPED", None);
        return true;
    }
    note("DELETE_IN_PROGRESS", None);
    match delete(run, work, resource).await {
        Ok(()) => {
            note("DELETE_COMPLETE", None);
            true
        }
        Err(fault) if fault.is_missing() => {
            note("DELETE_COMPLETE", None);
            true
        }
        Err(fault) => {
            note("DELETE_FAILED", Some(&fault.reason()));
            false
        }
    }
}

async fn delete(run: &Runner, work: &Work, resource: &Resource) -> Result<(), Fault> {
    let Some(kind) = types::find(&resource.resource_type) else { return Ok(()) };
    let acting = run.acting(work).map_err(|failure| Fault::plain(&failure))?;
    kind.provider.delete(&run.job(&acting, resource)).await
}
