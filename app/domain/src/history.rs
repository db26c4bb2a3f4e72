//! The history of calls: what is remembered of each, what is not, and how it is searched.
//!
//! A call's facts (who, when, where to, how much, how it ended) are remembered for a number of days. What was said to the
//! model and what it said are not, unless the console's settings say so: then for fewer days, up to a size. Credentials
//! are never part of either.

mod call;
mod filter;
mod settings;

pub use call::{Call, CallBodies, CallClass, CallDetail, CallView, EarlierRequest, KeptBody};
pub use filter::{CallPlace, HistoryFilter, HistoryForm, ResultFilter};
pub use settings::{HistorySettings, SettingsForm, limits};

use crate::endpoint::Page;
use crate::invoke::Through;
use crate::time::Timestamp;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// A page of the history with what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryView {
    /// What was asked for, as typed.
    pub form: HistoryForm,
    /// What is wrong with it; then nothing was looked for.
    pub problems: Vec<FieldProblem>,
    /// The calls, newest first.
    pub page: Page<CallView>,
    /// What was called so far.
    pub known: KnownTargets,
    /// What is kept.
    pub settings: HistorySettings,
    /// How many calls are missing since the console was started, because they came faster than they could be written.
    pub lost: u64,
    /// The server's time.
    pub now: Timestamp,
}

/// What was called so far, to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTargets {
    /// Endpoints by name.
    pub endpoints: Vec<String>,
    /// Through what, with its label at the time of its newest call.
    pub throughs: Vec<(Through, String)>,
}
