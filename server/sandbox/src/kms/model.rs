//! What is kept of it, by account and region: keys with their material, and aliases.

use domain::evaluate::NamedPolicy;
use domain::names::AccountId;
use domain::policy::PolicyDocument;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What an account has in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// Keys, by ID.
    pub keys: BTreeMap<String, Key>,
    /// Aliases, by name with its prefix `alias/`.
    pub aliases: BTreeMap<String, Alias>,
}

/// A symmetric key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Key {
    /// When it was made.
    pub created: Timestamp,
    /// What it is for.
    pub description: String,
    /// Its policy, with users and roles as unique IDs.
    pub policy: String,
    /// Whether it can be used.
    pub state: KeyState,
    /// AES-256, in base64.
    pub material: Material,
    /// How often it is rotated, if it is.
    #[serde(default)]
    pub rotation: Option<Rotation>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The service that manages it for the account, `s3`; none for a key of the customer's.
    #[serde(default)]
    pub managed_by: Option<String>,
}

/// Whether a key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It can.
    Enabled,
    /// Somebody switched it off.
    Disabled,
    /// It is gone at a time, and can't be used before.
    PendingDeletion {
        /// When it is gone.
        at: Timestamp,
    },
}

impl KeyState {
    /// As KMS has it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion { .. } => "PendingDeletion",
        }
    }
}

/// The yearly change of a key's material.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Rotation {
    /// Every so many days.
    pub days: i64,
    /// Since when.
    pub since: Timestamp,
}

/// A key's material. It never leaves the state file: nothing shows it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Material(pub String);

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Another name of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alias {
    /// The key's ID.
    pub key: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl Key {
    /// Whether its time of deletion has come.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        matches!(self.state, KeyState::PendingDeletion { at } if at <= now)
    }
    /// Its policy, parsed. One that no longer parses allows nothing.
    pub fn parsed_policy(&self) -> Option<NamedPolicy> {
        Some(NamedPolicy::new("key policy", PolicyDocument::parse(&self.policy).ok()?))
    }
}

impl Keys {
    /// Forgets the keys whose time has come, and their aliases.
    pub fn forget(&mut self, now: Timestamp) {
        self.keys.retain(|_, key| !key.is_gone(now));
        let keys = &self.keys;
        self.aliases.retain(|_, alias| keys.contains_key(&alias.key));
    }
    /// The aliases of a key.
    pub fn aliases_of(&self, id: &str) -> impl Iterator<Item = &String> {
        self.aliases.iter().filter(move |(_, alias)| alias.key == id).map(|(name, _)| name)
    }
}

/// The ARN of a key or, with its prefix, of an alias.
pub fn arn(region: &str, account: &AccountId, resource: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:{resource}")
}
