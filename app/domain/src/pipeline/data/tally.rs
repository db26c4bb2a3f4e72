//! What came of reading a whole table: how many rows went where, and what is wrong with it.

use super::{Channel, Layout, RowFault};
use crate::pipeline::hyperparameters::Objective;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many faults are kept; the others are counted.
const FAULTS: usize = 20;
/// So many different labels are counted apart.
const LABELS: usize = 100;

/// A row that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub fault: RowFault,
}

/// Counts of a table's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows to train with.
    pub train: u64,
    /// Rows to try the model on.
    pub validation: u64,
    /// Rows that can't be used.
    pub faulty: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
    /// How many rows of the training have each label, as far as there are few.
    pub labels: BTreeMap<String, u64>,
}

/// Why nothing can be trained with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataProblem {
    /// There is nothing in it.
    #[error("the file has no rows")]
    Empty,
    /// Rows that can't be used.
    #[error("{count} of {rows} rows can't be used; the first is line {line}: {fault}")]
    Faulty {
        /// How many.
        count: u64,
        /// Of how many.
        rows: u64,
        /// Where the first is.
        line: u64,
        /// What is wrong with it.
        fault: RowFault,
    },
    /// All rows went to one side.
    #[error("too few rows to train with and to try the model on: {rows}")]
    Few {
        /// How many there are.
        rows: u64,
    },
    /// Nothing to tell apart.
    #[error("every row has the label {0}: there is nothing to learn")]
    OneLabel(String),
    /// A class that no row has.
    #[error("no row has the label {missing}, although there are to be {classes} classes")]
    NoSuchLabel {
        /// The first that is missing.
        missing: u32,
        /// How many there are to be.
        classes: u32,
    },
}

impl Tally {
    /// Counts a row that was converted; `converted` is what was written for it.
    pub fn count(&mut self, channel: Channel, converted: &str) {
        match channel {
            Channel::Validation => self.validation += 1,
            Channel::Train => {
                self.train += 1;
                let label = converted.split([',', '\n']).next().unwrap_or_default();
                if let Some(rows) = self.labels.get_mut(label) {
                    *rows += 1;
                } else if self.labels.len() <= LABELS {
                    self.labels.insert(label.to_owned(), 1);
                }
            }
        }
    }

    /// Counts a row that can't be used.
    pub fn refuse(&mut self, line: u64, fault: RowFault) {
        self.faulty += 1;
        if self.faults.len() < FAULTS {
            self.faults.push(Fault { line, fault });
        }
    }

    /// What stands in the way of training with the table that was read.
    pub fn problem(&self, layout: &Layout) -> Option<DataProblem> {
        let rows = self.train + self.validation + self.faulty;
        if rows == 0 {
            return Some(DataProblem::Empty);
        }
        if let Some(first) = self.faults.first() {
            let (line, fault) = (first.line, first.fault.clone());
            return Some(DataProblem::Faulty { count: self.faulty, rows, line, fault });
        }
        if self.train == 0 || self.validation == 0 {
            return Some(DataProblem::Few { rows });
        }
        if let (1, Some(label)) = (self.labels.len(), self.labels.keys().next()) {
            return Some(DataProblem::OneLabel(label.clone()));
        }
        let classes = layout.classes.filter(|_| layout.objective == Objective::Classes)?;
        let missing = (0..classes).take(LABELS).find(|class| !self.labels.contains_key(&class.to_string()))?;
        Some(DataProblem::NoSuchLabel { missing, classes })
    }
}
