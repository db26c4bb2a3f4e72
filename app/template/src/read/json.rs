//! JSON to a tree.

use super::too_deep;
use crate::error::{ErrorKind, Place, Result, TemplateError};
use crate::node::Node;
use crate::{quotas, words};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::error::Category;
use std::collections::HashSet;
use std::fmt;

/// Reads JSON, strictly. A key twice in an object is refused.
pub(super) fn read(text: &str) -> Result<Node> {
    // serde_json itself stops at 128 levels, before the stack is in danger.
    let node: Node = serde_json::from_str(text).map_err(|error| fault(&error))?;
    if node.depth() > quotas::DEPTH {
        return Err(TemplateError::whole(ErrorKind::Syntax, too_deep()));
    }
    Ok(node)
}

fn fault(error: &serde_json::Error) -> TemplateError {
    let shown = error.to_string();
    let message = if error.classify() == Category::Data {
        // The visitor's own text, without serde's place.
        shown.split(" at line ").next().unwrap_or(&shown).to_owned()
    } else if shown.starts_with("recursion limit") {
        too_deep()
    } else {
        words::not_well_formed("JSON", error.line(), error.column())
    };
    let place = Some(Place { line: error.line(), column: error.column().max(1) });
    TemplateError { place, ..TemplateError::whole(ErrorKind::Syntax, message) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or_else(|| Node::Text(value.to_string()), Node::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut seen = HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, Node>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(words::duplicate("", &key)));
            }
            members.push((key, value));
        }
        Ok(Node::Map(members))
    }
}
