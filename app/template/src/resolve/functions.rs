//! What each function gives.

use super::{AttributeValue, Resolver, cidr, text};
use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::expression::{Expression, Function, Piece, SELECT, Sub};
use crate::words;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

fn fault(path: &Path<'_>, message: impl Into<String>) -> TemplateError {
    TemplateError::new(ErrorKind::Resolve, path, message)
}

/// Not confirmed.
fn no_list(function: &str) -> String {
    format!("Template error: the first argument of {function} must evaluate to a list of strings")
}

impl Resolver<'_> {
    pub(super) fn function(&self, function: &Function, path: &Path<'_>) -> Result<Option<Value>> {
        match function {
            Function::Ref(name) => self.reference(name, path),
            Function::GetAtt { resource, attribute } => {
                let attribute = self.text(attribute, &path.index(1))?;
                self.attribute(resource, &attribute, path)
            }
            Function::Sub(sub) => self.sub(sub, path),
            Function::Join { delimiter, values } => self.join(delimiter, values, path),
            Function::Split { delimiter, source } => self.split(delimiter, source, path),
            Function::Select { index, values } => self.select(index, values, path),
            Function::If { condition, then, otherwise } => match self.condition(condition, "Fn::If", path)? {
                true => self.value(then, &path.index(1)),
                false => self.value(otherwise, &path.index(2)),
            },
            Function::FindInMap { map, top, second } => self.find_in_map(map, top, second, path),
            Function::Base64(source) => {
                let encoded = STANDARD.encode(self.text(source, path)?);
                self.counted(Value::String(encoded), path)
            }
            Function::Cidr { block, count, bits } => self.cidr(block, count, bits.as_ref(), path),
            Function::GetAzs(region) => {
                let region = self.text(region, path)?;
                let region = if region.is_empty() { &self.pseudo.region } else { &region };
                let zones = self.host.availability_zones(region).into_iter().map(Value::String).collect();
                self.counted(Value::Array(zones), path)
            }
            Function::ImportValue(name) => {
                let name = self.text(name, path)?;
                let value = self.host.export(&name).ok_or_else(|| fault(path, words::no_export(&name)))?;
                self.counted(Value::String(value), path)
            }
            Function::Condition(name) => Ok(Some(Value::Bool(self.condition(name, "Condition", path)?))),
            Function::RefAll(_) | Function::ValueOf(..) | Function::ValueOfAll(..) => {
                Err(fault(path, format!("{} asks for what is in the account, which is not supported", function.name())))
            }
            _ => self.boolean(function, path).map(|value| Some(Value::Bool(value))),
        }
    }

    fn boolean(&self, function: &Function, path: &Path<'_>) -> Result<bool> {
        let holds = |index: usize, expression: &Expression| {
            Ok(self.value(expression, &path.index(index))? == Some(Value::Bool(true)))
        };
        Ok(match function {
            Function::Not(one) => !holds(0, one)?,
            Function::And(all) => {
                for (index, one) in all.iter().enumerate() {
                    if !holds(index, one)? {
                        return Ok(false);
                    }
                }
                true
            }
            Function::Or(all) => {
                for (index, one) in all.iter().enumerate() {
                    if holds(index, one)? {
                        return Ok(true);
                    }
                }
                false
            }
            Function::Equals(one, two) => same(&self.value(one, &path.index(0))?, &self.value(two, &path.index(1))?),
            Function::Contains(list, value) => {
                let value = self.text(value, &path.index(1))?;
                self.texts(list, function, &path.index(0))?.contains(&value)
            }
            Function::EachMemberEquals(list, value) => {
                let value = self.text(value, &path.index(1))?;
                self.texts(list, function, &path.index(0))?.iter().all(|item| *item == value)
            }
            Function::EachMemberIn(list, values) => {
                let values = self.texts(values, function, &path.index(1))?;
                self.texts(list, function, &path.index(0))?.iter().all(|item| values.contains(item))
            }
            // The others give no booleans.
            _ => false,
        })
    }

    /// A list of strings, for the functions of rules.
    fn texts(&self, list: &Expression, function: &Function, path: &Path<'_>) -> Result<Vec<String>> {
        let refused = || fault(path, no_list(function.name()));
        match self.value(list, path)? {
            Some(Value::Array(items)) => items.iter().map(text).collect::<Option<_>>().ok_or_else(refused),
            _ => Err(refused()),
        }
    }

    fn condition(&self, name: &str, function: &str, path: &Path<'_>) -> Result<bool> {
        self.conditions.get(name).copied().ok_or_else(|| fault(path, words::unresolved_condition_in(name, function)))
    }

    /// An argument that must be a string.
    fn text(&self, expression: &Expression, path: &Path<'_>) -> Result<String> {
        self.value(expression, path)?.as_ref().and_then(text).ok_or_else(|| {
            // From other implementations, for Fn::Base64.
            let function = path.to_string().rsplit('/').find(|part| part.starts_with("Fn::")).map(str::to_owned);
            let function = function.unwrap_or_else(|| "function".to_owned());
            fault(path, format!("Template error: every {function} object must have a String-typed value."))
        })
    }

    fn reference(&self, name: &str, path: &Path<'_>) -> Result<Option<Value>> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        let known = (self.parameters.get(name).map(|bound| bound.value())).or_else(|| self.pseudo.value(name));
        let value = known.or_else(|| self.host.reference(name));
        match value {
            Some(value) => self.counted(value, path),
            None => Err(fault(path, words::unresolved_resources(&[name], "Resources"))),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str, path: &Path<'_>) -> Result<Option<Value>> {
        match self.host.attribute(resource, attribute) {
            AttributeValue::Known(value) => self.counted(value, path),
            AttributeValue::NotYet => Err(fault(path, words::unresolved_resources(&[resource], "Resources"))),
            AttributeValue::Missing => {
                let resource_type =
                    self.template.resources.get(resource).map_or(resource, |resource| &resource.resource_type);
                Err(fault(path, words::no_attribute(attribute, resource_type)))
            }
        }
    }

    fn sub(&self, sub: &Sub, path: &Path<'_>) -> Result<Option<Value>> {
        let mut out = String::new();
        for piece in &sub.pieces {
            let value = match piece {
                Piece::Text(text) => {
                    self.spend(text.len(), path)?;
                    out.push_str(text);
                    continue;
                }
                Piece::Variable(name) => match sub.variables.get(name) {
                    Some(variable) => self.value(variable, &path.index(1).key(name))?,
                    None => self.reference(name, path)?,
                },
                Piece::Attribute(resource, attribute) => self.attribute(resource, attribute, path)?,
            };
            let text = value.as_ref().and_then(text).ok_or_else(|| {
                // Not confirmed.
                fault(path, "Template error: every value of an Fn::Sub must evaluate to a string")
            })?;
            self.spend(text.len(), path)?;
            out.push_str(&text);
        }
        Ok(Some(Value::String(out)))
    }

    fn join(&self, delimiter: &str, values: &Expression, path: &Path<'_>) -> Result<Option<Value>> {
        let refused = || fault(path, JOINED);
        let Some(Value::Array(values)) = self.value(values, &path.index(1))? else { return Err(refused()) };
        let texts: Vec<String> = values.iter().map(text).collect::<Option<_>>().ok_or_else(refused)?;
        let length: usize = texts.iter().map(String::len).sum();
        self.spend(length + delimiter.len() * texts.len().saturating_sub(1), path)?;
        Ok(Some(Value::String(texts.join(delimiter))))
    }

    fn split(&self, delimiter: &str, source: &Expression, path: &Path<'_>) -> Result<Option<Value>> {
        let source = self.text(source, &path.index(1))?;
        let parts = if delimiter.is_empty() { 1 } else { source.matches(delimiter).count() + 1 };
        self.spend(source.len() + 8 * parts, path)?;
        let parts = if delimiter.is_empty() {
            vec![Value::String(source)]
        } else {
            source.split(delimiter).map(|part| Value::String(part.to_owned())).collect()
        };
        Ok(Some(Value::Array(parts)))
    }

    fn select(&self, index: &Expression, values: &Expression, path: &Path<'_>) -> Result<Option<Value>> {
        // From other implementations.
        const INDEX: &str =
            "Template error: Fn::Select requires a list argument with a valid index value as its first element";
        let written = self.value(index, &path.index(0))?.as_ref().and_then(text);
        let index: i64 = written.and_then(|text| text.trim().parse().ok()).ok_or_else(|| fault(path, INDEX))?;
        let Some(Value::Array(mut values)) = self.value(values, &path.index(1))? else {
            return Err(fault(path, SELECT));
        };
        match usize::try_from(index).ok().filter(|index| *index < values.len()) {
            Some(index) => Ok(Some(values.swap_remove(index))),
            // Recorded.
            None => {
                Err(fault(path, format!("Template error: Fn::Select cannot select nonexistent value at index {index}")))
            }
        }
    }

    fn find_in_map(
        &self,
        map: &Expression,
        top: &Expression,
        second: &Expression,
        path: &Path<'_>,
    ) -> Result<Option<Value>> {
        let map = self.text(map, &path.index(0))?;
        let top = self.text(top, &path.index(1))?;
        let second = self.text(second, &path.index(2))?;
        let mapping = self.template.mappings.get(&map).ok_or_else(|| fault(path, words::no_mapping(&map)))?;
        match mapping.get(&top).and_then(|top| top.get(&second)) {
            Some(value) => self.counted(value.clone(), path),
            None => Err(fault(path, words::no_mapping_value(&map, &top, &second))),
        }
    }

    fn cidr(
        &self,
        block: &Expression,
        count: &Expression,
        bits: Option<&Expression>,
        path: &Path<'_>,
    ) -> Result<Option<Value>> {
        let block = self.text(block, &path.index(0))?;
        let count = self.text(count, &path.index(1))?;
        let bits = bits.map(|bits| self.text(bits, &path.index(2))).transpose()?;
        let blocks = cidr::blocks(&block, &count, bits.as_deref()).map_err(|message| fault(path, message))?;
        self.counted(Value::Array(blocks.into_iter().map(Value::String).collect()), path)
    }
}

/// Recorded.
const JOINED: &str = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a \
                      list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) \
                      to be joined.";

/// Scalars are compared as text, lists by their items.
fn same(one: &Option<Value>, two: &Option<Value>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => match (text(one), text(two)) {
            (Some(one), Some(two)) => one == two,
            _ => one == two,
        },
        _ => one == two,
    }
}
