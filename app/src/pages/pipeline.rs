//! A pipeline: as it runs, what its models are approved by, the runs that made it, and its end.

mod approve;
mod overview;
mod run;
mod teardown;
mod words;

pub use approve::ApprovePage;
pub use overview::PipelinePage;
pub use run::PipelineRunPage;
pub use teardown::PipelineTearDownPage;
pub(in crate::pages) use words::pipeline_words;
