//! The way back: from what is there to what was there before the share's first run.
//!
//! Worked out from the state of the accounts and the journals together, not by running steps backwards: several runs
//! (an apply, a change, an undo that failed half-way) then undo as surely as one. What carries another tag, or none, is
//! not the share's any more and is left alone.

use super::elsewhere::{History, Standing, histories};
use super::planner::{is_attached, slug};
use super::{Action, Holder, Plan, Step, VersionRef};
use crate::arn::{Arn, CallerArn, CallerKind};
use crate::names::ConnectionId;
use crate::policy::same_meaning;
use crate::share::intent::ShareIntent;
use crate::share::inventory::{ObservedPolicy, ObservedRole, ShareInventory};
use crate::share::{Side, TAG_SHARE};
use std::collections::{BTreeMap, BTreeSet};

/// How the ids of steps begin that take back what was changed outside the share's own resources.
pub(super) const TAKES_BACK: &str = "back-";

/// What an earlier run of the share set out to do, and how far it may have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// Its plan.
    pub plan: Plan,
    /// The steps it began, whether AWS's answer came back or not.
    pub attempted: BTreeSet<String>,
    /// What AWS answered, by step: the id of a policy version.
    pub results: BTreeMap<String, String>,
}

/// The plan that takes back what `runs` made: the share's applying runs since it was last undone, oldest first.
/// `inventory` is what is there now, under the names of `intent`.
pub fn undo(intent: &ShareIntent, runs: &[PastRun], inventory: &ShareInventory) -> Plan {
    let past: Vec<Past<'_>> = runs.iter().flat_map(attempted).collect();
    let mut undoer = Undoer { intent, past, steps: Vec::new() };
    if let Some(parent) = intent.parent_connection() {
        if let Some(role) = &inventory.role {
            undoer.role(role, parent);
        }
        if let Some(policy) = &inventory.policy {
            undoer.managed("parent-policy", Side::Parent, parent, intent.policy_name.as_str(), policy);
        }
    }
    if let (Some(child), Some(connection)) = (&inventory.child, &intent.child_connection)
        && let Some(policy) = &child.policy
    {
        undoer.managed("child-grant", Side::Child, connection, intent.grant_name.as_str(), policy);
    }
    undoer.elsewhere(inventory);
    Plan { steps: undoer.steps }
}

/// A step that was begun, with what AWS answered.
struct Past<'a> {
    step: &'a Step,
    result: Option<&'a str>,
}

fn attempted(run: &PastRun) -> impl Iterator<Item = Past<'_>> {
    let begun = run.plan.steps.iter().filter(|step| run.attempted.contains(&step.id));
    begun.map(|step| Past { step, result: run.results.get(&step.id).map(String::as_str) })
}

/// How a resource that is the share's became so.
enum Origin {
    /// A run created it.
    Made,
    /// A run took it over at this place in the past; its tag held this before.
    Adopted { since: usize, previous: BTreeMap<String, String> },
}

struct Undoer<'a> {
    intent: &'a ShareIntent,
    past: Vec<Past<'a>>,
    steps: Vec<Step>,
}

impl Undoer<'_> {
    fn role(&mut self, role: &ObservedRole, connection: &ConnectionId) {
        let name = &self.intent.role_name;
        let origin = self.origin(&role.tags, |action| match action {
            Action::CreateRole { name: made, .. } => (made == name).then_some(None),
            Action::TagRole { role, previous, .. } => (role == name).then(|| Some(previous.clone())),
            _ => None,
        });
        match origin {
            None => {}
            Some(Origin::Made) => {
                let mut before: Vec<_> =
                    role.attached.iter().map(|policy| self.detach_from_role(role, connection, policy)).collect();
                before.extend(self.delete_inline(role, connection));
                let action = Action::DeleteRole { role: name.clone() };
                self.push(
                    "parent-role-delete",
                    format!("Delete role {name}"),
                    Side::Parent,
                    connection,
                    action,
                    before,
                );
            }
            Some(Origin::Adopted { since, previous }) => self.give_back_role(role, connection, since, previous),
        }
    }

    fn give_back_role(
        &mut self,
        role: &ObservedRole,
        connection: &ConnectionId,
        since: usize,
        previous: BTreeMap<String, String>,
    ) {
        let name = &self.intent.role_name;
        let ours = self.intent.policy_arn();
        let mut before = Vec::new();
        if role.attached.contains(&ours) && self.attached_by_us(since, &ours, role.arn.resource_name()) {
            before.push(self.detach_from_role(role, connection, &ours));
        }
        let trust = self.first(since, |action| match action {
            Action::UpdateTrust { role, previous, .. } => (role == name).then(|| previous.clone()),
            _ => None,
        });
        if let Some(trust) = trust.filter(|trust| !same_meaning(trust, &role.trust)) {
            let action = Action::UpdateTrust { role: name.clone(), trust, previous: role.trust.clone() };
            let title = format!("Put back the trust policy of {name}");
            before.push(self.push("parent-role-trust", title, Side::Parent, connection, action, before.clone()));
        }
        let seconds = self.first(since, |action| match action {
            Action::UpdateMaxSession { role, previous, .. } => (role == name).then_some(*previous),
            _ => None,
        });
        if let Some(seconds) = seconds.filter(|s| *s != role.max_session_seconds) {
            let previous = role.max_session_seconds;
            let action = Action::UpdateMaxSession { role: name.clone(), seconds, previous };
            let title = format!("Put back the session duration of {name}");
            before.push(self.push("parent-role-session", title, Side::Parent, connection, action, Vec::new()));
        }
        let title = format!("Give back role {name}");
        // The tag goes last: until then, a crash leaves the role known as the share's.
        let action = if previous.is_empty() {
            Action::UntagRole { role: name.clone(), keys: vec![TAG_SHARE.into()] }
        } else {
            Action::TagRole { role: name.clone(), tags: previous, previous: role.tags.clone() }
        };
        self.push("parent-role-untag", title, Side::Parent, connection, action, before);
    }

    /// The inline policies that repairs put into the share's own role: IAM deletes no role that holds one.
    fn delete_inline(&mut self, role: &ObservedRole, connection: &ConnectionId) -> Vec<String> {
        let ours: BTreeMap<&str, &str> = self
            .past
            .iter()
            .filter_map(|past| match &past.step.action {
                Action::PutInlinePolicy { holder: Holder::Role(of), name, document, .. }
                    if *of == self.intent.role_name && past.step.account == self.intent.parent =>
                {
                    Some((name.as_str(), document.as_str()))
                }
                _ => None,
            })
            .collect();
        let mut made = Vec::new();
        for name in &role.inline {
            if let Some(document) = ours.get(name.as_str()) {
                let holder = Holder::Role(self.intent.role_name.clone());
                made.push(Action::DeleteInlinePolicy { holder, name: name.clone(), previous: (*document).to_owned() });
            }
        }
        let mut ids = Vec::new();
        for action in made {
            let Action::DeleteInlinePolicy { name, .. } = &action else { continue };
            let id = format!("parent-role-inline-{name}");
            ids.push(self.push(&id, action.title(), Side::Parent, connection, action, Vec::new()));
        }
        ids
    }

    /// What repairs changed outside the share's own resources: policies and roles that were there before it, the last
    /// that was changed first. What was not read is left alone, and what is gone needs nothing.
    fn elsewhere(&mut self, inventory: &ShareInventory) {
        let role_goes = self.steps.iter().any(|step| matches!(step.action, Action::DeleteRole { .. }));
        let begun: Vec<_> = self.past.iter().map(|past| (past.step, past.result)).collect();
        for history in histories(self.intent, begun.into_iter()).iter().rev() {
            let place = &history.place;
            if role_goes && place.touched.goes_with_role(self.intent, &place.account) {
                continue;
            }
            match history.standing(&inventory.elsewhere) {
                None => {}
                Some(Standing::Policy(policy)) => self.versions_back(history, policy),
                Some(now) => {
                    if let Some(action) = history.way_back(now) {
                        self.take_back(history, action);
                    }
                }
            }
        }
    }

    fn versions_back(&mut self, history: &History<'_>, policy: &ObservedPolicy) {
        let (place, name) = (&history.place, policy.arn.resource_name());
        let key = format!("{TAKES_BACK}{}-{name}", self.steps.len() + 1);
        self.restore_version(&key, place.side, &place.connection, name, policy, history.since(policy));
    }

    fn take_back(&mut self, history: &History<'_>, action: Action) {
        let place = &history.place;
        let id = format!("{TAKES_BACK}{}", self.steps.len() + 1);
        self.push(&id, action.title(), place.side, &place.connection, action, Vec::new());
    }

    fn managed(&mut self, key: &str, side: Side, connection: &ConnectionId, name: &str, policy: &ObservedPolicy) {
        let arn = policy.arn.clone();
        let origin = self.origin(&policy.tags, |action| match action {
            Action::CreatePolicy { arn: made, .. } => (*made == arn).then_some(None),
            Action::TagPolicy { policy, previous, .. } => (*policy == arn).then(|| Some(previous.clone())),
            _ => None,
        });
        match origin {
            None => {}
            Some(Origin::Made) => self.delete_policy(key, side, connection, name, policy),
            Some(Origin::Adopted { since, previous }) => {
                self.give_back_policy(key, side, connection, name, policy, (since, previous));
            }
        }
    }

    fn delete_policy(&mut self, key: &str, side: Side, connection: &ConnectionId, name: &str, policy: &ObservedPolicy) {
        let holders = self.holders(side, policy);
        let mut before: Vec<_> =
            holders.iter().map(|holder| self.detach(side, connection, name, holder, &policy.arn)).collect();
        for version in policy.versions.iter().filter(|v| !v.is_default) {
            before.push(self.delete_version(key, side, connection, name, &policy.arn, &version.id, Vec::new()));
        }
        let action = Action::DeletePolicy { policy: policy.arn.clone() };
        self.push(&format!("{key}-delete"), format!("Delete policy {name}"), side, connection, action, before);
    }

    fn give_back_policy(
        &mut self,
        key: &str,
        side: Side,
        connection: &ConnectionId,
        name: &str,
        policy: &ObservedPolicy,
        (since, previous): (usize, BTreeMap<String, String>),
    ) {
        let holders = self.holders(side, policy);
        let ours: Vec<_> = holders.iter().filter(|h| self.attached_by_us(since, &policy.arn, h.name())).collect();
        let mut before: Vec<_> =
            ours.iter().map(|holder| self.detach(side, connection, name, holder, &policy.arn)).collect();
        before.extend(self.restore_version(key, side, connection, name, policy, since));
        let title = format!("Give back policy {name}");
        let action = if previous.is_empty() {
            Action::UntagPolicy { policy: policy.arn.clone(), keys: vec![TAG_SHARE.into()] }
        } else {
            Action::TagPolicy { policy: policy.arn.clone(), tags: previous, previous: policy.tags.clone() }
        };
        self.push(&format!("{key}-untag"), title, side, connection, action, before);
    }

    /// Puts back the version that was in force, and deletes those that the runs made.
    fn restore_version(
        &mut self,
        key: &str,
        side: Side,
        connection: &ConnectionId,
        name: &str,
        policy: &ObservedPolicy,
        since: usize,
    ) -> Vec<String> {
        let original = self.first(since, |action| match action {
            Action::CreatePolicyVersion { policy: of, previous, .. } => (*of == policy.arn).then(|| previous.clone()),
            Action::SetDefaultPolicyVersion { policy: of, previous: Some(id), .. } => (*of == policy.arn
                && policy.versions.iter().any(|v| v.id == *id))
            .then(|| (id.clone(), policy.document.clone())),
            _ => None,
        });
        let Some((id, document)) = original else { return Vec::new() };
        let made = self.versions_made(since, policy, &id);
        let mut steps = Vec::new();
        let current = policy.versions.iter().find(|v| v.is_default).map_or("", |v| v.id.as_str());
        if current != id && policy.versions.iter().any(|v| v.id == id) {
            let action = Action::SetDefaultPolicyVersion {
                policy: policy.arn.clone(),
                version: id.clone(),
                previous: (!current.is_empty()).then(|| current.to_owned()),
            };
            let title = format!("Put version {} of {name} back in force", id.trim_start_matches('v'));
            steps.push(self.push(&format!("{key}-restore"), title, side, connection, action, Vec::new()));
        } else if current != id && !same_meaning(&policy.document, &document) {
            // The version itself was deleted to make room: its text comes back under a new number.
            if policy.versions.len() >= 5
                && let Some(spare) = made.iter().find(|v| v.as_str() != current)
            {
                steps.push(self.delete_version(key, side, connection, name, &policy.arn, spare, Vec::new()));
            }
            let action = Action::CreatePolicyVersion {
                policy: policy.arn.clone(),
                document,
                previous: (current.to_owned(), policy.document.clone()),
            };
            let title = format!("Put the earlier text of {name} back in force");
            let after = steps.clone();
            steps.push(self.push(&format!("{key}-restore"), title, side, connection, action, after));
        } else if current != id {
            return steps;
        }
        for version in made {
            let id = format!("{key}-delete-{version}");
            if !self.steps.iter().any(|s| s.id == id) {
                let after = steps.clone();
                steps.push(self.delete_version(key, side, connection, name, &policy.arn, &version, after));
            }
        }
        steps
    }

    /// The versions the runs made that are still there, the one whose answer was lost included.
    fn versions_made(&self, since: usize, policy: &ObservedPolicy, original: &str) -> BTreeSet<String> {
        let mut made = BTreeSet::new();
        for past in self.past.iter().skip(since) {
            if let Action::CreatePolicyVersion { policy: of, document, .. } = &past.step.action
                && *of == policy.arn
            {
                made.extend(past.result.map(str::to_owned));
                if past.result.is_none() && same_meaning(document, &policy.document) {
                    made.extend(policy.versions.iter().filter(|v| v.is_default).map(|v| v.id.clone()));
                }
            }
        }
        made.retain(|id| id != original && policy.versions.iter().any(|v| v.id == *id));
        made
    }

    fn origin(
        &self,
        tags: &BTreeMap<String, String>,
        touches: impl Fn(&Action) -> Option<Option<BTreeMap<String, String>>>,
    ) -> Option<Origin> {
        if !self.is_own(tags) {
            return None;
        }
        let latest = |(at, past): (usize, &Past<'_>)| match touches(&past.step.action)? {
            None => Some(Origin::Made),
            // A repair gave the share's own resource its lost tag back: how it became the share's was decided before.
            Some(previous) if self.is_own(&previous) => None,
            Some(previous) => Some(Origin::Adopted { since: at, previous }),
        };
        self.past.iter().enumerate().rev().find_map(latest)
    }

    fn is_own(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get(TAG_SHARE).map(String::as_str) == Some(self.intent.id.as_str())
    }

    fn first<T>(&self, since: usize, pick: impl Fn(&Action) -> Option<T>) -> Option<T> {
        self.past.iter().skip(since).find_map(|past| pick(&past.step.action))
    }

    fn attached_by_us(&self, since: usize, policy: &Arn, holder: &str) -> bool {
        let attaches = |action: &Action| match action {
            Action::Attach { to, policy: what } => (what == policy && to.name() == holder).then_some(()),
            _ => None,
        };
        self.first(since, attaches).is_some()
    }

    /// Everybody a policy is attached to. IAM tells names only; the paths come from the runs where they attached.
    fn holders(&self, side: Side, policy: &ObservedPolicy) -> Vec<CallerArn> {
        let known: Vec<&CallerArn> = self
            .past
            .iter()
            .filter_map(|past| match &past.step.action {
                Action::Attach { to, policy: what } if *what == policy.arn => Some(to),
                _ => None,
            })
            .filter(|to| is_attached(policy, to))
            .collect();
        let account = match side {
            Side::Parent => &self.intent.parent,
            Side::Child => &self.intent.child,
        };
        let named = |kind: &str, name: &String| {
            let wanted = if kind == "role" { CallerKind::Role } else { CallerKind::User };
            let known = known.iter().find(|c| c.kind() == wanted && c.name() == name);
            known.map(|c| (*c).clone()).or_else(|| {
                let text = format!("arn:{}:iam::{account}:{kind}/{name}", policy.arn.partition());
                CallerArn::parse(&text).ok()
            })
        };
        let roles = policy.attached_roles.iter().filter_map(|name| named("role", name));
        roles.chain(policy.attached_users.iter().filter_map(|name| named("user", name))).collect()
    }

    fn detach_from_role(&mut self, role: &ObservedRole, connection: &ConnectionId, policy: &Arn) -> String {
        match CallerArn::parse(role.arn.as_str()) {
            Ok(holder) => self.detach(Side::Parent, connection, policy.resource_name(), &holder, policy),
            Err(_) => unreachable!("a role's ARN names a role"),
        }
    }

    fn detach(&mut self, side: Side, connection: &ConnectionId, name: &str, from: &CallerArn, policy: &Arn) -> String {
        let lane = if side == Side::Parent { "parent" } else { "child" };
        let id = format!("{lane}-detach-{name}-{}", slug(from));
        if self.steps.iter().any(|s| s.id == id) {
            return id;
        }
        let action = Action::Detach { from: from.clone(), policy: policy.clone() };
        self.push(&id, format!("Detach {name} from {}", from.name()), side, connection, action, Vec::new())
    }

    #[allow(clippy::too_many_arguments, reason = "a step has this many parts")]
    fn delete_version(
        &mut self,
        key: &str,
        side: Side,
        connection: &ConnectionId,
        name: &str,
        policy: &Arn,
        version: &str,
        after: Vec<String>,
    ) -> String {
        let action =
            Action::DeletePolicyVersion { policy: policy.clone(), version: VersionRef::Id(version.to_owned()) };
        let title = format!("Delete version {} of {name}", version.trim_start_matches('v'));
        self.push(&format!("{key}-delete-{version}"), title, side, connection, action, after)
    }

    fn push(
        &mut self,
        id: &str,
        title: String,
        side: Side,
        connection: &ConnectionId,
        action: Action,
        after: Vec<String>,
    ) -> String {
        let account = match side {
            Side::Parent => self.intent.parent.clone(),
            Side::Child => self.intent.child.clone(),
        };
        self.steps.push(Step { id: id.into(), title, side, account, connection: connection.clone(), action, after });
        id.into()
    }
}
