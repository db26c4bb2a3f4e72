//! From JSON to saved requests: every member checked, every fault with its place.

use super::file::{AGAIN, SavedFileError};
use super::{Saved, Variable, VariableKind, limits};
use crate::invoke::{BodyEncoding, HeaderRule, InvokeHeaders};
use crate::names::{EndpointName, NameError, VariableName};
use crate::policy::json::{Kind, Member, Node, Place};
use crate::share::intent::InvokeAction;

type Result<T> = std::result::Result<T, SavedFileError>;

/// An object with its path.
pub(super) struct Object<'a> {
    members: &'a [Member],
    place: Place,
    path: String,
}

impl<'a> Object<'a> {
    pub(super) fn of(node: &'a Node, path: &str) -> Result<Self> {
        match &node.kind {
            Kind::Object(members) => Ok(Self { members, place: node.place, path: path.to_owned() }),
            other => {
                let message = format!("expected an object, found {}", other.name());
                Err(SavedFileError::new(message, AGAIN).at(path, node.place))
            }
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.members.iter().find(|member| member.key == key).map(|member| &member.value)
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A fault at the value of a member.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>, hint: impl Into<String>) -> SavedFileError {
        let place = self.get(key).map_or(self.place, |node| node.place);
        SavedFileError::new(message, hint).at(self.path(key), place)
    }

    /// Refuses members that this version does not know.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        match self.members.iter().find(|member| !known.contains(&member.key.as_str())) {
            None => Ok(()),
            Some(member) => {
                let message = format!("the member `{}` is unknown in a file of this version", short(&member.key));
                Err(SavedFileError::new(message, AGAIN).at(self.path(&member.key), member.place))
            }
        }
    }

    fn required(&self, key: &str) -> Result<&'a Node> {
        self.get(key).ok_or_else(|| self.fault(key, format!("the member `{key}` is missing"), AGAIN))
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str> {
        match &self.required(key)?.kind {
            Kind::Text(text) => Ok(text),
            other => Err(self.fault(key, format!("expected a text, found {}", other.name()), AGAIN)),
        }
    }

    pub(super) fn number(&self, key: &str) -> Result<u64> {
        let number = match &self.required(key)?.kind {
            Kind::Number(number) => number.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.fault(key, "expected a whole number from 0 up", AGAIN))
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> std::result::Result<T, NameError>) -> Result<T> {
        parse(self.text(key)?).map_err(|error| self.fault(key, error.to_string(), AGAIN))
    }

    fn word<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
        let word = self.text(key)?;
        parse(word)
            .ok_or_else(|| self.fault(key, format!("`{}` is not known in a file of this version", short(word)), AGAIN))
    }
}

/// A list of objects.
pub(super) fn list_of<T>(
    object: &Object<'_>,
    key: &str,
    most: usize,
    each: impl Fn(&Object<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let node = object.required(key)?;
    let Kind::List(items) = &node.kind else {
        return Err(object.fault(key, format!("expected a list, found {}", node.kind.name()), AGAIN));
    };
    if items.len() > most {
        return Err(object.fault(key, format!("there are {}; at most {most} are read", items.len()), AGAIN));
    }
    let path = object.path(key);
    items.iter().enumerate().map(|(at, item)| each(&Object::of(item, &format!("{path}[{at}]"))?)).collect()
}

/// One request, as the console would save it.
pub(super) fn request(object: &Object<'_>) -> Result<Saved> {
    object.only(&["name", "description", "endpoint", "way", "headers", "body", "encoding", "variables"])?;
    let known = list_of(object, "variables", limits::VARIABLES, variable)?;
    let saved = Saved {
        name: object.text("name")?.trim().to_owned(),
        description: object.text("description")?.to_owned(),
        endpoint: object.parsed("endpoint", EndpointName::parse)?,
        through: None,
        way: object.word("way", InvokeAction::parse)?,
        headers: headers(object)?,
        body: object.text("body")?.to_owned(),
        encoding: object.word("encoding", |word| match word {
            "text" => Some(BodyEncoding::Text),
            "base64" => Some(BodyEncoding::Base64),
            _ => None,
        })?,
        variables: Vec::new(),
    };
    let variables = saved.variables(&known);
    if let Some(problem) =
        saved.problems().into_iter().chain(variables.as_ref().err().into_iter().flatten().cloned()).next()
    {
        let hint = problem.hint.unwrap_or_default();
        let error = if HeaderRule::of(&problem.field).is_some() {
            Object::of(object.required("headers")?, &object.path("headers"))?.fault(
                &problem.field,
                problem.message,
                hint,
            )
        } else {
            object.fault(&problem.field, problem.message, hint)
        };
        return Err(error);
    }
    Ok(Saved { variables: variables.unwrap_or_default(), ..saved })
}

fn headers(object: &Object<'_>) -> Result<InvokeHeaders> {
    let headers = Object::of(object.required("headers")?, &object.path("headers"))?;
    headers.only(&HeaderRule::ALL.each_ref().map(|rule| rule.field))?;
    for member in headers.members {
        headers.text(&member.key)?;
    }
    Ok(InvokeHeaders::by_field(|rule| headers.text(rule.field).unwrap_or_default().to_owned()))
}

fn variable(object: &Object<'_>) -> Result<Variable> {
    object.only(&["name", "kind", "label", "help", "default", "choices"])?;
    let node = object.required("choices")?;
    let Kind::List(items) = &node.kind else {
        return Err(object.fault("choices", format!("expected a list, found {}", node.kind.name()), AGAIN));
    };
    let choice = |(at, item): (usize, &Node)| match &item.kind {
        Kind::Text(text) => Ok(text.clone()),
        other => {
            let message = format!("expected a text, found {}", other.name());
            Err(SavedFileError::new(message, AGAIN).at(format!("{}[{at}]", object.path("choices")), item.place))
        }
    };
    let variable = Variable {
        name: object.parsed("name", VariableName::parse)?,
        kind: object.word("kind", VariableKind::parse)?,
        label: object.text("label")?.to_owned(),
        help: object.text("help")?.to_owned(),
        default: object.text("default")?.to_owned(),
        choices: items.iter().enumerate().map(choice).collect::<Result<_>>()?,
    };
    match variable.own_problems().into_iter().next() {
        None => Ok(variable),
        Some((field, message, hint)) => Err(object.fault(field, message, hint)),
    }
}

/// The beginning of a text, for messages.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).collect::<String>() + "…" }
}
