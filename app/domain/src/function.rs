//! Lambda functions, as observed.

use crate::arn::Arn;
use crate::names::FunctionName;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A function's state, spelt as Lambda spells it. Source: Lambda developer guide, "Lambda function states".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum FunctionState {
    Pending,
    Active,
    Inactive,
    Failed,
    Deactivating,
    Deactivated,
    ActiveNonInvocable,
    Deleting,
    /// A state this version does not know.
    Unknown,
}

impl FunctionState {
    /// Parses Lambda's spelling; anything else is [`FunctionState::Unknown`].
    pub fn parse(text: &str) -> Self {
        match text {
            "Pending" => Self::Pending,
            "Active" => Self::Active,
            "Inactive" => Self::Inactive,
            "Failed" => Self::Failed,
            "Deactivating" => Self::Deactivating,
            "Deactivated" => Self::Deactivated,
            "ActiveNonInvocable" => Self::ActiveNonInvocable,
            "Deleting" => Self::Deleting,
            _ => Self::Unknown,
        }
    }
    /// Lambda's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Failed => "Failed",
            Self::Deactivating => "Deactivating",
            Self::Deactivated => "Deactivated",
            Self::ActiveNonInvocable => "ActiveNonInvocable",
            Self::Deleting => "Deleting",
            Self::Unknown => "Unknown",
        }
    }
}

/// How a function's last update went. Source: Lambda developer guide, "Lambda function states".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum FunctionUpdate {
    Successful,
    InProgress,
    Failed,
    /// A status this version does not know.
    Unknown,
}

impl FunctionUpdate {
    /// Parses Lambda's spelling; anything else is [`FunctionUpdate::Unknown`].
    pub fn parse(text: &str) -> Self {
        match text {
            "Successful" => Self::Successful,
            "InProgress" => Self::InProgress,
            "Failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// A function of an account and region, offered to be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionView {
    /// Its name.
    pub name: FunctionName,
    /// Its ARN, without a version.
    pub arn: Arn,
    /// Its execution role.
    pub role: Arn,
    /// `python3.13`; none for a container image.
    pub runtime: Option<String>,
    /// The description, where there is one.
    pub description: Option<String>,
    /// When code or configuration last changed.
    pub modified: Option<Timestamp>,
}
