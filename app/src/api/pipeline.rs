//! Server functions of pipelines: [`wizard`] makes one, [`run`](mod@run) follows its making and its end, [`operate`] is
//! what is done with it while it stands.
//!
//! A table is sent as a plain form or by the page's script; `server/src/routes/pipeline_data.rs` takes it. Live progress
//! comes over `/events/pipeline-runs/{id}` and `/events/pipeline-data/{draft}`.

pub mod operate;
pub mod run;
pub mod wizard;

#[cfg(feature = "ssr")]
pub use server::pipelines;

#[cfg(feature = "ssr")]
mod server {
    use crate::error::{AppError, ErrorKind};
    use leptos::prelude::*;
    use services::{Operator, Pipelines, Services};

    /// The use cases of pipelines, those of everything else, and who is asking. Without a session:
    /// [`AppError::signed_out`].
    pub fn pipelines() -> Result<(Pipelines, Services, Operator), AppError> {
        let (services, operator) = crate::api::session()?;
        let pipelines = use_context::<Pipelines>().ok_or_else(|| {
            AppError::new(ErrorKind::Internal, "the console is not ready").hint("Try again in a moment.")
        })?;
        Ok((pipelines, services, operator))
    }
}
