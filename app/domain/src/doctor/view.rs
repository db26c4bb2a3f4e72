//! A diagnosis as the console shows it.

use super::{Diagnosis, Live, QuestionForm};
use crate::names::{AccountId, ShareId};
use crate::share::view::StepView;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A diagnosis with what can be done about it from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosisView {
    /// What was found.
    pub diagnosis: Diagnosis,
    /// The question as the form that asks it.
    pub form: QuestionForm,
    /// The calls that were made for it.
    pub live: Live,
    /// The standing share whose role it is about.
    pub share: Option<ShareId>,
    /// What of the call that share leaves out: repairing it is better done by editing the share.
    pub beyond: Option<String>,
    /// Whether the console can make the calls itself; if not, why, in lower case.
    pub can_call: Result<(), String>,
    /// The plan that makes the repairs; empty when there is nothing the console can do.
    pub steps: Vec<StepView>,
    /// The plan's digest: what is repaired is what was shown.
    pub fingerprint: String,
    /// Accounts whose repairs can't be made from here, as they are not connected.
    pub not_connected: Vec<AccountId>,
    /// The server's time.
    pub now: Timestamp,
}
