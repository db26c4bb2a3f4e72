//! Server functions: the history of calls.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::history::{CallDetail, HistoryForm, HistorySettings, HistoryView};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// A page of the history, newest first.
#[server(prefix = "/api", endpoint = "list_calls", output = Json)]
pub async fn list_calls(#[server(default)] form: HistoryForm) -> Result<HistoryView, AppError> {
    let (services, operator) = session()?;
    answer(services.history(&operator, form).await)
}

/// One call.
#[server(prefix = "/api", endpoint = "get_call", output = Json)]
pub async fn get_call(id: i64) -> Result<CallDetail, AppError> {
    let (services, operator) = session()?;
    answer(services.recorded_call(&operator, id).await)
}

/// Deletes one call, and leads to the others.
#[server(prefix = "/api", endpoint = "delete_call", output = Json)]
pub async fn delete_call(id: i64) -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.delete_call(&operator, id).await)?;
    leptos_axum::redirect("/history");
    Ok(())
}

/// Deletes the calls, or only their bodies, that are older than so many days; of 0 days all of them.
#[server(prefix = "/api", endpoint = "delete_calls", output = Json)]
pub async fn delete_calls(older_days: u32, #[server(default)] only_bodies: bool) -> Result<u64, AppError> {
    let (services, operator) = session()?;
    let gone = answer(services.delete_calls(&operator, older_days, only_bodies).await)?;
    leptos_axum::redirect(&format!("/history/settings?gone={gone}"));
    Ok(gone)
}

/// What the history keeps.
#[server(prefix = "/api", endpoint = "get_history_settings", output = Json)]
pub async fn get_history_settings() -> Result<HistorySettings, AppError> {
    let (services, operator) = session()?;
    answer(services.history_settings(&operator).await)
}

/// Says what the history keeps from now on.
#[server(prefix = "/api", endpoint = "set_history", output = Json)]
pub async fn set_history(
    #[server(default)] keep_bodies: bool,
    body_kb: u32,
    body_days: u32,
    call_days: u32,
) -> Result<(), AppError> {
    let (services, operator) = session()?;
    let settings = HistorySettings { keep_bodies, body_kb, body_days, call_days };
    answer(services.set_history(&operator, settings).await)?;
    leptos_axum::redirect("/history/settings?kept=1");
    Ok(())
}
