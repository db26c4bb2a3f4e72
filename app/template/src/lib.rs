//! AWS CloudFormation templates: read, checked, resolved, ordered, compared and summed up.
//!
//! It is pure: no clock, no network, no account. Whoever deploys a stack ([`Host`]) says what a resource's `Ref` and
//! attributes are; this crate says which resources there are, in which order and with which properties, and refuses
//! what CloudFormation refuses, in its words ([`words`]).
//!
//! 1. [`Template::parse`] reads JSON or YAML and checks all that needs no parameters.
//! 2. [`Parameters::bind`] takes a request's parameters.
//! 3. [`Deployment::new`] decides conditions and rules; [`Deployment::order`] and [`Deployment::properties`] are what a
//!    deployment goes by, [`Deployment::outputs`] what it ends with.
//! 4. [`difference`] tells what an update would change, as DescribeChangeSet does.
//! 5. [`Summary`] is what GetTemplateSummary and ValidateTemplate answer.
//!
//! It is not a linter: properties of resource types are not known here. Transforms, macros and `Fn::ForEach` are refused.

mod deployment;
mod difference;
mod error;
mod expression;
mod graph;
mod node;
mod order;
mod parameters;
mod pseudo;
pub mod quotas;
mod read;
mod references;
mod resolve;
mod rules;
mod section;
mod summary;
mod template;
pub mod words;

pub use deployment::{Deployment, StackOutput};
pub use difference::{
    AttributeChangeType, ChangeAction, ChangeSource, Difference, Evaluation, PolicyAction, Replacement,
    RequiresRecreation, ResourceAttribute, ResourceChange, ResourceChangeDetail, ResourceTypes, Target, difference,
};
pub use error::{ErrorKind, Place, TemplateError};
pub use expression::{Expression, Function, Piece, Sub};
pub use order::Order;
pub use parameters::{Bound, Inner, ParameterDeclaration, ParameterInput, ParameterStore, ParameterType, Parameters};
pub use pseudo::PseudoParameters;
pub use read::{Aliases, locate};
pub use resolve::{AttributeValue, Host};
pub use rules::{Assertion, Rule};
pub use section::Section;
pub use summary::{Capability, Summary, SummaryParameter};
pub use template::{DeletionPolicy, Mapping, Output, Resource, Template};
