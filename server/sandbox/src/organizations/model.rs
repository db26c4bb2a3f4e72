//! What is kept of an organisation: its tree, its policies, and where they are attached.
//!
//! Terms and ARNs: Organizations user guide, "Terminology and concepts"; Service Authorization Reference, "Resource
//! types defined by AWS Organizations".

use crate::ids;
use domain::names::AccountId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A type of policy that bears on permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyType {
    /// Binds the principals of an account.
    ServiceControl,
    /// Binds the resources of an account.
    ResourceControl,
}

impl PolicyType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    /// As the API spells it.
    pub fn code(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }
    /// The type with that spelling.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
    /// As ARNs spell it.
    pub fn in_arns(self) -> String {
        self.code().to_ascii_lowercase()
    }
    /// AWS's own policy of the type: attached everywhere at first, and allowing everything.
    pub fn full_access(self) -> AwsPolicy {
        match self {
            Self::ServiceControl => AwsPolicy {
                id: "p-FullAWSAccess",
                name: "FullAWSAccess",
                description: "Allows access to every operation",
                content: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            },
            Self::ResourceControl => AwsPolicy {
                id: "p-RCPFullAWSAccess",
                name: "RCPFullAWSAccess",
                description: "Allows access to every resource",
                content: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
            },
        }
    }
}

/// A policy that AWS itself manages.
#[allow(missing_docs)]
pub struct AwsPolicy {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub content: &'static str,
}

/// A policy of the organisation's own.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Policy {
    pub name: String,
    pub description: String,
    pub kind: PolicyType,
    pub content: String,
}

/// An organizational unit.
#[derive(Clone, Serialize, Deserialize)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// The ID of the unit or root above it.
    pub parent: String,
}

/// An account in the organisation.
#[derive(Clone, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// The ID of the unit or root above it.
    pub parent: String,
}

/// An organisation.
#[derive(Clone, Serialize, Deserialize)]
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// The account that manages it.
    pub management: AccountId,
    /// When it was made.
    pub created: Timestamp,
    /// `r-…`.
    pub root: String,
    /// The units, by ID.
    pub units: BTreeMap<String, Unit>,
    /// The accounts.
    pub accounts: BTreeMap<AccountId, Member>,
    /// The types of policy that are switched on.
    pub enabled: BTreeSet<PolicyType>,
    /// The organisation's own policies, by ID.
    pub policies: BTreeMap<String, Policy>,
    /// IDs of policies by the root, unit or account they are attached to.
    pub attached: BTreeMap<String, BTreeSet<String>>,
    /// Counts changes.
    pub revision: u64,
}

/// A root, unit or account.
pub struct Node<'o> {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: &'o str,
    /// What it is: `ROOT`, `ORGANIZATIONAL_UNIT`, `ACCOUNT`.
    pub kind: &'static str,
    /// Its ARN.
    pub arn: String,
}

impl Organization {
    /// An organisation of its management account alone, with both types of policy switched on.
    pub fn new(management: AccountId, created: Timestamp) -> Self {
        let mut new = Self {
            id: ids::lower("o-", 10),
            management,
            created,
            root: ids::lower("r-", 4),
            units: BTreeMap::new(),
            accounts: BTreeMap::new(),
            enabled: BTreeSet::new(),
            policies: BTreeMap::new(),
            attached: BTreeMap::new(),
            revision: 0,
        };
        PolicyType::ALL.into_iter().for_each(|kind| new.enable(kind));
        new
    }
    /// Adds a unit below the root, and gives its ID.
    pub fn add_unit(&mut self, name: &str) -> String {
        let id = ids::lower(&format!("ou-{}-", self.root.trim_start_matches("r-")), 8);
        self.units.insert(id.clone(), Unit { name: name.to_owned(), parent: self.root.clone() });
        self.attach_defaults(&id);
        id
    }
    /// Adds an account.
    pub fn add_account(&mut self, account: AccountId, name: &str, parent: &str) {
        let member = Member { name: name.to_owned(), email: format!("{name}@example.com"), parent: parent.to_owned() };
        self.attach_defaults(account.as_str());
        self.accounts.insert(account, member);
    }
    fn attach_defaults(&mut self, target: &str) {
        let defaults = self.enabled.iter().map(|kind| kind.full_access().id.to_owned());
        self.attached.entry(target.to_owned()).or_default().extend(defaults);
    }
    /// Switches a type on: AWS's own policy is attached everywhere.
    pub fn enable(&mut self, kind: PolicyType) {
        self.enabled.insert(kind);
        for target in self.targets() {
            self.attached.entry(target).or_default().insert(kind.full_access().id.to_owned());
        }
    }
    /// Switches a type off: its policies are detached everywhere, and kept.
    pub fn disable(&mut self, kind: PolicyType) {
        self.enabled.remove(&kind);
        let of_kind: BTreeSet<String> = self.of_kind(kind).map(|(id, ..)| id.to_owned()).collect();
        self.attached.values_mut().for_each(|ids| ids.retain(|id| !of_kind.contains(id)));
    }
    /// The IDs of everything that policies can be attached to.
    fn targets(&self) -> Vec<String> {
        let accounts = self.accounts.keys().map(ToString::to_string);
        [self.root.clone()].into_iter().chain(self.units.keys().cloned()).chain(accounts).collect()
    }
    /// The policies of a type, AWS's own first: ID, name, description, content.
    pub fn of_kind(&self, kind: PolicyType) -> impl Iterator<Item = (&str, &str, &str, &str)> {
        let full = kind.full_access();
        let own = self.policies.iter().filter(move |(_, policy)| policy.kind == kind);
        let own = own.map(|(id, p)| (id.as_str(), p.name.as_str(), p.description.as_str(), p.content.as_str()));
        [(full.id, full.name, full.description, full.content)].into_iter().chain(own)
    }
    /// The type of a policy.
    pub fn kind_of(&self, policy: &str) -> Option<PolicyType> {
        let aws = PolicyType::ALL.into_iter().find(|kind| kind.full_access().id == policy);
        aws.or_else(|| self.policies.get(policy).map(|policy| policy.kind))
    }
    /// The IDs from the root down to an account; `None`: it is no account of the organisation.
    pub fn path(&self, account: &AccountId) -> Option<Vec<String>> {
        let mut path = vec![account.to_string()];
        let mut next = &self.accounts.get(account)?.parent;
        while let Some(unit) = self.units.get(next) {
            path.push(next.clone());
            next = &unit.parent;
        }
        path.push(self.root.clone());
        path.reverse();
        Some(path)
    }
    /// `aws:PrincipalOrgPaths` of an account: `o-…/r-…/ou-…/`.
    pub fn org_path(&self, account: &AccountId) -> Option<String> {
        let path = self.path(account)?;
        let above = &path[..path.len() - 1];
        Some(above.iter().fold(format!("{}/", self.id), |text, id| text + id + "/"))
    }

    fn arn(&self, kind: &str, rest: &str) -> String {
        format!("arn:aws:organizations::{}:{kind}/{}{rest}", self.management, self.id)
    }
    /// The organisation's own ARN.
    pub fn own_arn(&self) -> String {
        self.arn("organization", "")
    }
    /// The ARN of an account in the organisation.
    pub fn account_arn(&self, account: &AccountId) -> String {
        self.arn("account", &format!("/{account}"))
    }
    /// The ARN of a policy.
    pub fn policy_arn(&self, kind: PolicyType, id: &str) -> String {
        let kind_name = kind.in_arns();
        if kind.full_access().id == id {
            return format!("arn:aws:organizations::aws:policy/{kind_name}/{id}");
        }
        self.arn("policy", &format!("/{kind_name}/{id}"))
    }
    /// The root, unit or account with that ID.
    pub fn node(&self, id: &str) -> Option<Node<'_>> {
        let node = |name, kind, arn| Some(Node { id: id.to_owned(), name, kind, arn });
        if id == self.root {
            return node("Root", "ROOT", self.arn("root", &format!("/{id}")));
        }
        if let Some(unit) = self.units.get(id) {
            return node(&unit.name, "ORGANIZATIONAL_UNIT", self.arn("ou", &format!("/{id}")));
        }
        let account = AccountId::parse(id).ok()?;
        let member = self.accounts.get(&account)?;
        node(&member.name, "ACCOUNT", self.account_arn(&account))
    }
    /// What is directly below a root or unit.
    pub fn children(&self, parent: &str) -> Vec<Node<'_>> {
        let units = self.units.iter().filter(|(_, unit)| unit.parent == parent).map(|(id, _)| id.clone());
        let accounts = self.accounts.iter().filter(|(_, member)| member.parent == parent).map(|(id, _)| id.to_string());
        units.chain(accounts).filter_map(|id| self.node(&id)).collect()
    }
}
