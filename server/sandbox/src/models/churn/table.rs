//! Rows in and probabilities out: CSV and JSON.

use crate::models::json::base;
use crate::models::{Answer, Inference, ModelFailure};
use serde_json::{Value, json};

/// What a row holds, in order.
pub const COLUMNS: [&str; 9] = [
    "tenure_months",
    "plan",
    "contract",
    "day_minutes",
    "day_calls",
    "monthly_charge",
    "evening_minutes",
    "support_tickets",
    "international_minutes",
];

const CSV: &str = "text/csv";
const JSON: &str = "application/json";

/// The shipped table: label and features of each row.
pub fn training_rows(table: &str) -> Vec<(f64, Vec<f64>)> {
    let numbers = |line: &str| line.split(',').map(|cell| cell.parse().ok()).collect::<Option<Vec<f64>>>();
    let rows = table.lines().skip(1).filter_map(numbers).filter(|row| row.len() == COLUMNS.len() + 1);
    rows.map(|row| (row[0], row[1..].to_vec())).collect()
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// A probability a line.
    Csv,
    /// `{"predictions": […]}`.
    Json,
}

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// The rows.
    pub rows: Vec<Vec<f64>>,
    /// How to answer.
    pub output: Output,
}

fn bad(message: String) -> ModelFailure {
    ModelFailure::model(400, message)
}

impl Request {
    /// Reads a request, or says what is wrong with it and where.
    pub fn read(inference: &Inference) -> Result<Self, ModelFailure> {
        let kind = base(inference.content_type.as_deref().unwrap_or_default());
        let input = match kind.as_str() {
            CSV => Output::Csv,
            JSON => Output::Json,
            _ => {
                let given = if kind.is_empty() { "no content type".into() } else { format!("content type `{kind}`") };
                return Err(ModelFailure::model(
                    415,
                    format!("{given} is not supported; the model takes {CSV} and {JSON}"),
                ));
            }
        };
        let output = output(inference.accept.as_deref().unwrap_or_default(), input)?;
        let text = std::str::from_utf8(&inference.body).map_err(|_| bad("the body is not UTF-8".into()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rows = if input == Output::Csv { csv(text)? } else { json(text)? };
        if rows.is_empty() {
            return Err(bad("the body has no rows".into()));
        }
        Ok(Self { rows, output })
    }
}

fn output(accept: &str, input: Output) -> Result<Output, ModelFailure> {
    let wanted: Vec<String> = accept.split(',').map(base).filter(|kind| !kind.is_empty()).collect();
    if wanted.is_empty() {
        return Ok(input);
    }
    let known = wanted.iter().find_map(|kind| match kind.as_str() {
        CSV => Some(Output::Csv),
        JSON => Some(Output::Json),
        "*/*" => Some(input),
        _ => None,
    });
    known
        .ok_or_else(|| ModelFailure::model(406, format!("`{accept}` can't be given; the model gives {CSV} and {JSON}")))
}

fn check_width(row: usize, width: usize) -> Result<(), ModelFailure> {
    if width == COLUMNS.len() {
        return Ok(());
    }
    Err(bad(format!("row {row} has {width} columns, the model takes {}: {}", COLUMNS.len(), COLUMNS.join(", "))))
}

fn csv(text: &str) -> Result<Vec<Vec<f64>>, ModelFailure> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            check_width(n + 1, cells.len())?;
            let number = |(column, cell): (usize, &&str)| {
                let parsed = cell.parse::<f64>().ok().filter(|number| number.is_finite());
                parsed.ok_or_else(|| not_a_number(n + 1, column, cell))
            };
            cells.iter().enumerate().map(number).collect()
        })
        .collect()
}

fn not_a_number(row: usize, column: usize, cell: &str) -> ModelFailure {
    let shown: String = cell.chars().take(40).collect();
    bad(format!("row {row}, column {} (`{}`): `{shown}` is not a number", column + 1, COLUMNS[column]))
}

/// `{"instances": [[…], …]}`, `[[…], …]` or one row `[…]`; a row may be an object by column names.
fn json(text: &str) -> Result<Vec<Vec<f64>>, ModelFailure> {
    let value: Value = serde_json::from_str(text).map_err(|e| bad(format!("the body is not JSON: {e}")))?;
    let instances = value.get("instances").unwrap_or(&value);
    let Value::Array(list) = instances else {
        return Err(bad("the body holds no list of rows; give {\"instances\": [[…]]}".into()));
    };
    let one = list.iter().any(|item| !item.is_array() && !item.is_object());
    let rows: Vec<&Value> = if one { vec![instances] } else { list.iter().collect() };
    rows.into_iter().enumerate().map(|(n, row)| json_row(n + 1, row)).collect()
}

fn json_row(n: usize, row: &Value) -> Result<Vec<f64>, ModelFailure> {
    let cells: Vec<&Value> = match row {
        Value::Array(cells) => cells.iter().collect(),
        Value::Object(_) => match row.get("features").and_then(Value::as_array) {
            Some(features) => features.iter().collect(),
            None => COLUMNS
                .iter()
                .map(|column| row.get(column).ok_or_else(|| bad(format!("row {n} has no column `{column}`"))))
                .collect::<Result<_, _>>()?,
        },
        _ => return Err(bad(format!("row {n} is not a list"))),
    };
    check_width(n, cells.len())?;
    let number =
        |(column, cell): (usize, &&Value)| cell.as_f64().ok_or_else(|| not_a_number(n, column, &cell.to_string()));
    cells.iter().enumerate().map(number).collect()
}

impl Output {
    /// Writes the probabilities.
    pub fn write(self, scores: &[f64]) -> Answer {
        // Four digits: more would pretend to know more.
        let rounded: Vec<f64> = scores.iter().map(|score| (score * 10_000.0).round() / 10_000.0).collect();
        let (content_type, body) = match self {
            Self::Csv => (CSV, rounded.iter().map(|score| format!("{score}\n")).collect::<String>()),
            Self::Json => (JSON, json!({ "predictions": rounded }).to_string()),
        };
        Answer { content_type: content_type.into(), custom_attributes: None, closed_session: None, body: body.into() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(kind: &str, accept: Option<&str>, body: &str) -> Result<Request, (u16, String)> {
        let inference = Inference {
            content_type: Some(kind.into()),
            accept: accept.map(str::to_owned),
            custom_attributes: None,
            headers: Vec::new(),
            body: body.to_owned().into(),
        };
        Request::read(&inference).map_err(|failure| match failure {
            ModelFailure::Model { status, message } => (status, message),
            ModelFailure::Service(failure) => (failure.status, failure.message),
        })
    }

    #[test]
    fn a_row_is_a_row_in_every_form() {
        let row = "[5,0,0,268.4,121,74.9,201.3,4,13.2]";
        let bare = &row[1..row.len() - 1];
        let forms = [
            ("text/csv", bare.to_owned()),
            ("text/csv; charset=utf-8", format!("\u{feff}{bare}\r\n")),
            ("application/json", row.to_owned()),
            ("application/json", format!("[{row}]")),
            ("application/json", format!("{{\"instances\":[{row}]}}")),
            ("application/json", format!("{{\"instances\":[{{\"features\":{row}}}]}}")),
        ];
        for (kind, body) in forms {
            assert_eq!(read(kind, None, &body).unwrap().rows, [[5.0, 0.0, 0.0, 268.4, 121.0, 74.9, 201.3, 4.0, 13.2]]);
        }
    }

    #[test]
    fn a_bad_row_is_named_with_its_column() {
        let (status, message) = read("text/csv", None, "1,1,1,1,1,1,1,1,1\n1,1,1,many,1,1,1,1,1").unwrap_err();
        assert_eq!((status, message.as_str()), (400, "row 2, column 4 (`day_minutes`): `many` is not a number"));
        let (status, message) = read("text/csv", None, "1,2").unwrap_err();
        assert!(
            status == 400 && message.starts_with("row 1 has 2 columns, the model takes 9: tenure_months"),
            "{message}"
        );
        assert_eq!(read("application/json", None, "{").unwrap_err().0, 400);
        assert_eq!(read("text/csv", None, "").unwrap_err().1, "the body has no rows");
        assert_eq!(read("text/csv", None, "NaN,1,1,1,1,1,1,1,1").unwrap_err().0, 400);
    }

    #[test]
    fn other_types_are_refused_with_those_it_takes() {
        let (status, message) = read("image/png", None, "").unwrap_err();
        assert_eq!(status, 415);
        assert!(message.contains("text/csv and application/json"), "{message}");
        assert_eq!(read("text/csv", Some("image/png"), "1,1,1,1,1,1,1,1,1").unwrap_err().0, 406);
        assert_eq!(read("text/csv", Some("application/json"), "1,1,1,1,1,1,1,1,1").unwrap().output, Output::Json);
    }
}
