//! Parameters: how a template declares them, and the values that a stack has for them.
//!
//! Source: CloudFormation user guide, "CloudFormation template Parameters syntax", "Specify existing resources at runtime
//! with CloudFormation-supplied parameter types"; for the texts of refusals see [`crate::words`].

mod bind;
mod constraints;
mod declare;
mod pattern;
mod types;

pub use bind::{Bound, ParameterInput, ParameterStore, Parameters};
pub(crate) use declare::declaration;
pub use types::{Inner, ParameterType};

/// A parameter, as a template declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDeclaration {
    /// Its type.
    pub parameter_type: ParameterType,
    /// What it is if nothing is given.
    pub default: Option<String>,
    /// Whether its value is masked wherever it is shown.
    pub no_echo: bool,
    /// For people; at most 4,000 characters.
    pub description: Option<String>,
    /// What it may be; empty if that is not restricted.
    pub allowed_values: Vec<String>,
    /// A Java regular expression that the whole value must match.
    pub allowed_pattern: Option<String>,
    /// What to say instead when a constraint is not met.
    pub constraint_description: Option<String>,
    /// The fewest characters, for strings.
    pub min_length: Option<u64>,
    /// The most characters, for strings.
    pub max_length: Option<u64>,
    /// The least number, for numbers, as written.
    pub min_value: Option<String>,
    /// The greatest number, for numbers, as written.
    pub max_value: Option<String>,
}
