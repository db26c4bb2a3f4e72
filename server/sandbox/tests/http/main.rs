//! The sandbox over real HTTP, as clients meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod asynchronous;
mod client;
mod components;
mod control;
mod evaluation;
mod frames;
mod handshake;
mod iam;
mod kinds;
mod lambda;
mod models;
mod organizations;
mod persistence;
mod runtime;
mod s3;
mod sagemaker;
mod signature;
mod stream;
mod sts;
mod support;
