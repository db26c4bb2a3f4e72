//! Users, groups, roles and policies as they are stored.

use domain::names::AccountId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One account's IAM. Maps are keyed by the lower-case name, because names are unique without regard to case.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Iam {
    /// Counts changes, so that what is derived from this can be cached.
    pub revision: u64,
    /// Users.
    pub users: BTreeMap<String, User>,
    /// Groups.
    pub groups: BTreeMap<String, Group>,
    /// Roles.
    pub roles: BTreeMap<String, Role>,
    /// The account's own managed policies.
    pub policies: BTreeMap<String, ManagedPolicy>,
}

/// A key and a value, as the caller gave them.
pub type Tags = BTreeMap<String, String>;

/// The permissions of a user, group or role.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Grants {
    /// Inline policies: name to document.
    pub inline: BTreeMap<String, String>,
    /// Attached managed policies, by ARN, in the order they were attached.
    pub attached: Vec<String>,
    /// The permissions boundary's ARN. Groups have none.
    pub boundary: Option<String>,
}

/// A user.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct User {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    pub grants: Grants,
    /// Lower-case names of the groups the user is in.
    pub groups: Vec<String>,
    pub tags: Tags,
}

/// A group.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Group {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    pub grants: Grants,
}

/// A role.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Role {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    pub grants: Grants,
    pub description: Option<String>,
    /// The trust policy, with users and roles as unique IDs.
    pub trust: String,
    /// Seconds, 3600 to 43200.
    pub max_session: u32,
    pub tags: Tags,
}

/// A customer-managed policy.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ManagedPolicy {
    pub name: String,
    pub path: String,
    pub id: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// At most five, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the default version.
    pub default: u32,
    /// The number the next version gets; numbers are never used twice.
    pub next: u32,
    pub tags: Tags,
}

/// A version of a managed policy.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PolicyVersion {
    pub number: u32,
    pub document: String,
    pub created: Timestamp,
}

impl ManagedPolicy {
    /// The document that applies.
    pub fn document(&self) -> &str {
        self.versions.iter().find(|v| v.number == self.default).map_or("", |v| v.document.as_str())
    }
}

/// What has permissions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

impl Kind {
    /// As in `The role with name X cannot be found.`
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
    /// As in `Role with name X already exists.`, and in names of parameters: `RoleName`.
    pub fn title(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }
    /// The longest name: the service model's `maxLength`.
    pub fn longest(self) -> usize {
        match self {
            Self::Group => 128,
            Self::User | Self::Role => 64,
        }
    }
    /// The most that the inline policies may have together, without white space (IAM's quotas).
    pub fn inline_quota(self) -> usize {
        match self {
            Self::User => 2048,
            Self::Group => 5120,
            Self::Role => 10_240,
        }
    }
}

/// The ARN of what is called `name` under `path`.
pub fn arn(account: &AccountId, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

impl User {
    /// The user's ARN.
    pub fn arn(&self, account: &AccountId) -> String {
        arn(account, "user", &self.path, &self.name)
    }
}
impl Group {
    /// The group's ARN.
    pub fn arn(&self, account: &AccountId) -> String {
        arn(account, "group", &self.path, &self.name)
    }
}
impl Role {
    /// The role's ARN.
    pub fn arn(&self, account: &AccountId) -> String {
        arn(account, "role", &self.path, &self.name)
    }
}
impl ManagedPolicy {
    /// The policy's ARN.
    pub fn arn(&self, account: &AccountId) -> String {
        arn(account, "policy", &self.path, &self.name)
    }
}

/// Finds by the exact name; another case is another name to a reader.
fn exact<'a, T>(map: &'a BTreeMap<String, T>, name: &str, name_of: impl Fn(&T) -> &str) -> Option<&'a T> {
    map.get(&name.to_ascii_lowercase()).filter(|found| name_of(found) == name)
}

impl Iam {
    /// The user called so.
    pub fn user(&self, name: &str) -> Option<&User> {
        exact(&self.users, name, |u| &u.name)
    }
    /// The group called so.
    pub fn group(&self, name: &str) -> Option<&Group> {
        exact(&self.groups, name, |g| &g.name)
    }
    /// The role called so.
    pub fn role(&self, name: &str) -> Option<&Role> {
        exact(&self.roles, name, |r| &r.name)
    }
    /// The user with that unique ID.
    pub fn user_by_id(&self, id: &str) -> Option<&User> {
        self.users.values().find(|u| u.id == id)
    }
    /// The role with that unique ID.
    pub fn role_by_id(&self, id: &str) -> Option<&Role> {
        self.roles.values().find(|r| r.id == id)
    }
    /// The customer-managed policy with that ARN.
    pub fn policy(&self, account: &AccountId, arn: &str) -> Option<&ManagedPolicy> {
        let name = arn.rsplit('/').next()?.to_ascii_lowercase();
        self.policies.get(&name).filter(|p| p.arn(account) == arn)
    }
    /// The permissions of what is called so.
    pub fn grants(&self, kind: Kind, name: &str) -> Option<&Grants> {
        match kind {
            Kind::User => self.user(name).map(|u| &u.grants),
            Kind::Group => self.group(name).map(|g| &g.grants),
            Kind::Role => self.role(name).map(|r| &r.grants),
        }
    }
    /// The same, to change.
    pub fn grants_mut(&mut self, kind: Kind, name: &str) -> Option<&mut Grants> {
        let key = name.to_ascii_lowercase();
        match kind {
            Kind::User => self.users.get_mut(&key).filter(|u| u.name == name).map(|u| &mut u.grants),
            Kind::Group => self.groups.get_mut(&key).filter(|g| g.name == name).map(|g| &mut g.grants),
            Kind::Role => self.roles.get_mut(&key).filter(|r| r.name == name).map(|r| &mut r.grants),
        }
    }
    /// All that have permissions: kind, name, unique ID, permissions.
    pub fn holders(&self) -> impl Iterator<Item = (Kind, &str, &str, &Grants)> {
        let users = self.users.values().map(|u| (Kind::User, u.name.as_str(), u.id.as_str(), &u.grants));
        let groups = self.groups.values().map(|g| (Kind::Group, g.name.as_str(), g.id.as_str(), &g.grants));
        let roles = self.roles.values().map(|r| (Kind::Role, r.name.as_str(), r.id.as_str(), &r.grants));
        users.chain(groups).chain(roles)
    }
}
