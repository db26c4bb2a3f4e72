//! A share's life over the real gateways and the sandbox: nothing in between is faked.

#![allow(clippy::unwrap_used, clippy::result_large_err, missing_docs)]

mod apply;
mod boto3_functions;
mod conflicts;
#[path = "../support/control.rs"]
mod control;
mod crash;
mod doctor;
mod failures;
mod functions;
mod invoke;
mod necessity;
mod verify;
mod world;
