//! What a share means, in one sentence of plain words.

use crate::arn::{Arn, CallerArn};
use crate::names::PolicyName;
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use crate::share::inventory::{ObservedRole, ShareInventory};
use crate::share::plan::{Action, DryRun, Outcome, Plan, Planned, Step};
use crate::share::view::Span;

/// In which tense a share is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    /// Before it is applied: `will be able to`.
    Future,
    /// While it stands: `can`.
    Present,
    /// After it was taken back: `could`.
    Past,
}

/// Who can do what, where, for how long and on what condition. `names` are the endpoints in the case they were created
/// with; without them the lower-case names of their ARNs are used.
pub fn sentence(intent: &ShareIntent, names: &[String], tense: Tense) -> Vec<Span> {
    let mut words = Words::default();
    match &intent.callers {
        CallerScope::WholeAccount => {
            words.strong("Every role and user").plain(" that the administrators of account ");
            words.strong(intent.child.as_str()).plain(" allow ");
        }
        CallerScope::Named(callers) => {
            let others: Vec<&CallerArn> = callers.iter().filter(|c| intent.console.as_ref() != Some(*c)).collect();
            let mut subjects: Vec<String> = short_names(&others);
            let console = intent.console.as_ref().filter(|c| callers.contains(*c));
            let this = if subjects.is_empty() { "This" } else { "this" };
            subjects.extend(console.map(|c| format!("{this} console (as {})", c.name())));
            words.list(&subjects).plain(" in account ").strong(intent.child.as_str()).plain(" ");
        }
    }
    words.plain(match tense {
        Tense::Future => "will be able to ",
        Tense::Present => "can ",
        Tense::Past => "could ",
    });
    words.plain(verb(intent)).plain(" ");
    match &intent.endpoints {
        EndpointScope::All => {
            words.strong("every endpoint").plain(" in ").strong(intent.region.as_str());
            words.plain(", those to come included, ");
        }
        EndpointScope::Named(arns) => {
            let lower: Vec<String> = arns
                .iter()
                .map(|a| names.iter().find(|n| n.to_lowercase() == a.lower_name()).cloned())
                .zip(arns)
                .map(|(name, arn)| name.unwrap_or_else(|| arn.lower_name().to_owned()))
                .collect();
            words.list(&lower).plain(" ");
        }
    }
    words.plain("in account ").strong(intent.parent.as_str());
    words.plain(&format!(", for up to {} at a time", hours(intent.session_seconds)));
    match (&intent.external_id, intent.open_rotation()) {
        (Some(_), Some(_)) => {
            words.plain(", and only when the external ID is presented, the new one or, until its change is ended, ");
            words.plain("the old one");
        }
        (Some(_), None) => {
            words.plain(", and only when the external ID is presented");
        }
        (None, _) => {}
    }
    words.plain(".");
    if !intent.results.is_empty() {
        let places: Vec<String> = intent.results.iter().map(ToString::to_string).collect();
        words.plain(match tense {
            Tense::Future => " Asynchronous answers will be readable below ",
            Tense::Present => " Asynchronous answers are readable below ",
            Tense::Past => " Asynchronous answers were readable below ",
        });
        words.list(&places).plain(".");
    }
    words.spans
}

/// The sentence of a review: [`sentence`], and what else follows from what is there already.
pub fn review_sentence(intent: &ShareIntent, inventory: &ShareInventory, planned: &Planned) -> Vec<Span> {
    let names: Vec<String> = match intent.offered() {
        Some(offered) => offered.names.iter().map(ToString::to_string).collect(),
        None => inventory.endpoints.iter().map(|e| e.name.to_string()).collect(),
    };
    let nothing = planned.plan.steps.is_empty() && planned.conflicts.is_empty();
    let tense = if nothing { Tense::Present } else { Tense::Future };
    let mut words = Words { spans: sentence(intent, &names, tense) };
    let more = inventory.role.as_ref().map(|role| more_of_the_role(intent, role, &planned.plan)).unwrap_or_default();
    let others = changes_for_others(intent, inventory, planned);
    if !more.is_empty() {
        words.plain(" Through the role come also ").list(&more).plain(".");
    }
    if !others.is_empty() {
        words.plain(" The changed policy also reaches ").list(&others).plain(".");
    }
    if !nothing && more.is_empty() && others.is_empty() {
        words.plain(" Nobody else gains anything.");
    }
    let waiting: Vec<String> = short_names(&intent.not_trusted_yet());
    if !waiting.is_empty() {
        words.plain(" The role does not trust ").list(&waiting).plain(" before the administrator of account ");
        words.strong(intent.parent.as_str()).plain(" has taken the acceptance.");
    }
    words.spans
}

/// What a role that was there before can do beside the share, once the plan is carried out.
fn more_of_the_role(intent: &ShareIntent, role: &ObservedRole, plan: &Plan) -> Vec<String> {
    let does = |wanted: &dyn Fn(&Action) -> bool| plan.steps.iter().any(|step| wanted(&step.action));
    let detached =
        |arn: &Arn| does(&|a| matches!(a, Action::Detach { from, policy } if policy == arn && from.arn() == &role.arn));
    let deleted =
        |inline: &PolicyName| does(&|a| matches!(a, Action::DeleteInlinePolicy { name, .. } if name == inline));
    let attached = role.attached.iter().filter(|arn| **arn != intent.policy_arn() && !detached(arn));
    let inline = role.inline.iter().filter(|name| !deleted(name));
    attached.map(|arn| arn.resource_name()).chain(inline.map(|name| name.as_str())).map(str::to_owned).collect()
}

/// Who else holds a policy that gets a new version.
fn changes_for_others(intent: &ShareIntent, inventory: &ShareInventory, planned: &Planned) -> Vec<String> {
    let changes = |arn: &Arn| {
        let of = |step: &Step| matches!(&step.action, Action::CreatePolicyVersion { policy, .. } if policy == arn);
        planned.plan.steps.iter().any(of)
    };
    let Some(policy) = inventory.policy.as_ref().filter(|policy| changes(&policy.arn)) else { return Vec::new() };
    let roles = policy.attached_roles.iter().filter(|role| *role != intent.role_name.as_str());
    roles.chain(&policy.attached_users).cloned().collect()
}

/// What an undo does.
pub fn undo_sentence(intent: &ShareIntent, dry: &DryRun) -> Vec<Span> {
    let DryRun { plan, untagged, .. } = dry;
    let mut words = Words::default();
    if plan.steps.is_empty() && !untagged.is_empty() {
        words.plain("This share still has ").list(untagged).plain(" in AWS, but their tags don't say so any more");
        words.plain(", so that Undo leaves them alone: what they allow is still allowed.");
        return words.spans;
    }
    if plan.steps.is_empty() {
        let own = match (intent.parent_connection(), &intent.child_connection) {
            (Some(_), Some(_)) => {
                words.plain("Nothing of this share is left in either account.");
                return words.spans;
            }
            (None, _) => (&intent.child, &intent.parent),
            (_, None) => (&intent.parent, &intent.child),
        };
        words.plain("Nothing of this share is left in account ").strong(own.0.as_str()).plain("; account ");
        words.strong(own.1.as_str()).plain(" is not connected, so its side is its own administrator's to take back.");
        return words.spans;
    }
    if !dry.ready() {
        return stuck_sentence(intent, dry);
    }
    let (mut gone, mut back) = (Vec::new(), Vec::new());
    for step in &plan.steps {
        match &step.action {
            Action::DeletePolicy { policy } => gone.push(policy.resource_name().to_owned()),
            Action::DeleteRole { role } => gone.push(role.to_string()),
            Action::DeleteFunction { name, .. } => gone.push(name.to_string()),
            Action::UntagPolicy { policy, .. } | Action::TagPolicy { policy, .. } => {
                back.push(policy.resource_name().to_owned());
            }
            Action::UntagRole { role, .. } | Action::TagRole { role, .. } => back.push(role.to_string()),
            Action::DeleteInlinePolicy { name, .. } => gone.push(name.to_string()),
            Action::PutInlinePolicy { name, .. } => back.push(name.to_string()),
            _ => {}
        }
    }
    if gone.is_empty() && back.is_empty() {
        words.plain("What the share attached will be detached");
    }
    if !gone.is_empty() {
        words.list(&gone).plain(" will be deleted");
    }
    if !back.is_empty() {
        words.plain(if gone.is_empty() { "" } else { ", and " });
        words.list(&back).plain(" will be as before this share");
    }
    words.plain("; account ").strong(intent.child.as_str()).plain(" can no longer invoke endpoints of ");
    words.strong(intent.parent.as_str()).plain(" through ").strong(intent.role_name.as_str()).plain(".");
    words.spans
}

/// What an undo would do that AWS would not let through.
fn stuck_sentence(intent: &ShareIntent, dry: &DryRun) -> Vec<Span> {
    let mut words = Words::default();
    let stuck: Vec<String> = dry
        .steps
        .iter()
        .filter_map(|told| match &told.outcome {
            Outcome::Blocked { .. } => dry.plan.steps.iter().find(|step| step.id == told.step),
            Outcome::Works | Outcome::Waits { .. } => None,
        })
        .map(|step| match &step.action {
            Action::DeletePolicy { policy } => policy.resource_name().to_owned(),
            Action::DeleteRole { role } => role.to_string(),
            _ => step.title.clone(),
        })
        .collect();
    words.plain("As it stands this can't be undone: AWS would refuse at ").list(&stuck);
    words.plain(" until what is in the way is cleared. Until then account ").strong(intent.child.as_str());
    words.plain(" can go on calling through ").strong(intent.role_name.as_str()).plain(".");
    words.spans
}

/// Callers in a few words: `scoring-lambda`, `2 callers`, `whole account`.
pub fn callers_in_brief(intent: &ShareIntent) -> String {
    match &intent.callers {
        CallerScope::WholeAccount => "whole account".into(),
        CallerScope::Named(callers) => {
            let mut others = callers.iter().filter(|c| intent.console.as_ref() != Some(*c));
            match (others.next(), others.count()) {
                (None, _) => "this console".into(),
                (Some(one), 0) => one.name().to_owned(),
                (Some(_), more) => format!("{} callers", more + 1),
            }
        }
    }
}

/// The condition on the arrow between the accounts.
pub fn arrow(intent: &ShareIntent) -> &'static str {
    match (&intent.external_id, intent.open_rotation()) {
        (Some(_), Some(_)) => "external ID required, old or new",
        (Some(_), None) => "external ID required",
        (None, _) => "no external ID",
    }
}

/// `one hour`, `90 minutes`, `12 hours`.
pub fn hours(seconds: u32) -> String {
    match seconds {
        3600 => "one hour".into(),
        s if s % 3600 == 0 => format!("{} hours", s / 3600),
        s => format!("{} minutes", s / 60),
    }
}

fn verb(intent: &ShareIntent) -> &'static str {
    let has = |action| intent.actions.contains(&action);
    match (has(InvokeAction::Invoke), has(InvokeAction::Stream), has(InvokeAction::Async)) {
        (_, true, true) => "invoke, stream from and asynchronously invoke",
        (_, true, false) => "invoke and stream from",
        (true, false, true) => "invoke and asynchronously invoke",
        (false, false, true) => "asynchronously invoke",
        _ => "invoke",
    }
}

/// Names without paths, with the kind in front where a role and a user share one.
fn short_names(callers: &[&CallerArn]) -> Vec<String> {
    let twice = |name: &str| callers.iter().filter(|c| c.name() == name).count() > 1;
    let name = |c: &&CallerArn| {
        if twice(c.name()) { c.arn().resource().to_owned() } else { c.name().to_owned() }
    };
    callers.iter().map(name).collect()
}

#[derive(Default)]
struct Words {
    spans: Vec<Span>,
}

impl Words {
    fn push(&mut self, text: &str, strong: bool) -> &mut Self {
        match self.spans.last_mut() {
            Some(last) if last.strong == strong => last.text.push_str(text),
            _ if text.is_empty() => {}
            _ => self.spans.push(Span { text: text.into(), strong }),
        }
        self
    }
    fn plain(&mut self, text: &str) -> &mut Self {
        self.push(text, false)
    }
    fn strong(&mut self, text: &str) -> &mut Self {
        self.push(text, true)
    }
    fn list(&mut self, names: &[String]) -> &mut Self {
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                self.plain(if at + 1 == names.len() { " and " } else { ", " });
            }
            self.strong(name);
        }
        self
    }
}
