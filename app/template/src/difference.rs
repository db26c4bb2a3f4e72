//! What an update would change: the content of a change set.
//!
//! Two deployments are compared, each a template with its parameters. Values are compared as far as they are known
//! before anything is done; what depends on resources that change themselves is told as *dynamic*.
//!
//! Source: CloudFormation API reference, `ResourceChangeDetail`; CloudFormation user guide, "Example change sets for
//! CloudFormation stacks", and recorded answers of DescribeChangeSet.

mod hosts;
mod property;
mod shapes;

pub use shapes::{
    AttributeChangeType, ChangeAction, ChangeSource, Evaluation, PolicyAction, Replacement, RequiresRecreation,
    ResourceAttribute, ResourceChange, ResourceChangeDetail, Target,
};

use crate::deployment::Deployment;
use crate::error::{Path, Result, TemplateError};
use crate::resolve::Host;
use crate::template::{DeletionPolicy, Resource};
use hosts::Current;
use property::Comparison;
use std::collections::{BTreeMap, BTreeSet};

/// What the host knows of types of resources.
pub trait ResourceTypes {
    /// Whether another value of a top-level property makes a resource anew.
    fn requires_recreation(&self, resource_type: &str, property: &str) -> RequiresRecreation;
}

/// What an update would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The resources that change, by name.
    pub changes: Vec<ResourceChange>,
    /// Whether the outputs change in themselves, not by what resources give.
    pub outputs: bool,
}

impl Difference {
    /// Whether nothing changes: an update is refused with [`crate::words::NO_UPDATES`], a change set fails with
    /// [`crate::words::NO_CHANGES`].
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.outputs
    }
}

/// Compares what a stack has with what it would have; without the former, everything is added.
///
/// # Errors
/// A resource whose type would change: CloudFormation does not do that.
pub fn difference(
    previous: Option<&Deployment<'_>>,
    next: &Deployment<'_>,
    types: &dyn ResourceTypes,
    host: &dyn Host,
) -> Result<Difference> {
    let Some(previous) = previous else {
        let changes = by_name(next.resources().map(|(name, resource)| add(name, resource)));
        return Ok(Difference { changes, outputs: next.template().outputs.iter().next().is_some() });
    };
    check_types(previous, next)?;
    let mut found = Found::default();
    let mut changes = Vec::new();
    // What others refer to comes first.
    for name in next.order().iter() {
        let Some(resource) = next.resource(name) else { continue };
        match previous.resource(name) {
            None => {
                found.added.insert(name.to_owned());
                changes.push(add(name, resource));
            }
            Some(before) => {
                let comparison = Comparison { previous, next, types, host, found: &found, name };
                if let Some(change) = modify(&comparison, before, resource) {
                    found.modified.insert(name.to_owned(), change.replacement.unwrap_or(Replacement::False));
                    changes.push(change);
                }
            }
        }
    }
    changes.extend(
        previous
            .resources()
            .filter(|(name, _)| next.resource(name).is_none())
            .map(|(name, resource)| remove(name, resource, host)),
    );
    Ok(Difference { changes: by_name(changes), outputs: outputs_change(previous, next, host) })
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) added: BTreeSet<String>,
    pub(crate) modified: BTreeMap<String, Replacement>,
}

impl Found {
    /// Whether a resource is or may be made anew.
    pub(crate) fn replaced(&self, name: &str) -> bool {
        self.modified.get(name).is_some_and(|replacement| *replacement != Replacement::False)
    }
}

fn by_name(changes: impl IntoIterator<Item = ResourceChange>) -> Vec<ResourceChange> {
    let mut changes: Vec<ResourceChange> = changes.into_iter().collect();
    changes.sort_by(|one, two| one.logical_resource_id.cmp(&two.logical_resource_id));
    changes
}

fn check_types(previous: &Deployment<'_>, next: &Deployment<'_>) -> Result<()> {
    let changed: Vec<&str> = next
        .resources()
        .filter(|(name, resource)| {
            previous.resource(name).is_some_and(|before| before.resource_type != resource.resource_type)
        })
        .map(|(name, _)| name)
        .collect();
    let Some(first) = changed.first() else { return Ok(()) };
    // Recorded.
    let message = format!(
        "Update of resource type is not permitted. The new template modifies resource type of the following \
         resources: [{}]",
        changed.join(", ")
    );
    let root = Path::Root;
    let section = root.key("Resources");
    let path = section.key(first);
    Err(TemplateError::at(&path.key("Type"), message))
}

fn add(name: &str, resource: &Resource) -> ResourceChange {
    ResourceChange {
        policy_action: None,
        action: ChangeAction::Add,
        logical_resource_id: name.to_owned(),
        physical_resource_id: None,
        resource_type: resource.resource_type.clone(),
        replacement: None,
        scope: Vec::new(),
        details: Vec::new(),
    }
}

fn remove(name: &str, resource: &Resource, host: &dyn Host) -> ResourceChange {
    let policy_action = match resource.on_deletion() {
        DeletionPolicy::Delete => PolicyAction::Delete,
        DeletionPolicy::Retain | DeletionPolicy::RetainExceptOnCreate => PolicyAction::Retain,
        DeletionPolicy::Snapshot => PolicyAction::Snapshot,
    };
    ResourceChange {
        policy_action: Some(policy_action),
        action: ChangeAction::Remove,
        physical_resource_id: host.physical_id(name),
        ..add(name, resource)
    }
}

fn modify(comparison: &Comparison<'_>, before: &Resource, after: &Resource) -> Option<ResourceChange> {
    let details = comparison.details(before, after);
    if details.is_empty() {
        return None;
    }
    let replacement = details.iter().map(replacement).max()?;
    let mut scope = Vec::new();
    for detail in &details {
        if !scope.contains(&detail.target.attribute) {
            scope.push(detail.target.attribute);
        }
    }
    let policy_action = match after.on_replacement() {
        _ if replacement == Replacement::False => None,
        DeletionPolicy::Delete => Some(PolicyAction::ReplaceAndDelete),
        DeletionPolicy::Retain | DeletionPolicy::RetainExceptOnCreate => Some(PolicyAction::ReplaceAndRetain),
        DeletionPolicy::Snapshot => Some(PolicyAction::ReplaceAndSnapshot),
    };
    Some(ResourceChange {
        policy_action,
        action: ChangeAction::Modify,
        physical_resource_id: comparison.host.physical_id(comparison.name),
        replacement: Some(replacement),
        scope,
        details,
        ..add(comparison.name, after)
    })
}

fn replacement(detail: &ResourceChangeDetail) -> Replacement {
    match (detail.target.requires_recreation, detail.evaluation) {
        (RequiresRecreation::Always, Evaluation::Static) => Replacement::True,
        (RequiresRecreation::Always, Evaluation::Dynamic) | (RequiresRecreation::Conditionally, _) => {
            Replacement::Conditional
        }
        (RequiresRecreation::Never, _) => Replacement::False,
    }
}

/// Whether outputs come, go or say something else, as far as what they say is known.
fn outputs_change(previous: &Deployment<'_>, next: &Deployment<'_>, host: &dyn Host) -> bool {
    let current = Current(host);
    match (previous.outputs(&current), next.outputs(&current)) {
        (Ok(before), Ok(after)) => before != after,
        _ => previous.template().outputs != next.template().outputs,
    }
}
