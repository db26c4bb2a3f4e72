//! A saved request with its variables filled in.

use super::{Saved, Syntax, TemplateProblem, Value, Variable, VariableKind, fill, limits, placeholders};
use crate::invoke::{BodyEncoding, HeaderRule, InvokeHeaders, InvokeParams, Through};
use crate::names::VariableName;
use crate::wizard::FieldProblem;
use std::collections::BTreeMap;

/// Headers that have no variables: the content type says how values are put in.
const FIXED: [&str; 2] = ["content_type", "accept"];

impl Saved {
    /// The variables that headers and body have, each once. What is known of them in `known` stays, in its order; the
    /// others come after, as numbers where they stand in JSON outside of strings. Problems are told at their fields.
    pub fn variables(&self, known: &[Variable]) -> Result<Vec<Variable>, Vec<FieldProblem>> {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for (field, text, syntax) in self.templates() {
            match placeholders(text, syntax) {
                Ok(here) => found.extend(here),
                Err(TemplateProblem { message, hint, line, column }) => problems.push(FieldProblem {
                    field: field.into(),
                    message: format!("{message} (line {line}, column {column})"),
                    hint: Some(hint.into()),
                }),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut variables: Vec<Variable> =
            known.iter().filter(|known| found.iter().any(|here| here.name == known.name)).cloned().collect();
        for here in found {
            if variables.iter().all(|known| known.name != here.name) {
                let kind = if here.bare { VariableKind::Number } else { VariableKind::Text };
                variables.push(Variable::new(here.name, kind));
            }
        }
        if variables.len() > limits::VARIABLES {
            return Err(vec![FieldProblem {
                field: "body".into(),
                message: format!("there are {} variables; at most {} are taken", variables.len(), limits::VARIABLES),
                hint: Some("leave those as plain text that are always the same".into()),
            }]);
        }
        Ok(variables)
    }

    /// What its inputs have at first.
    pub fn defaults(&self) -> BTreeMap<String, String> {
        self.variables.iter().map(|variable| (variable.name.to_string(), variable.default.clone())).collect()
    }

    /// What is wrong with values, each at `values[name]`. A variable without a value has its default.
    pub fn check_values(&self, values: &BTreeMap<String, String>) -> Vec<FieldProblem> {
        let problem = |variable: &Variable| {
            let (message, hint) = variable.problem(value_of(variable, values))?;
            Some(FieldProblem { field: value_field(&variable.name), message, hint: Some(hint) })
        };
        self.variables.iter().filter_map(problem).collect()
    }

    /// The request with these values, as it would be sent: whether they fit is [`Saved::check_values`]'s to say.
    pub fn request(
        &self,
        through: Through,
        values: &BTreeMap<String, String>,
    ) -> Result<InvokeParams, TemplateProblem> {
        let value = |name: &VariableName| {
            let variable = self.variables.iter().find(|variable| variable.name == *name)?;
            let text = variable.sent(value_of(variable, values));
            Some(Value { text, number: variable.kind == VariableKind::Number })
        };
        let mut filled = BTreeMap::new();
        for (field, text, syntax) in self.templates() {
            filled.insert(field, fill(text, syntax, value)?);
        }
        let mut of = |field: &str, fixed: &str| filled.remove(field).unwrap_or_else(|| fixed.to_owned());
        let body = of("body", &self.body);
        let headers = InvokeHeaders::by_field(|rule| of(rule.field, rule.value(&self.headers)));
        Ok(InvokeParams { through, endpoint: self.endpoint.clone(), headers, body, encoding: self.encoding })
    }

    /// What may have variables: its field, its text, and what that is.
    fn templates(&self) -> Vec<(&'static str, &str, Syntax)> {
        let headers = HeaderRule::ALL.iter().filter(|rule| !FIXED.contains(&rule.field));
        let mut all: Vec<_> = headers.map(|rule| (rule.field, rule.value(&self.headers), Syntax::Plain)).collect();
        if self.encoding == BodyEncoding::Text {
            all.insert(0, ("body", self.body.as_str(), Syntax::of(&self.headers.content_type)));
        }
        all
    }
}

/// The form's field of a variable's value.
pub(super) fn value_field(name: &VariableName) -> String {
    format!("values[{name}]")
}

fn value_of<'v>(variable: &'v Variable, values: &'v BTreeMap<String, String>) -> &'v str {
    values.get(variable.name.as_str()).unwrap_or(&variable.default)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::share::intent::InvokeAction;

    fn saved(content_type: &str, body: &str) -> Saved {
        Saved {
            name: "n".into(),
            description: String::new(),
            endpoint: "echo".parse().unwrap(),
            through: None,
            way: InvokeAction::Invoke,
            headers: InvokeHeaders::of_type(content_type),
            body: body.into(),
            encoding: BodyEncoding::Text,
            variables: Vec::new(),
        }
    }

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_keep_what_is_known_of_them_and_new_ones_come_last() {
        let mut request = saved("application/json", r#"{"a": {{age}}, "b": "{{name}}"}"#);
        request.headers.custom_attributes = "tenant={{tenant}}".into();
        let found = request.variables(&[]).unwrap();
        let kinds: Vec<_> = found.iter().map(|variable| (variable.name.as_str(), variable.kind)).collect();
        let text = VariableKind::Text;
        assert_eq!(kinds, [("age", VariableKind::Number), ("name", text), ("tenant", text)]);
        let known = Variable { label: "Whose".into(), ..found[1].clone() };
        let gone = Variable::new("gone".parse().unwrap(), text);
        let again = request.variables(&[gone, known.clone()]).unwrap();
        assert_eq!(again[0], known);
        assert_eq!(again.len(), 3);
    }

    #[test]
    fn a_request_is_filled_in_body_and_headers() {
        let mut request = saved("text/csv", "{{age}},{{name}}");
        request.headers.custom_attributes = "who={{name}}".into();
        request.variables = request.variables(&[]).unwrap();
        request.variables[0].kind = VariableKind::Number;
        request.variables[1].default = "nobody".into();
        let through = Through::parse("s1").unwrap();
        let sent = request.request(through.clone(), &values(&[("age", " 42 "), ("name", "Doe, J")])).unwrap();
        assert_eq!((sent.body.as_str(), sent.headers.custom_attributes.as_str()), ("42,\"Doe, J\"", "who=Doe, J"));
        let by_default = request.request(through, &values(&[("age", "1")])).unwrap();
        assert_eq!(by_default.body, "1,nobody");
        let problems = request.check_values(&values(&[("age", "old")]));
        assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["values[age]"]);
    }

    #[test]
    fn bytes_and_content_types_have_no_variables() {
        let mut request = saved("text/{{kind}}", "e3t4fX0=");
        request.encoding = BodyEncoding::Base64;
        assert_eq!(request.variables(&[]), Ok(Vec::new()));
        let sent = request.request(Through::parse("s1").unwrap(), &BTreeMap::new()).unwrap();
        assert_eq!((sent.headers.content_type.as_str(), sent.body.as_str()), ("text/{{kind}}", "e3t4fX0="));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let mut request = saved("application/json", "{\n \"a\": {{}}");
        request.headers.target_model = "{{a".into();
        let problems = request.variables(&[]).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["body", "target_model"]);
        assert!(problems[0].message.contains("line 2, column 7"), "{}", problems[0].message);
        let many: String = (0..51).map(|n| format!("{{{{v{n}}}}} ")).collect();
        assert!(saved("text/plain", &many).variables(&[]).unwrap_err()[0].message.contains("51 variables"));
    }
}
