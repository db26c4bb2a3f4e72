//! A template as it was read, before anything is known of its sections: JSON's values, members in the order written.

use serde_json::Number;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn member(key: &str, value: Node) -> Self {
        Self::Map(vec![(key.to_owned(), value)])
    }

    /// A scalar as text. CloudFormation takes `true` and `5` where it wants a string.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// How deep it is nested: 1 for a scalar.
    pub(crate) fn depth(&self) -> usize {
        1 + match self {
            Self::List(items) => items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(members) => members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// What a copy costs, see [`crate::quotas::ALIASED`].
    pub(crate) fn cost(&self) -> usize {
        8 + match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::cost).sum(),
            Self::Map(members) => members.iter().map(|(key, value)| 8 + key.len() + value.cost()).sum(),
            _ => 0,
        }
    }

    pub(crate) fn into_value(self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Map(members) => {
                Value::Object(members.into_iter().map(|(key, value)| (key, value.into_value())).collect())
            }
        }
    }
}
