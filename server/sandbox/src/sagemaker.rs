//! SageMaker's control plane.

pub mod model;

use crate::call::Operation;

/// What SageMaker can do here.
pub const OPERATIONS: &[Operation] = &[];
