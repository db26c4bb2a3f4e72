//! Whether the names in a template are there, and whether what refers to each other can be put in an order at all.
//!
//! What depends on parameters is left to [`crate::deployment`]: a resource that a condition leaves out, a cycle through
//! an `Fn::If`.

use super::{Resource, Template};
use crate::error::{Path, Result, TemplateError};
use crate::expression::{Expression, Function, Piece};
use crate::graph::{Graph, layers};
use crate::references::{Branch, References};
use crate::{pseudo, words};
use std::collections::BTreeSet;

pub(super) fn check(template: &Template) -> Result<()> {
    let common: Vec<&str> = template.resources.names().filter(|name| template.parameters.contains(name)).collect();
    if let Some(first) = common.first() {
        let root = Path::Root;
        return Err(TemplateError::at(&root.key("Resources").key(first), words::common_names(&common)));
    }
    rules(template)?;
    conditions(template)?;
    resources(template)?;
    outputs(template)?;
    cycles(template)
}

/// Looks the names of one block up.
struct Block<'a> {
    template: &'a Template,
    name: &'static str,
    /// Names that are nothing, in the order written, and where the first stands.
    unresolved: Vec<&'a str>,
    first: Option<String>,
}

impl<'a> Block<'a> {
    fn new(template: &'a Template, name: &'static str) -> Self {
        Self { template, name, unresolved: Vec::new(), first: None }
    }

    fn is_value(&self, name: &str) -> bool {
        self.template.parameters.contains(name) || pseudo::NAMES.contains(&name)
    }

    /// A name that `Ref` has: a parameter, a pseudo parameter or, outside of conditions, a resource.
    fn name(&mut self, name: &'a str, path: &Path<'_>) {
        let is_resource = matches!(self.name, "Resources" | "Outputs") && self.template.resources.contains(name);
        if !is_resource && !self.is_value(name) {
            self.unresolved(name, path);
        }
    }

    fn unresolved(&mut self, name: &'a str, path: &Path<'_>) {
        if self.first.is_none() {
            self.first = Some(path.to_string());
        }
        if !self.unresolved.contains(&name) {
            self.unresolved.push(name);
        }
    }

    /// Looks at everything inside of an expression.
    fn look(&mut self, expression: &'a Expression, path: &Path<'_>) -> Result<()> {
        expression.visit(path, &mut |function, path| self.function(function, path))
    }

    fn function(&mut self, function: &'a Function, path: &Path<'_>) -> Result<()> {
        match function {
            Function::Ref(name) => self.name(name, path),
            Function::GetAtt { resource, attribute } => {
                if self.name == "Conditions" {
                    self.unresolved(resource, path);
                } else if !self.template.resources.contains(resource) {
                    return Err(TemplateError::at(path, words::undefined_in_get_att(resource)));
                }
                if let Some(Function::Ref(name)) = attribute.function()
                    && !self.is_value(name)
                {
                    self.unresolved(name, path);
                }
            }
            Function::Sub(sub) => {
                for piece in &sub.pieces {
                    match piece {
                        Piece::Variable(name) if !sub.variables.contains_key(name) => self.name(name, path),
                        Piece::Attribute(resource, _) if self.name == "Conditions" => self.unresolved(resource, path),
                        Piece::Attribute(resource, attribute) if !self.template.resources.contains(resource) => {
                            let message = words::undefined_in_sub(&format!("{resource}.{attribute}"));
                            return Err(TemplateError::at(path, message));
                        }
                        _ => {}
                    }
                }
            }
            Function::If { condition, .. } if !self.template.conditions.contains(condition) => {
                return Err(TemplateError::at(path, words::unresolved_condition_in(condition, "Fn::If")));
            }
            Function::Condition(name) if !self.template.conditions.contains(name) => {
                return Err(TemplateError::at(path, words::unresolved_condition_in(name, "Condition")));
            }
            Function::FindInMap { map, top, second } => self.mapping(map, top, second, path)?,
            Function::ImportValue(name) => import(self.template, name, path)?,
            _ => {}
        }
        Ok(())
    }

    fn mapping(&self, map: &Expression, top: &Expression, second: &Expression, path: &Path<'_>) -> Result<()> {
        let Expression::Text(name) = map else { return Ok(()) };
        let Some(mapping) = self.template.mappings.get(name) else {
            return Err(TemplateError::at(path, words::no_mapping(name)));
        };
        match (top, second) {
            (Expression::Text(top), Expression::Text(second))
                if mapping.get(top).and_then(|top| top.get(second)).is_none() =>
            {
                Err(TemplateError::at(path, words::no_mapping_value(name, top, second)))
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<()> {
        let Some(path) = self.first else { return Ok(()) };
        let message = match self.name {
            "Conditions" => words::unresolved_in_conditions(&self.unresolved),
            block => words::unresolved_resources(&self.unresolved, block),
        };
        Err(TemplateError { path, ..TemplateError::at(&Path::Root, message) })
    }
}

/// An import's name must be known before anything is deployed.
fn import(template: &Template, name: &Expression, path: &Path<'_>) -> Result<()> {
    let mut references = References::default();
    references.collect(name, &|_| Branch::Neither);
    let mut depends = references.all_names().any(|name| template.resources.contains(name));
    name.walk(&mut |function| {
        depends |= matches!(function, Function::GetAtt { .. } | Function::ImportValue(_) | Function::GetAzs(_));
    });
    if depends { Err(TemplateError::at(path, words::IMPORT_DEPENDS)) } else { Ok(()) }
}

fn rules(template: &Template) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Rules");
    let mut block = Block::new(template, "Rules");
    for (name, rule) in template.rules.iter() {
        let path = section.key(name);
        if let Some(condition) = &rule.condition {
            block.look(condition, &path.key("RuleCondition"))?;
        }
        for (index, assertion) in rule.assertions.iter().enumerate() {
            block.look(&assertion.assert, &path.key("Assertions").index(index).key("Assert"))?;
        }
    }
    block.finish()
}

fn conditions(template: &Template) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Conditions");
    let mut block = Block::new(template, "Conditions");
    let mut graph = Graph::new();
    for (name, condition) in template.conditions.iter() {
        block.look(condition, &section.key(name))?;
        graph.insert(name, conditions_in(condition));
    }
    block.finish()?;
    let names: Vec<&str> = template.conditions.names().collect();
    match layers(&names, &graph) {
        Ok(_) => Ok(()),
        Err(cycle) => {
            let path = section.key(cycle.first().copied().unwrap_or_default());
            Err(TemplateError::at(&path, words::circular_conditions(&cycle)))
        }
    }
}

/// The conditions that a condition has in it.
pub(crate) fn conditions_in(condition: &Expression) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    condition.walk(&mut |function| match function {
        Function::Condition(name) | Function::If { condition: name, .. } => {
            names.insert(name.as_str());
        }
        _ => {}
    });
    names
}

fn resources(template: &Template) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Resources");
    let mut block = Block::new(template, "Resources");
    for (name, resource) in template.resources.iter() {
        let path = section.key(name);
        if let Some(condition) = resource.condition.as_ref().filter(|name| !template.conditions.contains(name)) {
            let message = words::unresolved_condition(condition, "Resources");
            return Err(TemplateError::at(&path.key("Condition"), message));
        }
        for needed in resource.depends_on.iter().filter(|needed| !template.resources.contains(needed)) {
            block.unresolved(needed, &path.key("DependsOn"));
        }
        for (key, property) in &resource.properties {
            block.look(property, &path.key("Properties").key(key))?;
        }
        for (attribute, part) in resource.attributes() {
            block.look(part, &path.key(attribute))?;
        }
    }
    block.finish()
}

fn outputs(template: &Template) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Outputs");
    let mut block = Block::new(template, "Outputs");
    for (name, output) in template.outputs.iter() {
        let path = section.key(name);
        if let Some(condition) = output.condition.as_ref().filter(|name| !template.conditions.contains(name)) {
            let message = words::unresolved_condition(condition, "Outputs");
            return Err(TemplateError::at(&path.key("Condition"), message));
        }
        block.look(&output.value, &path.key("Value"))?;
        if let Some(export) = &output.export {
            let path = path.key("Export");
            let path = path.key("Name");
            block.look(export, &path)?;
            let mut references = References::default();
            references.collect(export, &|_| Branch::Neither);
            if references.names.iter().any(|name| template.resources.contains(name)) {
                return Err(TemplateError::at(&path, words::export_depends(name)));
            }
        }
    }
    block.finish()
}

/// Cycles that are there whatever the parameters are.
fn cycles(template: &Template) -> Result<()> {
    let always = |resource: &Resource| resource.condition.is_none();
    let names: Vec<&str> =
        template.resources.iter().filter(|(_, resource)| always(resource)).map(|(name, _)| name).collect();
    let mut graph = Graph::new();
    for (name, resource) in template.resources.iter() {
        graph.insert(name, dependencies(resource, &|_| Branch::Neither));
    }
    match layers(&names, &graph) {
        Ok(_) => Ok(()),
        Err(cycle) => {
            let root = Path::Root;
            let section = root.key("Resources");
            let path = section.key(cycle.first().copied().unwrap_or_default());
            Err(TemplateError::at(&path, words::circular(&cycle)))
        }
    }
}

/// The names that a resource refers to or depends on; not all of them are resources.
pub(crate) fn dependencies<'a>(resource: &'a Resource, branch: &dyn Fn(&str) -> Branch) -> BTreeSet<&'a str> {
    let mut references = References::default();
    for property in resource.properties.values() {
        references.collect(property, branch);
    }
    for (_, part) in resource.attributes() {
        references.collect(part, branch);
    }
    references.all_names().chain(resource.depends_on.iter().map(String::as_str)).collect()
}
