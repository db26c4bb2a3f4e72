//! Repairs: the smallest changes that let a call through, as documents with their differences and as steps of a plan.

use super::evidence::Origin;
use crate::evaluate::Layer;
use crate::names::{AccountId, ConnectionId};
use crate::policy::PolicyDocument;
use crate::share::Side;
use crate::share::diff::{DocumentDiff, diff_lines};
use crate::share::plan::{Action, Plan, Step};
use serde::{Deserialize, Serialize};

mod after;
mod changes;
mod mend;
mod narrow;
mod quotas;
mod versions;

pub(super) use changes::repairs;
pub(super) use mend::{Mended, mend};

/// Who has to make a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Whoever owns the caller's code: the request has to change.
    Code,
    /// This console, through a connection to the account that may change IAM there.
    Account,
    /// The administrators of the account's organisation, in its management account: control policies can't be changed
    /// from here.
    Organization,
    /// Whoever owns what is missing or broken: an endpoint, a role, credentials.
    Owner,
}

/// A part of the request that the caller's code sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestField {
    /// The credentials: who calls.
    Caller,
    /// `RoleArn` of AssumeRole.
    RoleArn,
    /// `ExternalId` of AssumeRole.
    ExternalId,
    /// `DurationSeconds` of AssumeRole.
    DurationSeconds,
    /// `Policy` of AssumeRole.
    SessionPolicy,
    /// The region of the SageMaker Runtime client.
    Region,
    /// `EndpointName` of InvokeEndpoint.
    EndpointName,
    /// Another value, by its condition key.
    Key(String),
}

impl RequestField {
    /// As the SDKs name it: `ExternalId`.
    pub fn label(&self) -> &str {
        match self {
            Self::Caller => "credentials",
            Self::RoleArn => "RoleArn",
            Self::ExternalId => "ExternalId",
            Self::DurationSeconds => "DurationSeconds",
            Self::SessionPolicy => "Policy",
            Self::Region => "region_name",
            Self::EndpointName => "EndpointName",
            Self::Key(key) => key,
        }
    }
}

/// What to send instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestChange {
    /// Which part of the request.
    pub field: RequestField,
    /// What is sent now.
    pub before: Option<String>,
    /// What to send; `None`: nothing, or something that only the caller can choose.
    pub after: Option<String>,
}

/// A document before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentChange {
    /// The layer it belongs to.
    pub layer: Layer,
    /// Its name.
    pub name: String,
    /// Where it lives.
    pub place: Origin,
    /// What it says; `None`: it is not there, or not attached.
    pub before: Option<String>,
    /// What it is to say; `None`: it is to go, or to be detached.
    pub after: Option<String>,
}

impl DocumentChange {
    /// The document with its changed lines marked.
    pub fn diff(&self) -> DocumentDiff {
        let canonical = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            PolicyDocument::parse(text).map_or_else(|_| text.to_owned(), |document| document.pretty())
        };
        // A managed policy is there before it is attached, and after it was detached.
        let managed = matches!(self.place, Origin::Managed { .. });
        let (note, before, after) = match (&self.before, &self.after) {
            (None, after) if managed => ("attached as it is", after, after),
            (None, after) => ("new", &None, after),
            (before, None) if managed => ("detached, and otherwise left as it is", before, &None),
            (before, None) => ("removed", before, &None),
            (before, after) => ("changed", before, after),
        };
        let title = match self.layer {
            Layer::Resource => format!("{} · trust policy", self.name),
            Layer::Boundary => format!("{} · permissions boundary", self.name),
            _ => self.name.clone(),
        };
        DocumentDiff { title, note: note.into(), lines: diff_lines(&canonical(before), &canonical(after)) }
    }
}

/// Changes that belong together: of one account, by one hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// On which side.
    pub side: Side,
    /// In which account.
    pub account: AccountId,
    /// Who has to make it.
    pub whose: Whose,
    /// What to do, as an instruction in lower case.
    pub sentence: String,
    /// Documents that change.
    pub changes: Vec<DocumentChange>,
    /// What the caller has to send instead.
    pub requests: Vec<RequestChange>,
    /// The calls that make it, in order; empty where it can't be made from here.
    pub steps: Vec<Action>,
}

impl Repair {
    /// Whether the console can make it.
    pub fn is_plannable(&self) -> bool {
        !self.steps.is_empty()
    }
}

/// Repairs as one plan. The steps of an account come one after the other; `connection` says through which connection
/// an account is reached, and repairs of accounts that are not connected are left out.
pub fn plan<'a>(
    repairs: impl IntoIterator<Item = &'a Repair>,
    connection: impl Fn(&AccountId) -> Option<ConnectionId>,
) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    for repair in repairs {
        let Some(connection) = connection(&repair.account) else { continue };
        for action in &repair.steps {
            let before = steps.iter().rfind(|step| step.account == repair.account).map(|step| step.id.clone());
            steps.push(Step {
                id: format!("repair-{}", steps.len() + 1),
                title: action.title(),
                side: repair.side,
                account: repair.account.clone(),
                connection: connection.clone(),
                action: action.clone(),
                after: before.into_iter().collect(),
            });
        }
    }
    Plan { steps }
}
