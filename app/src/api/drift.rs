//! Server functions: what was changed behind a share's back.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::ShareId;
use domain::share::view::{ApplyView, DriftView};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Compares a share with both accounts. Changes nothing.
#[server(prefix = "/api", endpoint = "get_drift", output = Json)]
pub async fn get_drift(share: ShareId) -> Result<DriftView, AppError> {
    let (services, operator) = session()?;
    answer(services.drift(&operator, &share).await)
}

/// Mends a share; `keys` are the findings that are only mended when someone says so.
#[server(prefix = "/api", endpoint = "repair_share", output = Json)]
pub async fn repair_share(share: ShareId, #[server(default)] keys: Vec<String>) -> Result<ApplyView, AppError> {
    let (services, operator) = session()?;
    let mended = answer(services.repair_share(&operator, &share, keys).await)?;
    // Without a run the findings were taken note of: they are gone from the list.
    let to = if mended.run.is_some() { format!("/shares/{share}") } else { format!("/shares/{share}/drift") };
    leptos_axum::redirect(&to);
    Ok(mended)
}
