//! Plans: the ordered steps from an inventory to an intent. Immutable, deterministic, leaving no choice to execution.

use crate::arn::{Arn, CallerArn, CallerKind};
use crate::names::{
    AccountId, ConnectionId, FunctionName, GroupName, NameError, PolicyName, Region, RoleName, UserName,
};
use crate::share::Side;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod attached;
mod elsewhere;
mod planner;
mod reverse;
mod teardown;
mod title;
mod undo;

pub use attached::attached_by;
pub use elsewhere::{Elsewhere, Place, Standing, Touched, places};
pub(crate) use planner::grantees;
pub use planner::{Planned, numbered, plan};
pub use reverse::take_back;
pub use teardown::{Blocker, Clearing, DryRun, Forecast, Outcome, dry_run};
pub use undo::{PastRun, undo};

/// One call to AWS that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Action {
    /// IAM CreatePolicy.
    CreatePolicy {
        /// Its name.
        name: PolicyName,
        /// The ARN it will have.
        arn: Arn,
        /// The document as JSON.
        document: String,
        /// At most 1000 characters.
        description: String,
        /// Its tags.
        tags: BTreeMap<String, String>,
    },
    /// IAM CreatePolicyVersion as default.
    CreatePolicyVersion {
        /// Which policy.
        policy: Arn,
        /// The document as JSON.
        document: String,
        /// What was in force, to go back to on undo: version id and document.
        previous: (String, String),
    },
    /// IAM DeletePolicyVersion, to make room for a sixth or to take back what a run made.
    DeletePolicyVersion {
        /// Which policy.
        policy: Arn,
        /// Which version; `None`: the one that the named step made, as its result says.
        version: VersionRef,
    },
    /// IAM SetDefaultPolicyVersion.
    SetDefaultPolicyVersion {
        /// Which policy.
        policy: Arn,
        /// Which version.
        version: String,
        /// The version that was in force, to go back to on undo; `None`: there is nothing to go back to.
        #[serde(default)]
        previous: Option<String>,
    },
    /// IAM DeletePolicy.
    DeletePolicy {
        /// Which policy.
        policy: Arn,
    },
    /// IAM TagPolicy.
    TagPolicy {
        /// Which policy.
        policy: Arn,
        /// The tags.
        tags: BTreeMap<String, String>,
        /// What the same keys held before, to go back to on undo.
        #[serde(default)]
        previous: BTreeMap<String, String>,
    },
    /// IAM UntagPolicy.
    UntagPolicy {
        /// Which policy.
        policy: Arn,
        /// The tags' keys.
        keys: Vec<String>,
    },
    /// IAM CreateRole.
    CreateRole {
        /// Its name.
        name: RoleName,
        /// The ARN it will have.
        arn: Arn,
        /// The trust policy as JSON.
        trust: String,
        /// At most 1000 characters.
        description: String,
        /// MaxSessionDuration in seconds.
        max_session_seconds: u32,
        /// Its tags.
        tags: BTreeMap<String, String>,
    },
    /// IAM UpdateAssumeRolePolicy.
    UpdateTrust {
        /// Which role.
        role: RoleName,
        /// The new trust policy.
        trust: String,
        /// The old one, to go back to on undo.
        previous: String,
    },
    /// IAM UpdateRole.
    UpdateMaxSession {
        /// Which role.
        role: RoleName,
        /// The new MaxSessionDuration in seconds.
        seconds: u32,
        /// The old one, to go back to on undo.
        previous: u32,
    },
    /// IAM DeleteRole.
    DeleteRole {
        /// Which role.
        role: RoleName,
    },
    /// IAM TagRole.
    TagRole {
        /// Which role.
        role: RoleName,
        /// The tags.
        tags: BTreeMap<String, String>,
        /// What the same keys held before, to go back to on undo.
        #[serde(default)]
        previous: BTreeMap<String, String>,
    },
    /// IAM UntagRole.
    UntagRole {
        /// Which role.
        role: RoleName,
        /// The tags' keys.
        keys: Vec<String>,
    },
    /// IAM DeleteRolePermissionsBoundary: a boundary that a person named.
    RemoveBoundary {
        /// Which role.
        role: RoleName,
        /// The boundary, for the journal.
        previous: Arn,
    },
    /// IAM AttachRolePolicy or AttachUserPolicy.
    Attach {
        /// To whom.
        to: CallerArn,
        /// Which policy.
        policy: Arn,
    },
    /// IAM DetachRolePolicy or DetachUserPolicy.
    Detach {
        /// From whom.
        from: CallerArn,
        /// Which policy.
        policy: Arn,
    },
    /// IAM PutRolePolicy, PutUserPolicy or PutGroupPolicy.
    PutInlinePolicy {
        /// In whom.
        holder: Holder,
        /// The policy's name.
        name: PolicyName,
        /// The document as JSON.
        document: String,
        /// What the policy of this name said before, to go back to on undo; `None`: there was none.
        #[serde(default)]
        previous: Option<String>,
    },
    /// Lambda CreateFunction: the function that tries a share.
    CreateFunction {
        /// Its name.
        name: FunctionName,
        /// Where.
        region: Region,
        /// What it runs as.
        role: Arn,
        /// Its handler's text.
        code: String,
        /// At most 256 characters.
        description: String,
        /// Its environment variables.
        environment: BTreeMap<String, String>,
        /// Its tags.
        tags: BTreeMap<String, String>,
    },
    /// Lambda UpdateFunctionCode.
    UpdateFunctionCode {
        /// Which function.
        name: FunctionName,
        /// Where.
        region: Region,
        /// Its handler's text.
        code: String,
    },
    /// Lambda UpdateFunctionConfiguration: all environment variables.
    UpdateFunctionEnvironment {
        /// Which function.
        name: FunctionName,
        /// Where.
        region: Region,
        /// Its environment variables.
        environment: BTreeMap<String, String>,
    },
    /// Lambda GetFunction until the function can be called. Changes nothing.
    AwaitFunction {
        /// Which function.
        name: FunctionName,
        /// Where.
        region: Region,
    },
    /// Lambda DeleteFunction.
    DeleteFunction {
        /// Which function.
        name: FunctionName,
        /// Where.
        region: Region,
    },
    /// IAM DeleteRolePolicy, DeleteUserPolicy or DeleteGroupPolicy.
    DeleteInlinePolicy {
        /// From whom.
        holder: Holder,
        /// The policy's name.
        name: PolicyName,
        /// What it said, to go back to on undo.
        previous: String,
    },
}

/// Who holds an inline policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Holder {
    /// A role.
    Role(RoleName),
    /// A user.
    User(UserName),
    /// A group of users.
    Group(GroupName),
}

impl Holder {
    /// A role or user as the holder of its own inline policies.
    pub fn of(caller: &CallerArn) -> Result<Self, NameError> {
        match caller.kind() {
            CallerKind::Role => RoleName::parse(caller.name()).map(Self::Role),
            CallerKind::User => UserName::parse(caller.name()).map(Self::User),
        }
    }
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Role(name) => name.as_str(),
            Self::User(name) => name.as_str(),
            Self::Group(name) => name.as_str(),
        }
    }
    /// `role`, `user` or `group`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Role(_) => "role",
            Self::User(_) => "user",
            Self::Group(_) => "group",
        }
    }
}

/// A policy version that is known now, or will be known when a step has run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionRef {
    /// This one.
    Id(String),
    /// The one that this step of the undone run made.
    MadeBy(String),
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Stable within the plan: `parent-role`.
    pub id: String,
    /// Verb and object: `Create role SageMakerExternal`.
    pub title: String,
    /// On which side.
    pub side: Side,
    /// In which account.
    pub account: AccountId,
    /// Through which connection.
    pub connection: ConnectionId,
    /// The call.
    pub action: Action,
    /// Steps that must be done before this one. Steps that do not depend on each other run side by side.
    pub after: Vec<String>,
}

/// An ordered set of steps. Each step's `after` names steps before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}
