//! Templates as a host meets them, through the crate's public face.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod changes;
mod fake;
mod functions;
mod hostile;
mod order;
mod parameters;
mod reading;
mod refusals;
mod round_trip;
mod stacks;
mod summary;
