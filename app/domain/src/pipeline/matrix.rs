//! The preflight matrix: for each role and each thing that can be done, whether the documents about to be made allow it,
//! and whether it has to be allowed. What is needed and denied would stop the pipeline; what is allowed and not needed
//! is too much.

use crate::arn::Arn;
use crate::evaluate::{Context, Decision, Explanation, NamedPolicy, Policies, Principal, Request, ResourceKind};
use crate::evaluate::{decide, explain};
use crate::names::AccountId;
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::predicted::{Predicted, PredictedRole};
use serde::{Deserialize, Serialize};

mod guards;
mod questions;

pub use guards::unguarded;
use questions::{Question, questions};

/// What a column is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Subject {
    Bucket,
    Key,
    Repository,
    Pipeline,
    Roles,
    Training,
    Endpoint,
}

impl Subject {
    /// As a heading.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bucket => "Bucket",
            Self::Key => "Key",
            Self::Repository => "Repository",
            Self::Pipeline => "Pipeline",
            Self::Roles => "Roles",
            Self::Training => "Training",
            Self::Endpoint => "Endpoint",
        }
    }
}

/// A thing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// What it is about.
    pub subject: Subject,
    /// In words: `read artifacts`.
    pub label: String,
    /// The IAM action.
    pub action: String,
    /// The resource's ARN.
    pub resource: String,
}

/// What came of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Whether the documents allow it.
    pub allowed: bool,
    /// Whether the pipeline needs it.
    pub needed: bool,
}

impl Cell {
    /// Whether it is as it should be.
    pub fn is_fine(self) -> bool {
        self.allowed == self.needed
    }
}

/// A role's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The role's name.
    pub role: String,
    /// Where it is.
    pub account: AccountId,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// All questions and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// What can be done.
    pub columns: Vec<Column>,
    /// The roles.
    pub rows: Vec<Row>,
}

impl Matrix {
    /// Asks every question of every role.
    pub fn of(intent: &PipelineIntent, predicted: &Predicted) -> Self {
        let questions = questions(intent, predicted);
        let prefix = format!("{}-", intent.prefix);
        let row = |(name, role): (&String, &PredictedRole)| {
            let part = name.strip_prefix(&prefix).unwrap_or(name);
            let cells = questions.iter().map(|question| Cell {
                allowed: ask(question, role, predicted, decide) == Decision::Allowed,
                needed: question.needed_by.contains(&part),
            });
            Row { role: name.clone(), account: role.account.clone(), cells: cells.collect() }
        };
        let rows = predicted.roles.iter().map(row).collect();
        Self { columns: questions.into_iter().map(|question| question.column).collect(), rows }
    }

    /// What is not as it should be: role and column, and whether it is missing or too much.
    pub fn faults(&self) -> impl Iterator<Item = (&Row, &Column, Cell)> {
        let cells = |row| Row::zipped(row, &self.columns).map(move |(column, cell)| (row, column, cell));
        self.rows.iter().flat_map(cells).filter(|(.., cell)| !cell.is_fine())
    }
}

impl Row {
    fn zipped<'a>(&'a self, columns: &'a [Column]) -> impl Iterator<Item = (&'a Column, Cell)> {
        columns.iter().zip(self.cells.iter().copied())
    }
}

/// Why a cell is as it is; `None` for a role or a column that is not there.
pub fn explained(intent: &PipelineIntent, predicted: &Predicted, role: &str, column: usize) -> Option<Explanation> {
    let question = questions(intent, predicted).into_iter().nth(column)?;
    Some(ask(&question, predicted.roles.get(role)?, predicted, explain))
}

/// Puts a question to the evaluator, with the policies that bear on it.
fn ask<T>(
    question: &Question,
    role: &PredictedRole,
    predicted: &Predicted,
    evaluate: impl FnOnce(&Request, &Policies<'_>) -> T,
) -> T {
    let principal = Principal::role(role.arn.clone(), None);
    let request = Request {
        principal: principal.unwrap_or_else(|error| unreachable!("a role's ARN has an account: {error}")),
        action: question.column.action.clone(),
        resource: question.column.resource.clone(),
        resource_account: question.account.clone(),
        context: question.context.clone(),
    };
    let (resource, resource_kind) = owner(question, predicted);
    let policies = Policies { identity: &role.policies, resource, resource_kind, ..Policies::default() };
    evaluate(&request, &policies)
}

/// The policy of the resource that a question is about.
fn owner<'a>(question: &Question, predicted: &'a Predicted) -> (Option<&'a NamedPolicy>, ResourceKind) {
    let column = &question.column;
    match column.subject {
        Subject::Bucket => (Some(&predicted.bucket_policy), ResourceKind::Other),
        Subject::Key => (Some(&predicted.key_policy), ResourceKind::Key),
        Subject::Roles if column.action == "sts:AssumeRole" => {
            let name = Arn::parse(&column.resource).map(|arn| arn.resource_name().to_owned()).unwrap_or_default();
            (predicted.roles.get(&name).map(|role| &role.trust), ResourceKind::Trust)
        }
        _ => (None, ResourceKind::Other),
    }
}

/// What every request has.
fn usual() -> Context {
    Context::new().with("aws:SecureTransport", "true").with("aws:ViaAWSService", "false")
}

#[cfg(test)]
#[path = "matrix_tests.rs"]
mod tests;
