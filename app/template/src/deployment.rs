//! A template with the parameters of one stack: which resources there are, in which order, with which properties.

use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::expression::Expression;
use crate::graph::{Graph, layers};
use crate::order::Order;
use crate::parameters::Parameters;
use crate::pseudo::PseudoParameters;
use crate::references::{Branch, References};
use crate::resolve::{Host, NoHost, Resolver, text};
use crate::template::check::{conditions_in, dependencies};
use crate::template::outputs::is_export_name;
use crate::template::{Resource, Template};
use crate::{rules, words};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A template with the parameters of one stack. Its conditions are decided, its rules hold, what its resources refer to
/// is there.
#[derive(Debug, Clone)]
pub struct Deployment<'t> {
    template: &'t Template,
    parameters: Parameters,
    pseudo: PseudoParameters,
    conditions: BTreeMap<&'t str, bool>,
    order: Order,
}

/// An output of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackOutput {
    /// `OutputKey`.
    pub key: String,
    /// `OutputValue`.
    pub value: String,
    /// `Description`.
    pub description: Option<String>,
    /// `ExportName`.
    pub export_name: Option<String>,
}

impl<'t> Deployment<'t> {
    /// Decides conditions and rules.
    ///
    /// # Errors
    /// In CloudFormation's words: an assertion that does not hold, a reference to a resource that a condition leaves
    /// out, a cycle.
    pub fn new(template: &'t Template, parameters: Parameters, pseudo: PseudoParameters) -> Result<Self> {
        let conditions = evaluate_conditions(template, &parameters, &pseudo)?;
        rules::evaluate(&template.rules, &Resolver::new(template, &parameters, &pseudo, &conditions, &NoHost))?;
        check_resources(template, &conditions)?;
        check_outputs(template, &conditions)?;
        let order = order(template, &conditions)?;
        Ok(Self { template, parameters, pseudo, conditions, order })
    }

    /// The template.
    pub fn template(&self) -> &'t Template {
        self.template
    }

    /// The values of the parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What a condition came to; `None` if there is none of that name.
    pub fn condition(&self, name: &str) -> Option<bool> {
        self.conditions.get(name).copied()
    }

    /// The resources that the conditions let be, in the order written.
    pub fn resources(&self) -> impl Iterator<Item = (&'t str, &'t Resource)> {
        let conditions = &self.conditions;
        self.template.resources.iter().filter(move |(_, resource)| exists(&resource.condition, conditions))
    }

    /// A resource that the conditions let be.
    pub fn resource(&self, logical_id: &str) -> Option<&'t Resource> {
        self.template.resources.get(logical_id).filter(|resource| exists(&resource.condition, &self.conditions))
    }

    /// The order of these resources.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// A resource's properties, functions replaced by what they give; empty for what is no resource. Numbers and
    /// booleans are as in the template: `"5"` and `5` are the same to CloudFormation.
    ///
    /// # Errors
    /// What can't be resolved, with its path. Everything that it refers to must be there: see [`Deployment::order`].
    pub fn properties(&self, logical_id: &str, host: &dyn Host) -> Result<Map<String, Value>> {
        let Some(resource) = self.resource(logical_id) else { return Ok(Map::new()) };
        let root = Path::Root;
        let section = root.key("Resources");
        let path = section.key(logical_id);
        self.resolver(host).map(&resource.properties, &path.key("Properties"))
    }

    /// A resource's metadata, resolved as its properties are.
    pub fn metadata(&self, logical_id: &str, host: &dyn Host) -> Result<Option<Value>> {
        let Some(metadata) = self.resource(logical_id).and_then(|resource| resource.metadata.as_ref()) else {
            return Ok(None);
        };
        let root = Path::Root;
        let section = root.key("Resources");
        let path = section.key(logical_id);
        self.resolver(host).value(metadata, &path.key("Metadata"))
    }

    /// The outputs that the conditions let be, in the order written.
    pub fn outputs(&self, host: &dyn Host) -> Result<Vec<StackOutput>> {
        let root = Path::Root;
        let section = root.key("Outputs");
        let resolver = self.resolver(host);
        let mut outputs = Vec::new();
        for (name, output) in self.template.outputs.iter() {
            if !exists(&output.condition, &self.conditions) {
                continue;
            }
            let path = section.key(name);
            let string = |expression: &Expression, path: &Path<'_>, message: &str| {
                let value = resolver.value(expression, path)?;
                value.as_ref().and_then(text).ok_or_else(|| TemplateError::new(ErrorKind::Resolve, path, message))
            };
            let value = string(&output.value, &path.key("Value"), words::OUTPUT_NO_STRING)?;
            let export = path.key("Export");
            let export = export.key("Name");
            let malformed = words::export_name(name);
            let export_name = match &output.export {
                None => None,
                Some(expression) => Some(
                    Some(string(expression, &export, &malformed)?)
                        .filter(|name| is_export_name(name))
                        .ok_or_else(|| TemplateError::new(ErrorKind::Resolve, &export, &malformed))?,
                ),
            };
            outputs.push(StackOutput {
                key: name.to_owned(),
                value,
                description: output.description.clone(),
                export_name,
            });
        }
        Ok(outputs)
    }

    /// The names of the exports that a template's resources and outputs import, where they can be told without a host.
    pub fn imports(&self) -> Result<BTreeSet<String>> {
        let mut names = Vec::new();
        let mut found = |expression: &'t Expression| {
            expression.walk(&mut |function| {
                if let crate::expression::Function::ImportValue(name) = function {
                    names.push(name);
                }
            });
        };
        for (_, resource) in self.resources() {
            resource.properties.values().for_each(&mut found);
            resource.attributes().for_each(|(_, part)| found(part));
        }
        self.template.outputs.iter().for_each(|(_, output)| found(&output.value));
        let resolver = self.resolver(&NoHost);
        let texts = names.into_iter().map(|name| Ok(resolver.value(name, &Path::Root)?.as_ref().and_then(text)));
        Ok(texts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The same with the values of NoEcho parameters masked: what may be shown.
    pub(crate) fn masked(&self) -> Self {
        Self { parameters: self.parameters.masked(), ..self.clone() }
    }

    pub(crate) fn resolver<'a>(&'a self, host: &'a dyn Host) -> Resolver<'a> {
        Resolver::new(self.template, &self.parameters, &self.pseudo, &self.conditions, host)
    }

    pub(crate) fn branch(&self, condition: &str) -> Branch {
        branch(&self.conditions, condition)
    }
}

fn exists(condition: &Option<String>, conditions: &BTreeMap<&str, bool>) -> bool {
    condition.as_ref().is_none_or(|name| conditions.get(name.as_str()).copied().unwrap_or(false))
}

fn branch(conditions: &BTreeMap<&str, bool>, condition: &str) -> Branch {
    match conditions.get(condition) {
        Some(true) => Branch::Then,
        Some(false) => Branch::Otherwise,
        None => Branch::Neither,
    }
}

/// One after the other, each after those in it: a chain of thousands needs no stack.
fn evaluate_conditions<'t>(
    template: &'t Template,
    parameters: &Parameters,
    pseudo: &PseudoParameters,
) -> Result<BTreeMap<&'t str, bool>> {
    let names: Vec<&str> = template.conditions.names().collect();
    let graph: Graph<'_> =
        template.conditions.iter().map(|(name, condition)| (name, conditions_in(condition))).collect();
    let root = Path::Root;
    let section = root.key("Conditions");
    let layers = layers(&names, &graph).map_err(|cycle| {
        let path = section.key(cycle.first().copied().unwrap_or_default());
        TemplateError::at(&path, words::circular_conditions(&cycle))
    })?;
    let mut conditions = BTreeMap::new();
    for name in layers.into_iter().flatten() {
        if let Some(condition) = template.conditions.get(name) {
            let resolver = Resolver::new(template, parameters, pseudo, &conditions, &NoHost);
            let value = resolver.value(condition, &section.key(name))?;
            conditions.insert(name, value == Some(Value::Bool(true)));
        }
    }
    Ok(conditions)
}

/// Names of resources that are referred to and left out by a condition.
fn left_out<'t>(
    template: &'t Template,
    conditions: &BTreeMap<&str, bool>,
    names: impl Iterator<Item = &'t str>,
) -> Vec<&'t str> {
    names
        .filter(|name| template.resources.get(name).is_some_and(|resource| !exists(&resource.condition, conditions)))
        .collect()
}

fn check_resources(template: &Template, conditions: &BTreeMap<&str, bool>) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Resources");
    let mut missing: Vec<&str> = Vec::new();
    let mut first = None;
    for (name, resource) in template.resources.iter().filter(|(_, resource)| exists(&resource.condition, conditions)) {
        let needed = dependencies(resource, &|name| branch(conditions, name));
        for needed in left_out(template, conditions, needed.into_iter()) {
            first.get_or_insert(name);
            if !missing.contains(&needed) {
                missing.push(needed);
            }
        }
    }
    match first {
        None => Ok(()),
        Some(name) => Err(TemplateError::at(&section.key(name), words::unresolved_resources(&missing, "Resources"))),
    }
}

fn check_outputs(template: &Template, conditions: &BTreeMap<&str, bool>) -> Result<()> {
    let root = Path::Root;
    let section = root.key("Outputs");
    for (name, output) in template.outputs.iter().filter(|(_, output)| exists(&output.condition, conditions)) {
        let mut references = References::default();
        references.collect(&output.value, &|name| branch(conditions, name));
        let missing = left_out(template, conditions, references.all_names());
        if !missing.is_empty() {
            let path = section.key(name);
            return Err(TemplateError::at(&path.key("Value"), words::unresolved_resources(&missing, "Outputs")));
        }
    }
    Ok(())
}

fn order(template: &Template, conditions: &BTreeMap<&str, bool>) -> Result<Order> {
    let there: Vec<(&str, &Resource)> =
        template.resources.iter().filter(|(_, resource)| exists(&resource.condition, conditions)).collect();
    let names: Vec<&str> = there.iter().map(|(name, _)| *name).collect();
    let graph: Graph<'_> = there
        .iter()
        .map(|(name, resource)| (*name, dependencies(resource, &|name| branch(conditions, name))))
        .collect();
    Order::new(&names, &graph).map_err(|cycle| {
        let root = Path::Root;
        let section = root.key("Resources");
        let path = section.key(cycle.first().copied().unwrap_or_default());
        TemplateError::at(&path, words::circular(&cycle))
    })
}
