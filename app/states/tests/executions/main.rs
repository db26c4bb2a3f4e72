//! Executions, driven by a host that answers as the test says.
#![allow(clippy::unwrap_used)]

mod failures;
mod histories;
mod host;
mod hostile;
mod resume;
mod states;
mod training;
