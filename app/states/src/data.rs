//! JSON that went through the limits once, with its text: what states hand to each other.

use crate::limits::{DATA_BYTES, DATA_DEPTH};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// A value and its text. Cloning it copies neither.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Data {
    value: Arc<Value>,
    text: Arc<str>,
}

/// Why a value is no data of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Its text has more than 256 KiB.
    Large,
    /// It is nested deeper than [`DATA_DEPTH`].
    Deep,
}

impl Data {
    pub(crate) fn new(value: Value) -> Result<Self, Unfit> {
        if deeper_than(&value, DATA_DEPTH) {
            return Err(Unfit::Deep);
        }
        let text = value.to_string();
        if text.len() > DATA_BYTES {
            return Err(Unfit::Large);
        }
        Ok(Self { value: Arc::new(value), text: text.into() })
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value = serde_json::from_str(&text).map_err(D::Error::custom)?;
        Ok(Self { value: Arc::new(value), text: text.into() })
    }
}

/// Whether arrays and objects are within each other more than `depth` times.
pub(crate) fn deeper_than(value: &Value, depth: usize) -> bool {
    let inner = |value: &Value| depth == 0 || deeper_than(value, depth - 1);
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(inner),
        Value::Object(fields) => depth == 0 || fields.values().any(inner),
        _ => false,
    }
}

/// About the bytes of a value's text, without writing it; it stops counting above `most`.
pub(crate) fn size(value: &Value, most: usize) -> usize {
    let mut total = 2;
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        total += match value {
            Value::String(text) => text.len() + 3,
            Value::Array(items) => {
                rest.extend(items);
                3
            }
            Value::Object(fields) => {
                rest.extend(fields.values());
                fields.keys().map(|key| key.len() + 4).sum::<usize>() + 3
            }
            _ => 5,
        };
        if total > most {
            break;
        }
    }
    total
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_limits_are_where_they_are_said_to_be() {
        let string = |bytes: usize| Data::new(Value::String("x".repeat(bytes - 2)));
        assert!(string(DATA_BYTES).is_ok());
        assert_eq!(string(DATA_BYTES + 1), Err(Unfit::Large));
        let nested = |depth: usize| (0..depth).fold(json!(1), |value, _| json!([value]));
        assert!(Data::new(nested(DATA_DEPTH)).is_ok());
        assert_eq!(Data::new(nested(DATA_DEPTH + 1)), Err(Unfit::Deep));
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for value in [json!({"a": [1, 2.5, null, "é\"\n"]}), json!("x"), json!(null)] {
            let data = Data::new(value).unwrap();
            let text = serde_json::to_string(&data).unwrap();
            assert_eq!(serde_json::from_str::<Data>(&text).unwrap(), data);
        }
    }
}
