//! EventBridge: events, and the rules that send them on.

pub mod model;

use crate::app::App;
use crate::call::Operation;
use domain::names::{AccountId, Region};
use serde_json::Value;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[];

/// An event of a service.
#[derive(Debug, Clone)]
pub struct Event {
    /// `aws.s3`, `aws.codecommit` …
    pub source: &'static str,
    /// `Object Created` …
    pub detail_type: &'static str,
    /// The account it happened in.
    pub account: AccountId,
    /// The region it happened in.
    pub region: Region,
    /// The ARNs of what it happened to.
    pub resources: Vec<String>,
    /// What happened.
    pub detail: Value,
}

/// Tells an account's rules of an event. What they start runs in the background.
pub fn publish(_app: &App, _event: Event) {}
