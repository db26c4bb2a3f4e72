//! Server functions: changing a share's external ID.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::ShareId;
use domain::share::rotate::RotationPageView;
use domain::share::view::ApplyView;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Where the external ID stands, and with `change` what applying that would do.
#[server(prefix = "/api", endpoint = "get_rotation", output = Json)]
pub async fn get_rotation(
    share: ShareId,
    #[server(default)] change: String,
    #[server(default)] to: String,
) -> Result<RotationPageView, AppError> {
    let (services, operator) = session()?;
    let chosen = (!change.is_empty()).then_some((change.as_str(), to.as_str()));
    answer(services.rotation(&operator, &share, chosen).await)
}

/// Begins, ends or calls off a change as it was reviewed; the share's page shows the progress.
#[server(prefix = "/api", endpoint = "rotate_external_id", output = Json)]
pub async fn rotate_external_id(
    share: ShareId,
    change: String,
    #[server(default)] to: String,
    fingerprint: String,
) -> Result<ApplyView, AppError> {
    let (services, operator) = session()?;
    let applied = answer(services.rotate(&operator, &share, (&change, &to), &fingerprint).await)?;
    leptos_axum::redirect(&format!("/shares/{share}"));
    Ok(applied)
}
