//! What an unquoted YAML scalar is.
//!
//! CloudFormation reads YAML 1.1, so `yes` is true, `0755` is octal and `1:30` is ninety; a date stays text, as the
//! timestamp tag is not supported. What is in quotes is text, whatever it looks like.
//!
//! Source: CloudFormation user guide, "CloudFormation template format", and YAML 1.1's types `bool`, `int` and `float`.
//! That CloudFormation reads numbers of base 60 is not confirmed; YAML 1.1 does.

use crate::node::Node;
use serde_json::Number;

/// An unquoted scalar.
pub(super) fn plain(text: &str) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Node::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Node::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Node::Bool(false),
        _ => number(text).map_or_else(|| Node::Text(text.to_owned()), Node::Number),
    }
}

/// A number, if it is one that JSON can hold; a longer one stays text and so keeps its digits.
pub(super) fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    match integer(unsigned) {
        Some(value) if text.starts_with('-') => i64::try_from(value).ok().and_then(i64::checked_neg).map(Number::from),
        Some(value) => Some(Number::from(value)),
        None => float(unsigned).and_then(|value| Number::from_f64(if text.starts_with('-') { -value } else { value })),
    }
}

fn integer(text: &str) -> Option<u64> {
    let digits = |text: &str, radix: u32| {
        let digits: String = text.chars().filter(|c| *c != '_').collect();
        (!digits.is_empty()).then(|| u64::from_str_radix(&digits, radix).ok()).flatten()
    };
    if text == "0" {
        return Some(0);
    }
    if let Some(rest) = text.strip_prefix("0b") {
        return digits(rest, 2);
    }
    if let Some(rest) = text.strip_prefix("0x") {
        return digits(rest, 16);
    }
    if let Some(rest) = text.strip_prefix('0') {
        // `012345678901` has an 8 or 9: no octal, and no decimal number either.
        return digits(rest, 8);
    }
    if text.contains(':') {
        return sexagesimal(text);
    }
    (text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
        .then(|| digits(text, 10))
        .flatten()
}

fn sexagesimal(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let first = parts.next().filter(|part| part.bytes().all(|b| b.is_ascii_digit() || b == b'_'))?;
    let mut value: u64 = first.replace('_', "").parse().ok()?;
    for part in parts {
        let place = (part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u64>().ok());
        value = value.checked_mul(60)?.checked_add(place.flatten().filter(|place| *place < 60)?)?;
    }
    Some(value)
}

/// A number with a point: YAML 1.1 has no other floats, so `1e3` is text.
fn float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let power = exponent.strip_prefix(['-', '+'])?;
        if power.is_empty() || !power.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
    }
    text.replace('_', "").parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unquoted_scalars_are_read_as_yaml_1_1() {
        let cases = [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!("y")),
            ("tRue", json!("tRue")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+7", json!(7)),
            ("1_000", json!(1000)),
            ("0755", json!(493)),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("012345678901", json!("012345678901")),
            ("123456789012", json!(123_456_789_012_u64)),
            ("123456789012345678901234567890", json!("123456789012345678901234567890")),
            ("1:30", json!(90)),
            ("1:75", json!("1:75")),
            ("10.0.0.0/16", json!("10.0.0.0/16")),
            ("3.10", json!(3.1)),
            ("1.5e+3", json!(1500.0)),
            ("1e3", json!("1e3")),
            (".5", json!(0.5)),
            (".", json!(".")),
            ("2010-09-09", json!("2010-09-09")),
            ("2012-10-17T00:00:00Z", json!("2012-10-17T00:00:00Z")),
            ("-", json!("-")),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text).into_value(), expected, "{text}");
        }
        for null in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(null), Node::Null, "{null}");
        }
    }
}
