//! The two lanes: each account's resources with what happens to them.

use super::{Change, DocumentDiff, LaneItem, diff_lines};
use crate::arn::{CallerArn, CallerKind};
use crate::endpoint::EndpointView;
use crate::policy::PolicyDocument;
use crate::share::intent::{CallerScope, EndpointScope, Offered, Resource, ShareIntent};
use crate::share::inventory::{ObservedPolicy, ShareInventory};
use crate::share::plan::{Action, Planned, Step};
use crate::share::render;
use crate::share::sentence::{callers_in_brief, hours};
use std::collections::BTreeSet;

/// Both accounts' lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    /// The child's.
    pub child: Vec<LaneItem>,
    /// The parent's.
    pub parent: Vec<LaneItem>,
}

/// A plan against what is there. For a child that is not connected, its lane shows what its administrator has to make.
pub fn lanes(intent: &ShareIntent, inventory: &ShareInventory, planned: &Planned) -> Lanes {
    let view = View { intent, planned };
    let parent = match intent.offered() {
        Some(offered) => offered_lane(intent, offered, false),
        None => {
            let role = view.role(inventory);
            let policy = view.managed(Resource::Policy, inventory.policy.as_ref(), &render::invoke_policy(intent));
            [role, policy].into_iter().chain(endpoints(intent, &inventory.endpoints)).collect()
        }
    };
    let grant = render::grant_policy(&intent.role_arn());
    let observed = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
    let mut policy = view.managed(Resource::Grant, observed, &grant);
    if inventory.child.is_none() {
        policy.change = Change::Theirs;
        policy.detail = by_hand(intent).into();
        policy.documents.iter_mut().for_each(|document| document.note = THEIRS.into());
    }
    let mut child = vec![policy];
    child.extend(view.grantees(inventory));
    Lanes { child, parent }
}

/// The lanes of a share as it was made, or of one that was taken back, from what was asked for alone.
pub fn made_lanes(intent: &ShareIntent, endpoint_names: &[String], undone: bool) -> Lanes {
    let change = if undone { Change::Remove } else { Change::Keep };
    let (detail, has, childs) = match intent.child_connection {
        Some(_) => (GRANT, "has the policy above", change),
        None => (by_hand(intent), is_to_have(intent), if undone { Change::Remove } else { Change::Theirs }),
    };
    let text = render::grant_policy(&intent.role_arn());
    let note = if childs == Change::Theirs { THEIRS } else { "unchanged" };
    let document =
        DocumentDiff { title: intent.grant_name.to_string(), note: note.into(), lines: diff_lines(&text, &text) };
    let grant = LaneItem {
        key: "child-grant".into(),
        name: intent.grant_name.to_string(),
        detail: detail.into(),
        change: childs,
        arn: Some(intent.grant_arn().as_str().into()),
        documents: vec![document],
    };
    let mut child = vec![grant];
    child.extend(intent.grantees.iter().map(|g| grantee(g, childs, has)));
    let parent = match intent.offered() {
        Some(offered) => offered_lane(intent, offered, undone),
        None => made_parent(intent, endpoint_names, change),
    };
    Lanes { child, parent }
}

fn made_parent(intent: &ShareIntent, endpoint_names: &[String], change: Change) -> Vec<LaneItem> {
    let whole = |title: String, text: &str| vec![unchanged(title, text)];
    let role = LaneItem {
        key: "parent-role".into(),
        name: intent.role_name.to_string(),
        detail: role_detail(intent),
        change,
        arn: Some(intent.role_arn().as_str().into()),
        documents: whole(trust_title(intent), &render::trust_policy(intent)),
    };
    let policy = LaneItem {
        key: "parent-policy".into(),
        name: intent.policy_name.to_string(),
        detail: policy_detail(intent),
        change,
        arn: Some(intent.policy_arn().as_str().into()),
        documents: whole(intent.policy_name.to_string(), &render::invoke_policy(intent)),
    };
    let mut parent = vec![role, policy];
    match &intent.endpoints {
        EndpointScope::All => parent.push(all_endpoints(intent)),
        EndpointScope::Named(arns) => parent.extend(arns.iter().map(|arn| {
            let name = endpoint_names.iter().find(|n| n.to_lowercase() == arn.lower_name());
            let name = name.map_or(arn.lower_name(), String::as_str);
            item(format!("endpoint-{}", arn.lower_name()), name, "endpoint", Change::Keep, Some(arn.as_str()))
        })),
    }
    parent
}

/// The parent's lane as its administrator offered it: nobody looked at it from here, so there are no documents.
fn offered_lane(intent: &ShareIntent, offered: &Offered, undone: bool) -> Vec<LaneItem> {
    let trusted = match &offered.trusts {
        CallerScope::WholeAccount => format!("account {}", intent.child),
        CallerScope::Named(callers) if callers.len() == 1 => {
            callers.iter().map(|caller| caller.name().to_owned()).collect()
        }
        CallerScope::Named(callers) => format!("{} callers", callers.len()),
    };
    // What stays there when the child's side is undone is its own administrator's.
    let detail = if undone {
        "role · its own administrator's".to_owned()
    } else {
        format!("role · by the offer: trusts {trusted}, {} sessions", in_hours(intent.session_seconds))
    };
    let arn = intent.role_arn();
    let mut lane =
        vec![item("parent-role".into(), intent.role_name.as_str(), &detail, Change::Keep, Some(arn.as_str()))];
    match &intent.endpoints {
        EndpointScope::All => lane.push(all_endpoints(intent)),
        EndpointScope::Named(arns) => lane.extend(arns.iter().map(|arn| {
            let name = offered.names.iter().find(|n| n.as_str().eq_ignore_ascii_case(arn.lower_name()));
            let name = name.map_or(arn.lower_name(), |name| name.as_str());
            item(format!("endpoint-{}", arn.lower_name()), name, "endpoint · offered", Change::Keep, Some(arn.as_str()))
        })),
    }
    lane
}

/// What is said of the child's policy where nobody here can look at it.
fn by_hand(intent: &ShareIntent) -> &'static str {
    if intent.accepted {
        "managed policy · by the acceptance: its own administrator's"
    } else {
        "managed policy · for the account's own administrator to make"
    }
}

fn is_to_have(intent: &ShareIntent) -> &'static str {
    if intent.accepted { "by the acceptance: calls, with the policy above" } else { "is to have the policy above" }
}

/// What is said of a document that nobody looked for.
const THEIRS: &str = "theirs to make";
const GRANT: &str = "managed policy · sts:AssumeRole on one role";

struct View<'a> {
    intent: &'a ShareIntent,
    planned: &'a Planned,
}

impl View<'_> {
    fn steps<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = &'s Step> {
        self.planned.plan.steps.iter().filter(move |s| s.id.starts_with(prefix))
    }

    fn change(&self, resource: Resource, prefix: &str) -> Change {
        if self.planned.conflicts.iter().any(|c| c.what == resource.key()) {
            return Change::Conflict;
        }
        let mut steps = self.steps(prefix).peekable();
        match steps.peek() {
            None => Change::Keep,
            Some(Step { action: Action::CreatePolicy { .. } | Action::CreateRole { .. }, .. }) => Change::Create,
            Some(_) => Change::Update,
        }
    }

    fn role(&self, inventory: &ShareInventory) -> LaneItem {
        let intent = self.intent;
        let mut change = self.change(Resource::Role, "parent-role");
        let attaches = self.steps("parent-attach").next().is_some();
        if change == Change::Keep && attaches {
            change = Change::Update;
        }
        let new = render::trust_policy(intent);
        let (old, note) = match &inventory.role {
            None => (String::new(), "new"),
            Some(role) if self.steps("parent-role-trust").next().is_some() => (canonical(&role.trust), "updated"),
            // A conflict shows what is there against what would be.
            Some(role) if change == Change::Conflict => (canonical(&role.trust), "in the way"),
            Some(_) => (new.clone(), "unchanged"),
        };
        let mut detail = role_detail(intent);
        if change == Change::Update {
            let done: Vec<&str> = [
                ("parent-role-tag", "taken over"),
                ("parent-role-trust", "trust policy updated"),
                ("parent-role-session", "session duration updated"),
                ("parent-role-extra", "other policies taken off"),
                ("parent-role-boundary", "boundary taken off"),
                ("parent-attach", "policy attached"),
            ]
            .into_iter()
            .filter(|(id, _)| self.steps(id).next().is_some())
            .map(|(_, words)| words)
            .collect();
            detail = format!("role · {}", done.join(", "));
        }
        LaneItem {
            key: "parent-role".into(),
            name: intent.role_name.to_string(),
            detail,
            change,
            arn: Some(intent.role_arn().as_str().into()),
            documents: vec![DocumentDiff {
                title: trust_title(intent),
                note: note.into(),
                lines: diff_lines(&old, &new),
            }],
        }
    }

    fn managed(&self, resource: Resource, observed: Option<&ObservedPolicy>, new: &str) -> LaneItem {
        let (key, name, arn) = match resource {
            Resource::Grant => ("child-grant", &self.intent.grant_name, self.intent.grant_arn()),
            _ => ("parent-policy", &self.intent.policy_name, self.intent.policy_arn()),
        };
        let change = self.change(resource, key);
        let version = self.steps(key).any(|s| matches!(s.action, Action::CreatePolicyVersion { .. }));
        let mut detail = if resource == Resource::Grant { GRANT.to_owned() } else { policy_detail(self.intent) };
        let (old, note) = match observed {
            None => (String::new(), "new".to_owned()),
            Some(policy) if version => {
                let (from, to) = versions(policy);
                detail = format!("managed policy · version {to} becomes default");
                (canonical(&policy.document), format!("version {from} → {to}"))
            }
            Some(policy) if change == Change::Conflict => (canonical(&policy.document), "in the way".into()),
            Some(_) => {
                if change == Change::Update {
                    detail = "managed policy · taken over as it is".into();
                }
                (new.to_owned(), "unchanged".into())
            }
        };
        LaneItem {
            key: key.into(),
            name: name.to_string(),
            detail,
            change,
            arn: Some(arn.as_str().into()),
            documents: vec![DocumentDiff { title: name.to_string(), note, lines: diff_lines(&old, new) }],
        }
    }

    fn grantees(&self, inventory: &ShareInventory) -> Vec<LaneItem> {
        let Some(child) = &inventory.child else {
            return self.intent.grantees.iter().map(|g| grantee(g, Change::Theirs, is_to_have(self.intent))).collect();
        };
        let mut all: BTreeSet<&CallerArn> = self.intent.grantees.iter().collect();
        all.extend(self.intent.console.iter().filter(|_| child.console_needs_grant));
        let attaching: BTreeSet<&CallerArn> = self
            .steps("child-attach-")
            .filter_map(|s| match &s.action {
                Action::Attach { to, .. } => Some(to),
                _ => None,
            })
            .collect();
        let conflict = self.planned.conflicts.iter().any(|c| c.what == Resource::Grant.key());
        let mut items: Vec<LaneItem> = all
            .into_iter()
            .map(|g| {
                if attaching.contains(g) || conflict {
                    grantee(g, Change::Update, "attach the policy above")
                } else {
                    grantee(g, Change::Keep, "has the policy above")
                }
            })
            .collect();
        items.extend(self.steps("child-detach-").filter_map(|s| match &s.action {
            Action::Detach { from, .. } => Some(grantee(from, Change::Update, "detach the policy above")),
            _ => None,
        }));
        items
    }
}

fn versions(policy: &ObservedPolicy) -> (u64, u64) {
    let number = |id: &str| id.trim_start_matches('v').parse::<u64>().unwrap_or(0);
    let from = policy.versions.iter().find(|v| v.is_default).map_or(0, |v| number(&v.id));
    let newest = policy.versions.iter().map(|v| number(&v.id)).max().unwrap_or(0);
    (from, newest + 1)
}

fn role_detail(intent: &ShareIntent) -> String {
    let trusted = match &intent.callers {
        CallerScope::WholeAccount => format!("account {}", intent.child),
        CallerScope::Named(_) => {
            let brief = callers_in_brief(intent);
            let and = intent.console.is_some() && brief != "this console";
            if and { format!("{brief} and this console") } else { brief }
        }
    };
    let session = in_hours(intent.session_seconds);
    let ids = if intent.open_rotation().is_some() { ", old and new external ID" } else { "" };
    format!("role · trusts {trusted}, {session} sessions{ids}")
}

/// `1 h`, or in minutes where it is not whole hours.
fn in_hours(seconds: u32) -> String {
    if seconds.is_multiple_of(3600) { format!("{} h", seconds / 3600) } else { hours(seconds) }
}

fn policy_detail(intent: &ShareIntent) -> String {
    let what = match &intent.endpoints {
        EndpointScope::All => format!("every endpoint in {}", intent.region),
        EndpointScope::Named(arns) if arns.len() == 1 => "one endpoint".into(),
        EndpointScope::Named(arns) => format!("{} endpoints", arns.len()),
    };
    let actions = render::actions(intent);
    match (actions.len(), actions.first()) {
        (1, Some(action)) => format!("managed policy · {action} on {what}"),
        (count, _) => format!("managed policy · {count} actions on {what}"),
    }
}

fn trust_title(intent: &ShareIntent) -> String {
    format!("{} · trust policy", intent.role_name)
}

fn endpoints(intent: &ShareIntent, observed: &[EndpointView]) -> Vec<LaneItem> {
    let EndpointScope::Named(arns) = &intent.endpoints else { return vec![all_endpoints(intent)] };
    let view = |arn: &crate::endpoint::EndpointArn| {
        let key = format!("endpoint-{}", arn.lower_name());
        match observed.iter().find(|e| e.arn == *arn) {
            Some(found) => {
                let runs_on = found.runs_on.as_ref().map(|r| format!(" · {r}")).unwrap_or_default();
                let detail = format!("endpoint · {}{runs_on}", found.status.as_str());
                item(key, found.name.as_str(), &detail, Change::Keep, Some(arn.as_str()))
            }
            None => item(key, arn.lower_name(), "endpoint · not found", Change::Conflict, Some(arn.as_str())),
        }
    };
    arns.iter().map(view).collect()
}

fn all_endpoints(intent: &ShareIntent) -> LaneItem {
    let detail = format!("every endpoint in {}, those to come included", intent.region);
    item(
        "endpoint-all".into(),
        "All endpoints",
        &detail,
        Change::Keep,
        render::resources(intent).first().map(|r| r.as_str()),
    )
}

fn grantee(who: &CallerArn, change: Change, what: &str) -> LaneItem {
    let kind = if who.kind() == CallerKind::Role { "role" } else { "user" };
    item(format!("grantee-{kind}-{}", who.name()), who.name(), &format!("{kind} · {what}"), change, Some(who.as_str()))
}

fn item(key: String, name: &str, detail: &str, change: Change, arn: Option<&str>) -> LaneItem {
    LaneItem {
        key,
        name: name.into(),
        detail: detail.into(),
        change,
        arn: arn.map(str::to_owned),
        documents: Vec::new(),
    }
}

fn unchanged(title: String, text: &str) -> DocumentDiff {
    DocumentDiff { title, note: "unchanged".into(), lines: diff_lines(text, text) }
}

/// Someone else's document in our spelling, so that a diff shows differences of meaning; as it is when it can't be read.
pub(crate) fn canonical(document: &str) -> String {
    PolicyDocument::parse(document).map_or_else(|_| document.to_owned(), |d| d.pretty())
}
