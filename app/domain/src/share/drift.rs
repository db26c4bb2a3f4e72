//! Drift: what someone changed in AWS behind a share's back.
//!
//! [`drift`] compares what was asked for, and what was recorded when it was last applied, with what is there. It finds
//! at least whatever [`crate::share::plan::plan`] would change, and beyond that what a plan leaves alone: policies that
//! others gave the role, a boundary, a role made again, endpoints that are gone. [`repair`] is the plan that mends it.

use crate::endpoint::EndpointArn;
use crate::names::ShareId;
use crate::share::Side;
use crate::share::checks::Severity;
use crate::share::diff::{DocumentDiff, diff_lines};
use crate::share::intent::ShareIntent;
use crate::share::inventory::ShareInventory;
use serde::{Deserialize, Serialize};

mod changed;
mod checked;
mod child;
mod parent;
mod recorded;
mod repair;
mod trust;

pub use checked::{DriftCheck, DriftState};
pub use recorded::{Recorded, RecordedPolicy, RecordedRole};
pub use repair::{Choices, Repair, RepairError, repair};

/// What kind of thing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The parent's policy is gone.
    PolicyMissing,
    /// The parent's policy says something else.
    PolicyChanged,
    /// An older version of the parent's policy was put in force.
    PolicyRolledBack,
    /// The parent's policy was deleted and made again.
    PolicyRecreated,
    /// The parent's policy is not attached to the role.
    PolicyDetached,
    /// The parent's policy, or the child's, is attached to someone else too.
    AttachedElsewhere,
    /// The role is gone.
    RoleMissing,
    /// The role was deleted and made again: its unique id is another one.
    RoleRecreated,
    /// The trust policy says something else.
    TrustChanged,
    /// The trust policy names a role or user by the id it had before it was deleted.
    TrustOrphaned,
    /// Sessions may last longer or less long.
    SessionChanged,
    /// Another managed policy is attached to the role.
    ExtraPolicy,
    /// The role has an inline policy.
    ExtraInline,
    /// A permissions boundary limits the role.
    BoundaryAdded,
    /// The boundary the role had is gone, or another one.
    BoundaryChanged,
    /// A caller does not exist any more.
    CallerGone,
    /// The child's policy is gone.
    GrantMissing,
    /// The child's policy says something else.
    GrantChanged,
    /// An older version of the child's policy was put in force.
    GrantRolledBack,
    /// The child's policy was deleted and made again.
    GrantRecreated,
    /// The child's policy is not attached to one that should have it.
    GrantDetached,
    /// An endpoint is gone.
    EndpointGone,
    /// An endpoint was deleted and made again.
    EndpointRecreated,
    /// An endpoint does not answer.
    EndpointDown,
    /// A resource does not say any more which share it belongs to.
    TagsLost,
}

/// What mends a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    /// The repair plan.
    Plan,
    /// The repair plan, when the person says so for this one.
    Asked,
    /// Nothing in AWS has to change: taking note of it is enough ([`Recorded::noting`]).
    Noted,
    /// Something outside of the console.
    Person,
}

/// A document as it should be and as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// What it is: `SageMakerExternal · trust policy`.
    pub title: String,
    /// As it should be; empty where there should be none.
    pub expected: String,
    /// As it is; empty where there is none.
    pub found: String,
}

/// Something that is not as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// On which side.
    pub side: Side,
    /// [`Severity::Error`]: someone who should be able to call can't, or someone else can. [`Severity::Warning`]: the
    /// share works, but not as asked for. [`Severity::Note`]: good to know.
    pub severity: Severity,
    /// What it is about: a name, an ARN or an id.
    pub subject: String,
    /// What was found, in a sentence.
    pub sentence: String,
    /// What to do about it, in a sentence.
    pub hint: String,
    /// What mends it.
    pub mend: Mend,
    /// The document it is about, where there is one.
    pub documents: Option<Documents>,
}

impl Finding {
    /// Stable for as long as the finding is: `parent:extra_policy:arn:aws:iam::aws:policy/AdministratorAccess`.
    pub fn key(&self) -> String {
        let side = if self.side == Side::Parent { "parent" } else { "child" };
        let kind = serde_json::to_value(self.kind).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default();
        format!("{side}:{kind}:{}", self.subject)
    }
    /// The change as a diff: from how it should be to how it is.
    pub fn diff(&self) -> Option<DocumentDiff> {
        let Documents { title, expected, found } = self.documents.as_ref()?;
        let note = match (expected.is_empty(), found.is_empty()) {
            (true, _) => "not of this share",
            (_, true) => "gone",
            _ => "changed in AWS",
        };
        Some(DocumentDiff { title: title.clone(), note: note.into(), lines: diff_lines(expected, found) })
    }
}

/// A side nobody could look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// Which side.
    pub side: Side,
    /// Why, in a sentence.
    pub reason: String,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Of which share.
    pub share: ShareId,
    /// What was found, the parent's side first.
    pub findings: Vec<Finding>,
    /// What could not be looked at: nothing is said about it.
    pub unknown: Vec<Unknown>,
}

impl Drift {
    /// Whether everything was looked at and is as it was left.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unknown.is_empty()
    }
    /// The worst finding's severity.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Passed)
    }
    /// Whether a repair plan mends anything, asked for or not.
    pub fn can_repair(&self) -> bool {
        self.findings.iter().any(|f| matches!(f.mend, Mend::Plan | Mend::Asked))
    }
    /// In a few words: `as it was left`, `2 changes, the child's side unknown`.
    pub fn brief(&self) -> String {
        let found = match self.findings.len() {
            0 => "as it was left".to_owned(),
            1 => "one change".to_owned(),
            more => format!("{more} changes"),
        };
        match self.unknown.as_slice() {
            [] => found,
            [Unknown { side: Side::Child, .. }] => format!("{found}, the child's side unknown"),
            [Unknown { side: Side::Parent, .. }] if self.findings.is_empty() => "the parent's side unknown".into(),
            [Unknown { side: Side::Parent, .. }] => format!("{found}, the parent's side unknown"),
            _ if self.findings.is_empty() => "both sides unknown".into(),
            _ => format!("{found}, both sides unknown"),
        }
    }
}

/// What is not as `intent` says and `recorded` remembers. Without a record (a share applied before there were any) what
/// only a record can tell is left out, and policies of others on the role are findings.
pub fn drift(intent: &ShareIntent, inventory: &ShareInventory, recorded: &Recorded) -> Drift {
    let look = Look { intent, inventory, recorded };
    let (mut findings, mut unknown) = (Vec::new(), Vec::new());
    match (intent.parent_connection(), inventory.unread.get(&Side::Parent)) {
        (_, Some(reason)) => unknown.push(Unknown { side: Side::Parent, reason: reason.clone() }),
        (None, None) => {
            let reason = format!("Account {} is not connected: its side can't be looked at.", intent.parent);
            unknown.push(Unknown { side: Side::Parent, reason });
        }
        (Some(_), None) => {
            findings.extend(look.role());
            findings.extend(look.policy());
            findings.extend(look.endpoints());
        }
    }
    match (&inventory.child, inventory.unread.get(&Side::Child)) {
        (_, Some(reason)) => unknown.push(Unknown { side: Side::Child, reason: reason.clone() }),
        (None, None) => {
            let reason = format!("Account {} is not connected: its side can't be looked at.", intent.child);
            unknown.push(Unknown { side: Side::Child, reason });
        }
        (Some(child), None) => findings.extend(look.child(child)),
    }
    Drift { share: intent.id.clone(), findings, unknown }
}

struct Look<'a> {
    intent: &'a ShareIntent,
    inventory: &'a ShareInventory,
    recorded: &'a Recorded,
}

impl Look<'_> {
    /// Whether a named caller is known to be gone: IAM refuses a trust policy that names one.
    fn callers_gone(&self) -> bool {
        let child = self.inventory.child.as_ref();
        child.is_some_and(|child| child.missing_callers.iter().any(|gone| self.names(gone)))
    }

    fn names(&self, caller: &crate::arn::CallerArn) -> bool {
        matches!(&self.intent.callers, crate::share::intent::CallerScope::Named(callers) if callers.contains(caller))
    }

    fn endpoints(&self) -> Vec<Finding> {
        let crate::share::intent::EndpointScope::Named(arns) = &self.intent.endpoints else { return Vec::new() };
        arns.iter().filter_map(|arn| self.endpoint(arn, arns.len())).collect()
    }

    fn endpoint(&self, arn: &EndpointArn, of: usize) -> Option<Finding> {
        use crate::endpoint::EndpointStatus::{Creating, Unknown};
        let name = arn.lower_name();
        let region = &self.intent.region;
        let Some(found) = self.inventory.endpoints.iter().find(|e| e.arn == *arn) else {
            let sentence = format!("Endpoint `{name}` is gone from {region}; calls to it fail.");
            let (mend, hint) = if of > 1 {
                (Mend::Asked, "Make it again under the same name, or take it off the share.")
            } else {
                (Mend::Person, "Make it again under the same name, or edit the share to open another one.")
            };
            return Some(finding(
                FindingKind::EndpointGone,
                Side::Parent,
                Severity::Error,
                arn.as_str(),
                sentence,
                mend,
                hint,
            ));
        };
        if !found.status.answers() {
            let why = found.failure_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let sentence =
                format!("Endpoint `{}` has status {}{why}; calls to it fail.", found.name, found.status.as_str());
            let severity = if matches!(found.status, Creating | Unknown) { Severity::Warning } else { Severity::Error };
            let hint = "Bring the endpoint back in service in SageMaker; the share itself needs no change.";
            let kind = FindingKind::EndpointDown;
            return Some(finding(kind, Side::Parent, severity, arn.as_str(), sentence, Mend::Person, hint));
        }
        let (before, now) = (self.recorded.endpoints.get(arn)?, found.created?);
        (*before != now).then(|| {
            let sentence = format!(
                "Endpoint `{}` was deleted and made again on {}: another model may answer under its name.",
                found.name,
                now.rfc3339()
            );
            let hint = "Take note of it when that is what was meant; else edit the share.";
            let kind = FindingKind::EndpointRecreated;
            finding(kind, Side::Parent, Severity::Note, arn.as_str(), sentence, Mend::Noted, hint)
        })
    }
}

fn finding(
    kind: FindingKind,
    side: Side,
    severity: Severity,
    subject: &str,
    sentence: impl Into<String>,
    mend: Mend,
    hint: &str,
) -> Finding {
    Finding {
        kind,
        side,
        severity,
        subject: subject.into(),
        sentence: sentence.into(),
        hint: hint.into(),
        mend,
        documents: None,
    }
}
