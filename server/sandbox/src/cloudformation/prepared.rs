//! A template with the parameters of one stack, checked as far as the API checks before it answers.

use super::host::Known;
use super::input::{fault, invalid};
use super::model::{Stack, Stacks, Version};
use super::types::{self, Types};
use crate::error::Failure;
use domain::names::{AccountId, Region};
use template::{
    Deployment, Difference, Function, ParameterInput, Parameters, Piece, PseudoParameters, Template, difference,
};

/// Which stack it is for.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Place<'a> {
    pub account: &'a AccountId,
    pub region: &'a Region,
    pub name: &'a str,
    pub id: &'a str,
    pub notification_arns: &'a [String],
}

/// A template with parameters.
#[derive(Debug)]
pub struct Prepared {
    /// The template.
    pub template: Template,
    parameters: Parameters,
    pseudo: PseudoParameters,
}

impl Prepared {
    /// Binds the parameters of a request. `previous` is what the stack has.
    pub fn new(
        place: Place<'_>,
        text: &str,
        given: &[ParameterInput],
        previous: Option<&Version>,
    ) -> Result<Self, Failure> {
        let template = parse(text)?;
        let known = match previous {
            // What can't be read any more has no values to use again.
            Some(version) => Template::parse(&version.template).ok().and_then(|template| bind(&template, version)),
            None => None,
        };
        let parameters = Parameters::bind(&template, given, known.as_ref(), &()).map_err(|error| fault(&error))?;
        Ok(Self { template, parameters, pseudo: pseudo(place) })
    }

    /// The same for what was accepted before.
    pub fn again(place: Place<'_>, version: &Version) -> Result<Self, Failure> {
        let template = Template::parse(&version.template).map_err(|error| fault(&error))?;
        let parameters = Parameters::bind(&template, &inputs(version), None, &()).map_err(|error| fault(&error))?;
        Ok(Self { template, parameters, pseudo: pseudo(place) })
    }

    /// Conditions decided, resources ordered.
    pub fn deployment(&self) -> Result<Deployment<'_>, Failure> {
        Deployment::new(&self.template, self.parameters.clone(), self.pseudo.clone()).map_err(|error| fault(&error))
    }

    /// Keys and values, as they are kept.
    pub fn given(&self) -> Vec<(String, String)> {
        self.parameters.iter().map(|(key, bound)| (key.to_owned(), bound.given.clone())).collect()
    }

    /// The parameters that are masked.
    pub fn masked(&self) -> Vec<String> {
        self.parameters.iter().filter(|(_, bound)| bound.no_echo).map(|(key, _)| key.to_owned()).collect()
    }

    /// What this would change of a stack; everything is new without one.
    pub fn changes(&self, place: Place<'_>, stacks: &Stacks, stack: Option<&Stack>) -> Result<Difference, Failure> {
        let next = self.deployment()?;
        let host = Known::of(stacks, stack, place.region.as_str());
        let former = stack.map(|stack| Self::again(place, &stack.version)).transpose()?;
        let previous = former.as_ref().map(Self::deployment).transpose()?;
        difference(previous.as_ref(), &next, &Types, &host).map_err(|error| fault(&error))
    }
}

fn pseudo(place: Place<'_>) -> PseudoParameters {
    let mut pseudo = PseudoParameters::new(place.account.as_str(), place.region.as_str(), place.name, place.id);
    pseudo.notification_arns = place.notification_arns.to_vec();
    pseudo
}

fn inputs(version: &Version) -> Vec<ParameterInput> {
    version.parameters.iter().map(|(key, value)| ParameterInput::new(key.as_str(), value.as_str())).collect()
}

fn bind(template: &Template, version: &Version) -> Option<Parameters> {
    Parameters::bind(template, &inputs(version), None, &()).ok()
}

/// Reads a template and checks the types of its resources and the attributes that it asks of them.
pub fn parse(text: &str) -> Result<Template, Failure> {
    let template = Template::parse(text).map_err(|error| fault(&error))?;
    let mut unknown: Vec<&str> = Vec::new();
    for (_, resource) in template.resources.iter() {
        let name = resource.resource_type.as_str();
        if types::find(name).is_none() && !unknown.contains(&name) {
            unknown.push(name);
        }
    }
    if !unknown.is_empty() {
        return Err(invalid(format!("Template format error: Unrecognized resource types: [{}]", unknown.join(", "))));
    }
    check_attributes(&template)?;
    Ok(template)
}

/// Whether the types have the attributes that `Fn::GetAtt` and `Fn::Sub` ask for.
fn check_attributes(template: &Template) -> Result<(), Failure> {
    let mut wrong = None;
    let mut check = |resource: &str, attribute: &str, function: &str| {
        let Some(declared) = template.resources.get(resource) else { return };
        let Some(known) = types::find(&declared.resource_type) else { return };
        if !known.attributes.contains(&attribute) {
            wrong.get_or_insert_with(|| {
                format!("Template error: resource {resource} does not support attribute type {attribute} in {function}")
            });
        }
    };
    let mut found = |function: &Function| match function {
        Function::GetAtt { resource, attribute: template::Expression::Text(attribute) } => {
            check(resource, attribute, "Fn::GetAtt");
        }
        Function::Sub(sub) => {
            for piece in &sub.pieces {
                if let Piece::Attribute(resource, attribute) = piece {
                    check(resource, attribute, "Fn::Sub");
                }
            }
        }
        _ => {}
    };
    for (_, resource) in template.resources.iter() {
        resource.properties.values().for_each(|value| value.walk(&mut |function| found(function)));
    }
    template.outputs.iter().for_each(|(_, output)| output.value.walk(&mut |function| found(function)));
    wrong.map_or(Ok(()), |message| Err(invalid(message)))
}
