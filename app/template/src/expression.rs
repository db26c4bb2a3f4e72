//! A value of a template, with the functions in it.
//!
//! It is what was written, parsed once: arguments have the right shape, names are not looked up yet
//! ([`crate::template`] does that), nothing is resolved ([`crate::resolve`] does that).
//!
//! Source: CloudFormation template reference, "Intrinsic functions", "Condition functions", "Rule functions".

mod parse;
mod print;
mod sub;

pub(crate) use parse::{Context, SELECT, parse};
pub use sub::{Piece, Sub};

use crate::error::Path;
use serde_json::Number;
use std::collections::BTreeMap;

/// A value of a template: JSON's values and calls of functions.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Expression>),
    /// A map.
    Map(BTreeMap<String, Expression>),
    /// A function, with its arguments.
    Function(Box<Function>),
}

/// A call of a function. What is a `String` here can't be a function there.
#[derive(Debug, Clone, PartialEq)]
pub enum Function {
    /// `Ref`: a parameter, a pseudo parameter or a resource.
    Ref(String),
    /// `Fn::GetAtt`.
    GetAtt {
        /// The resource's logical ID.
        resource: String,
        /// The attribute's name; it may be the `Ref` of a parameter.
        attribute: Expression,
    },
    /// `Fn::Sub`.
    Sub(Sub),
    /// `Fn::Join`.
    Join {
        /// What stands between two values.
        delimiter: String,
        /// The values.
        values: Expression,
    },
    /// `Fn::Split`.
    Split {
        /// Where to split.
        delimiter: String,
        /// What to split.
        source: Expression,
    },
    /// `Fn::Select`.
    Select {
        /// The index, from 0.
        index: Expression,
        /// The list.
        values: Expression,
    },
    /// `Fn::If`.
    If {
        /// The condition's name.
        condition: String,
        /// The value if it holds.
        then: Expression,
        /// The value if it does not.
        otherwise: Expression,
    },
    /// `Fn::FindInMap`.
    FindInMap {
        /// The mapping's name.
        map: Expression,
        /// The first key.
        top: Expression,
        /// The second key.
        second: Expression,
    },
    /// `Fn::Base64`.
    Base64(Expression),
    /// `Fn::Cidr`.
    Cidr {
        /// The block to take from.
        block: Expression,
        /// How many blocks, 1 to 256.
        count: Expression,
        /// The bits of an address within a block.
        bits: Option<Expression>,
    },
    /// `Fn::GetAZs`: an empty string is the stack's region.
    GetAzs(Expression),
    /// `Fn::ImportValue`.
    ImportValue(Expression),
    /// `Condition`: another condition, in conditions only.
    Condition(String),
    /// `Fn::Equals`.
    Equals(Expression, Expression),
    /// `Fn::And`, of 2 to 10.
    And(Vec<Expression>),
    /// `Fn::Or`, of 2 to 10.
    Or(Vec<Expression>),
    /// `Fn::Not`.
    Not(Expression),
    /// `Fn::Contains`, in rules: whether a list has a string.
    Contains(Expression, Expression),
    /// `Fn::EachMemberEquals`, in rules.
    EachMemberEquals(Expression, Expression),
    /// `Fn::EachMemberIn`, in rules.
    EachMemberIn(Expression, Expression),
    /// `Fn::RefAll`, in rules: all values of a parameter type.
    RefAll(String),
    /// `Fn::ValueOf`, in rules: a parameter and an attribute of what it names.
    ValueOf(String, String),
    /// `Fn::ValueOfAll`, in rules: a parameter type and an attribute.
    ValueOfAll(String, String),
}

/// Where an argument stands within a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// It is the only one, and in no list.
    Here,
    /// In the list of arguments.
    Index(usize),
    /// A variable of an `Fn::Sub`.
    Variable(&'a str),
}

impl Expression {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The function, if this is one.
    pub fn function(&self) -> Option<&Function> {
        match self {
            Self::Function(function) => Some(function),
            _ => None,
        }
    }

    /// Goes through the functions in this, outer ones first, each with its path.
    pub(crate) fn visit<'a, E>(
        &'a self,
        path: &Path<'_>,
        visit: &mut dyn FnMut(&'a Function, &Path<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::List(items) => {
                items.iter().enumerate().try_for_each(|(index, item)| item.visit(&path.index(index), visit))
            }
            Self::Map(members) => members.iter().try_for_each(|(key, value)| value.visit(&path.key(key), visit)),
            Self::Function(function) => {
                let path = path.key(function.name());
                visit(function, &path)?;
                function.arguments().into_iter().try_for_each(|(step, argument)| match step {
                    Step::Here => argument.visit(&path, visit),
                    Step::Index(index) => argument.visit(&path.index(index), visit),
                    Step::Variable(name) => argument.visit(&path.index(1).key(name), visit),
                })
            }
            _ => Ok(()),
        }
    }

    /// The same, for what can't go wrong.
    pub fn walk<'a>(&'a self, found: &mut dyn FnMut(&'a Function)) {
        let ended: Result<(), std::convert::Infallible> = self.visit(&Path::Root, &mut |function, _| {
            found(function);
            Ok(())
        });
        // Nothing in it fails.
        let Ok(()) = ended;
    }

    /// Whether it is `{"Ref": "AWS::NoValue"}`.
    pub(crate) fn is_no_value(&self) -> bool {
        matches!(self.function(), Some(Function::Ref(name)) if name == "AWS::NoValue")
    }
}

impl Function {
    /// Its name: `Ref`, `Condition` or `Fn::…`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ref(_) => "Ref",
            Self::GetAtt { .. } => "Fn::GetAtt",
            Self::Sub(_) => "Fn::Sub",
            Self::Join { .. } => "Fn::Join",
            Self::Split { .. } => "Fn::Split",
            Self::Select { .. } => "Fn::Select",
            Self::If { .. } => "Fn::If",
            Self::FindInMap { .. } => "Fn::FindInMap",
            Self::Base64(_) => "Fn::Base64",
            Self::Cidr { .. } => "Fn::Cidr",
            Self::GetAzs(_) => "Fn::GetAZs",
            Self::ImportValue(_) => "Fn::ImportValue",
            Self::Condition(_) => "Condition",
            Self::Equals(..) => "Fn::Equals",
            Self::And(_) => "Fn::And",
            Self::Or(_) => "Fn::Or",
            Self::Not(_) => "Fn::Not",
            Self::Contains(..) => "Fn::Contains",
            Self::EachMemberEquals(..) => "Fn::EachMemberEquals",
            Self::EachMemberIn(..) => "Fn::EachMemberIn",
            Self::RefAll(_) => "Fn::RefAll",
            Self::ValueOf(..) => "Fn::ValueOf",
            Self::ValueOfAll(..) => "Fn::ValueOfAll",
        }
    }

    /// Its arguments that may be functions themselves, in order, with where they stand.
    pub(crate) fn arguments(&self) -> Vec<(Step<'_>, &Expression)> {
        match self {
            Self::Ref(_) | Self::Condition(_) | Self::RefAll(_) | Self::ValueOf(..) | Self::ValueOfAll(..) => {
                Vec::new()
            }
            Self::Base64(one) | Self::GetAzs(one) | Self::ImportValue(one) => vec![(Step::Here, one)],
            Self::Not(one) => vec![(Step::Index(0), one)],
            Self::GetAtt { attribute: one, .. } | Self::Join { values: one, .. } | Self::Split { source: one, .. } => {
                vec![(Step::Index(1), one)]
            }
            Self::Sub(sub) => sub.variables.iter().map(|(name, value)| (Step::Variable(name), value)).collect(),
            Self::If { then, otherwise, .. } => vec![(Step::Index(1), then), (Step::Index(2), otherwise)],
            Self::Select { index: one, values: two }
            | Self::Equals(one, two)
            | Self::Contains(one, two)
            | Self::EachMemberEquals(one, two)
            | Self::EachMemberIn(one, two) => vec![(Step::Index(0), one), (Step::Index(1), two)],
            Self::FindInMap { map, top, second } => {
                vec![(Step::Index(0), map), (Step::Index(1), top), (Step::Index(2), second)]
            }
            Self::Cidr { block, count, bits } => {
                let all = [Some(block), Some(count), bits.as_ref()];
                all.into_iter().flatten().enumerate().map(|(index, one)| (Step::Index(index), one)).collect()
            }
            Self::And(all) | Self::Or(all) => {
                all.iter().enumerate().map(|(index, one)| (Step::Index(index), one)).collect()
            }
        }
    }

    /// Whether it gives true or false.
    pub(crate) fn is_boolean(&self) -> bool {
        matches!(self, Self::Condition(_) | Self::Equals(..) | Self::And(_) | Self::Or(_) | Self::Not(_))
            || self.is_rule_only() && !matches!(self, Self::RefAll(_) | Self::ValueOf(..) | Self::ValueOfAll(..))
    }

    /// Whether only rules have it.
    pub(crate) fn is_rule_only(&self) -> bool {
        matches!(
            self,
            Self::Contains(..)
                | Self::EachMemberEquals(..)
                | Self::EachMemberIn(..)
                | Self::RefAll(_)
                | Self::ValueOf(..)
                | Self::ValueOfAll(..)
        )
    }
}
