//! What could be read on both sides, piece by piece, and where each document lives: a fix has to know.

use crate::arn::{Arn, CallerArn};
use crate::endpoint::EndpointView;
use crate::evaluate::Context;
use crate::names::GroupName;
use crate::share::plan::Holder;
use serde::{Deserialize, Serialize};

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece<T> {
    /// It was read.
    Read(T),
    /// AWS says that there is none.
    Missing,
    /// It could not be read.
    Unreadable {
        /// Why, in lower case: `account 222222222222 is not connected`.
        why: String,
    },
}

impl<T> Default for Piece<T> {
    fn default() -> Self {
        Self::Unreadable { why: "it was not looked at".into() }
    }
}

impl<T> Piece<T> {
    /// A piece that could not be read.
    pub fn unreadable(why: impl Into<String>) -> Self {
        Self::Unreadable { why: why.into() }
    }
    /// What was read, if anything.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(piece) => Some(piece),
            _ => None,
        }
    }
    /// The same, to change it.
    pub fn read_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Read(piece) => Some(piece),
            _ => None,
        }
    }
    /// Why it could not be read, if so.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Unreadable { why } => Some(why),
            _ => None,
        }
    }
    /// Whether AWS says that there is none.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

impl<T> From<Option<T>> for Piece<T> {
    fn from(piece: Option<T>) -> Self {
        piece.map_or(Self::Missing, Self::Read)
    }
}

/// Something that could not be read, and what reading it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What: `the identity policies of scoring-lambda`.
    pub what: String,
    /// Why, in lower case.
    pub why: String,
    /// The IAM actions that reading it takes.
    #[serde(default)]
    pub needs: Vec<String>,
}

impl Unread {
    /// Says what could not be read, why, and what it would take.
    pub fn new(what: impl Into<String>, why: impl Into<String>, needs: &[&str]) -> Self {
        let needs = needs.iter().map(|action| (*action).to_owned()).collect();
        Self { what: what.into(), why: why.into(), needs }
    }
}

/// A version of a managed policy that is not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherVersion {
    /// `v3`.
    pub id: String,
    /// What it says, where it was read.
    #[serde(default)]
    pub text: Option<String>,
}

/// Where a document lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A managed policy: attached, or set as the boundary.
    Managed {
        /// Its ARN.
        arn: Arn,
        /// The version in force.
        version: String,
        /// Its other versions, at most four.
        #[serde(default)]
        others: Vec<OtherVersion>,
        /// The group it is attached to, where the caller has it through one.
        #[serde(default)]
        group: Option<GroupName>,
    },
    /// An inline policy.
    Inline {
        /// Who holds it: the caller, the role or one of the caller's groups.
        holder: Holder,
    },
    /// The role's trust policy.
    Trust {
        /// The role.
        role: Arn,
    },
    /// A control policy of an organisation.
    Control {
        /// `p-1234abcd`.
        id: String,
        /// What it is attached to: `r-ab12`, `ou-ab12-cdef3456`, an account.
        target: String,
    },
    /// Passed with AssumeRole.
    Session,
}

/// A policy as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name, as people know it.
    pub name: String,
    /// Where it lives.
    pub origin: Origin,
    /// What it says, as JSON text (decoded).
    pub text: String,
}

impl Document {
    /// Whether AWS owns it: such a policy can't be changed.
    pub fn is_aws_managed(&self) -> bool {
        matches!(&self.origin, Origin::Managed { arn, .. } if arn.account() == "aws")
    }
    /// Where it lives, in a few words: `customer managed policy, version 3`.
    pub fn place(&self) -> String {
        let number = |version: &str| version.strip_prefix('v').unwrap_or(version).to_owned();
        match &self.origin {
            Origin::Managed { .. } if self.is_aws_managed() => "AWS managed policy".into(),
            Origin::Managed { version, group: Some(group), .. } => {
                format!("customer managed policy of group {group}, version {}", number(version))
            }
            Origin::Managed { version, .. } => format!("customer managed policy, version {}", number(version)),
            Origin::Inline { holder } => format!("inline policy of {} {}", holder.kind(), holder.name()),
            Origin::Trust { role } => format!("trust policy of role {}", role.resource_name()),
            Origin::Control { id, target } => format!("control policy {id} of {target}"),
            Origin::Session => "session policy, passed with AssumeRole".into(),
        }
    }
}

/// Identity policies: those that could be read, and what could not. Empty on both sides: there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicySet {
    /// What was read: managed, inline, of groups.
    pub documents: Vec<Document>,
    /// What could not be read: a list, or single documents.
    pub unread: Vec<Unread>,
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerEvidence {
    /// Its ARN, with the path.
    pub arn: CallerArn,
    /// `AROA…` or `AIDA…`.
    #[serde(default)]
    pub unique_id: Option<String>,
    /// Its identity policies, those of its groups included.
    #[serde(default)]
    pub policies: PolicySet,
    /// Its permissions boundary; missing: it has none.
    #[serde(default)]
    pub boundary: Piece<Document>,
    /// Customer managed policies of its account that it does not have and that may be the ones it lacks: a share's grant.
    #[serde(default)]
    pub attachable: Vec<Document>,
}

/// The role that is assumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleEvidence {
    /// Its ARN, with the path, in the case it was made in.
    pub arn: Arn,
    /// `AROA…`.
    #[serde(default)]
    pub unique_id: Option<String>,
    /// The trust policy as JSON text (decoded), as IAM shows it.
    pub trust: String,
    /// MaxSessionDuration in seconds.
    pub max_session_seconds: u32,
    /// Its identity policies.
    #[serde(default)]
    pub policies: PolicySet,
    /// Its permissions boundary; missing: it has none.
    #[serde(default)]
    pub boundary: Piece<Document>,
    /// Customer managed policies of its account that it does not have and that may be the ones it lacks.
    #[serde(default)]
    pub attachable: Vec<Document>,
}

/// What an organisation attaches to the root, an organisational unit or an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlLevel {
    /// `r-ab12`, `ou-ab12-cdef3456` or the account.
    pub target: String,
    /// Its policies.
    pub policies: Vec<Document>,
}

/// What could be read. Levels of control policies go from the organisation's root down to the account; missing: none
/// bear on the account, as in an organisation's management account or outside of any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The caller.
    pub caller: Piece<CallerEvidence>,
    /// The service control policies of the caller's account.
    pub caller_service_controls: Piece<Vec<ControlLevel>>,
    /// The ID of the organisation the caller's account is in.
    pub caller_organization: Piece<String>,
    /// The role.
    pub role: Piece<RoleEvidence>,
    /// The service control policies of the role's account.
    pub role_service_controls: Piece<Vec<ControlLevel>>,
    /// The resource control policies of the role's account.
    pub role_resource_controls: Piece<Vec<ControlLevel>>,
    /// The ID of the organisation the role's account is in.
    pub role_organization: Piece<String>,
    /// The endpoint, looked for in the question's region of the role's account.
    pub endpoint: Piece<EndpointView>,
    /// Endpoints of the same name in other regions of the role's account, where they were looked for.
    pub elsewhere: Vec<EndpointView>,
    /// Further condition keys of the calls, where they are known; an empty list says that a call does not carry the key.
    pub known: Context,
}

/// The IAM actions that reading a piece takes, kept in one place so that messages and documentation agree.
pub mod reading {
    /// A role as the caller, with its policies.
    pub const CALLER: &[&str] = &[
        "iam:GetRole",
        "iam:GetUser",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
    ];
    /// Whether a role or user exists.
    pub const EXISTENCE: &[&str] = &["iam:GetRole", "iam:GetUser"];
    /// The role and its trust policy.
    pub const ROLE: &[&str] = &["iam:GetRole"];
    /// A role's policies.
    pub const ROLE_POLICIES: &[&str] = &[
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
    ];
    /// A boundary's document.
    pub const BOUNDARY: &[&str] = &["iam:GetPolicy", "iam:GetPolicyVersion"];
    /// An organisation's control policies; from its management account or a delegated administrator.
    pub const CONTROLS: &[&str] =
        &["organizations:ListParents", "organizations:ListPoliciesForTarget", "organizations:DescribePolicy"];
    /// Which organisation an account is in.
    pub const ORGANIZATION: &[&str] = &["organizations:DescribeOrganization"];
    /// The endpoint.
    pub const ENDPOINT: &[&str] = &["sagemaker:DescribeEndpoint"];
}
