//! Training data: a table as people have it, and as the XGBoost container takes it: without a header, the label first,
//! numbers only, a missing value as nothing.
//!
//! Source: SageMaker developer guide, "Input/Output Interface for the XGBoost Algorithm". Records are read elsewhere, one
//! at a time; nothing here grows with their number.

use crate::pipeline::hyperparameters::Objective;
use crate::pipeline::stacks::DATA;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

mod preview;
mod tally;

pub use preview::{Column, Preview};
pub use tally::{DataProblem, Fault, Tally};

/// How a table is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// What its columns are called; as many as each row has cells.
    pub columns: Vec<String>,
    /// Whether the first record is their names.
    pub header: bool,
    /// The column that is to be predicted.
    pub label: usize,
    /// Columns that say nothing about it, such as a customer's number.
    pub left_out: BTreeSet<usize>,
    /// What the label means.
    pub objective: Objective,
    /// With [`Objective::Classes`]: how many there are.
    pub classes: Option<u32>,
    /// How many of a hundred rows the model is tried on instead of trained with: 1 to 50.
    pub validation_percent: u8,
    /// Other numbers choose other rows for that.
    pub seed: u64,
}

/// Which channel a row goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The model is trained with it.
    Train,
    /// The model is tried on it.
    Validation,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Train, Self::Validation];

    /// Its name, as the training job has it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
        }
    }

    /// The object in the bucket that holds its rows.
    pub fn object(self) -> String {
        format!("{DATA}{0}/{0}.csv", self.key())
    }
}

/// A file that was made of a table for one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelFile {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// A table that was read through, and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// How it was read.
    pub layout: Layout,
    /// What came of it.
    pub tally: Tally,
    /// The files for the training.
    pub files: BTreeMap<Channel, ChannelFile>,
}

/// Why a row can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum RowFault {
    /// Another number of cells than the first row.
    #[error("{found} cells instead of {expected}")]
    Ragged {
        /// As many as the table has columns.
        expected: usize,
        /// As many as the row has.
        found: usize,
    },
    /// A cell that is not a number.
    #[error("`{value}` in `{column}` is not a number")]
    Text {
        /// The column's name.
        column: String,
        /// The cell, cut to 40 characters.
        value: String,
    },
    /// No label.
    #[error("no label in `{column}`")]
    Unlabelled {
        /// The label's column.
        column: String,
    },
    /// A label that the objective does not have.
    #[error("the label `{value}` is not {expected}")]
    Label {
        /// The cell, cut to 40 characters.
        value: String,
        /// What would do.
        expected: String,
    },
}

impl Layout {
    /// The columns that the model is given, in the order in which an endpoint will want them.
    pub fn features(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.columns.len()).filter(|column| *column != self.label && !self.left_out.contains(column))
    }

    /// Adds a row to `out` as the container takes it, with the line's end; `number` counts rows from 0, without the
    /// header. Where it can't be used `out` stays as it was.
    pub fn convert(&self, number: u64, cells: &[&str], out: &mut String) -> Result<Channel, RowFault> {
        let expected = self.columns.len();
        if cells.len() != expected {
            return Err(RowFault::Ragged { expected, found: cells.len() });
        }
        let begin = out.len();
        let written = self.write(cells, out);
        if let Err(fault) = written {
            out.truncate(begin);
            return Err(fault);
        }
        Ok(self.channel(number))
    }

    fn write(&self, cells: &[&str], out: &mut String) -> Result<(), RowFault> {
        let _ = write!(out, "{}", self.label_of(cells[self.label])?);
        for column in self.features() {
            out.push(',');
            match Cell::of(cells[column]) {
                Cell::Missing => {}
                // As it is written: no digit is lost.
                Cell::Number(_) => out.push_str(cells[column].trim()),
                Cell::Text => {
                    return Err(RowFault::Text { column: self.columns[column].clone(), value: short(cells[column]) });
                }
            }
        }
        out.push('\n');
        Ok(())
    }

    fn label_of(&self, cell: &str) -> Result<f64, RowFault> {
        let wrong = |expected: String| RowFault::Label { value: short(cell), expected };
        let value = match Cell::of(cell) {
            Cell::Number(value) => value,
            Cell::Missing => return Err(RowFault::Unlabelled { column: self.columns[self.label].clone() }),
            Cell::Text => return Err(wrong(self.labels())),
        };
        let fits = match self.objective {
            Objective::Number => true,
            Objective::Binary => value == 0.0 || value == 1.0,
            Objective::Classes => {
                value.fract() == 0.0 && value >= 0.0 && self.classes.is_none_or(|classes| value < f64::from(classes))
            }
        };
        // A zero has no sign as a class.
        if fits { Ok(value + 0.0) } else { Err(wrong(self.labels())) }
    }

    /// The labels that the objective has, as a noun phrase.
    pub fn labels(&self) -> String {
        match (self.objective, self.classes) {
            (Objective::Number, _) => "a number".into(),
            (Objective::Binary, _) => "0 or 1".into(),
            (Objective::Classes, None) => "a whole number from 0".into(),
            (Objective::Classes, Some(classes)) => format!("a whole number from 0 to {}", classes.saturating_sub(1)),
        }
    }

    /// By the row's number alone, so that a second reading splits alike.
    fn channel(&self, number: u64) -> Channel {
        let mixed = mix(number ^ mix(self.seed));
        if mixed % 100 < u64::from(self.validation_percent) { Channel::Validation } else { Channel::Train }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    Missing,
    Number(f64),
    Text,
}

impl Cell {
    fn of(cell: &str) -> Self {
        let cell = cell.trim();
        if cell.is_empty() || ["na", "n/a", "nan", "null", "none"].iter().any(|word| cell.eq_ignore_ascii_case(word)) {
            return Self::Missing;
        }
        // Rust reads `infinity` too; the container does not.
        let digits = cell.bytes().any(|b| b.is_ascii_digit());
        match cell.parse::<f64>() {
            Ok(value) if digits && value.is_finite() => Self::Number(value),
            _ => Self::Text,
        }
    }
}

fn short(cell: &str) -> String {
    cell.trim().chars().take(40).collect()
}

/// Spreads numbers that lie close together (the finalizer of SplitMix64).
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
#[path = "data_tests.rs"]
mod tests;
