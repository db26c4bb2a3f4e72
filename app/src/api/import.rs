//! Server functions: shares that are in the accounts and not in the store, and roles that become shares.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::names::{ConnectionId, DraftId, RoleName, ShareId};
use domain::share::import::FoundView;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Searches every connected account; `search` is empty until someone asks for it. Changes nothing.
#[server(prefix = "/api", endpoint = "find_shares", output = Json)]
pub async fn find_shares(search: bool) -> Result<Option<FoundView>, AppError> {
    let (services, operator) = session()?;
    if !search {
        return Ok(None);
    }
    answer(services.find_shares(&operator).await).map(Some)
}

/// Takes shares that tags speak of into the store.
#[server(prefix = "/api", endpoint = "import_shares", output = Json)]
pub async fn import_shares(#[server(default)] shares: Vec<ShareId>) -> Result<Vec<ShareId>, AppError> {
    let (services, operator) = session()?;
    let imported = answer(services.import_shares(&operator, shares).await)?;
    let to = match imported.as_slice() {
        [one] => format!("/shares/{one}"),
        _ => "/shares".to_owned(),
    };
    leptos_axum::redirect(&to);
    Ok(imported)
}

/// Starts a wizard over a role of a share's shape, at its review.
#[server(prefix = "/api", endpoint = "adopt_role", output = Json)]
pub async fn adopt_role(connection: ConnectionId, role: RoleName) -> Result<DraftId, AppError> {
    let (services, operator) = session()?;
    let draft = answer(services.adopt_role(&operator, &connection, &role).await)?;
    leptos_axum::redirect(&format!("/shares/new/{draft}/review"));
    Ok(draft)
}
