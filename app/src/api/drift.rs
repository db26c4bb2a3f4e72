//! Server functions: what was changed behind a share's back.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::ShareId;
use domain::share::view::DriftView;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, encoded, session};
#[cfg(feature = "ssr")]
use services::Mended;

/// Compares a share with both accounts; `chosen` are the findings that are only mended when someone says so. Changes
/// nothing.
#[server(prefix = "/api", endpoint = "get_drift", output = Json)]
pub async fn get_drift(share: ShareId, #[server(default)] chosen: Vec<String>) -> Result<DriftView, AppError> {
    let (services, operator) = session()?;
    answer(services.drift(&operator, &share, chosen).await)
}

/// Mends a share as it was shown, and leads to the run. What was chosen since, or has changed since, is shown first.
#[server(prefix = "/api", endpoint = "repair_share", output = Json)]
pub async fn repair_share(
    share: ShareId,
    #[server(default)] keys: Vec<String>,
    fingerprint: String,
) -> Result<String, AppError> {
    let (services, operator) = session()?;
    let to = match answer(services.repair_share(&operator, &share, keys.clone(), &fingerprint).await)? {
        Mended::Started(_) => format!("/shares/{share}"),
        // The findings were taken note of: they are gone from the list.
        Mended::Noted => format!("/shares/{share}/drift"),
        Mended::NotShown => {
            let keys: Vec<String> = keys.iter().map(|key| format!("&mend={}", encoded(key))).collect();
            format!("/shares/{share}/drift?look=again{}", keys.concat())
        }
    };
    leptos_axum::redirect(&to);
    Ok(to)
}
