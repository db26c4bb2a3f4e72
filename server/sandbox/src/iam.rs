//! Identity and Access Management.

pub mod documents;
pub mod managed;
pub mod model;

use crate::call::Operation;

/// What IAM can do here.
pub const OPERATIONS: &[Operation] = &[];
