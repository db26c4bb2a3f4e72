//! What was there when a share was last applied, as far as later changes can only be told by it.

use super::{Finding, FindingKind};
use crate::arn::Arn;
use crate::endpoint::EndpointArn;
use crate::names::PolicyName;
use crate::share::intent::{EndpointScope, ShareIntent};
use crate::share::inventory::{ObservedPolicy, ObservedRole, ShareInventory};
use crate::share::plan::{Action, Holder, Plan};
use crate::share::{Side, TAG_SHARE};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The role when it was last looked at and found right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What to remember of a share's resources: carried on by [`Recorded::after`] with each run that went through, kept with
/// the share.
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
    /// Everything as it is there now, taken for right: for a share that was just imported, or taken over whole.
    pub fn of(intent: &ShareIntent, inventory: &ShareInventory) -> Self {
        let role = inventory.role.as_ref().map(|role| recorded_role(intent, role));
        let endpoints = inventory.endpoints.iter().filter_map(|e| Some((e.arn.clone(), e.created?)));
        Self {
            role,
            policy: inventory.policy.as_ref().map(recorded),
            grant: inventory.child.as_ref().and_then(|child| child.policy.as_ref()).map(recorded),
            endpoints: endpoints.collect(),
        }
    }

    /// After a run that went through: what `plan` made, took over or changed is taken for right, and nothing else. What
    /// others did meanwhile stays a finding until someone mends it or takes note of it.
    pub fn after(&self, plan: &Plan, intent: &ShareIntent, inventory: &ShareInventory) -> Self {
        let run = Run { plan, intent };
        let grant = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
        let known = |arn: &EndpointArn| match &intent.endpoints {
            EndpointScope::Named(arns) => arns.contains(arn),
            EndpointScope::All => false,
        };
        let mut endpoints: BTreeMap<_, _> =
            self.endpoints.iter().filter(|(arn, _)| known(arn)).map(|(arn, made)| (arn.clone(), *made)).collect();
        for endpoint in &inventory.endpoints {
            if let Some(created) = endpoint.created {
                endpoints.entry(endpoint.arn.clone()).or_insert(created);
            }
        }
        Self {
            role: inventory.role.as_ref().map_or_else(|| self.role.clone(), |role| Some(self.role_after(&run, role))),
            policy: run.policy_after(self.policy.as_ref(), inventory.policy.as_ref()),
            grant: run.policy_after(self.grant.as_ref(), grant),
            endpoints,
        }
    }

    fn role_after(&self, run: &Run<'_>, role: &ObservedRole) -> RecordedRole {
        if run.does(|action| match action {
            Action::CreateRole { name, .. } => *name == run.intent.role_name,
            // What a role had when the share first took it over was shown in the review. Later its extras are findings.
            Action::TagRole { role, previous, .. } => {
                self.role.is_none() && *role == run.intent.role_name && run.takes_over(previous)
            }
            _ => false,
        }) {
            return recorded_role(run.intent, role);
        }
        let nothing = RecordedRole { unique_id: role.unique_id.clone(), ..RecordedRole::default() };
        let mut after = self.role.clone().unwrap_or(nothing);
        let own = Holder::Role(run.intent.role_name.clone());
        for step in run.plan.steps.iter().filter(|step| step.account == run.intent.parent) {
            match &step.action {
                Action::Attach { to, policy } if *to.arn() == role.arn && *policy != run.intent.policy_arn() => {
                    after.attached.insert(policy.clone());
                }
                Action::Detach { from, policy } if *from.arn() == role.arn => {
                    after.attached.remove(policy);
                }
                Action::PutInlinePolicy { holder, name, .. } if *holder == own => {
                    after.inline.insert(name.clone());
                }
                Action::DeleteInlinePolicy { holder, name, .. } if *holder == own => {
                    after.inline.remove(name);
                }
                Action::RemoveBoundary { role, .. } if *role == run.intent.role_name => after.boundary = None,
                _ => {}
            }
        }
        after
    }

    /// With what these findings found taken for right: those of [`super::Mend::Noted`], and any other that a person wants
    /// left as it is. Findings that no record can settle are passed over.
    pub fn noting<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>, inventory: &ShareInventory) -> Self {
        let mut after = self.clone();
        for finding in findings {
            after.note(finding, inventory);
        }
        after
    }

    fn note(&mut self, finding: &Finding, inventory: &ShareInventory) {
        let subject = finding.subject.as_str();
        let grant = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
        let (policy, there) = match finding.side {
            Side::Parent => (&mut self.policy, inventory.policy.as_ref()),
            Side::Child => (&mut self.grant, grant),
        };
        match finding.kind {
            FindingKind::PolicyRecreated | FindingKind::GrantRecreated => {
                let holders = policy.take().map(|p| p.holders).unwrap_or_default();
                *policy = there.map(|there| RecordedPolicy { holders, ..recorded(there) });
            }
            FindingKind::AttachedElsewhere => {
                if let Some(there) = there {
                    let known = || RecordedPolicy { holders: BTreeSet::new(), ..recorded(there) };
                    policy.get_or_insert_with(known).holders.insert(subject.to_owned());
                }
            }
            FindingKind::EndpointRecreated => {
                let same = inventory.endpoints.iter().filter(|e| e.arn.as_str() == subject);
                self.endpoints.extend(same.filter_map(|e| Some((e.arn.clone(), e.created?))));
            }
            _ => self.note_role(finding.kind, subject, inventory.role.as_ref()),
        }
    }

    fn note_role(&mut self, kind: FindingKind, subject: &str, role: Option<&ObservedRole>) {
        let Some(there) = role else { return };
        let nothing = || RecordedRole { unique_id: there.unique_id.clone(), ..RecordedRole::default() };
        let role = self.role.get_or_insert_with(nothing);
        match kind {
            FindingKind::RoleRecreated => role.unique_id = there.unique_id.clone(),
            FindingKind::BoundaryAdded | FindingKind::BoundaryChanged => role.boundary = there.boundary.clone(),
            FindingKind::ExtraPolicy => role.attached.extend(Arn::parse(subject)),
            FindingKind::ExtraInline => role.inline.extend(PolicyName::parse(subject)),
            _ => {}
        }
    }
}

struct Run<'a> {
    plan: &'a Plan,
    intent: &'a ShareIntent,
}

impl Run<'_> {
    fn does(&self, what: impl Fn(&Action) -> bool) -> bool {
        self.plan.steps.iter().any(|step| what(&step.action))
    }

    /// Whether a tag that held `previous` was not the share's own, given back.
    fn takes_over(&self, previous: &BTreeMap<String, String>) -> bool {
        previous.get(TAG_SHARE).map(String::as_str) != Some(self.intent.id.as_str())
    }

    fn policy_after(&self, before: Option<&RecordedPolicy>, now: Option<&ObservedPolicy>) -> Option<RecordedPolicy> {
        let Some(now) = now else { return before.cloned() };
        let is = |arn: &Arn| *arn == now.arn;
        let made = self.does(|action| match action {
            Action::CreatePolicy { arn, .. } => is(arn),
            Action::TagPolicy { policy, previous, .. } => before.is_none() && is(policy) && self.takes_over(previous),
            _ => false,
        });
        let versioned = self.does(|action| match action {
            Action::CreatePolicyVersion { policy, .. } | Action::SetDefaultPolicyVersion { policy, .. } => is(policy),
            _ => false,
        });
        match before {
            _ if made => Some(recorded(now)),
            Some(before) if !versioned => Some(before.clone()),
            before => {
                let holders = before.map(|before| before.holders.clone()).unwrap_or_default();
                Some(RecordedPolicy { holders, ..recorded(now) })
            }
        }
    }
}

fn recorded_role(intent: &ShareIntent, role: &ObservedRole) -> RecordedRole {
    let own = intent.policy_arn();
    RecordedRole {
        unique_id: role.unique_id.clone(),
        attached: role.attached.iter().filter(|arn| **arn != own).cloned().collect(),
        inline: role.inline.iter().cloned().collect(),
        boundary: role.boundary.clone(),
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
