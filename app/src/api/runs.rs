//! Server functions: the execution of plans. Live progress comes over `/events/runs/{id}`; these answer once.

use crate::error::AppError;
use domain::names::{DraftId, RunId, ShareId};
use domain::run::RunView;
use domain::share::view::{ApplyView, UndoView};
use domain::time::Timestamp;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Something that changes over time, with the server's time of asking: durations on the first render are the same on
/// both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsOf<T> {
    /// The thing.
    pub view: T,
    /// When it was like that.
    pub now: Timestamp,
}

#[cfg(feature = "ssr")]
impl<T> AsOf<T> {
    /// `view` as it is now, by the server's clock.
    pub(crate) fn now(view: T) -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { view, now: Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)) }
    }
}

/// A run, as it is now.
#[server(prefix = "/api", endpoint = "get_run")]
pub async fn get_run(run: RunId) -> Result<AsOf<RunView>, AppError> {
    let (services, operator) = session()?;
    answer(services.run(&operator, &run).await).map(AsOf::now)
}

/// Goes on with a run that failed, from the step that failed.
#[server(prefix = "/api", endpoint = "retry_run")]
pub async fn retry_run(run: RunId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.retry_run(&operator, &run).await).map(|_| ())
}

/// What Undo would do.
#[server(prefix = "/api", endpoint = "get_undo")]
pub async fn get_undo(share: ShareId) -> Result<UndoView, AppError> {
    let (services, operator) = session()?;
    answer(services.undo_plan(&operator, &share).await)
}

/// Takes back exactly what the share's runs made. With a draft, the wizard shows the progress; without, the share's page.
#[server(prefix = "/api", endpoint = "undo_share")]
pub async fn undo_share(share: ShareId, #[server(default)] draft: Option<DraftId>) -> Result<ApplyView, AppError> {
    let (services, operator) = session()?;
    let undone = answer(services.undo(&operator, &share).await)?;
    leptos_axum::redirect(&match draft {
        Some(draft) => format!("/shares/new/{draft}/apply"),
        None => format!("/shares/{share}"),
    });
    Ok(undone)
}
