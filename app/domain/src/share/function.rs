//! The function that tries a share from the child account: what is asked for, what is there, and the plans that make it
//! and take it away again.
//!
//! The function's own text and documents are [`crate::share::render::lambda`]'s. Its execution role first lacks the
//! share's permission; to get it the role becomes one of the share's callers and grantees ([`admitted`]), so that the
//! share's record stays true.

mod form;
mod outcome;
mod plan;
mod sentence;
mod view;

pub use form::{FunctionChoice, FunctionForm};
pub use outcome::{FunctionFailure, FunctionOutcome, FunctionReport, Prediction};
pub use plan::{Going, Making, Removal, function_steps, leaving, make, removal};
pub use sentence::{documents, left_by, making_sentence};
pub use view::{ChangeView, EndpointSample, FunctionPageView, MadeView, PlannedView, RemovalView, RoleChoice};

use crate::arn::{Arn, CallerArn};
use crate::function::FunctionState;
use crate::names::{EndpointName, FunctionName, Region, RoleName};
use crate::share::TAG_SHARE;
use crate::share::intent::{CallerScope, ShareIntent};
use crate::share::inventory::ObservedRole;
use crate::share::plan::Action;
use crate::share::render::lambda;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tag that tells what belongs to a share's test function from what belongs to the share itself.
pub const TAG_PART: &str = "sagebridge:part";
/// Its value.
pub const PART: &str = "test-function";

/// The tags of everything that is made for a share's test function.
pub fn tags(intent: &ShareIntent) -> BTreeMap<String, String> {
    BTreeMap::from([(TAG_SHARE.to_owned(), intent.id.to_string()), (TAG_PART.to_owned(), PART.to_owned())])
}

/// Whether something was made for the test function of this share.
pub fn is_ours(tags: &BTreeMap<String, String>, intent: &ShareIntent) -> bool {
    self::tags(intent).iter().all(|(key, value)| tags.get(key) == Some(value))
}

/// Which role a function runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "role", rename_all = "snake_case")]
pub enum ExecutionRole {
    /// One that is made for it, and goes with it.
    New(RoleName),
    /// One that is there, and stays.
    Existing(CallerArn),
}

/// What a function runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCode {
    /// The handler's text.
    pub text: String,
    /// The SHA-256 of its package, as Lambda tells it.
    pub sha256: String,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
}

/// A test function as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFunction {
    /// Its name.
    pub name: FunctionName,
    /// What it runs as.
    pub role: ExecutionRole,
    /// What it calls unless its event says otherwise.
    pub endpoint: EndpointName,
    /// What it runs.
    pub code: FunctionCode,
}

/// A function as far as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFunction {
    /// Its ARN.
    pub arn: Arn,
    /// What it runs as.
    pub role: Arn,
    /// Whether it can be called.
    pub state: FunctionState,
    /// Why it is in that state, in Lambda's words.
    pub state_reason: Option<String>,
    /// The SHA-256 of its package.
    pub code_sha256: String,
    /// Its environment; `None` where it can't be read.
    pub environment: Option<BTreeMap<String, String>>,
    /// Its tags; `None` where they can't be read.
    pub tags: Option<BTreeMap<String, String>>,
}

impl FoundFunction {
    /// Whether it was made for this share.
    pub fn is_ours(&self, intent: &ShareIntent) -> bool {
        self.tags.as_ref().is_some_and(|tags| is_ours(tags, intent))
    }
    /// Whether it runs this code.
    pub fn runs(&self, code: &FunctionCode) -> bool {
        self.code_sha256 == code.sha256 && self.environment.as_ref() == Some(&code.environment)
    }
}

/// What is there of a test function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionInventory {
    /// The function of the name.
    pub function: Option<FoundFunction>,
    /// The role of the name.
    pub role: Option<ObservedRole>,
}

/// A test function that runs of the share made, whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFunction {
    /// Its name.
    pub name: FunctionName,
    /// Where it is.
    pub region: Region,
    /// What it runs as.
    pub role: CallerArn,
    /// Whether that role was made for it, as far as the runs tell.
    pub made_role: bool,
}

impl MadeFunction {
    /// What the plans of runs, oldest first, were to make.
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Option<Self> {
        let (mut function, mut role, mut roles) = (None, None, Vec::new());
        for action in actions {
            match action {
                Action::CreateFunction { name, region, role: runs_as, .. } => {
                    function = Some((name.clone(), region.clone()));
                    role = CallerArn::parse(runs_as.as_str()).ok();
                }
                Action::CreateRole { arn, .. } => roles.push(arn),
                _ => {}
            }
        }
        let (name, region) = function?;
        let role = role?;
        let made_role = roles.contains(&role.arn());
        Some(Self { name, region, role, made_role })
    }

    /// The function of a share of which no run tells, under the names that one gets unless others are chosen. `found` is
    /// what AWS has under the function's name; only what carries this share's tags counts.
    pub fn by_tags(intent: &ShareIntent, found: Option<&FoundFunction>) -> Option<Self> {
        let role = match found.filter(|function| function.is_ours(intent)) {
            Some(function) => CallerArn::parse(function.role.as_str()).ok()?,
            // A role that was left behind without its function.
            None => default_role(intent)?,
        };
        let made_role = default_role(intent).as_ref() == Some(&role);
        Some(Self { name: lambda::function_name(&intent.id), region: intent.region.clone(), role, made_role })
    }

    /// Whether the role it runs as was made for it: by its tags where it is there, by the runs where it is gone.
    pub fn owns_role(&self, intent: &ShareIntent, role: Option<&ObservedRole>) -> bool {
        role.map_or(self.made_role, |role| is_ours(&role.tags, intent))
    }
}

/// The role that is made for a share's function unless another name is chosen.
fn default_role(intent: &ShareIntent) -> Option<CallerArn> {
    let name = lambda::execution_role_name(&intent.id);
    CallerArn::parse(&format!("arn:{}:iam::{}:role/{name}", intent.region.partition(), intent.child)).ok()
}

/// The share with `role` among those who may call through it: among the callers, where they are named, and among those
/// who get the child's policy.
pub fn admitted(intent: &ShareIntent, role: &CallerArn) -> ShareIntent {
    let mut intent = intent.clone();
    if let CallerScope::Named(callers) = &mut intent.callers {
        callers.insert(role.clone());
    }
    intent.grantees.insert(role.clone());
    intent
}

/// The share without `role`. `None` where nobody would be left to call: IAM takes no trust policy without a principal.
pub fn dismissed(intent: &ShareIntent, role: &CallerArn) -> Option<ShareIntent> {
    let mut intent = intent.clone();
    intent.grantees.remove(role);
    if let CallerScope::Named(callers) = &mut intent.callers {
        callers.remove(role);
        if callers.is_empty() {
            return None;
        }
    }
    Some(intent)
}

/// Whether a share lets `role` call through it.
pub fn admits(intent: &ShareIntent, role: &CallerArn) -> bool {
    let called = match &intent.callers {
        CallerScope::Named(callers) => callers.contains(role),
        CallerScope::WholeAccount => true,
    };
    called && intent.grantees.contains(role)
}
