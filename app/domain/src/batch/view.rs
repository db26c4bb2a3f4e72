//! A batch as it is shown and kept.

use super::{BatchForm, BatchSetup, limits};
use crate::names::BatchId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a file's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchFormat {
    /// Records after RFC 4180; a quoted field may have line ends.
    Csv,
    /// A JSON value a line.
    JsonLines,
}

/// The file as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What its rows are.
    pub format: BatchFormat,
    /// What stands between CSV's fields: `,`, `;`, a tabulator or `|`.
    pub delimiter: char,
    /// Whether the first record looks like the columns' names.
    pub header: bool,
    /// How many records it has, the header included; lines without anything on them don't count.
    pub records: u64,
    /// The first record's fields; for JSON Lines the keys of the first rows' objects.
    pub first: Vec<String>,
    /// The first records after the first, cut to what can be shown. For JSON Lines each has the line, the first one too, and
    /// beside it what is wrong with it where it is not JSON.
    pub sample: Vec<Vec<String>>,
}

impl BatchFile {
    /// The columns' names: the first record, or `c1`, `c2` … where that is a row like any other. Of JSON Lines: the keys.
    pub fn columns(&self, header: bool) -> Vec<String> {
        match self.format {
            BatchFormat::Csv if !header => (1..=self.first.len()).map(|n| format!("c{n}")).collect(),
            _ => self.first.clone(),
        }
    }

    /// How many rows are sent.
    pub fn rows(&self, header: bool) -> u64 {
        let named = header && self.format == BatchFormat::Csv;
        self.records.saturating_sub(u64::from(named))
    }

    /// The name that the result is downloaded by: `customers-result.csv`.
    pub fn result_name(&self) -> String {
        let stem = self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem);
        let safe: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
            .take(80)
            .collect();
        let ending = if self.format == BatchFormat::Csv { "csv" } else { "jsonl" };
        format!("{}-result.{ending}", if safe.is_empty() { "batch" } else { &safe })
    }
}

/// Where a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// The file is there, and nothing was sent.
    Ready,
    /// Rows are sent.
    Running,
    /// No new rows are sent; those under way are waited for.
    Pausing,
    /// It can go on.
    Paused,
    /// Every row has its result.
    Done,
}

impl BatchState {
    /// Whether anything is under way.
    pub fn is_going(self) -> bool {
        matches!(self, Self::Running | Self::Pausing)
    }
}

/// Why a batch paused by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchStop {
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchView {
    /// Its id.
    pub id: BatchId,
    /// Rises with every change.
    pub revision: u64,
    /// Who uploaded it.
    pub by: String,
    /// When.
    pub created: Timestamp,
    /// When its files are deleted.
    pub expires: Timestamp,
    /// The file.
    pub file: BatchFile,
    /// How it is to be sent, as typed.
    pub form: BatchForm,
    /// How it is sent; `None` before it begins.
    pub setup: Option<BatchSetup>,
    /// Where it is.
    pub state: BatchState,
    /// Rows that stand in the result, failed ones too.
    pub done: u64,
    /// Rows that are finished and wait for an earlier one before they are written.
    #[serde(default)]
    pub ahead: u64,
    /// Rows that failed, of those that stand in the result.
    pub failed: u64,
    /// Calls that were made again.
    pub retried: u64,
    /// Rows in ten seconds, of late; 0 while it is not known.
    pub pace: u64,
    /// The columns that answers are spread over; 0 before the first.
    pub predictions: usize,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When its last row was done.
    pub finished: Option<Timestamp>,
    /// How long it has been sending, in milliseconds, pauses left out.
    pub spent_ms: u64,
    /// Why it paused by itself.
    pub why: Option<BatchStop>,
}

impl BatchView {
    /// How many rows it has to send.
    pub fn rows(&self) -> u64 {
        self.file.rows(self.setup.as_ref().map_or(self.file.header, |setup| setup.header))
    }

    /// How many rows are finished, written or not.
    pub fn answered(&self) -> u64 {
        self.done + self.ahead
    }

    /// How much longer it will take at its present pace, in milliseconds.
    pub fn left_ms(&self) -> Option<u64> {
        let left = self.rows().saturating_sub(self.answered());
        (self.pace > 0 && self.state == BatchState::Running).then(|| left.saturating_mul(10_000) / self.pace)
    }

    /// How many rows are sent again at most where the process is killed.
    pub fn at_risk(&self) -> u64 {
        self.rows().min(limits::WINDOW_ROWS as u64)
    }
}

/// A row that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchError {
    /// Which row, from 1; a header does not count.
    pub row: u64,
    /// The status: the container's where it answered, else SageMaker's; `None` where nothing was sent or nobody answered.
    pub status: Option<u16>,
    /// What went wrong, cut to what can be shown.
    pub error: String,
}

/// What this console allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLimits {
    /// The largest file in bytes.
    pub file_bytes: u64,
    /// The most requests at once.
    pub at_once: u16,
    /// For how many days a batch's files are kept.
    pub keep_days: u64,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { file_bytes: 1024 * 1024 * 1024, at_once: limits::AT_ONCE, keep_days: 30 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> BatchFile {
        BatchFile {
            name: name.into(),
            bytes: 10,
            format: BatchFormat::Csv,
            delimiter: ',',
            header: true,
            records: 3,
            first: vec!["id".into(), "text".into()],
            sample: Vec::new(),
        }
    }

    #[test]
    fn without_a_header_columns_are_numbered_and_the_first_record_is_a_row() {
        let file = file("a.csv");
        assert_eq!((file.columns(true), file.rows(true)), (vec!["id".to_owned(), "text".to_owned()], 2));
        assert_eq!((file.columns(false), file.rows(false)), (vec!["c1".to_owned(), "c2".to_owned()], 3));
    }

    #[test]
    fn a_result_has_a_name_that_any_system_takes() {
        for (name, result) in [
            ("customers.csv", "customers-result.csv"),
            ("a\"b\r\n/ü.csv", "a-b-----result.csv"),
            (".csv", "batch-result.csv"),
        ] {
            assert_eq!(file(name).result_name(), result);
        }
    }
}
