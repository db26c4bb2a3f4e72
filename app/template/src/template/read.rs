//! From a tree to the sections.

use super::values::{Members, check_name, members, text};
use super::{Mapping, Template, outputs, resources};
use crate::error::{Path, Result, TemplateError};
use crate::expression::{Context, Expression, parse};
use crate::node::Node;
use crate::parameters::declaration;
use crate::section::Section;
use crate::{quotas, rules, words};
use std::collections::BTreeMap;

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
];

const VERSION: &str = "2010-09-09";

/// Reads all sections. Names are not looked up yet.
pub(super) fn template(node: Node) -> Result<Template> {
    let root = Path::Root;
    let Node::Map(mut sections) = node else {
        return Err(TemplateError::at(&root, words::UNSUPPORTED_STRUCTURE));
    };
    let unknown: Vec<&str> =
        sections.iter().map(|(name, _)| name.as_str()).filter(|name| !SECTIONS.contains(name)).collect();
    if let Some(first) = unknown.first() {
        return Err(TemplateError::at(&root.key(first), words::unknown_sections(&unknown)));
    }
    if let Some(transform) = take(&mut sections, "Transform") {
        return Err(TemplateError::at(&root.key("Transform"), words::transforms(&transform_name(&transform))));
    }
    let format_version = text(take(&mut sections, "AWSTemplateFormatVersion"), "AWSTemplateFormatVersion", &root)?;
    if format_version.as_ref().is_some_and(|version| version != VERSION) {
        return Err(TemplateError::at(&root.key("AWSTemplateFormatVersion"), words::UNSUPPORTED_VERSION));
    }
    let description = text(take(&mut sections, "Description"), "Description", &root)?;
    if description.as_ref().is_some_and(|text| text.len() > quotas::DESCRIPTION_BYTES) {
        return Err(TemplateError::at(&root.key("Description"), words::description_too_long()));
    }
    let metadata = take(&mut sections, "Metadata");
    if metadata.as_ref().is_some_and(|metadata| !matches!(metadata, Node::Map(_))) {
        return Err(TemplateError::at(&root.key("Metadata"), words::section_no_map("Metadata")));
    }
    Ok(Template {
        format_version,
        description,
        metadata: metadata.map(Node::into_value),
        parameters: parameters(take(&mut sections, "Parameters"))?,
        rules: rules::section(take(&mut sections, "Rules"))?,
        mappings: mappings(take(&mut sections, "Mappings"))?,
        conditions: conditions(take(&mut sections, "Conditions"))?,
        resources: resources::section(take(&mut sections, "Resources"))?,
        outputs: outputs::section(take(&mut sections, "Outputs"))?,
    })
}

fn take(sections: &mut Members, name: &str) -> Option<Node> {
    let place = sections.iter().position(|(key, _)| key == name)?;
    Some(sections.swap_remove(place).1)
}

fn transform_name(node: &Node) -> String {
    match node {
        Node::List(items) => Some(items.iter().map(transform_name).collect::<Vec<_>>().join(", ")),
        Node::Map(members) => members.iter().find(|(key, _)| key == "Name").and_then(|(_, name)| name.scalar()),
        node => node.scalar(),
    }
    .unwrap_or_else(|| "Transform".to_owned())
}

fn parameters(section: Option<Node>) -> Result<Section<crate::parameters::ParameterDeclaration>> {
    let root = Path::Root;
    let path = root.key("Parameters");
    let members = members(section, "Parameters", &path)?;
    if members.len() > quotas::PARAMETERS {
        return Err(TemplateError::at(&path, words::too_many("parameters", members.len(), quotas::PARAMETERS)));
    }
    members
        .into_iter()
        .map(|(name, node)| {
            let path = path.key(&name);
            check_name("Parameter", &name, &path)?;
            let declaration = declaration(&name, node, &path)?;
            Ok((name, declaration))
        })
        .collect()
}

fn mappings(section: Option<Node>) -> Result<Section<Mapping>> {
    let root = Path::Root;
    let path = root.key("Mappings");
    let members = members(section, "Mappings", &path)?;
    if members.len() > quotas::MAPPINGS {
        return Err(TemplateError::at(&path, words::too_many("mappings", members.len(), quotas::MAPPINGS)));
    }
    members
        .into_iter()
        .map(|(name, node)| {
            let path = path.key(&name);
            check_name("Mapping", &name, &path)?;
            let mapping = mapping(&name, node, &path)?;
            Ok((name, mapping))
        })
        .collect()
}

fn mapping(name: &str, node: Node, path: &Path<'_>) -> Result<Mapping> {
    let Node::Map(tops) = node else { return Err(TemplateError::at(path, words::mapping_no_map(name))) };
    if tops.len() > quotas::MAPPING_ATTRIBUTES {
        let message = words::too_many("mapping attributes", tops.len(), quotas::MAPPING_ATTRIBUTES);
        return Err(TemplateError::at(path, message));
    }
    tops.into_iter()
        .map(|(top, node)| {
            let path = path.key(&top);
            let Node::Map(seconds) = node else {
                return Err(TemplateError::at(&path, words::mapping_no_map(&top)));
            };
            let seconds = seconds
                .into_iter()
                .map(|(second, value)| {
                    let fits = match &value {
                        Node::List(items) => items.iter().all(|item| item.scalar().is_some()),
                        other => other.scalar().is_some(),
                    };
                    if fits {
                        Ok((second, value.into_value()))
                    } else {
                        Err(TemplateError::at(&path.key(&second), words::MAPPING_VALUE))
                    }
                })
                .collect::<Result<BTreeMap<_, _>>>()?;
            Ok((top, seconds))
        })
        .collect()
}

fn conditions(section: Option<Node>) -> Result<Section<Expression>> {
    let root = Path::Root;
    let path = root.key("Conditions");
    members(section, "Conditions", &path)?
        .into_iter()
        .map(|(name, node)| {
            let path = path.key(&name);
            let condition = parse(node, &path, Context::Condition)?;
            if !condition.function().is_some_and(|function| function.is_boolean()) {
                return Err(TemplateError::at(&path, words::CONDITIONS_ONLY_BOOLEAN));
            }
            Ok((name, condition))
        })
        .collect()
}
