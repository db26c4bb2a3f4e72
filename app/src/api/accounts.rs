//! Server functions: connections.

use crate::api::codec::Json;
use crate::error::AppError;
use domain::connection::ConnectionView;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// The connections, with who the console is in each account.
#[server(prefix = "/api", endpoint = "list_connections", output = Json)]
pub async fn list_connections() -> Result<Vec<ConnectionView>, AppError> {
    let (services, operator) = session()?;
    answer(services.connections(&operator, false).await)
}

/// Asks every account again who the console is.
#[server(prefix = "/api", endpoint = "refresh_connections", output = Json)]
pub async fn refresh_connections() -> Result<(), AppError> {
    let (services, operator) = session()?;
    answer(services.connections(&operator, true).await).map(|_| ())
}
