//! The rows of a channel's files, as numbers. One pass; a million rows of ten columns are 44 MB here and a quarter of
//! that once they are binned.

use super::{Channel, DataFile, Format, Role, delimiter_of, format_of};
use crate::failure::Failure;
use crate::hyperparameters::Hyperparameters;
use crate::train::{Observer, TrainingError};
use std::io::{BufRead, BufReader, Read};

/// Values in a block, about: a table grows without being copied.
const BLOCK: usize = 1 << 18;
/// After so many rows it is asked whether to go on.
const PAUSE: usize = 1 << 13;
/// A line that is longer is no line of a table.
const LONGEST_LINE: u64 = 1 << 20;
/// More columns than any table of the sandbox has.
const MOST_COLUMNS: usize = 10_000;
/// Characters of a line that a message shows, as the container does.
const SNIPPET: usize = 50;

/// Rows as numbers: a missing value is NaN.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Columns without label and weight.
    pub features: usize,
    /// Row after row, no row in two of them.
    blocks: Vec<Vec<f32>>,
    pub labels: Vec<f32>,
    /// One a row, or none at all.
    pub weights: Vec<f32>,
}

impl Table {
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// The values of a column, row after row.
    pub fn column(&self, feature: usize) -> impl Iterator<Item = f32> + '_ {
        self.blocks.iter().flat_map(move |block| block.iter().skip(feature).step_by(self.features).copied())
    }

    fn push(&mut self, features: &[f32]) {
        if self.blocks.last().is_none_or(|block| block.len() + features.len() > BLOCK.max(block.capacity())) {
            // The first one grows with what is in it: most tables have but one.
            self.blocks.push(Vec::with_capacity(if self.blocks.is_empty() { 0 } else { BLOCK }));
        }
        if let Some(block) = self.blocks.last_mut() {
            block.extend_from_slice(features);
        }
    }
}

/// Reads a channel.
pub(crate) fn read(
    role: Role,
    channel: Channel<'_>,
    parameters: &Hyperparameters,
    observer: &mut dyn Observer,
) -> Result<Table, TrainingError> {
    let format = format_of(channel.content_type.as_deref())?;
    let mut reader = Reader { parameters, table: Table::default(), row: Vec::new(), columns: None };
    let mut empty = None;
    for DataFile { name, content } in channel.files {
        if name.rsplit('/').next().is_some_and(|name| name.starts_with('.')) {
            return Err(Failure::user("Hidden file found in the data path! Remove that before training.").into());
        }
        let (first, rest) = first_line(&name, content)?;
        if first.is_empty() {
            empty = Some(first);
            continue;
        }
        if format == Format::Libsvm {
            return Err(not_csv(&name, &first).into());
        }
        let delimiter = delimiter_of(&first)?;
        observer.log(&format!("Determined delimiter of CSV input is '{}'", char::from(delimiter)));
        reader.read_file(&name, &first, rest, delimiter, observer)?;
    }
    if reader.table.rows() == 0 {
        return Err(role.nothing().into());
    }
    if let Some(first) = empty {
        delimiter_of(&first)?;
    }
    Ok(reader.table)
}

/// The first line, without a byte order mark, and what follows it.
fn first_line<R: Read>(name: &str, content: R) -> Result<(String, BufReader<R>), Failure> {
    let mut rest = BufReader::with_capacity(1 << 16, content);
    let mut line = Vec::new();
    (&mut rest).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|e| unreadable(name, &e))?;
    let line = String::from_utf8_lossy(&line);
    Ok((line.strip_prefix('\u{feff}').unwrap_or(&line).to_owned(), rest))
}

fn unreadable(file: &str, error: &dyn std::error::Error) -> Failure {
    Failure::user(format!("Failed to load csv data with exception:\n{file}: {error}"))
}

/// A file whose channel says libsvm, or says nothing.
fn not_csv(file: &str, line: &str) -> Failure {
    let mut words = line.split_whitespace();
    let label = words.next().is_some_and(|label| label.split(':').all(|part| part.parse::<f64>().is_ok()));
    if label && words.all(|word| word.contains(':')) {
        return Failure::user(format!("libsvm is valid on AWS, but the sandbox trains on text/csv only: `{file}`"));
    }
    Failure::user(format!(
        "First line '{}...' of file '{file}' is not 'LIBSVM' format. Please ensure the file is in 'LIBSVM' format.",
        snippet(line)
    ))
}

fn snippet(line: &str) -> String {
    line.trim_end().chars().take(SNIPPET).collect()
}

struct Reader<'p> {
    parameters: &'p Hyperparameters,
    table: Table,
    row: Vec<f32>,
    /// Columns of the first row, and where it was.
    columns: Option<(usize, String)>,
}

/// Where something stands: file, line and column from 1.
struct Place<'a> {
    file: &'a str,
    line: u64,
    column: usize,
}

impl Place<'_> {
    fn failure(&self, what: &str) -> Failure {
        let Self { file, line, column } = self;
        Failure::user(format!("Failed to load csv data with exception:\n{file}, line {line}, column {column}: {what}"))
    }
}

impl Reader<'_> {
    /// Quotes mean nothing to XGBoost, so that a line is a row and a delimiter is one.
    fn read_file(
        &mut self,
        name: &str,
        first: &str,
        mut rest: impl BufRead,
        delimiter: u8,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainingError> {
        let mut line = first.as_bytes().to_vec();
        let mut number = 0;
        while !line.is_empty() {
            number += 1;
            if line.len() as u64 >= LONGEST_LINE {
                let what = format!("the line is longer than {LONGEST_LINE} bytes");
                return Err(Place { file: name, line: number, column: 1 }.failure(&what).into());
            }
            if !line.trim_ascii().is_empty() {
                let row = line.strip_suffix(b"\n").unwrap_or(&line);
                self.read_row(name, number, row, delimiter)?;
            }
            if self.table.rows().is_multiple_of(PAUSE) && observer.stopped() {
                return Err(TrainingError::Stopped { model: None });
            }
            line.clear();
            (&mut rest).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|e| unreadable(name, &e))?;
        }
        Ok(())
    }

    fn read_row(&mut self, file: &str, line: u64, row: &[u8], delimiter: u8) -> Result<(), Failure> {
        let cells = || row.split(|byte| *byte == delimiter);
        self.check_length(file, line, cells().count())?;
        let weighted = self.parameters.csv_weights;
        self.row.clear();
        for (place, cell) in cells().enumerate() {
            let value = self.number(&Place { file, line, column: place + 1 }, cell, row)?;
            match place {
                0 => self.table.labels.push(value),
                1 if weighted => self.table.weights.push(value),
                _ => self.row.push(value),
            }
        }
        self.table.push(&self.row);
        Ok(())
    }

    fn check_length(&mut self, file: &str, line: u64, columns: usize) -> Result<(), Failure> {
        let Some((expected, where_)) = &self.columns else {
            let features = columns.saturating_sub(if self.parameters.csv_weights { 2 } else { 1 });
            if features == 0 || columns > MOST_COLUMNS {
                let what = format!("{columns} columns; there must be a label and features, {MOST_COLUMNS} at most");
                return Err(Place { file, line, column: 1 }.failure(&what));
            }
            self.table.features = features;
            self.columns = Some((columns, format!("line {line} of `{file}`")));
            return Ok(());
        };
        if *expected == columns {
            return Ok(());
        }
        let column = columns.min(*expected) + 1;
        Err(Place { file, line, column }.failure(&format!("{columns} columns where {where_} has {expected}")))
    }

    fn number(&self, place: &Place<'_>, cell: &[u8], row: &[u8]) -> Result<f32, Failure> {
        let cell = cell.trim_ascii();
        let value = if cell.is_empty() {
            f32::NAN
        } else {
            let number = std::str::from_utf8(cell).ok().and_then(|text| text.parse::<f32>().ok());
            number.ok_or_else(|| no_number(place, &String::from_utf8_lossy(cell), row))?
        };
        match place.column {
            1 => self.check_label(place, value),
            2 if self.parameters.csv_weights && !(value >= 0.0 && value.is_finite()) => {
                Err(place.failure("Check failed: valid: Weights must be positive values."))
            }
            _ if value.is_infinite() => Err(place.failure("Check failed: valid: Input data contains `inf` or `nan`")),
            _ => Ok(value),
        }
    }

    fn check_label(&self, place: &Place<'_>, label: f32) -> Result<f32, Failure> {
        if !label.is_finite() {
            let what = "Check failed: valid: Label contains NaN, infinity or a value too large.";
            return Err(place.failure(what));
        }
        let Some(problem) = self.parameters.objective.label_problem(label, self.parameters.num_class) else {
            return Ok(label);
        };
        Err(Failure::user(format!("{problem}\n{}, line {}: the label is {label}", place.file, place.line)))
    }
}

/// In the first line it is taken for a header, in the words of the container before 1.0, the last one that looked.
fn no_number(place: &Place<'_>, cell: &str, row: &[u8]) -> Failure {
    if place.line != 1 {
        return place.failure(&format!("'{}' is no number", snippet(cell)));
    }
    Failure::client(format!(
        "Non-numeric value '{}' found in the header line '{}...' of file '{}'. CSV format require no header line in \
         it. If header line is already removed, XGBoost does not accept non-numeric value in the data.",
        snippet(cell),
        snippet(&String::from_utf8_lossy(row)),
        place.file
    ))
}
