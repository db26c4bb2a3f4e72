//! What sections have in common.

use crate::error::{Path, Result, TemplateError};
use crate::node::Node;
use crate::{quotas, words};

/// Keys with values, in the order written.
pub(crate) type Members = Vec<(String, Node)>;

/// The members of a section; none if the section is not there.
pub(crate) fn members(section: Option<Node>, name: &str, path: &Path<'_>) -> Result<Members> {
    match section {
        None => Ok(Vec::new()),
        Some(Node::Map(members)) => Ok(members),
        Some(_) => Err(TemplateError::at(path, words::section_no_map(name))),
    }
}

/// A string that may be missing. Numbers and booleans are taken for what they are written as.
pub(crate) fn text(node: Option<Node>, name: &str, path: &Path<'_>) -> Result<Option<String>> {
    node.map(|node| node.scalar().ok_or_else(|| TemplateError::at(&path.key(name), words::every_member_a_string(name))))
        .transpose()
}

/// Letters and digits, at most 255 of them.
pub(crate) fn check_name(what: &str, name: &str, path: &Path<'_>) -> Result<()> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(TemplateError::at(path, words::non_alphanumeric(what, name)));
    }
    if name.len() > quotas::NAME_CHARACTERS {
        return Err(TemplateError::at(path, words::name_too_long(what, name)));
    }
    Ok(())
}
