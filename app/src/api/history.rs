//! Server functions: the history of calls.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::history::{CallDetail, HistoryForm, HistoryView, SettingsForm};
use domain::wizard::FieldProblem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::shelf::Shelf;
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

/// The settings as they are, or as they were typed and not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// What the fields have.
    pub form: SettingsForm,
    /// What is wrong with it.
    pub problems: Vec<FieldProblem>,
}

#[cfg(feature = "ssr")]
static TYPED: Shelf<SettingsView> = Shelf::new(24, 64 * 1024);

/// What the history keeps; `kept` names what was typed and not taken.
#[server(prefix = "/api", endpoint = "get_history_settings", output = Json)]
pub async fn get_history_settings(#[server(default)] kept: String) -> Result<SettingsView, AppError> {
    let (services, operator) = session()?;
    if let Some(typed) = TYPED.take_back(operator.key(), &kept) {
        return Ok(typed);
    }
    let settings = answer(services.history_settings(&operator).await)?;
    Ok(SettingsView { form: settings.into(), problems: Vec::new() })
}

/// Says what the history keeps from now on. What is wrong shows at its field.
#[server(prefix = "/api", endpoint = "set_history", output = Json)]
pub async fn set_history(#[server(default)] form: SettingsForm) -> Result<bool, AppError> {
    let (services, operator) = session()?;
    match form.read() {
        Ok(settings) => {
            answer(services.set_history(&operator, settings).await)?;
            leptos_axum::redirect("/history/settings?changed=1");
            Ok(true)
        }
        Err(problems) => {
            let bytes = form.body_kb.len() + form.body_days.len() + form.call_days.len();
            let kept = TYPED.keep(operator.key(), SettingsView { form, problems }, bytes);
            leptos_axum::redirect(&format!("/history/settings?kept={kept}"));
            Ok(false)
        }
    }
}
