//! What is kept of it, by account and region. What was committed is in files, see [`super::objects`].

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The repositories of an account in a region, by name. Names differ by case.
pub type Repositories = BTreeMap<String, Repository>;

/// A repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Repository {
    /// Its ID, which stays when its name changes.
    pub id: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The key that it was made with.
    #[serde(default)]
    pub key: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed, by a commit too.
    pub modified: Timestamp,
    /// The branch that is meant when none is named.
    #[serde(default)]
    pub default_branch: Option<String>,
    /// The commit at the tip of each branch.
    #[serde(default)]
    pub branches: BTreeMap<String, String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// The ARN of a repository.
pub fn arn(region: &Region, account: &AccountId, name: &str) -> String {
    format!("arn:aws:codecommit:{region}:{account}:{name}")
}
