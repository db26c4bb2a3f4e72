//! Server functions: the first page, and shares as they are listed and shown.

use crate::api::codec::Json;
use crate::api::runs::AsOf;
use crate::error::AppError;
use domain::names::ShareId;
use domain::pipeline::view::PipelineSummary;
use domain::share::view::{DraftSummary, OverviewView, ShareSummary, ShareView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::{answer, session};

/// Shares, and wizards to go on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareList {
    /// The shares, newest first.
    pub shares: Vec<ShareSummary>,
    /// Unfinished wizards, newest first.
    pub drafts: Vec<DraftSummary>,
}

/// The first page.
#[server(prefix = "/api", endpoint = "get_overview", output = Json)]
pub async fn get_overview() -> Result<OverviewPageView, AppError> {
    let (pipelines, services, operator) = crate::api::pipeline::pipelines()?;
    let pipelines = answer(pipelines.pipelines(&operator).await)?;
    Ok(OverviewPageView { overview: answer(services.overview(&operator).await)?, pipelines })
}

/// Where things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewPageView {
    /// Connections, shares, drafts, and what was done lately.
    pub overview: OverviewView,
    /// The newest first.
    pub pipelines: Vec<PipelineSummary>,
}

/// All shares and drafts.
#[server(prefix = "/api", endpoint = "list_shares", output = Json)]
pub async fn list_shares() -> Result<AsOf<ShareList>, AppError> {
    let (services, operator) = session()?;
    let shares = answer(services.shares(&operator).await)?;
    let drafts = answer(services.drafts(&operator).await)?;
    Ok(AsOf { view: ShareList { shares, drafts }, now: services.now() })
}

/// One share in full.
#[server(prefix = "/api", endpoint = "get_share", output = Json)]
pub async fn get_share(share: ShareId) -> Result<AsOf<ShareView>, AppError> {
    let (services, operator) = session()?;
    let view = answer(services.share(&operator, &share).await)?;
    Ok(AsOf { view, now: services.now() })
}
