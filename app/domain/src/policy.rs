//! Policy documents as IAM reads them: parsed once into types that can be printed, compared and evaluated.
//!
//! [`PolicyDocument::parse`] accepts what AWS accepts (a single statement instead of a list, a string instead of a
//! list, numbers and booleans in conditions) and refuses the rest with the line, the column and the path of the
//! fault. What a document may hold depends on where it is used: [`validate_identity`], [`validate_trust`].
//!
//! Source: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy element reference".

mod condition;
mod error;
pub(crate) mod json;
pub(crate) mod parse;
mod pattern;
mod principal;
mod print;
pub mod quotas;
mod statement;
mod validate;

pub use condition::{Condition, ConditionOperator, ConditionValue, Operator, Quantifier};
pub use error::PolicyError;
#[cfg(test)]
pub(crate) use pattern::count;
pub use pattern::{ActionPattern, Pattern, ResourcePattern, Variables};
pub(crate) use pattern::{Size, VariableCost};
pub(crate) use principal::is_unique_id;
pub use principal::{AwsPrincipal, PrincipalPattern};
pub use statement::{ActionClause, Effect, PrincipalClause, ResourceClause, Statement};
pub use validate::{validate_identity, validate_resource, validate_trust};

use parse::Reading;
use serde::de::{Deserialize, Deserializer, Error as _};

/// The version of the policy language. It decides whether variables such as `${aws:username}` are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PolicyVersion {
    /// `2012-10-17`: variables are replaced.
    #[default]
    V2012,
    /// `2008-10-17`, also what a document without a version is: variables are plain text.
    V2008,
}

impl PolicyVersion {
    /// As written in a document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2012 => "2012-10-17",
            Self::V2008 => "2008-10-17",
        }
    }
}

/// A policy: its statements, in the order written.
///
/// It serialises as the document itself, keys in AWS's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The version of the language.
    pub version: PolicyVersion,
    /// The document's own name, where it has one.
    pub id: Option<String>,
    /// What it says.
    pub statements: Vec<Statement>,
}

impl PolicyDocument {
    /// A document of version 2012-10-17.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { version: PolicyVersion::V2012, id: None, statements: statements.into_iter().collect() }
    }

    /// Parses a document. The error names the first fault with its line, column and path.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        parse::document(&json::parse(text)?, Reading::Strict)
    }

    /// Parses a document that is JSON already. Errors have a path, but neither line nor column (both are 0).
    pub fn parse_value(value: &serde_json::Value) -> Result<Self, PolicyError> {
        parse::document(&json::from_value(value), Reading::Strict)
    }

    /// The document as JSON; a list of one is a bare string. A [`serde_json::Value`] sorts its keys: to show or send
    /// a document, use [`PolicyDocument::pretty`] or serialise the document itself.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.pretty()).unwrap_or_default()
    }

    /// The document as it is shown and sent: JSON with an indent of two, keys in AWS's order.
    pub fn pretty(&self) -> String {
        print::pretty(self)
    }

    /// The size IAM counts: characters without white space.
    ///
    /// Source: IAM user guide, "IAM and AWS STS quotas".
    pub fn size(text: &str) -> usize {
        text.chars().filter(|c| !c.is_whitespace()).count()
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse::document(&json::Node::deserialize(deserializer)?, Reading::Strict).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Statement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse::one_statement(&json::Node::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Whether two documents say the same: the order of keys, lists and statements, a string instead of a list of one,
/// an account's ID instead of its root ARN make no difference. Texts that are no policies are compared as texts.
pub fn same_meaning(a: &str, b: &str) -> bool {
    match (PolicyDocument::parse(a), PolicyDocument::parse(b)) {
        (Ok(a), Ok(b)) => print::normal_form(&a) == print::normal_form(&b),
        _ => a == b,
    }
}
