//! Calls that take back one call, by its journal alone: for repairs that belong to no share.

use super::{Action, PastRun, Plan, Step, VersionRef};
use crate::arn::Arn;
use std::collections::BTreeMap;

/// The plan that takes back every step the runs began, the last first. For runs that belong to no share; those that do
/// are taken back by [`super::undo`], which looks at what is there now.
pub fn take_back(runs: &[PastRun]) -> Plan {
    let mut steps = Vec::new();
    for run in runs.iter().rev() {
        let begun = run.plan.steps.iter().rev().filter(|step| run.attempted.contains(&step.id));
        for step in begun {
            append(&mut steps, step, run.results.get(&step.id).map(String::as_str));
        }
    }
    Plan { steps }
}

/// Adds the calls that take `step` back. Each waits for what was taken back before it in the same account: changes of
/// one thing have to be taken back in turn.
fn append(steps: &mut Vec<Step>, step: &Step, result: Option<&str>) {
    for action in reversed(&step.action, result) {
        let id = format!("back-{}-{}", steps.len() + 1, step.id);
        let before = steps.iter().rfind(|one| one.account == step.account && one.id.starts_with("back-"));
        let after = before.map(|one| one.id.clone()).into_iter().collect();
        steps.push(Step {
            id,
            title: action.title(),
            side: step.side,
            account: step.account.clone(),
            connection: step.connection.clone(),
            action,
            after,
        });
    }
}

/// What takes a call back; nothing for what leaves no way back, such as a deleted version.
fn reversed(action: &Action, result: Option<&str>) -> Vec<Action> {
    match action {
        Action::PutInlinePolicy { holder, name, document, previous } => vec![match previous {
            Some(previous) => Action::PutInlinePolicy {
                holder: holder.clone(),
                name: name.clone(),
                document: previous.clone(),
                previous: Some(document.clone()),
            },
            None => {
                Action::DeleteInlinePolicy { holder: holder.clone(), name: name.clone(), previous: document.clone() }
            }
        }],
        Action::DeleteInlinePolicy { holder, name, previous } => vec![Action::PutInlinePolicy {
            holder: holder.clone(),
            name: name.clone(),
            document: previous.clone(),
            previous: None,
        }],
        Action::CreatePolicyVersion { policy, previous: (version, _), .. } => version_back(policy, version, result),
        Action::SetDefaultPolicyVersion { policy, version, previous: Some(previous) } => {
            let (policy, version, previous) = (policy.clone(), previous.clone(), Some(version.clone()));
            vec![Action::SetDefaultPolicyVersion { policy, version, previous }]
        }
        Action::UpdateTrust { role, trust, previous } => {
            vec![Action::UpdateTrust { role: role.clone(), trust: previous.clone(), previous: trust.clone() }]
        }
        Action::UpdateMaxSession { role, seconds, previous } => {
            vec![Action::UpdateMaxSession { role: role.clone(), seconds: *previous, previous: *seconds }]
        }
        Action::Attach { to, policy } => vec![Action::Detach { from: to.clone(), policy: policy.clone() }],
        Action::Detach { from, policy } => vec![Action::Attach { to: from.clone(), policy: policy.clone() }],
        Action::CreatePolicy { arn, .. } => vec![Action::DeletePolicy { policy: arn.clone() }],
        Action::CreateRole { name, .. } => vec![Action::DeleteRole { role: name.clone() }],
        Action::TagPolicy { policy, tags, previous } => {
            let untag = |keys| Action::UntagPolicy { policy: policy.clone(), keys };
            let tag = |(tags, previous)| Action::TagPolicy { policy: policy.clone(), tags, previous };
            untagged(tags, previous).map(untag).into_iter().chain(retagged(tags, previous).map(tag)).collect()
        }
        Action::TagRole { role, tags, previous } => {
            let untag = |keys| Action::UntagRole { role: role.clone(), keys };
            let tag = |(tags, previous)| Action::TagRole { role: role.clone(), tags, previous };
            untagged(tags, previous).map(untag).into_iter().chain(retagged(tags, previous).map(tag)).collect()
        }
        Action::DeletePolicyVersion { .. }
        | Action::SetDefaultPolicyVersion { previous: None, .. }
        | Action::DeletePolicy { .. }
        | Action::DeleteRole { .. }
        | Action::UntagPolicy { .. }
        | Action::UntagRole { .. }
        | Action::RemoveBoundary { .. }
        // A share's function is taken away as a whole, by what is there of it.
        | Action::CreateFunction { .. }
        | Action::UpdateFunctionCode { .. }
        | Action::UpdateFunctionEnvironment { .. }
        | Action::AwaitFunction { .. }
        | Action::DeleteFunction { .. } => Vec::new(),
    }
}

/// The version from before in force again, and the one that was made away.
fn version_back(policy: &Arn, version: &str, made: Option<&str>) -> Vec<Action> {
    let (of, version, previous) = (policy.clone(), version.to_owned(), made.map(str::to_owned));
    let restore = Action::SetDefaultPolicyVersion { policy: of, version, previous };
    // Without AWS's answer nobody knows which version it was: it stays, out of force.
    let delete =
        made.map(|id| Action::DeletePolicyVersion { policy: policy.clone(), version: VersionRef::Id(id.to_owned()) });
    std::iter::once(restore).chain(delete).collect()
}

type Tags = BTreeMap<String, String>;

/// The keys that were not there before.
fn untagged(tags: &Tags, previous: &Tags) -> Option<Vec<String>> {
    let keys: Vec<_> = tags.keys().filter(|key| !previous.contains_key(*key)).cloned().collect();
    (!keys.is_empty()).then_some(keys)
}

/// The values from before, with those they take the place of.
fn retagged(tags: &Tags, previous: &Tags) -> Option<(Tags, Tags)> {
    (!previous.is_empty()).then(|| (previous.clone(), tags.clone()))
}
