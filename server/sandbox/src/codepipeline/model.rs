//! What is kept of it, by account and region.

use serde::{Deserialize, Serialize};

/// What an account has in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pipelines {}
