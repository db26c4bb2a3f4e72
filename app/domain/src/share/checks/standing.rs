//! The checks themselves.

use super::compare::{Reach, reach};
use super::{CheckView, Severity};
use crate::arn::{CallerArn, CallerKind};
use crate::policy::quotas::{ATTACHED, MANAGED_POLICY, TRUST_POLICY};
use crate::policy::{PolicyDocument, same_meaning};
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use crate::share::inventory::{ObservedPolicy, ShareInventory};
use crate::share::plan::Planned;
use crate::share::{TAG_SHARE, render, rotate};
use Severity::{Error, Note, Passed, Warning};

/// What a role's session gets at most when it assumes a role: chaining (IAM user guide, "Roles terms and concepts").
const CHAINED_SECONDS: u32 = 3600;

/// All standing checks, passed ones included, in the order they are shown.
pub fn checks(intent: &ShareIntent, inventory: &ShareInventory, planned: &Planned) -> Vec<CheckView> {
    if let Some(offered) = intent.offered() {
        return super::offered::checks(intent, offered, inventory, planned);
    }
    let mut found = vec![
        least_privilege(intent),
        callers(intent),
        confused_deputy(intent),
        session(intent),
        sizes(intent),
        names(planned),
        region(intent),
        lower_case(intent),
    ];
    found.extend(rotation(intent));
    found.extend(ids_in_use(intent, inventory));
    found.extend(existence(intent, inventory));
    found.extend(in_service(inventory));
    found.extend(asynchronous(intent, inventory));
    found.extend(console(intent, inventory));
    found.extend(existing_policy(intent, inventory));
    found.extend(existing_role(intent, inventory));
    found.extend(grants(intent, inventory));
    found
}

pub(super) fn check(id: &str, title: &str, severity: Severity, reason: impl Into<String>) -> CheckView {
    CheckView { id: id.into(), title: title.into(), severity, reason: reason.into() }
}

pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("one {one}") } else { format!("{number} {many}") }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

fn least_privilege(intent: &ShareIntent) -> CheckView {
    let title = "Least privilege";
    let actions = count(render::actions(intent).len(), "action", "actions");
    match &intent.endpoints {
        EndpointScope::Named(arns) => {
            let endpoints = capital(&count(arns.len(), "endpoint", "endpoints"));
            check("least-privilege", title, Passed, format!("{endpoints} by exact ARN, {actions}."))
        }
        EndpointScope::All => {
            let reason = format!(
                "The role may invoke every endpoint in {}, those to come included. Naming endpoints is narrower.",
                intent.region
            );
            check("least-privilege", title, Warning, reason)
        }
    }
}

fn callers(intent: &ShareIntent) -> CheckView {
    let title = "Callers";
    match &intent.callers {
        CallerScope::Named(callers) => {
            let who = capital(&count(callers.len(), "role or user is", "roles and users are"));
            check("callers", title, Passed, format!("{who} trusted by name."))
        }
        CallerScope::WholeAccount => {
            let reason = format!(
                "Every role and user of {} that its own administrators allow may assume the role, not its root user \
                 alone. Naming callers is narrower.",
                intent.child
            );
            check("callers", title, Warning, reason)
        }
    }
}

fn confused_deputy(intent: &ShareIntent) -> CheckView {
    let title = "Confused deputy";
    if intent.external_id.is_some() {
        return check("confused-deputy", title, Passed, "The external ID is required by the trust policy.");
    }
    let whole = intent.callers == CallerScope::WholeAccount;
    let reason = "No external ID is required: a service that acts for several customers could be talked into using \
                  this role.";
    check("confused-deputy", title, if whole { Warning } else { Note }, reason)
}

fn rotation(intent: &ShareIntent) -> Option<CheckView> {
    let rotation = intent.open_rotation()?;
    Some(check("rotation", "External ID under change", Warning, rotate::reminder(rotation)))
}

/// Whether callers that present what the trust policy accepts today go on working.
fn ids_in_use(intent: &ShareIntent, inventory: &ShareInventory) -> Option<CheckView> {
    let role = inventory.role.as_ref().filter(|r| r.tags.get(TAG_SHARE).is_some_and(|id| id == intent.id.as_str()))?;
    let wanted = intent.accepted_ids();
    let today = rotate::asked_for(&role.trust);
    let kept = today.iter().filter(|id| wanted.iter().any(|w| w.as_str() == id.as_str())).count();
    if wanted.is_empty() || kept == today.len() {
        return None;
    }
    let title = "External ID in use";
    let reason = if kept > 0 {
        "The old external ID is accepted no longer: callers that still present it are denied."
    } else {
        "Callers present another external ID today and are denied as soon as this is applied. Change it on the \
         share's page to keep both accepted until they have switched."
    };
    Some(check("id-in-use", title, if kept > 0 { Note } else { Warning }, reason))
}

pub(super) fn session(intent: &ShareIntent) -> CheckView {
    let title = "Session duration";
    if intent.session_seconds <= CHAINED_SECONDS {
        return check("session", title, Passed, "One hour, which every caller can have.");
    }
    let roles = match &intent.callers {
        CallerScope::WholeAccount => true,
        CallerScope::Named(callers) => callers.iter().any(|c| c.kind() == CallerKind::Role),
    };
    if roles {
        let reason = "A role that assumes a role gets one hour at most, a Lambda function's role too: asking for more \
                      is an error, and the longer maximum helps users only.";
        return check("session", title, Warning, reason);
    }
    check("session", title, Passed, "Users may ask for the whole duration.")
}

pub(super) fn sizes(intent: &ShareIntent) -> CheckView {
    let title = "Policy sizes";
    let mut documents = vec![(intent.grant_name.as_str(), render::grant_policy(&intent.role_arn()), MANAGED_POLICY)];
    if intent.parent_connection().is_some() {
        documents.push((intent.policy_name.as_str(), render::invoke_policy(intent), MANAGED_POLICY));
    }
    // Whoever accepts an offer names the callers: a trust policy that grows too large is told where they are chosen.
    documents.push(("the trust policy", render::trust_policy(intent), TRUST_POLICY));
    let over = documents.iter().find(|(_, text, limit)| PolicyDocument::size(text) > *limit);
    if let Some((name, text, limit)) = over {
        let size = PolicyDocument::size(text);
        let reason =
            format!("`{name}` has {size} characters; IAM takes at most {limit}. Name fewer endpoints or callers.");
        return check("sizes", title, Error, reason);
    }
    check("sizes", title, Passed, "All documents are within IAM's limits.")
}

pub(super) fn names(planned: &Planned) -> CheckView {
    let title = "Names";
    if planned.conflicts.is_empty() {
        return check("names", title, Passed, "All names are free, or already this share's.");
    }
    let taken = quoted(planned.conflicts.iter().map(|c| c.name.as_str()));
    check(
        "names",
        title,
        Error,
        format!("Taken: {taken}. Take over what is there, where that is offered, or choose another name."),
    )
}

pub(super) fn region(intent: &ShareIntent) -> CheckView {
    let reason =
        format!("Endpoints and callers' clients: {}. Another region gives `Endpoint not found`.", intent.region);
    check("region", "One region", Passed, reason)
}

fn lower_case(intent: &ShareIntent) -> CheckView {
    let reason = match &intent.endpoints {
        EndpointScope::Named(_) => "The ARNs come from SageMaker, in lower case, as IAM compares them.",
        EndpointScope::All => "No endpoint's ARN is spelt out.",
    };
    check("lower-case", "Endpoint ARNs", Passed, reason)
}

fn existence(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<CheckView> {
    let mut found = Vec::new();
    if let EndpointScope::Named(arns) = &intent.endpoints {
        let gone = arns.iter().filter(|arn| !inventory.endpoints.iter().any(|e| e.arn == **arn));
        let gone: Vec<_> = gone.map(|arn| arn.lower_name()).collect();
        if !gone.is_empty() {
            let reason = format!("{} can't be found in {} any more.", quoted(gone), intent.region);
            found.push(check("endpoints-exist", "Endpoints exist", Error, reason));
        }
    }
    found.push(callers_exist(intent, inventory));
    found
}

pub(super) fn callers_exist(intent: &ShareIntent, inventory: &ShareInventory) -> CheckView {
    let Some(child) = &inventory.child else {
        let reason = format!(
            "Account {} is not connected: its administrator has to make the child's side, and nobody checked that the \
             callers exist.",
            intent.child
        );
        return check("child-by-hand", "Child's side", Note, reason);
    };
    let strangers = child.grantees.iter().filter(|g| !g.exists).map(|g| &g.arn);
    let mut missing: Vec<&CallerArn> = child.missing_callers.iter().chain(strangers).collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return check("callers-exist", "Callers exist", Passed, "All named roles and users are there.");
    }
    let names = quoted(missing.iter().map(|m| m.as_str()));
    let reason = format!("{names} can't be found; IAM refuses a trust policy that names it.");
    check("callers-exist", "Callers exist", Error, reason)
}

fn in_service(inventory: &ShareInventory) -> Option<CheckView> {
    let asleep: Vec<_> = inventory.endpoints.iter().filter(|e| !e.status.answers()).collect();
    let first = asleep.first()?;
    let names = quoted(asleep.iter().map(|e| e.name.as_str()));
    let reason = format!("{names}: {}. Calls fail until it is in service.", first.status.as_str());
    Some(check("in-service", "Endpoints in service", Warning, reason))
}

/// Whether the answers of asynchronous calls can be read.
fn asynchronous(intent: &ShareIntent, inventory: &ShareInventory) -> Option<CheckView> {
    let title = "Asynchronous answers";
    let kinds: (Vec<_>, Vec<_>) = inventory.endpoints.iter().partition(|endpoint| endpoint.results.is_some());
    let (later, now) = kinds;
    if !intent.actions.contains(&InvokeAction::Async) {
        let names = quoted(later.iter().map(|endpoint| endpoint.name.as_str()));
        let reason = format!("{names}: answers asynchronously only, which this share does not allow. Tick Async.");
        return (!later.is_empty()).then(|| check("async-results", title, Warning, reason));
    }
    let EndpointScope::Named(_) = &intent.endpoints else {
        let reason = "Their places in S3 can't be known beforehand: the role may start calls and not read the answers. \
                      Naming endpoints opens those of theirs.";
        return Some(check("async-results", title, Warning, reason));
    };
    if intent.results.is_empty() {
        let names = quoted(now.iter().map(|endpoint| endpoint.name.as_str()));
        let reason = format!("{names}: none answers asynchronously, so that Async allows nothing yet.");
        return (!now.is_empty()).then(|| check("async-results", title, Note, reason));
    }
    let places: Vec<String> = intent.results.iter().map(ToString::to_string).collect();
    let reason = format!(
        "The role may read and list what lies below {}, whoever asked for it, and put inputs below a prefix of its own.",
        quoted(places.iter().map(String::as_str))
    );
    Some(check("async-results", title, Note, reason))
}

pub(super) fn console(intent: &ShareIntent, inventory: &ShareInventory) -> Option<CheckView> {
    let title = "This console as a caller";
    let connected = intent.child_connection.is_some();
    match &intent.console {
        Some(console) => {
            let grant = inventory.child.as_ref().is_some_and(|c| c.console_needs_grant);
            let also = if grant { format!(", and gets {} attached", intent.grant_name) } else { String::new() };
            let reason = format!("`{}` may call too{also}, so that Verify and the Playground work.", console.name());
            Some(check("console", title, Note, reason))
        }
        None if connected && intent.callers != CallerScope::WholeAccount => {
            let reason =
                "It may not call: Verify has to leave out the live proofs, and the Playground can't use this share.";
            Some(check("console", title, Note, reason))
        }
        None => None,
    }
}

fn existing_policy(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<CheckView> {
    let mut found = Vec::new();
    let Some(policy) = &inventory.policy else { return found };
    let wanted = render::invoke_policy(intent);
    let changes = !same_meaning(&policy.document, &wanted);
    if changes {
        let (title, severity, what) = match reach(&policy.document, &wanted) {
            Reach::Narrower => ("Narrows an existing policy", Warning, "allows more than the new version will"),
            Reach::Wider => ("Widens an existing policy", Warning, "allows less than the new version will"),
            Reach::Different => {
                ("Changes an existing policy", Warning, "says something else than the new version will")
            }
        };
        let version = policy.versions.iter().find(|v| v.is_default).map_or("1", |v| v.id.trim_start_matches('v'));
        found.push(check("existing-policy", title, severity, format!("Version {version} {what}.")));
    }
    let others = attached_elsewhere(policy, &[intent.role_name.as_str()]);
    if !others.is_empty() {
        let names = quoted(others.iter().map(String::as_str));
        let (severity, what) =
            if changes { (Warning, "the change reaches them too") } else { (Note, "it stays as it is for them") };
        let reason = format!("`{}` is also attached to {names}; {what}.", intent.policy_name);
        found.push(check("attached-elsewhere", "Attached elsewhere", severity, reason));
    }
    found
}

fn attached_elsewhere(policy: &ObservedPolicy, own_roles: &[&str]) -> Vec<String> {
    let roles = policy.attached_roles.iter().filter(|r| !own_roles.contains(&r.as_str()));
    roles.chain(&policy.attached_users).cloned().collect()
}

fn existing_role(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<CheckView> {
    let mut found = Vec::new();
    let Some(role) = &inventory.role else { return found };
    let own = intent.policy_arn();
    let more: Vec<&str> = role
        .attached
        .iter()
        .filter(|arn| **arn != own)
        .map(|arn| arn.resource_name())
        .chain(role.inline.iter().map(|name| name.as_str()))
        .collect();
    if !more.is_empty() {
        let reason = format!("`{}` also has {}: its callers can do what those allow.", intent.role_name, quoted(more));
        found.push(check("role-has-more", "The role can do more", Warning, reason));
    }
    if let Some(boundary) = &role.boundary {
        let reason = format!(
            "Boundary `{}` limits what the role can do; it has to allow the calls too.",
            boundary.resource_name()
        );
        found.push(check("boundary", "Permissions boundary", Note, reason));
    }
    // IAM shows the unique id where a principal was deleted (IAM user guide, "AWS JSON policy elements: Principal").
    if role.trust.contains("\"AROA") || role.trust.contains("\"AIDA") {
        let reason =
            "The trust policy names a role or user that was deleted; one made again under its name is another one.";
        found.push(check("orphans", "Deleted principals", Note, reason));
    }
    found
}

pub(super) fn grants(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<CheckView> {
    let mut found = Vec::new();
    if let CallerScope::Named(callers) = &intent.callers {
        let idle: Vec<_> = intent.grantees.difference(callers).map(|g| g.name()).collect();
        if !idle.is_empty() {
            let reason = format!("{} would get the permission, but the trust policy doesn't name it.", quoted(idle));
            found.push(check("grant-without-trust", "Permission without trust", Warning, reason));
        }
        let others = callers.difference(&intent.grantees).filter(|c| intent.console.as_ref() != Some(c));
        let bare: Vec<_> = others.map(|c| c.name()).collect();
        if !bare.is_empty() {
            let reason = format!("{} may call only if another policy lets it assume the role.", quoted(bare));
            found.push(check("trust-without-grant", "Trust without permission", Note, reason));
        }
    }
    let own = intent.grant_arn();
    let Some(child) = &inventory.child else { return found };
    let full = child.grantees.iter().filter(|g| g.attached.len() >= ATTACHED && !g.attached.contains(&own));
    let full: Vec<_> = full.map(|g| g.arn.name()).collect();
    if !full.is_empty() {
        let reason = format!("{} has {ATTACHED} managed policies already, IAM's default quota.", quoted(full));
        found.push(check("attached-quota", "Attached policies", Warning, reason));
    }
    found
}
