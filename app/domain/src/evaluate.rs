//! Decides a request over every policy that bears on it, and explains the decision.
//!
//! [`decide`] is fast; [`explain`] gives the same decision with its reasons and the smallest change that would turn
//! it. Both read parsed documents only: no network, no clock.
//!
//! Source: IAM user guide, "Policy evaluation logic", "Cross-account policy evaluation logic".

pub mod answer;
mod bounds;
mod compare;
mod context;
mod decide;
mod explain;
mod facts;
mod fix;
mod matching;
mod principal;
mod reasons;
mod scenario;
pub mod stream;

pub use bounds::MAX_SCENARIO_BYTES;
pub use context::Context;
pub(crate) use explain::explain_beside;
pub use explain::{Explanation, LayerReport, Says, StatementReport, explain};
pub use fix::{Change, Fix};
pub use principal::Principal;
pub use reasons::{Cause, Element, ElementReport};
pub use scenario::{FaultKind, Scenario, ScenarioError};

use crate::names::AccountId;
use crate::policy::PolicyDocument;
use serde::{Deserialize, Serialize};

/// A policy with the name people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPolicy {
    /// Its name.
    pub name: String,
    /// What it says.
    pub document: PolicyDocument,
}

impl NamedPolicy {
    /// Gives a document its name.
    pub fn new(name: impl Into<String>, document: PolicyDocument) -> Self {
        Self { name: name.into(), document }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// The IAM action: `sts:AssumeRole`.
    pub action: String,
    /// The ARN it is about, or `*` for actions without a resource.
    pub resource: String,
    /// The account that owns the resource.
    pub resource_account: AccountId,
    /// Everything else the request carries.
    pub context: Context,
}

/// What owns the resource policy, as far as it changes the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A role's trust policy: it must always allow, in the same account too.
    Trust,
    /// A KMS key's policy: it must always allow, too.
    Key,
    /// A bucket, a queue …: within one account an identity policy alone is enough.
    #[default]
    Other,
}

/// The policies that bear on a request. `None` or an empty list: there is none of the kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Managed, inline and group policies of the caller.
    pub identity: &'a [NamedPolicy],
    /// The policy of the resource: trust, bucket, key.
    pub resource: Option<&'a NamedPolicy>,
    /// The caller's permissions boundary.
    pub boundaries: Option<&'a [NamedPolicy]>,
    /// What the caller's session was narrowed to.
    pub session: Option<&'a [NamedPolicy]>,
    /// The service control policies of the caller's account, a list a level from the root down. A level without
    /// any policy allows nothing.
    pub service_control: Option<&'a [Vec<NamedPolicy>]>,
    /// The resource control policies of the resource's account. They only ever deny: AWS attaches
    /// `RCPFullAWSAccess` to every level.
    pub resource_control: Option<&'a [Vec<NamedPolicy>]>,
    /// Which rules the resource policy follows.
    pub resource_kind: ResourceKind,
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// Everything that has to allow does, and nothing denies.
    Allowed,
    /// A statement denies.
    ExplicitlyDenied,
    /// Something that has to allow doesn't.
    ImplicitlyDenied,
}

/// Which policies decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The caller itself: a root user can't assume roles.
    Caller,
    /// Service control policies of the caller's account.
    ServiceControl,
    /// Resource control policies of the resource's account.
    ResourceControl,
    /// The resource's policy: for a role, its trust policy.
    Resource,
    /// The caller's identity policies.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// The session's policies.
    Session,
}

impl Layer {
    /// As people call it: `the identity policies`. A role's resource policy is its trust policy.
    pub fn label(self, kind: ResourceKind) -> &'static str {
        match (self, kind) {
            (Self::Caller, _) => "the caller",
            (Self::ServiceControl, _) => "the service control policies",
            (Self::ResourceControl, _) => "the resource control policies",
            (Self::Resource, ResourceKind::Trust) => "the trust policy",
            (Self::Resource, ResourceKind::Key) => "the key policy",
            (Self::Resource, ResourceKind::Other) => "the resource policy",
            (Self::Identity, _) => "the identity policies",
            (Self::Boundary, _) => "the permissions boundary",
            (Self::Session, _) => "the session policies",
        }
    }
}

/// Decides a request. It allocates nothing.
pub fn decide(request: &Request, policies: &Policies<'_>) -> Decision {
    decide::assess(&facts::Facts { request }, policies).outcome().decision
}
