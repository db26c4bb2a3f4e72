//! The wizard *Build a training pipeline*: a draft of raw answers, its steps, and what is wrong with them.
//!
//! As with a share's draft it keeps exactly what was typed; a complete one becomes a [`PipelineIntent`].

use crate::arn::CallerArn;
use crate::names::{AccountId, DraftId, PipelineId};
use crate::pipeline::data::{Layout, Prepared};
use crate::pipeline::hyperparameters::{Hyperparameters, Objective};
use crate::pipeline::images::Version;
use crate::pipeline::intent::{PipelineIntent, Update};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod answers;
mod problems;

pub use answers::{hyperparameter, hyperparameters};

/// A step of the wizard, in order. What follows — run, approval, endpoint — is the pipeline's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PipelineStep {
    Accounts,
    Model,
    Data,
    Review,
    Apply,
}

impl PipelineStep {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Accounts, Self::Model, Self::Data, Self::Review, Self::Apply];

    /// The step's part of the URL.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Model => "model",
            Self::Data => "data",
            Self::Review => "review",
            Self::Apply => "apply",
        }
    }
    /// The label in the stepper.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accounts => "Accounts",
            Self::Model => "Names and model",
            Self::Data => "Data",
            Self::Review => "Review",
            Self::Apply => "Apply",
        }
    }
    /// Parses [`PipelineStep::slug`].
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.slug() == slug)
    }
    /// The step after this one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }
    /// The step before this one.
    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).and_then(|at| Self::ALL.get(at).copied())
    }
}

/// Step 1: the three accounts, by their connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountsForm {
    /// Account A's connection.
    pub shared_services: String,
    /// Account B's.
    pub training: String,
    /// Account C's.
    pub production: String,
    /// The region's code, of all three.
    pub region: String,
}

/// Step 2: names, how the model is trained, and how it serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelForm {
    /// Begins all names.
    pub prefix: String,
    /// `repository` or `bucket`.
    pub source: String,
    /// The repository's name.
    pub repository: String,
    /// Its branch.
    pub branch: String,
    /// The bucket's name; empty for the usual one.
    pub bucket: String,
    /// The container's version.
    pub version: String,
    /// XGBoost's name of the objective.
    pub objective: String,
    /// With several classes: how many.
    pub classes: String,
    /// Hyperparameters, `name=value` a line.
    pub hyperparameters: String,
    /// What the training runs on.
    pub training_instance: String,
    /// How many of them.
    pub training_count: String,
    /// Gigabytes.
    pub volume: String,
    /// The longest a training may take, in minutes.
    pub minutes: String,
    /// The endpoint's name.
    pub endpoint: String,
    /// What it runs on.
    pub endpoint_instance: String,
    /// How many of them.
    pub endpoint_count: String,
    /// A key of [`Update`].
    pub update: String,
    /// Seconds each step of an update is watched.
    pub wait: String,
    /// Whether errors take an update back: `on` or empty.
    pub alarms: String,
}

/// Step 3: the training data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataForm {
    /// `sample` or `upload`.
    pub source: String,
    /// The place of the label among the columns, from 0.
    pub label: String,
    /// Whether the first record is a header: `on` or empty.
    pub header: String,
    /// Places of columns that are left out.
    pub left_out: Vec<String>,
    /// Rows of a hundred that the model is tried on.
    pub validation: String,
}

/// A step's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PipelineForm {
    /// Step 1.
    Accounts(AccountsForm),
    /// Step 2.
    Model(Box<ModelForm>),
    /// Step 3.
    Data(DataForm),
}

/// An account behind a connection, as it was when step 1 was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// Which it is.
    pub account: AccountId,
    /// Who the console is there.
    pub caller: Option<CallerArn>,
}

/// A table that was uploaded or is shipped, and what came of looking at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// What it was called where it came from.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// What its columns are called.
    pub columns: Vec<String>,
}

/// The wizard's answers so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineDraft {
    /// The draft.
    pub id: DraftId,
    /// The pipeline it will become.
    pub pipeline: PipelineId,
    /// The furthest step that was reached.
    pub reached: PipelineStep,
    /// Step 1.
    pub accounts: AccountsForm,
    /// Step 2.
    pub model: ModelForm,
    /// Step 3.
    pub data: DataForm,
    /// What is behind the connections, by connection.
    #[serde(default)]
    pub found: BTreeMap<String, Connected>,
    /// Whether CodeCommit can be used in account A, where that was asked.
    #[serde(default)]
    pub repositories: Option<bool>,
    /// The table.
    #[serde(default)]
    pub uploaded: Option<Uploaded>,
    /// What was made of the table, when it was last read through.
    #[serde(default)]
    pub prepared: Option<Prepared>,
}

impl PipelineDraft {
    /// A fresh wizard: everything that has a sensible default has it.
    pub fn new(id: DraftId, pipeline: PipelineId, region: &str) -> Self {
        let objective = Objective::Binary;
        let model = ModelForm {
            source: "repository".into(),
            branch: "main".into(),
            version: Version::default().to_string(),
            objective: objective.key().into(),
            hyperparameters: answers::lines(&Hyperparameters::usual(objective)),
            training_instance: "ml.m5.large".into(),
            training_count: "1".into(),
            volume: "10".into(),
            minutes: "60".into(),
            endpoint_instance: "ml.m5.large".into(),
            endpoint_count: "2".into(),
            update: Update::Canary.key().into(),
            wait: "120".into(),
            alarms: "on".into(),
            ..ModelForm::default()
        };
        let accounts = AccountsForm { region: region.into(), ..AccountsForm::default() };
        let data = DataForm { source: "sample".into(), validation: "20".into(), ..DataForm::default() };
        Self {
            id,
            pipeline,
            reached: PipelineStep::Accounts,
            accounts,
            model,
            data,
            found: BTreeMap::new(),
            repositories: None,
            uploaded: None,
            prepared: None,
        }
    }

    /// A wizard over a pipeline that is there, with its answers filled in; those about the data are its record's.
    pub fn of_pipeline(id: DraftId, pipeline: PipelineId, intent: &PipelineIntent) -> Self {
        let mut draft = Self::new(id, pipeline, intent.region.as_str());
        answers::fill(&mut draft, intent);
        draft
    }

    /// How the table is to be read; `None` while something is wrong with the answers about it.
    pub fn layout(&self) -> Option<Layout> {
        self.problems(PipelineStep::Data).is_empty().then(|| self.read_layout())?
    }

    /// What was made of the table, unless it is to be read otherwise by now.
    pub fn prepared(&self) -> Option<&Prepared> {
        let layout = self.layout()?;
        self.prepared.as_ref().filter(|prepared| prepared.layout == layout)
    }
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
