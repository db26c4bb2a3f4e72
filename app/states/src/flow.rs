//! How data go through a state: `InputPath`, `ResultPath`, `OutputPath`.
//!
//! Source: Step Functions developer guide, "Processing input and output in Step Functions".

use crate::failure::{Failure, Origin, names};
use crate::path::{Path, Step, position};
use crate::template::Evaluation;
use serde_json::{Map, Value};

/// `InputPath` and `OutputPath`.
#[derive(Debug, Clone, Default)]
pub(crate) enum Selection {
    /// Not there, or `$`.
    #[default]
    All,
    /// `null`: an empty object.
    Nothing,
    /// What a path selects.
    At(Path),
}

/// `ResultPath`.
#[derive(Debug, Clone, Default)]
pub(crate) enum Placement {
    /// Not there, or `$`: the result is the output.
    #[default]
    Replace,
    /// `null`: the input is the output.
    Discard,
    /// The result goes into the input.
    At(Path),
}

impl Selection {
    /// What is selected; `None` where that is everything.
    pub(crate) fn select(&self, evaluation: &mut Evaluation<'_>) -> Result<Option<Value>, Failure> {
        match self {
            Self::All => Ok(None),
            Self::Nothing => Ok(Some(Value::Object(Map::new()))),
            Self::At(path) => match evaluation.read(path)? {
                Some(value) => Ok(Some(value)),
                None => Err(Failure::runtime(format!(
                    "Invalid path '{}': No results for path: {}",
                    path.text(),
                    normal(path)
                ))),
            },
        }
    }
}

/// A path as the service's messages have it: `$['a'][0]`.
fn normal(path: &Path) -> String {
    let Some(steps) = path.reference() else { return path.text().to_owned() };
    let steps = steps.iter().map(|step| match step {
        Step::Name(name) => format!("['{name}']"),
        Step::Index(index) => format!("[{index}]"),
    });
    format!("${}", steps.collect::<String>())
}

impl Placement {
    /// The result in the state's raw input.
    pub(crate) fn place(&self, input: &Value, result: Value) -> Result<Value, Failure> {
        let path = match self {
            Self::Replace => return Ok(result),
            Self::Discard => return Ok(input.clone()),
            Self::At(path) => path,
        };
        let mut output = input.clone();
        let mut node = &mut output;
        for step in path.reference().unwrap_or_default() {
            node = down(node, step).ok_or_else(|| {
                let cause = format!("Unable to apply ReferencePath {} to input {input}", path.text());
                Failure::new(Origin::Interpreter, Some(names::RESULT_PATH_MATCH_FAILURE), Some(cause))
            })?;
        }
        *node = result;
        Ok(output)
    }
}

/// One step down: objects get the fields that they lack, lists do not get longer.
fn down<'a>(node: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    match (step, node) {
        (Step::Name(name), Value::Object(fields)) => {
            // What is made on the way is an object, whatever stands below it.
            Some(fields.entry(name.clone()).or_insert_with(|| Value::Object(Map::new())))
        }
        (Step::Index(index), Value::Array(items)) => {
            let at = position(*index, items.len())?;
            items.get_mut(at)
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_goes_where_its_path_says() {
        let at = |path: &str| Placement::At(Path::parse(path).unwrap());
        for (placement, input, output) in [
            (Placement::Replace, json!({"a": 1}), Some(json!("r"))),
            (Placement::Discard, json!({"a": 1}), Some(json!({"a": 1}))),
            (at("$.b"), json!({"a": 1}), Some(json!({"a": 1, "b": "r"}))),
            (at("$.a"), json!({"a": {"x": 1}}), Some(json!({"a": "r"}))),
            (at("$.b.c.d"), json!({}), Some(json!({"b": {"c": {"d": "r"}}}))),
            (at("$.l[1]"), json!({"l": [1, 2]}), Some(json!({"l": [1, "r"]}))),
            (at("$.l[-1].x"), json!({"l": [{}]}), Some(json!({"l": [{"x": "r"}]}))),
            (at("$.l[2]"), json!({"l": [1, 2]}), None),
            (at("$.b[0]"), json!({}), None),
            (at("$.a.b"), json!({"a": 1}), None),
            (at("$.a"), json!([1]), None),
            (at("$.a"), json!("text"), None),
        ] {
            let placed = placement.place(&input, json!("r"));
            match (&placed, &output) {
                (Ok(placed), Some(output)) => assert_eq!(placed, output, "{placement:?}"),
                (Err(failure), None) => {
                    assert_eq!(failure.error.as_deref(), Some("States.ResultPathMatchFailure"), "{placement:?}");
                }
                _ => panic!("{placement:?}: {placed:?}"),
            }
        }
    }
}
