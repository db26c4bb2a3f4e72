//! A pipeline's life over the real gateways and the sandbox: nothing in between is faked.
//!
//! What deploys a model has `boto3_` in its name: the function that does it runs in a Python that has boto3.

#![allow(clippy::unwrap_used, clippy::result_large_err, missing_docs)]

mod boto3_reading;
mod boto3_story;
mod boto3_trial;
#[allow(dead_code, reason = "it is the sandbox's tests' client, and these make fewer calls")]
#[path = "../../sandbox/tests/http/client.rs"]
mod client;
mod conflicts;
#[path = "../support/control.rs"]
mod control;
mod failures;
mod inventory;
mod sources;
mod world;
