//! From a tree to a value with functions. Here the shape of their arguments is checked, in CloudFormation's words.

use super::sub::pieces;
use super::{Expression, Function, Sub};
use crate::error::{Path, Result, TemplateError};
use crate::node::Node;
use crate::words;

/// Where a value stands: it decides which functions it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// In a resource or an output.
    Value,
    /// In the Conditions section.
    Condition,
    /// In the Rules section.
    Rule,
}

/// Parses a value and everything inside.
pub(crate) fn parse(node: Node, path: &Path<'_>, context: Context) -> Result<Expression> {
    Ok(match node {
        // The reader has refused them.
        Node::Null => return Err(TemplateError::at(path, words::null(&path.to_string()))),
        Node::Bool(value) => Expression::Bool(value),
        Node::Number(number) => Expression::Number(number),
        Node::Text(text) => Expression::Text(text),
        Node::List(items) => Expression::List(list(items, path, context)?),
        Node::Map(mut members) => {
            if let Some((key, _)) = members.iter().find(|(key, _)| key == "Fn::Transform") {
                return Err(TemplateError::at(&path.key(key), words::transforms("Fn::Transform")));
            }
            if members.len() == 1
                && let Some((name, argument)) = members.pop()
            {
                if is_function(&name, &argument, context) {
                    return call(&name, argument, &path.key(&name), context)
                        .map(|function| Expression::Function(Box::new(function)));
                }
                members.push((name, argument));
            }
            let members = members
                .into_iter()
                .map(|(key, value)| parse(value, &path.key(&key), context).map(|value| (key, value)))
                .collect::<Result<_>>()?;
            Expression::Map(members)
        }
    })
}

fn list(items: Vec<Node>, path: &Path<'_>, context: Context) -> Result<Vec<Expression>> {
    items.into_iter().enumerate().map(|(index, item)| parse(item, &path.index(index), context)).collect()
}

/// A policy's `Condition` is an element like any other; the function is one in conditions only, and has a name.
fn is_function(name: &str, argument: &Node, context: Context) -> bool {
    name == "Ref"
        || name.starts_with("Fn::")
        || (name == "Condition" && context == Context::Condition && matches!(argument, Node::Text(_)))
}

fn call(name: &str, argument: Node, path: &Path<'_>, context: Context) -> Result<Function> {
    let call = Call { name, path, context };
    let function = match name {
        "Ref" => Function::Ref(call.name_of(argument, "Template error: All References must be of type string")?),
        "Condition" => {
            Function::Condition(call.name_of(argument, "Template error: All Conditions must be of type string")?)
        }
        "Fn::GetAtt" => call.get_att(argument)?,
        "Fn::Sub" => call.sub(argument)?,
        "Fn::Join" => {
            let (delimiter, values) = call.delimited(argument, JOIN)?;
            Function::Join { delimiter, values }
        }
        "Fn::Split" => {
            let (delimiter, source) = call.delimited(argument, SPLIT)?;
            Function::Split { delimiter, source }
        }
        "Fn::Select" => {
            let [index, values] = call.arguments(argument, SELECT)?;
            Function::Select { index, values }
        }
        "Fn::If" => call.choice(argument)?,
        "Fn::FindInMap" => {
            let [map, top, second] = call.arguments(argument, FIND_IN_MAP)?;
            Function::FindInMap { map, top, second }
        }
        "Fn::Base64" => Function::Base64(call.one(argument)?),
        "Fn::Cidr" => call.cidr(argument)?,
        "Fn::GetAZs" => Function::GetAzs(call.one(argument)?),
        "Fn::ImportValue" => Function::ImportValue(call.one(argument)?),
        _ => call.boolean(argument)?,
    };
    call.check_context(&function)?;
    Ok(function)
}

/// Recorded.
const JOIN: &str = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a \
                    list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) \
                    to be joined.";
/// Recorded, but for its end.
const SPLIT: &str = "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a \
                     string to be split or a function that returns a string to be split.";
/// Recorded.
pub(crate) const SELECT: &str =
    "Template error: Fn::Select requires a list argument with two elements: an integer index and a list";
/// From other implementations.
const FIND_IN_MAP: &str = "Template error: every Fn::FindInMap object requires three parameters, the map name, map \
                           key and the attribute for return value";
/// Recorded.
const GET_ATT: &str = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name \
                       and the resource attribute";
/// Recorded.
const SUB: &str = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a \
                   string as first argument, and an optional second argument to specify a mapping of values to \
                   replace in the string";
/// Recorded.
const SUB_NAMES: &str = "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, \
                         underscores, periods, and colons";
/// From other implementations.
const IF_CONDITION: &str = "Template error: Fn::If requires a list argument with the first element being a condition";
/// From other implementations.
const IF: &str = "Template error: Fn::If requires a list argument with three elements";
/// From other implementations.
const EQUALS: &str = "Template error: Fn::Equals requires a list argument with two elements";
/// From other implementations.
const NOT: &str = "Template error: Fn::Not requires a list argument with one element";
/// Not confirmed.
const CIDR: &str = "Template error: every Fn::Cidr object requires two or three parameters, the ipBlock, \
                               the count of blocks and the cidrBits";

struct Call<'a> {
    name: &'a str,
    path: &'a Path<'a>,
    context: Context,
}

impl Call<'_> {
    fn fault(&self, message: impl Into<String>) -> TemplateError {
        TemplateError::at(self.path, message)
    }

    fn name_of(&self, argument: Node, message: &str) -> Result<String> {
        match argument {
            Node::Text(name) => Ok(name),
            _ => Err(self.fault(message)),
        }
    }

    /// The only argument; a list of one is as good.
    fn one(&self, argument: Node) -> Result<Expression> {
        parse(argument, self.path, self.context)
    }

    fn arguments<const N: usize>(&self, argument: Node, message: &str) -> Result<[Expression; N]> {
        let Node::List(items) = argument else { return Err(self.fault(message)) };
        if items.len() != N {
            return Err(self.fault(message));
        }
        list(items, self.path, self.context)?.try_into().map_err(|_| self.fault(message))
    }

    fn delimited(&self, argument: Node, message: &str) -> Result<(String, Expression)> {
        match self.arguments(argument, message)? {
            [Expression::Text(delimiter), of] => Ok((delimiter, of)),
            _ => Err(self.fault(message)),
        }
    }

    fn get_att(&self, argument: Node) -> Result<Function> {
        let (resource, attribute) = match argument {
            Node::Text(text) => match text.split_once('.') {
                Some((resource, attribute)) => (resource.to_owned(), Expression::text(attribute)),
                None => return Err(self.fault(GET_ATT)),
            },
            list @ Node::List(_) => match self.arguments(list, GET_ATT)? {
                [Expression::Text(resource), attribute] => (resource, attribute),
                _ => return Err(self.fault(GET_ATT)),
            },
            _ => return Err(self.fault(GET_ATT)),
        };
        let fits = match &attribute {
            Expression::Text(name) => !name.is_empty(),
            other => matches!(other.function(), Some(Function::Ref(_))),
        };
        if resource.is_empty() || !fits {
            return Err(self.fault(GET_ATT));
        }
        Ok(Function::GetAtt { resource, attribute })
    }

    fn sub(&self, argument: Node) -> Result<Function> {
        let (text, variables) = match argument {
            Node::Text(text) => (text, Vec::new()),
            Node::List(items) => match <[Node; 2]>::try_from(items) {
                Ok([Node::Text(text), Node::Map(variables)]) => (text, variables),
                _ => return Err(self.fault(SUB)),
            },
            _ => return Err(self.fault(SUB)),
        };
        let variables = variables
            .into_iter()
            .map(|(name, value)| {
                let path = self.path.index(1);
                parse(value, &path.key(&name), self.context).map(|value| (name, value))
            })
            .collect::<Result<std::collections::BTreeMap<_, _>>>()?;
        let pieces = pieces(&text, |name| variables.contains_key(name)).ok_or_else(|| self.fault(SUB_NAMES))?;
        Ok(Function::Sub(Sub { text, pieces, variables }))
    }

    fn choice(&self, argument: Node) -> Result<Function> {
        let Node::List(items) = argument else { return Err(self.fault(IF_CONDITION)) };
        if !matches!(items.first(), Some(Node::Text(_))) {
            return Err(self.fault(IF_CONDITION));
        }
        match self.arguments(Node::List(items), IF)? {
            [Expression::Text(condition), then, otherwise] => Ok(Function::If { condition, then, otherwise }),
            _ => Err(self.fault(IF)),
        }
    }

    fn cidr(&self, argument: Node) -> Result<Function> {
        let Node::List(items) = argument else { return Err(self.fault(CIDR)) };
        let mut arguments = list(items, self.path, self.context)?.into_iter();
        match (arguments.next(), arguments.next(), arguments.next(), arguments.next()) {
            (Some(block), Some(count), bits, None) => Ok(Function::Cidr { block, count, bits }),
            _ => Err(self.fault(CIDR)),
        }
    }

    fn boolean(&self, argument: Node) -> Result<Function> {
        let several = |argument| {
            // Recorded.
            let message = format!(
                "Template error: every {} object requires a list of at least 2 and at most 10 boolean parameters.",
                self.name
            );
            match argument {
                Node::List(items) if (2..=10).contains(&items.len()) => {
                    let all = list(items, self.path, self.context)?;
                    let boolean = all.iter().all(|item| item.function().is_some_and(Function::is_boolean));
                    if boolean { Ok(all) } else { Err(self.fault(message)) }
                }
                _ => Err(self.fault(message)),
            }
        };
        let two = |argument| {
            let message = format!("Template error: {} requires a list argument with two elements", self.name);
            self.arguments::<2>(argument, &message)
        };
        Ok(match self.name {
            "Fn::And" => Function::And(several(argument)?),
            "Fn::Or" => Function::Or(several(argument)?),
            "Fn::Not" => match self.arguments(argument, NOT)? {
                [one] if one.function().is_some_and(Function::is_boolean) => Function::Not(one),
                // From other implementations.
                _ => return Err(self.fault("Template error: Fn::Not requires a list argument with one function token")),
            },
            "Fn::Equals" => {
                let [one, two] = self.arguments(argument, EQUALS)?;
                Function::Equals(one, two)
            }
            "Fn::Contains" => {
                let [one, two] = two(argument)?;
                Function::Contains(one, two)
            }
            "Fn::EachMemberEquals" => {
                let [one, two] = two(argument)?;
                Function::EachMemberEquals(one, two)
            }
            "Fn::EachMemberIn" => {
                let [one, two] = two(argument)?;
                Function::EachMemberIn(one, two)
            }
            "Fn::RefAll" => Function::RefAll(self.name_of(argument, "Template error: Fn::RefAll requires a string")?),
            "Fn::ValueOf" | "Fn::ValueOfAll" => match two(argument)? {
                [Expression::Text(one), Expression::Text(two)] if self.name == "Fn::ValueOf" => {
                    Function::ValueOf(one, two)
                }
                [Expression::Text(one), Expression::Text(two)] => Function::ValueOfAll(one, two),
                _ => return Err(self.fault(format!("Template error: {} requires two strings", self.name))),
            },
            _ => return Err(self.fault(words::unknown_function(self.name))),
        })
    }

    fn check_context(&self, function: &Function) -> Result<()> {
        let rule_only = function.is_rule_only();
        match self.context {
            Context::Value if function.is_boolean() || rule_only => {
                Err(self.fault(words::only_in_conditions(self.name)))
            }
            Context::Condition
                if rule_only
                    || matches!(
                        function,
                        Function::ImportValue(_) | Function::GetAzs(_) | Function::Cidr { .. } | Function::Base64(_)
                    ) =>
            {
                Err(self.fault(words::not_in_conditions(self.name)))
            }
            // Recorded for Fn::If.
            Context::Rule if !(rule_only || function.is_boolean() || matches!(function, Function::Ref(_))) => {
                Err(self.fault(words::not_in_rules(self.name)))
            }
            _ => Ok(()),
        }
    }
}
