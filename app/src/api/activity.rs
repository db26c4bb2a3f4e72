//! Server functions: the audit trail.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::activity::ActivityView;
use domain::endpoint::Page;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// How many entries a page shows.
#[cfg(feature = "ssr")]
const PAGE: u32 = 50;

/// A page of the audit trail, newest first; entries older than the id `before`.
#[server(prefix = "/api", endpoint = "list_activity", output = Json)]
pub async fn list_activity(before: Option<i64>) -> Result<AsOf<Page<ActivityView>>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.activity(&operator, before, PAGE).await)?;
    Ok(AsOf { view, now: services.now() })
}
