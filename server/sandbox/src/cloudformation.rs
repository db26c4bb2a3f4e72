//! CloudFormation: stacks, made from templates by calls of the sandbox's own operations.

pub mod model;

use crate::app::App;
use crate::call::Operation;
use std::sync::Arc;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[];

/// Takes up what was under way when the sandbox stopped.
pub fn resume(_: &Arc<App>) {}
