//! The functions of arrays.

use super::functions::{Applied, integer, kind};
use crate::limits::RANGE_ELEMENTS;
use serde_json::Value;
use std::collections::HashSet;

pub(super) fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("an array is expected, not {}", kind(value)))
}

pub(super) fn item(array: &Value, index: &Value) -> Applied {
    let (array, index) = (list(array)?, integer(index)?);
    let found = usize::try_from(index).ok().and_then(|index| array.get(index));
    found.cloned().ok_or_else(|| format!("there is no item {index} in an array of {}", array.len()))
}

pub(super) fn partition(array: &Value, length: &Value) -> Applied {
    let (array, length) = (list(array)?, integer(length)?);
    let length = usize::try_from(length).ok().filter(|length| *length > 0);
    let length = length.ok_or("the length of the parts has to be a positive integer")?;
    Ok(Value::Array(array.chunks(length).map(|part| Value::Array(part.to_vec())).collect()))
}

/// From the first to the last number, both included.
pub(super) fn range(first: &Value, last: &Value, step: &Value) -> Applied {
    let (first, last, step) = (integer(first)?, integer(last)?, integer(step)?);
    if step == 0 {
        return Err("the step can't be 0".into());
    }
    let count = (i128::from(last) - i128::from(first)) / i128::from(step) + 1;
    // A step away from the end gives nothing.
    let away = (last > first && step < 0) || (last < first && step > 0);
    let count = if away { 0 } else { usize::try_from(count).unwrap_or(usize::MAX) };
    if count > RANGE_ELEMENTS {
        return Err(format!("the range has more than {RANGE_ELEMENTS} elements"));
    }
    Ok(Value::Array((0..count).zip(0_i64..).map(|(_, n)| Value::from(first + n * step)).collect()))
}

/// Each value once, in the order of their first ones.
pub(super) fn unique(array: &Value) -> Applied {
    let mut seen = HashSet::new();
    Ok(Value::Array(list(array)?.iter().filter(|value| seen.insert(*value)).cloned().collect()))
}
