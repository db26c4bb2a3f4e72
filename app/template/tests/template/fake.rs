//! A host that has what a test gives it, and short ways to a deployment.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use template::{
    AttributeValue, Deployment, Host, ParameterInput, Parameters, PseudoParameters, Template, TemplateError,
};

/// What is in the account.
#[derive(Debug, Default)]
pub struct Fake {
    pub references: BTreeMap<String, Value>,
    pub attributes: BTreeMap<(String, String), Value>,
    pub exports: BTreeMap<String, String>,
}

impl Fake {
    pub fn resource(mut self, name: &str, reference: &str, attributes: &[(&str, &str)]) -> Self {
        self.add(name, reference, attributes);
        self
    }

    pub fn add(&mut self, name: &str, reference: &str, attributes: &[(&str, &str)]) {
        self.references.insert(name.to_owned(), json!(reference));
        for (attribute, value) in attributes {
            self.attributes.insert((name.to_owned(), (*attribute).to_owned()), json!(value));
        }
    }
}

impl Host for Fake {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        self.references.get(logical_id).cloned()
    }
    fn attribute(&self, logical_id: &str, attribute: &str) -> AttributeValue {
        match self.attributes.get(&(logical_id.to_owned(), attribute.to_owned())) {
            Some(value) => AttributeValue::Known(value.clone()),
            None if self.references.contains_key(logical_id) => AttributeValue::Missing,
            None => AttributeValue::NotYet,
        }
    }
    fn export(&self, name: &str) -> Option<String> {
        self.exports.get(name).cloned()
    }
    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect()
    }
}

pub fn pseudo() -> PseudoParameters {
    PseudoParameters::new(
        "111122223333",
        "eu-central-1",
        "demo",
        "arn:aws:cloudformation:eu-central-1:111122223333:stack/demo/1",
    )
}

pub fn bind(template: &Template, given: &[(&str, &str)]) -> Result<Parameters, TemplateError> {
    let given: Vec<ParameterInput> = given.iter().map(|(key, value)| ParameterInput::new(*key, *value)).collect();
    Parameters::bind(template, &given, None, &())
}

pub fn deploy<'t>(template: &'t Template, given: &[(&str, &str)]) -> Result<Deployment<'t>, TemplateError> {
    Deployment::new(template, bind(template, given)?, pseudo())
}

/// The text of the refusal of a template.
pub fn refused(text: &str) -> String {
    Template::parse(text).expect_err("the template should be refused").message
}
