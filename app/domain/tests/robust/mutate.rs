//! Changes inputs at random, from a seed.

use serde_json::{Map, Number, Value, json};

/// Numbers that look random and are the same each time (xorshift64*).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Texts that have made readers of policies stumble.
const NASTY: &[&str] = &[
    "",
    "*",
    "?",
    "**",
    "*?*",
    "a*a*a*a*a*b",
    "${",
    "${}",
    "${*}",
    "${$}",
    "${a",
    "${a,'",
    "${a, 'b'}",
    "${aws:username}",
    "${aws:PrincipalTag/x, '*'}",
    "${${aws:username}}",
    "arn:",
    "arn:aws",
    "arn:aws:s3",
    "arn:aws:s3:::",
    "arn::::::",
    "arn:*",
    "arn:aws:s3:::a:b:c",
    "arn:aws:iam::111111111111:role/",
    "arn:aws:iam::111111111111:role//",
    "arn:aws:iam::1:root",
    "arn:aws:sts::111111111111:assumed-role/r",
    "arn:aws:sts::111111111111:assumed-role/r/s/t",
    "111111111111",
    "1",
    "AROAEXAMPLEEXAMPLE01",
    "AROA",
    "sts:*",
    "*:*",
    "s3:",
    ":",
    "s3:Get Object",
    "NaN",
    "inf",
    "1e400",
    "-0",
    "0x1",
    "99999999999999999999",
    "2020-02-30T00:00:00Z",
    "9999-12-31T23:59:59+99:99",
    "0000-01-01",
    "-1",
    "+1",
    "2020-01-01T",
    "0.0.0.0/99",
    "::/129",
    "::ffff:1.2.3.4",
    "1.2.3.4/",
    "/8",
    "true",
    "TRUE",
    "null",
    "=",
    "====",
    "a\u{0}b",
    "\u{feff}",
    "\u{202e}",
    "é",
    "İ",
    "ß",
    "ſ",
    "K",
    "\u{1f980}",
    "\u{10ffff}",
    "a\nb",
    "\\",
    "\"",
    "`",
    "2012-10-17",
    "2008-10-17",
    "Allow",
    "Deny",
    "ForAllValues:StringEquals",
    "ForAnyValue:Null",
    "NullIfExists",
    "BoolIfExists",
    "IpAddress",
    "ArnLike",
    "NumericLessThan",
    "DateGreaterThan",
    "StringNotLikeIfExists",
];

const KEYS: &[&str] = &[
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "AWS",
    "Service",
    "Federated",
    "CanonicalUser",
    "StringEquals",
    "StringLike",
    "ArnLike",
    "Null",
    "Bool",
    "aws:PrincipalArn",
    "aws:userid",
    "sts:ExternalId",
    "id",
    "principal",
    "principal_id",
    "action",
    "resource",
    "resource_account",
    "context",
    "identity_policies",
    "resource_policy",
    "permissions_boundaries",
    "session_policies",
    "service_control_policies",
    "resource_control_policies",
    "name",
    "document",
];

/// Changes some bytes.
pub fn bytes(data: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(data.len() + 1);
    let until = (at + chance.below(40)).min(data.len());
    match chance.below(7) {
        0 => drop(data.drain(at..until)),
        1 => {
            let copy = data[at..until].to_vec();
            data.splice(at..at, copy);
        }
        2 => {
            let text = *chance.pick(NASTY);
            data.splice(at..until, text.bytes());
        }
        3 => {
            let byte = *chance.pick(b"{}[]\",:\\\n 0-e*?$\x00\xff\xc3");
            data.insert(at, byte);
        }
        4 => {
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        5 => {
            let from = chance.below(other.len() + 1);
            let to = (from + chance.below(200)).min(other.len());
            data.splice(at..at, other[from..to].to_vec());
        }
        _ => data.truncate(at),
    }
}

/// Changes one place of a JSON value, so that much of it stays what it was. Mostly a value of the same kind is put there,
/// taken from another scenario.
pub fn value(root: &mut Value, other: &Value, chance: &mut Chance) {
    let place = chance.below(count(root));
    let mut other = other.clone();
    let all = count(&other);
    let Some(target) = nth(root, &mut { place }) else { return };
    let mut donor = Value::Null;
    for _ in 0..12 {
        donor = nth(&mut other, &mut { chance.below(all) }).cloned().unwrap_or_default();
        if std::mem::discriminant(&donor) == std::mem::discriminant(target) {
            break;
        }
    }
    change(target, donor, chance);
}

fn change(target: &mut Value, donor: Value, chance: &mut Chance) {
    match (chance.below(40), target) {
        (0, Value::Object(map)) => {
            let key = map.keys().nth(chance.below(map.len())).cloned();
            key.and_then(|key| map.remove(&key));
        }
        (1, Value::Object(map)) => rename(map, chance),
        (2, Value::Object(map)) => {
            map.insert((*chance.pick(KEYS)).to_owned(), donor);
        }
        (0..=2, Value::Array(items)) => items.push(donor),
        (3..=5, Value::Array(items)) if !items.is_empty() => {
            let copy = chance.pick(items).clone();
            items.insert(chance.below(items.len()), copy);
        }
        (6 | 7, Value::Array(items)) if !items.is_empty() => drop(items.remove(chance.below(items.len()))),
        (0..=4, Value::String(text)) => splice(text, chance),
        (5, target @ (Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null)) => {
            *target = json!(chance.pick(NASTY));
        }
        (6, target) => *target = json!([target.take()]),
        (7, target) => *target = number(chance),
        (_, target) => *target = donor,
    }
}

fn rename(map: &mut Map<String, Value>, chance: &mut Chance) {
    let Some(key) = map.keys().nth(chance.below(map.len())).cloned() else { return };
    let Some(value) = map.remove(&key) else { return };
    let new = match chance.below(3) {
        0 => key.to_uppercase(),
        1 => (*chance.pick(NASTY)).to_owned(),
        _ => (*chance.pick(KEYS)).to_owned(),
    };
    map.insert(new, value);
}

/// Puts something nasty into a text, where a character starts.
fn splice(text: &mut String, chance: &mut Chance) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = *chance.pick(&places);
    let nasty = *chance.pick(NASTY);
    let times = if chance.below(30) == 0 { 300 } else { 1 };
    text.insert_str(at, &nasty.repeat(times));
}

fn number(chance: &mut Chance) -> Value {
    const TEXTS: &[&str] =
        &["0", "-1", "1e308", "5e-324", "18446744073709551615", "-9223372036854775808", "1.0", "3600"];
    Value::Number(chance.pick(TEXTS).parse::<Number>().expect("a number"))
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// The value at a place, counted from the root down.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(map) => map.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}
