//! A template: its sections, parsed and checked as far as they can be without parameters.
//!
//! Transforms and macros are refused: they are programs of their own. Nested stacks are resources like any other here.
//!
//! Source: CloudFormation user guide, "CloudFormation template sections".

pub(crate) mod check;
pub(crate) mod outputs;
mod print;
mod read;
mod resources;
pub(crate) mod values;

use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::expression::Expression;
use crate::parameters::ParameterDeclaration;
use crate::read::{Aliases, locate};
use crate::rules::Rule;
use crate::section::Section;
use crate::{quotas, words};
use serde_json::Value;
use std::collections::BTreeMap;

/// A template that CloudFormation would take.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// `AWSTemplateFormatVersion`: `2010-09-09` where it is given.
    pub format_version: Option<String>,
    /// `Description`.
    pub description: Option<String>,
    /// `Metadata`, as written.
    pub metadata: Option<Value>,
    /// `Parameters`.
    pub parameters: Section<ParameterDeclaration>,
    /// `Rules`.
    pub rules: Section<Rule>,
    /// `Mappings`.
    pub mappings: Section<Mapping>,
    /// `Conditions`.
    pub conditions: Section<Expression>,
    /// `Resources`: at least one.
    pub resources: Section<Resource>,
    /// `Outputs`.
    pub outputs: Section<Output>,
}

/// A mapping: top-level key, second-level key, and a string, number, boolean or a list of them.
pub type Mapping = BTreeMap<String, BTreeMap<String, Value>>;

/// A resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// `Type`: `AWS::S3::Bucket`.
    pub resource_type: String,
    /// `Properties`.
    pub properties: BTreeMap<String, Expression>,
    /// `DependsOn`.
    pub depends_on: Vec<String>,
    /// `Condition`: the name of the condition without which it does not exist.
    pub condition: Option<String>,
    /// `DeletionPolicy`.
    pub deletion_policy: Option<DeletionPolicy>,
    /// `UpdateReplacePolicy`.
    pub update_replace_policy: Option<DeletionPolicy>,
    /// `Metadata`.
    pub metadata: Option<Expression>,
    /// `CreationPolicy`.
    pub creation_policy: Option<Expression>,
    /// `UpdatePolicy`.
    pub update_policy: Option<Expression>,
    /// `Description`.
    pub description: Option<String>,
}

/// What becomes of what a resource stands for when the resource goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// It stays, and no stack has it any more.
    Retain,
    /// It stays, but is deleted if the stack's very creation is rolled back.
    RetainExceptOnCreate,
    /// It is deleted after a snapshot of it was taken.
    Snapshot,
}

impl DeletionPolicy {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
            Self::Snapshot => "Snapshot",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Delete, Self::Retain, Self::RetainExceptOnCreate, Self::Snapshot]
            .into_iter()
            .find(|policy| policy.as_str() == name)
    }
}

impl Resource {
    /// What becomes of it when it leaves the stack or the stack is deleted. Without a policy that is Delete; AWS
    /// snapshots clusters and instances of RDS by default, which the host knows.
    pub fn on_deletion(&self) -> DeletionPolicy {
        self.deletion_policy.unwrap_or(DeletionPolicy::Delete)
    }

    /// What becomes of the old one when an update replaces it.
    pub fn on_replacement(&self) -> DeletionPolicy {
        self.update_replace_policy.unwrap_or(DeletionPolicy::Delete)
    }

    /// What may have functions besides the properties, with its name.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'static str, &Expression)> {
        let attributes = [
            ("Metadata", &self.metadata),
            ("CreationPolicy", &self.creation_policy),
            ("UpdatePolicy", &self.update_policy),
        ];
        attributes.into_iter().filter_map(|(name, part)| part.as_ref().map(|part| (name, part)))
    }
}

/// An output.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// `Value`.
    pub value: Expression,
    /// `Description`.
    pub description: Option<String>,
    /// `Export.Name`.
    pub export: Option<Expression>,
    /// `Condition`.
    pub condition: Option<String>,
}

impl Template {
    /// Reads a template as CloudFormation does, JSON or YAML; aliases are refused. At most 1 MB: for what may be in a
    /// request see [`Template::check_body`].
    ///
    /// # Errors
    /// The first fault, with its path and its place in the text.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, Aliases::Refused)
    }

    /// The same, and says what to do with YAML aliases.
    pub fn parse_with(text: &str, aliases: Aliases) -> Result<Self> {
        let found = crate::read::read(text, aliases).and_then(read::template).and_then(|template| {
            check::check(&template)?;
            Ok(template)
        });
        found.map_err(|error| match error.place {
            None if !error.path.is_empty() => TemplateError { place: locate(text, &error.path), ..error },
            _ => error,
        })
    }

    /// Whether a template fits into a request's `TemplateBody`: 51,200 bytes.
    pub fn check_body(text: &str) -> Result<()> {
        if text.len() > quotas::BODY_BYTES {
            return Err(TemplateError::new(ErrorKind::Syntax, &Path::Root, words::body_too_long(text)));
        }
        Ok(())
    }
}
