//! A share as the console shows it: lists, the review page, what was made.

use crate::activity::ActivityView;
use crate::connection::ConnectionView;
use crate::names::{AccountId, DraftId, EndpointName, Region, RunId, ShareId};
use crate::run::RunView;
use crate::share::Side;
use crate::share::checks::CheckView;
use crate::share::diff::LaneItem;
use crate::share::drift::{Drift, DriftCheck, Unknown};
use crate::share::plan::{Blocker, Forecast, Step};
use crate::share::render::Program;
use crate::share::rotate::RotationView;
use crate::time::Timestamp;
use crate::verification::VerificationView;
use crate::wizard::{FieldProblem, ShareDraft, WizardStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A run of text in a sentence, `strong` for what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The words.
    pub text: String,
    /// Whether they are to stand out.
    pub strong: bool,
}

/// How a conflict can be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictView {
    /// `role`, `policy` or `grant`.
    pub what: String,
    /// The resource's name.
    pub name: String,
    /// On which side.
    pub side: Side,
    /// What is in the way, in a sentence.
    pub message: String,
    /// The share of this console that it belongs to.
    pub other_share: Option<ShareId>,
    /// A free name, offered instead.
    pub other_name: String,
    /// Whether taking it over is possible.
    pub can_adopt: bool,
}

/// Everything Apply would do, before it does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Who will be able to do what, in one sentence.
    pub sentence: Vec<Span>,
    /// The child's lane: what is created, changed, kept.
    pub child_lane: Vec<LaneItem>,
    /// The parent's lane.
    pub parent_lane: Vec<LaneItem>,
    /// The child account.
    pub child: AccountId,
    /// The parent account.
    pub parent: AccountId,
    /// The condition on the arrow: `external ID required` or `no external ID`.
    pub arrow: String,
    /// The standing checks.
    pub checks: Vec<CheckView>,
    /// What stands in the way; Apply is not offered while there is any.
    pub conflicts: Vec<ConflictView>,
    /// Counts for the bar.
    pub to_create: usize,
    /// Resources that change.
    pub to_change: usize,
    /// Resources that stay as they are.
    pub unchanged: usize,
    /// Identifies exactly this plan: Apply is refused when the accounts have changed since.
    pub fingerprint: String,
    /// The child is not connected: its side has to be done by its own administrator.
    pub child_by_hand: bool,
    /// The parent's side as code, for those who make it that way; none for a share that was offered.
    pub programs: Vec<Program>,
}

/// Where a share is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    /// A run is under way.
    Applying,
    /// A run failed and waits for a person.
    Incomplete,
    /// Applied, not verified yet.
    Applied,
    /// Applied and verified.
    Verified,
    /// Applied, but its last verification failed.
    NotWorking,
    /// Taken back.
    Undone,
}

/// A share in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareSummary {
    /// The share.
    pub id: ShareId,
    /// Its role's name.
    pub role_name: String,
    /// The parent account.
    pub parent: AccountId,
    /// The child account.
    pub child: AccountId,
    /// Where the endpoints are.
    pub region: Region,
    /// The endpoints' names; empty for all in the region.
    pub endpoints: Vec<String>,
    /// Callers in a few words: `scoring-lambda`, `2 callers`, `whole account`.
    pub callers: String,
    /// Where it is.
    pub state: ShareState,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last verified.
    pub verified: Option<Timestamp>,
    /// When drift was last looked for, and what was found.
    pub drift: Option<DriftCheck>,
}

/// A share in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareView {
    /// As in the list.
    pub summary: ShareSummary,
    /// Who can do what, in one sentence.
    pub sentence: Vec<Span>,
    /// The role's ARN.
    pub role_arn: String,
    /// The external ID the trust policy requires.
    pub external_id: Option<String>,
    /// A change of it that is under way.
    pub rotation: Option<RotationView>,
    /// The child's lane, as made.
    pub child_lane: Vec<LaneItem>,
    /// The parent's lane, as made.
    pub parent_lane: Vec<LaneItem>,
    /// The condition on the arrow.
    pub arrow: String,
    /// The last run.
    pub run: Option<RunView>,
    /// The last verification.
    pub verification: Option<VerificationView>,
    /// Endpoints that can be tried in the playground.
    pub targets: Vec<EndpointName>,
    /// The side that this console does not reach: its own administrator's.
    pub elsewhere: Option<Side>,
    /// Callers that the role does not trust before the other administrator has taken the acceptance.
    pub not_trusted_yet: Vec<String>,
    /// Whether the child's own administrator has accepted it.
    pub accepted: bool,
    /// Whether it was found in the accounts: then `created` is when it was imported.
    pub imported: bool,
}

/// A wizard's unfinished answers, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftSummary {
    /// The draft.
    pub id: DraftId,
    /// What it is about so far: `1 endpoint of 111111111111 with 222222222222`.
    pub title: String,
    /// The step to go on with.
    pub step: WizardStep,
    /// That step's address.
    pub path: String,
    /// When it was last changed.
    pub changed: Timestamp,
}

/// What Apply started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyView {
    /// The share.
    pub share: ShareId,
    /// The run; `None` when there was nothing to change.
    pub run: Option<RunId>,
}

/// The first page: where everything stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewView {
    /// The accounts the console can reach.
    pub connections: Vec<ConnectionView>,
    /// The shares, newest first.
    pub shares: Vec<ShareSummary>,
    /// Unfinished wizards, newest first.
    pub drafts: Vec<DraftSummary>,
    /// What happened last, newest first.
    pub activity: Vec<ActivityView>,
    /// Whether the accounts are the embedded sandbox's.
    pub sandbox: bool,
    /// The server's time, to say how long ago things were.
    pub now: Timestamp,
}

/// A wizard's answers with what is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftView {
    /// The answers, as typed.
    pub draft: ShareDraft,
    /// What is wrong, with the step it is wrong at.
    pub problems: Vec<(WizardStep, FieldProblem)>,
    /// Whether the share was applied before: its accounts and names can't change any more.
    pub share_exists: bool,
    /// The share's last run, for the Apply page.
    pub run: Option<RunId>,
}

/// A step of a plan, as pages list it before it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// Verb and object: `Delete role SageMakerExternal`.
    pub title: String,
    /// On which side.
    pub side: Side,
    /// In which account.
    pub account: AccountId,
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        Self { title: step.title.clone(), side: step.side, account: step.account.clone() }
    }
}

/// What Undo would do, before it does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoView {
    /// What will be gone and what will be as before, in one sentence.
    pub sentence: Vec<Span>,
    /// The calls, in order, each with what AWS would say to it. Empty: nothing of the share is left in AWS but what is
    /// untagged.
    pub steps: Vec<Forecast>,
    /// What others did that is in the way.
    pub blockers: Vec<Blocker>,
    /// What stays, and why: a sentence each.
    pub stays: Vec<String>,
    /// What the share made that has lost its tag, and so stays: `role SageMakerExternal`.
    pub untagged: Vec<String>,
    /// Sides that could not be looked at; nothing is taken back there.
    pub unknown: Vec<Unknown>,
    /// Why it can't be undone as it stands, in lower case; `None`: it can.
    pub refused: Option<String>,
    /// The plan's digest: what is executed is what was shown.
    pub fingerprint: String,
}

/// What a person agreed to when they pressed Undo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoConsent {
    /// The keys of the blockers that are to be cleared.
    pub keys: BTreeSet<String>,
    /// The digest of the plan that was shown; `None` for whatever the plan is now.
    pub shown: Option<String>,
}

/// How a person resolves a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictChoice {
    /// Take the resource over; Undo gives it back as it was.
    Adopt,
    /// Use the free name that was offered.
    OtherName,
}

/// What was changed in AWS behind a share's back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftView {
    /// The share.
    pub share: ShareId,
    /// Its role's name.
    pub role_name: String,
    /// What was found.
    pub drift: Drift,
    /// Of the findings that are only mended when someone says so, those that were chosen.
    pub chosen: Vec<String>,
    /// What mending does, with what was chosen.
    pub steps: Vec<StepView>,
    /// Why it can't be mended with what was chosen.
    pub refused: Option<String>,
    /// Names these findings and steps: mending makes no others.
    pub fingerprint: String,
    /// The server's time.
    pub now: Timestamp,
}
