//! What people say about a saved request, and what is wrong with it.

use super::{Saved, Variable, VariableKind, limits};
use crate::invoke::{BodyEncoding, HeaderRule, InvokeHeaders, Through};
use crate::names::VariableName;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// The form of a saved request, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedForm {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// A [`Through`] as text; empty for none.
    pub through: String,
    /// The headers.
    pub headers: InvokeHeaders,
    /// The body, where it is text.
    pub body: String,
    /// What is said of its variables.
    pub variables: Vec<VariableForm>,
}

/// What is said of a variable, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariableForm {
    /// Its name.
    pub name: String,
    /// The key of a [`VariableKind`].
    pub kind: String,
    /// Its label.
    pub label: String,
    /// Its help text.
    pub help: String,
    /// Its default.
    pub default: String,
    /// What there is to choose, a line each.
    pub choices: String,
}

impl From<&Variable> for VariableForm {
    fn from(variable: &Variable) -> Self {
        Self {
            name: variable.name.to_string(),
            kind: variable.kind.key().into(),
            label: variable.label.clone(),
            help: variable.help.clone(),
            default: variable.default.clone(),
            choices: variable.choices.join("\n"),
        }
    }
}

impl From<&Saved> for SavedForm {
    fn from(saved: &Saved) -> Self {
        Self {
            name: saved.name.clone(),
            description: saved.description.clone(),
            through: saved.through.as_ref().map(ToString::to_string).unwrap_or_default(),
            headers: saved.headers.clone(),
            body: if saved.encoding == BodyEncoding::Text { saved.body.clone() } else { String::new() },
            variables: saved.variables.iter().map(VariableForm::from).collect(),
        }
    }
}

impl SavedForm {
    /// The request as the form changes it, or what is wrong, field by field: `variables[0][default]` and the like.
    pub fn apply(&self, to: &Saved) -> Result<Saved, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let text = |text: &str| text.replace("\r\n", "\n");
        let through = Some(self.through.trim()).filter(|through| !through.is_empty()).and_then(|through| {
            let bad = |_| problems.push(problem("through", format!("`{through}` is no share and no connection")));
            Through::parse(through).map_err(bad).ok()
        });
        let known: Vec<Variable> =
            self.variables.iter().enumerate().filter_map(|(at, form)| form.parse(at, &mut problems)).collect();
        let changed = Saved {
            name: self.name.trim().to_owned(),
            description: text(self.description.trim()),
            through,
            headers: self.headers.clone(),
            body: if to.encoding == BodyEncoding::Text { text(&self.body) } else { to.body.clone() },
            ..to.clone()
        };
        problems.extend(changed.problems());
        match changed.variables(&known) {
            Ok(variables) if problems.is_empty() => Ok(Saved { variables, ..changed }),
            Ok(_) => Err(problems),
            Err(more) => Err([problems, more].concat()),
        }
    }
}

impl VariableForm {
    fn parse(&self, at: usize, problems: &mut Vec<FieldProblem>) -> Option<Variable> {
        let name = VariableName::parse(&self.name).ok()?;
        let kind = VariableKind::parse(&self.kind).unwrap_or_default();
        let lines = self.choices.lines().map(str::trim).filter(|line| !line.is_empty());
        let choices: Vec<String> = lines.map(str::to_owned).collect();
        let default = self.default.replace("\r\n", "\n");
        let variable = Variable {
            name,
            kind,
            label: self.label.trim().to_owned(),
            help: self.help.trim().to_owned(),
            default,
            choices: if kind == VariableKind::Choice { choices } else { Vec::new() },
        };
        problems.extend(variable.own_problems().into_iter().map(|(field, message, hint)| FieldProblem {
            field: format!("variables[{at}][{field}]"),
            message,
            hint: Some(hint),
        }));
        Some(variable)
    }
}

impl Variable {
    /// What is wrong with what is said of it: the field, the message, and what to do.
    pub(super) fn own_problems(&self) -> Vec<(&'static str, String, String)> {
        let mut problems = Vec::new();
        for (field, text, limit) in [("label", &self.label, limits::LABEL), ("help", &self.help, limits::HELP)] {
            if text.chars().count() > limit {
                problems.push((field, format!("this is longer than {limit} characters"), "shorten it".into()));
            }
        }
        if self.kind == VariableKind::Choice && self.choices.is_empty() {
            let hint = "write a value in each line".to_owned();
            problems.push(("choices", "there is nothing to choose from".into(), hint));
        }
        if self.choices.len() > limits::CHOICES {
            let message = format!("there are {} values; at most {} are taken", self.choices.len(), limits::CHOICES);
            problems.push(("choices", message, "let it be a text instead".into()));
        }
        let empty = self.default.trim().is_empty();
        // An empty number, or none of the values, is what a form may well begin with.
        let may_be_empty = matches!(self.kind, VariableKind::Number | VariableKind::Choice);
        if let Some((message, hint)) = self.problem(&self.default).filter(|_| !(empty && may_be_empty)) {
            problems.push(("default", message, hint));
        }
        problems
    }
}

impl Saved {
    /// What is wrong with it apart from its variables, field by field.
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let characters = self.name.chars().count();
        if self.name.trim().is_empty() {
            problems.push(problem("name", "the name is missing".into()));
        } else if characters > limits::NAME || self.name.contains(char::is_control) {
            problems.push(problem("name", format!("a name is one line of at most {} characters", limits::NAME)));
        }
        if self.description.chars().count() > limits::DESCRIPTION {
            problems.push(problem("description", format!("this is longer than {} characters", limits::DESCRIPTION)));
        }
        if self.body.len() > limits::BODY {
            let message = format!("the body has {} bytes; at most {} are saved", self.body.len(), limits::BODY);
            problems.push(FieldProblem {
                hint: Some("save a smaller one, or keep the input as a file".into()),
                ..problem("body", message)
            });
        }
        if self.headers.content_type.trim().is_empty() {
            problems.push(problem("content_type", "the content type is missing".into()));
        }
        for rule in &HeaderRule::ALL {
            if let Some(why) = unfilled(rule, rule.value(&self.headers)) {
                problems.push(problem(rule.field, format!("the {} {why}", rule.noun)));
            }
        }
        problems
    }
}

/// What is wrong with a header that may have variables: how long it is in the end shows when it is filled in.
fn unfilled(rule: &HeaderRule, value: &str) -> Option<String> {
    if value.contains("{{") {
        let bad = value.chars().find(|c| !(' '..='~').contains(c))?;
        return Some(format!("has the character {bad:?}; only printable ASCII can travel in a header"));
    }
    rule.problem(value)
}

fn problem(field: &str, message: String) -> FieldProblem {
    FieldProblem { field: field.into(), message, hint: Some("change it".into()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::share::intent::InvokeAction;

    fn saved() -> Saved {
        Saved {
            name: "Score a customer".into(),
            description: String::new(),
            endpoint: "echo".parse().unwrap(),
            through: Some(Through::parse("s1").unwrap()),
            way: InvokeAction::Invoke,
            headers: InvokeHeaders::of_type("text/csv"),
            body: "{{age}},{{plan}}".into(),
            encoding: BodyEncoding::Text,
            variables: Vec::new(),
        }
    }

    fn variable(name: &str, kind: &str, default: &str, choices: &str) -> VariableForm {
        VariableForm {
            name: name.into(),
            kind: kind.into(),
            default: default.into(),
            choices: choices.into(),
            ..VariableForm::default()
        }
    }

    #[test]
    fn a_form_that_is_taken_says_the_same_again() {
        let variables = vec![variable("age", "number", "42", ""), variable("plan", "choice", "", "basic\r\n\n plus ")];
        let form = SavedForm { variables, ..SavedForm::from(&saved()) };
        let changed = form.apply(&saved()).unwrap();
        assert_eq!(changed.variables[1].choices, ["basic", "plus"]);
        assert_eq!(SavedForm::from(&changed).apply(&changed), Ok(changed));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let form = SavedForm {
            name: " ".into(),
            through: "a/b".into(),
            body: "{{age}},{{plan}},{{".into(),
            variables: vec![variable("age", "number", "old", ""), variable("plan", "choice", "", " \n")],
            ..SavedForm::from(&saved())
        };
        let fields: Vec<_> = form.apply(&saved()).unwrap_err().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["through", "variables[0][default]", "variables[1][choices]", "name", "body"]);
    }

    #[test]
    fn the_body_of_bytes_is_not_the_forms_to_change() {
        let bytes = Saved { encoding: BodyEncoding::Base64, body: "QUJD".into(), ..saved() };
        let form = SavedForm::from(&bytes);
        assert_eq!(form.body, "");
        assert_eq!(form.apply(&bytes).unwrap().body, "QUJD");
    }
}
