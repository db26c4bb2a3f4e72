//! A template as JSON.

use super::{Output, Resource, Template};
use crate::expression::Expression;
use crate::parameters::ParameterDeclaration;
use crate::rules::Rule;
use crate::section::Section;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl Template {
    /// The template as JSON, functions in their long forms. Parsed again it is the same template.
    pub fn to_json(&self) -> Value {
        let mut out = Members::default();
        out.text("AWSTemplateFormatVersion", &self.format_version);
        out.text("Description", &self.description);
        out.optional("Metadata", self.metadata.clone());
        out.section("Parameters", &self.parameters, parameter);
        out.section("Rules", &self.rules, rule);
        out.section("Mappings", &self.mappings, |mapping| json!(mapping));
        out.section("Conditions", &self.conditions, Expression::to_json);
        out.section("Resources", &self.resources, resource);
        out.section("Outputs", &self.outputs, output);
        Value::Object(out.0)
    }
}

#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn optional(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value);
        }
    }

    fn text(&mut self, key: &str, value: &Option<String>) {
        self.optional(key, value.as_ref().map(|text| Value::String(text.clone())));
    }

    fn expression(&mut self, key: &str, value: &Option<Expression>) {
        self.optional(key, value.as_ref().map(Expression::to_json));
    }

    fn section<T>(&mut self, key: &str, section: &Section<T>, print: impl Fn(&T) -> Value) {
        let members: Map<String, Value> =
            section.iter().map(|(name, member)| (name.to_owned(), print(member))).collect();
        self.optional(key, (!members.is_empty()).then_some(Value::Object(members)));
    }
}

fn parameter(declaration: &ParameterDeclaration) -> Value {
    let mut out = Members::default();
    out.optional("Type", Some(json!(declaration.parameter_type.to_string())));
    out.text("Default", &declaration.default);
    out.optional("NoEcho", declaration.no_echo.then_some(Value::Bool(true)));
    out.text("Description", &declaration.description);
    let allowed = &declaration.allowed_values;
    out.optional("AllowedValues", (!allowed.is_empty()).then(|| json!(allowed)));
    out.text("AllowedPattern", &declaration.allowed_pattern);
    out.text("ConstraintDescription", &declaration.constraint_description);
    out.optional("MinLength", declaration.min_length.map(|length| json!(length)));
    out.optional("MaxLength", declaration.max_length.map(|length| json!(length)));
    out.text("MinValue", &declaration.min_value);
    out.text("MaxValue", &declaration.max_value);
    Value::Object(out.0)
}

fn rule(rule: &Rule) -> Value {
    let mut out = Members::default();
    out.expression("RuleCondition", &rule.condition);
    let assertions = rule.assertions.iter().map(|assertion| {
        let mut out = Members::default();
        out.optional("Assert", Some(assertion.assert.to_json()));
        out.text("AssertDescription", &assertion.description);
        Value::Object(out.0)
    });
    out.optional("Assertions", Some(assertions.collect()));
    Value::Object(out.0)
}

fn map(members: &BTreeMap<String, Expression>) -> Value {
    Value::Object(members.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
}

fn resource(resource: &Resource) -> Value {
    let mut out = Members::default();
    out.optional("Type", Some(json!(resource.resource_type)));
    let properties = &resource.properties;
    out.optional("Properties", (!properties.is_empty()).then(|| map(properties)));
    let needed = &resource.depends_on;
    out.optional("DependsOn", (!needed.is_empty()).then(|| json!(needed)));
    out.text("Condition", &resource.condition);
    out.optional("DeletionPolicy", resource.deletion_policy.map(|policy| json!(policy.as_str())));
    out.optional("UpdateReplacePolicy", resource.update_replace_policy.map(|policy| json!(policy.as_str())));
    out.expression("Metadata", &resource.metadata);
    out.expression("CreationPolicy", &resource.creation_policy);
    out.expression("UpdatePolicy", &resource.update_policy);
    out.text("Description", &resource.description);
    Value::Object(out.0)
}

fn output(output: &Output) -> Value {
    let mut out = Members::default();
    out.optional("Value", Some(output.value.to_json()));
    out.text("Description", &output.description);
    out.optional("Export", output.export.as_ref().map(|name| json!({ "Name": name.to_json() })));
    out.text("Condition", &output.condition);
    Value::Object(out.0)
}
