//! The pure heart of Sagebridge: what an account, an ARN, a policy, a share, a plan and a run *are*, and the
//! rules that relate them.
//!
//! No async, clock, randomness or network: callers pass those in as values. The server, the sandbox and the browser
//! build the same code.

pub mod activity;
pub mod arn;
pub mod batch;
pub mod body;
mod checksum;
pub mod connection;
pub mod doctor;
pub mod endpoint;
pub mod evaluate;
pub mod function;
pub mod handoff;
pub mod history;
pub mod invoke;
pub mod load;
pub mod names;
pub mod pipeline;
pub mod policy;
mod quote;
pub mod run;
pub mod s3;
pub mod saved;
pub mod share;
pub mod time;
pub mod verification;
pub mod wizard;
