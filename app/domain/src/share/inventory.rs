//! What was observed in AWS, on both sides, before a plan is made.

use crate::arn::{Arn, CallerArn};
use crate::endpoint::EndpointView;
use crate::names::{PolicyName, ShareId};
use crate::share::Side;
use crate::share::plan::Elsewhere;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedVersion {
    /// `v1`, `v2`, …
    pub id: String,
    /// Whether it is in force.
    pub is_default: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// A customer managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedPolicy {
    /// Its ARN.
    pub arn: Arn,
    /// The version in force, as JSON text (decoded).
    pub document: String,
    /// All versions, at most five.
    pub versions: Vec<ObservedVersion>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Names of the roles it is attached to.
    pub attached_roles: Vec<String>,
    /// Names of the users it is attached to.
    pub attached_users: Vec<String>,
    /// Names of the groups it is attached to.
    #[serde(default)]
    pub attached_groups: Vec<String>,
    /// Whom it is the permissions boundary of: `role/name`, `user/name`.
    #[serde(default)]
    pub bounding: Vec<String>,
    /// What it was described as when it was made; it can't change.
    #[serde(default)]
    pub description: String,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedRole {
    /// Its ARN, with path.
    pub arn: Arn,
    /// `AROA…`.
    pub unique_id: String,
    /// The trust policy as JSON text (decoded). Principals that no longer exist show as `AROA…` or `AIDA…`.
    pub trust: String,
    /// MaxSessionDuration in seconds.
    pub max_session_seconds: u32,
    /// The description.
    pub description: String,
    /// ARNs of attached managed policies.
    pub attached: Vec<Arn>,
    /// Names of inline policies.
    pub inline: Vec<PolicyName>,
    /// The permissions boundary's ARN, if there is one.
    pub boundary: Option<Arn>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A role or user of the child that is to get the child's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedGrantee {
    /// Who.
    pub arn: CallerArn,
    /// Whether it exists.
    pub exists: bool,
    /// ARNs of its attached managed policies.
    pub attached: Vec<Arn>,
}

/// What is there now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShareInventory {
    /// The parent's policy of the intended name.
    pub policy: Option<ObservedPolicy>,
    /// The parent's role of the intended name.
    pub role: Option<ObservedRole>,
    /// The intended endpoints that exist.
    pub endpoints: Vec<EndpointView>,
    /// The child's side; `None` when the child is not connected.
    pub child: Option<ChildInventory>,
    /// Other shares that this console knows: what carries their tag is never taken over.
    #[serde(default)]
    pub other_shares: BTreeSet<ShareId>,
    /// The documents of the role's policies by name, the share's own included, as far as they were read.
    #[serde(default)]
    pub role_documents: BTreeMap<String, String>,
    /// What the share's runs changed outside its own resources, as it stands now; read before the share is undone.
    #[serde(default)]
    pub elsewhere: Vec<Elsewhere>,
    /// Sides that could not be read, and why. What is absent there is unknown, not gone.
    #[serde(default)]
    pub unread: BTreeMap<Side, String>,
}

/// The child's side of an inventory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChildInventory {
    /// The child's policy of the intended name.
    pub policy: Option<ObservedPolicy>,
    /// The intended grantees.
    pub grantees: Vec<ObservedGrantee>,
    /// Intended callers that do not exist: a trust policy naming them is refused by IAM.
    pub missing_callers: Vec<CallerArn>,
    /// The console is to call, and none of its own policies but the share's grant lets it assume the role.
    #[serde(default)]
    pub console_needs_grant: bool,
    /// Whom earlier runs of this share attached the grant to; others' attachments are left alone.
    #[serde(default)]
    pub attached_by_us: BTreeSet<CallerArn>,
}
