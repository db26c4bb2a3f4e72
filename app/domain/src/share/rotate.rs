//! Changing the external ID while both sides keep working.
//!
//! Three phases: *widen*, the trust policy accepts the new external ID beside the old one; then the callers switch, one
//! by one, at their own pace; *narrow*, only the new one is accepted. The change is part of the intent, so that plans,
//! diffs, checks, drift and undo know of it; widening and narrowing are plans like any other.

use crate::names::ExternalId;
use crate::policy::{Operator, PolicyDocument};
use crate::share::intent::ShareIntent;
use crate::share::paper;
use crate::share::view::{ReviewView, Span};
use crate::time::Timestamp;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// A change of the external ID that is under way. The new one is the intent's `external_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The external ID before, still accepted.
    pub previous: ExternalId,
    /// When the change began.
    pub since: Timestamp,
}

/// Why the external ID can't be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// Nothing to go on accepting: asking for one is an edit of the share.
    #[error("the share asks for no external ID, so there is none to change")]
    NoExternalId,
    /// The same again.
    #[error("`{0}` is the external ID already")]
    Same(ExternalId),
    /// One change at a time: a third external ID would leave out those who use the first.
    #[error("a change of the external ID is under way since {}", .0.rfc3339())]
    UnderWay(Timestamp),
    /// Nothing to end or call off.
    #[error("no change of the external ID is under way")]
    NoneUnderWay,
}

impl RotateError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoExternalId => "edit the share to ask for one",
            Self::Same(_) => "let the console generate another one",
            Self::UnderWay(_) => "end it or call it off first",
            Self::NoneUnderWay => "look at the share to see where it stands",
        }
    }
}

/// The first phase: `to` is accepted beside the present external ID.
pub fn widen(intent: &ShareIntent, to: &ExternalId, since: Timestamp) -> Result<ShareIntent, RotateError> {
    let present = intent.external_id.as_ref().ok_or(RotateError::NoExternalId)?;
    if let Some(rotation) = intent.open_rotation() {
        return Err(RotateError::UnderWay(rotation.since));
    }
    if present == to {
        return Err(RotateError::Same(to.clone()));
    }
    let rotation = Some(Rotation { previous: present.clone(), since });
    Ok(ShareIntent { external_id: Some(to.clone()), rotation, ..intent.clone() })
}

/// The last phase: only the new external ID is accepted.
pub fn narrow(intent: &ShareIntent) -> Result<ShareIntent, RotateError> {
    intent.open_rotation().ok_or(RotateError::NoneUnderWay)?;
    Ok(ShareIntent { rotation: None, ..intent.clone() })
}

/// Back to the external ID before, as if the change had not begun.
pub fn call_off(intent: &ShareIntent) -> Result<ShareIntent, RotateError> {
    let rotation = intent.open_rotation().ok_or(RotateError::NoneUnderWay)?;
    Ok(ShareIntent { external_id: Some(rotation.previous.clone()), rotation: None, ..intent.clone() })
}

/// What is to become of a share's external ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationChange {
    /// [`widen`] to this one.
    Begin(ExternalId),
    /// [`narrow`].
    End,
    /// [`call_off`].
    CallOff,
}

impl RotationChange {
    /// The values in forms and addresses.
    pub const KEYS: [&str; 3] = ["begin", "end", "call_off"];

    /// Reads a form: `change` is one of [`Self::KEYS`], `to` the new external ID where one begins. What is wrong is told
    /// at its field.
    pub fn parse(change: &str, to: &str) -> Result<Self, FieldProblem> {
        match change {
            "begin" => ExternalId::parse(to.trim()).map(Self::Begin).map_err(|error| FieldProblem {
                field: "to".into(),
                message: error.to_string(),
                hint: Some("keep the one that was generated, or type another".into()),
            }),
            "end" => Ok(Self::End),
            "call_off" => Ok(Self::CallOff),
            other => Err(FieldProblem {
                field: "change".into(),
                message: format!("`{other}` is nothing that can be done with an external ID"),
                hint: Some("choose what to do on the share's page".into()),
            }),
        }
    }

    /// One of [`Self::KEYS`].
    pub fn key(&self) -> &'static str {
        match self {
            Self::Begin(_) => Self::KEYS[0],
            Self::End => Self::KEYS[1],
            Self::CallOff => Self::KEYS[2],
        }
    }

    /// The share after it; `since` is when a change that begins began.
    pub fn of(&self, intent: &ShareIntent, since: Timestamp) -> Result<ShareIntent, RotateError> {
        match self {
            Self::Begin(to) => widen(intent, to, since),
            Self::End => narrow(intent),
            Self::CallOff => call_off(intent),
        }
    }

    /// What is true once it is applied, in one sentence. `intent` is the share before.
    pub fn sentence(&self, intent: &ShareIntent) -> Vec<Span> {
        let id = |id: Option<&ExternalId>| strong(id.map(ExternalId::as_str).unwrap_or_default());
        let current = id(intent.external_id.as_ref());
        let previous = id(intent.open_rotation().map(|rotation| &rotation.previous));
        match self {
            Self::Begin(to) => vec![
                id(Some(to)),
                plain(" will be accepted beside "),
                current,
                plain(": callers go on with the one they have, and switch when it suits them."),
            ],
            Self::End => vec![
                plain("Only "),
                current,
                plain(" will be accepted: whoever still sends "),
                previous,
                plain(" is denied."),
            ],
            Self::CallOff => vec![
                plain("Only "),
                previous,
                plain(" will be accepted again: whoever sends "),
                current,
                plain(" already is denied."),
            ],
        }
    }
}

fn strong(text: &str) -> Span {
    Span { text: text.into(), strong: true }
}

fn plain(text: &str) -> Span {
    Span { text: text.into(), strong: false }
}

/// Which external ID the console itself presents: the new one as soon as `trust`, the role's trust policy as it is in
/// AWS, accepts it; until then the one before. A trust policy that is not known, or accepts neither, is asked with the
/// new one.
pub fn presented<'a>(intent: &'a ShareIntent, trust: Option<&str>) -> Option<&'a ExternalId> {
    let current = intent.external_id.as_ref()?;
    let (Some(rotation), Some(Ok(trust))) = (intent.open_rotation(), trust.map(PolicyDocument::parse)) else {
        return Some(current);
    };
    let askers = paper::askers(intent);
    let accepts = |id| askers.iter().any(|caller| paper::may_assume(intent, &trust, caller, Some(id)));
    Some(if !accepts(current) && accepts(&rotation.previous) { &rotation.previous } else { current })
}

/// The external IDs a trust policy asks for by name, as far as that can be read off it.
pub fn asked_for(trust: &str) -> Vec<String> {
    let Ok(document) = PolicyDocument::parse(trust) else { return Vec::new() };
    let conditions = document.statements.iter().flat_map(|s| &s.conditions);
    let ids = conditions
        .filter(|c| c.key.eq_ignore_ascii_case("sts:ExternalId") && c.operator.operator == Operator::StringEquals);
    ids.flat_map(|c| c.values.iter().map(|v| v.as_str().to_owned())).collect()
}

/// A change under way, as the share's page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationView {
    /// The new external ID.
    pub current: String,
    /// The one before, still accepted.
    pub previous: String,
    /// When the change began.
    pub since: Timestamp,
    /// What is to be done, in a sentence.
    pub reminder: String,
}

/// The change under way, if there is one.
pub fn view(intent: &ShareIntent) -> Option<RotationView> {
    let (current, rotation) = (intent.external_id.as_ref()?, intent.open_rotation()?);
    Some(RotationView {
        current: current.to_string(),
        previous: rotation.previous.to_string(),
        since: rotation.since,
        reminder: reminder(rotation),
    })
}

/// Everything the page about the external ID shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationPageView {
    /// Its role's name.
    pub role_name: String,
    /// The parent account, whose trail tells which external ID each caller sent.
    pub parent: String,
    /// The external ID in force, the new one during a change.
    pub external_id: Option<String>,
    /// The change under way.
    pub under_way: Option<RotationView>,
    /// Which of the two this console sends.
    pub presented: Option<String>,
    /// A fresh one, to begin a change with.
    pub offered: String,
    /// Why nothing can be changed now, and what to do.
    pub blocked: Option<(String, String)>,
    /// What Apply would do, when something was chosen, or what is wrong with what was chosen.
    pub review: Option<Result<ReviewView, FieldProblem>>,
    /// The server's time.
    pub now: Timestamp,
}

/// What is to be done while a change is under way.
pub(crate) fn reminder(rotation: &Rotation) -> String {
    format!(
        "The old external ID is accepted beside the new one since {}. Give the new one to every caller, then end the \
         change.",
        rotation.since.rfc3339()
    )
}

impl ShareIntent {
    /// The change of the external ID that is under way; none without an external ID, or when both are the same.
    pub fn open_rotation(&self) -> Option<&Rotation> {
        let current = self.external_id.as_ref()?;
        self.rotation.as_ref().filter(|rotation| rotation.previous != *current)
    }

    /// The external IDs that the trust policy accepts: the present one first. Empty: it asks for none.
    pub fn accepted_ids(&self) -> Vec<&ExternalId> {
        self.external_id.iter().chain(self.open_rotation().map(|rotation| &rotation.previous)).collect()
    }
}
