//! What pages show of a pipeline.

use crate::names::{AccountId, ConnectionId, DraftId, PipelineId, RunId};
use crate::pipeline::apply::{Lane, Part, Plan, Standing};
use crate::pipeline::approval::ApprovalRules;
use crate::pipeline::data::{Channel, Preview, Tally};
use crate::pipeline::draft::{PipelineDraft, PipelineStep};
use crate::pipeline::evidence::TrainingJob;
use crate::pipeline::execution::{LogLine, MachineExecution, PipelineState, Waiting};
use crate::pipeline::intent::{PipelineIntent, Prefix};
use crate::pipeline::matrix::Matrix;
use crate::pipeline::observed::StackEvent;
use crate::pipeline::stacks::Outputs;
use crate::run::{RunState, StepError, StepState};
use crate::share::diff::{Change, DocumentDiff};
use crate::time::Timestamp;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A wizard's answers with what is wrong with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineDraftView {
    /// The answers.
    pub draft: PipelineDraft,
    /// What is wrong, in the order of the steps.
    pub problems: Vec<(PipelineStep, FieldProblem)>,
    /// Whether it changes a pipeline that is there.
    pub exists: bool,
    /// The pipeline's last run.
    pub run: Option<RunId>,
}

/// An unfinished wizard in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineDraftSummary {
    /// Which.
    pub id: DraftId,
    /// Its prefix, or that it has none yet.
    pub title: String,
    /// How far it is.
    pub step: PipelineStep,
    /// When it was last saved.
    pub changed: Timestamp,
}

/// A table with its first rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataView {
    /// What the file was called.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its columns.
    pub preview: Preview,
    /// What came of reading all of it; none while that is not done, or was done for other answers.
    pub tally: Option<Tally>,
    /// What stands in the way of training with it.
    pub problem: Option<String>,
}

/// How far the reading of a table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparationView {
    /// Where it is.
    pub state: PreparationState,
    /// Bytes read.
    pub read: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// What came of it so far.
    pub tally: Tally,
}

/// Where the reading of a table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PreparationState {
    /// Rows are read.
    Reading,
    /// All is read, and can be trained with.
    Done,
    /// Somebody stopped it.
    Cancelled,
    /// It can't be trained with, or could not be read.
    Failed {
        /// Why.
        message: String,
    },
}

/// How something stands that was looked at before anything is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standpoint {
    /// As it should be.
    Fine,
    /// It could not be told, or may matter later.
    Unclear,
    /// It stands in the way.
    Wrong,
}

/// Something that was looked at before anything is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreflightItem {
    /// What: `bucket`, `source`, `training_quota`, …; stable, for tests and anchors.
    pub key: String,
    /// In which account.
    pub lane: Lane,
    /// How it stands.
    pub standpoint: Standpoint,
    /// In words.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// An account as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreflightAccount {
    /// What it is for.
    pub lane: Lane,
    /// How it is reached.
    pub connection: ConnectionId,
    /// Which it is.
    pub account: Option<AccountId>,
    /// Who the console is there.
    pub identity: Option<String>,
}

/// What was looked at before anything is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreflightView {
    /// The accounts.
    pub accounts: Vec<PreflightAccount>,
    /// Everything else.
    pub items: Vec<PreflightItem>,
}

impl PreflightView {
    /// What stands in the way.
    pub fn wrong(&self) -> impl Iterator<Item = &PreflightItem> {
        self.items.iter().filter(|item| item.standpoint == Standpoint::Wrong)
    }
}

/// A resource of a stack in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// `AWS::IAM::Role`
    pub resource_type: String,
    /// Its name in AWS, where the template gives it one.
    pub name: Option<String>,
    /// What happens to it.
    pub change: Change,
}

/// A file of training data in a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedFile {
    /// What it is for.
    pub channel: Channel,
    /// Its size.
    pub bytes: u64,
    /// What happens to it.
    pub change: Change,
}

/// A stack in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedStack {
    /// Which.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: AccountId,
    /// Whether it is there.
    pub exists: bool,
    /// Its template, against the one that is there.
    pub template: DocumentDiff,
    /// Its parameters, `Name: value` a line, against those that are there.
    pub parameters: DocumentDiff,
    /// What it makes, in the order in which it does, then what it takes away.
    pub resources: Vec<ReviewedResource>,
}

/// Everything that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineReviewView {
    /// The stacks, in the order in which they are made.
    pub stacks: Vec<ReviewedStack>,
    /// Key policy, bucket policy, state machine, pipeline and the deploy handler, in full.
    pub documents: Vec<DocumentDiff>,
    /// What the standing checks found; nothing is applied unless it is empty.
    pub faults: Vec<String>,
    /// What stands in the way in the accounts; nothing is applied unless it is empty.
    pub blockers: Vec<PreflightItem>,
    /// Who may do what.
    pub matrix: Matrix,
    /// What will be done.
    pub plan: Plan,
    /// What of the data goes up.
    pub tally: Tally,
    /// The files that it goes up as.
    pub files: Vec<ReviewedFile>,
    /// What happens to the training template, where the pipeline takes it from.
    pub source: Change,
    /// Names exactly this review.
    pub fingerprint: String,
}

/// What a run does to a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PipelineRunKind {
    /// Makes it, or changes it.
    Apply,
    /// Takes an unfinished one away.
    RollBack,
    /// Takes a finished one away.
    TearDown,
}

/// How much of a transfer is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes, or pieces.
    pub done: u64,
    /// Of how many; none where that is not known.
    pub all: Option<u64>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineStepView {
    /// The plan's step.
    pub id: String,
    /// Verb and object.
    pub title: String,
    /// In which of the accounts.
    pub lane: Lane,
    /// Which account that is.
    pub account: AccountId,
    /// Where it is.
    pub state: StepState,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was begun last.
    pub started: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub took_ms: Option<u64>,
    /// Something to know.
    pub note: Option<String>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// How far an upload or a deletion is.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// What CloudFormation has told of it lately, the oldest first.
    #[serde(default)]
    pub events: Vec<StackEvent>,
}

/// A run as it is shown and streamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineRunView {
    /// Which run.
    pub id: RunId,
    /// Of which pipeline.
    pub pipeline: PipelineId,
    /// What it does.
    pub kind: PipelineRunKind,
    /// Where it is.
    pub state: RunState,
    /// Rises with every change.
    pub revision: u64,
    /// Who started it.
    pub by: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Its steps, in the plan's order.
    pub steps: Vec<PipelineStepView>,
}

impl PipelineRunView {
    /// Steps done and steps in all.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|step| step.state == StepState::Done).count(), self.steps.len())
    }
}

/// Where a pipeline is, as the console knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PipelineStatus {
    /// A run makes or changes it.
    Applying,
    /// A run ended half-way: something of it may stand.
    Incomplete,
    /// It is there.
    Ready,
    /// A run takes it away.
    Removing,
    /// Nothing of it stands.
    Removed,
}

/// A pipeline in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineSummary {
    /// Which.
    pub id: PipelineId,
    /// Its name.
    pub prefix: String,
    /// Where it is.
    pub status: PipelineStatus,
    /// The three accounts, A to C.
    pub accounts: [AccountId; 3],
    /// When its record last changed.
    pub changed: Timestamp,
}

/// What starts an execution by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// New training data.
    Data,
    /// A change of the training template.
    Template,
}

impl Trigger {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Data, Self::Template];

    /// The rule in account A, as the template names it.
    pub fn rule(self, prefix: &Prefix) -> String {
        match self {
            Self::Data => format!("{prefix}-data"),
            Self::Template => format!("{prefix}-template"),
        }
    }
}

/// A rule that does not start anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleRule {
    /// What it should start executions for.
    pub trigger: Trigger,
    /// Its name.
    pub rule: String,
    /// Whether it is there, and disabled.
    pub there: bool,
}

/// A pipeline as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineView {
    /// Which.
    pub id: PipelineId,
    /// As it was asked for.
    pub intent: PipelineIntent,
    /// Where it is, as the console knows it.
    pub status: PipelineStatus,
    /// Its last run.
    pub last_run: Option<RunId>,
    /// What its stacks put out.
    pub outputs: BTreeMap<Part, Outputs>,
    /// What an approval has to keep to.
    pub rules: ApprovalRules,
    /// Its stages; none before it is made.
    pub state: Option<PipelineState>,
    /// The approval that waits.
    pub waiting: Option<Waiting>,
    /// Who started which execution from here; the last of them.
    pub started: BTreeMap<String, String>,
    /// Who applied it last: what starts by itself starts because of them.
    pub applied_by: String,
    /// Who asks.
    pub you: String,
    /// What an execution is started with from this page: the same one sent twice starts once.
    pub start_token: String,
}

/// What came of an action, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionLogView {
    /// Events of the stack that it deployed, the oldest first.
    pub events: Vec<StackEvent>,
    /// The state machine's execution.
    pub execution: Option<MachineExecution>,
    /// The training job.
    pub job: Option<TrainingJob>,
    /// Lines of its log, the oldest first.
    pub lines: Vec<LogLine>,
    /// Give this back to get the lines after these.
    pub next: Option<String>,
    /// Whether there are lines after these already; without, only those that are still to be written.
    pub more: bool,
}

/// A version of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionView {
    /// The endpoint configuration, and the training job that it came from.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it serves.
    pub live: bool,
}

/// The endpoint with its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionsView {
    /// Its state; none before the first deployment.
    pub endpoint: Option<EndpointState>,
    /// The newest first.
    pub versions: Vec<VersionView>,
}

/// An endpoint as its versions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointState {
    /// `InService`, `Updating`, …
    pub status: String,
    /// The endpoint configuration that it serves.
    pub configuration: String,
    /// Why it failed, or an update was taken back.
    pub failure: Option<String>,
    /// When it was last changed.
    pub changed: Option<Timestamp>,
}

/// What would be taken away, and what stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeardownView {
    /// What stands.
    pub standing: Standing,
    /// The steps.
    pub plan: Plan,
    /// What no step takes away, in words.
    pub stays: Vec<String>,
    /// The bucket's name, where it must be typed.
    pub type_bucket: Option<String>,
    /// The endpoint's name, where it must be typed.
    pub type_endpoint: Option<String>,
    /// Names exactly this plan.
    pub fingerprint: String,
}

/// What is typed before a pipeline is taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TeardownForm {
    /// The bucket's name.
    pub bucket: String,
    /// The endpoint's name.
    pub endpoint: String,
}
