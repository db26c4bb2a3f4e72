//! Step Functions: state machines and their executions.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it. The language itself is
//! the crate `states`; here is what an execution needs of the world: a clock, a place on disk ([`live`], [`files`]) and
//! somebody who does its tasks ([`tasks`]).

mod callbacks;
mod definition;
mod executions;
mod files;
mod input;
pub mod live;
mod machines;
pub mod model;
mod tags;
mod tasks;
mod versions;

use crate::app::App;
use crate::call::{Call, Needs, Operation, Target, op};
use crate::error::Failure;
use std::sync::Arc;

/// Who machines' roles have to trust.
pub const PRINCIPAL: &str = "states.amazonaws.com";

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    op("CreateStateMachine", machines::new_target, machines::create),
    op("UpdateStateMachine", |c| machines::target(c, "UpdateStateMachine"), machines::update),
    op("DescribeStateMachine", |c| machines::target(c, "DescribeStateMachine"), machines::describe),
    op("ListStateMachines", everything, machines::list),
    op("DeleteStateMachine", |c| machines::target(c, "DeleteStateMachine"), machines::delete),
    op("ValidateStateMachineDefinition", everything, machines::validate),
    op("PublishStateMachineVersion", |c| machines::target(c, "PublishStateMachineVersion"), versions::publish),
    op("ListStateMachineVersions", |c| machines::target(c, "ListStateMachineVersions"), versions::list),
    op("DeleteStateMachineVersion", versions::target, versions::delete),
    op("StartExecution", |c| machines::target(c, "StartExecution"), executions::start),
    op("StopExecution", |c| executions::target(c, "StopExecution"), executions::stop),
    op("DescribeExecution", |c| executions::target(c, "DescribeExecution"), executions::describe),
    op(
        "DescribeStateMachineForExecution",
        |c| executions::target(c, "DescribeStateMachineForExecution"),
        executions::describe_machine,
    ),
    op("ListExecutions", |c| machines::target(c, "ListExecutions"), executions::list),
    op("GetExecutionHistory", |c| executions::target(c, "GetExecutionHistory"), executions::history),
    op("RedriveExecution", |c| executions::target(c, "RedriveExecution"), executions::redrive),
    op("SendTaskSuccess", everything, callbacks::success),
    op("SendTaskFailure", everything, callbacks::failure),
    op("SendTaskHeartbeat", everything, callbacks::heartbeat),
    op("TagResource", |c| tags::target(c, "TagResource"), tags::add),
    op("UntagResource", |c| tags::target(c, "UntagResource"), tags::remove),
    op("ListTagsForResource", |c| tags::target(c, "ListTagsForResource"), tags::list),
    op("StartSyncExecution", |c| machines::target(c, "StartSyncExecution"), executions::start_sync),
    op("CreateActivity", everything, callbacks::no_activities),
    op("ListActivities", everything, callbacks::no_activities),
    op("GetActivityTask", everything, callbacks::no_activities),
];

/// What has no resource to be restricted to.
fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// Takes up what was under way when the sandbox stopped.
pub fn resume(app: &Arc<App>) {
    live::resume(app);
    machines::finish_deletions(app);
}
