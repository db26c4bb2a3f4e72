//! From what is there to what was asked for.

use super::{Action, Plan, Step, VersionRef};
use crate::arn::{Arn, CallerArn};
use crate::names::{AccountId, ConnectionId, PolicyName};
use crate::policy::same_meaning;
use crate::share::intent::{Resource, ShareIntent};
use crate::share::inventory::{ChildInventory, ObservedPolicy, ObservedRole, ObservedVersion, ShareInventory};
use crate::share::view::ConflictView;
use crate::share::{Side, TAG_SHARE, render};
use std::collections::{BTreeMap, BTreeSet};

/// How many versions a managed policy may have (IAM user guide, "IAM and AWS STS quotas").
const VERSIONS: usize = 5;

/// A plan, and what stands in its way. With conflicts the plan is incomplete and must not be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The steps; none when everything is as asked for.
    pub plan: Plan,
    /// Resources of the intended names that belong to someone else.
    pub conflicts: Vec<ConflictView>,
}

/// The steps from `inventory` to `intent`. The same input gives the same plan; executed, it leaves nothing to plan.
pub fn plan(intent: &ShareIntent, inventory: &ShareInventory) -> Planned {
    let mut planner = Planner { intent, others: &inventory.other_shares, steps: Vec::new(), conflicts: Vec::new() };
    // What could not be read is not absent: planning over it would make everything anew.
    if let Some(connection) = intent.parent_connection().filter(|_| !inventory.unread.contains_key(&Side::Parent)) {
        planner.parent(inventory, connection);
    }
    if let (Some(child), Some(connection)) = (&inventory.child, &intent.child_connection) {
        planner.child(child, connection);
    }
    Planned { plan: Plan { steps: planner.steps }, conflicts: planner.conflicts }
}

/// `name` with a number behind it, cut so that it stays within `longest` characters: `SageMakerExternal-2`.
pub fn numbered(name: &str, number: u32, longest: usize) -> String {
    let suffix = format!("-{number}");
    let keep = longest.saturating_sub(suffix.len()).min(name.len());
    format!("{}{suffix}", &name[..keep])
}

/// Who in the child is to have the grant attached: the chosen ones, and the console when it needs it to call.
pub fn grantees(intent: &ShareIntent, child: &ChildInventory) -> BTreeSet<CallerArn> {
    let console = intent.console.iter().filter(|_| child.console_needs_grant);
    intent.grantees.iter().chain(console).cloned().collect()
}

struct Planner<'a> {
    intent: &'a ShareIntent,
    others: &'a BTreeSet<crate::names::ShareId>,
    steps: Vec<Step>,
    conflicts: Vec<ConflictView>,
}

/// A managed policy as it is asked for.
struct Wanted<'a> {
    resource: Resource,
    key: &'static str,
    side: Side,
    connection: &'a ConnectionId,
    name: &'a PolicyName,
    arn: Arn,
    document: String,
    description: String,
}

/// Whose a resource is.
enum Owner {
    Ours,
    Free,
    /// Tagged by a share this console does not know.
    Unknown(String),
    /// Tagged by another share of this console.
    Other(String),
}

impl<'a> Planner<'a> {
    fn parent(&mut self, inventory: &ShareInventory, connection: &'a ConnectionId) {
        let intent = self.intent;
        let wanted = Wanted {
            resource: Resource::Policy,
            key: "parent-policy",
            side: Side::Parent,
            connection,
            name: &intent.policy_name,
            arn: intent.policy_arn(),
            document: render::invoke_policy(intent),
            description: render::description(render::WHAT_POLICY, intent),
        };
        let policy = self.managed(&wanted, inventory.policy.as_ref());
        let role = self.role(inventory.role.as_ref(), connection);
        let (Some(policy), Some(role)) = (policy, role) else { return };
        let attached = inventory.role.as_ref().is_some_and(|r| r.attached.contains(&wanted.arn));
        if attached {
            return;
        }
        let Ok(to) = CallerArn::parse(intent.role_arn().as_str()) else { return };
        let title = format!("Attach {} to {}", intent.policy_name, intent.role_name);
        // Only after both are as they should be: a trust or a policy that is wider than asked for never meets the other.
        let after = policy.into_iter().chain(role).collect();
        let action = Action::Attach { to, policy: wanted.arn };
        self.push("parent-attach".into(), title, Side::Parent, connection, action, after);
    }

    fn child(&mut self, child: &ChildInventory, connection: &'a ConnectionId) {
        let intent = self.intent;
        let wanted = Wanted {
            resource: Resource::Grant,
            key: "child-grant",
            side: Side::Child,
            connection,
            name: &intent.grant_name,
            arn: intent.grant_arn(),
            document: render::grant_policy(&intent.role_arn()),
            description: render::description(render::WHAT_GRANT, intent),
        };
        let Some(ready) = self.managed(&wanted, child.policy.as_ref()) else { return };
        let grantees = grantees(intent, child);
        for who in child.grantees.iter().filter(|g| grantees.contains(&g.arn)) {
            if who.exists && !who.attached.contains(&wanted.arn) {
                let title = format!("Attach {} to {}", intent.grant_name, who.arn.name());
                let action = Action::Attach { to: who.arn.clone(), policy: wanted.arn.clone() };
                let id = format!("child-attach-{}", slug(&who.arn));
                self.push(id, title, Side::Child, connection, action, ready.clone());
            }
        }
        let Some(policy) = &child.policy else { return };
        for gone in child.attached_by_us.difference(&grantees).filter(|c| is_attached(policy, c)) {
            let title = format!("Detach {} from {}", intent.grant_name, gone.name());
            let action = Action::Detach { from: gone.clone(), policy: wanted.arn.clone() };
            self.push(format!("child-detach-{}", slug(gone)), title, Side::Child, connection, action, Vec::new());
        }
    }

    /// Plans a managed policy; gives the steps that use of it has to wait for, or `None` on a conflict.
    fn managed(&mut self, wanted: &Wanted<'_>, observed: Option<&ObservedPolicy>) -> Option<Vec<String>> {
        let Some(observed) = observed else {
            let action = Action::CreatePolicy {
                name: wanted.name.clone(),
                arn: wanted.arn.clone(),
                document: wanted.document.clone(),
                description: wanted.description.clone(),
                tags: self.tags(),
            };
            let title = format!("Create policy {}", wanted.name);
            return Some(vec![self.push(wanted.key.into(), title, wanted.side, wanted.connection, action, Vec::new())]);
        };
        let mut ready = Vec::new();
        let owner = self.owner(&observed.tags);
        if !matches!(owner, Owner::Ours) {
            if !self.adopts(wanted.resource, &owner) {
                self.conflict(wanted.resource, wanted.side, wanted.name.as_str(), "policy", &owner);
                return None;
            }
            let previous = previous_tags(&observed.tags);
            let action = Action::TagPolicy { policy: wanted.arn.clone(), tags: self.tags(), previous };
            let title = format!("Tag policy {}", wanted.name);
            let id = format!("{}-tag", wanted.key);
            ready.push(self.push(id, title, wanted.side, wanted.connection, action, Vec::new()));
        }
        if !same_meaning(&observed.document, &wanted.document) {
            self.new_version(wanted, observed, &mut ready);
        }
        Some(ready)
    }

    fn new_version(&mut self, wanted: &Wanted<'_>, observed: &ObservedPolicy, ready: &mut Vec<String>) {
        if observed.versions.len() >= VERSIONS
            && let Some(oldest) = oldest_spare(&observed.versions)
        {
            let action =
                Action::DeletePolicyVersion { policy: wanted.arn.clone(), version: VersionRef::Id(oldest.id.clone()) };
            let title = format!("Delete version {} of {} to make room", bare(&oldest.id), wanted.name);
            let id = format!("{}-room", wanted.key);
            let after = ready.clone();
            ready.push(self.push(id, title, wanted.side, wanted.connection, action, after));
        }
        let default = observed.versions.iter().find(|v| v.is_default).map_or("v1", |v| v.id.as_str());
        let action = Action::CreatePolicyVersion {
            policy: wanted.arn.clone(),
            document: wanted.document.clone(),
            previous: (default.to_owned(), observed.document.clone()),
        };
        let title = format!("Create a new version of {}", wanted.name);
        let after = ready.clone();
        ready.push(self.push(format!("{}-version", wanted.key), title, wanted.side, wanted.connection, action, after));
    }

    /// Plans the role; gives the steps that attaching to it has to wait for, or `None` on a conflict.
    fn role(&mut self, observed: Option<&ObservedRole>, connection: &ConnectionId) -> Option<Vec<String>> {
        let intent = self.intent;
        let side = Side::Parent;
        let trust = render::trust_policy(intent);
        let Some(observed) = observed else {
            let action = Action::CreateRole {
                name: intent.role_name.clone(),
                arn: intent.role_arn(),
                trust,
                description: render::role_description(intent),
                max_session_seconds: intent.session_seconds,
                tags: self.tags(),
            };
            let title = format!("Create role {}", intent.role_name);
            return Some(vec![self.push("parent-role".into(), title, side, connection, action, Vec::new())]);
        };
        let owner = self.owner(&observed.tags);
        let mut tag = Vec::new();
        if !matches!(owner, Owner::Ours) {
            // The share's documents name the role by its plain ARN; one with a path has another.
            let movable = observed.arn == intent.role_arn();
            if !movable || !self.adopts(Resource::Role, &owner) {
                self.conflict(Resource::Role, side, intent.role_name.as_str(), "role", &owner);
                if let Some(conflict) = self.conflicts.last_mut().filter(|_| !movable) {
                    conflict.can_adopt = false;
                    conflict.message = format!("{}; its path is not `/`", conflict.message);
                }
                return None;
            }
            let previous = previous_tags(&observed.tags);
            let action = Action::TagRole { role: intent.role_name.clone(), tags: self.tags(), previous };
            let title = format!("Tag role {}", intent.role_name);
            tag.push(self.push("parent-role-tag".into(), title, side, connection, action, Vec::new()));
        }
        let mut ready = tag.clone();
        if !same_meaning(&observed.trust, &trust) {
            let action =
                Action::UpdateTrust { role: intent.role_name.clone(), trust, previous: observed.trust.clone() };
            let title = format!("Update the trust policy of {}", intent.role_name);
            ready.push(self.push("parent-role-trust".into(), title, side, connection, action, tag.clone()));
        }
        if observed.max_session_seconds != intent.session_seconds {
            let action = Action::UpdateMaxSession {
                role: intent.role_name.clone(),
                seconds: intent.session_seconds,
                previous: observed.max_session_seconds,
            };
            let title = format!("Update the session duration of {}", intent.role_name);
            ready.push(self.push("parent-role-session".into(), title, side, connection, action, tag));
        }
        Some(ready)
    }

    fn tags(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(TAG_SHARE.to_owned(), self.intent.id.to_string())])
    }

    fn owner(&self, tags: &BTreeMap<String, String>) -> Owner {
        match tags.get(TAG_SHARE) {
            None => Owner::Free,
            Some(id) if id == self.intent.id.as_str() => Owner::Ours,
            Some(id) if self.others.iter().any(|o| o.as_str() == id) => Owner::Other(id.clone()),
            Some(id) => Owner::Unknown(id.clone()),
        }
    }

    fn adopts(&self, resource: Resource, owner: &Owner) -> bool {
        self.intent.may_adopt(resource) && !matches!(owner, Owner::Other(_))
    }

    fn conflict(&mut self, resource: Resource, side: Side, name: &str, kind: &str, owner: &Owner) {
        let account = self.account(side);
        let message = match owner {
            Owner::Ours | Owner::Free => {
                format!("account {account} has a {kind} `{name}` that this console did not make")
            }
            Owner::Unknown(id) => {
                format!("account {account} has a {kind} `{name}` of share `{id}`, which this console does not know")
            }
            Owner::Other(id) => {
                format!("account {account} has a {kind} `{name}` that belongs to another share of this console, `{id}`")
            }
        };
        let longest = if resource == Resource::Role { 64 } else { 128 };
        self.conflicts.push(ConflictView {
            what: resource.key().into(),
            name: name.into(),
            side,
            message,
            other_share: match owner {
                Owner::Other(id) => crate::names::ShareId::parse(id).ok(),
                _ => None,
            },
            other_name: numbered(name, 2, longest),
            can_adopt: !matches!(owner, Owner::Other(_)),
        });
    }

    fn account(&self, side: Side) -> &AccountId {
        match side {
            Side::Parent => &self.intent.parent,
            Side::Child => &self.intent.child,
        }
    }

    fn push(
        &mut self,
        id: String,
        title: String,
        side: Side,
        connection: &ConnectionId,
        action: Action,
        after: Vec<String>,
    ) -> String {
        let account = self.account(side).clone();
        self.steps.push(Step { id: id.clone(), title, side, account, connection: connection.clone(), action, after });
        id
    }
}

fn previous_tags(tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    tags.iter().filter(|(key, _)| *key == TAG_SHARE).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// `role-scoring-lambda`: unlike names alone, unique among roles and users.
pub(super) fn slug(caller: &CallerArn) -> String {
    let kind = if caller.arn().resource().starts_with("role/") { "role" } else { "user" };
    format!("{kind}-{}", caller.name())
}

pub(super) fn is_attached(policy: &ObservedPolicy, caller: &CallerArn) -> bool {
    let names = match caller.kind() {
        crate::arn::CallerKind::Role => &policy.attached_roles,
        crate::arn::CallerKind::User => &policy.attached_users,
    };
    names.iter().any(|n| n == caller.name())
}

/// The oldest version that is not in force. Ids count up for ever, so their number is their age.
fn oldest_spare(versions: &[ObservedVersion]) -> Option<&ObservedVersion> {
    versions.iter().filter(|v| !v.is_default).min_by_key(|v| number(&v.id))
}

fn number(id: &str) -> u64 {
    bare(id).parse().unwrap_or(u64::MAX)
}

fn bare(id: &str) -> &str {
    id.strip_prefix('v').unwrap_or(id)
}
