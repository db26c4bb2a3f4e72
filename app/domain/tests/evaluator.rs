//! The evaluator against authored cases, against a second evaluator that shares no code with it, and against
//! properties that hold whatever the policies say.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "evaluator/authored.rs"]
mod authored;
#[path = "evaluator/cases.rs"]
mod cases;
#[path = "evaluator/fixes.rs"]
mod fixes;
#[path = "evaluator/generate.rs"]
mod generate;
#[path = "evaluator/naive.rs"]
mod naive;
#[path = "evaluator/naive_conditions.rs"]
mod naive_conditions;
#[path = "evaluator/properties.rs"]
mod properties;
