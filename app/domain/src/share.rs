//! Shares: what a person asked for, what was observed, and the plan that leads from one to the other.
//!
//! `intent` + `inventory` → [`plan::plan`] → [`plan::Plan`]; `checks` lints it, `diff` and `sentence` show it, `render`
//! writes the documents.

pub mod checks;
pub mod diff;
pub mod drift;
pub mod function;
pub mod import;
pub mod intent;
pub mod inventory;
pub mod map;
mod paper;
pub mod plan;
pub mod render;
pub mod results;
pub mod rotate;
pub mod sentence;
pub mod view;

use serde::{Deserialize, Serialize};

/// Which account of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Owns the endpoint.
    Parent,
    /// Calls it.
    Child,
}

/// The tag that says which share made a resource; its value is the [`crate::names::ShareId`].
pub const TAG_SHARE: &str = "sagebridge:share";
