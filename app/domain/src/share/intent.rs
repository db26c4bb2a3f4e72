//! What the user asked for, valid by construction.

use crate::arn::{Arn, CallerArn};
use crate::endpoint::EndpointArn;
use crate::names::{AccountId, ConnectionId, EndpointName, ExternalId, PolicyName, Region, RoleName, ShareId};
use crate::s3::Location;
use crate::share::Side;
use crate::share::rotate::Rotation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A way to invoke an endpoint; each is an IAM action of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvokeAction {
    /// `sagemaker:InvokeEndpoint`.
    Invoke,
    /// `sagemaker:InvokeEndpointWithResponseStream`; AWS asks for `sagemaker:InvokeEndpoint` beside it.
    Stream,
    /// `sagemaker:InvokeEndpointAsync`.
    Async,
}

impl InvokeAction {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Invoke, Self::Stream, Self::Async];
    /// The IAM action.
    pub fn iam(self) -> &'static str {
        match self {
            Self::Invoke => "sagemaker:InvokeEndpoint",
            Self::Stream => "sagemaker:InvokeEndpointWithResponseStream",
            Self::Async => "sagemaker:InvokeEndpointAsync",
        }
    }
    /// The operation of SageMaker Runtime.
    pub fn operation(self) -> &'static str {
        self.iam().rsplit(':').next().unwrap_or_default()
    }
    /// The value in forms: `invoke`, `stream`, `async`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Stream => "stream",
            Self::Async => "async",
        }
    }
    /// Parses [`InvokeAction::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.key() == key)
    }
}

/// Which endpoints of the parent a share opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", content = "arns", rename_all = "snake_case")]
pub enum EndpointScope {
    /// Every endpoint of the parent in the share's region, those to come included.
    All,
    /// These.
    Named(BTreeSet<EndpointArn>),
}

/// Who in the child may assume the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", content = "arns", rename_all = "snake_case")]
pub enum CallerScope {
    /// Whoever the child's own administrators allow.
    WholeAccount,
    /// These roles and users.
    Named(BTreeSet<CallerArn>),
}

/// How the parent's side of a share is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParentSide {
    /// Through this connection: it is read, planned and made.
    Connected(ConnectionId),
    /// By an offer of its own administrator: nothing of it can be read, planned or guessed.
    Offered(Offered),
}

/// What an offer says of the parent's side, beside what the intent says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Whom the role trusts, until the acceptance is taken.
    pub trusts: CallerScope,
    /// The endpoints' names in the case they were created with; empty for all in the region.
    pub names: BTreeSet<EndpointName>,
}

/// A share as asked for. Made by [`crate::wizard`] from a complete draft, which checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareIntent {
    /// The share.
    pub id: ShareId,
    /// How the parent's side is known: through a connection, or by an offer. (Stored under the name of the first.)
    #[serde(rename = "parent_connection")]
    pub parent_side: ParentSide,
    /// Owns the endpoints.
    pub parent: AccountId,
    /// Where the endpoints are.
    pub region: Region,
    /// Which endpoints.
    pub endpoints: EndpointScope,
    /// How the child is reached, when it is connected.
    pub child_connection: Option<ConnectionId>,
    /// Calls the endpoints.
    pub child: AccountId,
    /// Who in the child. When the console itself is to call too, its role or user is among them.
    pub callers: CallerScope,
    /// In which ways; never empty.
    pub actions: BTreeSet<InvokeAction>,
    /// The parent's managed policy. An offer doesn't name it: of an offered share it stands for nothing, and nothing
    /// shows it.
    pub policy_name: PolicyName,
    /// The parent's role.
    pub role_name: RoleName,
    /// How long a session may last: 3600–43200 seconds, the role's MaxSessionDuration.
    pub session_seconds: u32,
    /// Required by the trust policy, when set.
    pub external_id: Option<ExternalId>,
    /// The child's managed policy.
    pub grant_name: PolicyName,
    /// Who in the child gets the child's policy attached.
    pub grantees: BTreeSet<CallerArn>,
    /// Whether a policy or role of these names that the console did not make may be taken over.
    pub adopt: bool,
    /// Without `adopt`: which of them may be taken over all the same.
    #[serde(default)]
    pub adopting: BTreeSet<Resource>,
    /// Which of the callers is this console itself, when it is to call too.
    #[serde(default)]
    pub console: Option<CallerArn>,
    /// A change of the external ID that is under way: the one before is accepted beside `external_id`.
    #[serde(default)]
    pub rotation: Option<Rotation>,
    /// Whether the child's own administrator accepted it, where the child is not connected.
    #[serde(default)]
    pub accepted: bool,
    /// Where its asynchronous endpoints leave outputs and failures, as it was when the share was reviewed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub results: BTreeSet<Location>,
}

/// A resource that a share makes, for conflicts about its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// The parent's policy.
    Policy,
    /// The parent's role.
    Role,
    /// The child's policy.
    Grant,
}

impl Resource {
    /// The value in forms and [`crate::share::view::ConflictView::what`].
    pub fn key(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Role => "role",
            Self::Grant => "grant",
        }
    }
    /// Parses [`Resource::key`].
    pub fn parse(key: &str) -> Option<Self> {
        [Self::Policy, Self::Role, Self::Grant].into_iter().find(|r| r.key() == key)
    }
}

impl ShareIntent {
    /// How the parent is reached; `None` for a share that was offered.
    pub fn parent_connection(&self) -> Option<&ConnectionId> {
        match &self.parent_side {
            ParentSide::Connected(connection) => Some(connection),
            ParentSide::Offered(_) => None,
        }
    }
    /// What the offer says, for a share that was offered.
    pub fn offered(&self) -> Option<&Offered> {
        match &self.parent_side {
            ParentSide::Connected(_) => None,
            ParentSide::Offered(offered) => Some(offered),
        }
    }
    /// The side that is not reached from here: its own administrator makes it.
    pub fn elsewhere(&self) -> Option<Side> {
        match (self.parent_connection(), &self.child_connection) {
            (None, _) => Some(Side::Parent),
            (_, None) => Some(Side::Child),
            _ => None,
        }
    }
    /// Of an offered share: the callers that the role does not trust before the acceptance is taken.
    pub fn not_trusted_yet(&self) -> Vec<&CallerArn> {
        match (self.offered().map(|offered| &offered.trusts), &self.callers) {
            (Some(CallerScope::Named(trusted)), CallerScope::Named(callers)) => callers.difference(trusted).collect(),
            _ => Vec::new(),
        }
    }
    /// Whether a resource of this kind that the console did not make may be taken over.
    pub fn may_adopt(&self, resource: Resource) -> bool {
        self.adopt || self.adopting.contains(&resource)
    }
    /// The ARN the role has or will have (path `/`).
    pub fn role_arn(&self) -> Arn {
        self.iam_arn(&self.parent, &format!("role/{}", self.role_name))
    }
    /// The ARN the parent's policy has or will have (path `/`).
    pub fn policy_arn(&self) -> Arn {
        self.iam_arn(&self.parent, &format!("policy/{}", self.policy_name))
    }
    /// The ARN the child's policy has or will have (path `/`).
    pub fn grant_arn(&self) -> Arn {
        self.iam_arn(&self.child, &format!("policy/{}", self.grant_name))
    }
    fn iam_arn(&self, account: &AccountId, resource: &str) -> Arn {
        Arn::build(self.region.partition(), "iam", "", account.as_str(), resource)
            .unwrap_or_else(|_| unreachable!("names and accounts were parsed"))
    }
}
