//! What was there when a share was last applied, as far as later changes can only be told by it.

use crate::arn::Arn;
use crate::endpoint::EndpointArn;
use crate::names::PolicyName;
use crate::share::intent::ShareIntent;
use crate::share::inventory::{ObservedPolicy, ShareInventory};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The role when it was last looked at and found right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRole {
    /// `AROA…`.
    pub unique_id: String,
    /// Managed policies beside the share's own: those of a role that was taken over.
    pub attached: BTreeSet<Arn>,
    /// Inline policies.
    pub inline: BTreeSet<PolicyName>,
    /// The boundary.
    pub boundary: Option<Arn>,
}

/// A managed policy when it was last looked at and found right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPolicy {
    /// The version in force.
    pub version: String,
    /// When that was made.
    pub created: Option<Timestamp>,
    /// Whom it was attached to, the share's role or grantees included: `role/name`, `user/name`, `group/name`.
    pub holders: BTreeSet<String>,
}

/// What to remember of a share's resources: made by [`Recorded::of`] after each successful run, kept with the share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recorded {
    /// The role.
    pub role: Option<RecordedRole>,
    /// The parent's policy.
    pub policy: Option<RecordedPolicy>,
    /// The child's policy, where the child could be read.
    pub grant: Option<RecordedPolicy>,
    /// When the named endpoints were made.
    pub endpoints: BTreeMap<EndpointArn, Timestamp>,
}

impl Recorded {
    /// What is there now, to be taken for right from now on.
    pub fn of(intent: &ShareIntent, inventory: &ShareInventory) -> Self {
        let own = intent.policy_arn();
        let role = inventory.role.as_ref().map(|role| RecordedRole {
            unique_id: role.unique_id.clone(),
            attached: role.attached.iter().filter(|arn| **arn != own).cloned().collect(),
            inline: role.inline.iter().cloned().collect(),
            boundary: role.boundary.clone(),
        });
        let endpoints = inventory.endpoints.iter().filter_map(|e| Some((e.arn.clone(), e.created?)));
        Self {
            role,
            policy: inventory.policy.as_ref().map(recorded),
            grant: inventory.child.as_ref().and_then(|child| child.policy.as_ref()).map(recorded),
            endpoints: endpoints.collect(),
        }
    }

    /// The same, keeping what is remembered of what could not be read this time.
    pub fn renewed(&self, intent: &ShareIntent, inventory: &ShareInventory) -> Self {
        use crate::share::Side::{Child, Parent};
        let new = Self::of(intent, inventory);
        let parent = if inventory.unread.contains_key(&Parent) { self } else { &new };
        let child = if inventory.child.is_none() || inventory.unread.contains_key(&Child) { self } else { &new };
        Self {
            role: parent.role.clone(),
            policy: parent.policy.clone(),
            endpoints: parent.endpoints.clone(),
            grant: child.grant.clone(),
        }
    }
}

fn recorded(policy: &ObservedPolicy) -> RecordedPolicy {
    let default = policy.versions.iter().find(|v| v.is_default);
    RecordedPolicy {
        version: default.map(|v| v.id.clone()).unwrap_or_default(),
        created: default.and_then(|v| v.created),
        holders: holders(policy).collect(),
    }
}

/// Everybody a policy is attached to: `role/name`, `user/name`, `group/name`.
pub(super) fn holders(policy: &ObservedPolicy) -> impl Iterator<Item = String> {
    let roles = policy.attached_roles.iter().map(|name| format!("role/{name}"));
    let users = policy.attached_users.iter().map(|name| format!("user/{name}"));
    roles.chain(users).chain(policy.attached_groups.iter().map(|name| format!("group/{name}")))
}

impl RecordedPolicy {
    /// Whether `now` is another policy of the same name: the remembered version was made at another time, or versions
    /// count from one again. `None`: it can't be told.
    pub(super) fn recreated(&self, now: &ObservedPolicy) -> Option<bool> {
        let same = now.versions.iter().find(|v| v.id == self.version);
        if let (Some(then), Some(now)) = (self.created, same.and_then(|v| v.created)) {
            return Some(then != now);
        }
        // Ids count up for ever (IAM user guide, "Versioning IAM policies"): a highest one below the remembered is new.
        let highest = now.versions.iter().map(|v| number(&v.id)).max()?;
        (highest < number(&self.version)).then_some(true)
    }
}

/// A version's number; ids count up for ever, so it is its age.
pub(super) fn number(version: &str) -> u64 {
    version.trim_start_matches('v').parse().unwrap_or(0)
}
