//! CloudWatch: metrics and alarms.

pub mod model;

use crate::call::Operation;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[];
