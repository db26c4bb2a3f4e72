//! The Resources section.

use super::values::{check_name, members, text};
use super::{DeletionPolicy, Resource};
use crate::error::{Path, Result, TemplateError};
use crate::expression::{Context, Expression, parse};
use crate::node::Node;
use crate::section::Section;
use crate::{quotas, words};
use std::collections::BTreeMap;

pub(super) fn section(section: Option<Node>) -> Result<Section<Resource>> {
    let root = Path::Root;
    let path = root.key("Resources");
    let members = members(section, "Resources", &path)?;
    if members.is_empty() {
        return Err(TemplateError::at(&path, words::NO_RESOURCES));
    }
    if members.len() > quotas::RESOURCES {
        return Err(TemplateError::at(&path, words::too_many("resources", members.len(), quotas::RESOURCES)));
    }
    members
        .into_iter()
        .map(|(name, node)| {
            let path = path.key(&name);
            check_name("Resource", &name, &path)?;
            let resource = resource(&name, node, &path)?;
            Ok((name, resource))
        })
        .collect()
}

fn resource(name: &str, node: Node, path: &Path<'_>) -> Result<Resource> {
    let Node::Map(members) = node else {
        return Err(TemplateError::at(path, words::resource_malformed(name)));
    };
    let mut read = Resource {
        resource_type: String::new(),
        properties: BTreeMap::new(),
        depends_on: Vec::new(),
        condition: None,
        deletion_policy: None,
        update_replace_policy: None,
        metadata: None,
        creation_policy: None,
        update_policy: None,
        description: None,
    };
    let mut typed = false;
    for (key, value) in members {
        let attribute = Attribute { resource: name, name: &key, path: &path.key(&key) };
        match key.as_str() {
            "Type" => {
                read.resource_type = attribute.string(value)?;
                typed = true;
            }
            "Properties" => read.properties = attribute.map(value)?,
            "DependsOn" => read.depends_on = attribute.names(value)?,
            "Condition" => read.condition = Some(attribute.string(value)?),
            "DeletionPolicy" => read.deletion_policy = Some(attribute.policy(value)?),
            "UpdateReplacePolicy" => read.update_replace_policy = Some(attribute.policy(value)?),
            "Metadata" => read.metadata = Some(Expression::Map(attribute.map(value)?)),
            "CreationPolicy" => read.creation_policy = Some(Expression::Map(attribute.map(value)?)),
            "UpdatePolicy" => read.update_policy = Some(Expression::Map(attribute.map(value)?)),
            "Description" => read.description = text(Some(value), &key, path)?,
            _ => return Err(TemplateError::at(&path.key(&key), words::unknown_resource_attribute(&key))),
        }
    }
    if !typed || read.resource_type.is_empty() {
        return Err(TemplateError::at(path, words::resource_without_type(name)));
    }
    Ok(read)
}

struct Attribute<'a> {
    resource: &'a str,
    name: &'a str,
    path: &'a Path<'a>,
}

impl Attribute<'_> {
    fn string(&self, value: Node) -> Result<String> {
        match value {
            Node::Text(text) => Ok(text),
            _ => Err(TemplateError::at(self.path, words::every_member_a_string(self.name))),
        }
    }

    fn map(&self, value: Node) -> Result<BTreeMap<String, Expression>> {
        match parse(value, self.path, Context::Value)? {
            Expression::Map(members) => Ok(members),
            _ => Err(TemplateError::at(self.path, words::attribute_no_map(self.resource, self.name))),
        }
    }

    fn names(&self, value: Node) -> Result<Vec<String>> {
        let items = match value {
            Node::Text(name) => return Ok(vec![name]),
            Node::List(items) => items,
            _ => return Err(TemplateError::at(self.path, words::DEPENDS_ON)),
        };
        items
            .into_iter()
            .map(|item| match item {
                Node::Text(name) => Ok(name),
                _ => Err(TemplateError::at(self.path, words::DEPENDS_ON)),
            })
            .collect()
    }

    fn policy(&self, value: Node) -> Result<DeletionPolicy> {
        let value = self.string(value)?;
        DeletionPolicy::parse(&value)
            .filter(|policy| self.name == "DeletionPolicy" || *policy != DeletionPolicy::RetainExceptOnCreate)
            .ok_or_else(|| TemplateError::at(self.path, words::unknown_policy(self.name, &value, self.resource)))
    }
}
