//! The sandbox over real HTTP, as clients meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod client;
mod control;
mod evaluation;
mod handshake;
mod iam;
mod lambda;
mod organizations;
mod persistence;
mod runtime;
mod sagemaker;
mod signature;
mod stream;
mod sts;
mod support;
