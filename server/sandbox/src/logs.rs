//! CloudWatch Logs: groups, streams and what was written to them.

pub mod model;

use crate::call::Operation;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[];
