//! The Outputs section.

use super::Output;
use super::values::{check_name, members, text};
use crate::error::{Path, Result, TemplateError};
use crate::expression::{Context, Expression, Function, parse};
use crate::node::Node;
use crate::section::Section;
use crate::{quotas, words};

pub(super) fn section(section: Option<Node>) -> Result<Section<Output>> {
    let root = Path::Root;
    let path = root.key("Outputs");
    let members = members(section, "Outputs", &path)?;
    if members.len() > quotas::OUTPUTS {
        return Err(TemplateError::at(&path, words::too_many("outputs", members.len(), quotas::OUTPUTS)));
    }
    members
        .into_iter()
        .map(|(name, node)| {
            let path = path.key(&name);
            check_name("Output", &name, &path)?;
            let output = output(&name, node, &path)?;
            Ok((name, output))
        })
        .collect()
}

fn output(name: &str, node: Node, path: &Path<'_>) -> Result<Output> {
    let Node::Map(members) = node else { return Err(TemplateError::at(path, words::output_malformed(name))) };
    let (mut value, mut description, mut export, mut condition) = (None, None, None, None);
    for (key, node) in members {
        let here = path.key(&key);
        match key.as_str() {
            "Value" => value = Some(output_value(node, &here)?),
            "Description" => description = text(Some(node), &key, path)?,
            "Export" => export = Some(export_name(name, node, &here)?),
            "Condition" => match node {
                Node::Text(name) => condition = Some(name),
                _ => return Err(TemplateError::at(&here, words::every_member_a_string(&key))),
            },
            _ => return Err(TemplateError::at(&here, words::unknown_output_attribute(&key))),
        }
    }
    let value = value.ok_or_else(|| TemplateError::at(path, words::OUTPUT_WITHOUT_VALUE))?;
    Ok(Output { value, description, export, condition })
}

fn output_value(node: Node, path: &Path<'_>) -> Result<Expression> {
    let boolean = |key: &str| matches!(key, "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals");
    if let Node::Map(members) = &node
        && members.len() == 1
        && members.iter().any(|(key, _)| boolean(key))
    {
        return Err(TemplateError::at(path, words::OUTPUT_NO_STRING));
    }
    match parse(node, path, Context::Value)? {
        Expression::List(_) | Expression::Map(_) => Err(TemplateError::at(path, words::OUTPUT_NO_STRING)),
        value => Ok(value),
    }
}

/// An export has a name that doesn't change as the stack is deployed.
fn export_name(output: &str, node: Node, path: &Path<'_>) -> Result<Expression> {
    let malformed = || TemplateError::at(path, words::export_name(output));
    let Node::Map(members) = node else { return Err(malformed()) };
    let mut members = members.into_iter();
    let name = match (members.next(), members.next()) {
        (Some((key, name)), None) if key == "Name" => parse(name, &path.key(&key), Context::Value)?,
        _ => return Err(malformed()),
    };
    match &name {
        Expression::Text(text) if is_export_name(text) => Ok(name),
        Expression::Function(_) => {
            let mut depends = false;
            name.walk(&mut |function| {
                depends |= matches!(function, Function::GetAtt { .. } | Function::ImportValue(_) | Function::GetAzs(_));
            });
            if depends { Err(TemplateError::at(path, words::export_depends(output))) } else { Ok(name) }
        }
        _ => Err(malformed()),
    }
}

/// Letters, digits, colons and hyphens.
pub(crate) fn is_export_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= crate::quotas::NAME_CHARACTERS
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-'))
}
