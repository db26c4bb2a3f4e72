//! What changes about one resource, and why.

use super::hosts::{Current, Planned};
use super::shapes::{
    AttributeChangeType, ChangeSource, Evaluation, RequiresRecreation, ResourceAttribute, ResourceChangeDetail, Target,
};
use super::{Found, ResourceTypes};
use crate::deployment::Deployment;
use crate::error::Path;
use crate::expression::Expression;
use crate::references::References;
use crate::resolve::{Host, text};
use crate::template::{DeletionPolicy, Resource};
use serde_json::Value;
use std::collections::BTreeSet;

/// A resource before and after.
pub(super) struct Comparison<'a> {
    pub(super) previous: &'a Deployment<'a>,
    pub(super) next: &'a Deployment<'a>,
    pub(super) types: &'a dyn ResourceTypes,
    pub(super) host: &'a dyn Host,
    pub(super) found: &'a Found,
    pub(super) name: &'a str,
}

/// A part of a resource: what it is called, before and after.
struct Part<'e> {
    attribute: ResourceAttribute,
    name: Option<&'e str>,
    recreation: RequiresRecreation,
    before: Option<&'e Expression>,
    after: Option<&'e Expression>,
}

impl Comparison<'_> {
    /// All reasons for changes.
    pub(super) fn details(&self, before: &Resource, after: &Resource) -> Vec<ResourceChangeDetail> {
        let mut details = Vec::new();
        let names: BTreeSet<&str> =
            before.properties.keys().chain(after.properties.keys()).map(String::as_str).collect();
        for name in names {
            let tags = name == "Tags";
            let part = Part {
                attribute: if tags { ResourceAttribute::Tags } else { ResourceAttribute::Properties },
                name: Some(name),
                recreation: self.types.requires_recreation(&after.resource_type, name),
                before: before.properties.get(name),
                after: after.properties.get(name),
            };
            details.extend(self.part(&part));
        }
        for (attribute, before, after) in [
            (ResourceAttribute::Metadata, &before.metadata, &after.metadata),
            (ResourceAttribute::CreationPolicy, &before.creation_policy, &after.creation_policy),
            (ResourceAttribute::UpdatePolicy, &before.update_policy, &after.update_policy),
        ] {
            let recreation = RequiresRecreation::Never;
            let part = Part { attribute, name: None, recreation, before: before.as_ref(), after: after.as_ref() };
            details.extend(self.part(&part));
        }
        for (attribute, before, after) in [
            (ResourceAttribute::DeletionPolicy, before.deletion_policy, after.deletion_policy),
            (ResourceAttribute::UpdateReplacePolicy, before.update_replace_policy, after.update_replace_policy),
        ] {
            details.extend(policy(attribute, before, after));
        }
        if details.is_empty() && after.resource_type == "AWS::CloudFormation::Stack" {
            let target = Target {
                attribute: ResourceAttribute::Properties,
                name: None,
                requires_recreation: RequiresRecreation::Never,
                path: None,
                before_value: None,
                after_value: None,
                attribute_change_type: None,
            };
            details.push(detail(target, Evaluation::Dynamic, ChangeSource::Automatic, None));
        }
        details
    }

    fn part(&self, part: &Part<'_>) -> Vec<ResourceChangeDetail> {
        let mut references = References::default();
        if let Some(after) = part.after {
            references.collect(after, &|condition| self.next.branch(condition));
        }
        let mut reasons = Vec::new();
        if self.differs(part, &references) {
            let parameters = self.changed_parameters(&references);
            let written = part.before != part.after;
            let evaluation = if written || parameters.is_empty() { Evaluation::Static } else { Evaluation::Dynamic };
            for parameter in parameters {
                reasons.push((Evaluation::Static, ChangeSource::ParameterReference, Some(parameter.to_owned())));
            }
            reasons.push((evaluation, ChangeSource::DirectModification, None));
        }
        if part.before.is_some() {
            for name in references.names.iter().filter(|name| self.found.replaced(name)) {
                reasons.push((Evaluation::Dynamic, ChangeSource::ResourceReference, Some((*name).to_owned())));
            }
            for (resource, attribute) in &references.attributes {
                if self.found.modified.contains_key(*resource) {
                    let entity = attribute.map_or_else(|| (*resource).to_owned(), |name| format!("{resource}.{name}"));
                    reasons.push((Evaluation::Dynamic, ChangeSource::ResourceAttribute, Some(entity)));
                }
            }
        }
        if reasons.is_empty() {
            return Vec::new();
        }
        let target = self.target(part);
        reasons
            .into_iter()
            .map(|(evaluation, source, entity)| detail(target.clone(), evaluation, source, entity))
            .collect()
    }

    /// Whether the value differs, as far as it is known. One that can't be resolved yet differs if it is written
    /// differently or a parameter in it has changed.
    fn differs(&self, part: &Part<'_>, references: &References<'_>) -> bool {
        let current = Current(self.host);
        let value = |deployment: &Deployment<'_>, expression: Option<&Expression>| match expression {
            None => Ok(None),
            Some(expression) => deployment.resolver(&current).value(expression, &Path::Root),
        };
        match (value(self.previous, part.before), value(self.next, part.after)) {
            (Ok(before), Ok(after)) => !same(before.as_ref(), after.as_ref()),
            _ => {
                part.before != part.after
                    || !self.changed_parameters(references).is_empty()
                    || references
                        .conditions
                        .iter()
                        .any(|name| self.previous.condition(name) != self.next.condition(name))
            }
        }
    }

    /// The parameters in it whose value is another.
    fn changed_parameters<'r>(&self, references: &References<'r>) -> Vec<&'r str> {
        let changed = |name: &&str| match (self.previous.parameters().get(name), self.next.parameters().get(name)) {
            (Some(before), Some(after)) => before.value() != after.value(),
            _ => false,
        };
        references.names.iter().copied().filter(changed).collect()
    }

    fn target(&self, part: &Part<'_>) -> Target {
        let planned = Planned { host: self.host, found: self.found };
        let shown = |deployment: &Deployment<'_>, expression: Option<&Expression>, host: &dyn Host| {
            let masked = deployment.masked();
            let value = masked.resolver(host).value(expression?, &Path::Root).ok().flatten()?;
            Some(text(&value).unwrap_or_else(|| value.to_string()))
        };
        Target {
            attribute: part.attribute,
            name: part.name.filter(|_| part.attribute == ResourceAttribute::Properties).map(str::to_owned),
            requires_recreation: part.recreation,
            path: Some(match part.name {
                Some(name) => format!("/Properties/{name}"),
                None => format!("/{:?}", part.attribute),
            }),
            before_value: shown(self.previous, part.before, &Current(self.host)),
            after_value: shown(self.next, part.after, &planned),
            attribute_change_type: Some(change_type(part.before.is_some(), part.after.is_some())),
        }
    }
}

fn change_type(before: bool, after: bool) -> AttributeChangeType {
    match (before, after) {
        (false, _) => AttributeChangeType::Add,
        (true, false) => AttributeChangeType::Remove,
        (true, true) => AttributeChangeType::Modify,
    }
}

fn policy(
    attribute: ResourceAttribute,
    before: Option<DeletionPolicy>,
    after: Option<DeletionPolicy>,
) -> Option<ResourceChangeDetail> {
    if before == after {
        return None;
    }
    let shown = |policy: Option<DeletionPolicy>| policy.map(|policy| policy.as_str().to_owned());
    let target = Target {
        attribute,
        name: None,
        requires_recreation: RequiresRecreation::Never,
        path: Some(format!("/{attribute:?}")),
        before_value: shown(before),
        after_value: shown(after),
        attribute_change_type: Some(change_type(before.is_some(), after.is_some())),
    };
    Some(detail(target, Evaluation::Static, ChangeSource::DirectModification, None))
}

fn detail(
    target: Target,
    evaluation: Evaluation,
    change_source: ChangeSource,
    causing_entity: Option<String>,
) -> ResourceChangeDetail {
    ResourceChangeDetail { target, evaluation, change_source, causing_entity }
}

/// Equal as CloudFormation compares: `"5"` and `5` are the same.
fn same(one: Option<&Value>, two: Option<&Value>) -> bool {
    match (one, two) {
        (Some(Value::Array(one)), Some(Value::Array(two))) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(Some(one), Some(two)))
        }
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            one.len() == two.len() && one.iter().all(|(key, value)| same(Some(value), two.get(key)))
        }
        (Some(one), Some(two)) => match (text(one), text(two)) {
            (Some(one), Some(two)) => one == two,
            _ => one == two,
        },
        (one, two) => one == two,
    }
}
