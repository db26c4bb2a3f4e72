//! What operations are given, checked, and the refusals that several of them share.
//!
//! Codes and texts: KMS API reference; the texts are those that KMS gives, where it does not document them.

use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most tags that a key has.
const MOST_TAGS: usize = 50;
/// The most bytes that are encrypted by the key itself.
pub const MOST_PLAINTEXT: usize = 4096;
/// The most bytes of a ciphertext.
const MOST_CIPHERTEXT: usize = 6144;

/// A refusal of KMS's own.
pub fn refuse(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(400, code, message)
}

/// What is not there.
pub fn not_found(message: impl Into<String>) -> Failure {
    refuse("NotFoundException", message)
}

/// A key whose state forbids what is asked.
pub fn wrong_state(message: impl Into<String>) -> Failure {
    refuse("KMSInvalidStateException", message)
}

fn must(member: &str, value: &str, constraint: &str) -> Failure {
    Failure::validation(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: Member must {constraint}"
    ))
}

/// A member as messages have it: `keyId`.
fn shown(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// A text that must be there.
pub fn text<'a>(call: &'a Call<'_>, member: &str) -> Result<&'a str, Failure> {
    optional(call, member)?.ok_or_else(|| must(&shown(member), "null", "not be null"))
}

/// A text that may be there.
pub fn optional<'a>(call: &'a Call<'_>, member: &str) -> Result<Option<&'a str>, Failure> {
    match call.body.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refuse("SerializationException", "NUMBER_VALUE can not be converted to a String")),
    }
}

/// A number that may be there, within a range.
pub fn number(call: &Call<'_>, member: &str, min: i64, max: i64) -> Result<Option<i64>, Failure> {
    let Some(value) = call.body.get(member).filter(|value| !value.is_null()) else { return Ok(None) };
    let number = value
        .as_i64()
        .ok_or_else(|| refuse("SerializationException", "STRING_VALUE can not be converted to an Integer"))?;
    Checks::new().range(&shown(member), number, min, max).finish()?;
    Ok(Some(number))
}

/// A switch; off where it is not said.
pub fn flag(call: &Call<'_>, member: &str) -> bool {
    call.body.get(member).and_then(Value::as_bool).unwrap_or_default()
}

/// One of several words, the first where it is not said.
pub fn one_of<'a>(call: &'a Call<'_>, member: &str, allowed: &[&'a str]) -> Result<&'a str, Failure> {
    let Some(word) = optional(call, member)? else { return Ok(allowed[0]) };
    Checks::new().one_of(&shown(member), word, allowed).finish()?;
    Ok(word)
}

fn bytes(call: &Call<'_>, member: &str, max: usize) -> Result<Vec<u8>, Failure> {
    let bytes = STANDARD
        .decode(text(call, member)?)
        .map_err(|_| refuse("SerializationException", "Invalid base64 in the request"))?;
    let length = match bytes.len() {
        0 => Some("have length greater than or equal to 1".to_owned()),
        n if n > max => Some(format!("have length less than or equal to {max}")),
        _ => None,
    };
    // What is to be encrypted is not quoted.
    length.map_or(Ok(bytes), |length| {
        Err(Failure::validation(format!(
            "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must {length}",
            shown(member)
        )))
    })
}

/// Bytes to encrypt.
pub fn plaintext(call: &Call<'_>) -> Result<Vec<u8>, Failure> {
    bytes(call, "Plaintext", MOST_PLAINTEXT)
}

/// Bytes to decrypt.
pub fn ciphertext(call: &Call<'_>) -> Result<Vec<u8>, Failure> {
    bytes(call, "CiphertextBlob", MOST_CIPHERTEXT)
}

/// What is said with a ciphertext, and must be said again to decrypt it.
pub type EncryptionContext = BTreeMap<String, String>;

/// An encryption context.
pub fn encryption_context(call: &Call<'_>, member: &str) -> Result<EncryptionContext, Failure> {
    let Some(value) = call.body.get(member).filter(|value| !value.is_null()) else {
        return Ok(EncryptionContext::new());
    };
    let pairs = value.as_object().map(|pairs| {
        pairs.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect::<Option<_>>()
    });
    pairs.flatten().ok_or_else(|| refuse("SerializationException", "The encryption context must be a map of texts"))
}

/// Tags, as the operations of KMS have them.
pub fn tags(call: &Call<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for tag in call.body.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let member = |name: &str| tag.get(name).and_then(Value::as_str);
        let key = member("TagKey").ok_or_else(|| must("tags.1.member.tagKey", "null", "not be null"))?;
        let value = member("TagValue").ok_or_else(|| must("tags.1.member.tagValue", "null", "not be null"))?;
        Checks::new().length("tagKey", key, 1, 128).length("tagValue", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(refuse("TagException", "aws: prefixed tag key names are not allowed for external use."));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(refuse("TagException", "Duplicate tag keys"));
        }
    }
    within_tag_limit(&tags)?;
    Ok(tags)
}

/// Refuses more tags than a key may have.
pub fn within_tag_limit(tags: &BTreeMap<String, String>) -> Result<(), Failure> {
    if tags.len() > MOST_TAGS {
        return Err(refuse("LimitExceededException", "Too many tags"));
    }
    Ok(())
}

/// The page that the request asks for. Each row has a key; the marker is the last one shown.
pub fn page(call: &Call<'_>, list: &str, rows: Vec<(String, Value)>, usual: i64, most: i64) -> Result<Value, Failure> {
    let limit = number(call, "Limit", 1, most)?.unwrap_or(usual);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let after = match optional(call, "Marker")? {
        None => None,
        Some(marker) => {
            let bytes = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            Some(bytes.ok_or_else(|| refuse("InvalidMarkerException", "Could not deserialize marker"))?)
        }
    };
    let mut rows: Vec<_> = rows.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let next = (rows.len() > limit).then(|| URL_SAFE_NO_PAD.encode(&rows[limit - 1].0));
    rows.truncate(limit);
    let mut output = json!({
        list: rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
        "Truncated": next.is_some(),
    });
    if let Some(next) = next {
        output["NextMarker"] = next.into();
    }
    Ok(output)
}
