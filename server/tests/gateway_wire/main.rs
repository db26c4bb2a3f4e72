//! The gateways against a server that answers what AWS answers, byte for byte: every protocol's successes and errors.
//! The SDK is pointed at it by a profile's `endpoint_url`, as it is at the sandbox.
#![allow(clippy::unwrap_used, missing_docs)]

mod buckets;
mod canned;
mod credentials;
mod documents;
mod errors;
mod lambda;
mod organizations;
mod pipelines;
mod reads;
mod runtime;
mod shapes;
mod sources;
mod stacks;
mod training;
mod versions;
