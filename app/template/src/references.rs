//! What an expression refers to, when it is known which branch of each `Fn::If` is taken.

use crate::expression::{Expression, Function, Piece};
use std::collections::BTreeSet;

/// Which branch of an `Fn::If` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Branch {
    Then,
    Otherwise,
    Neither,
}

/// The names that an expression refers to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct References<'a> {
    /// By `Ref` and `${Name}`: parameters, pseudo parameters and resources.
    pub(crate) names: BTreeSet<&'a str>,
    /// By `Fn::GetAtt` and `${Name.Attribute}`: resources and attributes; an attribute whose name is a parameter is
    /// `None`.
    pub(crate) attributes: BTreeSet<(&'a str, Option<&'a str>)>,
    /// The conditions that chose branches.
    pub(crate) conditions: BTreeSet<&'a str>,
}

impl<'a> References<'a> {
    /// Adds what an expression refers to.
    pub(crate) fn collect(&mut self, expression: &'a Expression, branch: &dyn Fn(&str) -> Branch) {
        match expression {
            Expression::List(items) => items.iter().for_each(|item| self.collect(item, branch)),
            Expression::Map(members) => members.values().for_each(|value| self.collect(value, branch)),
            Expression::Function(function) => self.function(function, branch),
            _ => {}
        }
    }

    fn function(&mut self, function: &'a Function, branch: &dyn Fn(&str) -> Branch) {
        match function {
            Function::Ref(name) => {
                self.names.insert(name);
            }
            Function::GetAtt { resource, attribute } => {
                let name = if let Expression::Text(name) = attribute { Some(name.as_str()) } else { None };
                self.attributes.insert((resource, name));
            }
            Function::Sub(sub) => {
                for piece in &sub.pieces {
                    match piece {
                        Piece::Variable(name) if !sub.variables.contains_key(name) => {
                            self.names.insert(name);
                        }
                        Piece::Attribute(resource, attribute) => {
                            self.attributes.insert((resource, Some(attribute)));
                        }
                        _ => {}
                    }
                }
            }
            Function::If { condition, then, otherwise } => {
                self.conditions.insert(condition);
                match branch(condition) {
                    Branch::Then => self.collect(then, branch),
                    Branch::Otherwise => self.collect(otherwise, branch),
                    Branch::Neither => {}
                }
                return;
            }
            Function::Condition(name) => {
                self.conditions.insert(name);
            }
            _ => {}
        }
        for (_, argument) in function.arguments() {
            self.collect(argument, branch);
        }
    }

    /// All names of resources, parameters and pseudo parameters.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &'a str> {
        self.names.iter().copied().chain(self.attributes.iter().map(|(resource, _)| *resource))
    }
}
