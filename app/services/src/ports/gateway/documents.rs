//! IAM's documents with where each of them lives, for explanations that can also be mended.
//!
//! One piece that can't be read does not hide the others: every list and every document is read for itself, and what
//! is not readable is said so, with the reason and with what reading it takes.

use super::Tags;
use domain::arn::{Arn, CallerArn};
use domain::names::{GroupName, RoleName, UserName};

/// A piece of what was to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<T> {
    /// It was read.
    Read(T),
    /// AWS says that there is none.
    Missing,
    /// It could not be read.
    Unreadable {
        /// Why: AWS's own message.
        why: String,
    },
}

/// Something that could not be read, and what reading it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What: ``the inline policy `x` of group `team` ``.
    pub what: String,
    /// Why: AWS's own message.
    pub why: String,
    /// The IAM actions that reading it takes.
    pub needs: Vec<String>,
}

/// Who holds an inline policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A role.
    Role(RoleName),
    /// A user.
    User(UserName),
    /// A group of users.
    Group(GroupName),
}

impl Holder {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Role(name) => name.as_str(),
            Self::User(name) => name.as_str(),
            Self::Group(name) => name.as_str(),
        }
    }
    /// `role`, `user` or `group`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Role(_) => "role",
            Self::User(_) => "user",
            Self::Group(_) => "group",
        }
    }
}

/// A version of a managed policy that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherVersion {
    /// `v3`.
    pub id: String,
    /// What it says; read only of versions newer than the one in force, which somebody has gone back from.
    pub text: Option<String>,
}

/// Where a document lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A managed policy: attached, or set as the boundary.
    Managed {
        /// Its ARN; AWS's own have `aws` for the account.
        arn: Arn,
        /// The version in force.
        version: String,
        /// Its other versions, at most four; empty for AWS's own, and where they can't be listed.
        others: Vec<OtherVersion>,
        /// The group it is attached to, where the caller has it through one.
        group: Option<GroupName>,
    },
    /// An inline policy.
    Inline {
        /// Who holds it: the caller, the role or one of the caller's groups.
        holder: Holder,
    },
    /// A control policy of an organisation.
    Control {
        /// `p-1234abcd`.
        id: String,
        /// What it is attached to: `r-ab12`, `ou-ab12-cdef3456`, an account.
        target: String,
    },
}

/// A policy as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name, as people know it.
    pub name: String,
    /// Where it lives.
    pub origin: Origin,
    /// What it says, as JSON text (decoded).
    pub text: String,
}

/// Identity policies: those that could be read, and what could not. Empty on both sides: there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicySet {
    /// What was read: managed, inline, of groups.
    pub documents: Vec<Document>,
    /// What could not be read: a list, or single documents.
    pub unread: Vec<Unread>,
}

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
