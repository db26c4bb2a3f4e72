//! From a text to a tree: JSON or YAML, short tags as the functions they stand for.
//!
//! A text that begins with `{` is JSON and nothing else, as in CloudFormation. What is too deep, too large or has a key
//! twice is refused here; what the sections mean is [`crate::template`]'s matter.

mod json;
mod locate;
mod scalar;
mod yaml;

pub use locate::locate;

use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::node::Node;
use crate::{quotas, words};

/// What to do with YAML aliases (`*name`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aliases {
    /// Refused, as CloudFormation does.
    #[default]
    Refused,
    /// Replaced by what they stand for, as `aws cloudformation package` does before it sends a template. What they add
    /// is bounded.
    Expanded,
}

/// Reads a text. No value in it is null.
pub(crate) fn read(text: &str, aliases: Aliases) -> Result<Node> {
    if text.len() > quotas::TEMPLATE_BYTES {
        return Err(TemplateError::whole(ErrorKind::Syntax, words::template_too_long()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = if is_json(text) { json::read(text)? } else { yaml::read(text, aliases)? };
    if !matches!(node, Node::Map(_)) {
        return Err(TemplateError::whole(ErrorKind::Syntax, words::UNSUPPORTED_STRUCTURE));
    }
    no_nulls(&node, &Path::Root)?;
    Ok(node)
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn no_nulls(node: &Node, path: &Path<'_>) -> Result<()> {
    match node {
        Node::Null => Err(TemplateError::at(path, words::null(&path.to_string()))),
        Node::List(items) => items.iter().enumerate().try_for_each(|(index, item)| no_nulls(item, &path.index(index))),
        Node::Map(members) => members.iter().try_for_each(|(key, value)| no_nulls(value, &path.key(key))),
        _ => Ok(()),
    }
}

fn too_deep() -> String {
    format!("the template is nested too deeply: more than {} levels", quotas::DEPTH)
}
