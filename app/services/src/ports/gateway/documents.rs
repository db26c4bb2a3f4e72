//! IAM's documents with where each of them lives, for explanations that can also be mended.
//!
//! One piece that can't be read does not hide the others: every list and every document is read for itself, and what
//! is not readable is said so, with the reason and with what reading it takes.

use super::Tags;
use domain::arn::{Arn, CallerArn};

pub use domain::doctor::{Document, Origin, OtherVersion, Piece, PolicySet, Unread};
pub use domain::share::plan::Holder;

/// A role or user as a caller, with all its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerDocuments {
    /// Its ARN with the path, as IAM tells it; as it was asked for where GetRole or GetUser is denied.
    pub arn: CallerArn,
    /// `AROA…` or `AIDA…`; `None` where GetRole or GetUser is denied.
    pub unique_id: Option<String>,
    /// Its tags.
    pub tags: Piece<Tags>,
    /// Its identity policies, those of its groups included.
    pub policies: PolicySet,
    /// Its permissions boundary; missing: it has none.
    pub boundary: Piece<Document>,
}

/// A role that is assumed, with all its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDocuments {
    /// Its ARN with the path, in the case it was made in.
    pub arn: Arn,
    /// `AROA…`.
    pub unique_id: String,
    /// The trust policy as JSON text (decoded). Principals that no longer exist show as `AROA…` or `AIDA…`.
    pub trust: String,
    /// MaxSessionDuration in seconds.
    pub max_session_seconds: u32,
    /// The description.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
    /// Its identity policies.
    pub policies: PolicySet,
    /// Its permissions boundary; missing: it has none.
    pub boundary: Piece<Document>,
}

/// A role in a list, with what says whether a share made it, or could take it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRole {
    /// Its ARN with the path.
    pub arn: Arn,
    /// `AROA…`.
    pub unique_id: String,
    /// The trust policy as JSON text (decoded).
    pub trust: String,
    /// MaxSessionDuration in seconds.
    pub max_session_seconds: u32,
    /// The description.
    pub description: String,
    /// Its tags.
    pub tags: Piece<Tags>,
}

/// A customer managed policy in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPolicy {
    /// Its ARN with the path.
    pub arn: Arn,
    /// The version in force.
    pub version: String,
    /// How many roles, users and groups it is attached to.
    pub attachments: u32,
    /// Its tags.
    pub tags: Piece<Tags>,
}
