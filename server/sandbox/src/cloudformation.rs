//! CloudFormation: stacks, made from templates by calls of the sandbox's own operations.
//!
//! The language of templates is the crate `template`. Here are the operations ([`stacks`], [`changes`], [`templates`],
//! [`show`]), the work that goes on after them ([`engine`]), and what each type of resource is made by ([`types`]):
//! operations of other services, called with the permissions of the stack's role or of who called.
//!
//! Source: CloudFormation API reference; CloudFormation user guide, "Stack status codes", "Understand stack creation
//! events".

mod actor;
mod changes;
mod engine;
mod host;
mod input;
pub mod model;
mod prepared;
mod show;
mod stacks;
mod templates;
mod types;

use crate::app::App;
use crate::call::{Operation, op};
use std::sync::Arc;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    // stacks
    op("CreateStack", input::asked, stacks::create),
    op("UpdateStack", input::asked, stacks::update),
    op("DeleteStack", input::asked, stacks::delete),
    op("CancelUpdateStack", input::asked, stacks::cancel_update),
    op("ContinueUpdateRollback", input::asked, stacks::continue_rollback),
    op("UpdateTerminationProtection", input::asked, stacks::protect),
    // what there is
    op("DescribeStacks", input::asked_or_all, show::describe_stacks),
    op("ListStacks", input::everything, show::list_stacks),
    op("DescribeStackEvents", input::asked, show::events),
    op("DescribeStackResource", input::asked, show::resource),
    op("DescribeStackResources", input::of_resources, show::resources),
    op("ListStackResources", input::asked, show::list_resources),
    op("ListExports", input::everything, show::exports),
    op("ListImports", input::everything, show::imports),
    // templates
    op("GetTemplate", input::of_change_set, templates::get),
    op("GetTemplateSummary", input::asked_or_everything, templates::summary),
    op("ValidateTemplate", input::everything, templates::validate),
    // change sets
    op("CreateChangeSet", input::of_change_set, changes::create),
    op("DescribeChangeSet", input::of_change_set, changes::describe),
    op("ListChangeSets", input::asked, changes::list),
    op("ExecuteChangeSet", input::of_change_set, changes::execute),
    op("DeleteChangeSet", input::of_change_set, changes::delete),
];

/// Takes up what was under way when the sandbox stopped.
pub fn resume(app: &Arc<App>) {
    engine::resume(app);
}
