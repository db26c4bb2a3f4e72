//! The share wizard: a draft of raw answers, its steps, and what is wrong with them.
//!
//! The draft keeps exactly what was typed, valid or not, so that nothing is lost; [`ShareDraft::problems`] says what is
//! wrong with a step, and a complete draft becomes a [`crate::share::intent::ShareIntent`].

use crate::arn::{Arn, CallerArn};
use crate::handoff::ShareOffer;
use crate::names::{AccountId, DraftId, ExternalId, ShareId};
use crate::share::rotate::Rotation;
use serde::{Deserialize, Serialize};

mod accept;
mod answers;
mod problems;
mod typed;

pub use answers::GRANT_NAME;
pub(crate) use problems::Found;

/// A step of the share wizard, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum WizardStep {
    Parent,
    Endpoints,
    Callers,
    Role,
    Child,
    Review,
    Apply,
    Verify,
}

impl WizardStep {
    /// All steps in order.
    pub const ALL: [Self; 8] = [
        Self::Parent,
        Self::Endpoints,
        Self::Callers,
        Self::Role,
        Self::Child,
        Self::Review,
        Self::Apply,
        Self::Verify,
    ];
    /// The step's part of the URL.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Endpoints => "endpoints",
            Self::Callers => "callers",
            Self::Role => "role",
            Self::Child => "child",
            Self::Review => "review",
            Self::Apply => "apply",
            Self::Verify => "verify",
        }
    }
    /// The label in the stepper.
    pub fn label(self) -> &'static str {
        match self {
            Self::Parent => "Parent",
            Self::Endpoints => "Endpoints",
            Self::Callers => "Callers",
            Self::Role => "Policy and role",
            Self::Child => "Child",
            Self::Review => "Review",
            Self::Apply => "Apply",
            Self::Verify => "Verify",
        }
    }
    /// Parses [`WizardStep::slug`].
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }
    /// The step after this one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }
    /// The step before this one.
    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).and_then(|i| Self::ALL.get(i).copied())
    }
}

/// Something wrong with one answer, shown at its field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field's name in the form.
    pub field: String,
    /// What is wrong, with the input in backticks.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Step 1: which account owns the endpoints, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParentForm {
    /// The connection's id.
    pub connection: String,
    /// The region's code.
    pub region: String,
}

/// Step 2: which endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointsForm {
    /// `named` or `all`.
    pub scope: String,
    /// The chosen endpoints' ARNs.
    pub arns: Vec<String>,
}

/// Step 3: who may call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallersForm {
    /// `connected` or `typed`.
    pub source: String,
    /// The child's connection, when `connected`.
    pub connection: String,
    /// The child's account ID, when `typed`.
    pub account: String,
    /// `named` or `account`.
    pub scope: String,
    /// Roles and users picked from the list.
    pub arns: Vec<String>,
    /// Roles and users typed, one a line.
    pub typed: String,
    /// Whether this console may call too, so that Verify and the Playground work: `on` or empty.
    pub console: String,
}

/// Step 4: the parent's policy and role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleForm {
    /// The policy's name.
    pub policy_name: String,
    /// The role's name.
    pub role_name: String,
    /// Keys of [`crate::share::intent::InvokeAction`].
    pub actions: Vec<String>,
    /// Session duration in seconds, as text.
    pub session_seconds: String,
    /// Whether an external ID is required: `on` or empty.
    pub require_external_id: String,
    /// The external ID; generated when the draft is made.
    pub external_id: String,
    /// Whether resources of these names that the console did not make may be taken over: `on` or empty.
    pub adopt: String,
}

/// Step 5: the child's permission.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChildForm {
    /// The policy's name.
    pub grant_name: String,
    /// Roles and users that get it attached.
    pub grantees: Vec<String>,
}

/// The wizard's answers so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareDraft {
    /// The draft.
    pub id: DraftId,
    /// The share it will become; fixed from the start so that running it again is the same share.
    pub share: ShareId,
    /// The furthest step that was reached.
    pub reached: WizardStep,
    /// Step 1.
    pub parent: ParentForm,
    /// Step 2.
    pub endpoints: EndpointsForm,
    /// Step 3.
    pub callers: CallersForm,
    /// Step 4.
    pub role: RoleForm,
    /// Step 5.
    pub child: ChildForm,
    /// The account behind the parent's connection, looked up when step 1 was saved.
    pub parent_account: Option<AccountId>,
    /// The account behind the child's connection, looked up when step 3 was saved.
    pub child_account: Option<AccountId>,
    /// Who the console is in the child account, looked up when step 3 was saved.
    pub console_caller: Option<CallerArn>,
    /// The console's raw identity in the child, for messages.
    pub console_identity: Option<Arn>,
    /// Of a share whose external ID is being changed: the new one and the change. It goes on for as long as the answer
    /// stays that one.
    #[serde(default)]
    pub rotating: Option<(ExternalId, Rotation)>,
    /// The offer that is being accepted: the parent's side is as it says, and only the child's is asked about.
    #[serde(default)]
    pub offer: Option<ShareOffer>,
    /// Of a share that exists: its external ID when this wizard was opened over it, or has last followed it.
    #[serde(default)]
    pub opened_with: Option<ExternalId>,
    /// Whether the share stood when this wizard was opened over it.
    #[serde(default)]
    pub edits: bool,
    /// Whether the child's own administrator accepted the share as it is here.
    #[serde(default)]
    pub accepted: bool,
}

/// A step's answers, as a form sends them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum StepForm {
    Parent(ParentForm),
    Endpoints(EndpointsForm),
    Callers(CallersForm),
    Role(RoleForm),
    Child(ChildForm),
}
