//! Predictions, and the text/csv that they are asked with and told in.
//!
//! As the container's `serve.py` has it: rows of features without a label, separated by commas, no header; the answers
//! are one line, separated by commas. What is wrong with a request is told in the container's words.

use super::Model;
use crate::data::delimiter_of;

/// Why there are no predictions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PredictError {
    /// The container answers 415.
    #[error(
        "Loading csv data failed with Exception, please ensure data is in csv format:\n <class 'ValueError'>\n {0}"
    )]
    NotCsv(String),
    /// The container answers 400.
    #[error(
        "Unable to evaluate payload provided: Feature size of csv inference data {sent} is not consistent with \
         feature size of trained model {trained}."
    )]
    Features {
        /// Columns of the request.
        sent: usize,
        /// Columns that the model was trained with.
        trained: usize,
    },
}

impl PredictError {
    /// The status that the container answers with.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotCsv(_) => 415,
            Self::Features { .. } => 400,
        }
    }
}

/// What a model says to some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Values a row: one, or a probability for each class with `multi:softprob`.
    pub width: usize,
    /// Row after row.
    pub values: Vec<f32>,
}

impl Predictions {
    /// The values of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
    }

    /// The container's answer: a line of numbers as Python writes them, and lists of them where a row has several.
    pub fn to_csv(&self) -> String {
        let row = |row: &[f32]| {
            let numbers: Vec<String> = row.iter().map(|value| python_float(f64::from(*value))).collect();
            if self.width == 1 { numbers.concat() } else { format!("[{}]", numbers.join(", ")) }
        };
        self.rows().map(row).collect::<Vec<_>>().join(",")
    }
}

/// As Python's `repr` writes it.
fn python_float(value: f64) -> String {
    let small = value != 0.0 && value.abs() < 1e-4;
    let text = if small { format!("{value:e}") } else { format!("{value:?}") };
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
            format!("{}e{sign}{exponent:0>2}", digits.strip_suffix(".0").unwrap_or(digits))
        }
        None => match text.as_str() {
            "NaN" => "nan".to_owned(),
            _ => text,
        },
    }
}

impl Model {
    /// What it says to a row; NaN is a missing value, and so is a column that the row doesn't have.
    pub fn predict_row(&self, row: &[f32]) -> Vec<f32> {
        let scores = self.base_scores.iter().cycle().take(self.width());
        let mut margins: Vec<f32> = scores.map(|score| self.objective.base_margin(*score)).collect();
        for (tree, group) in self.trees.iter().zip(&self.groups) {
            if let Some(margin) = margins.get_mut(*group) {
                *margin += tree.value(row);
            }
        }
        self.objective.predict(&mut margins);
        margins
    }

    /// What it says to rows of `features` values each.
    pub fn predict<'r>(&self, rows: impl IntoIterator<Item = &'r [f32]>) -> Result<Predictions, PredictError> {
        let mut values = Vec::new();
        for row in rows {
            if row.len() != self.features {
                return Err(PredictError::Features { sent: row.len(), trained: self.features });
            }
            values.extend(self.predict_row(row));
        }
        Ok(Predictions { width: self.answers(), values })
    }

    /// What it says to the rows of a text/csv request. An empty field is a missing value, and an
    /// empty request has no rows.
    pub fn predict_csv(&self, text: &str) -> Result<Predictions, PredictError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_matches(['\n', '\r', ' ']);
        let first = text.lines().next().unwrap_or_default();
        // A single column needs no delimiter.
        let delimiter = delimiter_of(first).map_or(',', char::from);
        let mut columns = None;
        let mut rows = Vec::new();
        for line in text.lines() {
            let row = line.split(delimiter).map(number).collect::<Result<Vec<f32>, _>>()?;
            if *columns.get_or_insert(row.len()) != row.len() {
                return Err(PredictError::NotCsv("setting an array element with a sequence.".to_owned()));
            }
            rows.push(row);
        }
        self.predict(rows.iter().map(Vec::as_slice))
    }

    fn answers(&self) -> usize {
        if self.objective == crate::Objective::Softprob { self.width() } else { 1 }
    }
}

fn number(cell: &str) -> Result<f32, PredictError> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(f32::NAN);
    }
    cell.parse().map_err(|_| PredictError::NotCsv(format!("could not convert string to float: '{cell}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, text) in [
            (0.5, "0.5"),
            (3.0, "3.0"),
            (1e-7, "1e-07"),
            (1.5e-10, "1.5e-10"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
            (5e-5, "5e-05"),
        ] {
            assert_eq!(python_float(value), text);
        }
        assert_eq!(python_float(f64::from(0.1f32)), "0.10000000149011612");
        assert_eq!(python_float(f64::NAN), "nan");
    }

    #[test]
    fn rows_are_written_as_the_container_writes_them() {
        assert_eq!(Predictions { width: 1, values: vec![0.5, 1.0] }.to_csv(), "0.5,1.0");
        assert_eq!(Predictions { width: 2, values: vec![0.5, 0.5, 1.0, 0.0] }.to_csv(), "[0.5, 0.5],[1.0, 0.0]");
    }
}
