//! Tear-down with a dry run: the way back, and whether AWS would let each step of it.
//!
//! [`undo`] says what has to go. Others may have built on it since: attached a policy, added a version, put an inline
//! policy on the role. AWS refuses to delete what is in use, and what others did is not undone behind their backs:
//! each such thing is a [`Blocker`], in words, and the console clears it only with the person's consent to that one.

use super::{Action, Holder, PastRun, Plan, Step, VersionRef, undo};
use crate::arn::{Arn, CallerArn};
use crate::names::AccountId;
use crate::policy::{AwsPrincipal, PolicyDocument, PrincipalPattern};
use crate::share::drift::Unknown;
use crate::share::function::Removal;
use crate::share::intent::ShareIntent;
use crate::share::inventory::{ObservedPolicy, ShareInventory};
use crate::share::{Side, TAG_SHARE};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod blockers;
mod elsewhere;
mod forecast;

/// Who can clear a blocker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clearing {
    /// The console, when the person says so.
    WithConsent,
    /// Someone in IAM.
    ByHand,
}

/// Something that others did and that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// Stable: what consent is given by. `inline:SageMakerExternal:logs`.
    pub key: String,
    /// On which side.
    pub side: Side,
    /// Name of the resource whose step it blocks.
    pub resource: String,
    /// What is in the way, in a sentence.
    pub sentence: String,
    /// What clearing it means, or what to do, in a sentence.
    pub hint: String,
    /// Who can clear it.
    pub clearing: Clearing,
    /// Whether this plan clears it.
    pub cleared: bool,
}

/// What AWS would say to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It would be done, as far as the state of the accounts decides that.
    Works,
    /// It would be refused.
    Blocked {
        /// Why, in a sentence.
        reason: String,
    },
    /// It comes after one that would be refused.
    Waits {
        /// That step's title.
        behind: String,
    },
}

/// A step with what AWS would say to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// The step's id in the plan.
    pub step: String,
    /// Verb and object: `Delete role SageMakerExternal`.
    pub title: String,
    /// On which side.
    pub side: Side,
    /// In which account.
    pub account: AccountId,
    /// What AWS would say.
    pub outcome: Outcome,
}

/// A tear-down that was played through without touching anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// The plan: what the share made, and what the person consented to clear. Nothing else of others'.
    pub plan: Plan,
    /// Its steps, in order.
    pub steps: Vec<Forecast>,
    /// What others did that is in the way, cleared or not.
    pub blockers: Vec<Blocker>,
    /// What stays: what has the share's names and another tag or none, and what others changed since the share did and no
    /// consent was given to put back. A sentence each.
    pub stays: Vec<String>,
    /// What the share made that has lost its tag, and so stays: `role SageMakerExternal`.
    pub untagged: Vec<String>,
    /// Sides that could not be looked at; nothing is torn down there.
    pub unknown: Vec<Unknown>,
}

impl DryRun {
    /// Whether the plan would go through.
    pub fn ready(&self) -> bool {
        self.steps.iter().all(|step| step.outcome == Outcome::Works)
    }

    /// With the share's test function taken away too. Its steps come last: the role that was made for it goes when
    /// nothing of the share's names or holds it any more.
    #[must_use]
    pub fn with_function(mut self, removal: Removal) -> Self {
        let stopped = |id: &String| {
            let told = self.steps.iter().find(|told| told.step == *id && told.outcome != Outcome::Works)?;
            Some(Outcome::Waits { behind: told.title.clone() })
        };
        let forecast = |step: &Step| Forecast {
            step: step.id.clone(),
            title: step.title.clone(),
            side: step.side,
            account: step.account.clone(),
            outcome: step.after.iter().find_map(stopped).unwrap_or(Outcome::Works),
        };
        let told: Vec<Forecast> = removal.steps.iter().map(forecast).collect();
        self.steps.extend(told);
        self.plan.steps.extend(removal.steps);
        self.stays.extend(removal.stays);
        self
    }
}

/// Plays a tear-down through. `consent` holds the keys of blockers that the person wants cleared; unknown keys are passed
/// over, so that consent to what is there no more is harmless.
pub fn dry_run(
    intent: &ShareIntent,
    runs: &[PastRun],
    inventory: &ShareInventory,
    consent: &BTreeSet<String>,
) -> DryRun {
    let steps = undo(intent, runs, inventory).steps;
    let mut scene = Scene { intent, runs, inventory, consent, steps, stays: stays(intent, inventory) };
    let blockers = scene.settle();
    let steps = forecast::forecast(intent, inventory, &scene.steps);
    DryRun {
        steps,
        blockers,
        stays: scene.stays,
        untagged: untagged(intent, runs, inventory),
        unknown: unknown(intent, inventory),
        plan: Plan { steps: scene.steps },
    }
}

struct Scene<'a> {
    intent: &'a ShareIntent,
    runs: &'a [PastRun],
    inventory: &'a ShareInventory,
    consent: &'a BTreeSet<String>,
    steps: Vec<Step>,
    stays: Vec<String>,
}

impl<'a> Scene<'a> {
    fn consented(&self, key: &str) -> bool {
        self.consent.contains(key)
    }

    /// Takes a step out of the plan; whatever waited for it waits no more.
    fn drop_step(&mut self, id: &str) {
        self.steps.retain(|step| step.id != id);
        for step in &mut self.steps {
            step.after.retain(|after| after != id);
        }
    }

    /// Puts a step before another one, which waits for it.
    fn put_before(&mut self, later: &str, step: Step) {
        let Some(at) = self.steps.iter().position(|s| s.id == later) else { return };
        self.steps[at].after.push(step.id.clone());
        self.steps.insert(at, step);
    }

    /// Every step that was begun.
    fn past(&self) -> impl Iterator<Item = (&'a Step, Option<&'a str>)> + use<'a> {
        self.runs.iter().flat_map(|run| {
            let begun = run.plan.steps.iter().filter(|step| run.attempted.contains(&step.id));
            begun.map(|step| (step, run.results.get(&step.id).map(String::as_str)))
        })
    }

    fn policies(&self) -> Vec<(Side, &'a ObservedPolicy)> {
        let inventory = self.inventory;
        let grant = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
        let parent = inventory.policy.iter().map(|policy| (Side::Parent, policy));
        parent.chain(grant.map(|policy| (Side::Child, policy))).collect()
    }
}

/// What has the share's names, with its ARN and tags.
fn named<'a>(
    intent: &'a ShareIntent,
    inventory: &'a ShareInventory,
) -> impl Iterator<Item = (&'static str, &'a str, Arn, &'a BTreeMap<String, String>)> {
    let grant = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
    let role = inventory.role.as_ref();
    let role = role.map(|role| ("role", intent.role_name.as_str(), intent.role_arn(), &role.tags));
    let policy = inventory.policy.as_ref();
    let policy = policy.map(|policy| ("policy", intent.policy_name.as_str(), intent.policy_arn(), &policy.tags));
    let grant = grant.map(|policy| ("policy", intent.grant_name.as_str(), intent.grant_arn(), &policy.tags));
    role.into_iter().chain(policy).chain(grant)
}

fn stays(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<String> {
    let stays = |(kind, name, _, tags): (&str, &str, Arn, &BTreeMap<String, String>)| {
        let kind = if kind == "role" { "Role" } else { "Policy" };
        match tags.get(TAG_SHARE) {
            Some(id) if id == intent.id.as_str() => None,
            Some(id) => Some(format!("{kind} `{name}` stays: its tag says that it belongs to share `{id}`.")),
            None => Some(format!("{kind} `{name}` stays: no tag says that it belongs to this share.")),
        }
    };
    named(intent, inventory).filter_map(stays).collect()
}

/// What runs made or took over and what no tag tells from others' any more. It may still let the child call.
fn untagged(intent: &ShareIntent, runs: &[PastRun], inventory: &ShareInventory) -> Vec<String> {
    let was_ours = |arn: &Arn| {
        let begun = |run: &PastRun, step: &Step| run.attempted.contains(&step.id);
        let mut steps = runs.iter().flat_map(|run| run.plan.steps.iter().filter(move |step| begun(run, step)));
        steps.any(|step| match &step.action {
            Action::CreateRole { arn: made, .. } | Action::CreatePolicy { arn: made, .. } => made == arn,
            Action::TagRole { role, .. } => *role == intent.role_name && *arn == intent.role_arn(),
            Action::TagPolicy { policy, .. } => policy == arn,
            _ => false,
        })
    };
    let lost = named(intent, inventory).filter(|(_, _, arn, tags)| !tags.contains_key(TAG_SHARE) && was_ours(arn));
    lost.map(|(kind, name, ..)| format!("{kind} {name}")).collect()
}

fn unknown(intent: &ShareIntent, inventory: &ShareInventory) -> Vec<Unknown> {
    let mut unknown = Vec::new();
    if let Some(reason) = inventory.unread.get(&Side::Parent) {
        unknown.push(Unknown { side: Side::Parent, reason: unreadable(&intent.parent, reason) });
    } else if intent.parent_connection().is_none() {
        let reason = format!("Account {} is not connected: its side is its own administrator's.", intent.parent);
        unknown.push(Unknown { side: Side::Parent, reason });
    }
    if inventory.child.is_none() || inventory.unread.contains_key(&Side::Child) {
        let why = inventory.unread.get(&Side::Child).map(|reason| unreadable(&intent.child, reason));
        let why = why.unwrap_or_else(|| format!("Account {} is not connected.", intent.child));
        let reason = format!("{why} Policy `{}` stays there until someone deletes it.", intent.grant_name);
        unknown.push(Unknown { side: Side::Child, reason });
    }
    unknown
}

fn unreadable(account: &AccountId, reason: &str) -> String {
    format!("Account {account} can't be read: {}.", reason.trim_end_matches('.'))
}
