//! What each function does with its values. Errors are the reason alone, in words.

use super::arrays;
use crate::limits::CODED_CHARS;
use crate::random::Randomness;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The functions of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

/// A value, or why there is none.
pub(super) type Applied = Result<Value, String>;

impl Function {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "States.Array" => Self::Array,
            "States.ArrayContains" => Self::ArrayContains,
            "States.ArrayGetItem" => Self::ArrayGetItem,
            "States.ArrayLength" => Self::ArrayLength,
            "States.ArrayPartition" => Self::ArrayPartition,
            "States.ArrayRange" => Self::ArrayRange,
            "States.ArrayUnique" => Self::ArrayUnique,
            "States.Base64Decode" => Self::Base64Decode,
            "States.Base64Encode" => Self::Base64Encode,
            "States.Format" => Self::Format,
            "States.Hash" => Self::Hash,
            "States.JsonMerge" => Self::JsonMerge,
            "States.JsonToString" => Self::JsonToString,
            "States.MathAdd" => Self::MathAdd,
            "States.MathRandom" => Self::MathRandom,
            "States.StringSplit" => Self::StringSplit,
            "States.StringToJson" => Self::StringToJson,
            "States.UUID" => Self::Uuid,
            _ => return None,
        })
    }

    /// Whether it can have so many arguments.
    pub(super) fn takes(self, count: usize) -> bool {
        match self {
            Self::Array => true,
            Self::Format => count >= 1,
            Self::Uuid => count == 0,
            Self::ArrayLength
            | Self::ArrayUnique
            | Self::Base64Decode
            | Self::Base64Encode
            | Self::JsonToString
            | Self::StringToJson => count == 1,
            Self::ArrayContains
            | Self::ArrayGetItem
            | Self::ArrayPartition
            | Self::Hash
            | Self::MathAdd
            | Self::StringSplit => count == 2,
            Self::ArrayRange | Self::JsonMerge => count == 3,
            Self::MathRandom => count == 2 || count == 3,
        }
    }

    /// `pieces` are those of the first argument between its `{}`, where it is written out.
    pub(super) fn apply(self, values: &[Value], pieces: Option<&[String]>, random: &mut Randomness) -> Applied {
        match (self, values) {
            (Self::Array, _) => Ok(Value::Array(values.to_vec())),
            (Self::ArrayContains, [array, item]) => Ok(arrays::list(array)?.contains(item).into()),
            (Self::ArrayGetItem, [array, index]) => arrays::item(array, index),
            (Self::ArrayLength, [array]) => Ok(arrays::list(array)?.len().into()),
            (Self::ArrayPartition, [array, length]) => arrays::partition(array, length),
            (Self::ArrayRange, [first, last, step]) => arrays::range(first, last, step),
            (Self::ArrayUnique, [array]) => arrays::unique(array),
            (Self::Base64Decode, [text]) => decode(text),
            (Self::Base64Encode, [text]) => Ok(STANDARD.encode(short(text)?).into()),
            (Self::Format, [template, values @ ..]) => format(template, pieces, values),
            (Self::Hash, [data, algorithm]) => hash(data, algorithm),
            (Self::JsonMerge, [one, two, deep]) => merge(one, two, deep),
            (Self::JsonToString, [value]) => Ok(value.to_string().into()),
            (Self::MathAdd, [one, two]) => add(one, two),
            (Self::MathRandom, [first, end, seed @ ..]) => between(first, end, seed.first(), random),
            (Self::StringSplit, [text, delimiters]) => split(text, delimiters),
            (Self::StringToJson, [text]) => parse(text),
            (Self::Uuid, _) => Ok(random.uuid().into()),
            _ => Err("the number of arguments is wrong".into()),
        }
    }
}

pub(super) fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("a string is expected, not {}", kind(value)))
}

/// An integer; what has a fraction is rounded to the nearest one.
pub(super) fn integer(value: &Value) -> Result<i64, String> {
    let rounded = value.as_f64().map(f64::round).filter(|number| number.abs() < 9.0e15);
    // The bound above makes the conversion exact.
    #[allow(clippy::cast_possible_truncation)]
    let from_fraction = rounded.map(|number| number as i64);
    value.as_i64().or(from_fraction).ok_or_else(|| format!("a number is expected, not {}", kind(value)))
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number of that size",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn short(value: &Value) -> Result<&str, String> {
    let text = string(value)?;
    match text.chars().nth(CODED_CHARS) {
        None => Ok(text),
        Some(_) => Err(format!("the string has more than {CODED_CHARS} characters")),
    }
}

fn decode(value: &Value) -> Applied {
    let bytes = STANDARD.decode(short(value)?).map_err(|_| "the string is no Base64".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

fn hash(data: &Value, algorithm: &Value) -> Applied {
    let bytes = short(data)?.as_bytes();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(Value::String(match string(algorithm)? {
        "MD5" => hex(&Md5::digest(bytes)),
        "SHA-1" => hex(&Sha1::digest(bytes)),
        "SHA-256" => hex(&Sha256::digest(bytes)),
        "SHA-384" => hex(&Sha384::digest(bytes)),
        "SHA-512" => hex(&Sha512::digest(bytes)),
        other => return Err(format!("the algorithm is one of MD5, SHA-1, SHA-256, SHA-384, SHA-512, not {other}")),
    }))
}

fn format(template: &Value, pieces: Option<&[String]>, values: &[Value]) -> Applied {
    let template = string(template)?;
    let split: Vec<&str> = match pieces {
        Some(pieces) => pieces.iter().map(String::as_str).collect(),
        None => template.split("{}").collect(),
    };
    if split.len() != values.len() + 1 {
        return Err(format!("the template has {} `{{}}` for {} arguments", split.len() - 1, values.len()));
    }
    let mut out = split.first().copied().unwrap_or_default().to_owned();
    for (value, piece) in values.iter().zip(&split[1..]) {
        match value {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
        out.push_str(piece);
    }
    Ok(out.into())
}

fn merge(one: &Value, two: &Value, deep: &Value) -> Applied {
    if *deep != Value::Bool(false) {
        return Err("only shallow merging is supported: the third argument has to be false".into());
    }
    let object = |value: &Value| -> Result<Map<String, Value>, String> {
        value.as_object().cloned().ok_or_else(|| format!("an object is expected, not {}", kind(value)))
    };
    let mut merged = object(one)?;
    merged.extend(object(two)?);
    Ok(Value::Object(merged))
}

fn add(one: &Value, two: &Value) -> Applied {
    let small = |value: &Value| {
        let number = integer(value)?;
        i32::try_from(number).map_err(|_| format!("{number} is no integer of 32 bits"))
    };
    Ok((i64::from(small(one)?) + i64::from(small(two)?)).into())
}

fn between(first: &Value, end: &Value, seed: Option<&Value>, random: &mut Randomness) -> Applied {
    let (first, end) = (integer(first)?, integer(end)?);
    let wide = u64::try_from(i128::from(end) - i128::from(first)).ok().filter(|wide| *wide > 0);
    let wide = wide.ok_or_else(|| format!("the end {end} has to be above the start {first}"))?;
    let above = match seed {
        Some(seed) => Randomness::of_number(integer(seed)?).below(wide),
        None => random.below(wide),
    };
    let number = i128::from(first) + i128::from(above);
    i64::try_from(number).map(Value::from).map_err(|_| "the numbers are too large".into())
}

fn split(text: &Value, delimiters: &Value) -> Applied {
    let (text, delimiters) = (string(text)?, string(delimiters)?);
    if delimiters.is_empty() {
        return Ok(Value::Array(vec![text.into()]));
    }
    let delimiters: std::collections::BTreeSet<char> = delimiters.chars().collect();
    let parts = text.split(|c| delimiters.contains(&c)).filter(|part| !part.is_empty());
    Ok(Value::Array(parts.map(Value::from).collect()))
}

fn parse(text: &Value) -> Applied {
    let text = string(text)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|_| "the string is no JSON".into())
}
