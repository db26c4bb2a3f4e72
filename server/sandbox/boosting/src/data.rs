//! What a training job reads: channels of files, as the container takes them from `/opt/ml/input/data`. The rows of a
//! CSV are read as a stream and kept as numbers; see [`bins`] for what becomes of them.
//!
//! The label is in the first column and there is no header. The delimiter is found in each file's first line, as the
//! container does with Python's sniffer: a comma before a tab, a semicolon, a space, a colon and a bar.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html#InputOutput-XGBoost>
//!
//! XGBoost 1.7 reads text as a missing value and pads short rows, without a word. Here both fail the job, so that a
//! mistake is seen where it was made; what is well-formed is read as XGBoost reads it.

pub(crate) mod bins;
mod rows;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub(crate) use rows::{Table, read};

use crate::failure::Failure;
use std::fmt;
use std::io::Read;

/// What the container takes as a content type.
const CONTENT_TYPES: &str = "csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, \
                             application/x-parquet, application/x-recordio-protobuf";

/// One file of a channel. It is read once, from its beginning to its end.
pub struct DataFile<'a> {
    /// Its name, as messages have it.
    pub name: String,
    /// What is in it.
    pub content: Box<dyn Read + 'a>,
}

impl<'a> DataFile<'a> {
    /// A file of this name and content.
    pub fn new(name: impl Into<String>, content: impl Read + 'a) -> Self {
        Self { name: name.into(), content: Box::new(content) }
    }
}

impl fmt::Debug for DataFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DataFile").field(&self.name).finish()
    }
}

/// What InputDataConfig has for a channel.
#[derive(Debug, Default)]
pub struct Channel<'a> {
    /// Its `ContentType`. Without one the container expects libsvm.
    pub content_type: Option<String>,
    /// Its files, in the order in which they are read.
    pub files: Vec<DataFile<'a>>,
}

impl<'a> Channel<'a> {
    /// A channel of CSV files.
    pub fn csv(files: Vec<DataFile<'a>>) -> Self {
        Self { content_type: Some("text/csv".to_owned()), files }
    }
}

/// The two channels that the container knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Train,
    Validation,
}

impl Role {
    fn nothing(self) -> Failure {
        let (which, name) = match self {
            Self::Train => ("training", "train"),
            Self::Validation => ("validation", "validation"),
        };
        Failure::user(format!("No data in {which} channel path /opt/ml/input/data/{name}"))
    }
}

/// What a channel's files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Libsvm,
}

/// The format that a content type asks for.
pub(crate) fn format_of(content_type: Option<&str>) -> Result<Format, Failure> {
    let Some(given) = content_type else { return Ok(Format::Libsvm) };
    let lower = given.to_ascii_lowercase();
    let mut parts = lower.split(';').map(str::trim);
    match parts.next().unwrap_or_default() {
        "csv" | "text/csv" => {}
        "libsvm" | "text/libsvm" | "text/x-libsvm" => return Ok(Format::Libsvm),
        "parquet" | "application/x-parquet" | "recordio-protobuf" | "application/x-recordio-protobuf" => {
            return Err(Failure::user(format!("{given} is valid on AWS, but the sandbox trains on text/csv only")));
        }
        _ => return Err(Failure::user(format!("{given} is not an accepted ContentType: {CONTENT_TYPES}."))),
    }
    let size = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim() == "label_size");
    if size.is_some_and(|(_, size)| size.trim() != "1") {
        return Err(Failure::user(format!(
            "{given} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
        )));
    }
    Ok(Format::Csv)
}

/// The delimiter of a line, or the container's words when there is none.
pub(crate) fn delimiter_of(line: &str) -> Result<u8, Failure> {
    b",\t; :|".iter().copied().find(|delimiter| line.trim_end().as_bytes().contains(delimiter)).ok_or_else(|| {
        let start: String = line.chars().take(50).collect();
        Failure::user(format!("Could not determine delimiter on line {start}:\nCould not determine delimiter"))
    })
}
