//! Rules: what a template asserts of its parameters together.
//!
//! Source: CloudFormation user guide, "CloudFormation template Rules syntax".

use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::expression::{Context, Expression, Function, parse};
use crate::node::Node;
use crate::resolve::Resolver;
use crate::section::Section;
use crate::template::values::{members, text};
use serde_json::Value;

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `RuleCondition`: when the assertions count; always if there is none.
    pub condition: Option<Expression>,
    /// `Assertions`: what must hold.
    pub assertions: Vec<Assertion>,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// `Assert`.
    pub assert: Expression,
    /// `AssertDescription`: what to say if it does not hold.
    pub description: Option<String>,
}

/// Reads the section. That its functions are boolean is part of it; its texts are not confirmed.
pub(crate) fn section(section: Option<Node>) -> Result<Section<Rule>> {
    let root = Path::Root;
    let path = root.key("Rules");
    members(section, "Rules", &path)?
        .into_iter()
        .map(|(name, node)| {
            let rule = rule(&name, node, &path.key(&name))?;
            Ok((name, rule))
        })
        .collect()
}

fn rule(name: &str, node: Node, path: &Path<'_>) -> Result<Rule> {
    let fault =
        || TemplateError::at(path, format!("Template format error: Rule {name} must contain an Assertions list"));
    let Node::Map(members) = node else { return Err(fault()) };
    let (mut condition, mut assertions) = (None, None);
    for (key, value) in members {
        match (key.as_str(), value) {
            ("RuleCondition", value) => condition = Some(boolean(value, &path.key(&key))?),
            ("Assertions", Node::List(items)) => assertions = Some(items),
            ("Assertions", _) => return Err(fault()),
            _ => {
                let message = format!("Invalid template rule property '{key}'");
                return Err(TemplateError::at(&path.key(&key), message));
            }
        }
    }
    let list = path.key("Assertions");
    let assertions = assertions
        .ok_or_else(fault)?
        .into_iter()
        .enumerate()
        .map(|(index, item)| assertion(name, item, &list.index(index)))
        .collect::<Result<_>>()?;
    Ok(Rule { condition, assertions })
}

fn assertion(name: &str, node: Node, path: &Path<'_>) -> Result<Assertion> {
    let fault = || {
        TemplateError::at(path, format!("Template format error: Every assertion of rule {name} must contain an Assert"))
    };
    let Node::Map(members) = node else { return Err(fault()) };
    let (mut assert, mut description) = (None, None);
    for (key, value) in members {
        match key.as_str() {
            "Assert" => assert = Some(boolean(value, &path.key(&key))?),
            "AssertDescription" => description = text(Some(value), &key, path)?,
            _ => return Err(fault()),
        }
    }
    Ok(Assertion { assert: assert.ok_or_else(fault)?, description })
}

fn boolean(node: Node, path: &Path<'_>) -> Result<Expression> {
    let expression = parse(node, path, Context::Rule)?;
    if expression.function().is_some_and(Function::is_boolean) {
        return Ok(expression);
    }
    Err(TemplateError::at(path, "Template format error: Rules can only be boolean operations on parameters"))
}

/// Whether the rules hold. The text of a refusal is the assertion's description; what AWS puts before it is not
/// confirmed.
pub(crate) fn evaluate(rules: &Section<Rule>, resolver: &Resolver<'_>) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Rules");
    for (name, rule) in rules.iter() {
        let path = section.key(name);
        if let Some(condition) = &rule.condition
            && !holds(condition, resolver, &path.key("RuleCondition"))?
        {
            continue;
        }
        for (index, assertion) in rule.assertions.iter().enumerate() {
            let list = path.key("Assertions");
            let path = list.index(index);
            if !holds(&assertion.assert, resolver, &path.key("Assert"))? {
                let message = assertion
                    .description
                    .clone()
                    .unwrap_or_else(|| format!("Template error: assertion {} of rule {name} failed", index + 1));
                return Err(TemplateError::new(ErrorKind::Parameter, &path, message));
            }
        }
    }
    Ok(())
}

fn holds(expression: &Expression, resolver: &Resolver<'_>, path: &Path<'_>) -> Result<bool> {
    Ok(resolver.value(expression, path)? == Some(Value::Bool(true)))
}
