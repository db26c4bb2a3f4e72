//! What a use case can answer instead of a result.

use crate::ports::gateway::GatewayError;
use crate::ports::store::StoreError;
use domain::invoke::DenialExplanation;
use domain::wizard::FieldProblem;

/// Why a use case did not do what was asked. Display never repeats its source.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// AWS, or the way to it.
    #[error("{source}")]
    Gateway {
        /// What AWS said.
        source: Box<GatewayError>,
        /// For a denial: which document stands in the way.
        explanation: Option<Box<DenialExplanation>>,
    },
    /// The console's own store.
    #[error("the console's store could not be used")]
    Store(#[from] StoreError),
    /// The console's data folder.
    #[error("the console's data folder could not be used")]
    Files(#[from] std::io::Error),
    /// The thing asked for is not there.
    #[error("{what} `{id}` was not found")]
    NotFound {
        /// `share`, `draft`, `run`, `connection`.
        what: &'static str,
        /// Its identifier as given.
        id: String,
    },
    /// Answers that can't be used; shown at their fields.
    #[error("{}", problems.first().map_or("the answers can't be used", |p| p.message.as_str()))]
    Invalid {
        /// What is wrong, field by field.
        problems: Vec<FieldProblem>,
    },
    /// Someone else is at it, or the world has moved on.
    #[error("{message}")]
    Conflict {
        /// What happened.
        message: String,
        /// What to do next.
        hint: String,
    },
}

impl From<GatewayError> for ServiceError {
    fn from(source: GatewayError) -> Self {
        Self::Gateway { source: Box::new(source), explanation: None }
    }
}
