//! What GetTemplateSummary and ValidateTemplate answer, and which capabilities a template needs.
//!
//! Source: CloudFormation API reference, GetTemplateSummary, and CreateStack's `Capabilities`.

use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::expression::Expression;
use crate::template::{Resource, Template};
use crate::words;
use serde::Serialize;

/// What must be acknowledged before a template is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Capability {
    /// It makes identities or changes permissions.
    #[serde(rename = "CAPABILITY_IAM")]
    Iam,
    /// It makes identities with names of their own. Whoever acknowledges it acknowledges [`Capability::Iam`].
    #[serde(rename = "CAPABILITY_NAMED_IAM")]
    NamedIam,
    /// It has macros or nested stacks.
    #[serde(rename = "CAPABILITY_AUTO_EXPAND")]
    AutoExpand,
}

impl Capability {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "CAPABILITY_IAM",
            Self::NamedIam => "CAPABILITY_NAMED_IAM",
            Self::AutoExpand => "CAPABILITY_AUTO_EXPAND",
        }
    }
}

/// The types that need a capability, with the property that is a name of the template's own choice.
const IAM_TYPES: &[(&str, Option<&str>)] = &[
    ("AWS::IAM::AccessKey", None),
    ("AWS::IAM::Group", Some("GroupName")),
    ("AWS::IAM::InstanceProfile", Some("InstanceProfileName")),
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::IAM::Policy", None),
    ("AWS::IAM::Role", Some("RoleName")),
    ("AWS::IAM::User", Some("UserName")),
    ("AWS::IAM::UserToGroupAddition", None),
];

const NESTED: &str = "AWS::CloudFormation::Stack";

/// A template, summed up. It serialises as GetTemplateSummary's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Summary {
    /// The parameters, in the order of the template.
    pub parameters: Vec<SummaryParameter>,
    /// The template's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What must be acknowledged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities_reason: Option<String>,
    /// The types of its resources, each once, in the order of the template.
    pub resource_types: Vec<String>,
    /// `AWSTemplateFormatVersion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The template's metadata, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// A parameter, as GetTemplateSummary answers; ValidateTemplate leaves type and constraints out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SummaryParameter {
    /// Its name.
    pub parameter_key: String,
    /// Its default; masked if the parameter is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// Its type.
    pub parameter_type: String,
    /// Whether its value is masked.
    pub no_echo: bool,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `ParameterConstraints.AllowedValues`.
    #[serde(skip)]
    pub allowed_values: Vec<String>,
}

impl Template {
    /// What GetTemplateSummary answers.
    pub fn summary(&self) -> Summary {
        let parameters = self.parameters.iter().map(|(name, declaration)| SummaryParameter {
            parameter_key: name.to_owned(),
            default_value: declaration
                .default
                .clone()
                .map(|default| if declaration.no_echo { words::MASKED.to_owned() } else { default }),
            parameter_type: declaration.parameter_type.to_string(),
            no_echo: declaration.no_echo,
            description: declaration.description.clone(),
            allowed_values: declaration.allowed_values.clone(),
        });
        let (capabilities, needing) = self.needs();
        let reason = format!("The following resource(s) require capabilities: [{}]", needing.join(", "));
        Summary {
            parameters: parameters.collect(),
            description: self.description.clone(),
            capabilities_reason: (!capabilities.is_empty()).then_some(reason),
            capabilities,
            resource_types: once(self.resources.iter().map(|(_, resource)| resource.resource_type.as_str())),
            version: self.format_version.clone(),
            metadata: self.metadata.as_ref().map(|metadata| metadata.to_string()),
        }
    }

    /// Whether what was acknowledged is enough. Names that are no capabilities acknowledge nothing.
    ///
    /// # Errors
    /// [`ErrorKind::InsufficientCapabilities`].
    pub fn check_capabilities<'a>(&self, acknowledged: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let given: Vec<&str> = acknowledged.into_iter().collect();
        let has = |capability: Capability| {
            given.contains(&capability.as_str())
                || (capability == Capability::Iam && given.contains(&Capability::NamedIam.as_str()))
        };
        let missing: Vec<&str> =
            self.needs().0.into_iter().filter(|needed| !has(*needed)).map(Capability::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // Recorded.
        let message = format!("Requires capabilities : [{}]", missing.join(", "));
        Err(TemplateError::new(ErrorKind::InsufficientCapabilities, &Path::Root, message))
    }

    /// The capabilities, and the types that need them.
    fn needs(&self) -> (Vec<Capability>, Vec<String>) {
        let mut iam = None;
        let mut nested = None;
        let mut types = Vec::new();
        for (_, resource) in self.resources.iter() {
            let capability = if resource.resource_type == NESTED { None } else { needs_iam(resource) };
            if resource.resource_type == NESTED {
                nested = Some(Capability::AutoExpand);
            } else if capability.is_none() {
                continue;
            }
            iam = iam.max(capability);
            types.push(resource.resource_type.as_str());
        }
        (iam.into_iter().chain(nested).collect(), once(types.into_iter()))
    }
}

fn needs_iam(resource: &Resource) -> Option<Capability> {
    let (_, name) = IAM_TYPES.iter().find(|(known, _)| *known == resource.resource_type)?;
    let named = name.and_then(|name| resource.properties.get(name)).is_some_and(|name| !Expression::is_no_value(name));
    Some(if named { Capability::NamedIam } else { Capability::Iam })
}

fn once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.iter().any(|there| there == name) {
            found.push(name.to_owned());
        }
    }
    found
}
