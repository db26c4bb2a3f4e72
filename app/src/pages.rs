//! One page a file.

pub mod accept;
pub mod accounts;
pub mod activity;
pub mod batch;
pub mod doctor;
pub mod history;
pub mod import;
pub mod load;
pub mod map;
pub mod not_found;
pub mod overview;
mod parts;
pub mod pipeline;
pub mod pipeline_wizard;
pub mod pipelines;
pub mod playground;
pub mod saved;
pub mod share;
pub mod shares;
pub mod sign_in;
mod step;
pub mod wizard;
