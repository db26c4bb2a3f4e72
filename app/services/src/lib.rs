//! Use cases, and the ports they need. No AWS SDK, no axum, no leptos: adapters come in as `Arc<dyn …>`.
//!
//! Everything that changes something takes an [`operator::Operator`], which only a session can give.

pub mod error;
pub mod operator;
pub mod ports;
