//! YAML to a tree, from the parser's events and without recursion.

use super::scalar::{number, plain};
use super::{Aliases, too_deep};
use crate::error::{ErrorKind, Path, Place, Result, TemplateError};
use crate::node::Node;
use crate::{quotas, words};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The functions that have a short tag: `!Join` is `Fn::Join`. `Ref` and `Condition` have no prefix.
const TAGS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// Reads one YAML document.
pub(super) fn read(text: &str, aliases: Aliases) -> Result<Node> {
    let mut builder = Builder { aliases, stack: Vec::new(), anchors: HashMap::new(), copied: 0, root: None };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let place = place(error.marker());
            let message = words::not_well_formed("YAML", place.line, place.column);
            TemplateError { place: Some(place), ..TemplateError::whole(ErrorKind::Syntax, message) }
        })?;
        builder.event(event, span).map_err(|error| TemplateError { place: Some(place(&span.start)), ..error })?;
    }
    builder.root.ok_or_else(|| TemplateError::whole(ErrorKind::Syntax, words::UNSUPPORTED_STRUCTURE))
}

pub(super) fn place(marker: &Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

/// The function that a tag stands for.
pub(super) fn function(tag: &Tag) -> Option<Cow<'static, str>> {
    if tag.handle != "!" {
        return None;
    }
    match tag.suffix.as_str() {
        "Ref" => Some(Cow::Borrowed("Ref")),
        "Condition" => Some(Cow::Borrowed("Condition")),
        name => TAGS.contains(&name).then(|| Cow::Owned(format!("Fn::{name}"))),
    }
}

struct Builder {
    aliases: Aliases,
    stack: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    copied: usize,
    root: Option<Node>,
}

/// What an alias would be replaced by.
struct Anchored {
    node: Node,
    depth: usize,
    cost: usize,
}

/// A list or map that has not ended yet.
struct Open {
    tag: Option<Tag>,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { members: Vec<(String, Node)>, seen: HashSet<String>, key: Option<String> },
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                let Place { line, column } = place(&span.start);
                Err(self.fault(words::not_well_formed("YAML", line, column)))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref())?;
                if style == ScalarStyle::Plain && text == "<<" && self.at_key() {
                    return Err(self.fault(words::MERGES));
                }
                self.done(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.open(tag, anchor, Kind::List(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                self.open(tag, anchor, Kind::Map { members: Vec::new(), seen: HashSet::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor),
            _ => Ok(()),
        }
    }

    fn open(&mut self, tag: Option<Cow<'_, Tag>>, anchor: usize, kind: Kind) -> Result<()> {
        if self.at_key() {
            let what = if matches!(kind, Kind::List(_)) { "a list" } else { "a map" };
            return Err(self.fault(words::key_no_string(&self.path(), what)));
        }
        self.stack.push(Open { tag: tag.map(Cow::into_owned), anchor, kind });
        self.check_depth(0)
    }

    fn close(&mut self) -> Result<()> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let node = match open.kind {
            Kind::List(items) => Node::List(items),
            Kind::Map { members, .. } => Node::Map(members),
        };
        let node = match &open.tag {
            Some(tag) => self.tagged_collection(tag, node)?,
            None => node,
        };
        self.done(node, open.anchor)
    }

    /// A value is complete: it goes where it belongs.
    fn done(&mut self, node: Node, anchor: usize) -> Result<()> {
        if anchor != 0 && self.aliases == Aliases::Expanded {
            let cost = node.cost();
            self.copy(cost)?;
            self.anchors.insert(anchor, Anchored { depth: node.depth(), cost, node: node.clone() });
        }
        if self.at_key() {
            return self.key(&node);
        }
        match self.stack.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Kind::List(items)) => items.push(node),
            Some(Kind::Map { members, key, .. }) => members.extend(key.take().map(|key| (key, node))),
        }
        Ok(())
    }

    fn key(&mut self, node: &Node) -> Result<()> {
        let received = match node {
            Node::Text(text) => {
                let Some(Kind::Map { seen, key, .. }) = self.stack.last_mut().map(|open| &mut open.kind) else {
                    return Ok(());
                };
                if !seen.insert(text.clone()) {
                    return Err(self.fault(words::duplicate(&self.path(), text)));
                }
                *key = Some(text.clone());
                return Ok(());
            }
            Node::Number(number) => format!("numeric [{number}]"),
            Node::Bool(value) => format!("boolean [{value}]"),
            Node::Null => "null".to_owned(),
            Node::List(_) => "a list".to_owned(),
            Node::Map(_) => "a map".to_owned(),
        };
        Err(self.fault(words::key_no_string(&self.path(), &received)))
    }

    fn alias(&mut self, anchor: usize) -> Result<()> {
        if self.aliases == Aliases::Refused {
            return Err(self.fault(words::ALIASES));
        }
        // An anchor inside of which its own alias stands is not complete yet.
        let Some(Anchored { node, depth, cost }) = self.anchors.get(&anchor) else {
            return Err(self.fault("a YAML alias can't stand within what it stands for"));
        };
        let (depth, cost) = (*depth, *cost);
        self.copied += cost;
        let node = (self.copied <= quotas::ALIASED).then(|| node.clone());
        self.check_depth(depth)?;
        match node {
            Some(node) => self.done(node, 0),
            None => self.copy(0),
        }
    }

    fn copy(&mut self, cost: usize) -> Result<()> {
        self.copied += cost;
        if self.copied > quotas::ALIASED {
            return Err(self.fault("the template's YAML aliases stand for too much"));
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node> {
        let written = || Node::Text(text.to_owned());
        let Some(tag) = tag else {
            return Ok(if style == ScalarStyle::Plain { plain(text) } else { written() });
        };
        if let Some(function) = function(tag) {
            return Ok(match (function.as_ref(), text.split_once('.')) {
                ("Fn::GetAtt", Some((resource, attribute))) => Node::member(
                    &function,
                    Node::List(vec![Node::Text(resource.to_owned()), Node::Text(attribute.to_owned())]),
                ),
                _ => Node::member(&function, written()),
            });
        }
        if tag.is_yaml_core_schema() {
            match tag.suffix.as_str() {
                "str" => return Ok(written()),
                "null" => return Ok(Node::Null),
                "bool" => {
                    if let value @ Node::Bool(_) = plain(text) {
                        return Ok(value);
                    }
                }
                "int" | "float" => {
                    if let Some(number) = number(text) {
                        return Ok(Node::Number(number));
                    }
                }
                _ => {}
            }
        }
        if tag.handle.is_empty() && tag.suffix == "!" {
            return Ok(written());
        }
        Err(self.unknown_tag(tag))
    }

    fn tagged_collection(&self, tag: &Tag, node: Node) -> Result<Node> {
        if let Some(function) = function(tag) {
            return Ok(Node::member(&function, node));
        }
        let fits = match node {
            Node::List(_) => tag.is_yaml_core_schema() && tag.suffix == "seq",
            _ => tag.is_yaml_core_schema() && tag.suffix == "map",
        };
        if fits { Ok(node) } else { Err(self.unknown_tag(tag)) }
    }

    fn unknown_tag(&self, tag: &Tag) -> TemplateError {
        self.fault(format!("the YAML tag `{}{}` is not one of CloudFormation's", tag.handle, tag.suffix))
    }

    /// Whether what comes next is a map's key.
    fn at_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open { kind: Kind::Map { key: None, .. }, .. }))
    }

    fn check_depth(&self, below: usize) -> Result<()> {
        // A tag is a level of its own.
        let open: usize = self.stack.iter().map(|open| 1 + usize::from(open.tag.is_some())).sum();
        if open + below > quotas::DEPTH {
            return Err(TemplateError::whole(ErrorKind::Syntax, too_deep()));
        }
        Ok(())
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.stack {
            match &open.kind {
                Kind::List(items) => path.push_str(&format!("/{}", items.len())),
                Kind::Map { key: Some(key), .. } => path.push_str(&format!("/{key}")),
                Kind::Map { key: None, .. } => {}
            }
        }
        path
    }

    fn fault(&self, message: impl Into<String>) -> TemplateError {
        TemplateError { path: self.path(), ..TemplateError::new(ErrorKind::Syntax, &Path::Root, message) }
    }
}
