//! EventBridge: events, and the rules that send them on.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it.

mod comparison;
pub mod deliver;
mod input;
pub mod model;
mod pattern;
mod put;
mod rules;
mod tags;
mod targets;
mod transform;

use crate::app::App;
use crate::call::{Call, Needs, Operation, Target, op};
use crate::clock;
use crate::error::Failure;
use domain::names::{AccountId, Region};
use input::{on_name, on_rule};
use put::Envelope;
use serde_json::Value;

fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    op("PutRule", rules::put_target, rules::put),
    op("DescribeRule", on_name, rules::describe),
    op("ListRules", everything, rules::list),
    op("DeleteRule", on_name, rules::delete),
    op("EnableRule", on_name, rules::enable),
    op("DisableRule", on_name, rules::disable),
    op("PutTargets", targets::put_target, targets::put),
    op("RemoveTargets", on_rule, targets::remove),
    op("ListTargetsByRule", on_rule, targets::list),
    op("ListRuleNamesByTarget", everything, rules::list_by_target),
    op("PutEvents", put::target, put::put),
    op("TestEventPattern", everything, rules::test_pattern),
    op("TagResource", tags::on, tags::tag),
    op("UntagResource", tags::on, tags::untag),
    op("ListTagsForResource", tags::on, tags::list),
    op("DescribeEventBus", put::bus_target, put::describe_bus),
    op("ListEventBuses", everything, put::list_buses),
];

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
pub fn publish(app: &App, event: Event) {
    let envelope = Envelope {
        source: event.source,
        detail_type: event.detail_type,
        account: &event.account,
        region: &event.region,
        resources: event.resources.into(),
        detail: event.detail,
        time: clock::now(),
    };
    deliver::send(app, &event.account, &event.region, envelope.event());
}
