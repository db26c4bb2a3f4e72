//! Key Management Service: keys with their policies, and what is done with them.

pub mod model;

use crate::call::Operation;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[];
