//! Calls that take back one call, for what a share's own inventory does not show: policies and roles that were there
//! before it and that a repair changed.

use super::{Action, PastRun, Plan, Step, VersionRef};

/// The plan that takes back every step the runs began, the last first. For runs that belong to no share; those that do
/// are taken back by [`super::undo`], which looks at what is there now.
pub fn take_back(runs: &[PastRun]) -> Plan {
    let mut steps = Vec::new();
    for run in runs.iter().rev() {
        let begun = run.plan.steps.iter().rev().filter(|step| run.attempted.contains(&step.id));
        for step in begun {
            append(&mut steps, step, run.results.get(&step.id).map(String::as_str), Vec::new());
        }
    }
    Plan { steps }
}

/// Adds the calls that take `step` back. Each waits for what was taken back before it in the same account: changes of
/// one thing have to be taken back in turn.
pub(super) fn append(steps: &mut Vec<Step>, step: &Step, result: Option<&str>, after: Vec<String>) {
    for action in reversed(&step.action, result) {
        let id = format!("back-{}-{}", steps.len() + 1, step.id);
        let before = steps.iter().rfind(|one| one.account == step.account && one.id.starts_with("back-"));
        let after = after.iter().cloned().chain(before.map(|one| one.id.clone())).collect();
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
        Action::CreatePolicyVersion { policy, previous: (version, _), .. } => {
            let version = version.clone();
            let restore =
                Action::SetDefaultPolicyVersion { policy: policy.clone(), version, previous: result.map(Into::into) };
            // Without AWS's answer nobody knows which version it was: it stays, out of force.
            let made = result.map(|id| Action::DeletePolicyVersion {
                policy: policy.clone(),
                version: VersionRef::Id(id.to_owned()),
            });
            std::iter::once(restore).chain(made).collect()
        }
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
            let keys = tags.keys().filter(|key| !previous.contains_key(*key)).cloned().collect::<Vec<_>>();
            let untag = (!keys.is_empty()).then(|| Action::UntagPolicy { policy: policy.clone(), keys });
            let tag = (!previous.is_empty()).then(|| Action::TagPolicy {
                policy: policy.clone(),
                tags: previous.clone(),
                previous: tags.clone(),
            });
            untag.into_iter().chain(tag).collect()
        }
        Action::TagRole { role, tags, previous } => {
            let keys = tags.keys().filter(|key| !previous.contains_key(*key)).cloned().collect::<Vec<_>>();
            let untag = (!keys.is_empty()).then(|| Action::UntagRole { role: role.clone(), keys });
            let tag = (!previous.is_empty()).then(|| Action::TagRole {
                role: role.clone(),
                tags: previous.clone(),
                previous: tags.clone(),
            });
            untag.into_iter().chain(tag).collect()
        }
        Action::DeletePolicyVersion { .. }
        | Action::SetDefaultPolicyVersion { previous: None, .. }
        | Action::DeletePolicy { .. }
        | Action::DeleteRole { .. }
        | Action::UntagPolicy { .. }
        | Action::UntagRole { .. }
        | Action::RemoveBoundary { .. } => Vec::new(),
    }
}
