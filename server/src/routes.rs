//! Handlers that are not pages or server functions.

pub mod answers;
pub mod batch;
pub mod code;
pub mod events;
pub mod hand_off;
pub mod pages;
pub mod pipeline_data;
pub mod saved;
pub mod sign_in;
