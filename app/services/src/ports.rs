//! What the use cases need from outside.

pub mod gateway;
pub mod store;
