//! CodeCommit: repositories, branches, commits and files.

pub mod model;

use crate::call::Operation;

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[];
