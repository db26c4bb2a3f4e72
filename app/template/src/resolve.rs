//! Resolving: what functions give, with the parameters of a stack and what the host knows of its resources.
//!
//! Resources are resolved one at a time, as a deployment goes on: what they refer to is asked of the [`Host`] when it
//! is needed. How much one call may make is bounded ([`crate::quotas`]), whatever the template says.

mod cidr;
mod functions;

use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::expression::Expression;
use crate::parameters::Parameters;
use crate::pseudo::PseudoParameters;
use crate::quotas;
use crate::template::Template;
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What the host of a stack knows and a template does not.
pub trait Host {
    /// What `Ref` gives for a resource, mostly its physical ID; `None` if it is not there yet.
    fn reference(&self, logical_id: &str) -> Option<Value>;

    /// What `Fn::GetAtt` gives.
    fn attribute(&self, logical_id: &str, attribute: &str) -> AttributeValue;

    /// What another stack of the account and region exports.
    fn export(&self, name: &str) -> Option<String>;

    /// What `Fn::GetAZs` gives.
    fn availability_zones(&self, region: &str) -> Vec<String>;

    /// A resource's physical ID, where it differs from what `Ref` gives.
    fn physical_id(&self, logical_id: &str) -> Option<String> {
        self.reference(logical_id).as_ref().and_then(text)
    }
}

/// What a host knows of a resource's attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// Its value.
    Known(Value),
    /// The resource's type has no such attribute.
    Missing,
    /// The resource is not there yet.
    NotYet,
}

/// A host that knows nothing: for conditions and rules, which can't refer to resources.
pub(crate) struct NoHost;

impl Host for NoHost {
    fn reference(&self, _logical_id: &str) -> Option<Value> {
        None
    }
    fn attribute(&self, _logical_id: &str, _attribute: &str) -> AttributeValue {
        AttributeValue::NotYet
    }
    fn export(&self, _name: &str) -> Option<String> {
        None
    }
    fn availability_zones(&self, _region: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Resolves expressions.
pub(crate) struct Resolver<'a> {
    pub(crate) template: &'a Template,
    pub(crate) parameters: &'a Parameters,
    pub(crate) pseudo: &'a PseudoParameters,
    pub(crate) conditions: &'a BTreeMap<&'a str, bool>,
    pub(crate) host: &'a dyn Host,
    left: Cell<usize>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(
        template: &'a Template,
        parameters: &'a Parameters,
        pseudo: &'a PseudoParameters,
        conditions: &'a BTreeMap<&'a str, bool>,
        host: &'a dyn Host,
    ) -> Self {
        Self { template, parameters, pseudo, conditions, host, left: Cell::new(quotas::RESOLVED) }
    }

    /// A value; `None` is `AWS::NoValue`, and what has it is left out of maps and lists.
    pub(crate) fn value(&self, expression: &Expression, path: &Path<'_>) -> Result<Option<Value>> {
        Ok(Some(match expression {
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Number(number) => Value::Number(number.clone()),
            Expression::Text(text) => {
                self.spend(text.len(), path)?;
                Value::String(text.clone())
            }
            Expression::List(items) => Value::Array(self.list(items, path)?),
            Expression::Map(members) => Value::Object(self.map(members, path)?),
            Expression::Function(function) => return self.function(function, &path.key(function.name())),
        }))
    }

    /// The members of a map that have a value.
    pub(crate) fn map(&self, members: &BTreeMap<String, Expression>, path: &Path<'_>) -> Result<Map<String, Value>> {
        let mut map = Map::new();
        for (key, value) in members {
            self.spend(key.len(), path)?;
            if let Some(value) = self.value(value, &path.key(key))? {
                map.insert(key.clone(), value);
            }
        }
        Ok(map)
    }

    fn list(&self, items: &[Expression], path: &Path<'_>) -> Result<Vec<Value>> {
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            list.extend(self.value(item, &path.index(index))?);
        }
        Ok(list)
    }

    /// Counts what is made.
    fn spend(&self, bytes: usize, path: &Path<'_>) -> Result<()> {
        match self.left.get().checked_sub(bytes + 8) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                let message =
                    format!("what the functions of this resource make is larger than {} bytes", quotas::RESOLVED);
                Err(TemplateError::new(ErrorKind::Resolve, path, message))
            }
        }
    }

    /// A value from elsewhere, counted.
    fn counted(&self, value: Value, path: &Path<'_>) -> Result<Option<Value>> {
        self.spend(cost(&value), path)?;
        Ok(Some(value))
    }
}

fn cost(value: &Value) -> usize {
    8 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(cost).sum(),
        Value::Object(members) => members.iter().map(|(key, value)| key.len() + cost(value)).sum(),
        _ => 0,
    }
}

/// A scalar as text: CloudFormation joins and compares numbers and booleans as they are written.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
