//! What is kept of it, by account and region. Streams and their events are in files, see [`super::streams`].

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The log groups of an account in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Logs {
    /// By name.
    #[serde(default)]
    pub groups: BTreeMap<String, Group>,
}

/// A log group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// The name of its folder.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// How many days its events are shown; without it, for ever.
    #[serde(default)]
    pub retention: Option<u32>,
    /// The key that it was made with.
    #[serde(default)]
    pub key: Option<String>,
    /// `STANDARD` …
    pub class: String,
    /// Whether it can't be deleted.
    #[serde(default)]
    pub protected: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// The ARN of a group, without the `:*` that stands for its streams.
pub fn group_arn(region: &Region, account: &AccountId, group: &str) -> String {
    format!("arn:aws:logs:{region}:{account}:log-group:{group}")
}
