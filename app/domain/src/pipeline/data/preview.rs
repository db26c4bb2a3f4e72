//! A table by its first rows: what its columns look like, whether it has a header, and which of them may be the label.

use super::{Cell, short};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// So many different values of a column are told apart.
const DISTINCT: usize = 20;
/// So many are shown.
const SHOWN: usize = 3;
/// What people call the column that is to be predicted.
const LABELS: [&str; 8] = ["label", "target", "y", "class", "outcome", "churn", "churned", "response"];

/// A column by the rows that were looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name: from the header, or by its place.
    pub name: String,
    /// Cells that are numbers.
    pub numbers: u64,
    /// Cells that are not.
    pub texts: u64,
    /// Cells with nothing in them.
    pub missing: u64,
    /// The least and the greatest number.
    pub range: Option<(f64, f64)>,
    /// The first different values.
    pub samples: Vec<String>,
    /// How many different values there are; `None` for too many to count.
    pub distinct: Option<usize>,
}

/// A table by its first rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Whether its first record looks like names.
    pub header: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How many rows were looked at.
    pub rows: u64,
    /// The column that is most likely the label.
    pub label: usize,
}

impl Preview {
    /// Looks at the first records; `None` where there is none.
    pub fn of(records: &[Vec<String>]) -> Option<Self> {
        let (first, rest) = records.split_first()?;
        let header = is_header(first, rest);
        let rows = if header { rest } else { records };
        let columns: Vec<Column> = (0..first.len()).map(|at| column(at, header.then_some(first), rows)).collect();
        let named = |column: &Column| LABELS.iter().any(|label| column.name.trim().eq_ignore_ascii_case(label));
        let label = columns.iter().position(named).unwrap_or(0);
        Some(Self { header, columns, rows: rows.len() as u64, label })
    }
}

/// Names are texts, all there and all different, above at least one column of numbers; a table of texts alone begins with
/// a row.
fn is_header(first: &[String], rest: &[Vec<String>]) -> bool {
    let names = first.iter().all(|cell| Cell::of(cell) == Cell::Text);
    let different = first.iter().map(|cell| cell.trim()).collect::<BTreeSet<_>>().len() == first.len();
    let is_number = |cell: Option<&String>| cell.is_some_and(|cell| matches!(Cell::of(cell), Cell::Number(_)));
    let above_numbers = (0..first.len()).any(|at| rest.iter().any(|row| is_number(row.get(at))));
    names && different && (above_numbers || rest.is_empty())
}

fn column(at: usize, header: Option<&Vec<String>>, rows: &[Vec<String>]) -> Column {
    let name = header.map_or_else(|| format!("column {}", at + 1), |names| names[at].trim().to_owned());
    let mut column = Column { name, ..Column::default() };
    let mut seen = BTreeSet::new();
    for cell in rows.iter().filter_map(|row| row.get(at)) {
        match Cell::of(cell) {
            Cell::Missing => {
                column.missing += 1;
                continue;
            }
            Cell::Text => column.texts += 1,
            Cell::Number(value) => {
                column.numbers += 1;
                let (least, most) = column.range.unwrap_or((value, value));
                column.range = Some((least.min(value), most.max(value)));
            }
        }
        if seen.len() <= DISTINCT && seen.insert(cell.trim()) && column.samples.len() < SHOWN {
            column.samples.push(short(cell));
        }
    }
    column.distinct = (seen.len() <= DISTINCT).then_some(seen.len());
    column
}
