//! Server functions: the execution of plans. Live progress comes over `/events/runs/{id}`; these answer once.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::{RunId, ShareId};
use domain::run::RunView;
#[cfg(feature = "ssr")]
use domain::share::view::UndoConsent;
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

/// A run, as it is now.
#[server(prefix = "/api", endpoint = "get_run", output = Json)]
pub async fn get_run(run: RunId) -> Result<AsOf<RunView>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.run(&operator, &run).await)?;
    Ok(AsOf { view, now: services.now() })
}

/// Goes on with a run that failed, from the step that failed.
#[server(prefix = "/api", endpoint = "retry_run", output = Json)]
pub async fn retry_run(run: RunId) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.retry_run(&operator, &run).await).map(|_| ())
}

/// What Undo would do; `consent` are the keys of what others did and what may be cleared.
#[server(prefix = "/api", endpoint = "get_undo", output = Json)]
pub async fn get_undo(share: ShareId, #[server(default)] consent: Vec<String>) -> Result<UndoView, AppError> {
    let (services, operator) = session()?;
    let consent = UndoConsent { keys: consent.into_iter().collect(), shown: None };
    answer(services.undo_plan(&operator, &share, &consent).await)
}

/// Takes back what the share's runs made, and clears what was consented to, as it was shown; the share's page shows the
/// progress.
#[server(prefix = "/api", endpoint = "undo_share", output = Json)]
pub async fn undo_share(
    share: ShareId,
    #[server(default)] consent: Vec<String>,
    fingerprint: String,
) -> Result<ApplyView, AppError> {
    let (services, operator) = session()?;
    let consent = UndoConsent { keys: consent.into_iter().collect(), shown: Some(fingerprint) };
    let undone = answer(services.undo(&operator, &share, &consent).await)?;
    leptos_axum::redirect(&format!("/shares/{share}"));
    Ok(undone)
}
