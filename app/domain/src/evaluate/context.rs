//! The condition keys a request carries.

use serde::{Deserialize, Serialize};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// Condition keys with their values. Keys are compared without regard to case; a key may have several values.
///
/// Keys that follow from the request itself (`aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`,
/// `aws:PrincipalIsAWSService`, `aws:userid`, `aws:username`, `aws:ResourceAccount`) need not be given; given ones
/// win.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Values>", into = "BTreeMap<String, Values>")]
pub struct Context(Vec<(String, Vec<String>)>);

/// A key's values as JSON has them: one or a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Values {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Bool(bool),
    Number(serde_json::Number),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// A context of keys that are known to differ.
    pub(super) fn from_distinct(keys: Vec<(String, Vec<String>)>) -> Self {
        Self(keys)
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a key with one value; an earlier value of the key is replaced.
    pub fn with(self, key: &str, value: impl Into<String>) -> Self {
        self.with_list(key, [value.into()])
    }

    /// Adds a key with several values; earlier values of the key are replaced.
    pub fn with_list<S: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.set(key, values.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a key's values.
    pub fn set(&mut self, key: &str, values: Vec<String>) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, old)) => *old = values,
            None => self.0.push((key.to_owned(), values)),
        }
    }

    /// A key's values; `None` when the request does not carry it.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, values)| values.as_slice())
    }

    /// All keys with their values, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }
}

impl From<BTreeMap<String, Values>> for Context {
    fn from(map: BTreeMap<String, Values>) -> Self {
        let mut keys: Vec<(String, Vec<String>)> = Vec::with_capacity(map.len());
        let mut places: HashMap<String, usize> = HashMap::with_capacity(map.len());
        for (key, values) in map {
            let values = match values {
                Values::One(value) => vec![value.text()],
                Values::Many(values) => values.into_iter().map(Scalar::text).collect(),
            };
            match places.entry(key.to_ascii_lowercase()) {
                Entry::Occupied(known) => keys[*known.get()].1 = values,
                Entry::Vacant(new) => {
                    new.insert(keys.len());
                    keys.push((key, values));
                }
            }
        }
        Self(keys)
    }
}

impl From<Context> for BTreeMap<String, Values> {
    fn from(context: Context) -> Self {
        let values = |mut values: Vec<String>| match (values.len(), values.pop()) {
            (1, Some(value)) => Values::One(Scalar::Text(value)),
            (_, last) => Values::Many(values.into_iter().chain(last).map(Scalar::Text).collect()),
        };
        context.0.into_iter().map(|(key, list)| (key, values(list))).collect()
    }
}
