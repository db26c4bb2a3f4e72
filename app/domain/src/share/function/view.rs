//! The test function's page.

use super::FunctionForm;
use crate::endpoint::Sample;
use crate::function::FunctionState;
use crate::names::{AccountId, EndpointName, Region, ShareId};
use crate::run::RunView;
use crate::share::diff::DocumentDiff;
use crate::share::view::{Span, StepView};
use crate::time::Timestamp;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// The page of a share's test function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionPageView {
    /// The share.
    pub share: ShareId,
    /// Its role's name.
    pub role_name: String,
    /// The account the function is in.
    pub child: AccountId,
    /// The account of the endpoint.
    pub parent: AccountId,
    /// The region of both.
    pub region: Region,
    /// Whether the role is another administrator's, whom an acceptance tells who calls.
    pub offered: bool,
    /// The condition on the arrow.
    pub arrow: String,
    /// Why no function can be made or called from here, if none can.
    pub blocked: Option<String>,
    /// The handler's file name.
    pub file_name: String,
    /// The handler's text, for the endpoint that is chosen.
    pub handler: String,
    /// The endpoint that is chosen, with something to send.
    pub endpoint: Option<EndpointSample>,
    /// The endpoints there are to call.
    pub endpoints: Vec<EndpointName>,
    /// Whether they are some of all in the region: then any other may be named.
    pub any_endpoint: bool,
    /// What is to be made, while nothing is made.
    pub planned: Option<PlannedView>,
    /// The function, once it is made or half made.
    pub made: Option<MadeView>,
    /// The last run that made or deleted it, unless it went well.
    pub run: Option<RunView>,
    /// After it was deleted: what is left, a sentence each.
    pub left: Vec<String>,
    /// The server's time.
    pub now: Timestamp,
}

/// An endpoint with what its model takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSample {
    /// The endpoint.
    pub name: EndpointName,
    /// Something to send, where it is known.
    pub sample: Option<Sample>,
}

/// A role that a function can run as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChoice {
    /// Its ARN.
    pub arn: String,
    /// `scoring-lambda · runs nightly-scoring`.
    pub label: String,
}

/// A function that could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedView {
    /// The choices, filled in.
    pub form: FunctionForm,
    /// What is wrong with them.
    pub problems: Vec<FieldProblem>,
    /// Roles of the child that Lambda may assume.
    pub roles: Vec<RoleChoice>,
    /// Why they could not be listed.
    pub roles_unread: Option<String>,
    /// What will be made, in one sentence.
    pub sentence: Vec<Span>,
    /// The steps, in order; none while something is wrong.
    pub steps: Vec<StepView>,
    /// The documents that come with them.
    pub documents: Vec<DocumentDiff>,
    /// The plan's digest: what is made is what was shown.
    pub fingerprint: String,
}

/// The function as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeView {
    /// Its name.
    pub name: String,
    /// Its ARN, when it is there.
    pub arn: Option<String>,
    /// The role it runs as.
    pub role: String,
    /// Its state, when it is there.
    pub state: Option<FunctionState>,
    /// Why it is in that state, in Lambda's words.
    pub state_reason: Option<String>,
    /// Whether the share lets its role call.
    pub allowed: bool,
    /// What bringing it up to date does, while it is not.
    pub update: Option<ChangeView>,
    /// The choices that it was made with.
    pub form: FunctionForm,
    /// What letting it call changes, while it may not.
    pub allow: Option<ChangeView>,
    /// What deleting it does; or why it can't be deleted now.
    pub removal: Result<RemovalView, String>,
}

/// A change that can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// The steps, in order.
    pub steps: Vec<StepView>,
    /// The plan's digest.
    pub fingerprint: String,
    /// Why it can't be done now.
    pub blocked: Option<String>,
}

/// Taking the function away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalView {
    /// The steps, in order.
    pub steps: Vec<StepView>,
    /// What stays, a sentence each.
    pub stays: Vec<String>,
    /// The plan's digest.
    pub fingerprint: String,
}
