//! Server functions: the map of all shares.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::share::map::{Detail, MapView};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Who reaches what, laid out; `detail` says how much is folded, none lets the size decide.
#[server(prefix = "/api", endpoint = "get_map", output = Json)]
pub async fn get_map(#[server(default)] detail: Option<Detail>) -> Result<MapView, AppError> {
    let (services, operator) = session()?;
    answer(services.map(&operator, detail).await)
}
