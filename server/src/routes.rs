//! Handlers that are not pages or server functions.

pub mod batch;
pub mod events;
pub mod hand_off;
pub mod pages;
pub mod sign_in;
