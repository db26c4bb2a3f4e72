//! A share's life over the real gateways and the sandbox: nothing in between is faked.

#![allow(clippy::unwrap_used, clippy::result_large_err, missing_docs)]

mod apply;
mod asynchronous;
mod batch;
mod boto3_code;
mod boto3_drift;
mod boto3_functions;
#[allow(dead_code, reason = "it is the sandbox's tests' client, and these make fewer calls")]
#[path = "../../sandbox/tests/http/client.rs"]
mod client;
mod code;
mod compare;
mod conflicts;
#[path = "../support/control.rs"]
mod control;
mod crash;
mod direct;
mod doctor;
mod drift;
mod failures;
mod functions;
mod handoff;
mod handshakes;
mod history;
mod import;
mod invoke;
mod load;
mod necessity;
mod node_code;
mod rotation;
mod streams;
mod teardown;
mod verify;
mod world;
