//! The sandbox over real HTTP, as clients meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod asynchronous;
mod client;
mod cloudformation;
mod cloudwatch;
mod codecommit;
mod codepipeline;
mod components;
mod control;
mod evaluation;
mod events;
mod frames;
mod handshake;
mod iam;
mod kinds;
mod kms;
mod lambda;
mod logs;
mod models;
mod organizations;
mod persistence;
mod quotas;
mod runtime;
mod s3;
mod sagemaker;
mod signature;
mod stepfunctions;
mod stream;
mod sts;
mod support;
mod training;
mod versions;
